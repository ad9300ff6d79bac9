package api

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/api/views"
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
	Overlap        schedules.Overlap `json:"overlap" enum:"skip,buffer-one,cancel-other" doc:"What to do if the previous run is still in progress"`
	CatchUp        string            `json:"catch_up" doc:"Catch-up window: how late a run may start if Temporal was down at its time; a duration, such as 4h0m0s"`
	Jitter         string            `json:"jitter" doc:"Maximum random delay of each run: a duration, such as 10m0s"`
	PauseOnFailure bool              `json:"pause_on_failure"`
	Paused         bool              `json:"paused"`
	Note           string            `json:"note" doc:"Why it was paused or resumed"`
	CreatedBy      string            `json:"created_by"`
	CreatedAt      time.Time         `json:"created_at"`
	NextRuns       []time.Time       `json:"next_runs" doc:"The next times, soonest first"`
	LastRuns       []ScheduledRun    `json:"last_runs" doc:"The last runs, newest first"`
	Skipped        int               `json:"skipped" doc:"How many times were skipped because the previous run was in progress"`
	Missed         int               `json:"missed" doc:"How many times were skipped because Temporal was down for longer than the catch-up window"`
}

// ScheduledRun is one run of a schedule.
type ScheduledRun struct {
	BulkID      care.ID            `json:"bulk_id" doc:"The bulk run"`
	ScheduledAt time.Time          `json:"scheduled_at"`
	StartedAt   time.Time          `json:"started_at"`
	Bulk        *views.BulkSummary `json:"bulk,omitempty" doc:"Its progress; absent until a worker has started it"`
}

// FromSchedule shows a schedules.ScheduleView.
func FromSchedule(view schedules.ScheduleView) ScheduleView {
	return ScheduleView{
		Name: view.Name, When: view.When, Cron: view.Cron, TimeOfDay: view.TimeOfDay, Weekdays: view.Weekdays, TimeZone: view.TimeZone,
		Warnings: view.Warnings, Kind: view.Kind, Options: views.BulkOptions(view.Options), Overlap: view.Overlap,
		CatchUp: view.CatchUp, Jitter: view.Jitter, PauseOnFailure: view.PauseOnFailure, Paused: view.Paused, Note: view.Note,
		CreatedBy: view.CreatedBy, CreatedAt: view.CreatedAt, NextRuns: view.NextRuns,
		LastRuns: views.Each(view.LastRuns, FromScheduledRun), Skipped: view.Skipped, Missed: view.Missed,
	}
}

// FromScheduledRun shows a schedules.ScheduledRun.
func FromScheduledRun(view schedules.ScheduledRun) ScheduledRun {
	return ScheduledRun{
		BulkID: view.BulkID, ScheduledAt: view.ScheduledAt, StartedAt: view.StartedAt,
		Bulk: views.OrNil(view.Bulk, views.FromBulkSummary),
	}
}
