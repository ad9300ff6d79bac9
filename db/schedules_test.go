package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

func nightly(organisation care.ID) care.Schedule {
	return care.Schedule{
		OrganisationID: organisation, Name: "nightly",
		ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30", Weekdays: []time.Weekday{time.Monday, time.Sunday}, TimeZone: care.DefaultTimeZone},
		Options:       care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}, Overlap: care.OverlapSkip, CatchUp: 4 * time.Hour, Jitter: 90 * time.Second,
		PauseOnFailure: true,
	}
}

func TestASchedulesRowSaysAllOfIt(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation, other := stored.Organisation(t, store, "wattle").ID, stored.Organisation(t, store, "banksia").ID
	schedule := nightly(organisation)
	require.NoError(t, store.CreateSchedule(t.Context(), schedule, "ada"))
	require.ErrorIs(t, store.CreateSchedule(t.Context(), schedule, "ada"), db.ErrScheduleExists)
	require.NoError(t, store.CreateSchedule(t.Context(), nightly(other), "grace"), "another organisation's own (R11)")
	row, err := store.Schedule(t.Context(), organisation, "nightly")
	require.NoError(t, err)
	require.Equal(t, schedule, row.Schedule)
	require.Equal(t, "ada", row.CreatedBy)
	require.False(t, row.IsApplied())
	_, err = store.Schedule(t.Context(), organisation, "")
	require.ErrorIs(t, err, db.ErrNotFound)

	// Changes: each has a version of its own, and one that was made to an older version is refused.
	schedule.ScheduleTimes, schedule.PauseOnFailure = care.ScheduleTimes{Cron: "@daily", TimeZone: "Australia/Perth"}, false
	require.NoError(t, store.ChangeSchedule(t.Context(), schedule, "grace", row.Version))
	require.ErrorIs(t, store.ChangeSchedule(t.Context(), schedule, "grace", row.Version), db.ErrScheduleChanged)
	require.NoError(t, store.PauseSchedule(t.Context(), organisation, "nightly", "ada", 0))
	require.NoError(t, store.PauseSchedule(t.Context(), organisation, "nightly", "grace", 0), "it is paused already")
	paused, err := store.Schedule(t.Context(), organisation, "nightly")
	require.NoError(t, err)
	schedule.Paused = true
	require.Equal(t, schedule, paused.Schedule)
	require.Equal(t, "ada", paused.PausedBy)
	require.Equal(t, "grace", paused.ChangedBy)
	require.Greater(t, paused.Version, row.Version)
	require.NoError(t, store.ResumeSchedule(t.Context(), organisation, "nightly", "ada"))
	all, err := store.Schedules(t.Context(), organisation)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Nil(t, all[0].PausedAt)
	everyone, err := store.AllSchedules(t.Context())
	require.NoError(t, err)
	require.Len(t, everyone, 2)

	require.NoError(t, store.DeleteSchedule(t.Context(), organisation, "nightly"))
	require.ErrorIs(t, store.DeleteSchedule(t.Context(), organisation, "nightly"), db.ErrNotFound)
	require.ErrorIs(t, store.ChangeSchedule(t.Context(), schedule, "ada", 0), db.ErrNotFound)
	require.ErrorIs(t, store.PauseSchedule(t.Context(), organisation, "nightly", "ada", 0), db.ErrNotFound)
	require.ErrorIs(t, store.ResumeSchedule(t.Context(), organisation, "nightly", "ada"), db.ErrNotFound)
	require.NoError(t, store.CreateSchedule(t.Context(), schedule, "ada"))
	again, err := store.Schedule(t.Context(), organisation, "nightly")
	require.NoError(t, err)
	require.Greater(t, again.Version, paused.Version, "what Temporal was told of the deleted one is not taken for this one")
}

// A time is settled once, however many programs do it, and not where the schedule was changed meanwhile.
func TestTimesAreSettledOnce(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle").ID
	require.NoError(t, store.CreateSchedule(t.Context(), nightly(organisation), "ada"))
	row, err := store.Schedule(t.Context(), organisation, "nightly")
	require.NoError(t, err)
	bulk := db.Bulk{ID: db.NewID(), OrganisationID: organisation, RequestedBy: "schedule nightly", WorkflowID: "w", Request: care.BulkRequest{BulkOptions: row.Options}}
	require.NoError(t, store.RecordBulk(t.Context(), bulk))
	require.NoError(t, store.SetBulkPaused(t.Context(), organisation, bulk.ID, true))
	require.NoError(t, store.NoteBulkPausedBy(t.Context(), organisation, bulk.ID, "grace"))
	runs, err := store.ScheduledRuns(t.Context(), organisation, "schedule nightly", row.CreatedAt, 10)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.Equal(t, care.WaitsForPerson, runs[0].Wait.Cause)
	require.Equal(t, "grace", runs[0].Wait.By)
	require.True(t, runs[0].UnderWayAt(time.Now().Add(time.Hour)))
	require.False(t, runs[0].UnderWayAt(runs[0].RequestedAt.Add(-time.Second)))

	due := row.SettledUntil.Add(time.Minute).Truncate(time.Microsecond)
	until := row.SettledUntil.Add(time.Hour).Truncate(time.Microsecond)
	times := []db.ScheduleTime{{DueAt: due, BulkID: bulk.ID, Wait: runs[0].Wait}}
	require.NoError(t, store.SettleSchedule(t.Context(), row, until, times))
	require.NoError(t, store.SettleSchedule(t.Context(), row, until.Add(time.Hour), []db.ScheduleTime{{DueAt: due.Add(time.Minute)}}), "it is settled already")
	found, err := store.ScheduleTimes(t.Context(), organisation, "nightly", row.CreatedAt)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, bulk.ID, found[0].BulkID)
	require.True(t, found[0].BulkUnfinished)
	require.Equal(t, "grace", found[0].Wait.By)
	require.True(t, runs[0].Wait.Since.Equal(found[0].Wait.Since))
	require.True(t, due.Equal(found[0].DueAt))

	// A resumed run is paused by no one.
	require.NoError(t, store.SetBulkPaused(t.Context(), organisation, bulk.ID, false))
	require.NoError(t, store.NoteBulkPausedBy(t.Context(), organisation, bulk.ID, "grace"))
	runs, err = store.ScheduledRuns(t.Context(), organisation, "schedule nightly", row.CreatedAt, 10)
	require.NoError(t, err)
	require.Equal(t, care.WaitsToBegin, runs[0].Wait.Cause, "no worker has started it")
	require.NoError(t, store.NoteBulkWaiting(t.Context(), organisation, bulk.ID, care.Wait{Cause: care.WaitsForService}))
	runs, err = store.ScheduledRuns(t.Context(), organisation, "schedule nightly", row.CreatedAt, 10)
	require.NoError(t, err)
	require.Equal(t, care.WaitsForService, runs[0].Wait.Cause)
	require.Equal(t, care.ServicesAustralia, runs[0].Wait.Service)
	require.NoError(t, store.ForgetScheduleTimes(t.Context(), until))
	found, err = store.ScheduleTimes(t.Context(), organisation, "nightly", row.CreatedAt)
	require.NoError(t, err)
	require.Empty(t, found)
}

// What Temporal was told is recorded as often as it is told.
func TestWhatTemporalWasTold(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	const id = "reconcile"
	none, err := store.AppliedSchedule(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, db.AppliedSchedule{}, none)
	require.NoError(t, store.RecordScheduleError(t.Context(), id, db.ScheduleTemporalAway))
	require.NoError(t, store.RecordScheduleError(t.Context(), id, db.ScheduleTemporalAway))
	failed, err := store.AppliedSchedule(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, db.ScheduleTemporalAway, failed.Error)
	told := db.AppliedNow{Version: 7, KeyID: "k1", Fingerprint: "f", Made: true}
	for range 2 {
		require.NoError(t, store.RecordAppliedSchedule(t.Context(), id, told))
	}
	all, err := store.AppliedSchedules(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(7), all[id].Version)
	require.Empty(t, all[id].Error)
	require.NotNil(t, all[id].MadeAt)
	require.Nil(t, all[id].EditedAt)
	require.NoError(t, store.ForgetAppliedSchedule(t.Context(), id))
	require.NoError(t, store.ForgetAppliedSchedule(t.Context(), id))
}
