package care

import (
	"fmt"
	"time"
)

// DefaultTimeZone is the zone whose calendar date is "today", unless an organisation has another (R1).
const DefaultTimeZone = "Australia/Sydney"

// Organisation is a care provider that uses CareSync. Every other record belongs to one (R11).
type Organisation struct {
	ID ID `json:"id"`
	// Slug names the organisation in commands: lower-case letters, digits and dashes.
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	TimeZone  string    `json:"time_zone"`
	CreatedAt time.Time `json:"created_at"`
}

// Location is the organisation's time zone (R1).
func (o Organisation) Location() *time.Location {
	zone, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		panic(fmt.Sprintf("organisation %s has the time zone %q, which was checked when it was stored", o.ID, o.TimeZone))
	}
	return zone
}

// Today is the calendar date in the organisation's time zone (R1).
func (o Organisation) Today(now time.Time) Date { return DateIn(now, o.Location()) }
