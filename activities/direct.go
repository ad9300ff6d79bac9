package activities

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// Sync runs one pass over one person by direct calls, without a workflow and without retrying: the same story, the same steps. runID
// identifies the pass; the same id again answers from what is already recorded.
func (c *CareRecipient) Sync(ctx context.Context, runID care.ID, request care.Request) (care.RunResult, error) {
	subject, err := c.ValidateCareRecipient(ctx, protocol.ValidateInput{Request: request, RunID: runID, At: time.Now()})
	if err != nil {
		return care.RunResult{}, err
	}
	areas := care.SyncCareRecipient(directSteps{ctx: ctx, steps: c}, subject)
	return c.CompleteRun(context.WithoutCancel(ctx), protocol.CompleteInput{Subject: subject, Areas: areas})
}

// directSteps are care.Steps made of direct calls.
type directSteps struct {
	ctx   context.Context
	steps *CareRecipient
}

func (d directSteps) UpsertPlan(subject care.Subject) care.AreaResult {
	return areaResult(d.steps.UpsertPlan(d.ctx, protocol.AreaInput{Subject: subject}))
}

func (d directSteps) RecreateContributions(subject care.Subject) care.AreaResult {
	return areaResult(d.steps.RecreateContributions(d.ctx, protocol.AreaInput{Subject: subject}))
}

func (d directSteps) FetchBudgets(subject care.Subject) care.AreaResult {
	return areaResult(d.steps.FetchBudgets(d.ctx, protocol.AreaInput{Subject: subject}))
}

func (d directSteps) FetchUsage(subject care.Subject, chunk int, budgets []care.ID) care.AreaResult {
	return areaResult(d.steps.FetchUsage(d.ctx, protocol.UsageInput{Subject: subject, Chunk: chunk, Budgets: budgets}))
}

func (d directSteps) Both(first, second func(care.Steps)) {
	var group sync.WaitGroup
	group.Go(func() { first(d) })
	group.Go(func() { second(d) })
	group.Wait()
}

// areaResult turns a step's error into its area's outcome.
func areaResult(answer care.AreaResult, err error) care.AreaResult {
	switch {
	case err == nil:
		return answer
	case errors.Is(err, context.Canceled):
		return care.Cancelled()
	default:
		return care.Failed(failureReason(err))
	}
}
