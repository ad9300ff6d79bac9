package schedules

import (
	"time"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/bulks"
)

// Describe says in words who is synced each time, and what of them.
func (v ScheduleView) Describe() (who, what string) {
	return bulks.Describe(read.BulkOptions{BulkOptions: v.Options})
}

// Request asks for what the schedule says already, so that someone can change a part of it. Whose it is, and who asks, is left open.
func (v ScheduleView) Request() (request Request, err error) {
	request = Request{
		Name: v.Name, Times: Times{Cron: v.Cron, TimeOfDay: v.TimeOfDay, TimeZone: v.TimeZone},
		Overlap: v.Overlap, PauseOnFailure: v.PauseOnFailure, Paused: v.Paused, Bulk: v.Options,
	}
	for _, name := range v.Weekdays {
		day, err := ParseWeekday(name)
		if err != nil {
			return request, err
		}
		request.Weekdays = append(request.Weekdays, day)
	}
	if request.CatchUp, err = time.ParseDuration(v.CatchUp); err != nil {
		return request, err
	}
	if request.Jitter, err = time.ParseDuration(v.Jitter); err != nil {
		return request, err
	}
	return request, nil
}
