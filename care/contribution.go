package care

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Contribution is the percentage that a person pays for a category of services. The government gives it no identifier,
// so the whole set is deleted and recreated on every sync and nothing may refer to one (Care Recipient Sync §Contributions, R16).
//
// It is stored as JSON, in contribution_set.contributions.
type Contribution struct {
	Category string `json:"category"`
	// Percentage is absent where the assessment is pending: unknown is not 0 % (R3).
	Percentage decimal.NullDecimal `json:"percentage"`
	StartDate  Date                `json:"start_date"`
	EndDate    Date                `json:"end_date"`
	Status     string              `json:"status"`
}

func (c *Contribution) key() string {
	return valuesKey([]Value{
		{"category", text(c.Category)}, {"percentage", percentageText(c.Percentage)}, {"start_date", dateText(c.StartDate)},
		{"end_date", dateText(c.EndDate)}, {"status", text(c.Status)},
	})
}

// withUnread are the contributions of an incomplete answer, and those that we hold of which it says nothing: they may be among what was not
// read (R6). One of the same category and start takes the place of ours.
func withUnread(held, read []Contribution) []Contribution {
	all := slices.Clone(read)
	for _, ours := range held {
		if !slices.ContainsFunc(read, func(theirs Contribution) bool {
			return theirs.Category == ours.Category && theirs.StartDate == ours.StartDate
		}) {
			all = append(all, ours)
		}
	}
	return all
}

// ContributionDifference is what recreating a person's contributions changes.
type ContributionDifference struct {
	Count Count
	// Changed is set where the new set differs from the old one: only then does the old one become history (R16).
	Changed bool
	// Cleared is set where a clean "none" takes away contributions that we held; that is a warning (R16).
	Cleared bool
}

// CompareContributions counts a recreated set by comparing it with the old one (R6). Equal rows are told apart by number:
// two identical contributions are two.
func CompareContributions(held, read []Contribution) ContributionDifference {
	remaining := make(map[string]int, len(held))
	for i := range held {
		remaining[held[i].key()]++
	}
	var count Count
	for i := range read {
		if key := read[i].key(); remaining[key] > 0 {
			remaining[key]--
			count.Unchanged++
		} else {
			count.Created++
		}
	}
	count.Removed = len(held) - count.Unchanged
	return ContributionDifference{
		Count:   count,
		Changed: count.Created > 0 || count.Removed > 0,
		Cleared: len(read) == 0 && len(held) > 0,
	}
}
