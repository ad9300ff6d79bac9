package protocol

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
)

const (
	timeForm = "15:04"
	// cronWords stand before a cron expression in words.
	cronWords = "cron "
	// everyWeekday is how many days a week has.
	everyWeekday = 7
)

// ScheduleWords say when a schedule runs, in the words that the Temporal UI shows, too.
func ScheduleWords(times care.ScheduleTimes) string {
	if times.Cron != "" {
		return cronWords + times.Cron
	}
	days := ScheduleDays(times)
	if len(days) == 0 {
		return "every day at " + times.TimeOfDay
	}
	names := make([]string, 0, len(days))
	for _, day := range days {
		names = append(names, day.String())
	}
	return strings.Join(names, ", ") + " at " + times.TimeOfDay
}

// ScheduleCalendar is the calendar that a schedule's times mean, without their time zone. It fails with care.InvalidError.
func ScheduleCalendar(times care.ScheduleTimes) (calendar client.ScheduleCalendarSpec, err error) {
	switch {
	case times.Cron == "" == (times.TimeOfDay == ""):
		return calendar, &care.InvalidError{Field: "time_of_day", Message: "must be given, or a cron expression instead, but not both"}
	case times.Cron != "" && len(times.Weekdays) > 0:
		return calendar, &care.InvalidError{Field: "weekdays", Message: "must be left out with a cron expression, which has its own"}
	case times.Cron != "":
		calendar, err = cronCalendar(times.Cron)
	default:
		calendar, err = dailyCalendar(times)
	}
	calendar.Comment = ScheduleWords(times)
	return calendar, err
}

func dailyCalendar(times care.ScheduleTimes) (client.ScheduleCalendarSpec, error) {
	at, err := time.Parse(timeForm, times.TimeOfDay)
	if err != nil {
		return client.ScheduleCalendarSpec{}, &care.InvalidError{Field: "time_of_day", Message: "must be a time from 00:00 to 23:59, such as 03:30"}
	}
	calendar := client.ScheduleCalendarSpec{Hour: []client.ScheduleRange{{Start: at.Hour()}}, Minute: []client.ScheduleRange{{Start: at.Minute()}}}
	for _, day := range ScheduleDays(times) {
		calendar.DayOfWeek = append(calendar.DayOfWeek, client.ScheduleRange{Start: int(day)})
	}
	return calendar, nil
}

// ScheduleDays are the weekdays in their order, Sunday first, each once; none where that is every day.
func ScheduleDays(times care.ScheduleTimes) []time.Weekday {
	days := slices.Clone(times.Weekdays)
	slices.Sort(days)
	if days = slices.Compact(days); len(days) == everyWeekday {
		return nil
	}
	return days
}

// DueTimes are the times of a schedule after one instant and up to another, in their order, at most so many: those at which Temporal runs it.
// A time that does not exist on a day, since the clocks are changed, is left out; one that exists twice is there twice.
func DueTimes(times care.ScheduleTimes, after, until time.Time, most int) []time.Time {
	zone, badZone := time.LoadLocation(times.TimeZone)
	calendar, badTimes := ScheduleCalendar(times)
	if badZone != nil || badTimes != nil {
		return nil
	}
	var due []time.Time
	for day := startOfDay(after.In(zone)); !day.After(until) && len(due) < most; day = startOfDay(day.AddDate(0, 0, 1)) {
		if !CalendarHasDay(calendar, day) {
			continue
		}
		for _, at := range timesOfDay(calendar, day) {
			if at.After(after) && !at.After(until) && len(due) < most {
				due = append(due, at)
			}
		}
	}
	return due
}

func startOfDay(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location())
}

// CalendarHasDay reports whether a calendar has times on a day.
func CalendarHasDay(calendar client.ScheduleCalendarSpec, day time.Time) bool {
	matches := func(part []client.ScheduleRange, number int) bool {
		return len(part) == 0 || slices.Contains(CalendarNumbers(part), number)
	}
	return matches(calendar.DayOfWeek, int(day.Weekday())) && matches(calendar.DayOfMonth, day.Day()) && matches(calendar.Month, int(day.Month()))
}

// timesOfDay are the instants of a day that a calendar has.
func timesOfDay(calendar client.ScheduleCalendarSpec, day time.Time) []time.Time {
	var all []time.Time
	for _, hour := range CalendarNumbers(calendar.Hour) {
		for _, minute := range CalendarNumbers(calendar.Minute) {
			all = append(all, Instants(day, hour, minute)...)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// Instants are those at which a day's clocks show a time: none where the clocks skip it, two where they are put back an hour and show it twice.
func Instants(day time.Time, hour, minute int) (all []time.Time) {
	at := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, day.Location())
	if at.Hour() != hour || at.Minute() != minute {
		return nil
	}
	for _, instant := range []time.Time{at.Add(-time.Hour), at, at.Add(time.Hour)} {
		if instant.Hour() == hour && instant.Minute() == minute {
			all = append(all, instant)
		}
	}
	return all
}

// CalendarNumbers are those of a part of a calendar, in their order, each once.
func CalendarNumbers(ranges []client.ScheduleRange) []int {
	var all []int
	for _, one := range ranges {
		for number := one.Start; number <= max(one.Start, one.End); number += max(one.Step, 1) {
			all = append(all, number)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
