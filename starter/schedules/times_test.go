package schedules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/schedules"
)

const sydney = "Australia/Sydney"

// In Sydney the clocks go forward from 02:00 to 03:00 on 4 October 2026, and back from 03:00 to 02:00 on 4 April 2027.
func TestDaysWithoutTheTimeOfDayAreTold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.September, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		at, zone string
		days     []time.Weekday
		says     []string
	}{
		{"02:30", sydney, nil, []string{"On 04 Oct 2026 there is no 02:30", "On 04 Apr 2027 there are two of 02:30"}},
		{"02:00", sydney, nil, []string{"On 04 Oct 2026 there is no 02:00", "On 04 Apr 2027 there are two of 02:00"}},
		{"03:00", sydney, nil, nil},
		{"01:59", sydney, nil, nil},
		{"02:30", sydney, []time.Weekday{time.Monday}, nil},
		{"02:30", "Australia/Brisbane", nil, nil},
		{"03:30", sydney, nil, nil},
	} {
		warnings := schedules.Times{TimeOfDay: test.at, Weekdays: test.days, TimeZone: test.zone}.Warnings(now)
		require.Len(t, warnings, len(test.says), "%s in %s", test.at, test.zone)
		for i, said := range test.says {
			require.Contains(t, warnings[i], said)
		}
	}
}

func TestTheTimesOfACronExpressionAreWarnedOfToo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.September, 1, 0, 0, 0, 0, time.UTC)
	for expression, says := range map[string][]string{
		"0,30 2 * * *": {
			"On 04 Oct 2026 there is no 02:00", "On 04 Oct 2026 there is no 02:30", "On 04 Apr 2027 there are two of 02:00", "On 04 Apr 2027 there are two of 02:30",
		},
		"30 2,3 * 4 sun": {"On 04 Apr 2027 there are two of 02:30"},
		"30 2 5-31 * *":  nil,
		"30 2 * * 1-6":   nil,
		"30 4 * * *":     nil,
		"*/30 * * * *":   nil,
	} {
		warnings := schedules.Times{Cron: expression, TimeZone: sydney}.Warnings(now)
		require.Len(t, warnings, len(says), expression)
		for i, said := range says {
			require.Contains(t, warnings[i], said)
		}
	}
}

func TestTimesAreTranslated(t *testing.T) {
	t.Parallel()
	spec, err := schedules.Times{TimeOfDay: "22:05", Weekdays: []time.Weekday{time.Saturday, time.Monday, time.Saturday}, TimeZone: sydney}.Spec()
	require.NoError(t, err)
	require.Equal(t, sydney, spec.TimeZoneName)
	require.Equal(t, []client.ScheduleCalendarSpec{{
		Hour: []client.ScheduleRange{{Start: 22}}, Minute: []client.ScheduleRange{{Start: 5}},
		DayOfWeek: []client.ScheduleRange{{Start: 1}, {Start: 6}}, Comment: "Monday, Saturday at 22:05",
	}}, spec.Calendars)

	spec, err = schedules.Times{TimeOfDay: "00:00", TimeZone: sydney}.Spec()
	require.NoError(t, err)
	require.Empty(t, spec.Calendars[0].DayOfWeek, "every day")
	require.Equal(t, "every day at 00:00", spec.Calendars[0].Comment)

}

// A cron expression means the same to us and to Temporal: it is given the calendar.
func TestCronExpressionsBecomeCalendars(t *testing.T) {
	t.Parallel()
	one := func(start, end int) []client.ScheduleRange { return []client.ScheduleRange{{Start: start, End: end}} }
	hours, dates, months, weekdays := one(0, 23), one(1, 31), one(1, 12), one(0, 6)
	for expression, expected := range map[string]client.ScheduleCalendarSpec{
		"30 3 * * 1-5":     {Minute: one(30, 30), Hour: one(3, 3), DayOfMonth: dates, Month: months, DayOfWeek: one(1, 5)},
		"30 3 * * MON-FRI": {Minute: one(30, 30), Hour: one(3, 3), DayOfMonth: dates, Month: months, DayOfWeek: one(1, 5)},
		"0 4 * * THU":      {Minute: one(0, 0), Hour: one(4, 4), DayOfMonth: dates, Month: months, DayOfWeek: one(4, 4)},
		"0 4 * * 7":        {Minute: one(0, 0), Hour: one(4, 4), DayOfMonth: dates, Month: months, DayOfWeek: one(0, 0)},
		"*/20  3,4 1-5/2 * *": {
			Minute: []client.ScheduleRange{{Start: 0, End: 0}, {Start: 20, End: 20}, {Start: 40, End: 40}}, Hour: one(3, 4),
			DayOfMonth: []client.ScheduleRange{{Start: 1, End: 1}, {Start: 3, End: 3}, {Start: 5, End: 5}}, Month: months, DayOfWeek: weekdays,
		},
		"0 4 1-7 jan mon": {Minute: one(0, 0), Hour: one(4, 4), DayOfMonth: one(1, 7), Month: one(1, 1), DayOfWeek: one(1, 1)},
		"@daily":          {Minute: one(0, 0), Hour: one(0, 0), DayOfMonth: dates, Month: months, DayOfWeek: weekdays},
		"@hourly":         {Minute: one(0, 0), Hour: hours, DayOfMonth: dates, Month: months, DayOfWeek: weekdays},
		"@monthly":        {Minute: one(0, 0), Hour: one(0, 0), DayOfMonth: one(1, 1), Month: months, DayOfWeek: weekdays},
	} {
		spec, err := schedules.Times{Cron: expression, TimeZone: sydney}.Spec()
		require.NoError(t, err, expression)
		expected.Comment = "cron " + expression
		require.Equal(t, client.ScheduleSpec{TimeZoneName: sydney, Calendars: []client.ScheduleCalendarSpec{expected}}, spec, expression)
	}
}

func TestTimesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field string
		times schedules.Times
	}{
		{"time_of_day", schedules.Times{TimeZone: sydney}},
		{"time_of_day", schedules.Times{TimeOfDay: "24:00", TimeZone: sydney}},
		{"time_of_day", schedules.Times{TimeOfDay: "3 am", TimeZone: sydney}},
		{"time_of_day", schedules.Times{TimeOfDay: "03:30", Cron: "@daily", TimeZone: sydney}},
		{"weekdays", schedules.Times{Cron: "@daily", Weekdays: []time.Weekday{time.Monday}, TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "30 3 * *", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "CRON_TZ=UTC 30 3 * * *", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "30 3 * * * # for Ada", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "@every 1h", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "TZ=", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "99 99 * * *", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: ", 3 * * *", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "30 3 L * *", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "30 3 * * fri#3", TimeZone: sydney}},
		{"cron", schedules.Times{Cron: "H 3 * * *", TimeZone: sydney}},
		{"time_zone", schedules.Times{TimeOfDay: "03:30"}},
		{"time_zone", schedules.Times{TimeOfDay: "03:30", TimeZone: "Local"}},
		{"time_zone", schedules.Times{TimeOfDay: "03:30", TimeZone: "Australia/Sidney"}},
	} {
		_, err := test.times.Spec()
		var invalid *care.InvalidError
		require.ErrorAs(t, err, &invalid, "%+v", test.times)
		require.Equal(t, test.field, invalid.Field)
	}
}

func TestWeekdaysAreRead(t *testing.T) {
	t.Parallel()
	for text, expected := range map[string]time.Weekday{"mon": time.Monday, "Sunday": time.Sunday, "SAT": time.Saturday} {
		day, err := schedules.ParseWeekday(text)
		require.NoError(t, err)
		require.Equal(t, expected, day)
	}
	for _, text := range []string{"", "mo", "mond", "someday"} {
		_, err := schedules.ParseWeekday(text)
		require.Error(t, err, text)
	}
}
