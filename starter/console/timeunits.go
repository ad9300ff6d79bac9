package console

import (
	"net/url"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/console/ui"
)

// Units in which forms give times.
const (
	unitSeconds = "seconds"
	unitMinutes = "minutes"
	unitHours   = "hours"
	unitDays    = "days"
	wholeDay    = 24 * time.Hour
	// longestTime bounds every time in a form; what is asked for has limits of its own.
	longestTime = 3650 * wholeDay
)

var unitOptions = []ui.Option{
	{Value: unitSeconds, Words: "seconds"}, {Value: unitMinutes, Words: "minutes"}, {Value: unitHours, Words: "hours"}, {Value: unitDays, Words: "days"},
}

// unitLength is an hour where no one has chosen a unit.
func unitLength(unit string) time.Duration {
	switch unit {
	case unitSeconds:
		return time.Second
	case unitMinutes:
		return time.Minute
	case unitDays:
		return wholeDay
	default:
		return time.Hour
	}
}

// timeOf reads a number of units of time from two fields; empty is 0.
func timeOf(values url.Values, field, unitField string) (time.Duration, error) {
	number, err := wholeNumber(values, field)
	if err != nil {
		return 0, err
	}
	unit := unitLength(values.Get(unitField))
	if most := int(longestTime / unit); number > most {
		return 0, &care.InvalidError{Field: field, Message: "must be a number up to " + strconv.Itoa(most)}
	}
	return time.Duration(number) * unit, nil
}

// inUnits writes a time as a form gives it, in the largest unit that leaves no rest; parts of a second are rounded up. 0 is empty.
func inUnits(length time.Duration) (number, unit string) {
	if length <= 0 {
		return "", unitHours
	}
	seconds := (length + time.Second - 1) / time.Second
	for _, unit := range []string{unitDays, unitHours, unitMinutes} {
		if whole := unitLength(unit) / time.Second; seconds%whole == 0 {
			return strconv.Itoa(int(seconds / whole)), unit
		}
	}
	return strconv.Itoa(int(seconds)), unitSeconds
}
