package world

import (
	"fmt"
	"time"
	_ "time/tzdata" // Sydney's zone must be known wherever the simulator runs
)

// Date is a calendar date without time or zone, counted in days since 1 January of the year 1.
// The zero value is NoDate: the wire's "0001-01-01" stands for "no date" as well.
type Date int32

// NoDate is the absent date.
const NoDate Date = 0

const (
	dateLayout = "2006-01-02"
	// unixEpoch is 1 January 1970 as a Date.
	unixEpoch     = 719162
	secondsPerDay = 24 * 60 * 60
)

var sydney = mustLoadLocation("Australia/Sydney")

func mustLoadLocation(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		panic(fmt.Sprintf("world: time zone %s: %v", name, err))
	}
	return location
}

// DateOf returns the date of a year, month and day.
func DateOf(year int, month time.Month, day int) Date {
	return dateOfUTC(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

func dateOfUTC(midnight time.Time) Date {
	return Date(midnight.Unix()/secondsPerDay + unixEpoch)
}

// SydneyDate returns the calendar date in Sydney at an instant (R1).
func SydneyDate(at time.Time) Date {
	year, month, day := at.In(sydney).Date()
	return DateOf(year, month, day)
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (Date, error) {
	at, err := time.Parse(dateLayout, text)
	if err != nil {
		return NoDate, fmt.Errorf("%q is not a date of the form YYYY-MM-DD", text)
	}
	return dateOfUTC(at), nil
}

// MustDate reads YYYY-MM-DD and panics if it cannot; for constants in tests.
func MustDate(text string) Date {
	date, err := ParseDate(text)
	if err != nil {
		panic(err)
	}
	return date
}

// Time returns midnight UTC of the date.
func (d Date) Time() time.Time {
	return time.Unix((int64(d)-unixEpoch)*secondsPerDay, 0).UTC()
}

// String returns YYYY-MM-DD, or nothing for NoDate.
func (d Date) String() string {
	if d == NoDate {
		return ""
	}
	return d.Time().Format(dateLayout)
}

// MarshalText returns YYYY-MM-DD, or nothing for NoDate.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; nothing is NoDate.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = NoDate
		return nil
	}
	date, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = date
	return nil
}

// AddDays returns the date n days later (earlier if negative).
func (d Date) AddDays(n int) Date { return d + Date(n) }

// AddMonths returns the same day n months later, or the last day of that month if it has no such day.
func (d Date) AddMonths(n int) Date {
	year, month, day := d.Time().Date()
	first := time.Date(year, month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return dateOfUTC(first) + Date(min(day, last)-1)
}

// Quarter returns the calendar quarter that holds the date.
func (d Date) Quarter() Period {
	year, month, _ := d.Time().Date()
	first := month - (month-1)%3
	start := DateOf(year, first, 1)
	return Period{Start: start, End: start.AddMonths(3) - 1}
}

// Period is a span of dates, both included; an End of NoDate means that it has none.
type Period struct{ Start, End Date }

// Overlap returns what two periods share, and whether they share anything.
func (p Period) Overlap(other Period) (Period, bool) {
	shared := Period{Start: max(p.Start, other.Start), End: earlierEnd(p.End, other.End)}
	return shared, shared.End == NoDate || shared.Start <= shared.End
}

// Holds reports whether a date lies in the period.
func (p Period) Holds(date Date) bool {
	return p.Start <= date && (p.End == NoDate || date <= p.End)
}

// Days counts the days of a period that has an end.
func (p Period) Days() int { return int(p.End-p.Start) + 1 }

func earlierEnd(a, b Date) Date {
	switch {
	case a == NoDate:
		return b
	case b == NoDate:
		return a
	default:
		return min(a, b)
	}
}
