package world

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/shopspring/decimal"
)

// scenarioPerson is a person in a scenario file. Lists that are left out are made up, empty ones stay empty.
type scenarioPerson struct {
	file   string
	Person `yaml:",inline"`
	// Provider is the key or id of the service provider of entries that do not name one.
	Provider      string                 `yaml:"provider"`
	ProviderHolds scenarioHeldPerson     `yaml:"provider_holds"`
	NoEntry       bool                   `yaml:"no_registered_entry"`
	Contributions []scenarioContribution `yaml:"contributions"`
	Budgets       []scenarioBudget       `yaml:"budgets"`
	Moves         []Move                 `yaml:"moves"`
}

// scenarioHeldPerson is what the provider's records say, where it differs.
type scenarioHeldPerson struct {
	Identity        `yaml:",inline"`
	CareRecipientID string `yaml:"care_recipient_id"`
	// IDOf names another person of the scenarios whose id the provider holds by mistake.
	IDOf string `yaml:"id_of"`
}

type scenarioContribution struct {
	Contribution `yaml:",inline"`
	Times        int `yaml:"times"`
}

// scenarioBudget is a budget with positive amounts for what the wire writes as negative ones.
type scenarioBudget struct {
	Type     string `yaml:"type"`
	Provider string `yaml:"provider"`
	Start    Date   `yaml:"start"`
	// End is the quarter's if it is left out; "none" is a budget without an end.
	End          *Date            `yaml:"end"`
	Total        *decimal.Decimal `yaml:"total"`
	CarriedOver  decimal.Decimal  `yaml:"carried_over"`
	WrittenOff   decimal.Decimal  `yaml:"written_off"`
	UsedUnlisted decimal.Decimal  `yaml:"used_without_line"`
	Status       string           `yaml:"status"`
	Times        int              `yaml:"times"`
	Unnamed      bool             `yaml:"unnamed"`
	Details      Consent          `yaml:"details"`
	Usage        []scenarioUsage  `yaml:"usage"`
}

type scenarioUsage struct {
	UsageLine `yaml:",inline"`
	Times     int `yaml:"times"`
}

// addScenarioPeople adds the people first and then what may name another of them.
func (w *World) addScenarioPeople(specs []scenarioPerson) error {
	steps := []func(spec *scenarioPerson) error{w.addScenarioPerson, w.borrowID, w.schedulePerson}
	for _, step := range steps {
		for i := range specs {
			if err := step(&specs[i]); err != nil {
				return fmt.Errorf("scenario file %s, person %q: %w", specs[i].file, specs[i].Key, err)
			}
		}
	}
	return nil
}

// addScenarioPerson adds a person: what the scenario says, and made-up details for what it leaves out.
func (w *World) addScenarioPerson(spec *scenarioPerson) error {
	p := spec.Person
	if p.Key == "" {
		return errors.New("a person needs a key")
	}
	p.About = strings.TrimSpace(p.About)
	p.EntryRegistered = !spec.NoEntry
	p.Consent = cmp.Or(p.Consent, ConsentGiven)
	if p.Consent != ConsentGiven && p.Consent != ConsentRefused && p.Consent != DetailsRefused {
		return fmt.Errorf("consent %q: use given, refused or details-refused", p.Consent)
	}
	p.CareRecipientID = cmp.Or(p.CareRecipientID, recipientID(hash("care recipient"), int(hash(p.Key)%recipientIDs)))
	if !isNumber(p.CareRecipientID) {
		return errors.New("care_recipient_id: use up to ten digits in quotes")
	}
	maker := w.maker(hash(p.Key))
	p.Upstream = p.Upstream.or(maker.identity())
	p.Held = spec.ProviderHolds.Identity.or(p.Upstream)
	p.HeldCareRecipientID = cmp.Or(spec.ProviderHolds.CareRecipientID, p.CareRecipientID)
	if err := w.completeEntries(&p, spec.Provider); err != nil {
		return err
	}
	if !p.NotUpstream {
		if err := w.completeCare(&p, spec, maker); err != nil {
			return err
		}
	}
	return w.addPerson(&p)
}

// or takes what is left out of an identity from another.
func (i Identity) or(other Identity) Identity {
	return Identity{
		GivenName: cmp.Or(i.GivenName, other.GivenName), FamilyName: cmp.Or(i.FamilyName, other.FamilyName),
		BirthDate: cmp.Or(i.BirthDate, other.BirthDate),
	}
}

// completeEntries finds the service providers that entries name; without any entry, the person has one.
func (w *World) completeEntries(p *Person, usualProvider string) error {
	if len(p.Entries) == 0 {
		p.Entries = make([]Entry, 1)
	}
	for i := range p.Entries {
		entry := &p.Entries[i]
		name := cmp.Or(entry.ServiceProviderID, usualProvider, w.organisations[0].ServiceProviders[0].Key)
		provider, known := w.provider(name)
		if !known {
			return fmt.Errorf("no provider has the key or id %q", name)
		}
		entry.ServiceProviderID = provider.ID
		entry.Date = cmp.Or(entry.Date, w.today.AddDays(-200))
	}
	return nil
}

// completeCare fills in everything that Services Australia knows about the person's care.
func (w *World) completeCare(p *Person, spec *scenarioPerson, maker *maker) error {
	entry := p.Entries[0].Date
	if p.Classifications == nil {
		p.Classifications = []Classification{{Code: "ON_LEVEL_4"}}
	}
	for i, held := range p.Classifications {
		p.Classifications[i] = maker.classification(held.Code, cmp.Or(held.Start, entry), held.End)
	}
	if p.ApprovedServices == nil {
		p.ApprovedServices = maker.services(entry)
	}
	for i, approved := range p.ApprovedServices {
		p.ApprovedServices[i] = approvedService(approved.ServiceID, cmp.Or(approved.Start, entry), approved.End)
	}
	for i, paid := range p.Supplements {
		p.Supplements[i] = supplement(paid.Code, cmp.Or(paid.Start, entry), paid.End)
	}
	if spec.Contributions == nil {
		p.Contributions = maker.contributions(entry)
	}
	for _, one := range spec.Contributions {
		one.Start = cmp.Or(one.Start, entry)
		for range max(1, one.Times) {
			p.Contributions = append(p.Contributions, one.Contribution)
		}
	}
	if spec.Budgets == nil {
		maker.fund(p, false)
	}
	for _, one := range spec.Budgets {
		for range max(1, one.Times) {
			budget, err := w.scenarioBudget(p, one)
			if err != nil {
				return err
			}
			p.Budgets = append(p.Budgets, budget)
		}
	}
	maker.stamp(p)
	return nil
}

func (w *World) scenarioBudget(p *Person, spec scenarioBudget) (Budget, error) {
	quarter := w.today.Quarter()
	period := Period{cmp.Or(spec.Start, quarter.Start), quarter.End}
	if spec.End != nil {
		period.End = *spec.End
	}
	budget := newBudget(&w.sequence, p, cmp.Or(spec.Type, Ongoing), period)
	if spec.Provider != "" {
		provider, known := w.provider(spec.Provider)
		if !known {
			return budget, fmt.Errorf("budget: no provider has the key or id %q", spec.Provider)
		}
		budget.ServiceProviderID = provider.ID
	}
	switch {
	case spec.Total != nil:
		budget.Fixed = true
		budget.Entitlements = []Entitlement{{budget.TypeCode + "_RATE", *spec.Total}}
	case budget.TypeCode == Ongoing:
		budget.Entitlements = ongoingEntitlements(p, period)
	default:
		return budget, fmt.Errorf("budget of type %s: the total is required", budget.TypeCode)
	}
	if spec.CarriedOver.IsPositive() {
		budget.Entitlements = append(budget.Entitlements, Entitlement{rollover, spec.CarriedOver})
	}
	if spec.Details != "" && spec.Details != ConsentGiven && spec.Details != ConsentRefused {
		return budget, fmt.Errorf("budget: details %q: use %s or %s", spec.Details, ConsentGiven, ConsentRefused)
	}
	budget.WriteOff, budget.Unitemised = spec.WrittenOff.Neg(), spec.UsedUnlisted.Neg()
	budget.Unnamed, budget.DetailsRefused = spec.Unnamed, spec.Details == ConsentRefused
	for _, usage := range spec.Usage {
		for range max(1, usage.Times) {
			budget.Usage = append(budget.Usage, w.completeUsage(p, &budget, usage.UsageLine))
		}
	}
	if spec.Status != "" {
		budget.Status = spec.Status
	} else {
		closeIfDue(&budget, w.today)
	}
	return budget, nil
}

// completeUsage fills in what a usage line leaves out; nothing is delivered after today.
func (w *World) completeUsage(p *Person, budget *Budget, line UsageLine) UsageLine {
	if provider, known := w.provider(line.ServiceProviderID); known {
		line.ServiceProviderID = provider.ID
	}
	line.ServiceProviderID = cmp.Or(line.ServiceProviderID, budget.ServiceProviderID)
	if line.ServiceID == "" && len(p.ApprovedServices) > 0 {
		line.ServiceID = p.ApprovedServices[0].ServiceID
	}
	if line.InvoiceID != "" {
		line.ItemID = cmp.Or(line.ItemID, itemID(1))
	}
	line.DeliveryDate = min(cmp.Or(line.DeliveryDate, budget.Start), max(w.today, budget.Start))
	line.Amount = line.Amount.Neg()
	return line
}

// borrowID gives a person the id of another in the provider's records.
func (w *World) borrowID(spec *scenarioPerson) error {
	name := spec.ProviderHolds.IDOf
	if name == "" {
		return nil
	}
	other, found := w.people.byKey[name]
	if !found {
		return fmt.Errorf("id_of: no person has the key %q", name)
	}
	w.people.list[w.people.byKey[spec.Key]].HeldCareRecipientID = w.people.list[other].CareRecipientID
	return nil
}

func (w *World) schedulePerson(spec *scenarioPerson) error {
	slot := w.people.byKey[spec.Key]
	for _, move := range spec.Moves {
		if err := checkMove(moves, move.Name); err != nil {
			return err
		}
		err := w.schedule(move.On, fmt.Sprintf("person %q", spec.Key), func(c *change) error {
			return c.people.attempt(slot, func() error {
				_, err := c.move(slot, move)
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isNumber reports whether an id has up to ten digits and nothing else.
func isNumber(id string) bool {
	return id != "" && len(id) <= 10 && strings.Trim(id, "0123456789") == ""
}

func hash(text string) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text)) // a hash never fails to write
	return sum.Sum64()
}
