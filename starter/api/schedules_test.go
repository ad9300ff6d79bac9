package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/testkit"
)

const schedulesPath = "/v1/schedules"

// newScheduling is the API with a real Temporal server, whose schedules no one works on.
func newScheduling(t *testing.T) *service {
	t.Helper()
	s := newService(t, 0)
	connected := testkit.NewTemporal(t)
	runs := bulks.New(s.store, connected, connected.Queues)
	server := httptest.NewServer(api.New(api.Options{
		Store: s.store, Bulks: runs, Logger: zap.NewNop(), Stopping: t.Context(),
		Schedules: schedules.New(s.store, connected.ScheduleClient(), testkit.Keyring(), runs, connected.Queues),
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
	var created api.SavedSchedule
	answer.decode(t, &created)
	require.Equal(t, "Sunday at 02:30", created.Schedule.When)
	require.Equal(t, "1h0m0s", created.Schedule.CatchUp)
	require.Equal(t, "10m0s", created.Schedule.Jitter)
	require.Equal(t, care.OverlapSkip, created.Schedule.Overlap)
	require.Equal(t, "api: tests", created.Schedule.CreatedBy)
	require.True(t, created.Schedule.Options.InCare)
	require.Len(t, created.Warnings, 2, "the clocks are changed twice a year, on Sundays at that time")
	require.Equal(t, created.Warnings, created.Schedule.Warnings)
	path := answer.header.Get("Location")
	require.Equal(t, schedulesPath+"/nightly", path)

	require.Equal(t, http.StatusConflict, s.post(schedulesPath, `{"name":"nightly","cron":"0 4 * * *"}`).status)
	var view api.ScheduleView
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

	var list struct{ Schedules []api.ScheduleView }
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

// What is put replaces all that the schedule says, as if it were created again, and leaves alone what it has been through.
func TestAScheduleIsChanged(t *testing.T) {
	s := newScheduling(t)
	path := schedulesPath + "/nightly"
	require.Equal(t, http.StatusNotFound, s.put(path, `{"time_of_day":"04:00"}`).status)
	require.Equal(t, http.StatusCreated, s.post(schedulesPath, `{"name":"nightly","time_of_day":"03:30","in_care":true,"pause_on_failure":true,"paused":true}`).status)
	answer := s.put(path, `{"time_of_day":"02:30","weekdays":["sunday"],"overlap":"buffer-one","catch_up":"1h","jitter":"0s","delta":true}`)
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	var changed api.SavedSchedule
	answer.decode(t, &changed)
	require.Len(t, changed.Warnings, 2)
	view := changed.Schedule
	require.Equal(t, "02:30", view.TimeOfDay)
	require.Equal(t, []string{"sunday"}, view.Weekdays)
	require.Equal(t, care.OverlapBuffer, view.Overlap)
	require.Equal(t, "1h0m0s", view.CatchUp)
	require.Equal(t, views.BulkOptions{Kind: care.RunCareRecipient, Delta: true}, view.Options)
	require.False(t, view.PauseOnFailure)
	require.True(t, view.Paused)
	require.Equal(t, "api: tests", view.CreatedBy)

	// What is read can be put back as it is.
	var read map[string]any
	s.get(path).decode(t, &read)
	terms, err := json.Marshal(map[string]any{
		"time_of_day": read["time_of_day"], "weekdays": read["weekdays"], "time_zone": read["time_zone"], "overlap": read["overlap"],
		"catch_up": read["catch_up"], "jitter": read["jitter"], "pause_on_failure": read["pause_on_failure"], "kind": read["kind"], "delta": true,
	})
	require.NoError(t, err)
	answer = s.put(path, string(terms))
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	var again api.SavedSchedule
	answer.decode(t, &again)
	require.Greater(t, again.Schedule.Version, view.Version)
	refused := s.put(path, fmt.Sprintf(`{"cron":"@daily","version":%d}`, view.Version))
	require.Equal(t, http.StatusConflict, refused.status, "someone has changed it since")
	require.Contains(t, string(refused.body), "problem:changed")
	require.True(t, again.Schedule.Applied)
	again.Schedule.Version, again.Schedule.ChangedAt = view.Version, view.ChangedAt
	require.Equal(t, view, again.Schedule)

	answer = s.put(path, `{"cron":"30 3 * * 1-5"}`)
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	var last api.SavedSchedule
	answer.decode(t, &last)
	require.Equal(t, "30 3 * * 1-5", last.Schedule.Cron)
	require.Empty(t, last.Schedule.TimeOfDay)
	require.Empty(t, last.Warnings)
	require.Equal(t, care.OverlapSkip, last.Schedule.Overlap, "what is left out is as on creation")
	require.Equal(t, "4h0m0s", last.Schedule.CatchUp)

	// R11: no one else's.
	require.Equal(t, http.StatusNotFound, s.call(http.MethodPut, path, s.other, "application/json", `{"time_of_day":"04:00"}`).status)
	for name, body := range map[string]string{
		"no time":                    `{}`,
		"a cron that Temporal hates": `{"cron":"99 99 * * *"}`,
		"an unknown overlap":         `{"time_of_day":"03:30","overlap":"allow"}`,
		"a catch-up of a second":     `{"time_of_day":"03:30","catch_up":"1s"}`,
		"a jitter below nothing":     `{"time_of_day":"03:30","jitter":"-1s"}`,
		"a contradiction":            `{"time_of_day":"03:30","delta":true,"in_care":true}`,
		"another name":               `{"time_of_day":"03:30","name":"other"}`,
		"a pause":                    `{"time_of_day":"03:30","paused":false}`,
		"a list of people":           `{"time_of_day":"03:30","people":["` + careRecipientID + `"]}`,
	} {
		answer := s.put(path, body)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, "%s: %s", name, answer.body)
		require.NotContains(t, string(answer.body), careRecipientID, "what was sent is not repeated (R10)")
	}
	require.Equal(t, http.StatusUnprocessableEntity, s.put(schedulesPath+"/NIGHTLY", `{"time_of_day":"04:00"}`).status)
	var present api.ScheduleView
	s.get(path).decode(t, &present)
	require.Equal(t, last.Schedule, present, "what is refused changes nothing")
}

func (s *service) put(path, body string) answer {
	s.t.Helper()
	return s.call(http.MethodPut, path, s.token, "application/json", body)
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
	found, _, err := read.From(s.store).Bulks(t.Context(), s.organisation.ID, read.BulkFilter{Most: 1})
	require.NoError(t, err)
	require.Empty(t, found)
}
