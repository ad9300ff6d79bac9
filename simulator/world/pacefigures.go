package world

import (
	"strconv"

	"github.com/shopspring/decimal"
)

// Budget types, managements and support types, as the wire writes them.
const (
	Flexible = "Flexible"
	Stated   = "Stated"

	PlanManaged   = "Plan-managed"
	SelfManaged   = "Self-managed"
	AgencyManaged = "Agency-managed"

	Core             = "Core"
	CapacityBuilding = "Capacity Building"
	Capital          = "Capital"
	Recurring        = "Recurring"
)

// SupportCategory is one of the categories that a PACE plan lists, funded or not.
type SupportCategory struct {
	Number            int
	Name, SupportType string
	// Type is the budget type under which the category is usually funded.
	Type string
	item StatedItem
}

// ChoiceAndControl is the number of the category that pays the plan manager.
const ChoiceAndControl = 14

var supportCategories = []SupportCategory{
	{1, "Assistance with Daily Life", Core, Flexible, StatedItem{Number: "01_011_0107_1_1", Text: "Assistance With Self-Care Activities - Standard - Weekday Daytime"}},
	{2, "Transport", Core, Flexible, StatedItem{Number: "02_051_0108_1_1", Text: "Transport"}},
	{3, "Consumables", Core, Flexible, StatedItem{Number: "03_040919_0103_1_1", Text: "Low Cost AT - Personal Care And Safety"}},
	{4, "Assistance with Social, Economic and Community Participation", Core, Flexible, StatedItem{Number: "04_104_0125_6_1", Text: "Access Community Social and Rec Activ - Standard - Weekday Daytime"}},
	{5, "Assistive Technology", Capital, Stated, StatedItem{Number: "05_122203011_0105_1_2", Text: "Wheelchair, Manual"}},
	{6, "Home Modifications", Capital, Stated, StatedItem{Number: "06_182490356_0111_2_2", Text: "Home Modification - Bathroom"}},
	{7, "Support Coordination and Psychosocial Recovery Coaches", CapacityBuilding, Stated, StatedItem{Number: "07_002_0106_8_3", Text: "Support Coordination Level 2: Coordination Of Supports"}},
	{8, "Improved Living Arrangements", CapacityBuilding, Stated, StatedItem{Number: "08_005_0106_2_3", Text: "Assistance With Accommodation And Tenancy Obligations"}},
	{9, "Increased Social and Community Participation", CapacityBuilding, Stated, StatedItem{Number: "09_006_0106_6_3", Text: "Life Transition Planning Incl. Mentoring, Peer-Support And Individual Skill Develop"}},
	{10, "Finding and Keeping a Job", CapacityBuilding, Stated, StatedItem{Number: "10_016_0102_5_3", Text: "Employment Support"}},
	{11, "Relationships", CapacityBuilding, Stated, StatedItem{Number: "11_024_0117_7_3", Text: "Individual Social Skills Development"}},
	{12, "Health and Wellbeing", CapacityBuilding, Stated, StatedItem{Number: "12_025_0128_3_3", Text: "Dietitian Consultation And Diet Plan Development"}},
	{13, "Lifelong Learning", CapacityBuilding, Stated, StatedItem{Number: "13_030_0102_4_3", Text: "Transition Through School And To Further Education"}},
	{ChoiceAndControl, "Choice and Control", CapacityBuilding, Stated, StatedItem{Number: "14_034_0127_8_3", Text: "Plan Management - Monthly Fee"}},
	{15, "Improved Daily Living Skills", CapacityBuilding, Stated, StatedItem{Number: "15_056_0128_1_3", Text: "Assessment Recommendation Therapy Or Training - Occupational Therapist"}},
	{16, "Home and Living", Core, Stated, StatedItem{Number: "01_832_0115_1_1", Text: "Assistance in Supported Independent Living - Weekly"}},
	{17, "Specialist Disability Accommodation", Capital, Stated, StatedItem{Number: "06_430_0131_2_2", Text: "SDA - Apartment, 2 Bedrooms, 1 Resident"}},
	{18, "Transport Recurring", Recurring, Stated, StatedItem{Number: "02_050_0108_1_1", Text: "Transport - Recurring Payment"}},
	{19, "Assistive Technology Maintenance, Repairs and Rental", Capital, Stated, StatedItem{Number: "05_502400257_0105_1_2", Text: "Repairs and Maintenance - Assistive Technology"}},
	{20, "Behaviour Support", CapacityBuilding, Stated, StatedItem{Number: "11_022_0110_7_3", Text: "Specialist Behavioural Intervention Support"}},
	{21, "Younger People in Residential Aged Care", Core, Stated, StatedItem{Number: "01_049_0115_1_1", Text: "Residential Aged Care - Daily Fees"}},
}

// supportCategory finds a category by its name or its number.
func supportCategory(name string) (SupportCategory, bool) {
	number, _ := strconv.Atoi(name) // a name is no number, and no category has the number 0
	for _, category := range supportCategories {
		if category.Name == name || category.Number == number {
			return category, true
		}
	}
	return SupportCategory{}, false
}

func component(supportType, budgetType, management string) string {
	return supportType + " " + budgetType + " (" + management + ")"
}

// Unfunded returns the budgets of 0.00 with which a plan lists the categories that it does not fund.
func (p *PACEPlan) Unfunded() []PlanBudget {
	listed := map[int]bool{}
	for i := range p.Budgets {
		listed[p.Budgets[i].Category] = true
	}
	for _, number := range p.Unlisted {
		listed[number] = true
	}
	var unfunded []PlanBudget
	for _, category := range supportCategories {
		if !listed[category.Number] {
			unfunded = append(unfunded, p.budget(category))
		}
	}
	return unfunded
}

// budget starts a budget of a category where the plan usually has it, without money.
func (p *PACEPlan) budget(category SupportCategory) PlanBudget {
	return PlanBudget{
		Category: category.Number, Name: category.Name, Type: category.Type, Management: p.Management, SupportType: category.SupportType,
		Component: component(category.SupportType, category.Type, p.Management), Start: p.TreePeriod().Start, End: p.TreePeriod().End,
	}
}

// release divides a budget into funding periods of this many months, counted from its start; the last takes what is left over.
// Without months all of it is released up front.
func (b *PlanBudget) release(months int) {
	b.Periods = nil
	if months <= 0 {
		return
	}
	for start := b.Start; start <= b.End; start = b.Start.AddMonths(months * len(b.Periods)) {
		next := b.Start.AddMonths(months * (len(b.Periods) + 1))
		b.Periods = append(b.Periods, FundingPeriod{ID: strconv.Itoa(len(b.Periods) + 1), Start: start, End: min(next-1, b.End)})
	}
	b.divide()
}

// divide shares the approved amount out among the funding periods.
func (b *PlanBudget) divide() {
	if len(b.Periods) == 0 {
		return
	}
	share := b.Approved.Div(decimal.NewFromInt(int64(len(b.Periods)))).RoundDown(2)
	left := b.Approved
	for i := range b.Periods {
		b.Periods[i].Amount = share
		left = left.Sub(share)
	}
	b.Periods[len(b.Periods)-1].Amount = share.Add(left)
}
