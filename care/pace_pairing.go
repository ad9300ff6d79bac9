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
// start; and only where none of that is left, the same ordinal.
func pairBudgets(known []PlanBudget, read []PlanBudget) pairing {
	paired, free := pairing{of: make([]*PlanBudget, len(read))}, freeByIdentity(known)
	inOrder := readInOrder(read)
	takeAll := func(removed bool, fits []budgetFit) {
		for _, fit := range fits {
			for _, i := range inOrder {
				if paired.of[i] == nil {
					paired.of[i] = takeBudget(free[read[i].identity()], &read[i], removed, fit)
				}
			}
		}
	}
	for _, fits := range [][]budgetFit{{sameBudgetValues, sameDatesAndOrdinal, sameBudgetDates, sameStartAndOrdinal, sameStart}, {sameOrdinal}} {
		takeAll(false, fits)
		takeAll(true, fits)
	}
	for i := range known {
		if !slices.Contains(paired.of, &known[i]) {
			paired.absent = append(paired.absent, &known[i])
		}
	}
	return paired
}

// budgetFit is a way in which a known budget can fit one that was read.
type budgetFit func(known, read *PlanBudget) bool

func sameBudgetValues(known, read *PlanBudget) bool { return sameValues(known.values(), read.values()) }
func sameBudgetDates(known, read *PlanBudget) bool  { return known.Dates() == read.Dates() }
func sameStart(known, read *PlanBudget) bool        { return known.StartDate == read.StartDate }
func sameOrdinal(known, read *PlanBudget) bool      { return known.Ordinal == read.Ordinal }
func sameDatesAndOrdinal(known, read *PlanBudget) bool {
	return sameBudgetDates(known, read) && sameOrdinal(known, read)
}
func sameStartAndOrdinal(known, read *PlanBudget) bool {
	return sameStart(known, read) && sameOrdinal(known, read)
}

// freeByIdentity are the known budgets of each identity by ordinal.
func freeByIdentity(known []PlanBudget) map[string][]*PlanBudget {
	free := make(map[string][]*PlanBudget)
	for i := range known {
		free[known[i].identity()] = append(free[known[i].identity()], &known[i])
	}
	for _, equals := range free {
		slices.SortFunc(equals, func(a, b *PlanBudget) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	}
	return free
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
