package world

import (
	"fmt"
	"math/rand/v2"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/shopspring/decimal"
)

// maker makes up one person's details. Everything it draws comes from that person's own source of chance, so that a
// person does not change when others are added.
type maker struct {
	world  *World
	chance *rand.Rand
	faker  *gofakeit.Faker
	today  Date
}

func (w *World) maker(salt uint64) *maker {
	source := rand.NewPCG(mix(salt), salt)
	return &maker{world: w, chance: rand.New(source), faker: gofakeit.NewFaker(source, false), today: w.today}
}

// addGeneratedPeople fills the world with people whose mix is that of ordinary providers.
func (w *World) addGeneratedPeople(count int) {
	providers := w.weightedProviders()
	for number := 1; number <= count; number++ {
		person := w.maker(mix(w.seed)+uint64(number)).person(number, providers)
		if err := w.addPerson(person); err != nil {
			panic(err) // keys and ids were made to be unique
		}
	}
}

// weightedProviders lists each provider id as often as its share.
func (w *World) weightedProviders() []string {
	var ids []string
	for _, organisation := range w.organisations {
		for _, provider := range organisation.ServiceProviders {
			for range provider.Share {
				ids = append(ids, provider.ID)
			}
		}
	}
	return ids
}

func (m *maker) person(number int, providers []string) *Person {
	p := &Person{
		Key:             fmt.Sprintf("person-%05d", number),
		CareRecipientID: m.freeRecipientID(number),
		Upstream:        m.identity(),
		Consent:         ConsentGiven,
		EntryRegistered: true,
	}
	p.Held, p.HeldCareRecipientID = p.Upstream, p.CareRecipientID
	entry := Entry{ServiceProviderID: providers[m.chance.IntN(len(providers))], Date: m.daysAgo(20, 500)}
	if m.oneIn(25) {
		entry.Departure = m.between(entry.Date, m.today)
	}
	p.Entries = []Entry{entry}

	p.Classifications = m.classifications(entry.Date)
	p.ApprovedServices = m.services(entry.Date)
	p.Supplements = m.supplements(entry.Date)
	p.Contributions = m.contributions(entry.Date)
	m.fund(p, m.oneIn(10))
	m.stamp(p)
	return p
}

// freeRecipientID avoids the ids that scenarios chose for their people.
func (m *maker) freeRecipientID(number int) string {
	id := recipientID(m.world.seed, number)
	for _, taken := m.world.people.byNumber[id]; taken; _, taken = m.world.people.byNumber[id] {
		id = fmt.Sprintf("2%09d", m.chance.IntN(recipientIDs))
	}
	return id
}

func (m *maker) identity() Identity {
	return Identity{
		GivenName:  m.faker.FirstName(),
		FamilyName: m.faker.LastName(),
		BirthDate:  m.daysAgo(65*365, 98*365),
	}
}

// classifications returns most people one open ongoing level, some an earlier one, and a few another kind of funding.
func (m *maker) classifications(entry Date) []Classification {
	switch draw := m.chance.IntN(100); {
	case draw < 3:
		return []Classification{m.classification("RC_PATHWAY", entry, entry.AddDays(16*7-1))}
	case draw < 5:
		return []Classification{m.classification("EL_PATHWAY", entry, NoDate)}
	case draw < 20:
		return m.withEquipment([]Classification{m.classification(fmt.Sprintf("HCP_LEVEL_%d", 1+m.chance.IntN(4)), entry, NoDate)}, entry)
	}
	level := 1 + m.chance.IntN(8)
	if level < 8 && m.oneIn(5) && m.today-entry > 30 {
		change := m.between(entry+10, m.today)
		return m.withEquipment([]Classification{
			m.classification(fmt.Sprintf("ON_LEVEL_%d", level), entry, change-1),
			m.classification(fmt.Sprintf("ON_LEVEL_%d", level+1), change, NoDate),
		}, entry)
	}
	return m.withEquipment([]Classification{m.classification(fmt.Sprintf("ON_LEVEL_%d", level), entry, NoDate)}, entry)
}

// withEquipment adds funding for assistive technology or home modifications to some.
func (m *maker) withEquipment(held []Classification, entry Date) []Classification {
	tiers := []string{"LOW", "MEDIUM", "HIGH"}
	if m.oneIn(4) {
		start := m.between(entry, m.today)
		held = append(held, m.classification("AT_TIER_"+tiers[m.chance.IntN(3)], start, start.AddMonths(12)-1))
	}
	if m.oneIn(12) {
		start := m.between(entry, m.today)
		held = append(held, m.classification("HM_TIER_"+tiers[m.chance.IntN(3)], start, start.AddMonths(12)-1))
	}
	return held
}

// classification looks the words up for a code; an unknown code passes through as it came.
func (m *maker) classification(code string, start, end Date) Classification {
	level, known := LevelByCode(code)
	if !known {
		return Classification{Code: code, Name: code, FundingSource: Ongoing, Start: start, End: end}
	}
	return Classification{Code: code, Name: level.Name, FundingSource: level.FundingSource, Start: start, End: end}
}

func (m *maker) services(from Date) []ApprovedService {
	first, count := m.chance.IntN(homeSupportServices), 2+m.chance.IntN(4)
	services := make([]ApprovedService, 0, count)
	for i := range count {
		services = append(services, approvedService(serviceFigures[(first+i)%homeSupportServices].id, from, NoDate))
	}
	return services
}

func approvedService(id string, start, end Date) ApprovedService {
	figure, known := serviceByID(id)
	if !known {
		figure = serviceFigure{"SERG-0001", "SERT-0099", id, id}
	}
	return ApprovedService{GroupID: figure.group, TypeID: figure.kind, ServiceID: figure.id, Name: figure.name, Start: start, End: end}
}

func (m *maker) supplements(from Date) []Supplement {
	var paid []Supplement
	if m.oneIn(10) {
		paid = append(paid, supplement("OXY_NORM", from, NoDate))
	}
	if m.oneIn(25) {
		paid = append(paid, supplement([]string{"ENT_BOL", "ENT_NNBO"}[m.chance.IntN(2)], from, NoDate))
	}
	if m.oneIn(30) {
		paid = append(paid, supplement("VET", from, NoDate))
	}
	return paid
}

func supplement(code string, start, end Date) Supplement {
	figure, known := supplementByCode(code)
	if !known {
		figure.name = code
	}
	return Supplement{Code: code, Name: figure.name, Start: start, End: end}
}

// contributions: nothing for clinical care, 5 to 50 % for independence, 17.5 to 80 % for everyday living;
// one person in twenty is still waiting for the assessment.
func (m *maker) contributions(from Date) []Contribution {
	if m.oneIn(20) {
		return []Contribution{
			{Category: Independence, Start: from, Status: "PENDING"},
			{Category: EverydayLiving, Start: from, Status: "PENDING"},
		}
	}
	step := int64(m.chance.IntN(10))
	return []Contribution{
		determined(Clinical, decimal.Zero, from),
		determined(Independence, decimal.NewFromInt(5+5*step), from),
		determined(EverydayLiving, decimal.New(175+625*step/9, -1), from),
	}
}

func determined(category string, percentage decimal.Decimal, from Date) Contribution {
	return Contribution{Category: category, Percentage: decimal.NewNullDecimal(percentage), Start: from, Status: "DETERMINED"}
}

// stamp dates the person's records back to when they last changed.
func (m *maker) stamp(p *Person) {
	changed := p.Entries[0].Date
	for _, held := range p.Classifications {
		changed = max(changed, held.Start)
	}
	salt := m.chance.Uint64()
	p.UpdatedAt = m.world.originStamp(changed, salt)
	for i := range p.Contributions {
		p.Contributions[i].UpdatedAt = m.world.originStamp(p.Contributions[i].Start, salt)
	}
	for i := range p.Budgets {
		budget := &p.Budgets[i]
		changed := budget.Start
		for _, line := range budget.Usage {
			changed = max(changed, line.DeliveryDate)
		}
		budget.UpdatedAt = m.world.originStamp(changed, salt)
	}
}

func (m *maker) oneIn(n int) bool { return m.chance.IntN(n) == 0 }

func (m *maker) daysAgo(least, most int) Date {
	return m.today.AddDays(-least - m.chance.IntN(most-least+1))
}

// between draws a date from first to last, both included; first if last is earlier.
func (m *maker) between(first, last Date) Date {
	if last <= first {
		return first
	}
	return first.AddDays(m.chance.IntN(int(last-first) + 1))
}
