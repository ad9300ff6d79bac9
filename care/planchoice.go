package care

import (
	"cmp"
	"slices"
)

// TreeSource says where a plan's budget is read (R23).
type TreeSource string

// The sources of a plan's budget. A plan that has not started has none.
const (
	TreeCurrent    TreeSource = "current"
	TreeHistorical TreeSource = "historical"
	TreeNone       TreeSource = "none"
)

// PlanChoice is which of a participant's plans is synced (R23).
type PlanChoice struct {
	// Plan is the chosen one; it is empty while several Candidates are left, and where there is a Refusal.
	Plan   ParticipantPlan `json:"plan"`
	Source TreeSource      `json:"source"`
	// Candidates cover today; which of them it is, the current tree's dates will say (Settle).
	Candidates []ParticipantPlan `json:"candidates,omitempty"`
	// Others are the participant's further PACE plans, for people to see.
	Others  []ParticipantPlan `json:"others,omitempty"`
	Refusal Reason            `json:"refusal,omitempty"`
}

// ChoosePlan picks the plan to sync from those the NDIA lists (R23): the one with the wanted start date, or, where none is wanted,
// the one that covers today, else the latest of those that have ended, else the one that begins next.
func ChoosePlan(listed []ParticipantPlan, wantedStart, today Date) PlanChoice {
	plans := pacePlans(listed)
	if len(plans) == 0 {
		return PlanChoice{Refusal: noPlanReason(listed)}
	}
	chosen := plans
	if !wantedStart.IsZero() {
		chosen = filter(plans, func(p ParticipantPlan) bool { return p.StartDate == wantedStart })
	}
	for _, group := range []struct {
		source TreeSource
		plans  []ParticipantPlan
	}{
		{TreeCurrent, filter(chosen, func(p ParticipantPlan) bool { return p.currentOn(today) })},
		{TreeHistorical, last(filter(chosen, func(p ParticipantPlan) bool { return p.endedOn(today) }))},
		{TreeNone, first(filter(chosen, func(p ParticipantPlan) bool { return p.StartDate.After(today) }))},
	} {
		if len(group.plans) > 0 {
			return choiceAmong(group.plans, plans, group.source)
		}
	}
	return PlanChoice{Others: plans, Refusal: undatedReason(chosen)}
}

func (p ParticipantPlan) currentOn(day Date) bool {
	return !p.StartDate.IsZero() && p.Dates().Covers(day)
}
func (p ParticipantPlan) endedOn(day Date) bool {
	return !p.StartDate.IsZero() && !p.StartDate.After(day) && !p.EndDate.IsZero() && p.EndDate.Before(day)
}

// pacePlans are the PACE plans of a list, the earliest first, each once.
func pacePlans(listed []ParticipantPlan) []ParticipantPlan {
	plans := filter(listed, func(p ParticipantPlan) bool { return p.IsPACE })
	slices.SortFunc(plans, func(a, b ParticipantPlan) int {
		return cmp.Or(compareDates(a.StartDate, b.StartDate), compareDates(a.EndDate, b.EndDate), compareDates(a.FirstStartDate, b.FirstStartDate))
	})
	return slices.Compact(plans)
}

func compareDates(a, b Date) int { return a.midnight().Compare(b.midnight()) }

func noPlanReason(listed []ParticipantPlan) Reason {
	if len(listed) > 0 {
		return ReasonNotPACE
	}
	return ReasonNoPlan
}

func undatedReason(chosen []ParticipantPlan) Reason {
	if len(chosen) > 0 {
		return ReasonPlanUndated
	}
	return ReasonNoPlan
}

func first(plans []ParticipantPlan) []ParticipantPlan { return plans[:min(1, len(plans))] }
func last(plans []ParticipantPlan) []ParticipantPlan  { return plans[max(0, len(plans)-1):] }

// choiceAmong takes the only plan, or leaves several to the tree.
func choiceAmong(candidates, plans []ParticipantPlan, source TreeSource) PlanChoice {
	if len(candidates) > 1 {
		return PlanChoice{Source: source, Candidates: candidates, Others: without(plans, candidates...)}
	}
	return chose(candidates[0], plans, source)
}

func chose(plan ParticipantPlan, plans []ParticipantPlan, source TreeSource) PlanChoice {
	others := without(plans, plan)
	if plan.FirstStartDate.IsZero() {
		return PlanChoice{Others: plans, Refusal: ReasonPlanUndated}
	}
	return PlanChoice{Plan: plan, Source: source, Others: others}
}

func without(plans []ParticipantPlan, some ...ParticipantPlan) []ParticipantPlan {
	return filter(plans, func(p ParticipantPlan) bool { return !slices.Contains(some, p) })
}

// Settle picks among several plans that cover today the one with which the current tree begins, whatever its ends: categories end early,
// and are extended alone. Where that is not exactly one, the choice is refused and the candidates stay, to be shown (R23).
func (c PlanChoice) Settle(tree BudgetTree) PlanChoice {
	if len(c.Candidates) == 0 {
		return c
	}
	start := tree.Dates().StartDate
	matching := filter(c.Candidates, func(p ParticipantPlan) bool { return p.StartDate == start })
	if len(matching) == 0 || matching[0].FirstStartDate != matching[len(matching)-1].FirstStartDate {
		c.Refusal = ReasonPlanAmbiguous
		return c
	}
	return chose(longest(matching), append(slices.Clone(c.Candidates), c.Others...), c.Source)
}

// longest is the plan with the latest end, among listings of one plan that was extended.
func longest(plans []ParticipantPlan) ParticipantPlan {
	if plans[0].EndDate.IsZero() { // they are in the order of their ends
		return plans[0]
	}
	return plans[len(plans)-1]
}

// sameDates reports whether two ranges are the same as far as both are known; ranges of which nothing is known in common are not.
func sameDates(a, b DateRange) bool {
	starts, ends := !a.StartDate.IsZero() && !b.StartDate.IsZero(), !a.EndDate.IsZero() && !b.EndDate.IsZero()
	return (starts || ends) && (!starts || a.StartDate == b.StartDate) && (!ends || a.EndDate == b.EndDate)
}

// ChooseHistory picks the earlier budget that belongs to an ended plan: the one that begins with the plan, else the only one that
// shares a day with it (R23).
func ChooseHistory(plan ParticipantPlan, trees []BudgetTree) (BudgetTree, Reason) {
	for _, fits := range []func(DateRange) bool{
		func(dates DateRange) bool { return plan.StartDate == dates.StartDate },
		func(dates DateRange) bool { return plan.Dates().Overlaps(dates) },
	} {
		matching := filter(trees, func(tree BudgetTree) bool { return fits(tree.Dates()) })
		if len(matching) == 1 {
			return matching[0], ""
		}
	}
	return BudgetTree{}, ReasonHistoryNotFound
}

// earlierPlanIsRead is for how many days after its end a plan is read from the history: claims are lodged late (R23).
const earlierPlanIsRead = 90

// EarlierPlans are the plans of contracts that ended a short time ago and are not the chosen plan's: an unattended refresh reads them from
// the historical tree (R23). listed are all plans that the NDIA lists.
func EarlierPlans(held []ServiceContract, chosen ParticipantPlan, listed []ParticipantPlan, today Date) (earlier []ParticipantPlan) {
	for i := range held {
		contract := &held[i]
		if contract.Origin != OriginPACE || contract.isOf(chosen) {
			continue
		}
		plan, end := contract.plan(), contract.EndDate
		for _, one := range listed {
			if contract.isOf(one) {
				plan, end = one, DateRange{EndDate: one.EndDate}.Clamp(end)
			}
		}
		if !end.IsZero() && end.Before(today) && !end.AddDays(earlierPlanIsRead).Before(today) {
			earlier = append(earlier, plan)
		}
	}
	return earlier
}

// PlansAhead are the days on which PACE plans of a list begin that have not started yet.
func PlansAhead(listed []ParticipantPlan, today Date) (starts []Date) {
	for _, plan := range pacePlans(listed) {
		if plan.StartDate.After(today) {
			starts = append(starts, plan.StartDate)
		}
	}
	return starts
}
