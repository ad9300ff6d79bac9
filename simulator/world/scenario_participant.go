package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scenarioParticipant is an NDIS participant in a scenario file. Lists that are left out are made up, empty ones stay empty.
type scenarioParticipant struct {
	file        string
	Participant `yaml:",inline"`
	// Organisation is the RA number, or the key or id of a provider; AlsoHeldBy are further ones.
	Organisation  string                  `yaml:"organisation"`
	AlsoHeldBy    []string                `yaml:"also_held_by"`
	NotHeld       bool                    `yaml:"not_held"`
	ProviderHolds scenarioHeldParticipant `yaml:"provider_holds"`
	Plans         []scenarioPlan          `yaml:"plans"`
	Moves         []PlanMove              `yaml:"moves"`
}

// scenarioHeldParticipant is what the organisations' records say, where it differs.
type scenarioHeldParticipant struct {
	Identity   `yaml:",inline"`
	NDISNumber string `yaml:"ndis_number"`
}

type scenarioPlan struct {
	PACEPlan  `yaml:",inline"`
	TreeStart Date                 `yaml:"tree_start"`
	TreeEnd   Date                 `yaml:"tree_end"`
	Unlisted  []string             `yaml:"unlisted"`
	Budgets   []scenarioPlanBudget `yaml:"budgets"`
}

type scenarioPlanBudget struct {
	PlanBudget  `yaml:",inline"`
	Category    string `yaml:"category"`
	EveryMonths int    `yaml:"every_months"`
}

// addScenarioParticipants adds the participants of the scenario files and schedules their moves.
func (w *World) addScenarioParticipants(specs []scenarioParticipant) error {
	for i := range specs {
		spec := &specs[i]
		err := w.addScenarioParticipant(spec)
		if err == nil {
			err = w.scheduleParticipant(spec)
		}
		if err != nil {
			return fmt.Errorf("scenario file %s, participant %q: %w", spec.file, spec.Key, err)
		}
	}
	return nil
}

// addScenarioParticipant adds a participant: what the scenario says, and made-up details for what it leaves out.
func (w *World) addScenarioParticipant(spec *scenarioParticipant) error {
	p := spec.Participant
	if p.Key == "" {
		return errors.New("a participant needs a key")
	}
	p.About = strings.TrimSpace(p.About)
	p.NDISNumber = cmp.Or(p.NDISNumber, ndisNumber(hash("participants"), int(hash(p.Key)%ndisNumbers)))
	if len(p.NDISNumber) != 9 || !isNumber(p.NDISNumber) {
		return errors.New("ndis_number: use nine digits in quotes")
	}
	if err := p.Written.check(); err != nil {
		return err
	}
	maker := w.maker(hash("participant " + p.Key))
	p.Upstream = p.Upstream.or(maker.youngerIdentity())
	p.Held = spec.ProviderHolds.Identity.or(p.Upstream)
	p.HeldNDISNumber = cmp.Or(spec.ProviderHolds.NDISNumber, p.NDISNumber)
	if err := w.setHolders(&p, spec); err != nil {
		return err
	}
	if err := maker.setPlans(&p, spec.Plans); err != nil {
		return err
	}
	if err := w.completeEndorsements(&p, spec.Organisation); err != nil {
		return err
	}
	return w.participants.add(&p)
}

func (w *World) setHolders(p *Participant, spec *scenarioParticipant) error {
	if spec.NotHeld {
		return nil
	}
	for _, name := range append([]string{spec.Organisation}, spec.AlsoHeldBy...) {
		number, err := w.organisation(name)
		if err != nil {
			return err
		}
		p.HeldBy = append(p.HeldBy, number)
	}
	return nil
}

// organisation returns an organisation's RA number by that number or by the key or id of one of its providers; no name is the first.
func (w *World) organisation(name string) (string, error) {
	for _, organisation := range w.organisations {
		if name == "" || name == organisation.RANumber {
			return organisation.RANumber, nil
		}
		for _, provider := range organisation.ServiceProviders {
			if name == provider.Key || name == provider.ID {
				return organisation.RANumber, nil
			}
		}
	}
	return "", fmt.Errorf("no organisation has the RA number, nor a provider with the key or id %q", name)
}

// completeEndorsements: without any in the scenario, every organisation that holds the participant has both since the first start.
func (w *World) completeEndorsements(p *Participant, usualOrganisation string) error {
	given := p.Endorsements
	p.Endorsements = nil
	if given == nil {
		for _, holder := range p.HeldBy {
			p.Endorsements = append(p.Endorsements, bothEndorsements(holder, p.FirstStart, NoDate)...)
		}
	}
	for _, endorsement := range given {
		number, err := w.organisation(cmp.Or(endorsement.RANumber, usualOrganisation))
		if err != nil {
			return err
		}
		both := bothEndorsements(number, cmp.Or(endorsement.Start, p.FirstStart), endorsement.End)
		if endorsement.Role != "" {
			both[0].Role = endorsement.Role
			both = both[:1]
		}
		p.Endorsements = append(p.Endorsements, both...)
	}
	return nil
}

// setPlans makes the plans of the scenario, or one that began 100 days ago.
func (m *maker) setPlans(p *Participant, specs []scenarioPlan) error {
	if specs == nil {
		specs = make([]scenarioPlan, 1)
	}
	for _, spec := range specs {
		plan, err := m.scenarioPlan(spec)
		if err != nil {
			return err
		}
		p.Plans = append(p.Plans, plan)
	}
	slices.SortStableFunc(p.Plans, func(a, b PACEPlan) int { return int(a.Start - b.Start) })
	if len(p.Plans) > 0 {
		p.FirstStart = cmp.Or(p.FirstStart, p.Plans[0].Start)
	}
	return nil
}

func (m *maker) scenarioPlan(spec scenarioPlan) (PACEPlan, error) {
	plan := spec.PACEPlan
	plan.Start = cmp.Or(plan.Start, m.today.AddDays(-100))
	plan.End = cmp.Or(plan.End, plan.Start.AddMonths(planMonths)-1)
	if spec.Budgets == nil {
		return m.plan(plan.Start, plan.End), nil
	}
	plan.Management = cmp.Or(plan.Management, PlanManaged)
	if spec.TreeStart != NoDate || spec.TreeEnd != NoDate {
		plan.Tree = Period{cmp.Or(spec.TreeStart, plan.Start), cmp.Or(spec.TreeEnd, plan.End)}
	}
	for _, name := range spec.Unlisted {
		category, known := supportCategory(name)
		if !known {
			return plan, fmt.Errorf("unlisted: there is no category %q", name)
		}
		plan.Unlisted = append(plan.Unlisted, category.Number)
	}
	for _, one := range spec.Budgets {
		budget, err := one.complete(&plan)
		if err != nil {
			return plan, err
		}
		plan.Budgets = append(plan.Budgets, budget)
	}
	return plan, nil
}

// complete fills in what a plan's budget leaves out; an unknown category passes through under its name.
func (spec scenarioPlanBudget) complete(plan *PACEPlan) (PlanBudget, error) {
	budget := spec.PlanBudget
	if spec.Category == "" {
		return budget, errors.New("a budget needs a category, by name or number")
	}
	for _, field := range budget.Absent {
		if !slices.Contains(FieldNames, field) {
			return budget, fmt.Errorf("absent: there is no field %q; the fields are %v", field, FieldNames)
		}
	}
	category, known := supportCategory(spec.Category)
	if !known {
		category = SupportCategory{Name: spec.Category, SupportType: CapacityBuilding, Type: Stated}
	}
	usual := plan.budget(category)
	budget.Category = usual.Category
	budget.Name = cmp.Or(budget.Name, usual.Name)
	budget.Type = cmp.Or(budget.Type, usual.Type)
	budget.Management = cmp.Or(budget.Management, usual.Management)
	budget.SupportType = cmp.Or(budget.SupportType, usual.SupportType)
	budget.Component = cmp.Or(budget.Component, component(budget.SupportType, budget.Type, budget.Management))
	budget.Start, budget.End = cmp.Or(budget.Start, usual.Start), cmp.Or(budget.End, usual.End)
	for i := range budget.Items {
		item := &budget.Items[i]
		item.Number, item.Text = cmp.Or(item.Number, category.item.Number), cmp.Or(item.Text, category.item.Text)
	}
	budget.release(spec.EveryMonths)
	return budget, nil
}

// FieldNames are the fields of a budget that a scenario can leave out of the wire.
var FieldNames = []string{
	"approved_amount", "released_amount", "spent_amount", "remaining_amount", "budget_type", "fund_management_type",
	"support_category_text", "funding_component_name", "start_date", "end_date", "instalment_type", "funding_periods",
}

func (w Written) check() error {
	for _, chosen := range []struct {
		name, value string
		known       []string
	}{
		{"amounts", w.Amounts, []string{"number", "text"}},
		{"no_date", w.NoDate, []string{"null", "empty", "zero", "first", "absent"}},
		{"errors", w.Errors, []string{"strings", "objects", "text", "unsuccessful"}},
		{"totals", w.Totals, []string{"none"}},
	} {
		if chosen.value != "" && !slices.Contains(chosen.known, chosen.value) {
			return fmt.Errorf("written: %s: use one of %v", chosen.name, chosen.known)
		}
	}
	return nil
}

func (w *World) scheduleParticipant(spec *scenarioParticipant) error {
	slot := w.participants.byKey[spec.Key]
	for _, move := range spec.Moves {
		if err := checkMove(planMoves, move.Name); err != nil {
			return err
		}
		err := w.schedule(move.On, fmt.Sprintf("participant %q", spec.Key), func(c *change) error {
			return c.participants.attempt(slot, func() error { return c.moveParticipant(slot, move) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}
