package api

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/schedules"
)

// ScheduleView is a schedule as people and programs are shown it.
type ScheduleView struct {
	Name           string            `json:"name"`
	When           string            `json:"when" doc:"When it runs, in words"`
	Cron           string            `json:"cron,omitempty" doc:"The cron expression; absent if it runs at a time of day"`
	TimeOfDay      string            `json:"time_of_day,omitempty" doc:"Such as 03:30; absent if a cron expression is used"`
	Weekdays       []string          `json:"weekdays,omitempty" enum:"sunday,monday,tuesday,wednesday,thursday,friday,saturday" doc:"The days on which the time of day applies; absent: all"`
	TimeZone       string            `json:"time_zone"`
	Warnings       []string          `json:"warnings" doc:"The days within a year on which the time of day does not exist, or occurs twice, because daylight saving changes"`
	Kind           care.RunKind      `json:"kind" enum:"care-recipient,pace-contract"`
	Options        views.BulkOptions `json:"options"`
	Overlap        care.Overlap      `json:"overlap" enum:"skip,buffer-one,cancel-other" doc:"What to do if the previous run is still in progress"`
	CatchUp        string            `json:"catch_up" doc:"Catch-up window: how late a run may start if Temporal was down at its time; a duration, such as 4h0m0s"`
	Jitter         string            `json:"jitter" doc:"Maximum random delay of each run: a duration, such as 10m0s"`
	PauseOnFailure bool              `json:"pause_on_failure"`
	Paused         bool              `json:"paused"`
	Note           string            `json:"note" doc:"By whom and since when it is paused"`
	CreatedBy      string            `json:"created_by"`
	CreatedAt      time.Time         `json:"created_at"`
	ChangedBy      string            `json:"changed_by"`
	ChangedAt      time.Time         `json:"changed_at"`
	Version        int64             `json:"version" doc:"New with every change"`
	Applied        bool              `json:"applied" doc:"Temporal, which starts the runs, has the schedule as it is shown"`
	Pending        schedules.Pending `json:"pending,omitempty" enum:"pending,temporal_unavailable,refused" doc:"Why it is not applied yet; it is applied automatically"`
	PendingSince   *time.Time        `json:"pending_since,omitempty"`
	EditedAt       *time.Time        `json:"edited_at,omitempty" doc:"When a change made in Temporal, not with CareSync, was last replaced"`
	TemporalAway   bool              `json:"temporal_unavailable,omitempty" doc:"Temporal did not respond: the next times are computed, and runs that no worker has started are missing"`
	NextRuns       []time.Time       `json:"next_runs" doc:"The next times, soonest first"`
	LastRuns       []ScheduledRun    `json:"last_runs" doc:"The last runs, newest first"`
	Skipped        int               `json:"skipped" doc:"How many times of the last 90 days were skipped because the previous run was in progress"`
	Missed         int               `json:"missed" doc:"How many times of the last 90 days passed without a run for another reason, such as an outage of Temporal"`
	LeftOut        []LeftOut         `json:"left_out" doc:"The skipped times by the run that kept the schedule from running"`
	MissedTimes    []time.Time       `json:"missed_times" doc:"The missed times, oldest first"`
	ToRunNow       []time.Time       `json:"to_run_now" doc:"The missed times since the last run: one run makes up for all of them"`
	Failed         []FailedRun       `json:"failed" doc:"The runs of the last 90 days in which no one could be synced, newest first"`
}

// ScheduledRun is one run of a schedule.
type ScheduledRun struct {
	BulkID      care.ID            `json:"bulk_id" doc:"The bulk run"`
	ScheduledAt time.Time          `json:"scheduled_at"`
	StartedAt   time.Time          `json:"started_at"`
	Bulk        *views.BulkSummary `json:"bulk,omitempty" doc:"Its progress; absent until a worker has started it"`
}

// LeftOut are times that a schedule left out because of one bulk run.
type LeftOut struct {
	Times       []time.Time `json:"times"`
	BulkID      care.ID     `json:"bulk_id" doc:"The bulk run that was in progress"`
	RequestedAt time.Time   `json:"requested_at" doc:"When it was requested"`
	WaitingFor  *views.Wait `json:"waiting_for,omitempty" doc:"What it was waiting for; absent for nothing"`
	InProgress  bool        `json:"in_progress" doc:"It still keeps the schedule from running"`
	Words       string      `json:"words" doc:"The same in words"`
}

// FailedRun is a run of a schedule in which no one could be synced.
type FailedRun struct {
	BulkID      care.ID     `json:"bulk_id"`
	StartedAt   time.Time   `json:"started_at"`
	Reason      care.Reason `json:"reason"`
	Explanation string      `json:"explanation"`
}

// FromSchedules shows schedules with times in words in the zone.
func FromSchedules(all []schedules.ScheduleView, zone *time.Location) []ScheduleView {
	return views.Each(all, func(view schedules.ScheduleView) ScheduleView { return FromSchedule(view, zone) })
}

// FromSchedule shows a schedules.ScheduleView, with times in words in the zone.
func FromSchedule(view schedules.ScheduleView, zone *time.Location) ScheduleView {
	return ScheduleView{
		Name: view.Name, When: view.When, Cron: view.Cron, TimeOfDay: view.TimeOfDay, Weekdays: view.Weekdays, TimeZone: view.TimeZone,
		Warnings: view.Warnings, Kind: view.Kind, Options: views.BulkOptions(view.Options), Overlap: view.Overlap,
		CatchUp: view.CatchUp, Jitter: view.Jitter, PauseOnFailure: view.PauseOnFailure, Paused: view.Paused, Note: view.Note(present.TimesIn(zone)),
		CreatedBy: view.CreatedBy, CreatedAt: view.CreatedAt, NextRuns: view.NextRuns,
		LastRuns: views.Each(view.LastRuns, FromScheduledRun), Skipped: view.Skipped(), Missed: len(view.MissedTimes),
		ChangedBy: view.ChangedBy, ChangedAt: view.ChangedAt, Version: view.Version, Applied: view.Pending == "", Pending: view.Pending,
		PendingSince: view.PendingSince, EditedAt: view.EditedAt, TemporalAway: view.TemporalAway,
		LeftOut:     views.Each(view.LeftOut, func(one schedules.LeftOut) LeftOut { return fromLeftOut(one, zone) }),
		MissedTimes: append([]time.Time{}, view.MissedTimes...), ToRunNow: append([]time.Time{}, view.ToRunNow...),
		Failed: views.Each(view.Failed, func(run schedules.FailedRun) FailedRun { return FailedRun(run) }),
	}
}

// FromScheduledRun shows a schedules.ScheduledRun.
func FromScheduledRun(view schedules.ScheduledRun) ScheduledRun {
	return ScheduledRun{
		BulkID: view.BulkID, ScheduledAt: view.ScheduledAt, StartedAt: view.StartedAt,
		Bulk: views.OrNil(view.Bulk, views.FromBulkSummary),
	}
}

func fromLeftOut(one schedules.LeftOut, zone *time.Location) LeftOut {
	return LeftOut{
		Times: one.Times, BulkID: one.BulkID, RequestedAt: one.RequestedAt, WaitingFor: views.FromWait(one.Wait), InProgress: one.InProgress,
		Words: one.Words(present.TimesIn(zone)),
	}
}
