package world

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// participantSalt keeps the chance of participants apart from that of care recipients.
const participantSalt = 0x4e444953

// addGeneratedParticipants fills the world with participants whose mix is that of an ordinary plan manager.
func (w *World) addGeneratedParticipants(count int) {
	organisations := w.weightedOrganisations()
	for number := 1; number <= count; number++ {
		participant := w.maker(mix(w.seed^participantSalt)+uint64(number)).participant(number, organisations)
		if err := w.participants.add(participant); err != nil {
			panic(err) // keys and numbers were made to be unique
		}
	}
}

// weightedOrganisations lists each RA number as often as the shares of its providers.
func (w *World) weightedOrganisations() []string {
	var numbers []string
	for _, organisation := range w.organisations {
		for _, provider := range organisation.ServiceProviders {
			for range provider.Share {
				numbers = append(numbers, organisation.RANumber)
			}
		}
	}
	return numbers
}

func (m *maker) participant(number int, organisations []string) *Participant {
	p := &Participant{
		Key:        fmt.Sprintf("participant-%05d", number),
		NDISNumber: m.freeNDISNumber(number),
		Upstream:   m.youngerIdentity(),
		NotPACE:    m.oneIn(60),
	}
	p.Held, p.HeldNDISNumber = p.Upstream, p.NDISNumber
	organisation := organisations[m.chance.IntN(len(organisations))]
	p.HeldBy = []string{organisation}

	start := m.daysAgo(5, 355)
	current := m.plan(start, start.AddMonths(12)-1)
	p.FirstStart = start
	if m.oneIn(2) {
		p.FirstStart = start.AddMonths(-12)
		p.Plans = append(p.Plans, m.plan(p.FirstStart, start-1))
	}
	p.Plans = append(p.Plans, current)
	if m.oneIn(40) {
		p.Plans[len(p.Plans)-1].setEnd(max(start, m.today.AddDays(-1-m.chance.IntN(60))))
	}
	p.Endorsements = m.endorsements(organisation, p.FirstStart, start)
	return p
}

// endorsements: most were given with the plan or before, some in the middle of it by participants who changed their plan manager, and
// a few have ended.
func (m *maker) endorsements(organisation string, first, start Date) []Endorsement {
	since, end := m.between(first, start), NoDate
	if m.oneIn(6) {
		since = m.between(start, m.today)
	}
	if m.oneIn(40) {
		end = m.between(since, m.today-1)
	}
	return bothEndorsements(organisation, since, end)
}

func bothEndorsements(organisation string, start, end Date) []Endorsement {
	return []Endorsement{
		{RANumber: organisation, Role: PlanManager, Start: start, End: end},
		{RANumber: organisation, Role: MyProvider, Start: start, End: end},
	}
}

// freeNDISNumber avoids the numbers that scenarios chose for their participants.
func (m *maker) freeNDISNumber(number int) string {
	id := ndisNumber(m.world.seed, number)
	for _, taken := m.world.participants.byNumber[id]; taken; _, taken = m.world.participants.byNumber[id] {
		id = fmt.Sprintf("43%07d", m.chance.IntN(ndisNumbers))
	}
	return id
}

func (m *maker) youngerIdentity() Identity {
	return Identity{
		GivenName:  m.faker.FirstName(),
		FamilyName: m.faker.LastName(),
		BirthDate:  m.daysAgo(4*365, 65*365),
	}
}

// paceFigure is how often a category is funded, in a hundred plans, and with how many dollars a year.
type paceFigure struct{ category, share, least, most int }

var paceFigures = []paceFigure{
	{1, 85, 8_000, 90_000}, {3, 75, 500, 4_500}, {4, 80, 5_000, 60_000}, {2, 20, 900, 3_500},
	{5, 20, 1_500, 14_000}, {6, 5, 4_000, 28_000}, {7, 50, 2_500, 9_000}, {9, 15, 2_000, 8_000},
	{10, 8, 3_000, 12_000}, {11, 10, 2_000, 9_000}, {12, 8, 900, 4_000}, {16, 6, 80_000, 320_000},
	{17, 3, 25_000, 90_000}, {18, 12, 1_784, 3_456}, {19, 10, 400, 2_500}, {15, 75, 3_000, 22_000},
	{20, 10, 4_000, 16_000}, {21, 1, 15_000, 60_000},
}

// quarterlyReleaseSince is when funding periods were introduced.
var quarterlyReleaseSince = DateOf(2025, 5, 19)

// plan makes a plan with funded categories and what was spent of them so far.
func (m *maker) plan(start, end Date) PACEPlan {
	plan := PACEPlan{Start: start, End: end, Management: PlanManaged}
	if m.oneIn(15) {
		plan.Management = SelfManaged
	}
	for _, figure := range paceFigures {
		if m.chance.IntN(100) < figure.share {
			plan.Budgets = append(plan.Budgets, m.planBudget(&plan, figure))
		}
	}
	if plan.Management == PlanManaged {
		plan.Budgets = append(plan.Budgets, m.planBudget(&plan, paceFigure{ChoiceAndControl, 100, 1_480, 1_960}))
	}
	slices.SortStableFunc(plan.Budgets, func(a, b PlanBudget) int { return a.Category - b.Category })
	return plan
}

func (m *maker) planBudget(plan *PACEPlan, figure paceFigure) PlanBudget {
	category := supportCategories[figure.category-1]
	budget := plan.budget(category)
	if category.SupportType == Capital || category.Number == 16 {
		budget.Management = AgencyManaged
		budget.Component = component(budget.SupportType, budget.Type, budget.Management)
	}
	budget.Approved = decimal.New(int64(figure.least*100+m.chance.IntN((figure.most-figure.least)*100)), -2)
	if category.Type == Stated {
		item := category.item
		item.Approved = budget.Approved
		budget.Items = []StatedItem{item}
	}
	if plan.Start >= quarterlyReleaseSince {
		budget.release(map[string]int{Core: 3, CapacityBuilding: 6, Recurring: 1}[category.SupportType])
	}
	m.spend(&budget)
	return budget
}

// spend uses up to 95 % of what the elapsed time allows; now and then more than was released.
func (m *maker) spend(budget *PlanBudget) {
	until := min(budget.End, m.today)
	if until < budget.Start {
		return
	}
	elapsed := int64(until-budget.Start+1) * 100 / int64(Period{budget.Start, budget.End}.Days())
	percent := elapsed * int64(m.chance.IntN(96)) / 100
	if m.oneIn(30) {
		percent = 105
	}
	budget.Spent = budget.Released(m.today).Mul(decimal.New(percent, -2)).Round(2)
}
