package console

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/starter/schedules"
)

func TestTimesAreWrittenInTheLargestUnitThatFits(t *testing.T) {
	for length, expected := range map[time.Duration][2]string{
		0: {"", "hours"}, 4 * time.Hour: {"4", "hours"}, 48 * time.Hour: {"2", "days"}, 90 * time.Minute: {"90", "minutes"},
		90 * time.Second: {"90", "seconds"}, 10*time.Second + time.Millisecond: {"11", "seconds"},
	} {
		number, unit := inUnits(length)
		require.Equal(t, expected, [2]string{number, unit}, length)
	}
}

func TestTimesInFormsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := time.Duration(rapid.IntRange(0, 1_000_000).Draw(t, "seconds")) * time.Second
		values := url.Values{}
		setTime(values, "jitter", "jitter_unit", length)
		read, err := timeOf(values, "jitter", "jitter_unit")
		require.NoError(t, err)
		require.Equal(t, length, read)
	})
}

// Whoever types 10 for a delay that there was not means minutes.
func TestADelayThatThereIsNotIsOfferedInMinutes(t *testing.T) {
	require.Equal(t, unitMinutes, scheduleValues(schedules.Request{}).Get("jitter_unit"))
	require.Equal(t, unitHours, scheduleValues(schedules.Request{Jitter: 2 * time.Hour}).Get("jitter_unit"))
}

func TestTimesOutOfAllProportionAreRefused(t *testing.T) {
	for unit, number := range map[string]string{"days": "3651", "hours": "87601", "": "87601"} {
		_, err := timeOf(url.Values{"jitter": {number}, "jitter_unit": {unit}}, "jitter", "jitter_unit")
		require.ErrorContains(t, err, "must be a number up to", unit)
	}
}
