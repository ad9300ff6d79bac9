package world

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// scenarios is what all files together say.
type scenarios struct {
	organisations []Organisation
	people        []scenarioPerson
	participants  []scenarioParticipant
}

// readScenarios reads every *.yaml file in the root of the file system, in the order of their names.
func readScenarios(files fs.FS) (scenarios, error) {
	var all scenarios
	if files == nil {
		return all, nil
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return all, fmt.Errorf("list scenario files: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return all, fmt.Errorf("read scenario file: %w", err)
		}
		var file scenarioFile
		if err := yaml.UnmarshalWithOptions(content, &file, yaml.Strict()); err != nil {
			return all, fmt.Errorf("scenario file %s: %w", name, err)
		}
		for i := range file.People {
			file.People[i].file = name
		}
		for i := range file.Participants {
			file.Participants[i].file = name
		}
		all.participants = append(all.participants, file.Participants...)
		all.organisations = append(all.organisations, file.Organisations...)
		all.people = append(all.people, file.People...)
	}
	return all, nil
}

// addScenarioPeople adds the people first and then what may name another of them.
func (w *World) addScenarioPeople(specs []scenarioPerson) error {
	steps := []func(spec *scenarioPerson) error{w.addScenarioPerson, w.borrowID, w.schedule}
	for _, step := range steps {
		for i := range specs {
			if err := step(&specs[i]); err != nil {
				return fmt.Errorf("scenario file %s, person %q: %w", specs[i].file, specs[i].Key, err)
			}
		}
	}
	return nil
}

func (w *World) addScenarioPerson(spec *scenarioPerson) error {
	person, err := w.scenarioPerson(spec)
	if err != nil {
		return err
	}
	return w.add(person)
}

// borrowID lets the provider hold a person under an id that belongs to another.
func (w *World) borrowID(spec *scenarioPerson) error {
	other := spec.ProviderHolds.IDOf
	if other == "" {
		return nil
	}
	slot, found := w.byKey[other]
	if !found {
		return fmt.Errorf("id_of: no person has the key %q", other)
	}
	w.people[w.byKey[spec.Key]].HeldCareRecipientID = w.people[slot].CareRecipientID
	return nil
}

// scenarioPerson makes a person: what the scenario says, and made-up details for what it leaves out.
func (w *World) scenarioPerson(spec *scenarioPerson) (*Person, error) {
	if spec.Key == "" {
		return nil, errors.New("a person needs a key")
	}
	maker := w.maker(hash(spec.Key))
	dates := &resolver{today: w.today}
	p := &Person{
		Key: spec.Key, About: strings.TrimSpace(spec.About), NotUpstream: spec.NotUpstream, NotHeld: spec.NotHeld,
		CareRecipientID: spec.CareRecipientID, EntryRegistered: !spec.NoEntry, Delisted: spec.Delisted,
		Consent: spec.Consent,
	}
	if p.Consent == "" {
		p.Consent = ConsentGiven
	}
	if p.Consent != ConsentGiven && p.Consent != ConsentRefused && p.Consent != DetailsRefused {
		return nil, fmt.Errorf("consent %q: use given, refused or details-refused", p.Consent)
	}
	if p.CareRecipientID == "" {
		p.CareRecipientID = recipientID(hash("care recipient"), int(hash(spec.Key)%recipientIDs))
	}
	if !digits(p.CareRecipientID) {
		return nil, fmt.Errorf("care_recipient_id: use up to ten digits in quotes")
	}
	p.Upstream = dates.identity(spec.Upstream, maker.identity())
	p.Held = dates.identity(spec.ProviderHolds.Identity, p.Upstream)
	p.HeldCareRecipientID = firstOf(spec.ProviderHolds.CareRecipientID, p.CareRecipientID)
	if err := w.setEntries(p, spec, dates); err != nil {
		return nil, err
	}
	if !p.NotUpstream {
		if err := w.setCare(p, spec, maker, dates); err != nil {
			return nil, err
		}
	}
	return p, dates.err
}

func (w *World) setEntries(p *Person, spec *scenarioPerson, dates *resolver) error {
	entries := spec.Entries
	if len(entries) == 0 {
		entries = []scenarioEntry{{Provider: spec.Provider}}
	}
	for _, entry := range entries {
		name := firstOf(entry.Provider, spec.Provider, w.organisations[0].ServiceProviders[0].Key)
		provider, known := w.provider(name)
		if !known {
			return fmt.Errorf("no provider has the key or id %q", name)
		}
		p.Entries = append(p.Entries, Entry{
			ServiceProviderID: provider.ID,
			Category:          entry.Category,
			Date:              dates.or(entry.Date, "today-200d"),
			Departure:         dates.or(entry.Departure, "none"),
		})
	}
	return dates.err
}

// setCare fills in everything that Services Australia knows about the person's care.
func (w *World) setCare(p *Person, spec *scenarioPerson, maker *maker, dates *resolver) error {
	entry := p.Entries[0].Date
	p.Classifications = dates.classifications(spec.Classifications, maker, entry)
	p.ApprovedServices = dates.services(spec.Services, maker, entry)
	p.Contributions = dates.contributions(spec.Contributions, maker, entry)
	for _, paid := range spec.Supplements {
		p.Supplements = append(p.Supplements, supplement(paid.Code, dates.orDate(paid.Start, entry), dates.or(paid.End, "none")))
	}
	if dates.err != nil {
		return dates.err
	}
	if spec.Budgets == nil {
		maker.fund(p, false)
	} else if err := w.setBudgets(p, *spec.Budgets, dates); err != nil {
		return err
	}
	maker.stamp(p)
	return nil
}

func (w *World) setBudgets(p *Person, specs []scenarioBudget, dates *resolver) error {
	for _, spec := range specs {
		for range max(1, spec.Times) {
			budget, err := w.scenarioBudget(p, spec, dates)
			if err != nil {
				return err
			}
			p.Budgets = append(p.Budgets, budget)
		}
	}
	return dates.err
}

func (w *World) scenarioBudget(p *Person, spec scenarioBudget, dates *resolver) (Budget, error) {
	period := Period{dates.or(spec.Start, "quarter-start"), dates.or(spec.End, "quarter-end")}
	budget := w.newBudget(p, firstOf(spec.Type, Ongoing), period)
	if spec.Provider != "" {
		provider, known := w.provider(spec.Provider)
		if !known {
			return budget, fmt.Errorf("budget: no provider has the key or id %q", spec.Provider)
		}
		budget.ServiceProviderID = provider.ID
	}
	if spec.Total != nil {
		budget.Fixed = true
		budget.Entitlements = []Entitlement{{firstOf(spec.Entitlement, budget.TypeCode+"_RATE"), *spec.Total}}
	} else if budget.TypeCode == Ongoing {
		budget.Entitlements = ongoingEntitlements(p, period)
	} else {
		return budget, fmt.Errorf("budget of type %s: say its total", budget.TypeCode)
	}
	if spec.CarriedOver.IsPositive() {
		budget.Entitlements = append(budget.Entitlements, Entitlement{rollover, spec.CarriedOver})
	}
	budget.WriteOff, budget.RolloverDeduction = spec.WrittenOff.Neg(), spec.RolledOver.Neg()
	budget.Unitemised = spec.UsedUnlisted.Neg()
	budget.Unnamed, budget.DetailsRefused = spec.Unnamed, spec.Details == ConsentRefused
	if spec.Details != "" && spec.Details != ConsentGiven && spec.Details != ConsentRefused {
		return budget, fmt.Errorf("budget: details %q: use %s or %s", spec.Details, ConsentGiven, ConsentRefused)
	}
	for _, usage := range spec.Usage {
		for range max(1, usage.Times) {
			budget.Usage = append(budget.Usage, w.scenarioUsage(p, &budget, usage, dates))
		}
	}
	if spec.Status != "" {
		budget.Status = spec.Status
	} else {
		closeIfDue(&budget, w.today)
	}
	return budget, dates.err
}

// scenarioUsage makes a usage line; nothing is delivered after today.
func (w *World) scenarioUsage(p *Person, budget *Budget, spec scenarioUsage, dates *resolver) UsageLine {
	providerID := spec.Provider
	if provider, known := w.provider(spec.Provider); known {
		providerID = provider.ID
	}
	service := spec.Service
	if service == "" && len(p.ApprovedServices) > 0 {
		service = p.ApprovedServices[0].ServiceID
	}
	line := UsageLine{
		InvoiceID: spec.Invoice, ItemID: spec.Item,
		ServiceProviderID: firstOf(providerID, budget.ServiceProviderID), ServiceID: service,
		DeliveryDate: min(dates.orDate(spec.Date, budget.Start), max(w.today, budget.Start)), Amount: spec.Amount.Neg(), Unbilled: spec.Unbilled,
		ExternalReferenceID: spec.Reference,
	}
	if line.InvoiceID != "" && line.ItemID == "" {
		line.ItemID = itemID(1)
	}
	return line
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

func digits(id string) bool {
	return id != "" && len(id) <= 10 && strings.Trim(id, "0123456789") == ""
}

func hash(text string) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text)) // a hash never fails to write
	return sum.Sum64()
}
