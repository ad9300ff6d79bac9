package care

import (
	"slices"
	"strconv"
)

// RefreshUnattended decides what a read changes where no one looks (R31): changed amounts and extensions are applied; new contracts,
// new budgets and shortenings are held for review. A tree that does not begin with the plan, or in which most of what was spent is gone,
// is held whole (R23). Plans that ended a short time ago are refreshed beside the one that runs.
func RefreshUnattended(held HeldContracts, read ContractRead, newID NewID) ContractDecision {
	return refreshEach(held, read, func(held HeldContracts, read ContractRead) ContractDecision {
		return refreshOne(held, read, newID)
	})
}

// RefreshHeld decides what a read would change, and leaves all of it to people: nothing of the contracts is written.
func RefreshHeld(held HeldContracts, read ContractRead, newID NewID) ContractDecision {
	return refreshEach(held, read, func(held HeldContracts, read ContractRead) ContractDecision {
		return holdAll(read, refreshOne(held, read, newID))
	})
}

// refreshEach decides about the plan and then about those before it, as one decision.
func refreshEach(held HeldContracts, read ContractRead, refresh func(HeldContracts, ContractRead) ContractDecision) ContractDecision {
	decision := refresh(held, read)
	if decision.Answer.Outcome != AreaSucceeded {
		return decision
	}
	for _, earlier := range read.Earlier {
		held.Contracts = replaced(held.Contracts, decision.Contracts)
		decision.add(refresh(held, earlier))
	}
	return decision
}

// refreshOne decides about one plan.
func refreshOne(held HeldContracts, read ContractRead, newID NewID) ContractDecision {
	contract := ContractOf(held.Contracts, read.Plan)
	would := decideContract(held, read, terms{ticked: everyBudget}, newID)
	if contract == nil || would.Answer.Outcome != AreaSucceeded {
		return would
	}
	switch read.fit() {
	case treeOfAnotherPlan:
		return holdAll(read, ContractDecision{Decision: would.Decision, Contract: *contract, Contracts: []ServiceContract{*contract}}.withoutChanges(), read.treeItem(contract.ID))
	case treeInsidePlan:
		return holdAll(read, would, read.treeItem(contract.ID))
	}
	if fallen := spentFallenToZero(held.Budgets, would.Budgets.After); fallen > 0 {
		return holdAll(read, would, ReviewItem{Kind: ReviewSpent, ContractID: contract.ID, Subject: thePlan, New: text(strconv.Itoa(fallen))})
	}
	return would
}

// treeItem says on which day the tree begins that was not taken over.
func (r *ContractRead) treeItem(contract ID) ReviewItem {
	return ReviewItem{
		Kind: ReviewTree, ContractID: contract, Subject: thePlan, Field: "start_date",
		Old: dateText(r.Plan.StartDate), New: dateText(r.Tree.Dates().StartDate),
	}
}

// holdAll leaves what a decision would change to people, after what is to be said first.
func holdAll(read ContractRead, would ContractDecision, first ...ReviewItem) ContractDecision {
	if would.Answer.Outcome != AreaSucceeded {
		return would
	}
	names := make(map[ID]string)
	for i := range would.Budgets.After {
		names[would.Budgets.After[i].ID] = would.Budgets.After[i].Name()
	}
	holding := ContractDecision{
		Decision: Decision{Issues: slices.Clone(read.Issues)}, Contract: would.Contract, Review: slices.Concat(first, would.Review),
	}
	for _, change := range would.Changes {
		if item, reviewed := reviewOf(change, would.Contract.ID, names); reviewed {
			holding.Review = append(holding.Review, item)
		}
	}
	if len(holding.Review) > 0 {
		holding.warn(heldForReview(len(holding.Review)))
	}
	holding.conclude(Counts{KindServiceContract: {Unchanged: len(would.Contracts)}, KindPlanBudget: {Unchanged: len(would.Budgets.After)}})
	return holding
}

// withoutChanges is a decision of which nothing could be accepted.
func (d ContractDecision) withoutChanges() ContractDecision {
	d.Changes, d.Review = nil, nil
	return d
}

// What a person is told of a budget that leaves PACE, or comes back.
const statusField, inPACE, noLongerInPACE = "status", "in PACE", "no longer in PACE"

// reviewOf is a change that needs approval. Adjustment records only follow from other changes.
func reviewOf(change Change, contract ID, budgets map[ID]string) (ReviewItem, bool) {
	item := ReviewItem{Kind: ReviewChange, ContractID: contract, Field: change.Field, Old: change.Old, New: change.New}
	switch {
	case change.Kind == KindServiceContract && change.Action == ActionUpdated && change.Field != "allocation_total":
		item.Subject = thePlan
	case change.Kind == KindPlanBudget:
		item.Subject, item.BudgetID = budgets[change.RecordID], change.RecordID
		if change.Action != ActionUpdated {
			item.Field, item.Old, item.New = statusField, text(inPACE), text(noLongerInPACE)
		}
		if change.Action == ActionRevived {
			item.Old, item.New = item.New, item.Old
		}
	default:
		return ReviewItem{}, false
	}
	return item, true
}

// spentFallenToZero is in how many of the budgets of which something was spent nothing is spent now, if that is more than half of
// five or more of them; else 0 (R31).
func spentFallenToZero(held, after []PlanBudget) int {
	reported := make(map[ID]*PlanBudget, len(after))
	for i := range after {
		reported[after[i].ID] = &after[i]
	}
	spent, fallen := 0, 0
	for i := range held {
		now := reported[held[i].ID]
		if now == nil || held[i].Removed || now.Removed || !held[i].Spent.Valid || held[i].Spent.Decimal.IsZero() {
			continue
		}
		spent++
		if now.Spent.Valid && now.Spent.Decimal.IsZero() {
			fallen++
		}
	}
	if (Guard{}).Holds(spent, fallen, spent) {
		return fallen
	}
	return 0
}

// treeFit is whose a budget tree is, as its earliest start says (R23).
type treeFit int

const (
	treeOfPlan treeFit = iota
	// treeUndated names no start at all.
	treeUndated
	// treeInsidePlan begins after the plan and before its end, and with no other plan.
	treeInsidePlan
	treeOfAnotherPlan
)

// fit recognises the tree by its earliest start, never by its ends: categories end early or are extended alone.
func (r *ContractRead) fit() treeFit {
	start := r.Tree.Dates().StartDate
	switch {
	case start == r.Plan.StartDate:
		return treeOfPlan
	case start.IsZero():
		return treeUndated
	case !r.Plan.Dates().Covers(start), slices.ContainsFunc(r.Others, func(p ParticipantPlan) bool { return p.StartDate == start }):
		return treeOfAnotherPlan
	default:
		return treeInsidePlan
	}
}

func (r *ContractRead) treeDates() TreeDatesDetails {
	return TreeDatesDetails{Tree: r.Tree.Dates(), Plan: r.Plan.Dates()}
}

// EarlierPlanUnread says that the NDIA's history did not have a plan that ended a short time ago.
func EarlierPlanUnread(plan ParticipantPlan) Issue {
	return Warning(AreaContract, IssueEarlierPlanUnread).With(plan.Dates())
}

// add takes over what was decided about another of the person's contracts.
func (d *ContractDecision) add(other ContractDecision) {
	if other.Answer.Outcome != AreaSucceeded {
		return
	}
	d.Contracts = replaced(d.Contracts, other.Contracts)
	d.Budgets.add(other.Budgets)
	d.DeliveredServices.add(other.DeliveredServices)
	d.Missing, d.Review, d.Changes = append(d.Missing, other.Missing...), append(d.Review, other.Review...), append(d.Changes, other.Changes...)
	d.Issues = filter(append(d.Issues, other.Issues...), func(issue Issue) bool { return issue.Code != IssueHeldForReview })
	if len(d.Review) > 0 {
		d.warn(heldForReview(len(d.Review)))
	}
	counts := Counts{}
	counts.Add(d.Answer.Counts)
	counts.Add(other.Answer.Counts)
	d.conclude(counts)
}

// add takes over a difference of other records.
func (d *Difference[T]) add(other Difference[T]) {
	d.Write, d.Remove = append(d.Write, other.Write...), append(d.Remove, other.Remove...)
	d.After, d.Changes = append(d.After, other.After...), append(d.Changes, other.Changes...)
	d.Count, d.Held = d.Count.Plus(other.Count), d.Held+other.Held
}

// replaced are contracts with some of them as they stand now, and those that were not among them.
func replaced(contracts, now []ServiceContract) []ServiceContract {
	contracts = slices.Clone(contracts)
	for _, contract := range now {
		if at := slices.IndexFunc(contracts, func(c ServiceContract) bool { return c.ID == contract.ID }); at >= 0 {
			contracts[at] = contract
		} else {
			contracts = append(contracts, contract)
		}
	}
	return contracts
}
