package ndia

import (
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
)

// names are the fields in which what people know a plan, or a level of the budget tree, by stands.
var names = record.Names{
	care.KindServiceContract: {Start: "plan_start_date", End: "plan_end_date"},
	care.KindPlanBudget: {
		Name: []string{
			"support_item_text", "support_category_text", "support_category", "support_type_text", "fund_management_type", "budget_type",
		},
		Code: []string{"support_item_number", "funding_period_id"}, Start: "start_date", End: "end_date",
	},
}

func newDecoder() *record.Decoder { return record.NewDecoder(care.AreaContract, names) }

func planKindOf(row record.Row) care.PlanKind {
	return care.PlanKind{IsPACE: identityFlag(row, "is_pace_plan"), FirstStartDate: row.IdentityDate("plan_first_start_date")}
}

// participantPlanOf reads a plan. It has no id: the wire's is 0 for every PACE plan.
func participantPlanOf(row record.Row) care.ParticipantPlan {
	return care.ParticipantPlan{
		IsPACE: identityFlag(row, "is_pace_plan"), FirstStartDate: row.IdentityDate("plan_first_start_date"),
		StartDate: row.IdentityDate("plan_start_date"), EndDate: row.Date("plan_end_date"),
	}
}

// place is where budgets stand in a tree: under a budget type and, below it, a management, in the words of the answer. Either may be
// missing; then the budgets' own components say it, or nothing does.
type place struct {
	budgetType, management string
	care.DateRange
}

// budgetTreeOf reads the current tree, whose levels are budget type, management, support type and category.
func budgetTreeOf(row record.Row) care.BudgetTree {
	tree := care.BudgetTree{Amounts: amountsOf(row)}
	for _, budgetType := range row.WholeList(care.KindPlanBudget, "bgt_typ_lvl_dtls") {
		at := place{budgetType: budgetType.Text("budget_type"), DateRange: datesOf(budgetType)}
		for _, management := range budgetType.List(care.KindPlanBudget, "plan_management") {
			at.management = management.Text("fund_management_type")
			for _, supportType := range management.List(care.KindPlanBudget, "supp_typ_lvl_dtls") {
				tree.Groups = append(tree.Groups, groupOf(supportType, at))
			}
		}
	}
	return tree
}

// amountsOf reads the amounts of a level, each absent where it was not reported.
func amountsOf(row record.Row) care.Amounts {
	return care.Amounts{
		Approved: row.Money("approved_amount"), Released: row.Money("released_amount"), Spent: row.Money("spent_amount"), Remaining: row.Money("remaining_amount"),
	}
}

func datesOf(row record.Row) care.DateRange {
	return care.DateRange{StartDate: row.Date("start_date"), EndDate: row.Date("end_date")}
}

func groupOf(row record.Row, at place) care.BudgetGroup {
	group := care.BudgetGroup{SupportType: row.Text("support_type_text"), DateRange: at.DateRange, Amounts: amountsOf(row)}
	for _, category := range row.List(care.KindPlanBudget, "supp_cat_lvl_dtls") {
		budget := categoryOf(category, at)
		budget.SupportType = group.SupportType
		if !category.LeftOut() {
			group.Budgets = append(group.Budgets, budget)
		}
	}
	return at.named(group)
}

// categoryOf reads a category, which is identified by its name, beside its place.
func categoryOf(row record.Row, at place) care.ReportedBudget {
	budget := budgetOf(row, at, row.Identity("support_category_text"), row.Text("funding_component_name"))
	budget.InstalmentType = row.Text("instalment_type")
	for _, item := range row.List(care.KindPlanBudget, "supp_itm_lvl_dtls") {
		budget.StatedItems = append(budget.StatedItems, care.StatedItem{
			SupportItemNumber: item.Text("support_item_number"), SupportItemText: item.Text("support_item_text"), Approved: item.Money("approved_amount"),
		})
	}
	for _, period := range row.List(care.KindPlanBudget, "funding_periods") {
		dates := datesOf(period)
		budget.FundingPeriods = append(budget.FundingPeriods, care.FundingPeriod{
			FundingPeriodID: period.Text("funding_period_id"), StartDate: dates.StartDate, EndDate: dates.EndDate,
			Amount: period.Money("amount"), Released: flag(period, "released"),
		})
	}
	return budget
}

// budgetOf reads what the current and the historical tree say of a category alike.
func budgetOf(row record.Row, at place, category, component string) care.ReportedBudget {
	dates := datesOf(row)
	return care.ReportedBudget{
		BudgetType: care.ReadBudgetType(at.budgetType, component), Management: care.ReadManagement(at.management, component),
		Category: category, CategoryNumber: care.CategoryNumber(category), FundingComponent: component,
		Amounts: amountsOf(row), StartDate: dates.StartDate, EndDate: dates.EndDate,
	}
}

// named gives a group the budget type and management of its place or, where that says nothing, those that all its budgets share.
func (at place) named(group care.BudgetGroup) care.BudgetGroup {
	group.BudgetType, group.Management = care.ReadBudgetType(at.budgetType, ""), care.ReadManagement(at.management, "")
	if at.budgetType == "" {
		group.BudgetType = shared(group.Budgets, care.BudgetTypeUnknown, func(b care.ReportedBudget) care.BudgetType { return b.BudgetType })
	}
	if at.management == "" {
		group.Management = shared(group.Budgets, care.ManagementUnknown, func(b care.ReportedBudget) care.Management { return b.Management })
	}
	return group
}

// shared is what all budgets say, unknown if they differ or there are none.
func shared[T comparable](budgets []care.ReportedBudget, unknown T, of func(care.ReportedBudget) T) T {
	if len(budgets) == 0 || slices.ContainsFunc(budgets, func(b care.ReportedBudget) bool { return of(b) != of(budgets[0]) }) {
		return unknown
	}
	return of(budgets[0])
}

// historicalTreesOf reads the budgets of earlier periods.
func historicalTreesOf(row record.Row) []care.BudgetTree {
	var trees []care.BudgetTree
	for _, period := range row.WholeList(care.KindPlanBudget, "historical_budget") {
		trees = append(trees, historicalTreeOf(period))
	}
	return trees
}

// historicalTreeOf reads the budgets of one earlier period. They have neither support types on a level of their own nor funding
// components. The "total available" amounts are left out: whether they are what was approved or what is left, no one says, and the
// categories have both.
func historicalTreeOf(row record.Row) care.BudgetTree {
	tree := care.BudgetTree{Historical: true}
	at := place{DateRange: datesOf(row)}
	for _, budgetType := range row.List(care.KindPlanBudget, "bgt_typ_lvl_dtls") {
		at.budgetType = budgetType.Text("budget_type")
		for _, management := range budgetType.List(care.KindPlanBudget, "plan_management") {
			at.management = management.Text("fund_management_type")
			tree.Groups = append(tree.Groups, historicalGroupOf(management, at))
		}
	}
	return tree
}

func historicalGroupOf(row record.Row, at place) care.BudgetGroup {
	group := care.BudgetGroup{DateRange: at.DateRange, Amounts: care.Amounts{Spent: row.Money("management_spent_amount")}}
	for _, support := range row.List(care.KindPlanBudget, "funded_supports") {
		budget := budgetOf(support, at, support.Identity("support_category"), "")
		budget.SupportType = support.Text("support_type")
		if !support.LeftOut() {
			group.Budgets = append(group.Budgets, budget)
		}
	}
	return at.named(group)
}
