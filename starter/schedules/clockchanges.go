package schedules

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

// clockChangesWithin is how many days ahead a schedule's times are compared with changes of the clock.
const clockChangesWithin = 366

// warnings tell on which of the coming days a time does not exist, or exists twice, since the clocks are changed: Temporal leaves the first
// out and runs twice on the second. A schedule that runs every hour has none: the run an hour later makes up for it.
func (t Times) warnings(now time.Time) []string {
	warnings := []string{}
	zone, badZone := t.zone()
	calendar, badTime := t.calendar()
	if badZone != nil || badTime != nil || len(numbers(calendar.Hour)) == everyHour {
		return warnings
	}
	for offset := range clockChangesWithin {
		day := now.In(zone).AddDate(0, 0, offset)
		midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
		if runsOn(calendar, day) && midnight.AddDate(0, 0, 1).Sub(midnight) != everyHour*time.Hour {
			warnings = append(warnings, t.changesOn(midnight, calendar)...)
		}
	}
	return warnings
}

func runsOn(calendar client.ScheduleCalendarSpec, day time.Time) bool {
	matches := func(part []client.ScheduleRange, number int) bool {
		return len(part) == 0 || slices.Contains(numbers(part), number)
	}
	return matches(calendar.DayOfWeek, int(day.Weekday())) && matches(calendar.DayOfMonth, day.Day()) && matches(calendar.Month, int(day.Month()))
}

// changesOn are the warnings for the times of a day on which the clocks are changed.
func (t Times) changesOn(midnight time.Time, calendar client.ScheduleCalendarSpec) (warnings []string) {
	date := care.NewDate(midnight.Year(), midnight.Month(), midnight.Day())
	for _, hour := range numbers(calendar.Hour) {
		for _, minute := range numbers(calendar.Minute) {
			instant := time.Date(midnight.Year(), midnight.Month(), midnight.Day(), hour, minute, 0, 0, midnight.Location())
			at := fmt.Sprintf("%02d:%02d", hour, minute)
			switch {
			case instant.Format(timeForm) != at:
				warnings = append(warnings, fmt.Sprintf("On %s there is no %s in %s, because daylight saving starts: nothing runs then.", words.Date(date), at, t.TimeZone))
			case sameTime(instant, instant.Add(-time.Hour)), sameTime(instant, instant.Add(time.Hour)):
				warnings = append(warnings, fmt.Sprintf("On %s there are two of %s in %s, because daylight saving ends: it runs twice.", words.Date(date), at, t.TimeZone))
			}
		}
	}
	return warnings
}

func sameTime(one, other time.Time) bool { return one.Format(timeForm) == other.Format(timeForm) }
