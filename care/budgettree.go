package care

// BudgetTree is what the NDIA reports of a plan's money: its totals, and the support types with their categories. It names no plan.
type BudgetTree struct {
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
