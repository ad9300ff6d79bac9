package schedules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
		warnings := schedules.Warnings(care.ScheduleTimes{TimeOfDay: test.at, Weekdays: test.days, TimeZone: test.zone}, now)
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
		warnings := schedules.Warnings(care.ScheduleTimes{Cron: expression, TimeZone: sydney}, now)
		require.Len(t, warnings, len(says), expression)
		for i, said := range says {
			require.Contains(t, warnings[i], said)
		}
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
