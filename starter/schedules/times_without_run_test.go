package schedules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/scheduling"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/testkit"
)

// Times that led to no run are counted with their cause: which run kept them, since when it was paused and by whom; and what no one kept is
// offered to be run.
func TestTimesWithoutARunHaveACause(t *testing.T) {
	p := newPlanner(t)
	p.creates(schedules.Request{Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}})
	now := p.store.Now()
	day := func(ago int) time.Time {
		due := protocol.DueTimes(care.ScheduleTimes{TimeOfDay: "03:30", TimeZone: care.DefaultTimeZone}, now.AddDate(0, 0, -20), now, 99)
		return due[len(due)-1-ago]
	}
	from := day(9).Add(-time.Hour)
	p.sql.Exec(t, "UPDATE schedule SET created_at = $1, settled_until = $1", from)
	run := func(due time.Time, finished *time.Time, outcome string) care.ID {
		t.Helper()
		bulk := db.Bulk{
			ID: db.NewID(), OrganisationID: p.organisation.ID, RequestedBy: protocol.ScheduleRequester("nightly"),
			WorkflowID: "bulk-sync/scheduled/" + string(p.organisation.ID) + "/nightly-" + due.UTC().Format(time.RFC3339),
			Request:    care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}},
		}
		require.NoError(t, p.store.RecordBulk(t.Context(), bulk))
		p.sql.Exec(t, "UPDATE bulk_run SET requested_at = $2, finished_at = $3, outcome = nullif($4, ''), reason = CASE WHEN $4 = 'failed' THEN 'login_refused' ELSE '' END WHERE id = $1",
			bulk.ID, due, finished, outcome)
		return bulk.ID
	}
	after := func(at time.Time, length time.Duration) *time.Time { ended := at.Add(length); return &ended }
	run(day(9), after(day(9), time.Hour), "succeeded")
	failed := run(day(8), after(day(8), time.Hour), "failed")
	paused := run(day(7), nil, "") // keeps days 6, 5 and 4 from running
	p.sql.Exec(t, "UPDATE bulk_run SET paused_at = $2, paused_by = 'console: anna' WHERE id = $1", paused, day(7).Add(time.Hour))
	settle := func(until time.Time) {
		t.Helper()
		row, err := p.store.Schedule(t.Context(), p.organisation.ID, "nightly")
		require.NoError(t, err)
		require.NoError(t, scheduling.Settle(t.Context(), p.store, row, until))
	}
	settle(day(4).Add(time.Hour))
	bulk, err := p.bulkProgress(paused)
	require.NoError(t, err)
	require.Equal(t, 3, bulk.TimesLeftOut)
	p.sql.Exec(t, "UPDATE bulk_run SET paused_at = NULL, paused_by = '', finished_at = $2, outcome = 'succeeded' WHERE id = $1", paused, day(4).Add(2*time.Hour))
	settle(now) // days 3 to 0 passed without any

	view, err := p.Schedule(t.Context(), p.organisation.ID, "nightly")
	require.NoError(t, err)
	require.Equal(t, 3, view.Skipped())
	require.Len(t, view.LeftOut, 1)
	require.Equal(t, paused, view.LeftOut[0].BulkID)
	require.Contains(t, view.LeftOut[0].Words(present.TimesIn(time.UTC)), "3 times: the bulk run of ")
	require.Contains(t, view.LeftOut[0].Words(present.TimesIn(time.UTC)), " was paused by console: anna since ")
	require.False(t, view.LeftOut[0].InProgress)
	view.LeftOut[0].Wait = care.Wait{Cause: care.WaitsForService, Service: care.ServicesAustralia, Since: day(6)}
	require.Contains(t, view.LeftOut[0].Words(present.TimesIn(time.UTC)), " was waiting for Services Australia since ")
	require.Len(t, view.MissedTimes, 4)
	require.Len(t, view.ToRunNow, 4, "no run has started since")
	require.True(t, view.ToRunNow[0].Equal(day(3)))
	require.Len(t, view.Failed, 1)
	require.Equal(t, failed, view.Failed[0].BulkID)
	require.NotEmpty(t, view.Failed[0].Explanation)

	// A run for a time makes its row void, and one run makes up for all times before.
	run(day(1), after(day(1), time.Minute), "succeeded")
	view, err = p.Schedule(t.Context(), p.organisation.ID, "nightly")
	require.NoError(t, err)
	require.Len(t, view.MissedTimes, 3)
	require.Len(t, view.ToRunNow, 1)

	// A paused schedule has no times.
	_, err = p.Pause(t.Context(), p.organisation.ID, "nightly", "tests")
	require.NoError(t, err)
	p.sql.Exec(t, "UPDATE schedule SET settled_until = $1", from)
	settle(now)
	again, err := p.Schedule(t.Context(), p.organisation.ID, "nightly")
	require.NoError(t, err)
	require.Equal(t, view.MissedTimes, again.MissedTimes)
}

// While Temporal is away, schedules are shown, made, changed, paused and deleted all the same.
func TestSchedulesWithoutTemporal(t *testing.T) {
	p := newPlanner(t)
	away, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Namespace: temporal.DefaultNamespace})
	require.NoError(t, err)
	t.Cleanup(away.Close)
	cut := schedules.New(p.store, away.ScheduleClient(), testkit.Keyring(), bulks.New(p.store, p.temporal, p.temporal.Queues), p.temporal.Queues)
	request := schedules.Request{Organisation: p.organisation, Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}, RequestedBy: "tests"}
	view, err := cut.Create(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, schedules.PendingTemporal, view.Pending)
	require.Contains(t, view.PendingWords(), "Saved, but not applied yet: Temporal is not responding")
	require.True(t, view.TemporalAway)
	require.Len(t, view.NextRuns, 10, "computed")
	all, err := cut.Schedules(t.Context(), p.organisation.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)

	applier := scheduling.New(p.store, p.temporal.ScheduleClient(), testkit.Keyring(), p.temporal.Queues, zap.NewNop())
	require.NoError(t, applier.Apply(t.Context(), p.organisation.ID, "nightly"))
	view, err = p.Schedule(t.Context(), p.organisation.ID, "nightly")
	require.NoError(t, err)
	require.Empty(t, view.Pending)
	require.NotEmpty(t, p.stands("nightly").GetSchedule())
	applied, err := cut.Delete(t.Context(), p.organisation.ID, "nightly")
	require.NoError(t, err)
	require.False(t, applied)
	require.NoError(t, applier.Apply(t.Context(), p.organisation.ID, "nightly"))
	pending, err := p.store.SchedulesPending(t.Context())
	require.NoError(t, err)
	require.False(t, pending)
}

// Who changes a schedule that someone else has changed since is told, and changes nothing.
func TestTwoChangesOfOneVersion(t *testing.T) {
	p := newPlanner(t)
	view := p.creates(schedules.Request{Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}})
	request, err := view.Request()
	require.NoError(t, err)
	request.Organisation, request.TimeOfDay = p.organisation, "04:30"
	changed, err := p.Change(t.Context(), request)
	require.NoError(t, err)
	request.TimeOfDay = "05:30"
	_, err = p.Change(t.Context(), request)
	require.ErrorIs(t, err, db.ErrScheduleChanged)
	request.Version = changed.Version
	_, err = p.Change(t.Context(), request)
	require.NoError(t, err)
}
