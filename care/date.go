package care

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// isoDate is the only form in which dates travel: on the wire, in JSON and in PostgreSQL.
const isoDate = "2006-01-02"

// Date is a calendar date without time or zone. The zero value means "no date": open-ended, or not provided.
// Dates are compared with dates, never with hours (R1).
type Date struct {
	year  int
	month time.Month
	day   int
}

// NewDate returns the date of a year, month and day, normalised as time.Date does.
func NewDate(year int, month time.Month, day int) Date {
	return dateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateIn returns the calendar date of an instant as people in that zone read it (R1).
func DateIn(instant time.Time, zone *time.Location) Date { return dateOf(instant.In(zone)) }

// ParseDate reads YYYY-MM-DD. The year 0000 is refused: PostgreSQL has none.
func ParseDate(text string) (Date, error) {
	parsed, err := time.Parse(isoDate, text)
	if err != nil || parsed.Year() == 0 {
		return Date{}, fmt.Errorf("%q is not a date: use YYYY-MM-DD, for example 2026-04-01", text)
	}
	return dateOf(parsed), nil
}

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year: year, month: month, day: day}
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Before reports whether d is an earlier date than other.
func (d Date) Before(other Date) bool { return d.midnight().Before(other.midnight()) }

// After reports whether d is a later date than other.
func (d Date) After(other Date) bool { return other.Before(d) }

// AddDays returns the date that many days later, or earlier if negative.
func (d Date) AddDays(days int) Date { return dateOf(d.midnight().AddDate(0, 0, days)) }

// Time returns midnight UTC of the date, for formatting.
func (d Date) Time() time.Time { return d.midnight() }

func (d Date) midnight() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

// String returns YYYY-MM-DD, or nothing if there is no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.midnight().Format(isoDate)
}

// MarshalJSON writes "YYYY-MM-DD", or null if there is no date.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(d.String())
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Date) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	if text == nil || *text == "" {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(*text)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Scan reads a PostgreSQL date; NULL is no date.
func (d *Date) Scan(source any) error {
	switch value := source.(type) {
	case nil:
		*d = Date{}
	case time.Time:
		*d = dateOf(value)
	case string:
		parsed, err := ParseDate(value)
		if err != nil {
			return err
		}
		*d = parsed
	default:
		return fmt.Errorf("a %T cannot be read as a date", source)
	}
	return nil
}

// Value gives PostgreSQL the date; no date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}
