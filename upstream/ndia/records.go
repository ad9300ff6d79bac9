package ndia

import (
	"slices"

	"github.com/caresync/caresync/care"
)

func (r row) planKind() care.PlanKind {
	return care.PlanKind{IsPACE: r.identityFlag("is_pace_plan"), FirstStartDate: r.identityDate("plan_first_start_date")}
}

// participantPlan has no id: the wire's is 0 for every PACE plan.
func (r row) participantPlan() care.ParticipantPlan {
	return care.ParticipantPlan{
		IsPACE: r.identityFlag("is_pace_plan"), FirstStartDate: r.identityDate("plan_first_start_date"),
		StartDate: r.identityDate("plan_start_date"), EndDate: r.date("plan_end_date"),
	}
}

// place is where budgets stand in a tree: under a budget type and, below it, a management, in the words of the answer. Either may be
// missing; then the budgets' own components say it, or nothing does.
type place struct {
	budgetType, management string
	care.DateRange
}

// budgetTree reads the current tree, whose levels are budget type, management, support type and category.
func (r row) budgetTree() care.BudgetTree {
	tree := care.BudgetTree{Amounts: r.amounts()}
	for _, budgetType := range r.list(care.KindPlanBudget, "bgt_typ_lvl_dtls") {
		at := place{budgetType: budgetType.text("budget_type"), DateRange: budgetType.dates()}
		for _, management := range budgetType.list(care.KindPlanBudget, "plan_management") {
			at.management = management.text("fund_management_type")
			for _, supportType := range management.list(care.KindPlanBudget, "supp_typ_lvl_dtls") {
				tree.Groups = append(tree.Groups, supportType.group(at))
			}
		}
	}
	return tree
}

// amounts are those of a level, each absent where it was not reported.
func (r row) amounts() care.Amounts {
	return care.Amounts{
		Approved: r.money("approved_amount"), Released: r.money("released_amount"), Spent: r.money("spent_amount"), Remaining: r.money("remaining_amount"),
	}
}

func (r row) dates() care.DateRange {
	return care.DateRange{StartDate: r.date("start_date"), EndDate: r.date("end_date")}
}

func (r row) group(at place) care.BudgetGroup {
	group := care.BudgetGroup{SupportType: r.text("support_type_text"), DateRange: at.DateRange, Amounts: r.amounts()}
	for _, category := range r.list(care.KindPlanBudget, "supp_cat_lvl_dtls") {
		budget := category.category(at)
		budget.SupportType = group.SupportType
		group.Budgets = append(group.Budgets, budget)
	}
	return at.named(group)
}

// category is identified by its name, beside its place.
func (r row) category(at place) care.ReportedBudget {
	budget := r.budget(at, r.identity("support_category_text"), r.text("funding_component_name"))
	budget.InstalmentType = r.text("instalment_type")
	for _, item := range r.list(care.KindPlanBudget, "supp_itm_lvl_dtls") {
		budget.StatedItems = append(budget.StatedItems, care.StatedItem{
			SupportItemNumber: item.text("support_item_number"), SupportItemText: item.text("support_item_text"), Approved: item.money("approved_amount"),
		})
	}
	for _, period := range r.list(care.KindPlanBudget, "funding_periods") {
		dates := period.dates()
		budget.FundingPeriods = append(budget.FundingPeriods, care.FundingPeriod{
			FundingPeriodID: period.text("funding_period_id"), StartDate: dates.StartDate, EndDate: dates.EndDate,
			Amount: period.money("amount"), Released: period.flag("released"),
		})
	}
	return budget
}

// budget reads what the current and the historical tree say of a category alike.
func (r row) budget(at place, category, component string) care.ReportedBudget {
	dates := r.dates()
	return care.ReportedBudget{
		BudgetType: care.ReadBudgetType(at.budgetType, component), Management: care.ReadManagement(at.management, component),
		Category: category, CategoryNumber: care.CategoryNumber(category), FundingComponent: component,
		Amounts: r.amounts(), StartDate: dates.StartDate, EndDate: dates.EndDate,
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

// historicalTrees reads the budgets of earlier periods.
func (r row) historicalTrees() []care.BudgetTree {
	var trees []care.BudgetTree
	for _, period := range r.list(care.KindPlanBudget, "historical_budget") {
		trees = append(trees, period.historicalTree())
	}
	return trees
}

// historicalTree has neither support types on a level of their own nor funding components. Its "total available" amounts are left out:
// whether they are what was approved or what is left, nobody says, and the categories have both.
func (r row) historicalTree() care.BudgetTree {
	var tree care.BudgetTree
	at := place{DateRange: r.dates()}
	for _, budgetType := range r.list(care.KindPlanBudget, "bgt_typ_lvl_dtls") {
		at.budgetType = budgetType.text("budget_type")
		for _, management := range budgetType.list(care.KindPlanBudget, "plan_management") {
			at.management = management.text("fund_management_type")
			tree.Groups = append(tree.Groups, management.historicalGroup(at))
		}
	}
	return tree
}

func (r row) historicalGroup(at place) care.BudgetGroup {
	group := care.BudgetGroup{DateRange: at.DateRange, Amounts: care.Amounts{Spent: r.money("management_spent_amount")}}
	for _, support := range r.list(care.KindPlanBudget, "funded_supports") {
		budget := support.budget(at, support.identity("support_category"), "")
		budget.SupportType = support.text("support_type")
		group.Budgets = append(group.Budgets, budget)
	}
	return at.named(group)
}
