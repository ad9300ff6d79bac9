package care

import (
	"cmp"
	"slices"
)

// Entry is a person's stay with a provider, in one category of funding or in all (R11).
//
// It is stored as JSON, in person.entries.
type Entry struct {
	ServiceProviderID string `json:"service_provider_id"`
	// Category is the funding that the entry is for, such as ON or AT; empty where the government does not tell categories apart.
	Category        string `json:"category"`
	EntryDate       Date   `json:"entry_date"`
	DepartureDate   Date   `json:"departure_date"`
	DepartureReason string `json:"departure_reason"`
}

// InForce reports whether an entry has no departure in the past. The day of departure still counts (R19).
func (e Entry) InForce(today Date) bool {
	return e.DepartureDate.IsZero() || !e.DepartureDate.Before(today)
}

// compare orders entries by when they began, and equal ones in any fixed order.
func (e Entry) compare(other Entry) int {
	return cmp.Or(cmp.Compare(e.EntryDate.String(), other.EntryDate.String()), cmp.Compare(e.Category, other.Category),
		cmp.Compare(e.ServiceProviderID, other.ServiceProviderID), cmp.Compare(e.DepartureDate.String(), other.DepartureDate.String()),
		cmp.Compare(e.DepartureReason, other.DepartureReason))
}

// Stay is what a person's entries come to (R11, R19).
type Stay struct {
	EntryDate, DepartureDate Date
	// NotInCareSince is the last departure of a person all of whose entries have ended.
	NotInCareSince Date
}

// StayOf is what entries come to: a person is in care as long as one entry is in force. The entry date is the earliest of the entries in
// force, else of the last stay; the departure is the last one.
func StayOf(entries []Entry, today Date) Stay {
	current := filter(entries, func(entry Entry) bool { return entry.InForce(today) })
	if len(current) > 0 {
		return Stay{EntryDate: earliestEntry(current), DepartureDate: lastDeparture(current)}
	}
	departure := lastDeparture(entries)
	return Stay{EntryDate: earliestEntry(lastStay(entries)), DepartureDate: departure, NotInCareSince: departure}
}

// earliestEntry is the earliest of the entry dates that are known.
func earliestEntry(entries []Entry) (earliest Date) {
	for _, entry := range entries {
		if earliest.IsZero() || !entry.EntryDate.IsZero() && entry.EntryDate.Before(earliest) {
			earliest = entry.EntryDate
		}
	}
	return earliest
}

// lastDeparture is the last departure, none if an entry has none.
func lastDeparture(entries []Entry) (last Date) {
	for _, entry := range entries {
		if entry.DepartureDate.IsZero() {
			return Date{}
		}
		if entry.DepartureDate.After(last) {
			last = entry.DepartureDate
		}
	}
	return last
}

// lastStay are those of ended entries that hang together with the one that ended last: an entry of which some day is also a day of theirs.
func lastStay(ended []Entry) (stay []Entry) {
	byDeparture := slices.Clone(ended)
	slices.SortFunc(byDeparture, func(a, b Entry) int { return -cmp.Compare(a.DepartureDate.String(), b.DepartureDate.String()) })
	for _, entry := range byDeparture {
		if len(stay) == 0 || !entry.DepartureDate.Before(earliestEntry(stay)) {
			stay = append(stay, entry)
		}
	}
	return stay
}
