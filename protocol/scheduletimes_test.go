package protocol_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

const sydney = "Australia/Sydney"

func TestTimesAreTranslated(t *testing.T) {
	t.Parallel()
	calendar, err := protocol.ScheduleCalendar(care.ScheduleTimes{TimeOfDay: "22:05", Weekdays: []time.Weekday{time.Saturday, time.Monday, time.Saturday}, TimeZone: sydney})
	require.NoError(t, err)
	require.Equal(t, client.ScheduleCalendarSpec{
		Hour: []client.ScheduleRange{{Start: 22}}, Minute: []client.ScheduleRange{{Start: 5}},
		DayOfWeek: []client.ScheduleRange{{Start: 1}, {Start: 6}}, Comment: "Monday, Saturday at 22:05",
	}, calendar)

	calendar, err = protocol.ScheduleCalendar(care.ScheduleTimes{TimeOfDay: "00:00", TimeZone: sydney})
	require.NoError(t, err)
	require.Empty(t, calendar.DayOfWeek, "every day")
	require.Equal(t, "every day at 00:00", calendar.Comment)
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
		calendar, err := protocol.ScheduleCalendar(care.ScheduleTimes{Cron: expression, TimeZone: sydney})
		require.NoError(t, err, expression)
		expected.Comment = "cron " + expression
		require.Equal(t, expected, calendar, expression)
	}
}

func TestTimesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field string
		times care.ScheduleTimes
	}{
		{"time_of_day", care.ScheduleTimes{TimeZone: sydney}},
		{"time_of_day", care.ScheduleTimes{TimeOfDay: "24:00", TimeZone: sydney}},
		{"time_of_day", care.ScheduleTimes{TimeOfDay: "3 am", TimeZone: sydney}},
		{"time_of_day", care.ScheduleTimes{TimeOfDay: "03:30", Cron: "@daily", TimeZone: sydney}},
		{"weekdays", care.ScheduleTimes{Cron: "@daily", Weekdays: []time.Weekday{time.Monday}, TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "30 3 * *", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "CRON_TZ=UTC 30 3 * * *", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "30 3 * * * # for Ada", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "@every 1h", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "TZ=", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "99 99 * * *", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: ", 3 * * *", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "30 3 L * *", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "30 3 * * fri#3", TimeZone: sydney}},
		{"cron", care.ScheduleTimes{Cron: "H 3 * * *", TimeZone: sydney}},
	} {
		_, err := protocol.ScheduleCalendar(test.times)
		var invalid *care.InvalidError
		require.ErrorAs(t, err, &invalid, "%+v", test.times)
		require.Equal(t, test.field, invalid.Field)
	}
}

// The times at which Temporal runs a schedule are known without it. In Sydney the clocks go forward from 02:00 to 03:00 on 4 October 2026, and
// back from 03:00 to 02:00 on 4 April 2027.
func TestDueTimes(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation(sydney)
	require.NoError(t, err)
	day := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, zone)
	}
	words := func(times care.ScheduleTimes, after, until time.Time) (all []string) {
		times.TimeZone = sydney
		for _, at := range protocol.DueTimes(times, after, until, 100) {
			all = append(all, at.Format("02 Jan 15:04 MST"))
		}
		return all
	}
	half := care.ScheduleTimes{TimeOfDay: "02:30"}
	require.Equal(t, []string{"03 Oct 02:30 AEST", "05 Oct 02:30 AEDT"}, words(half, day(time.October, 2, 3), day(time.October, 5, 3)))
	require.Equal(t, []string{"04 Apr 02:30 AEDT", "04 Apr 02:30 AEST"},
		words(half, time.Date(2027, time.April, 3, 3, 0, 0, 0, zone), time.Date(2027, time.April, 4, 23, 0, 0, 0, zone)))
	require.Equal(t, []string{"06 Sep 22:00 AEST"},
		words(care.ScheduleTimes{TimeOfDay: "22:00", Weekdays: []time.Weekday{time.Sunday}}, day(time.September, 1, 0), day(time.September, 12, 0)))
	require.Equal(t, []string{"01 Sep 01:00 AEST", "01 Sep 02:00 AEST"}, words(care.ScheduleTimes{Cron: "@hourly"}, day(time.September, 1, 0), day(time.September, 1, 2)),
		"after one instant, up to the other")
	require.Len(t, protocol.DueTimes(care.ScheduleTimes{Cron: "* * * * *", TimeZone: sydney}, day(time.September, 1, 0), day(time.December, 1, 0), 7), 7)
	half.TimeZone = "Nowhere/Else"
	require.Empty(t, protocol.DueTimes(half, day(time.September, 1, 0), day(time.September, 9, 0), 9), "without a zone there are none")
}

func TestInstantsOfATime(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation(sydney)
	require.NoError(t, err)
	spring, autumn := time.Date(2026, time.October, 4, 0, 0, 0, 0, zone), time.Date(2027, time.April, 4, 0, 0, 0, 0, zone)
	for _, test := range []struct {
		day          time.Time
		hour, minute int
		expected     []string
	}{
		{spring, 1, 59, []string{"01:59 AEST"}},
		{spring, 2, 0, nil},
		{spring, 2, 59, nil},
		{spring, 3, 0, []string{"03:00 AEDT"}},
		{autumn, 1, 59, []string{"01:59 AEDT"}},
		{autumn, 2, 0, []string{"02:00 AEDT", "02:00 AEST"}},
		{autumn, 2, 59, []string{"02:59 AEDT", "02:59 AEST"}},
		{autumn, 3, 0, []string{"03:00 AEST"}},
		{autumn.AddDate(0, 0, 1), 2, 30, []string{"02:30 AEST"}},
	} {
		var instants []string
		for _, at := range protocol.Instants(test.day, test.hour, test.minute) {
			require.Equal(t, test.day.Day(), at.Day())
			instants = append(instants, at.Format("15:04 MST"))
		}
		require.Equal(t, test.expected, instants, "%02d:%02d on %s", test.hour, test.minute, test.day)
	}
}

func TestTheTimeOfAScheduledRunIsInItsWorkflowID(t *testing.T) {
	t.Parallel()
	at, scheduled := protocol.ScheduledFor("bulk-sync/scheduled/01a1ffb8-0000-7000-8000-000000000001/nightly-2026-05-03T16:00:00Z")
	require.True(t, scheduled)
	require.True(t, time.Date(2026, time.May, 3, 16, 0, 0, 0, time.UTC).Equal(at))
	for _, id := range []string{"", "bulk-sync/scheduled/x", "bulk-sync/01a1ffb8-0000-7000-8000-000000000001", "bulk-sync/scheduled/x/nightly-2026-13-03T16:00:00Z"} {
		_, scheduled = protocol.ScheduledFor(id)
		require.False(t, scheduled, id)
	}
	organisation, name, ours := protocol.ScheduleOf(protocol.ScheduleID("01a1ffb8-0000-7000-8000-000000000001", "nightly"))
	require.True(t, ours)
	require.Equal(t, care.ID("01a1ffb8-0000-7000-8000-000000000001"), organisation)
	require.Equal(t, "nightly", name)
	_, _, ours = protocol.ScheduleOf("north-reconcile")
	require.False(t, ours)
}
