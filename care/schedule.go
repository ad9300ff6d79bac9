package care

import "time"

// Overlap says what happens when a run is due while the previous one is still in progress.
type Overlap string

// What may happen.
const (
	// OverlapSkip leaves the new run out. It is the default.
	OverlapSkip Overlap = "skip"
	// OverlapBuffer begins it as soon as the one before has ended; no more than one waits so.
	OverlapBuffer Overlap = "buffer-one"
	// OverlapCancel cancels the one before.
	OverlapCancel Overlap = "cancel-other"
)

// ScheduleTimes say when a schedule runs: by a cron expression, or at a time of day.
type ScheduleTimes struct {
	// Cron is a cron expression of five fields (minute, hour, day of month, month, day of week).
	Cron string
	// TimeOfDay is a time such as 03:30; Weekdays are the days on which it counts, all if there are none.
	TimeOfDay string
	Weekdays  []time.Weekday
	// TimeZone is the name of the zone in which both count, such as Australia/Sydney.
	TimeZone string
}

// Schedule starts bulk runs of an organisation, again and again.
type Schedule struct {
	OrganisationID ID
	// Name is as ValidSlug says, and unique within the organisation.
	Name string
	ScheduleTimes
	// Options say who is synced each time, and what of them.
	Options BulkOptions
	Overlap Overlap
	// CatchUp is how late a run may still begin after Temporal was away.
	CatchUp time.Duration
	// Jitter delays each run by a random time up to it.
	Jitter time.Duration
	// PauseOnFailure pauses the schedule when a run ends in which no one could be synced.
	PauseOnFailure bool
	Paused         bool
}
