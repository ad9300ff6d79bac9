package workflows

import (
	"errors"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// CareRecipientSync keeps one person's Support at Home plan in step with Services Australia (docs/spec/care-recipient-sync.md). One run is one pass; whoever
// asks for the person while a pass runs joins it, or causes one more pass (R7). It completes with the outcome of the pass, also where
// the government refused; it fails only where nothing could be saved for a technical reason (R6).
func CareRecipientSync(ctx workflow.Context, input protocol.CareRecipientSyncInput) (care.RunResult, error) {
	pass, err := newCareRecipientPass(ctx, input)
	if err != nil {
		return care.RunResult{}, err
	}
	return pass.run(ctx)
}

// careRecipientPass is one pass over one person.
type careRecipientPass struct {
	input    protocol.CareRecipientSyncInput
	runID    care.ID
	steps    steps
	requests workflow.ReceiveChannel
	progress *progress
	// first are the requests that had arrived before the first step, missed those of them that this pass does not answer.
	first, missed []protocol.SyncRequest
	// cancelled is decided when the outcome is recorded: a cancellation that comes later has nothing left to stop.
	cancelled bool
}

func newCareRecipientPass(ctx workflow.Context, input protocol.CareRecipientSyncInput) (*careRecipientPass, error) {
	info := workflow.GetInfo(ctx)
	pass := &careRecipientPass{
		input: input,
		// The original run id is kept by a reset, so that steps which were done before it answer from the ledger.
		runID:    care.ID(info.OriginalRunID),
		steps:    steps{queues: protocol.TaskQueues{Prefix: input.TaskQueuePrefix}},
		requests: workflow.GetSignalChannel(ctx, protocol.SyncRequested.Name),
	}
	// Whatever was asked before the first step belongs to this pass.
	pass.first = pass.drain()
	pass.input.Request = merge(input.Request, pass.first)
	pass.progress = newProgress(care.RunCareRecipient, pass.runID, input.Pass, pass.input.Trigger)
	return pass, workflow.SetQueryHandler(ctx, protocol.ProgressQuery, pass.progress.answer)
}

func (p *careRecipientPass) run(ctx workflow.Context) (care.RunResult, error) {
	subject, err := p.validate(ctx)
	if err != nil {
		return p.neverBegan(ctx, err)
	}
	if subject.Again {
		// A reset brings what was asked while the pass ran to its beginning, and its steps answer from what they had read by then.
		p.missed = p.first
	}
	areas := care.SyncCareRecipient(passSteps{pass: p, ctx: ctx}, subject)
	result, err := p.complete(ctx, subject, areas)
	if err != nil {
		return care.RunResult{}, p.unlessAskedAgain(ctx, err)
	}
	return p.end(ctx, result)
}

func (p *careRecipientPass) validate(ctx workflow.Context) (care.RunScope, error) {
	p.progress.show(ctx)
	return p.steps.validateCareRecipient(ctx, protocol.ValidateInput{
		Request: p.input.Request, RunID: p.runID, WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, At: workflow.Now(ctx),
	})
}

// neverBegan ends a pass whose first step gave up or was cancelled. Where someone follows the run, its row says so.
func (p *careRecipientPass) neverBegan(ctx workflow.Context, err error) (care.RunResult, error) {
	subject := care.RunScope{RunID: p.runID, OrganisationID: p.input.OrganisationID, PersonID: p.input.PersonID}
	areas := map[care.Area]care.AreaResult{care.AreaSummary: failedValidation(err)}
	if _, recording := p.complete(ctx, subject, areas); recording != nil {
		workflow.GetLogger(ctx).Warn("the run could not be recorded", "run", p.runID)
	}
	return care.RunResult{}, p.unlessAskedAgain(ctx, err)
}

// unlessAskedAgain is the error that a pass ends with, unless someone has asked for a further pass meanwhile (R7).
func (p *careRecipientPass) unlessAskedAgain(ctx workflow.Context, err error) error {
	if p.cancelled {
		return err
	}
	if further := p.furtherRequests(p.drain()); len(further) > 0 {
		return workflow.NewContinueAsNewError(ctx, protocol.CareRecipientSyncWorkflow, p.nextPass(further))
	}
	return err
}

// complete records the outcome, also after a cancellation.
func (p *careRecipientPass) complete(ctx workflow.Context, subject care.RunScope, areas map[care.Area]care.AreaResult) (care.RunResult, error) {
	completing, _ := workflow.NewDisconnectedContext(ctx)
	in := protocol.CompleteInput{Scope: subject, Areas: areas}
	if p.cancelled = ctx.Err() != nil; p.cancelled {
		in.DroppedRequests = len(p.furtherRequests(p.drain()))
	}
	result, err := p.steps.completeRun(completing, in)
	if err != nil {
		return care.RunResult{}, err
	}
	p.progress.finish(completing, result)
	return result, workflow.UpsertTypedSearchAttributes(completing, outcomeAttributes(care.RunCareRecipient, result)...)
}

// outcomeAttributes tell operators how a run ended and where it went wrong.
func outcomeAttributes(kind care.RunKind, result care.RunResult) []temporal.SearchAttributeUpdate {
	failed := int64(0)
	updates := []temporal.SearchAttributeUpdate{protocol.SearchOutcome.ValueSet(string(result.Outcome))}
	for _, area := range kind.Areas() {
		if outcome := result.Areas[area].Outcome; outcome == care.AreaRefused || outcome == care.AreaFailed {
			if failed == 0 {
				updates = append(updates, protocol.SearchArea.ValueSet(string(area)))
			}
			failed++
		}
	}
	return append(updates, protocol.SearchFailedCount.ValueSet(failed))
}

// end drains the requests once more, with nothing blocking between that and the end of the run, so that none is lost: if one of them
// asks for more than this pass did, the next pass begins (R7).
func (p *careRecipientPass) end(ctx workflow.Context, result care.RunResult) (care.RunResult, error) {
	if p.cancelled {
		return result, ctx.Err()
	}
	var failure error
	if result.TechnicalFailure() {
		failure = temporal.NewNonRetryableApplicationError("nothing could be saved: "+string(result.Reason), protocol.ErrorSyncFailed, nil)
	}
	return result, p.unlessAskedAgain(ctx, failure)
}

// drain takes all requests that have arrived.
func (p *careRecipientPass) drain() []protocol.SyncRequest {
	return drain[protocol.SyncRequest](p.requests)
}

// furtherRequests are those that this pass does not satisfy: a claim event that arrived while it ran, a request for what begins
// later, and a request for more than it does. Anyone else has joined this pass (R7).
func (p *careRecipientPass) furtherRequests(requests []protocol.SyncRequest) (further []protocol.SyncRequest) {
	for _, request := range slices.Concat(p.missed, requests) {
		if request.Trigger == care.TriggerClaim || request.Fresh || request.AllBudgets && !p.input.AllBudgets {
			further = append(further, request)
		}
	}
	return further
}

// nextPass is one more pass for all the requests together.
func (p *careRecipientPass) nextPass(requests []protocol.SyncRequest) protocol.CareRecipientSyncInput {
	next := p.input
	next.Pass++
	next.AllBudgets = false
	next.Request = merge(next.Request, requests)
	return next
}

// merge adds requests to what a pass does: the last one names the trigger, and one of them is enough to read all budgets.
func merge(request care.Request, further []protocol.SyncRequest) care.Request {
	for _, one := range further {
		request.Trigger, request.RequestedBy = one.Trigger, one.RequestedBy
		request.AllBudgets = request.AllBudgets || one.AllBudgets
	}
	return request
}

// passSteps are care.Steps made of activities.
type passSteps struct {
	pass *careRecipientPass
	ctx  workflow.Context
}

func (s passSteps) UpsertPlan(subject care.RunScope) care.AreaResult {
	return s.step(care.AreaSummary, func() (care.AreaResult, error) {
		return s.pass.steps.upsertPlan(s.ctx, protocol.AreaInput{RunScope: subject})
	})
}

func (s passSteps) RecreateContributions(subject care.RunScope) care.AreaResult {
	return s.step(care.AreaContributions, func() (care.AreaResult, error) {
		return s.pass.steps.recreateContributions(s.ctx, protocol.AreaInput{RunScope: subject})
	})
}

func (s passSteps) FetchBudgets(subject care.RunScope) care.AreaResult {
	return s.step(care.AreaBudgets, func() (care.AreaResult, error) {
		return s.pass.steps.fetchBudgets(s.ctx, protocol.AreaInput{RunScope: subject})
	})
}

func (s passSteps) FetchUsage(subject care.RunScope, chunk int, budgets []care.ID) care.AreaResult {
	return s.step(care.AreaUsage, func() (care.AreaResult, error) {
		return s.pass.steps.fetchUsage(s.ctx, protocol.UsageInput{RunScope: subject, Chunk: chunk, Budgets: budgets})
	})
}

// Both runs two branches as coroutines: while one waits, the other continues.
func (s passSteps) Both(first, second func(care.Steps)) {
	group := workflow.NewWaitGroup(s.ctx)
	group.Add(2)
	for _, branch := range []func(care.Steps){first, second} {
		workflow.Go(s.ctx, func(ctx workflow.Context) {
			defer group.Done()
			branch(passSteps{pass: s.pass, ctx: ctx})
		})
	}
	// Waiting continues after a cancellation: the branches end on their own, and their answers are recorded.
	waiting, _ := workflow.NewDisconnectedContext(s.ctx)
	group.Wait(waiting)
}

// step runs one area and turns a failure into its outcome.
func (s passSteps) step(area care.Area, run func() (care.AreaResult, error)) care.AreaResult {
	s.pass.progress.start(s.ctx, area)
	answer, err := run()
	if err != nil {
		answer = failedArea(err)
	}
	s.pass.progress.end(s.ctx, area, answer)
	return answer
}

// failedArea says what it means that a step which asks the service gave up. One that ran out of time carries the error of its last
// attempt, if any attempt lived to tell.
func failedArea(err error) care.AreaResult {
	if temporal.IsCanceledError(err) {
		return care.Cancelled()
	}
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) {
		return care.Failed(reasonOf(failure))
	}
	if timedOutAtWork(err) {
		return care.Failed(care.ReasonServiceUnavailable)
	}
	return care.Failed(care.ReasonNoWorker)
}

func reasonOf(failure *temporal.ApplicationError) care.Reason {
	return protocol.WaitOfError(failure.Type()).Cause.GaveUp()
}

// timedOutAtWork reports whether an attempt was at work when its time was over, rather than waiting for a worker or lost with one.
func timedOutAtWork(err error) bool {
	var timeout *temporal.TimeoutError
	for errors.As(err, &timeout) {
		if timeout.TimeoutType() == enumspb.TIMEOUT_TYPE_START_TO_CLOSE {
			return true
		}
		err = timeout.Unwrap()
	}
	return false
}

// failedValidation is failedArea for the first step, which runs in the worker itself and waits for nothing but the database.
func failedValidation(err error) care.AreaResult {
	var timeout *temporal.TimeoutError
	var failure *temporal.ApplicationError
	if errors.As(err, &timeout) && !errors.As(err, &failure) {
		return care.Failed(care.ReasonDatabaseUnavailable)
	}
	return failedArea(err)
}
