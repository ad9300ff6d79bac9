package ndia

import (
	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/wire"
	"github.com/caresync/caresync/simulator/world"
)

type historicalBudgets struct {
	Budgets []historicalBudget `json:"historical_budget"`
}

type historicalBudget struct {
	Start *wire.Date       `json:"start_date,omitempty"`
	End   *wire.Date       `json:"end_date,omitempty"`
	Total *wire.Number     `json:"total_plan_available,omitempty"`
	Types []historicalType `json:"bgt_typ_lvl_dtls"`
}

type historicalType struct {
	Type        string                 `json:"budget_type,omitempty"`
	Total       *wire.Number           `json:"budget_type_total_available,omitempty"`
	Managements []historicalManagement `json:"plan_management"`

	total decimal.Decimal
}

type historicalManagement struct {
	Management string          `json:"fund_management_type,omitempty"`
	Total      *wire.Number    `json:"management_total_available,omitempty"`
	Spent      *wire.Number    `json:"management_spent_amount,omitempty"`
	Supports   []fundedSupport `json:"funded_supports"`

	total, spent decimal.Decimal
}

// fundedSupport is a category of an ended plan. It has neither a funding component nor funding periods.
type fundedSupport struct {
	Category    string `json:"support_category"`
	SupportType string `json:"support_type"`
	Status      string `json:"budget_status"`
	amounts
	Start *wire.Date `json:"start_date,omitempty"`
	End   *wire.Date `json:"end_date,omitempty"`
}

// historical writes the funded budgets of an ended plan, as they stood on its last day.
func (s style) historical(plan *world.PACEPlan) historicalBudget {
	period := plan.TreePeriod()
	written := historicalBudget{Start: s.date(period.Start), End: s.date(period.End), Types: []historicalType{}}
	total := decimal.Zero
	for i := range plan.Budgets {
		budget := &plan.Budgets[i]
		kind := written.typeOf(budget)
		at := kind.managementOf(budget)
		at.Supports = append(at.Supports, s.fundedSupport(budget, plan.End))
		at.total, at.spent = at.total.Add(budget.Approved), at.spent.Add(budget.Spent)
		kind.total, total = kind.total.Add(budget.Approved), total.Add(budget.Approved)
	}
	if s.noTotals {
		return written
	}
	written.Total = s.amount(total)
	for i := range written.Types {
		kind := &written.Types[i]
		kind.Total = s.amount(kind.total)
		for j := range kind.Managements {
			at := &kind.Managements[j]
			at.Total, at.Spent = s.amount(at.total), s.amount(at.spent.Add(s.totalsDifferBy))
		}
	}
	return written
}

func (h *historicalBudget) typeOf(b *world.PlanBudget) *historicalType {
	name := unless(b.Lacks("budget_type"), b.Type)
	return place(&h.Types, func(t *historicalType) string { return t.Type }, name, historicalType{Type: name, Managements: []historicalManagement{}})
}

func (t *historicalType) managementOf(b *world.PlanBudget) *historicalManagement {
	name := unless(b.Lacks("fund_management_type"), b.Management)
	return place(&t.Managements, func(m *historicalManagement) string { return m.Management }, name,
		historicalManagement{Management: name, Supports: []fundedSupport{}})
}

func (s style) fundedSupport(b *world.PlanBudget, last world.Date) fundedSupport {
	written := s.category(b, last)
	status := "Available"
	if !b.Remaining(last).IsPositive() {
		status = "Exhausted"
	}
	return fundedSupport{
		Category: written.Name, SupportType: b.SupportType, Status: status,
		amounts: written.amounts, Start: written.Start, End: written.End,
	}
}
