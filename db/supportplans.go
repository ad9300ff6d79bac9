package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// Step is one step of a run: an area of a person, and for usage a chunk of their budgets.
type Step struct {
	care.RunScope
	Area  care.Area
	Chunk int
}

// Read is when an attempt began to read: its ticket decides which of two reads is the newer one (R7), its time is shown to people.
type Read struct {
	Ticket  int64     `json:"ticket"`
	BeganAt time.Time `json:"began_at"`
}

// StepStart is what a step knows before it asks the government.
type StepStart[H any] struct {
	Read
	// Answer is there if an earlier attempt has already finished the step.
	Answer     *care.AreaResult `json:"answer"`
	Person     care.Person      `json:"person"`
	Connection care.Connection  `json:"connection"`
	Held       H                `json:"-"`
	fences     fences
}

// fences are the tickets that stood when the held records were read. A write that finds others must read the records again.
type fences struct {
	Area  int64             `json:"fence"`
	Usage map[care.ID]int64 `json:"fences"`
}

// decodeStepStart reads the two columns that every beginning of a step returns: what all steps need, and what we hold.
func decodeStepStart[H any](begin, held json.RawMessage, failure error) (begun StepStart[H], err error) {
	if failure != nil {
		return begun, MapError("begin the step", failure)
	}
	for _, part := range []struct {
		data   json.RawMessage
		target any
	}{{begin, &begun}, {begin, &begun.Held}, {held, &begun.Held}, {held, &begun.fences}} {
		if err := json.Unmarshal(part.data, part.target); err != nil {
			return begun, fmt.Errorf("begin the step: what the database holds cannot be read: %w", err)
		}
	}
	return begun, nil
}

// BeginUpsertPlan begins the summary's step.
func (s *Store) BeginUpsertPlan(ctx context.Context, step Step) (StepStart[care.HeldPlan], error) {
	return beginUpsertPlan(ctx, s.queries, step)
}

func beginUpsertPlan(ctx context.Context, queries *gen.Queries, step Step) (StepStart[care.HeldPlan], error) {
	row, err := queries.BeginUpsertPlan(ctx, gen.BeginUpsertPlanParams{
		OrganisationID: step.OrganisationID, RunID: step.RunID, PersonID: step.PersonID, ConnectionID: step.ConnectionID,
	})
	return decodeStepStart[care.HeldPlan](row.Begin, row.Held, err)
}

// WritePlan applies what decide makes of the summary and what we hold.
func (s *Store) WritePlan(ctx context.Context, step Step, begun StepStart[care.HeldPlan], decide func(care.HeldPlan) care.PlanDecision) (care.AreaResult, error) {
	return writeArea(ctx, s, step, begun, beginUpsertPlan, func(queries *gen.Queries, held care.HeldPlan) (json.RawMessage, error) {
		return applyPlan(ctx, queries, step.at(begun.BeganAt), held.Person, decide(held))
	})
}

// writing is a step that writes what it read.
type writing struct {
	Step
	// asOf is when its read began.
	asOf time.Time
	// inLedger: its answer stands in the ledger, and not with its run.
	inLedger bool
}

// at is a step of its own that writes what it read.
func (s Step) at(asOf time.Time) writing { return writing{Step: s, asOf: asOf, inLedger: true} }

func applyPlan(ctx context.Context, queries *gen.Queries, w writing, person care.Person, decision care.PlanDecision) (json.RawMessage, error) {
	return queries.ApplyPlan(ctx, gen.ApplyPlanParams{
		OrganisationID: w.OrganisationID, RunID: w.RunID, PersonID: w.PersonID, AsOf: w.asOf, InLedger: w.inLedger,
		Answer: object(decision.Answer), Issues: list(decision.Issues), Changes: list(decision.Changes), Holds: list(decision.Holds),
		PlanID: decision.Plan.ID, CareRecipientID: person.CareRecipientID, StartDate: decision.Plan.StartDate, EndDate: decision.Plan.EndDate,
		EntryDate: decision.Stay.EntryDate, DepartureDate: decision.Stay.DepartureDate, NotInCareSince: decision.Stay.NotInCareSince,
		Entries: list(decision.Entries), ReportedGivenName: decision.ReportedGivenName,
		Classifications: list(decision.Classifications.Write), RemovedClassifications: decision.Classifications.Remove,
		ApprovedServices: list(decision.ApprovedServices.Write), RemovedServices: decision.ApprovedServices.Remove,
		Supplements: list(decision.Supplements.Write), RemovedSupplements: decision.Supplements.Remove,
	})
}

// HeldContributions is what we hold of the contributions' area.
type HeldContributions struct {
	Plan *care.Plan `json:"plan"`
	care.HeldContributions
}

// BeginContributions begins the contributions' step.
func (s *Store) BeginContributions(ctx context.Context, step Step) (StepStart[HeldContributions], error) {
	return beginContributions(ctx, s.queries, step)
}

func beginContributions(ctx context.Context, queries *gen.Queries, step Step) (StepStart[HeldContributions], error) {
	row, err := queries.BeginContributions(ctx, gen.BeginContributionsParams{
		OrganisationID: step.OrganisationID, RunID: step.RunID, PersonID: step.PersonID, ConnectionID: step.ConnectionID,
	})
	return decodeStepStart[HeldContributions](row.Begin, row.Held, err)
}

// WriteContributions deletes a person's contributions and recreates them, in one transaction (R16).
func (s *Store) WriteContributions(ctx context.Context, step Step, begun StepStart[HeldContributions], decide func(care.HeldContributions) care.ContributionsDecision) (care.AreaResult, error) {
	return writeArea(ctx, s, step, begun, beginContributions, func(queries *gen.Queries, held HeldContributions) (json.RawMessage, error) {
		plan, err := planOf(held.Plan)
		if err != nil {
			return nil, err
		}
		return applyContributions(ctx, queries, step.at(begun.BeganAt), plan, decide(held.HeldContributions))
	})
}

func applyContributions(ctx context.Context, queries *gen.Queries, w writing, plan care.ID, decision care.ContributionsDecision) (json.RawMessage, error) {
	return queries.ApplyContributions(ctx, gen.ApplyContributionsParams{
		OrganisationID: w.OrganisationID, RunID: w.RunID, PersonID: w.PersonID, AsOf: w.asOf, InLedger: w.inLedger,
		Answer: object(decision.Answer), Issues: list(decision.Issues), Changes: list(decision.Changes), Holds: list(decision.Holds),
		PlanID: plan, Contributions: list(decision.Contributions), Changed: decision.Changed, SetID: optional.Of(decision.SetID),
	})
}

// BeginBudgets begins the budgets' step.
func (s *Store) BeginBudgets(ctx context.Context, step Step) (StepStart[HeldBudgets], error) {
	return beginBudgets(ctx, s.queries, step)
}

// HeldBudgets is what we hold of the budgets' area.
type HeldBudgets struct {
	Plan *care.Plan `json:"plan"`
	care.HeldBudgets
}

func beginBudgets(ctx context.Context, queries *gen.Queries, step Step) (StepStart[HeldBudgets], error) {
	row, err := queries.BeginBudgets(ctx, gen.BeginBudgetsParams{
		OrganisationID: step.OrganisationID, RunID: step.RunID, PersonID: step.PersonID, ConnectionID: step.ConnectionID,
	})
	return decodeStepStart[HeldBudgets](row.Begin, row.Held, err)
}

// WriteBudgets applies what decide makes of the list of budgets and what we hold; listed are the government's ids of the budgets in it.
// A budget that another person's sync writes at the same moment is then theirs, and the decision is made again (R32).
func (s *Store) WriteBudgets(ctx context.Context, step Step, begun StepStart[HeldBudgets], listed []string, decide func(care.HeldBudgets) care.BudgetsDecision) (care.AreaResult, error) {
	apply := func(queries *gen.Queries, held HeldBudgets) (json.RawMessage, error) {
		plan, err := planOf(held.Plan)
		if err != nil {
			return nil, err
		}
		if held.BudgetsOfOthers, err = budgetsOfOthers(ctx, queries, step, begun.Ticket, listed); err != nil {
			return nil, err
		}
		return applyBudgets(ctx, queries, step.at(begun.BeganAt), begun.Ticket, plan, decide(held.HeldBudgets))
	}
	for attempt := 1; ; attempt++ {
		answer, err := writeArea(ctx, s, step, begun, beginBudgets, apply)
		if attempt == mostBudgetConflicts || !conflicts(err, budgetCurrent) {
			return answer, err
		}
	}
}

func applyBudgets(ctx context.Context, queries *gen.Queries, w writing, ticket int64, plan care.ID, decision care.BudgetsDecision) (json.RawMessage, error) {
	return queries.ApplyBudgets(ctx, gen.ApplyBudgetsParams{
		OrganisationID: w.OrganisationID, RunID: w.RunID, PersonID: w.PersonID, AsOf: w.asOf, InLedger: w.inLedger, Ticket: ticket,
		Answer: object(decision.Answer), Issues: list(decision.Issues), Changes: list(decision.Changes), Holds: list(decision.Holds),
		PlanID: plan, Budgets: list(decision.Budgets.Write), RemovedBudgets: decision.Budgets.Remove,
		ListedTwice: texts(decision.ListedTwice), LearnedConnection: optional.Of(decision.LearnedConnection),
	})
}

const (
	// budgetCurrent is the rule that a budget stands with one person at a time.
	budgetCurrent = "budget_current"
	// mostBudgetConflicts is how often a list of budgets is written while others keep taking its budgets.
	mostBudgetConflicts = 5
)

func budgetsOfOthers(ctx context.Context, queries *gen.Queries, step Step, ticket int64, listed []string) (others care.BudgetsOfOthers, err error) {
	stored, err := queries.BudgetsOfOthers(ctx, gen.BudgetsOfOthersParams{
		OrganisationID: step.OrganisationID, PersonID: step.PersonID, Listed: texts(listed), Ticket: ticket,
	})
	if err != nil {
		return others, err
	}
	return others, json.Unmarshal(stored, &others)
}

// texts are never NULL to PostgreSQL.
func texts(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

// planOf is the plan that the records of a step belong to. The summary's step has made it before any other.
func planOf(plan *care.Plan) (care.ID, error) {
	if plan == nil {
		return "", errors.New("the person has no plan yet: the summary must be saved first")
	}
	return plan.ID, nil
}

// writeArea is the transaction of a step: pass the fence, compare with what stands, apply. Where a newer read has been written
// meanwhile, nothing changes and the area is superseded (R7); where an older one has, what we hold is read again.
func writeArea[H any](
	ctx context.Context, s *Store, step Step, begun StepStart[H],
	reread func(context.Context, *gen.Queries, Step) (StepStart[H], error),
	apply func(*gen.Queries, H) (json.RawMessage, error),
) (care.AreaResult, error) {
	var stored json.RawMessage
	err := s.inTransaction(ctx, "write the "+string(step.Area), func(queries *gen.Queries) error {
		previous, err := queries.PassAreaFence(ctx, gen.PassAreaFenceParams{
			OrganisationID: step.OrganisationID, PersonID: step.PersonID, Area: string(step.Area), Ticket: begun.Ticket, AsOf: begun.BeganAt,
		})
		if errors.Is(err, pgx.ErrNoRows) {
			stored, err = recordSuperseded(ctx, queries, step, begun.BeganAt)
			return err
		}
		if err != nil {
			return err
		}
		held := begun.Held
		if previous != begun.fences.Area {
			again, err := reread(ctx, queries, step)
			if err != nil {
				return err
			}
			held = again.Held
		}
		stored, err = apply(queries, held)
		return err
	})
	if err != nil {
		return care.AreaResult{}, err
	}
	return decodeAnswer(stored)
}

func decodeAnswer(stored json.RawMessage) (answer care.AreaResult, err error) {
	err = json.Unmarshal(stored, &answer)
	return answer, err
}

func recordSuperseded(ctx context.Context, queries *gen.Queries, step Step, asOf time.Time) (json.RawMessage, error) {
	return queries.RefuseStep(ctx, refusal(step.at(asOf), care.Superseded(), nil))
}

func refusal(w writing, answer care.AreaResult, issues []care.Issue) gen.RefuseStepParams {
	return gen.RefuseStepParams{
		OrganisationID: w.OrganisationID, RunID: w.RunID, PersonID: w.PersonID, Area: string(w.Area), Chunk: int32(w.Chunk),
		Answer: object(answer), AsOf: w.asOf, Issues: list(issues), Today: w.Today, InLedger: w.inLedger,
	}
}

// Refuse records that an area was refused, and why. Figures stay as they are. A person who is no longer in the summary is marked
// as not in care (R19).
func (s *Store) Refuse(ctx context.Context, step Step, read Read, reason care.Reason, issues []care.Issue) (care.AreaResult, error) {
	refused := refusal(step.at(read.BeganAt), care.Refused(reason), issues)
	if step.leavesCare(reason) {
		return s.refuseAsNotInCare(ctx, step, read, refused)
	}
	stored, err := s.queries.RefuseStep(ctx, refused)
	if err != nil {
		return care.AreaResult{}, MapError("record the refusal", err)
	}
	return decodeAnswer(stored)
}

// leavesCare reports whether a refusal says that the person is not in care any more (R19).
func (s Step) leavesCare(reason care.Reason) bool {
	return s.Area == care.AreaSummary && reason == care.ReasonNotFound && s.Verified
}

// refuseAsNotInCare is a write like any other: where a newer read has been written meanwhile, it changes nothing (R7).
func (s *Store) refuseAsNotInCare(ctx context.Context, step Step, read Read, refused gen.RefuseStepParams) (care.AreaResult, error) {
	var stored json.RawMessage
	err := s.inTransaction(ctx, "record that the person was not found", func(queries *gen.Queries) error {
		passed, err := queries.PassFenceAlone(ctx, gen.PassFenceAloneParams{
			OrganisationID: step.OrganisationID, PersonID: step.PersonID, Area: string(step.Area), Ticket: read.Ticket,
		})
		if err != nil {
			return err
		}
		if passed == 0 {
			stored, err = recordSuperseded(ctx, queries, step, read.BeganAt)
			return err
		}
		refused.NotInCare = true
		stored, err = queries.RefuseStep(ctx, refused)
		return err
	})
	if err != nil {
		return care.AreaResult{}, err
	}
	return decodeAnswer(stored)
}

// BeginUsage begins the step that reads the usage of some budgets.
func (s *Store) BeginUsage(ctx context.Context, step Step, budgets []care.ID) (StepStart[care.HeldUsage], error) {
	return beginUsage(ctx, s.queries, step, budgets)
}

func beginUsage(ctx context.Context, queries *gen.Queries, step Step, budgets []care.ID) (StepStart[care.HeldUsage], error) {
	row, err := queries.BeginUsage(ctx, gen.BeginUsageParams{
		OrganisationID: step.OrganisationID, RunID: step.RunID, PersonID: step.PersonID, ConnectionID: step.ConnectionID,
		Chunk: int32(step.Chunk), BudgetIds: budgets,
	})
	return decodeStepStart[care.HeldUsage](row.Begin, row.Held, err)
}

// WriteUsage applies what decide makes of some budgets' details and what we hold. Each budget has a fence of its own: where a newer
// read of a budget has been written meanwhile, that budget is left alone (R7). The refused ones keep their figures, and why is noted (R6).
func (s *Store) WriteUsage(
	ctx context.Context, step Step, begun StepStart[care.HeldUsage], details map[care.ID]care.BudgetDetails, refused []care.BudgetRefusal,
	decide func(care.HeldUsage, map[care.ID]care.BudgetDetails) care.UsageDecision,
) (care.AreaResult, error) {
	var stored json.RawMessage
	budgets := slices.Sorted(maps.Keys(details))
	err := s.inTransaction(ctx, "write the usage", func(queries *gen.Queries) error {
		passed, err := queries.PassUsageFences(ctx, gen.PassUsageFencesParams{
			OrganisationID: step.OrganisationID, Ticket: begun.Ticket, AsOf: begun.BeganAt, BudgetIds: budgets,
		})
		if err != nil {
			return err
		}
		if len(refused) > 0 {
			noted := gen.NoteUsageRefusalsParams{OrganisationID: step.OrganisationID, Refused: list(refused), Since: begun.BeganAt}
			if err := queries.NoteUsageRefusals(ctx, noted); err != nil {
				return err
			}
		}
		if len(passed) == 0 && len(budgets) > 0 && len(refused) == 0 {
			stored, err = recordSuperseded(ctx, queries, step, begun.BeganAt)
			return err
		}
		held, err := heldBehindFences(ctx, queries, step, begun, passed)
		if err != nil {
			return err
		}
		writable := make(map[care.ID]care.BudgetDetails, len(passed))
		for _, fence := range passed {
			writable[fence.BudgetID] = details[fence.BudgetID]
		}
		if held.Billing, err = billingOf(ctx, queries, step.OrganisationID, linkable(held, writable)); err != nil {
			return err
		}
		stored, err = applyUsage(ctx, queries, step.at(begun.BeganAt), slices.Sorted(maps.Keys(writable)), decide(held, writable))
		return err
	})
	if err != nil {
		return care.AreaResult{}, err
	}
	return decodeAnswer(stored)
}

// linkable are the usage lines whose links a write decides.
func linkable(held care.HeldUsage, details map[care.ID]care.BudgetDetails) []care.UsageLine {
	lines := slices.Clone(held.Usage)
	for _, detail := range details {
		lines = append(lines, detail.Usage...)
	}
	return lines
}

// heldBehindFences is what we hold of the budgets now that their fences are locked.
func heldBehindFences(ctx context.Context, queries *gen.Queries, step Step, begun StepStart[care.HeldUsage], passed []gen.PassUsageFencesRow) (care.HeldUsage, error) {
	for _, fence := range passed {
		if fence.PreviousTicket == begun.fences.Usage[fence.BudgetID] {
			continue
		}
		again, err := beginUsage(ctx, queries, step, budgetIDs(begun.Held.Budgets))
		return again.Held, err
	}
	return begun.Held, nil
}

func budgetIDs(budgets []care.Budget) (ids []care.ID) {
	for _, budget := range budgets {
		ids = append(ids, budget.ID)
	}
	return ids
}

func applyUsage(ctx context.Context, queries *gen.Queries, w writing, budgets []care.ID, decision care.UsageDecision) (json.RawMessage, error) {
	return queries.ApplyUsage(ctx, gen.ApplyUsageParams{
		OrganisationID: w.OrganisationID, RunID: w.RunID, PersonID: w.PersonID, Chunk: int32(w.Chunk), AsOf: w.asOf, InLedger: w.inLedger,
		Answer: object(decision.Answer), Issues: list(decision.Issues), Changes: list(decision.Changes), Holds: list(decision.Holds),
		Entitlements: list(decision.Entitlements.Write), RemovedEntitlements: decision.Entitlements.Remove,
		Usage: list(decision.Usage.Write), RemovedUsage: decision.Usage.Remove, Links: list(decision.Links),
		BudgetIds: budgets, UsageAmounts: list(decision.Amounts),
	})
}
