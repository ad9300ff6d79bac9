package care

import (
	"slices"

	"github.com/shopspring/decimal"
)

// BudgetTree is what the NDIA reports of a plan's money: its totals, and the support types with their categories. It names no plan.
type BudgetTree struct {
	// Historical is set for the tree of an ended plan, which names no funding components, instalments, stated items or funding periods.
	Historical bool `json:"historical,omitempty"`
	// Incomplete is set where a category was left out, since nothing identifies it: what the tree lacks proves nothing then (R6).
	Incomplete bool `json:"incomplete,omitempty"`
	// Amounts are the tree's own totals; the NDIA gives no approved amount here.
	Amounts
	// Groups are the support types, one for each budget type and management, in the order of the answer. The historical tree has
	// no support types on a level of their own: there a group is all categories of a budget type and management.
	Groups []BudgetGroup `json:"groups"`
}

// BudgetGroup is one support type of the tree.
type BudgetGroup struct {
	BudgetType  BudgetType `json:"budget_type"`
	Management  Management `json:"management"`
	SupportType string     `json:"support_type"`
	// DateRange is that of the budget type to which the group belongs (of the whole tree, in a historical one).
	DateRange
	Amounts
	Budgets []ReportedBudget `json:"budgets"`
}

// Dates are the tree's: from the earliest start to the latest end of its groups, or of their budgets where the groups have none.
func (t *BudgetTree) Dates() DateRange {
	var groups, budgets []DateRange
	for _, group := range t.Groups {
		groups = append(groups, group.DateRange)
		for i := range group.Budgets {
			budgets = append(budgets, group.Budgets[i].Dates())
		}
	}
	dates, fallback := Span(groups...), Span(budgets...)
	if dates.StartDate.IsZero() {
		dates.StartDate = fallback.StartDate
	}
	if dates.EndDate.IsZero() {
		dates.EndDate = fallback.EndDate
	}
	return dates
}

// Budgets are all categories of the tree, in its order.
func (t *BudgetTree) Budgets() []ReportedBudget {
	var budgets []ReportedBudget
	for _, group := range t.Groups {
		budgets = append(budgets, group.Budgets...)
	}
	return budgets
}

// TotalFunding is the sum of the approved amounts of all support types, where one was not provided of its categories, whatever
// the management (R29). Where nothing was provided it is absent (R3).
func (t *BudgetTree) TotalFunding() decimal.NullDecimal {
	var approved []decimal.NullDecimal
	for _, group := range t.Groups {
		if group.Approved.Valid {
			approved = append(approved, group.Approved)
			continue
		}
		for i := range group.Budgets {
			approved = append(approved, group.Budgets[i].Approved)
		}
	}
	return sumProvided(approved)
}

// FundingIncomplete reports whether an amount that belongs to TotalFunding was not provided, or its category was left out.
func (t *BudgetTree) FundingIncomplete() bool {
	return t.Incomplete || slices.ContainsFunc(t.Groups, func(group BudgetGroup) bool {
		return !group.Approved.Valid && slices.ContainsFunc(group.Budgets, func(budget ReportedBudget) bool { return !budget.Approved.Valid })
	})
}

// AllocationTotal is the sum of the approved amounts of the budgets that are in PACE and not excluded from totals (R25, R29).
func AllocationTotal(budgets []PlanBudget) decimal.NullDecimal {
	var approved []decimal.NullDecimal
	for _, budget := range budgets {
		if !budget.Removed && !budget.ExcludedFromTotals {
			approved = append(approved, budget.Approved)
		}
	}
	return sumProvided(approved)
}

// AllocationIncomplete reports whether an amount that belongs to AllocationTotal was not provided.
func AllocationIncomplete(budgets []PlanBudget) bool {
	return slices.ContainsFunc(budgets, func(budget PlanBudget) bool {
		return !budget.Removed && !budget.ExcludedFromTotals && !budget.Approved.Valid
	})
}

// sumProvided adds the amounts that were provided; it is absent where none was.
func sumProvided(amounts []decimal.NullDecimal) decimal.NullDecimal {
	if !slices.ContainsFunc(amounts, func(amount decimal.NullDecimal) bool { return amount.Valid }) {
		return decimal.NullDecimal{}
	}
	total, _ := sum(amounts...)
	return decimal.NewNullDecimal(total)
}

// Check finds where the tree's amounts do not add up: released less spent within a level, and between a level and those below it.
// These are warnings; the amounts are kept as reported (R4). Where an amount was not provided there is nothing to check (R3).
func (t *BudgetTree) Check() []Issue {
	var groups []Amounts
	below := LevelSupportType
	issues := t.Amounts.check(SumDetails{Level: LevelPlan})
	for _, group := range t.Groups {
		level := SumDetails{Level: LevelSupportType, Group: group.name()}
		issues = append(issues, group.Amounts.check(level)...)
		var categories []Amounts
		for i := range group.Budgets {
			categories = append(categories, group.Budgets[i].Amounts)
			for _, issue := range group.Budgets[i].Amounts.check(SumDetails{Level: LevelCategory}) {
				issues = append(issues, issue.On(group.Budgets[i].Label(), ""))
			}
		}
		level.Below = LevelCategory
		issues = append(issues, group.Amounts.checkSums(level, categories)...)
		completed := group.Amounts.completed(categories)
		if completed != group.Amounts {
			below = LevelCategory
		}
		groups = append(groups, completed)
	}
	return append(issues, t.Amounts.checkSums(SumDetails{Level: LevelPlan, Below: below}, groups)...)
}

// completed are a level's amounts, and where one was not provided the sum of those below it, if all of them were.
func (a Amounts) completed(parts []Amounts) Amounts {
	fill := func(amount *decimal.NullDecimal, of func(Amounts) decimal.NullDecimal) {
		if amount.Valid {
			return
		}
		var addends []decimal.NullDecimal
		for _, part := range parts {
			addends = append(addends, of(part))
		}
		if total, complete := sum(addends...); complete {
			*amount = decimal.NewNullDecimal(total)
		}
	}
	fill(&a.Approved, func(a Amounts) decimal.NullDecimal { return a.Approved })
	fill(&a.Released, func(a Amounts) decimal.NullDecimal { return a.Released })
	fill(&a.Spent, func(a Amounts) decimal.NullDecimal { return a.Spent })
	fill(&a.Remaining, func(a Amounts) decimal.NullDecimal { return a.Remaining })
	return a
}

func (g *BudgetGroup) name() *BudgetGroupName {
	return &BudgetGroupName{SupportType: g.SupportType, BudgetType: g.BudgetType, Management: g.Management}
}

// check compares remaining with released less spent.
func (a Amounts) check(level SumDetails) []Issue {
	if !a.Released.Valid || !a.Spent.Valid || !a.Remaining.Valid {
		return nil
	}
	left := a.Released.Decimal.Sub(a.Spent.Decimal)
	if left.Equal(a.Remaining.Decimal) {
		return nil
	}
	level.Field, level.Reported, level.Expected = "remaining", a.Remaining.Decimal, left
	return []Issue{doesNotAddUp(level)}
}

// checkSums compares a level's amounts with the sums of those below it.
func (a Amounts) checkSums(level SumDetails, parts []Amounts) (issues []Issue) {
	if len(parts) == 0 {
		return nil
	}
	for _, amount := range []struct {
		field string
		of    func(Amounts) decimal.NullDecimal
	}{
		{"approved", func(a Amounts) decimal.NullDecimal { return a.Approved }},
		{"released", func(a Amounts) decimal.NullDecimal { return a.Released }},
		{"spent", func(a Amounts) decimal.NullDecimal { return a.Spent }},
		{"remaining", func(a Amounts) decimal.NullDecimal { return a.Remaining }},
	} {
		var addends []decimal.NullDecimal
		for _, part := range parts {
			addends = append(addends, amount.of(part))
		}
		total, complete := sum(addends...)
		if whole := amount.of(a); complete && whole.Valid && !whole.Decimal.Equal(total) {
			level.Field, level.Reported, level.Expected = amount.field, whole.Decimal, total
			issues = append(issues, doesNotAddUp(level))
		}
	}
	return issues
}

func doesNotAddUp(details SumDetails) Issue {
	return Warning(AreaContract, IssueAmountsDoNotAddUp).With(details)
}
