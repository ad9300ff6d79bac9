package care

import (
	"cmp"
	"fmt"
	"slices"
)

// numbered are the reported budgets in the order of the answer, each with its ordinal among equals: by start date, then by end date
// and what else is reported, so that a shuffled answer numbers them the same (R25).
func numbered(reported []ReportedBudget) []PlanBudget {
	order := make([]int, len(reported))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &reported[i], &reported[j]
		return cmp.Or(compareDates(a.StartDate, b.StartDate), compareDates(a.EndDate, b.EndDate), cmp.Compare(valuesKey(a.values()), valuesKey(b.values())))
	})
	budgets, next := make([]PlanBudget, len(reported)), make(map[string]int)
	for _, i := range order {
		identity := reported[i].identity()
		budgets[i] = newPlanBudget(reported[i], next[identity])
		next[identity]++
	}
	return budgets
}

// pairing is which budgets that are known stand for which that were read.
type pairing struct {
	// of holds, for each budget read, the known one, nil if there is none.
	of []*PlanBudget
	// absent are the known ones that were not read.
	absent []*PlanBudget
}

// pairBudgets finds for each budget that was read the one that is known of the same identity (R25). Among equals the best fit is
// taken first, and with each of these those in PACE before those that had left it: the same in all fields; the same dates; the same
// start; and only where none of that is left, the same ordinal. What is left then may be paired without the funding component, where
// one side does not name it: the historical tree never does.
//
// shown, if not nil, is the id under which a person has seen each budget: one that is known by that id is that budget, whatever its equals.
func pairBudgets(known, read []PlanBudget, historical bool, shown func(place int) ID) pairing {
	paired, same := pairing{of: make([]*PlanBudget, len(read))}, sameOnceCompleted(historical)
	paired.matchShown(known, shown)
	whole, withoutComponent := (*PlanBudget).identity, (*PlanBudget).identityWithoutComponent
	paired.match(known, read, whole, same, sameDatesAndOrdinal, sameBudgetDates, sameStartAndOrdinal, sameStart)
	paired.match(known, read, whole, sameOrdinal)
	paired.match(known, read, withoutComponent, oneNamesNoComponent(same), oneNamesNoComponent(sameDatesAndApproved),
		oneNamesNoComponent(sameBudgetDates), oneNamesNoComponent(sameStart))
	paired.absent = paired.unpaired(known)
	return paired
}

func (p *pairing) matchShown(known []PlanBudget, shown func(place int) ID) {
	for place := range p.of {
		for i := range known {
			if shown != nil && known[i].ID == shown(place) {
				p.of[place] = &known[i]
			}
		}
	}
}

// match pairs what is not paired yet.
func (p *pairing) match(known, read []PlanBudget, identity func(*PlanBudget) string, fits ...budgetFit) {
	free := byIdentity(p.unpaired(known), identity)
	for _, removed := range []bool{false, true} {
		for _, fit := range fits {
			for _, i := range readInOrder(read) {
				if p.of[i] == nil {
					p.of[i] = takeBudget(free[identity(&read[i])], &read[i], removed, fit)
				}
			}
		}
	}
}

func (p *pairing) unpaired(known []PlanBudget) (left []*PlanBudget) {
	for i := range known {
		if !slices.Contains(p.of, &known[i]) {
			left = append(left, &known[i])
		}
	}
	return left
}

// budgetFit is a way in which a known budget can fit one that was read.
type budgetFit func(known, read *PlanBudget) bool

func sameBudgetDates(known, read *PlanBudget) bool { return known.Dates() == read.Dates() }
func sameStart(known, read *PlanBudget) bool       { return known.StartDate == read.StartDate }
func sameOrdinal(known, read *PlanBudget) bool     { return known.Ordinal == read.Ordinal }
func sameDatesAndOrdinal(known, read *PlanBudget) bool {
	return sameBudgetDates(known, read) && sameOrdinal(known, read)
}
func sameStartAndOrdinal(known, read *PlanBudget) bool {
	return sameStart(known, read) && sameOrdinal(known, read)
}
func sameDatesAndApproved(known, read *PlanBudget) bool {
	return sameBudgetDates(known, read) && sameText(moneyText(known.Approved), moneyText(read.Approved))
}

// sameOnceCompleted compares all fields that the answer can have.
func sameOnceCompleted(historical bool) budgetFit {
	return func(known, read *PlanBudget) bool {
		completed := *read
		completed.completedFrom(known, historical)
		return sameValues(known.values(), completed.values())
	}
}

func oneNamesNoComponent(fit budgetFit) budgetFit {
	return func(known, read *PlanBudget) bool {
		return (known.FundingComponent == "") != (read.FundingComponent == "") && fit(known, read)
	}
}

// byIdentity are budgets by identity, in the order of their ordinals.
func byIdentity(budgets []*PlanBudget, identity func(*PlanBudget) string) map[string][]*PlanBudget {
	groups := make(map[string][]*PlanBudget)
	for _, budget := range budgets {
		groups[identity(budget)] = append(groups[identity(budget)], budget)
	}
	for _, equals := range groups {
		slices.SortStableFunc(equals, func(a, b *PlanBudget) int { return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.ID, b.ID)) })
	}
	return groups
}

// completedFrom gives a budget that was read what its answer could not say: the funding component by which we know it (R25), and in a
// historical tree what that has no fields for.
func (b *PlanBudget) completedFrom(known *PlanBudget, historical bool) {
	if b.identity() != known.identity() {
		b.FundingComponent, b.Identity = known.FundingComponent, known.Identity
	}
	if historical {
		b.InstalmentType, b.StatedItems, b.FundingPeriods = known.InstalmentType, known.StatedItems, known.FundingPeriods
	}
}

func readInOrder(read []PlanBudget) []int {
	order := make([]int, len(read))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(read[i].Ordinal, read[j].Ordinal) })
	return order
}

func takeBudget(free []*PlanBudget, read *PlanBudget, removed bool, fits budgetFit) *PlanBudget {
	for i, candidate := range free {
		if candidate != nil && candidate.Removed == removed && fits(candidate, read) {
			free[i] = nil
			return candidate
		}
	}
	return nil
}

// key is a budget's identity with its ordinal among equals, as one text.
func (b *PlanBudget) key() string { return fmt.Sprintf("%s|%d", b.identity(), b.Ordinal) }

// renumbered gives the new budgets ordinals that no held one of their identity has.
func renumbered(held, read []PlanBudget, paired pairing) {
	taken := make(map[string]bool)
	for i := range held {
		taken[held[i].key()] = true
	}
	for _, i := range readInOrder(read) {
		if paired.of[i] != nil {
			continue
		}
		for taken[read[i].key()] {
			read[i].Ordinal++
		}
		taken[read[i].key()] = true
	}
}
