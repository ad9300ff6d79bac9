package care_test

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
)

// aPlan is a year from 1 February 2026 of a participant who came to PACE two years before.
var aPlan = care.ParticipantPlan{IsPACE: true, FirstStartDate: day("2024-02-01"), StartDate: day("2026-02-01"), EndDate: day("2027-01-31")}

// retrievalDay is when the tests read it, and retrievalTime the moment.
var (
	retrievalDay  = day("2026-06-15")
	retrievalTime = instant("2026-06-15T00:30:00Z")
)

// money is an amount of a delivered service.
func money(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// spentBudget is a flexible plan-managed budget over the whole of aPlan.
func spentBudget(category, approved, spent string) care.ReportedBudget {
	budget := care.ReportedBudget{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", Category: category,
		CategoryNumber: care.CategoryNumber(category), FundingComponent: "Core Flexible (Plan-managed)",
		StartDate: aPlan.StartDate, EndDate: aPlan.EndDate, InstalmentType: "Regular",
	}
	budget.Approved, budget.Released = amount(approved), amount(approved)
	if spent != "" {
		budget.Spent = amount(spent)
		budget.Remaining = decimal.NewNullDecimal(budget.Released.Decimal.Sub(budget.Spent.Decimal))
	}
	return budget
}

// with changes a copy.
func with(budget care.ReportedBudget, change func(*care.ReportedBudget)) care.ReportedBudget {
	change(&budget)
	return budget
}

// treeOf is a tree of one support type whose totals were not provided.
func treeOf(budgets ...care.ReportedBudget) care.BudgetTree {
	return care.BudgetTree{Groups: []care.BudgetGroup{{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", DateRange: aPlan.Dates(), Budgets: budgets,
	}}}
}

// historical is how a tree reads once its plan has ended.
func historical(tree care.BudgetTree) care.BudgetTree {
	tree.Historical, tree.Groups = true, slices.Clone(tree.Groups)
	for i := range tree.Groups {
		tree.Groups[i].SupportType = ""
		tree.Groups[i].Budgets = slices.Clone(tree.Groups[i].Budgets)
		for j := range tree.Groups[i].Budgets {
			budget := &tree.Groups[i].Budgets[j]
			budget.FundingComponent, budget.InstalmentType, budget.StatedItems, budget.FundingPeriods = "", "", nil, nil
		}
	}
	return tree
}

func readOf(plan care.ParticipantPlan, budgets ...care.ReportedBudget) care.ContractRead {
	tree := treeOf(budgets...)
	tree.Groups[0].DateRange = plan.Dates()
	return care.ContractRead{Plan: plan, Tree: tree, On: retrievalDay, Today: retrievalDay}
}

// written is what we hold once a decision is written, as the database does it: upsert by id, then mark as removed.
func written(held care.HeldContracts, decision care.ContractDecision) care.HeldContracts {
	held.Contracts = upserted(held.Contracts, decision.Contracts, func(c care.ServiceContract) care.ID { return c.ID })
	held.Budgets = upserted(held.Budgets, decision.Budgets.Write, func(b care.PlanBudget) care.ID { return b.ID })
	for i := range held.Budgets {
		if slices.Contains(decision.Budgets.Remove, held.Budgets[i].ID) {
			held.Budgets[i].Removed = true
		}
	}
	return adjustmentsWritten(held, decision.DeliveredServices)
}

func adjustmentsWritten(held care.HeldContracts, difference care.Difference[care.DeliveredService]) care.HeldContracts {
	held.DeliveredServices = upserted(held.DeliveredServices, difference.Write, func(s care.DeliveredService) care.ID { return s.ID })
	for i := range held.DeliveredServices {
		if slices.Contains(difference.Remove, held.DeliveredServices[i].ID) {
			held.DeliveredServices[i].Removed = true
		}
	}
	return held
}

func upserted[T any](rows, write []T, id func(T) care.ID) []T {
	rows = slices.Clone(rows)
	for _, row := range write {
		if at := slices.IndexFunc(rows, func(r T) bool { return id(r) == id(row) }); at >= 0 {
			rows[at] = row
		} else {
			rows = append(rows, row)
		}
	}
	return rows
}

// created is what we hold after a read was retrieved and created with all budgets ticked.
func created(held care.HeldContracts, read care.ContractRead, newID care.NewID) (care.HeldContracts, care.ContractDecision) {
	preview := care.Stage(newID(), held, read, retrievalTime, newID)
	request := preview.SelectAll()
	request.AcceptOverlaps, request.AcceptRemovals = true, true
	decision := care.DecideCreate(held, preview, request, read, retrievalTime.Add(time.Minute), newID)
	return written(held, decision), decision
}

// adjustments are the amounts of the adjustment records that stand, by category.
func adjustments(held care.HeldContracts) map[string]string {
	amounts := make(map[string]string)
	for _, budget := range held.Budgets {
		for _, service := range held.DeliveredServices {
			if service.BudgetID == budget.ID && service.Kind == care.PACEAdjustment && !service.Removed {
				amounts[budget.Category] += service.Amount.StringFixed(2)
			}
		}
	}
	return amounts
}

func reviewKinds(items []care.ReviewItem) (kinds []care.ReviewKind) {
	for _, item := range items {
		kinds = append(kinds, item.Kind)
	}
	return kinds
}

func wordsOf(changes []care.NamedChange) (words []string) {
	for _, change := range changes {
		words = append(words, saidChange(change))
	}
	return words
}

// decimalOf is an amount, not provided where the text is empty.
func decimalOf(text string) decimal.NullDecimal {
	if text == "" {
		return notProvided
	}
	return amount(text)
}

func fieldsOf(changes []care.Change) (fields []string) {
	for _, change := range changes {
		fields = append(fields, change.Field)
	}
	return fields
}
