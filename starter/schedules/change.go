package schedules

import (
	"strings"
	"time"

	"github.com/caresync/caresync/care"
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
		Name: v.Name, ScheduleTimes: care.ScheduleTimes{Cron: v.Cron, TimeOfDay: v.TimeOfDay, TimeZone: v.TimeZone},
		Overlap: v.Overlap, PauseOnFailure: v.PauseOnFailure, Paused: v.Paused, Bulk: v.Options, Version: v.Version,
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

// ParseWeekday reads a day of the week: its English name, or the first three letters of it.
func ParseWeekday(text string) (time.Weekday, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := strings.ToLower(day.String()); len(text) >= 3 && (strings.ToLower(text) == name || strings.ToLower(text) == name[:3]) {
			return day, nil
		}
	}
	return 0, &care.InvalidError{Field: "weekdays", Message: "must be days such as mon or Sunday"}
}
