package care

import (
	"slices"
	"time"
)

// HeldLists is what we hold of a person that a provider-wide list can be compared with.
type HeldLists struct {
	HeldPlan
	Contributions []Contribution `json:"contributions"`
	Budgets       []Budget       `json:"budgets"`
}

// ListTimes are the government's own times of a list that was read (R35).
type ListTimes struct {
	// AnsweredAt is when the first page was answered, zero where the answer did not say.
	AnsweredAt time.Time
	// UpdatedAt is the greatest time of a change that a row carries, zero where none does.
	UpdatedAt time.Time
}

// markOverlap is how much of the time before a list was read is asked for again, where its rows do not say when they were changed: a change
// may show late.
const markOverlap = 48 * time.Hour

// Mark is up to when the list is covered, before is up to when it was: from then on a delta run asks what was updated. It never comes from our
// own clock, and never lies beyond the answer. Where the answer does not say when it was given, nothing more is covered than before.
func (t ListTimes) Mark(before time.Time) time.Time {
	if t.AnsweredAt.IsZero() {
		return before
	}
	mark := t.UpdatedAt
	if mark.IsZero() {
		mark = t.AnsweredAt.Add(-markOverlap)
	}
	if before.After(mark) {
		mark = before
	}
	if mark.After(t.AnsweredAt) {
		return t.AnsweredAt
	}
	return mark
}

// BudgetMoved reports whether a listed budget has other figures than we hold.
func (h HeldLists) BudgetMoved(listed Budget) bool {
	at := slices.IndexFunc(h.Budgets, func(held Budget) bool { return held.UpstreamBudgetID == listed.UpstreamBudgetID })
	return at < 0 || h.Budgets[at].Removed || len(changesBetween(KindBudget, h.Budgets[at].ID, h.Budgets[at].values(), listed.values())) > 0
}

// SummaryMoved reports whether a person's listed rows, merged (R11), say something else than what we hold, or are about someone else (R8).
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

// ProviderList compares a list of people with the people in care that we hold: one provider's, or those of all providers together.
type ProviderList struct {
	// InCare are in care as far as we know; Absent are those of them on no provider's list.
	InCare, Absent int
	// Listed is how many people the list has.
	Listed int
}

// MayMarkAbsent decides whether the people of an organisation who are absent from the lists of all its providers may be marked as not in
// care (R5, R19): not where some list is empty, and not more than half of five or more of a list at once, unless someone has accepted that.
// Absence cannot be told from fewer than all lists, so that one list that is not to be believed holds back everyone.
func MayMarkAbsent(lists []ProviderList, accepted bool) bool {
	return accepted || !slices.ContainsFunc(lists, func(list ProviderList) bool {
		return Guard{NeverEmpty: true}.Holds(list.InCare, list.Absent, list.Listed)
	})
}
