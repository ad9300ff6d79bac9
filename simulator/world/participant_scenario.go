package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// addScenarioParticipants adds the participants of the scenario files and keeps their moves for later.
func (w *World) addScenarioParticipants(specs []scenarioParticipant) error {
	for i := range specs {
		spec := &specs[i]
		participant, err := w.scenarioParticipant(spec)
		if err == nil {
			err = w.participants.add(participant)
		}
		if err == nil {
			err = w.scheduleParticipant(spec)
		}
		if err != nil {
			return fmt.Errorf("scenario file %s, participant %q: %w", spec.file, spec.Key, err)
		}
	}
	return nil
}

// scenarioParticipant makes a participant: what the scenario says, and made-up details for what it leaves out.
func (w *World) scenarioParticipant(spec *scenarioParticipant) (*Participant, error) {
	if spec.Key == "" {
		return nil, errors.New("a participant needs a key")
	}
	maker := w.maker(hash("participant " + spec.Key))
	dates := &resolver{today: w.today}
	p := &Participant{
		Key: spec.Key, About: strings.TrimSpace(spec.About), NotUpstream: spec.NotUpstream, NotPACE: spec.NotPACE,
		NDISNumber: firstOf(spec.NDISNumber, ndisNumber(hash("participants"), int(hash(spec.Key)%ndisNumbers))),
		Written:    spec.Written.written(),
	}
	if len(p.NDISNumber) != 9 || !digits(p.NDISNumber) {
		return nil, errors.New("ndis_number: use nine digits in quotes")
	}
	p.Upstream = dates.identity(spec.Upstream, maker.youngerIdentity())
	p.Held = dates.identity(spec.ProviderHolds.Identity, p.Upstream)
	p.HeldNDISNumber = firstOf(spec.ProviderHolds.NDISNumber, p.NDISNumber)
	if err := w.setHolders(p, spec); err != nil {
		return nil, err
	}
	if err := p.Written.check(); err != nil {
		return nil, err
	}
	if err := maker.setPlans(p, spec, dates); err != nil {
		return nil, err
	}
	p.FirstStart = dates.orDate(spec.PlanFirstStart, p.FirstStart)
	if err := w.setEndorsements(p, spec, dates); err != nil {
		return nil, err
	}
	return p, dates.err
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

// organisation finds an organisation's RA number by that number or by the key or id of one of its providers; no name is the first.
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

// setEndorsements: without any in the scenario, every organisation that holds the participant has both since the first start.
func (w *World) setEndorsements(p *Participant, spec *scenarioParticipant, dates *resolver) error {
	if spec.Endorsements == nil {
		for _, holder := range p.HeldBy {
			p.Endorsements = append(p.Endorsements, bothEndorsements(holder, p.FirstStart, NoDate)...)
		}
		return nil
	}
	for _, given := range *spec.Endorsements {
		number, err := w.organisation(firstOf(given.Organisation, spec.Organisation))
		if err != nil {
			return err
		}
		roles := neededRoles
		if given.Role != "" {
			roles = []string{given.Role}
		}
		for _, role := range roles {
			p.Endorsements = append(p.Endorsements, Endorsement{
				RANumber: number, Role: role, Start: dates.orDate(given.Start, p.FirstStart), End: dates.or(given.End, "none"),
			})
		}
	}
	return nil
}

// setPlans makes the plans of the scenario, or one that began 100 days ago.
func (m *maker) setPlans(p *Participant, spec *scenarioParticipant, dates *resolver) error {
	specs := spec.Plans
	if specs == nil {
		specs = &[]scenarioPlan{{Start: "today-100d"}}
	}
	for _, one := range *specs {
		plan, err := m.scenarioPlan(one, dates)
		if err != nil {
			return err
		}
		p.Plans = append(p.Plans, plan)
	}
	slices.SortStableFunc(p.Plans, func(a, b PACEPlan) int { return int(a.Start - b.Start) })
	if len(p.Plans) > 0 {
		p.FirstStart = p.Plans[0].Start
	}
	return dates.err
}

func (m *maker) scenarioPlan(spec scenarioPlan, dates *resolver) (PACEPlan, error) {
	start := dates.or(spec.Start, "today-100d")
	end := dates.orDate(spec.End, start.AddMonths(planMonths)-1)
	if end == NoDate && dates.err == nil {
		return PACEPlan{}, errors.New("a plan needs an end")
	}
	if spec.Budgets == nil {
		return m.plan(start, end), dates.err
	}
	plan := PACEPlan{
		Start: start, End: end, Management: firstOf(spec.Management, PlanManaged), AnswersBudget: spec.AnswersBudget,
		Tree: Period{dates.orDate(spec.TreeStart, NoDate), dates.orDate(spec.TreeEnd, NoDate)},
	}
	if plan.Tree != (Period{}) {
		plan.Tree = Period{cmp.Or(plan.Tree.Start, start), cmp.Or(plan.Tree.End, end)}
	}
	for _, name := range spec.Unlisted {
		category, known := supportCategory(name)
		if !known {
			return plan, fmt.Errorf("unlisted: there is no category %q", name)
		}
		plan.Unlisted = append(plan.Unlisted, category.Number)
	}
	for _, one := range *spec.Budgets {
		budget, err := planBudgetOf(&plan, one, dates)
		if err != nil {
			return plan, err
		}
		plan.Budgets = append(plan.Budgets, budget)
	}
	return plan, dates.err
}

// planBudgetOf makes a budget; a category that nobody knows passes through under its name.
func planBudgetOf(plan *PACEPlan, spec scenarioPlanBudget, dates *resolver) (PlanBudget, error) {
	if spec.Category == "" {
		return PlanBudget{}, errors.New("a budget needs a category, by name or number")
	}
	category, known := supportCategory(spec.Category)
	if !known {
		category = SupportCategory{Name: spec.Category, SupportType: CapacityBuilding, Type: Stated}
	}
	category.Type = firstOf(spec.Type, category.Type)
	category.SupportType = firstOf(spec.SupportType, category.SupportType)
	category.Name = firstOf(spec.CalledAs, category.Name)
	budget := plan.budget(category)
	budget.Management = firstOf(spec.Management, budget.Management)
	budget.Component = firstOf(spec.Component, component(budget.SupportType, budget.Type, budget.Management))
	budget.Start, budget.End = dates.orDate(spec.Start, budget.Start), dates.orDate(spec.End, budget.End)
	budget.Approved, budget.Spent = spec.Approved, spec.Spent
	budget.ReleasedAs, budget.RemainingAs = optional(spec.Released), optional(spec.Remaining)
	budget.Absent = spec.Absent
	for _, field := range spec.Absent {
		if !slices.Contains(FieldNames, field) {
			return budget, fmt.Errorf("absent: there is no field %q; the fields are %v", field, FieldNames)
		}
	}
	budget.release(spec.EveryMonths)
	for _, item := range spec.Items {
		budget.Items = append(budget.Items, StatedItem{
			Number: firstOf(item.Number, category.item.Number), Text: firstOf(item.Text, category.item.Text), Approved: item.Approved,
		})
	}
	return budget, nil
}

func optional(amount *decimal.Decimal) decimal.NullDecimal {
	if amount == nil {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(*amount)
}

// FieldNames are the fields of a budget that a scenario can leave out of the wire.
var FieldNames = []string{
	"approved_amount", "released_amount", "spent_amount", "remaining_amount", "budget_type", "fund_management_type",
	"support_category_text", "funding_component_name", "start_date", "end_date", "instalment_type", "funding_periods",
}

func (s scenarioWritten) written() Written { return Written(s) }

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

// scheduleParticipant keeps the moves of a scenario's participant for the day on which they are due.
func (w *World) scheduleParticipant(spec *scenarioParticipant) error {
	slot := w.participants.byKey[spec.Key]
	for _, move := range spec.Moves {
		if _, known := planMoves[move.Name]; !known {
			return fmt.Errorf("there is no move %q; the moves are %v", move.Name, PlanMoveNames())
		}
		on, err := move.On.Resolve(w.origin)
		if err != nil {
			return err
		}
		w.scheduled = append(w.scheduled, scheduledMove{on: on, participant: slot, planMove: &move})
	}
	return nil
}
