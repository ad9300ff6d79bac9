package schedules

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/words"
)

const (
	// clockChangesWithin is how many days ahead a schedule's times are compared with changes of the clock.
	clockChangesWithin = 366
	// everyHour is how many hours a day has.
	everyHour = 24
)

// Warnings tell on which of the coming days a time does not exist, or exists twice, since the clocks are changed: Temporal leaves the first
// out and runs twice on the second. A schedule that runs every hour has none: the run an hour later makes up for it.
func Warnings(times care.ScheduleTimes, now time.Time) []string {
	warnings := []string{}
	zone, badZone := db.LoadZone(times.TimeZone)
	calendar, badTime := protocol.ScheduleCalendar(times)
	if badZone != nil || badTime != nil || len(protocol.CalendarNumbers(calendar.Hour)) == everyHour {
		return warnings
	}
	for offset := range clockChangesWithin {
		day := now.In(zone).AddDate(0, 0, offset)
		midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
		if protocol.CalendarHasDay(calendar, day) && midnight.AddDate(0, 0, 1).Sub(midnight) != everyHour*time.Hour {
			warnings = append(warnings, changesOn(midnight, calendar, times.TimeZone)...)
		}
	}
	return warnings
}

// changesOn are the warnings for the times of a day on which the clocks are changed.
func changesOn(midnight time.Time, calendar client.ScheduleCalendarSpec, zone string) (warnings []string) {
	date := care.NewDate(midnight.Year(), midnight.Month(), midnight.Day())
	for _, hour := range protocol.CalendarNumbers(calendar.Hour) {
		for _, minute := range protocol.CalendarNumbers(calendar.Minute) {
			at := fmt.Sprintf("%02d:%02d", hour, minute)
			switch len(protocol.Instants(midnight, hour, minute)) {
			case 0:
				warnings = append(warnings, fmt.Sprintf("On %s there is no %s in %s, because daylight saving starts: nothing runs then.", words.Date(date), at, zone))
			case 2:
				warnings = append(warnings, fmt.Sprintf("On %s there are two of %s in %s, because daylight saving ends: it runs twice.", words.Date(date), at, zone))
			}
		}
	}
	return warnings
}
