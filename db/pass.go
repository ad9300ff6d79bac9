package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// ErrPassNotAlone means that a pass concerns what another sync has written meanwhile, or someone else's budgets. Nothing of it was written; the steps can
// write it, one area at a time.
var ErrPassNotAlone = errors.New("another sync has written the same records meanwhile")

// ErrRunEnded means that a run had an outcome before, which stands. Nothing of the pass was written.
var ErrRunEnded = errors.New("the run has an outcome already")

// PassStart is what a pass over one person knows before it asks the government: everything that is held, read at one moment.
type PassStart struct {
	Read
	RunScopeRecord
	// Started is set where an earlier attempt had begun the same run.
	Started bool
	held    heldOfPerson
}

// heldOfPerson is what BeginPass answers.
type heldOfPerson struct {
	Person      care.Person            `json:"person"`
	Plan        *care.Plan             `json:"plan"`
	Connections []care.Connection      `json:"connections"`
	Holds       []care.OpenRemovalHold `json:"holds"`
	Others      []care.Identity        `json:"others"`
	SamePerson  []string               `json:"same_person"`

	Classifications  []care.Classification  `json:"classifications"`
	ApprovedServices []care.ApprovedService `json:"approved_services"`
	Supplements      []care.Supplement      `json:"supplements"`
	Contributions    []care.Contribution    `json:"contributions"`
	Budgets          []heldBudget           `json:"budgets"`
	Entitlements     []care.Entitlement     `json:"entitlements"`
	Usage            []care.UsageLine       `json:"usage"`

	Fences      map[care.Area]int64 `json:"fences"`
	UsageFences map[care.ID]int64   `json:"usage_fences"`
	Steps       []ledgerEntry       `json:"steps"`
	Started     bool                `json:"started"`
	// ListedTwice is set where a budget that the person lists stands with someone else (R32).
	ListedTwice bool `json:"listed_twice"`
}

// heldBudget is a budget with what the usage's step knows of it. Open are those whose usage was read as well.
type heldBudget struct {
	care.Budget
	UsageAmount decimal.NullDecimal `json:"usage_amount"`
	Open        bool                `json:"open"`
}

type ledgerEntry struct {
	Area   care.Area       `json:"area"`
	Chunk  int             `json:"chunk"`
	Answer care.AreaResult `json:"answer"`
}

// daysBetweenZones is more than the difference of two days at one moment.
const daysBetweenZones = 2

// BeginPass reads everything that is held of a person, and takes the ticket of all the pass's reads. It fails with ErrNotFound.
func (s *Store) BeginPass(ctx context.Context, organisation, person, run care.ID, allBudgets bool, at time.Time) (begun PassStart, err error) {
	parameters := gen.BeginPassParams{OrganisationID: organisation, PersonID: person, RunID: run}
	if !allBudgets {
		parameters.OpenSince = care.DateIn(at, time.UTC).AddDays(-care.DaysOpenAfterEnd - daysBetweenZones)
	}
	row, err := s.queries.BeginPass(ctx, parameters)
	if err != nil {
		return begun, MapError("begin the pass", err)
	}
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return begun, fmt.Errorf("organisation %s has the unknown time zone %q", organisation, row.TimeZone)
	}
	for _, target := range []any{&begun.held, &begun.Read} {
		if err := json.Unmarshal(row.Held, target); err != nil {
			return begun, fmt.Errorf("begin the pass: what the database holds cannot be read: %w", err)
		}
	}
	held := begun.held
	begun.Started = held.Started
	begun.RunScopeRecord = RunScopeRecord{
		PersonID: held.Person.ID, CareRecipientID: held.Person.CareRecipientID, ConnectionID: held.Person.ConnectionID,
		Verified: held.Person.VerifiedAt != nil, TimeZone: zone, Connections: held.Connections,
	}
	if held.Plan != nil {
		begun.PlanID = held.Plan.ID
	}
	return begun, nil
}

// Person is the person as they are held.
func (p *PassStart) Person() care.Person { return p.held.Person }

// Answer is what an earlier attempt has written of an area, nil where that is nothing.
func (p *PassStart) Answer(area care.Area, chunk int) *care.AreaResult {
	for _, step := range p.held.Steps {
		if step.Area == area && step.Chunk == chunk {
			return &step.Answer
		}
	}
	return nil
}

// startOf is what a step of the pass begins with.
func startOf[H any](p *PassStart, step Step, held H) StepStart[H] {
	begun := StepStart[H]{Read: p.Read, Answer: p.Answer(step.Area, step.Chunk), Person: p.held.Person, Held: held}
	for _, connection := range p.held.Connections {
		if connection.ID == step.ConnectionID {
			begun.Connection = connection
		}
	}
	return begun
}

// Plan is what the summary's step begins with.
func (p *PassStart) Plan(step Step) StepStart[care.HeldPlan] {
	held := p.held
	return startOf(p, step, care.HeldPlan{
		Plan: held.Plan, Person: held.Person, Others: held.Others, SamePerson: held.SamePerson, Connections: held.Connections,
		Classifications: held.Classifications, ApprovedServices: held.ApprovedServices, Supplements: held.Supplements, Holds: held.Holds,
	})
}

// Contributions is what the contributions' step begins with.
func (p *PassStart) Contributions(step Step) StepStart[HeldContributions] {
	return startOf(p, step, HeldContributions{HeldContributions: care.HeldContributions{Contributions: p.held.Contributions, Holds: p.held.Holds}})
}

// Budgets is what the budgets' step begins with.
func (p *PassStart) Budgets(step Step) StepStart[HeldBudgets] {
	budgets := make([]care.Budget, len(p.held.Budgets))
	for i, budget := range p.held.Budgets {
		budgets[i] = budget.Budget
	}
	return startOf(p, step, HeldBudgets{HeldBudgets: care.HeldBudgets{
		Person: p.held.Person, Budgets: budgets, Connections: p.held.Connections, Holds: p.held.Holds,
	}})
}

// Usage is what the step begins with that reads the usage of some budgets, given as they stand now. It reports false where usage is held that was
// not read with the others.
func (p *PassStart) Usage(step Step, budgets []care.Budget) (begun StepStart[care.HeldUsage], known bool) {
	for _, budget := range budgets {
		at := slices.IndexFunc(p.held.Budgets, func(held heldBudget) bool { return held.ID == budget.ID })
		if at >= 0 && !p.held.Budgets[at].Open {
			return begun, false
		}
	}
	held := care.HeldUsage{Person: p.held.Person, Budgets: budgets, Holds: p.held.Holds}
	of := func(id care.ID) bool {
		return slices.ContainsFunc(budgets, func(budget care.Budget) bool { return budget.ID == id })
	}
	for _, entitlement := range p.held.Entitlements {
		if of(entitlement.BudgetID) {
			held.Entitlements = append(held.Entitlements, entitlement)
		}
	}
	for _, line := range p.held.Usage {
		if of(line.BudgetID) {
			held.Usage = append(held.Usage, line)
		}
	}
	return startOf(p, step, held), true
}

// Pass is what a pass over one person came to. Areas that an earlier attempt has written are not part of it.
type Pass struct {
	Run   RunStart
	Scope care.RunScope
	Start PassStart

	Plan          *care.PlanDecision
	Contributions *care.ContributionsDecision
	Budgets       *care.BudgetsDecision
	// Listed are the government's ids of the budgets that were listed.
	Listed  []string
	Usage   []PassUsage
	Refused []PassRefusal
}

// PassUsage are the details of some budgets, and what they change.
type PassUsage struct {
	Chunk   int
	Held    care.HeldUsage
	Details map[care.ID]care.BudgetDetails
	Refused []care.BudgetRefusal
	Decide  func(care.HeldUsage, map[care.ID]care.BudgetDetails) care.UsageDecision
}

// PassRefusal is an area that the government refused.
type PassRefusal struct {
	Area   care.Area
	Chunk  int
	Reason care.Reason
	Issues []care.Issue
}

// WritePass writes a pass in one transaction, and with it its run, which conclude makes of the areas, and the person of the bulk run. It fails with
// ErrPassNotAlone, ErrRunEnded, or where a statement fails; nothing is written then.
func (s *Store) WritePass(ctx context.Context, pass Pass, conclude func(usage []care.AreaResult) (care.RunResult, []care.Issue)) (result care.RunResult, err error) {
	err = s.inPass(ctx, pass, false, func(w *passWriter, usage []care.AreaResult) error {
		var issues []care.Issue
		result, issues = conclude(usage)
		return w.recordPass(ctx, result, issues)
	})
	return result, err
}

// LeavePass writes what a pass has that cannot be completed now, for a later attempt to go on from: its run without an outcome, and the areas in the
// ledger. It fails like WritePass.
func (s *Store) LeavePass(ctx context.Context, pass Pass) (usage []care.AreaResult, err error) {
	err = s.inPass(ctx, pass, true, func(w *passWriter, answers []care.AreaResult) error {
		usage = answers
		_, err := w.queries.RecordRun(ctx, recordRun(pass.Run))
		return err
	})
	return usage, err
}
