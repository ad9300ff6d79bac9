package activities

import (
	"context"
	"errors"
	"sync"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// Sync runs one pass over one person by direct calls, without a workflow and without retrying: the same story, the same steps. runID
// identifies the pass; the same id again answers from what is already recorded.
func (c *CareRecipient) Sync(ctx context.Context, runID care.ID, request care.Request) (care.RunResult, error) {
	pass, err := c.sync(ctx, runID, request)
	if err != nil {
		return care.RunResult{}, err
	}
	return c.runs.CompleteRun(context.WithoutCancel(ctx), pass.CompleteInput)
}

// syncResult is one pass over one person that is not recorded as complete yet.
type syncResult struct {
	protocol.CompleteInput
	// failure is the first technical reason for which an area gave up, nil if none did.
	failure error
	// recorded is set where the pass was written with its run.
	recorded *care.RunResult
}

func (c *CareRecipient) sync(ctx context.Context, runID care.ID, request care.Request) (syncResult, error) {
	subject, err := c.ValidateCareRecipient(ctx, protocol.ValidateInput{
		Request: request, RunID: runID, WorkflowID: bulkWorkflowID(request), At: c.store.Now(),
	})
	if err != nil {
		return syncResult{}, err
	}
	failed := &failures{}
	areas := care.SyncCareRecipient(directSteps{ctx: ctx, steps: c, failed: failed}, subject)
	return syncResult{CompleteInput: protocol.CompleteInput{Scope: subject, Areas: areas}, failure: failed.first}, nil
}

// bulkWorkflowID is the workflow that a direct pass belongs to, if it belongs to one.
func bulkWorkflowID(request care.Request) string {
	if request.BulkID == "" {
		return ""
	}
	return protocol.BulkSyncID(request.BulkID)
}

// failures keep the first error of several branches.
type failures struct {
	mu    sync.Mutex
	first error
}

func (f *failures) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		f.first = err
	}
}

// directSteps are care.Steps made of direct calls.
type directSteps struct {
	ctx    context.Context
	steps  *CareRecipient
	failed *failures
}

func (d directSteps) UpsertPlan(subject care.RunScope) care.AreaResult {
	return d.areaResult(d.steps.UpsertPlan(d.ctx, protocol.AreaInput{RunScope: subject}))
}

func (d directSteps) RecreateContributions(subject care.RunScope) care.AreaResult {
	return d.areaResult(d.steps.RecreateContributions(d.ctx, protocol.AreaInput{RunScope: subject}))
}

func (d directSteps) FetchBudgets(subject care.RunScope) care.AreaResult {
	return d.areaResult(d.steps.FetchBudgets(d.ctx, protocol.AreaInput{RunScope: subject}))
}

func (d directSteps) FetchUsage(subject care.RunScope, chunk int, budgets []care.ID) care.AreaResult {
	return d.areaResult(d.steps.FetchUsage(d.ctx, protocol.UsageInput{RunScope: subject, Chunk: chunk, Budgets: budgets}))
}

func (d directSteps) Both(first, second func(care.Steps)) {
	var group sync.WaitGroup
	group.Go(func() { first(d) })
	group.Go(func() { second(d) })
	group.Wait()
}

// areaResult turns a step's error into its area's outcome.
func (d directSteps) areaResult(answer care.AreaResult, err error) care.AreaResult {
	switch {
	case err == nil:
		return answer
	case errors.Is(err, context.Canceled):
		return care.Cancelled()
	default:
		d.failed.note(err)
		return care.Failed(failureReason(err))
	}
}

// sync makes one unattended refresh of a person's contract by direct calls (R31).
func (p *PaceContract) sync(ctx context.Context, runID care.ID, request care.Request) (syncResult, error) {
	subject, err := p.ValidateParticipant(ctx, protocol.ValidateInput{
		Request: request, RunID: runID, WorkflowID: bulkWorkflowID(request), At: p.store.Now(),
	})
	if err != nil {
		return syncResult{}, err
	}
	made := syncResult{CompleteInput: protocol.CompleteInput{Kind: care.RunPACEContract, Scope: subject}}
	answer := care.Refused(subject.Refusal)
	if subject.Refusal == "" {
		var result protocol.ContractResult
		result, made.failure = p.RefreshContract(ctx, protocol.AreaInput{RunScope: subject})
		if answer = result.AreaResult; made.failure != nil {
			answer = care.Failed(failureReason(made.failure))
		}
	}
	made.Areas = map[care.Area]care.AreaResult{care.AreaContract: answer}
	return made, nil
}
