package protocol

import (
	"strings"

	"github.com/netresearch/go-cron"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
)

var errCron = &care.InvalidError{Field: "cron", Message: "must be an expression of five fields such as 30 3 * * 1-5, or @daily, @weekly or @monthly"}

// cronParser reads five fields. A day has to match both the day of the month and the day of the week, as in Temporal's calendars.
var cronParser = cron.MustNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// longestCron is how many bytes a cron expression may have: it stands in the calendar's comment, which Temporal limits.
const longestCron = 100

// cronCalendar is the calendar that a cron expression means. Temporal is given the calendar, not the expression, so that the times that we
// know are those at which it runs. It fails with care.InvalidError.
func cronCalendar(expression string) (client.ScheduleCalendarSpec, error) {
	if len(expression) > longestCron || strings.Contains(expression, "=") { // a time zone of its own: the schedule has one already
		return client.ScheduleCalendarSpec{}, errCron
	}
	parsed, err := cronParser.Parse(strings.ToLower(expression)) // in capitals, the H of THU would be a placeholder
	times, isCalendar := parsed.(*cron.SpecSchedule)
	if err != nil || !isCalendar || times.Minute == 0 || times.Hour == 0 || times.Dom == 0 || times.Month == 0 || times.Dow == 0 {
		return client.ScheduleCalendarSpec{}, errCron // an interval (@every 1h) is no calendar, and a field of commas alone never matches
	}
	return client.ScheduleCalendarSpec{
		Minute: ranges(times.Minute), Hour: ranges(times.Hour), DayOfMonth: ranges(times.Dom), Month: ranges(times.Month),
		DayOfWeek: ranges(times.Dow),
	}, nil
}

// cronValues is how many values a field of a cron expression can have, from 0 on.
const cronValues = 60

// ranges are the numbers of the bits that are set, with neighbours in one range.
func ranges(bits uint64) []client.ScheduleRange {
	var all []client.ScheduleRange
	for number := range cronValues {
		switch last := len(all) - 1; {
		case bits&(1<<number) == 0:
		case last >= 0 && all[last].End == number-1:
			all[last].End = number
		default:
			all = append(all, client.ScheduleRange{Start: number, End: number})
		}
	}
	return all
}
