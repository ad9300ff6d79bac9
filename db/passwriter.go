package db

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// passWriter writes a pass: queries answer at once, queued ones are sent together at the end.
type passWriter struct {
	Pass
	queries *gen.Queries
	later   *gen.Queries
	// inLedger: the areas' answers stand in the ledger, and not with the run, since the pass leaves or an earlier attempt has left some there.
	inLedger bool
}

// inPass passes the fences, decides what depends on others, records the run, and writes the areas.
func (s *Store) inPass(ctx context.Context, pass Pass, leaves bool, record func(*passWriter, []care.AreaResult) error) error {
	return s.inTx(ctx, "write the pass", func(tx pgx.Tx) error {
		var later queue
		w := &passWriter{Pass: pass, queries: s.queries.WithTx(tx), later: gen.New(&later), inLedger: leaves || len(pass.Start.held.Steps) > 0}
		if err := w.passFences(ctx); err != nil {
			return err
		}
		if err := w.holdsNoOthers(ctx); err != nil {
			return err
		}
		usage, err := w.decideUsage(ctx)
		if err != nil {
			return err
		}
		answers := make([]care.AreaResult, len(usage))
		for i, decision := range usage {
			answers[i] = decision.Answer
		}
		if err := record(w, answers); err != nil {
			return err
		}
		if err := w.apply(ctx, usage); err != nil {
			return err
		}
		return later.send(ctx, tx)
	})
}

// passFences passes the fences of all that is written. One that has moved since the pass began is a reason to write one area at a time.
func (w *passWriter) passFences(ctx context.Context) error {
	held := w.Start.held
	var areas []string
	for area, written := range map[care.Area]bool{
		care.AreaSummary: w.Plan != nil, care.AreaContributions: w.Contributions != nil, care.AreaBudgets: w.Budgets != nil,
	} {
		if written {
			areas = append(areas, string(area))
		}
	}
	known := w.budgetsWithUsage(true)
	rows, err := w.queries.PassFences(ctx, gen.PassFencesParams{
		OrganisationID: w.Scope.OrganisationID, PersonID: w.Scope.PersonID, Ticket: w.Start.Ticket, AsOf: w.Start.BeganAt,
		Areas: texts(areas), BudgetIds: known, LinksUsage: len(w.Usage) > 0,
	})
	if err != nil {
		return err
	}
	if len(rows) != len(areas)+len(known) {
		return ErrPassNotAlone
	}
	for _, row := range rows {
		if row.PreviousTicket != held.ticketAt(row.Fence) {
			return ErrPassNotAlone
		}
	}
	return w.passDeparture(ctx)
}

// ticketAt is the ticket that stood at a fence when the pass began: an area's, or that of a budget's usage.
func (h heldOfPerson) ticketAt(fence string) int64 {
	if ticket, ofArea := h.Fences[care.Area(fence)]; ofArea {
		return ticket
	}
	return h.UsageFences[care.ID(fence)]
}

// passDeparture passes the fence of a summary that no longer has the person, whose records stay as of the time they have.
func (w *passWriter) passDeparture(ctx context.Context) error {
	for _, refused := range w.Refused {
		if !(Step{RunScope: w.Scope, Area: refused.Area}).leavesCare(refused.Reason) {
			continue
		}
		passed, err := w.queries.PassFenceAlone(ctx, gen.PassFenceAloneParams{
			OrganisationID: w.Scope.OrganisationID, PersonID: w.Scope.PersonID, Area: string(refused.Area), Ticket: w.Start.Ticket,
		})
		if err != nil {
			return err
		}
		if passed == 0 {
			return ErrPassNotAlone
		}
	}
	return nil
}

// budgetsWithUsage are the budgets whose usage was read, in the order of their ids: those that were held when the pass began, or those that
// are new.
func (w *passWriter) budgetsWithUsage(held bool) []care.ID {
	ids := []care.ID{}
	for _, usage := range w.Usage {
		for id := range usage.Details {
			known := slices.ContainsFunc(w.Start.held.Budgets, func(budget heldBudget) bool { return budget.ID == id })
			if known == held {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// holdsNoOthers sees to it that the budgets are no one else's: what is, is decided budget by budget (R32).
func (w *passWriter) holdsNoOthers(ctx context.Context) error {
	if w.Budgets == nil {
		return nil
	}
	others, err := budgetsOfOthers(ctx, w.queries, Step{RunScope: w.Scope}, w.Start.Ticket, w.Listed)
	if err != nil {
		return err
	}
	if !others.None() {
		return ErrPassNotAlone
	}
	return nil
}

// decideUsage decides what the usage changes, with our billing as no import can change it any more (R17).
func (w *passWriter) decideUsage(ctx context.Context) ([]care.UsageDecision, error) {
	decisions := make([]care.UsageDecision, 0, len(w.Usage))
	for _, usage := range w.Usage {
		var err error
		if usage.Held.Billing, err = billingOf(ctx, w.queries, w.Scope.OrganisationID, linkable(usage.Held, usage.Details)); err != nil {
			return nil, err
		}
		decisions = append(decisions, usage.Decide(usage.Held, usage.Details))
	}
	return decisions, nil
}

// writing is an area of the pass.
func (w *passWriter) writing(area care.Area, chunk int) writing {
	return writing{Step: Step{RunScope: w.Scope, Area: area, Chunk: chunk}, asOf: w.Start.BeganAt, inLedger: w.inLedger}
}

// apply queues what has changed, one area at a time, and what there is to say of an area.
func (w *passWriter) apply(ctx context.Context, usage []care.UsageDecision) error {
	plan := w.Start.PlanID
	if w.Plan != nil {
		plan = w.Plan.Plan.ID
		w.Plan.Holds = w.holdsToWrite(w.Plan.Holds)
		if w.inLedger || w.Plan.Writes() || w.Start.held.Person.VerifiedAt == nil {
			if _, err := applyPlan(ctx, w.later, w.writing(care.AreaSummary, 0), w.Start.held.Person, *w.Plan); err != nil {
				return err
			}
		}
	}
	if w.Contributions != nil { // which are recreated every time (R16)
		w.Contributions.Holds = w.holdsToWrite(w.Contributions.Holds)
		if _, err := applyContributions(ctx, w.later, w.writing(care.AreaContributions, 0), plan, *w.Contributions); err != nil {
			return err
		}
	}
	if w.Budgets != nil {
		w.Budgets.Holds = w.holdsToWrite(w.Budgets.Holds)
		if w.inLedger || w.Budgets.Writes() || w.Start.held.ListedTwice {
			if _, err := applyBudgets(ctx, w.later, w.writing(care.AreaBudgets, 0), w.Start.Ticket, plan, *w.Budgets); err != nil {
				return err
			}
		}
	}
	if err := w.applyUsages(ctx, usage); err != nil {
		return err
	}
	return w.applyRefusals(ctx)
}

func (w *passWriter) applyUsages(ctx context.Context, decisions []care.UsageDecision) error {
	if fresh := w.budgetsWithUsage(false); len(fresh) > 0 {
		err := w.later.PassNewUsageFences(ctx, gen.PassNewUsageFencesParams{
			OrganisationID: w.Scope.OrganisationID, Ticket: w.Start.Ticket, AsOf: w.Start.BeganAt, BudgetIds: fresh,
		})
		if err != nil {
			return err
		}
	}
	for i, usage := range w.Usage {
		if len(usage.Refused) > 0 {
			noted := gen.NoteUsageRefusalsParams{OrganisationID: w.Scope.OrganisationID, Refused: list(usage.Refused), Since: w.Start.BeganAt}
			if err := w.later.NoteUsageRefusals(ctx, noted); err != nil {
				return err
			}
		}
		decision := decisions[i]
		decision.Holds, decision.Amounts = w.holdsToWrite(decision.Holds), w.amountsToWrite(decision.Amounts)
		if !w.inLedger && !decision.Writes() {
			continue
		}
		budgets := slices.Sorted(maps.Keys(usage.Details))
		if _, err := applyUsage(ctx, w.later, w.writing(care.AreaUsage, usage.Chunk), budgets, decision); err != nil {
			return err
		}
	}
	return nil
}

func (w *passWriter) applyRefusals(ctx context.Context) error {
	for _, refused := range w.Refused {
		writing := w.writing(refused.Area, refused.Chunk)
		parameters := refusal(writing, care.Refused(refused.Reason), refused.Issues)
		parameters.NotInCare = writing.leavesCare(refused.Reason)
		if _, err := w.later.RefuseStep(ctx, parameters); err != nil {
			return err
		}
	}
	return nil
}

// holdsToWrite leaves out that a list has no hold, where none is open.
func (w *passWriter) holdsToWrite(holds []care.RemovalHold) (written []care.RemovalHold) {
	for _, hold := range holds {
		open := slices.ContainsFunc(w.Start.held.Holds, func(held care.OpenRemovalHold) bool {
			return held.Kind == hold.Kind && held.BudgetID == hold.BudgetID
		})
		if hold.Records > 0 || open {
			written = append(written, hold)
		}
	}
	return written
}

// amountsToWrite are the usage amounts that differ from those that are held.
func (w *passWriter) amountsToWrite(amounts []care.BudgetUsageAmount) (written []care.BudgetUsageAmount) {
	for _, amount := range amounts {
		at := slices.IndexFunc(w.Start.held.Budgets, func(held heldBudget) bool { return held.ID == amount.BudgetID })
		if at >= 0 && sameAmount(w.Start.held.Budgets[at].UsageAmount, amount.Amount) {
			continue
		}
		written = append(written, amount)
	}
	return written
}

func sameAmount(a, b decimal.NullDecimal) bool {
	return a.Valid == b.Valid && (!a.Valid || a.Decimal.Equal(b.Decimal))
}

// recordPass records the run with its end, and settles the person of the bulk run.
func (w *passWriter) recordPass(ctx context.Context, result care.RunResult, issues []care.Issue) error {
	run := w.Run
	recorded, err := w.queries.RecordPass(ctx, gen.RecordPassParams{
		ID: run.ID, OrganisationID: run.OrganisationID, PersonID: run.PersonID, Trigger: string(run.Trigger), RequestedBy: run.RequestedBy,
		AllBudgets: run.AllBudgets, WorkflowID: run.WorkflowID, StartedAt: run.StartedAt, BulkID: optional.Of(run.BulkID),
		Outcome: string(result.Outcome), Reason: string(result.Reason), Warnings: int32(result.Warnings), Counts: object(result.Counts),
		Areas: object(w.answersWithRun(result.Areas)), ReadAt: w.Start.BeganAt, Announces: w.announces(result),
	})
	if err != nil {
		return err
	}
	if recorded == 0 {
		return ErrRunEnded
	}
	if len(issues) == 0 {
		return nil
	}
	return w.later.RecordIssues(ctx, gen.RecordIssuesParams{OrganisationID: run.OrganisationID, RunID: run.ID, Issues: list(issues)})
}

// answersWithRun are the answers that stand with the run: those that the ledger does not have. Which budgets are open is the steps' own business.
func (w *passWriter) answersWithRun(areas map[care.Area]care.AreaResult) map[care.Area]care.AreaResult {
	answers := make(map[care.Area]care.AreaResult, len(areas))
	for area, answer := range areas {
		if w.Start.Answer(area, 0) == nil && !(w.inLedger && w.writes(area)) {
			answer.OpenBudgets = nil
			answers[area] = answer
		}
	}
	return answers
}

// writes reports whether the pass writes an area.
func (w *passWriter) writes(area care.Area) bool {
	refused := slices.ContainsFunc(w.Refused, func(refused PassRefusal) bool { return refused.Area == area })
	return refused || area == care.AreaSummary && w.Plan != nil || area == care.AreaContributions && w.Contributions != nil ||
		area == care.AreaBudgets && w.Budgets != nil || area == care.AreaUsage && len(w.Usage) > 0
}

// announces reports whether there is something to announce: a change, or an outcome that is not the usual one.
func (w *passWriter) announces(result care.RunResult) bool {
	changed := result.Outcome != care.RunSucceeded && result.Outcome != care.RunSucceededWithWarnings
	for _, count := range result.Counts {
		changed = changed || count.Changed()
	}
	return changed || w.Plan != nil && len(w.Plan.Changes) > 0
}
