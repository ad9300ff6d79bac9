package scheduling

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

const (
	// TimesKeptFor is for how long it is known which times of a schedule led to no run.
	TimesKeptFor = 90 * 24 * time.Hour
	// startGrace is how long a worker may take to begin a run that Temporal has started.
	startGrace = 2 * time.Minute
	// mostTimes is how many times of a schedule are looked at, and mostRuns how many of its runs.
	mostTimes = 2000
	mostRuns  = 2000
)

// Settle checks the times at which a schedule was due since the last check, up to an instant. It records those without a run, with the run that was
// in progress then. Before a schedule's times change, or it is paused or resumed, its past times are settled.
func Settle(ctx context.Context, store *db.Store, row db.Schedule, until time.Time) error {
	if !until.After(row.SettledUntil) {
		return nil
	}
	if row.Paused {
		return store.SettleSchedule(ctx, row, until, nil)
	}
	due := protocol.DueTimes(row.ScheduleTimes, row.SettledUntil, until, mostTimes)
	if len(due) == 0 {
		return store.SettleSchedule(ctx, row, until, nil)
	}
	runs, err := store.ScheduledRuns(ctx, row.OrganisationID, protocol.ScheduleRequester(row.Name), row.SettledUntil, mostRuns)
	if err != nil {
		return err
	}
	return store.SettleSchedule(ctx, row, until, withoutRun(row.Schedule, due, runs))
}

// withoutRun are the times for which no run is known.
func withoutRun(schedule care.Schedule, due []time.Time, runs []db.ScheduledRun) []db.ScheduleTime {
	started := StartedFor(runs)
	var times []db.ScheduleTime
	for _, at := range due {
		if started[at.Unix()] {
			continue
		}
		one := db.ScheduleTime{DueAt: at}
		for _, run := range runs {
			if schedule.Overlap != care.OverlapCancel && run.UnderWayAt(at) {
				one.BulkID, one.Wait = run.ID, run.Wait
				break
			}
		}
		times = append(times, one)
	}
	return times
}

// StartedFor are the times for which there are runs, in seconds of Unix.
func StartedFor(runs []db.ScheduledRun) map[int64]bool {
	started := map[int64]bool{}
	for _, run := range runs {
		if at, scheduled := protocol.ScheduledFor(run.WorkflowID); scheduled {
			started[at.Unix()] = true
		}
	}
	return started
}
