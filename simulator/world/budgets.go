package world

import "github.com/shopspring/decimal"

// quartersOfHistory is how far back budgets are made, so that some ended more than 90 days ago (R15).
const quartersOfHistory = 4

// fund makes a person's budgets out of the classifications: one for each quarter of ongoing funding, carrying over what
// the quarter before left, and one for each other allocation; each with the usage so far.
func (m *maker) fund(p *Person, cameFromAnotherProvider bool) {
	m.fundQuarters(p, cameFromAnotherProvider)
	for _, held := range p.Classifications {
		m.fundAllocation(p, held)
	}
	for i := range p.Budgets {
		closeIfDue(&p.Budgets[i], m.today)
	}
}

func (m *maker) fundQuarters(p *Person, cameFromAnotherProvider bool) {
	oldest := m.today.Quarter().Start.AddMonths(-3 * quartersOfHistory)
	for quarter := oldest.Quarter(); quarter.Start <= m.today; quarter = (quarter.End + 1).Quarter() {
		period, funded := ongoingPart(p, quarter)
		if !funded {
			continue
		}
		budget := newBudget(&m.world.sequence, p, Ongoing, period)
		budget.Entitlements = ongoingEntitlements(p, period)
		if previous := lastOngoing(p, period.Start); previous != nil {
			if carried := carryOver(previous); carried.IsPositive() {
				budget.Entitlements = append(budget.Entitlements, Entitlement{rollover, carried})
			}
		}
		if cameFromAnotherProvider && len(p.Budgets) == 0 {
			m.useByOthers(&budget)
		}
		m.use(p, &budget, 95)
		p.Budgets = append(p.Budgets, budget)
	}
}

// ongoingPart is the part of a quarter in which the person is in care and holds an ongoing level.
func ongoingPart(p *Person, quarter Period) (Period, bool) {
	stay, any := quarter.Overlap(Period{p.Entries[0].Date, p.Entries[0].Departure})
	if !any {
		return Period{}, false
	}
	var start Date
	for _, held := range p.Classifications {
		shared, any := stay.Overlap(held.Period())
		if level, known := LevelByCode(held.Code); any && known && level.FundingSource == Ongoing && (start == NoDate || shared.Start < start) {
			start = shared.Start
		}
	}
	return Period{start, quarter.End}, start != NoDate
}

// lastOngoing finds the ongoing budget that ended on the day before.
func lastOngoing(p *Person, start Date) *Budget {
	for i := range p.Budgets {
		if p.Budgets[i].TypeCode == Ongoing && !p.Budgets[i].Hidden && p.Budgets[i].End == start-1 {
			return &p.Budgets[i]
		}
	}
	return nil
}

func (m *maker) fundAllocation(p *Person, held Classification) {
	level, known := LevelByCode(held.Code)
	if !known || level.FundingSource == Ongoing {
		return
	}
	budget := newBudget(&m.world.sequence, p, level.FundingSource, allocationPeriod(level, held.Start))
	budget.Entitlements = []Entitlement{{level.EntitlementCode, level.Amount}}
	m.use(p, &budget, 80)
	p.Budgets = append(p.Budgets, budget)
	if level.FundingSource == AssistiveTechnology && m.oneIn(4) {
		// Real data hold further assistive-technology budgets of 0.00 with the same dates.
		empty := newBudget(&m.world.sequence, p, AssistiveTechnology, budget.Period())
		empty.Entitlements = []Entitlement{{level.EntitlementCode, decimal.Zero}}
		p.Budgets = append(p.Budgets, empty)
	}
}

func allocationPeriod(level Level, start Date) Period {
	if level.Weeks == 52 {
		return Period{start, start.AddMonths(12) - 1}
	}
	return Period{start, start.AddDays(7*level.Weeks - 1)}
}

// newBudget returns an empty budget with an id of its own, held by the person's main provider.
func newBudget(ids *sequence, p *Person, typeCode string, period Period) Budget {
	return Budget{
		ID: ids.budgetID(), CareRecipientID: p.CareRecipientID,
		ServiceProviderID: p.Entries[0].ServiceProviderID, EntryDate: p.Entries[0].Date,
		TypeCode: typeCode, Start: period.Start, End: period.End, Status: StatusOpen,
	}
}

// use invoices a budget monthly, two lines an invoice, until about most percent of what the elapsed
// time allows is used.
func (m *maker) use(p *Person, budget *Budget, most int) {
	until := earlierEnd(earlierEnd(budget.End, m.today), p.Entries[0].Departure)
	if until < budget.Start || len(p.ApprovedServices) == 0 {
		return
	}
	var days []Date
	for day := budget.Start.AddDays(10 + m.chance.IntN(20)); day <= until; day = day.AddDays(26 + m.chance.IntN(8)) {
		days = append(days, day)
	}
	elapsed := int64(100)
	if budget.End != NoDate {
		elapsed = 100 * int64(until-budget.Start+1) / int64(budget.Period().Days())
	}
	cents := budget.Total().Shift(2).IntPart() * elapsed / 100 * int64(most/2+m.chance.IntN(most/2+1)) / 100
	for _, day := range days {
		m.invoice(p, budget, day, cents/int64(2*len(days)))
	}
}

func (m *maker) invoice(p *Person, budget *Budget, day Date, centsPerLine int64) {
	if centsPerLine == 0 {
		return
	}
	id := m.world.sequence.invoiceID()
	for item := range 2 {
		amount := decimal.New(centsPerLine*int64(75+m.chance.IntN(51))/100, -2)
		budget.Usage = append(budget.Usage, UsageLine{
			InvoiceID: id, ItemID: itemID(item + 1),
			ServiceProviderID: budget.ServiceProviderID,
			ServiceID:         p.ApprovedServices[m.chance.IntN(len(p.ApprovedServices))].ServiceID,
			DeliveryDate:      max(budget.Start, day.AddDays(-m.chance.IntN(10))),
			Amount:            amount.Neg(),
		})
	}
}

// useByOthers adds what an earlier provider claimed: lines without ids, sometimes two that are equal.
func (m *maker) useByOthers(budget *Budget) {
	line := UsageLine{
		ServiceProviderID: otherProviders[m.chance.IntN(len(otherProviders))],
		ServiceID:         serviceFigures[m.chance.IntN(homeSupportServices)].id,
		DeliveryDate:      min(m.today, m.between(budget.Start, budget.Start+30)),
		Amount:            decimal.New(int64(3000+m.chance.IntN(9000)), -2).Neg(),
	}
	budget.Usage = append(budget.Usage, line)
	if m.oneIn(2) {
		budget.Usage = append(budget.Usage, line)
	}
}
