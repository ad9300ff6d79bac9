package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/words"
)

// PaceContractSync keeps one person's service contract in step with the NDIA (docs/spec/pace-guide.md). In a session someone retrieves a plan, looks at
// its preview and within 30 minutes creates what they ticked (R22); a refresh applies whatever needs no approval (R31). A run is one
// session or one refresh. It completes with its outcome, also where the NDIA refused; it fails only for a technical reason (R6).
func PaceContractSync(ctx workflow.Context, input protocol.PaceContractSyncInput) (care.RunResult, error) {
	sync := newContractSync(ctx, input)
	if err := sync.listen(ctx); err != nil {
		return care.RunResult{}, err
	}
	if input.Refresh {
		sync.refresh(ctx)
	} else {
		sync.runSession(ctx)
	}
	return sync.end(ctx)
}

// contractSync is one session, or one refresh.
type contractSync struct {
	input    protocol.PaceContractSyncInput
	runID    care.ID
	steps    steps
	requests workflow.ReceiveChannel
	progress *progress
	scope    care.RunScope
	// reads numbers what was read of the NDIA, from 1.
	reads int
	// working is set while a plan is read; nothing else may begin then.
	working bool
	// waiting is the preview that can be created, idleUntil how long a session without one continues.
	waiting   *care.WaitingPreview
	idleUntil time.Time
	// first are the requests that had arrived before a refresh read, further those that this run does not satisfy.
	first, further []protocol.RefreshRequest
	// answer is what the run came to, nil while it is running.
	answer *care.AreaResult
}

func newContractSync(ctx workflow.Context, input protocol.PaceContractSyncInput) *contractSync {
	info := workflow.GetInfo(ctx)
	s := &contractSync{
		input: input,
		// The original run id is kept by a reset, so that steps which were done before it answer from the ledger.
		runID:     care.ID(info.OriginalRunID),
		steps:     steps{queues: protocol.TaskQueues{Prefix: input.TaskQueuePrefix}},
		requests:  workflow.GetSignalChannel(ctx, protocol.RefreshRequested.Name),
		working:   input.Refresh,
		idleUntil: workflow.Now(ctx).Add(care.PreviewLifetime),
	}
	s.scope = care.RunScope{RunID: s.runID, OrganisationID: input.OrganisationID, PersonID: input.PersonID}
	s.progress = newProgress(care.RunPACEContract, s.runID, input.Pass, input.Trigger)
	return s
}

// listen takes what is asked of the run. What was asked of a refresh before it reads belongs to it.
func (s *contractSync) listen(ctx workflow.Context) error {
	if s.input.Refresh {
		s.first = drain[protocol.RefreshRequest](s.requests)
	}
	if err := workflow.SetQueryHandler(ctx, protocol.ProgressQuery, s.progress.answer); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, protocol.Retrieve.Name, s.retrieve, workflow.UpdateHandlerOptions{
		Validator: s.admitRetrieve, Description: "Read the plan again and stage its preview",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, protocol.Create.Name, s.create, workflow.UpdateHandlerOptions{
		Validator: s.admitCreate, Description: "Save what the preview showed, for the selected budgets",
	}); err != nil {
		return err
	}
	workflow.GoNamed(ctx, "requests", s.noteRequests)
	return nil
}

// noteRequests notes the requests for a refresh that arrive during the run.
func (s *contractSync) noteRequests(ctx workflow.Context) {
	for {
		var request protocol.RefreshRequest
		if more := s.requests.Receive(ctx, &request); !more {
			return
		}
		s.further = append(s.further, request)
		s.progress.stale(ctx)
	}
}

// takeRequests takes the requests that have arrived and were not noted yet.
func (s *contractSync) takeRequests() {
	s.further = append(s.further, drain[protocol.RefreshRequest](s.requests)...)
}

// runSession waits until a preview was created, expired, or was cancelled.
func (s *contractSync) runSession(ctx workflow.Context) {
	s.progress.show(ctx)
	for s.answer == nil {
		if s.wait(ctx) != nil {
			break
		}
	}
	s.finishHandlers(ctx)
	if s.answer == nil {
		cancelled := care.Cancelled()
		s.answer = &cancelled
	}
}

// wait returns when something has happened, or with an error when the run is cancelled.
func (s *contractSync) wait(ctx workflow.Context) error {
	deadline := s.deadline()
	happened := func() bool { return s.answer != nil || !s.deadline().Equal(deadline) }
	if deadline.IsZero() {
		return workflow.Await(ctx, happened)
	}
	inTime, err := workflow.AwaitWithTimeout(ctx, deadline.Sub(workflow.Now(ctx)), happened)
	if err == nil && !inTime {
		expired := care.Expired()
		s.answer = &expired
	}
	return err
}

// deadline is when the session expires (R22); never while a plan is being read.
func (s *contractSync) deadline() time.Time {
	switch {
	case s.working:
		return time.Time{}
	case s.waiting != nil:
		return s.waiting.ExpiresAt
	default:
		return s.idleUntil
	}
}

// finishHandlers lets the updates in hand answer, also after a cancellation.
func (s *contractSync) finishHandlers(ctx workflow.Context) {
	finishing, _ := workflow.NewDisconnectedContext(ctx)
	_ = workflow.Await(finishing, func() bool { return workflow.AllHandlersFinished(finishing) }) // a disconnected context is never cancelled
}

func (s *contractSync) admitRetrieve(protocol.RetrieveRequest) error { return s.checkIdle() }

func (s *contractSync) admitCreate(ctx workflow.Context, request protocol.CreateRequest) error {
	if err := s.checkIdle(); err != nil {
		return err
	}
	if s.waiting == nil {
		return notAdmitted(care.ReasonPreviewReplaced)
	}
	if reason := s.waiting.Admit(request.CreateRequest, workflow.Now(ctx)); reason != "" {
		return notAdmitted(reason)
	}
	return nil
}

// checkIdle reports whether a read can begin.
func (s *contractSync) checkIdle() error {
	if s.working || s.answer != nil {
		return temporal.NewNonRetryableApplicationError("another sync of this person is in progress: ask again when it has finished", protocol.ErrorBusy, nil)
	}
	return nil
}

func notAdmitted(reason care.Reason) error {
	return temporal.NewNonRetryableApplicationError(words.Reason(reason, care.NDIA), protocol.ErrorNotAdmitted, nil, reason)
}

// retrieve handles the update: it returns the preview that waits, or why there is none.
func (s *contractSync) retrieve(ctx workflow.Context, request protocol.RetrieveRequest) (protocol.RetrieveAnswer, error) {
	result := s.work(ctx, func(number int) (protocol.ContractResult, error) {
		return s.steps.retrievePlan(ctx, protocol.RetrieveInput{RunScope: s.scope, Number: number, PlanStartDate: request.PlanStartDate})
	})
	answer := protocol.RetrieveAnswer{RunID: s.runID, Outcome: result.Outcome, Reason: result.Reason}
	if result.Waiting != nil {
		answer.PreviewID, answer.ExpiresAt = result.Waiting.ID, result.Waiting.ExpiresAt
	}
	return answer, nil
}

// create handles the update: it returns the contract, or the preview that takes the place of one that no longer holds.
func (s *contractSync) create(ctx workflow.Context, request protocol.CreateRequest) (protocol.CreateAnswer, error) {
	asked := workflow.Now(ctx)
	result := s.work(ctx, func(number int) (protocol.ContractResult, error) {
		return s.steps.createServiceContract(ctx, protocol.CreateInput{
			RunScope: s.scope, Number: number, AskedAt: asked, Request: request.CreateRequest,
		})
	})
	answer := protocol.CreateAnswer{RunID: s.runID, ContractID: result.ContractID, Outcome: result.Outcome, Reason: result.Reason}
	if result.Waiting != nil {
		answer.NextPreviewID = result.Waiting.ID
	}
	return answer, nil
}

// work reads a plan once: the gates first (R21), then the step. A preview that comes of it waits; anything else ends the run. The state is
// set before anything blocks, so that the next validator sees it.
func (s *contractSync) work(ctx workflow.Context, step func(number int) (protocol.ContractResult, error)) protocol.ContractResult {
	s.working, s.waiting = true, nil
	s.reads++
	number := s.reads
	s.progress.start(ctx, care.AreaContract)
	result := s.validated(ctx, func() (protocol.ContractResult, error) { return step(number) })
	s.working, s.waiting = false, result.Waiting
	if s.waiting == nil {
		s.answer = &result.AreaResult
		s.progress.end(ctx, care.AreaContract, result.AreaResult)
	} else {
		s.progress.wait(ctx, *s.waiting)
	}
	return result
}

// validated runs a step if the NDIA may be asked about the person, and turns a failure into its area's outcome.
func (s *contractSync) validated(ctx workflow.Context, step func() (protocol.ContractResult, error)) protocol.ContractResult {
	subject, err := s.steps.validateParticipant(ctx, protocol.ValidateInput{
		Request: s.input.Request, RunID: s.runID, WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, At: workflow.Now(ctx),
	})
	if err != nil {
		return protocol.ContractResult{AreaResult: failedValidation(err)}
	}
	if s.scope = subject; subject.Refusal != "" {
		return protocol.ContractResult{AreaResult: care.Refused(subject.Refusal)}
	}
	result, err := step()
	if err != nil {
		return protocol.ContractResult{AreaResult: failedArea(err)}
	}
	return result
}

// refresh makes an unattended pass (R31).
func (s *contractSync) refresh(ctx workflow.Context) {
	s.work(ctx, func(int) (protocol.ContractResult, error) {
		return s.steps.refreshContract(ctx, protocol.AreaInput{RunScope: s.scope})
	})
	if s.scope.Again {
		// A reset brings what was asked while the refresh ran to its beginning, and its step answers from what it had read by then.
		s.further = append(s.first, s.further...)
	}
}

// end records the outcome, also after a cancellation, and continues with a refresh if one was asked for meanwhile. Nothing blocks between
// the last look at the requests and the end of the run, so that none is lost.
func (s *contractSync) end(ctx workflow.Context) (care.RunResult, error) {
	cancelled := s.answer.Outcome == care.AreaCancelled && s.answer.Reason == care.ReasonCancelled
	result, err := s.complete(ctx, cancelled)
	if err != nil {
		return care.RunResult{}, err
	}
	if cancelled {
		return result, ctx.Err()
	}
	if s.takeRequests(); len(s.further) > 0 {
		return result, workflow.NewContinueAsNewError(ctx, protocol.PaceContractSyncWorkflow, s.nextPass())
	}
	if result.TechnicalFailure() {
		return result, temporal.NewNonRetryableApplicationError("nothing could be saved: "+string(result.Reason), protocol.ErrorSyncFailed, nil)
	}
	return result, nil
}

func (s *contractSync) complete(ctx workflow.Context, cancelled bool) (care.RunResult, error) {
	completing, _ := workflow.NewDisconnectedContext(ctx)
	in := protocol.CompleteInput{
		Kind: care.RunPACEContract, Scope: s.scope, Areas: map[care.Area]care.AreaResult{care.AreaContract: *s.answer},
	}
	if cancelled {
		s.takeRequests()
		in.DroppedRequests = len(s.further)
	}
	result, err := s.steps.completeRun(completing, in)
	if err != nil {
		return care.RunResult{}, err
	}
	s.progress.finish(completing, result)
	return result, workflow.UpsertTypedSearchAttributes(completing, outcomeAttributes(care.RunPACEContract, result)...)
}

// nextPass is one refresh for all the requests together.
func (s *contractSync) nextPass() protocol.PaceContractSyncInput {
	next, last := s.input, s.further[len(s.further)-1]
	next.Pass++
	next.Refresh = true
	next.Trigger, next.RequestedBy = last.Trigger, last.RequestedBy
	return next
}
