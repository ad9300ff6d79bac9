package schedules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

const (
	timeForm = "15:04"
	// cronWords stand before a cron expression in the words that Temporal keeps: the expression itself becomes a calendar there.
	cronWords = "cron "
	// everyWeekday is how many days a week has, and everyHour how many hours a day.
	everyWeekday = 7
	everyHour    = 24
)

// Times say when a schedule runs: by a cron expression, or at a time of day.
type Times struct {
	// Cron is a cron expression of five fields (minute, hour, day of month, month, day of week).
	Cron string
	// TimeOfDay is a time such as 03:30; Weekdays are the days on which it counts, all if there are none.
	TimeOfDay string
	Weekdays  []time.Weekday
	// TimeZone is the name of the zone in which both count, such as Australia/Sydney.
	TimeZone string
}

// spec are the times as Temporal takes them, with the words that its UI shows. It fails with care.InvalidError.
func (t Times) spec() (client.ScheduleSpec, error) {
	if _, err := t.zone(); err != nil {
		return client.ScheduleSpec{}, err
	}
	calendar, err := t.calendar()
	return client.ScheduleSpec{TimeZoneName: t.TimeZone, Calendars: []client.ScheduleCalendarSpec{calendar}}, err
}

func (t Times) calendar() (client.ScheduleCalendarSpec, error) {
	switch {
	case t.Cron == "" == (t.TimeOfDay == ""):
		return client.ScheduleCalendarSpec{}, &care.InvalidError{Field: "time_of_day", Message: "must be given, or a cron expression instead, but not both"}
	case t.Cron != "" && len(t.Weekdays) > 0:
		return client.ScheduleCalendarSpec{}, &care.InvalidError{Field: "weekdays", Message: "must be left out with a cron expression, which has its own"}
	case t.Cron != "":
		return cronCalendar(t.Cron)
	}
	at, err := t.timeOfDay()
	if err != nil {
		return client.ScheduleCalendarSpec{}, err
	}
	calendar := client.ScheduleCalendarSpec{
		Hour: []client.ScheduleRange{{Start: at.Hour()}}, Minute: []client.ScheduleRange{{Start: at.Minute()}}, Comment: t.words(),
	}
	for _, day := range t.days() {
		calendar.DayOfWeek = append(calendar.DayOfWeek, client.ScheduleRange{Start: int(day)})
	}
	return calendar, nil
}

func (t Times) timeOfDay() (time.Time, error) {
	at, err := time.Parse(timeForm, t.TimeOfDay)
	if err != nil {
		return at, &care.InvalidError{Field: "time_of_day", Message: "must be a time from 00:00 to 23:59, such as 03:30"}
	}
	return at, nil
}

func (t Times) zone() (*time.Location, error) { return db.LoadZone(t.TimeZone) }

// days are the weekdays in their order, Sunday first, each once; none where that is every day.
func (t Times) days() []time.Weekday {
	days := slices.Clone(t.Weekdays)
	slices.Sort(days)
	if days = slices.Compact(days); len(days) == everyWeekday {
		return nil
	}
	return days
}

func (t Times) words() string {
	days := t.days()
	if len(days) == 0 {
		return "every day at " + t.TimeOfDay
	}
	names := make([]string, 0, len(days))
	for _, day := range days {
		names = append(names, day.String())
	}
	return strings.Join(names, ", ") + " at " + t.TimeOfDay
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

// timesOf reads a schedule's times back from what stands in Temporal. They say neither a cron expression nor a time of day where someone
// has made them otherwise, in the Temporal UI for instance.
func timesOf(spec *client.ScheduleSpec) Times {
	times := Times{TimeZone: spec.TimeZoneName}
	if len(spec.Calendars) != 1 || len(spec.Intervals) > 0 || len(spec.Skip) > 0 {
		return times
	}
	calendar := spec.Calendars[0]
	if cron, isCron := strings.CutPrefix(calendar.Comment, cronWords); isCron {
		times.Cron = cron
		return times
	}
	hours, minutes := numbers(calendar.Hour), numbers(calendar.Minute)
	if len(hours) != 1 || len(minutes) != 1 || !everyDate(calendar) || !slices.Equal(numbers(calendar.Second), []int{0}) {
		return times
	}
	times.TimeOfDay = fmt.Sprintf("%02d:%02d", hours[0], minutes[0])
	if days := numbers(calendar.DayOfWeek); len(days) < everyWeekday {
		for _, day := range days {
			times.Weekdays = append(times.Weekdays, time.Weekday(day))
		}
	}
	return times
}

// everyDate reports whether a calendar has all dates of all months and years.
func everyDate(calendar client.ScheduleCalendarSpec) bool {
	return len(numbers(calendar.DayOfMonth)) == 31 && len(numbers(calendar.Month)) == 12 && len(calendar.Year) == 0
}

// numbers are those of a part of a calendar, in their order, each once.
func numbers(ranges []client.ScheduleRange) []int {
	var all []int
	for _, one := range ranges {
		for number := one.Start; number <= max(one.Start, one.End); number += max(one.Step, 1) {
			all = append(all, number)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// whenWords say when a schedule runs, from what stands in Temporal.
func whenWords(spec *client.ScheduleSpec) string {
	if times := timesOf(spec); times.TimeOfDay != "" {
		return times.words()
	}
	var parts []string
	for _, calendar := range spec.Calendars {
		if calendar.Comment != "" {
			parts = append(parts, calendar.Comment)
		}
	}
	if len(parts) == 0 {
		return "as the Temporal UI shows"
	}
	return strings.Join(parts, "; ")
}
