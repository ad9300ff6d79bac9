package care

import "slices"

// HeldLists is what we hold of a person that a provider-wide list can be compared with.
type HeldLists struct {
	HeldPlan
	Contributions []Contribution `json:"contributions"`
}

// SummaryMoved reports whether a person's listed rows, merged (R11), say something else than what we hold, or are about somebody else (R8).
func (h HeldLists) SummaryMoved(rows []Summary, today Date) bool {
	known := h.Known()
	if h.Plan == nil || slices.ContainsFunc(rows, func(row Summary) bool { return known.Check(row.Reported).Refusal() != "" }) {
		return true
	}
	unused := func() ID { return "" }
	return len(DecidePlan(h.HeldPlan, rows, nil, today, unused).Changes) > 0
}

// ContributionsMoved reports whether some of a person's contributions, as a list gives those that were updated lately, are not among those
// that we hold. What a list lacks proves nothing (R5).
func (h HeldLists) ContributionsMoved(listed []Contribution) bool {
	return CompareContributions(h.Contributions, listed).Count.Created > 0
}

// ProviderList is a list of people beside those in care whom we hold of it: one provider's, or those of all together.
type ProviderList struct {
	// InCare are in care as far as we know, Absent are those of them whom no provider's list has.
	InCare, Absent int
	// Listed is how many people the list has.
	Listed int
}

// MayMarkAbsent decides whether the people of an organisation who are absent from the lists of all its providers may be marked as not in
// care (R5, R19): not where some list is empty, and not more than half of five or more of a list at once, unless somebody has accepted that.
// Absence cannot be told from fewer than all lists, so that one list that is not to be believed holds back everybody.
func MayMarkAbsent(lists []ProviderList, accepted bool) bool {
	return accepted || !slices.ContainsFunc(lists, func(list ProviderList) bool {
		return Guard{NeverEmpty: true}.Holds(list.InCare, list.Absent, list.Listed)
	})
}
