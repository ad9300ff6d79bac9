package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/testkit"
)

const schedulesPath = "/v1/schedules"

// newScheduling is the API with a real Temporal server, whose schedules nobody works on.
func newScheduling(t *testing.T) *service {
	t.Helper()
	s := newService(t, 0)
	connected := testkit.NewTemporal(t)
	runs := bulks.New(s.store, connected, connected.Queues)
	server := httptest.NewServer(api.New(api.Options{
		Store: s.store, Bulks: runs, Logger: zap.NewNop(), Stopping: t.Context(),
		Schedules: schedules.New(s.store, connected.ScheduleClient(), temporal.NewDataConverter(testkit.Keyring()), runs, connected.Queues),
	}))
	t.Cleanup(server.Close)
	s.address = server.URL
	t.Cleanup(func() { // a schedule outlives its test otherwise
		_ = connected.ScheduleClient().GetHandle(context.Background(), protocol.ScheduleID(s.organisation.ID, "nightly")).Delete(t.Context())
	})
	return s
}

func TestASchedulesLife(t *testing.T) {
	s := newScheduling(t)
	answer := s.post(schedulesPath, `{"name":"nightly","time_of_day":"02:30","weekdays":["sunday"],"time_zone":"Australia/Sydney",
		"catch_up":"1h","jitter":"10m","in_care":true,"failure_threshold":20}`)
	require.Equal(t, http.StatusCreated, answer.status, "%s", answer.body)
	var created api.CreatedSchedule
	answer.decode(t, &created)
	require.Equal(t, "Sunday at 02:30", created.Schedule.When)
	require.Equal(t, "1h0m0s", created.Schedule.CatchUp)
	require.Equal(t, "10m0s", created.Schedule.Jitter)
	require.Equal(t, schedules.OverlapSkip, created.Schedule.Overlap)
	require.Equal(t, "api: tests", created.Schedule.CreatedBy)
	require.True(t, created.Schedule.Options.InCare)
	require.Len(t, created.Warnings, 2, "the clocks are changed twice a year, on Sundays at that time")
	path := answer.header.Get("Location")
	require.Equal(t, schedulesPath+"/nightly", path)

	require.Equal(t, http.StatusConflict, s.post(schedulesPath, `{"name":"nightly","cron":"0 4 * * *"}`).status)
	var view schedules.ScheduleView
	s.post(path+"/pause", "").decode(t, &view)
	require.True(t, view.Paused)
	s.post(path+"/resume", "").decode(t, &view)
	require.False(t, view.Paused)

	answer = s.post(path+"/trigger", "")
	require.Equal(t, http.StatusAccepted, answer.status, "%s", answer.body)
	var triggered schedules.Triggered
	answer.decode(t, &triggered)
	require.NotEmpty(t, triggered.BulkID)
	answer = s.post(path+"/trigger", "")
	answer.decode(t, &triggered)
	require.True(t, triggered.Skipped, "the run before is under way: %s", answer.body)
	require.Equal(t, http.StatusAccepted, s.post(path+"/backfill", `{"from":"2026-01-01T00:00:00Z","to":"2026-01-10T00:00:00Z"}`).status)

	var list struct{ Schedules []schedules.ScheduleView }
	require.Eventually(t, func() bool {
		s.get(schedulesPath).decode(t, &list)
		return len(list.Schedules) == 1
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, "nightly", list.Schedules[0].Name)

	// R11: another organisation neither sees nor changes it.
	require.JSONEq(t, `{"schedules":[]}`, string(s.call(http.MethodGet, schedulesPath, s.other, "", "").body))
	for _, call := range []struct{ method, suffix string }{
		{http.MethodGet, ""}, {http.MethodDelete, ""}, {http.MethodPost, "/pause"}, {http.MethodPost, "/trigger"},
	} {
		require.Equal(t, http.StatusNotFound, s.call(call.method, path+call.suffix, s.other, "application/json", "").status, "%s %s", call.method, call.suffix)
	}

	require.Equal(t, http.StatusNoContent, s.call(http.MethodDelete, path, s.token, "", "").status)
	require.Eventually(t, func() bool { return s.get(path).status == http.StatusNotFound }, time.Minute, 50*time.Millisecond)
}

func TestBadSchedulesAreProblems(t *testing.T) {
	s := newScheduling(t)
	for name, body := range map[string]string{
		"no time":                    `{"name":"nightly"}`,
		"both times":                 `{"name":"nightly","time_of_day":"03:30","cron":"@daily"}`,
		"a name with blanks":         `{"name":"night ly","time_of_day":"03:30"}`,
		"a time that is none":        `{"name":"nightly","time_of_day":"25:00"}`,
		"a cron that Temporal hates": `{"name":"nightly","cron":"99 99 * * *"}`,
		"an unknown zone":            `{"name":"nightly","time_of_day":"03:30","time_zone":"Australia/Sidney"}`,
		"an unknown weekday":         `{"name":"nightly","time_of_day":"03:30","weekdays":["someday"]}`,
		"an unknown overlap":         `{"name":"nightly","time_of_day":"03:30","overlap":"allow"}`,
		"a catch-up of a second":     `{"name":"nightly","time_of_day":"03:30","catch_up":"1s"}`,
		"an unknown provider":        `{"name":"nightly","time_of_day":"03:30","service_provider_id":"4000099999"}`,
		"a list of people":           `{"name":"nightly","time_of_day":"03:30","people":["` + careRecipientID + `"]}`,
		"a window out of range":      `{"name":"nightly","time_of_day":"03:30","window":99}`,
	} {
		answer := s.post(schedulesPath, body)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, "%s: %s", name, answer.body)
		require.NotContains(t, string(answer.body), careRecipientID, "what was sent is not repeated (R10)")
	}
	require.Equal(t, http.StatusNotFound, s.post(schedulesPath+"/nightly/trigger", "").status)
	found, _, err := s.store.Bulks(t.Context(), s.organisation.ID, db.BulkFilter{Most: 1})
	require.NoError(t, err)
	require.Empty(t, found)
}
