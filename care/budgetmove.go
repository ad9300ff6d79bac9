package care

import "slices"

// SharedBudget is a budget of the government that another person of the organisation holds, held or lists (R32).
type SharedBudget struct {
	UpstreamBudgetID string `json:"upstream_budget_id"`
	PersonID         ID     `json:"person_id"`
	GivenName        string `json:"given_name"`
	FamilyName       string `json:"family_name"`
}

// BudgetsOfOthers are other people's claims to a person's budgets (R32).
type BudgetsOfOthers struct {
	// HeldByOthers are budgets that the person lists and that stand with someone else.
	HeldByOthers []SharedBudget `json:"held_by_others"`
	// OnceHeldByOthers are budgets that the person lists and that stood with someone else.
	OnceHeldByOthers []SharedBudget `json:"once_held_by_others"`
	// ListedByOthers are budgets of the person that were listed for someone else with a confirmed identity (R8) before this read began.
	ListedByOthers []SharedBudget `json:"listed_by_others"`
}

// None reports whether no one else of the organisation is concerned.
func (b BudgetsOfOthers) None() bool {
	return len(b.HeldByOthers)+len(b.OnceHeldByOthers)+len(b.ListedByOthers) == 0
}

func sharedBudget(all []SharedBudget, budget Budget) (SharedBudget, bool) {
	at := slices.IndexFunc(all, func(one SharedBudget) bool { return one.UpstreamBudgetID == budget.UpstreamBudgetID })
	if at < 0 {
		return SharedBudget{}, false
	}
	return all[at], true
}

// withoutOthers are the listed budgets that the person may have: those that no one else holds, and of those that someone else held only
// if this run has found out who the person is (R8, R32). Each of the others is a warning.
func (d *BudgetsDecision) withoutOthers(held HeldBudgets, read []Budget, subject RunScope) (own []Budget) {
	for _, budget := range read {
		holder, isHeld := sharedBudget(held.HeldByOthers, budget)
		before, wasHeld := sharedBudget(held.OnceHeldByOthers, budget)
		switch {
		case isHeld:
			d.warnOfOther(IssueBudgetListedTwice, budget, holder, BudgetMovesLater)
			if subject.Identified {
				d.ListedTwice = append(d.ListedTwice, budget.UpstreamBudgetID)
			}
		case wasHeld && !subject.Identified && !lists(currentBudgets(held.Budgets), budget):
			d.warnOfOther(IssueBudgetListedTwice, budget, before, BudgetUnconfirmed)
		default:
			own = append(own, budget)
		}
	}
	return own
}

// partMoved parts the held budgets into those that are compared with what was read, and those that this complete read lacks while another
// person lists them: these go, whatever the guard says (R32). A budget that both list stays, with a warning; from an incomplete read none
// goes.
func (d *BudgetsDecision) partMoved(held HeldBudgets, read Read[Budget]) (remaining, moved []Budget) {
	for _, budget := range held.Budgets {
		other, shared := sharedBudget(held.ListedByOthers, budget)
		switch {
		case budget.Removed || !shared:
			remaining = append(remaining, budget)
		case read.Incomplete && !lists(read.Records, budget):
			remaining = append(remaining, budget)
		case lists(read.Records, budget):
			remaining = append(remaining, budget)
			d.warnOfOther(IssueBudgetListedTwice, budget, other, BudgetStays)
		default:
			moved = append(moved, budget)
			d.warnOfOther(IssueBudgetMoved, budget, other, BudgetGone)
		}
	}
	return remaining, moved
}

func currentBudgets(held []Budget) []Budget {
	return filter(held, func(budget Budget) bool { return !budget.Removed })
}

func lists(budgets []Budget, budget Budget) bool {
	return slices.ContainsFunc(budgets, func(one Budget) bool { return one.UpstreamBudgetID == budget.UpstreamBudgetID })
}

// warnOfOther warns of a budget that concerns another person. Our own id of the budget is empty for one that this person does not have.
func (d *BudgetsDecision) warnOfOther(code IssueCode, budget Budget, other SharedBudget, becomes BudgetCase) {
	d.warn(Warning(AreaBudgets, code).On(budget.Label(), budget.ID).With(OtherPersonDetails{
		PersonID: other.PersonID, GivenName: other.GivenName, FamilyName: other.FamilyName, Case: becomes,
	}))
}
