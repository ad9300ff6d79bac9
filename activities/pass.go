package activities

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.temporal.io/sdk/activity"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// passSyncer makes the syncs of a bulk run: each begins with one statement, reads from the government, and writes everything in one transaction. What cannot
// be written at once is written one area at a time, as a sync of a person's own does it.
type passSyncer struct{ *CareRecipient }

// SyncOnce is Sync with one pass that writes once.
func (c *CareRecipient) SyncOnce(ctx context.Context, runID care.ID, request care.Request) (care.RunResult, error) {
	made, err := passSyncer{c}.sync(ctx, runID, request)
	if err != nil {
		return care.RunResult{}, err
	}
	if made.recorded != nil {
		return *made.recorded, nil
	}
	return c.runs.CompleteRun(context.WithoutCancel(ctx), made.CompleteInput)
}

func (c passSyncer) sync(ctx context.Context, runID care.ID, request care.Request) (syncResult, error) {
	validated := protocol.ValidateInput{Request: request, RunID: runID, WorkflowID: bulkWorkflowID(request), At: c.store.Now()}
	start, err := c.store.BeginPass(ctx, request.OrganisationID, request.PersonID, runID, request.AllBudgets, validated.At)
	if err != nil {
		return syncResult{}, err
	}
	scope := scopeOf(validated, start.RunScopeRecord, start.Started)
	pass := &passSteps{ctx: ctx, steps: c.CareRecipient, failed: &failures{}, Pass: db.Pass{Scope: scope, Start: start, Run: db.RunStart{
		ID: runID, Request: request, Kind: care.RunCareRecipient, WorkflowID: validated.WorkflowID, StartedAt: validated.At,
	}}}
	areas := care.SyncCareRecipient(pass, scope)
	if db.OfAnotherDeployment(pass.failed.first) { // whose rows are not ours to write
		return syncResult{CompleteInput: protocol.CompleteInput{Scope: scope, Areas: areas}, failure: pass.failed.first}, nil
	}
	made, err := syncResult{}, error(nil)
	switch {
	case pass.apart:
		err = db.ErrPassNotAlone
	case pass.failed.first != nil:
		made, err = pass.leave(ctx)
	default:
		made, err = pass.write(ctx)
	}
	if err == nil || db.Away(err) {
		return made, err
	}
	if activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Info("a person's records are written one area at a time", "run_id", runID, "because", err)
	}
	return c.CareRecipient.sync(ctx, runID, request)
}

// passSteps are one pass over one person: care.Steps that read and decide, and leave the writing to the end.
type passSteps struct {
	ctx    context.Context
	steps  *CareRecipient
	failed *failures
	// apart: something of it can only be written one area at a time.
	apart bool

	mu sync.Mutex
	db.Pass
	// budgets are those of the person as the list of budgets leaves them.
	budgets []care.Budget
	waits   []waiting
	answers map[place]care.AreaResult
}

// waiting is a step that could not be made now.
type waiting struct {
	step db.Step
	err  error
}

// write writes the pass with its run.
func (p *passSteps) write(ctx context.Context) (syncResult, error) {
	made := syncResult{CompleteInput: protocol.CompleteInput{Scope: p.Scope}}
	result, err := p.steps.store.WritePass(ctx, p.Pass, func(usage []care.AreaResult) (care.RunResult, []care.Issue) {
		made.Areas = p.told(usage)
		return concluded(made.CompleteInput)
	})
	if err != nil && !errors.Is(err, db.ErrRunEnded) { // another attempt at the run was faster: the person is settled with what that one wrote
		return syncResult{}, err
	}
	if result.PlanID = p.Scope.PlanID; p.Plan != nil {
		result.PlanID = p.Plan.Plan.ID
	}
	made.recorded = &result
	return made, nil
}

// leave writes what there is, for a later attempt to go on from, and notes what the pass waits for.
func (p *passSteps) leave(ctx context.Context) (syncResult, error) {
	usage, err := p.steps.store.LeavePass(ctx, p.Pass)
	if err != nil {
		return syncResult{}, err
	}
	made := syncResult{failure: p.failed.first}
	made.Scope, made.Areas = p.Scope, p.told(usage)
	for _, waits := range p.waits {
		if err := noteRetry(ctx, p.steps.store, waits.step, waits.err); err != nil {
			return syncResult{}, err
		}
	}
	return made, nil
}

// UpsertPlan reads the summary.
func (p *passSteps) UpsertPlan(scope care.RunScope) care.AreaResult {
	step := db.Step{RunScope: scope, Area: care.AreaSummary}
	return p.answered(step, p.upsertPlan(step))
}

func (p *passSteps) upsertPlan(step db.Step) care.AreaResult {
	begun := p.Start.Plan(step)
	if begun.Answer != nil {
		return *begun.Answer
	}
	read, err := p.steps.readPlan(p.ctx, step, begun)
	if err != nil {
		return p.failure(step, err)
	}
	if read.refusal != "" {
		return p.refuse(step, read.refusal, read.issues)
	}
	decision := read.decide(begun.Held)
	p.Plan = &decision
	return decision.Answer
}

// RecreateContributions reads the contributions.
func (p *passSteps) RecreateContributions(scope care.RunScope) care.AreaResult {
	step := db.Step{RunScope: scope, Area: care.AreaContributions}
	return p.answered(step, p.recreateContributions(step))
}

func (p *passSteps) recreateContributions(step db.Step) care.AreaResult {
	begun := p.Start.Contributions(step)
	if begun.Answer != nil {
		return *begun.Answer
	}
	decide, err := p.steps.readContributions(p.ctx, step, begun)
	if err != nil {
		return p.failure(step, err)
	}
	decision := decide(begun.Held.HeldContributions)
	p.Contributions = &decision
	return decision.Answer
}

// FetchBudgets reads the list of budgets.
func (p *passSteps) FetchBudgets(scope care.RunScope) care.AreaResult {
	step := db.Step{RunScope: scope, Area: care.AreaBudgets}
	return p.answered(step, p.fetchBudgets(step))
}

func (p *passSteps) fetchBudgets(step db.Step) care.AreaResult {
	begun := p.Start.Budgets(step)
	p.budgets = begun.Held.Budgets
	if begun.Answer != nil {
		return *begun.Answer
	}
	listed, decide, err := p.steps.readBudgets(p.ctx, step, begun)
	if err != nil {
		return p.failure(step, err)
	}
	decision := decide(begun.Held.HeldBudgets)
	p.Budgets, p.Listed, p.budgets = &decision, listed, decision.Budgets.After
	return decision.Answer
}

// FetchUsage reads the details of some budgets. What they come to is decided when they are written: until then, the answer has no counts.
func (p *passSteps) FetchUsage(scope care.RunScope, chunk int, budgets []care.ID) care.AreaResult {
	step := db.Step{RunScope: scope, Area: care.AreaUsage, Chunk: chunk}
	return p.answered(step, p.fetchUsage(step, budgets))
}

func (p *passSteps) fetchUsage(step db.Step, ids []care.ID) care.AreaResult {
	if answer := p.Start.Answer(step.Area, step.Chunk); answer != nil {
		return *answer
	}
	var budgets []care.Budget
	for _, budget := range p.budgets {
		if slices.Contains(ids, budget.ID) {
			budgets = append(budgets, budget)
		}
	}
	begun, known := p.Start.Usage(step, budgets)
	if !known {
		p.apart = true
		return care.Skipped(care.ReasonSuperseded)
	}
	read, err := p.steps.readDetails(p.ctx, step, begun)
	if err != nil {
		return p.failure(step, err)
	}
	p.Usage = append(p.Usage, db.PassUsage{Chunk: step.Chunk, Held: begun.Held, Details: read.byBudget, Refused: read.refused, Decide: read.decide})
	undecided := care.UsageDecision{Decision: care.Decision{Answer: care.AreaResult{Outcome: care.AreaSucceeded}}}
	return undecided.Refusing(read.refused).Answer
}

// Both does two things at the same time.
func (p *passSteps) Both(first, second func(care.Steps)) {
	var group sync.WaitGroup
	group.Go(func() { first(p) })
	group.Go(func() { second(p) })
	group.Wait()
}

// failure is what a step comes to that the government did not answer as it should: its no, or a technical reason.
func (p *passSteps) failure(step db.Step, err error) care.AreaResult {
	if no := finalNo(err); no != nil {
		reason, issue := refusalOf(step.Area, p.Start.Person(), no)
		return p.refuse(step, reason, []care.Issue{issue})
	}
	if !errors.Is(err, errWouldLoseContributions) {
		p.mu.Lock()
		p.waits = append(p.waits, waiting{step, err})
		p.mu.Unlock()
	}
	return directSteps{failed: p.failed}.areaResult(care.AreaResult{}, err)
}

func (p *passSteps) refuse(step db.Step, reason care.Reason, issues []care.Issue) care.AreaResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Refused = append(p.Refused, db.PassRefusal{Area: step.Area, Chunk: step.Chunk, Reason: reason, Issues: issues})
	return care.Refused(reason)
}

// answered keeps what a step came to.
func (p *passSteps) answered(step db.Step, answer care.AreaResult) care.AreaResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers == nil {
		p.answers = make(map[place]care.AreaResult)
	}
	p.answers[place{step.Area, step.Chunk}] = answer
	return answer
}

// told is the story of the pass told again, with what the details of budgets came to when they were written.
func (p *passSteps) told(usage []care.AreaResult) map[care.Area]care.AreaResult {
	for i, read := range p.Usage {
		p.answers[place{care.AreaUsage, read.Chunk}] = usage[i]
	}
	return care.SyncCareRecipient(retold(p.answers), p.Scope)
}

// place is a step of a pass.
type place struct {
	area  care.Area
	chunk int
}

// retold are care.Steps that answer what is known already.
type retold map[place]care.AreaResult

func (r retold) UpsertPlan(care.RunScope) care.AreaResult { return r[place{area: care.AreaSummary}] }

func (r retold) RecreateContributions(care.RunScope) care.AreaResult {
	return r[place{area: care.AreaContributions}]
}

func (r retold) FetchBudgets(care.RunScope) care.AreaResult { return r[place{area: care.AreaBudgets}] }

func (r retold) FetchUsage(_ care.RunScope, chunk int, _ []care.ID) care.AreaResult {
	return r[place{care.AreaUsage, chunk}]
}

func (r retold) Both(first, second func(care.Steps)) {
	first(r)
	second(r)
}
