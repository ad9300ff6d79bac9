package ndia

import (
	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/wire"
	"github.com/caresync/caresync/simulator/world"
)

// The shapes of the contract. Fields that the NDIA leaves out now and then are pointers or empty.

type planKind struct {
	IsPACE     bool       `json:"is_pace_plan"`
	FirstStart *wire.Date `json:"plan_first_start_date,omitempty"`
}

type planItem struct {
	IsPACE bool `json:"is_pace_plan"`
	// ID is 0 for every PACE plan: it identifies nothing.
	ID         int        `json:"participant_plan_id"`
	Start      *wire.Date `json:"plan_start_date,omitempty"`
	End        *wire.Date `json:"plan_end_date,omitempty"`
	FirstStart *wire.Date `json:"plan_first_start_date,omitempty"`
}

// idOfEarlierPlan stands for the plan ids of the earlier system.
const idOfEarlierPlan = 4711

func newPlanItem(p *world.Participant, plan *world.PACEPlan) planItem {
	s := styleOf(p)
	item := planItem{IsPACE: !p.NotPACE, Start: s.date(plan.Start), End: s.date(plan.End), FirstStart: s.date(p.FirstStart)}
	if p.NotPACE {
		item.ID = idOfEarlierPlan
	}
	return item
}

// amounts are those that every level of the tree may have.
type amounts struct {
	Approved  *wire.Number `json:"approved_amount,omitempty"`
	Released  *wire.Number `json:"released_amount,omitempty"`
	Spent     *wire.Number `json:"spent_amount,omitempty"`
	Remaining *wire.Number `json:"remaining_amount,omitempty"`
}

type budgetTree struct {
	Released  *wire.Number `json:"released_amount,omitempty"`
	Spent     *wire.Number `json:"spent_amount,omitempty"`
	Remaining *wire.Number `json:"remaining_amount,omitempty"`
	Types     []budgetType `json:"bgt_typ_lvl_dtls"`
}

type budgetType struct {
	Type        string       `json:"budget_type,omitempty"`
	Start       *wire.Date   `json:"start_date,omitempty"`
	End         *wire.Date   `json:"end_date,omitempty"`
	Managements []management `json:"plan_management"`
}

type management struct {
	Management   string        `json:"fund_management_type,omitempty"`
	End          *wire.Date    `json:"end_date,omitempty"`
	SupportTypes []supportType `json:"supp_typ_lvl_dtls"`
}

type supportType struct {
	Name string `json:"support_type_text"`
	amounts
	Categories []category `json:"supp_cat_lvl_dtls"`

	sums sums
}

type category struct {
	Name      string `json:"support_category_text,omitempty"`
	Component string `json:"funding_component_name,omitempty"`
	amounts
	Start          *wire.Date       `json:"start_date,omitempty"`
	End            *wire.Date       `json:"end_date,omitempty"`
	InstalmentType string           `json:"instalment_type,omitempty"`
	Items          []supportItem    `json:"supp_itm_lvl_dtls"`
	Periods        *[]fundingPeriod `json:"funding_periods,omitempty"`
}

type supportItem struct {
	Number   string       `json:"support_item_number"`
	Text     string       `json:"support_item_text"`
	Approved *wire.Number `json:"approved_amount"`
}

type fundingPeriod struct {
	ID       string       `json:"funding_period_id"`
	Start    *wire.Date   `json:"start_date"`
	End      *wire.Date   `json:"end_date"`
	Amount   *wire.Number `json:"amount"`
	Released bool         `json:"released"`
}

// sums add up what the budgets below a level hold.
type sums struct{ approved, released, spent, remaining decimal.Decimal }

func (s *sums) add(b *world.PlanBudget, today world.Date) {
	s.approved = s.approved.Add(b.Approved)
	s.released = s.released.Add(b.Released(today))
	s.spent = s.spent.Add(b.Spent)
	s.remaining = s.remaining.Add(b.Remaining(today))
}

// tree writes a plan's funded budgets and, with 0.00, the categories that it does not fund.
func (s style) tree(plan *world.PACEPlan, today world.Date) budgetTree {
	tree := budgetTree{Types: []budgetType{}}
	var total sums
	budgets := append(plan.Unfunded(), plan.Budgets...)
	for i := range budgets {
		budget := &budgets[i]
		at := tree.typeOf(budget, s, plan).managementOf(budget, s, plan).supportTypeOf(budget)
		at.Categories = append(at.Categories, s.category(budget, today))
		at.sums.add(budget, today)
		total.add(budget, today)
	}
	if !s.noTotals {
		tree.Released, tree.Spent, tree.Remaining = s.amount(total.released), s.amount(total.spent), s.amount(total.remaining)
		tree.writeSums(s)
	}
	return tree
}

func (t *budgetTree) writeSums(s style) {
	for i := range t.Types {
		for j := range t.Types[i].Managements {
			for k := range t.Types[i].Managements[j].SupportTypes {
				at := &t.Types[i].Managements[j].SupportTypes[k]
				at.amounts = amounts{
					s.amount(at.sums.approved), s.amount(at.sums.released), s.amount(at.sums.spent.Add(s.totalsDifferBy)), s.amount(at.sums.remaining),
				}
			}
		}
	}
}

// place returns the item of a list that is named as wanted, a new one if there is none yet.
func place[T any](list *[]T, nameOf func(*T) string, name string, fresh T) *T {
	for i := range *list {
		if nameOf(&(*list)[i]) == name {
			return &(*list)[i]
		}
	}
	*list = append(*list, fresh)
	return &(*list)[len(*list)-1]
}

// typeOf returns the budget type's place in the tree. Budgets whose type is left out share a place without one.
func (t *budgetTree) typeOf(b *world.PlanBudget, s style, plan *world.PACEPlan) *budgetType {
	name, period := unless(b.Lacks("budget_type"), b.Type), plan.TreePeriod()
	return place(&t.Types, func(t *budgetType) string { return t.Type }, name,
		budgetType{Type: name, Start: s.date(period.Start), End: s.date(period.End), Managements: []management{}})
}

func (t *budgetType) managementOf(b *world.PlanBudget, s style, plan *world.PACEPlan) *management {
	name := unless(b.Lacks("fund_management_type"), b.Management)
	return place(&t.Managements, func(m *management) string { return m.Management }, name,
		management{Management: name, End: s.date(plan.TreePeriod().End), SupportTypes: []supportType{}})
}

func (m *management) supportTypeOf(b *world.PlanBudget) *supportType {
	return place(&m.SupportTypes, func(s *supportType) string { return s.Name }, b.SupportType, supportType{Name: b.SupportType})
}

func (s style) category(b *world.PlanBudget, today world.Date) category {
	written := category{
		Name: unless(b.Lacks("support_category_text"), b.Name), Component: unless(b.Lacks("funding_component_name"), b.Component),
		amounts: amounts{
			Approved: unless(b.Lacks("approved_amount"), s.amount(b.Approved)), Released: unless(b.Lacks("released_amount"), s.amount(b.Released(today))),
			Spent: unless(b.Lacks("spent_amount"), s.amount(b.Spent)), Remaining: unless(b.Lacks("remaining_amount"), s.amount(b.Remaining(today))),
		},
		Start: s.date(unless(b.Lacks("start_date"), b.Start)), End: s.date(unless(b.Lacks("end_date"), b.End)),
		Items: []supportItem{},
	}
	for _, item := range b.Items {
		written.Items = append(written.Items, supportItem{item.Number, item.Text, s.amount(item.Approved)})
	}
	if !b.Lacks("funding_periods") {
		written.Periods = s.periods(b, today)
	}
	if len(b.Periods) > 1 && !b.Lacks("instalment_type") {
		written.InstalmentType = "Regular"
	}
	return written
}

// periods writes the funding periods. What is released up front has none, or one.
func (s style) periods(b *world.PlanBudget, today world.Date) *[]fundingPeriod {
	periods := b.Periods
	if len(periods) == 0 && !b.Approved.IsZero() && s.noPeriods == "single" {
		periods = []world.FundingPeriod{{ID: "1", Start: b.Start, End: b.End, Amount: b.Approved}}
	}
	if len(periods) == 0 && s.noPeriods == "absent" {
		return nil
	}
	written := []fundingPeriod{}
	for _, period := range periods {
		written = append(written, fundingPeriod{period.ID, s.date(period.Start), s.date(period.End), s.amount(period.Amount), period.Start <= today})
	}
	return &written
}

func unless[T any](absent bool, value T) T {
	if absent {
		var none T
		return none
	}
	return value
}
