package care

// HeldLists is what we hold of a person that a provider-wide list can be compared with.
type HeldLists struct {
	HeldPlan
	Contributions []Contribution `json:"contributions"`
}

// SummaryMoved reports whether a listed summary says something else than what we hold, or is about somebody else (R8).
func (h HeldLists) SummaryMoved(summary Summary, today Date) bool {
	if h.Plan == nil || len(CheckIdentity(h.Client.Identity, summary.Identity).Mismatches) > 0 {
		return true
	}
	unused := func() ID { return "" }
	return len(DecidePlan(h.HeldPlan, summary, nil, today, unused).Changes) > 0
}

// ContributionsMoved reports whether some of a person's contributions, as a list gives those that were updated lately, are not among those
// that we hold. What a list lacks proves nothing (R5).
func (h HeldLists) ContributionsMoved(listed []Contribution) bool {
	return CompareContributions(h.Contributions, listed).Count.Created > 0
}

// AbsenceGuard decides whether the people of an organisation who are absent from the lists of all its providers may be marked as not in
// care (R5, R19): not where the lists are empty, and not more than half of five or more at once unless somebody has accepted that.
func AbsenceGuard(inCare, absent, listed int, accepted bool) (mayMark bool) {
	return accepted || !Guard{NeverEmpty: true}.Holds(inCare, absent, listed)
}

// BudgetsAfterDeparture is for how many days the budgets of a person who is not in care go on being synced (R19).
const BudgetsAfterDeparture = 60
