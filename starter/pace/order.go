package pace

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
)

// InOrder are a preview's budgets as people see and number them: those with money first, each part in the NDIA's order. All 21 categories
// are listed by the NDIA, most of them without money.
func InOrder(budgets []care.PreviewBudget) []care.PreviewBudget {
	ordered := slices.Clone(budgets)
	slices.SortStableFunc(ordered, func(a, b care.PreviewBudget) int { return part(a) - part(b) })
	return ordered
}

func part(budget care.PreviewBudget) int {
	if Funded(budget) {
		return 0
	}
	return 1
}

// Funded reports whether there is money in a budget, or may be: an amount that was not provided is not zero (R3).
func Funded(budget care.PreviewBudget) bool {
	moved := func(amount decimal.NullDecimal) bool { return amount.Valid && !amount.Decimal.IsZero() }
	return !budget.Approved.Valid || moved(budget.Approved) || moved(budget.Released) || moved(budget.Spent) || moved(budget.Remaining) ||
		budget.Adjustment.Action != ""
}
