package deployment

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// Client is a Temporal client that asks the guard before each call about a workflow or a schedule. Reading is among them: what another
// deployment's Temporal knows of our workflows, nothing, must not be taken for their end.
func (g *Guard) Client(connected client.Client) *Client { return &Client{Client: connected, guard: g} }

// Client is a guarded client of Temporal. What it does not guard concerns no workflow of ours.
type Client struct {
	client.Client
	guard *Guard
}

// Admit fails as Guard.Check does, for what is written before Temporal is called.
func (c *Client) Admit(ctx context.Context) error { return c.guard.Check(ctx) }

// ExecuteWorkflow implements client.Client.
func (c *Client) ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	return guarded(ctx, c.guard, func() (client.WorkflowRun, error) { return c.Client.ExecuteWorkflow(ctx, options, workflow, args...) })
}

// SignalWorkflow implements client.Client.
func (c *Client) SignalWorkflow(ctx context.Context, workflowID, runID, signalName string, arg any) error {
	return c.guard.before(ctx, func() error { return c.Client.SignalWorkflow(ctx, workflowID, runID, signalName, arg) })
}

// SignalWithStartWorkflow implements client.Client.
func (c *Client) SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any, options client.StartWorkflowOptions,
	workflow any, workflowArgs ...any) (client.WorkflowRun, error) {
	return guarded(ctx, c.guard, func() (client.WorkflowRun, error) {
		return c.Client.SignalWithStartWorkflow(ctx, workflowID, signalName, signalArg, options, workflow, workflowArgs...)
	})
}

// GetWorkflow implements client.Client. How a workflow of another deployment's ended is no one's answer.
func (c *Client) GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun {
	return run{c.Client.GetWorkflow(ctx, workflowID, runID), c.guard}
}

// run is a run of a workflow whose end is told only where the guard lets it be, at that time.
type run struct {
	client.WorkflowRun
	guard *Guard
}

// Get implements client.WorkflowRun.
func (r run) Get(ctx context.Context, result any) error {
	err := r.WorkflowRun.Get(ctx, result)
	if refused := r.guard.Check(ctx); refused != nil && ctx.Err() == nil {
		return refused
	}
	return err
}

// CancelWorkflow implements client.Client.
func (c *Client) CancelWorkflow(ctx context.Context, workflowID, runID string) error {
	return c.guard.before(ctx, func() error { return c.Client.CancelWorkflow(ctx, workflowID, runID) })
}

// CancelWorkflowWithOptions implements client.Client.
func (c *Client) CancelWorkflowWithOptions(ctx context.Context, options client.CancelWorkflowOptions) error {
	return c.guard.before(ctx, func() error { return c.Client.CancelWorkflowWithOptions(ctx, options) })
}

// TerminateWorkflow implements client.Client.
func (c *Client) TerminateWorkflow(ctx context.Context, workflowID, runID, reason string, details ...any) error {
	return c.guard.before(ctx, func() error { return c.Client.TerminateWorkflow(ctx, workflowID, runID, reason, details...) })
}

// TerminateWorkflowWithOptions implements client.Client.
func (c *Client) TerminateWorkflowWithOptions(ctx context.Context, options client.TerminateWorkflowOptions) error {
	return c.guard.before(ctx, func() error { return c.Client.TerminateWorkflowWithOptions(ctx, options) })
}

// ResetWorkflowExecution implements client.Client.
func (c *Client) ResetWorkflowExecution(ctx context.Context, request *workflowservice.ResetWorkflowExecutionRequest) (*workflowservice.ResetWorkflowExecutionResponse, error) {
	return guarded(ctx, c.guard, func() (*workflowservice.ResetWorkflowExecutionResponse, error) {
		return c.Client.ResetWorkflowExecution(ctx, request)
	})
}

// UpdateWorkflow implements client.Client.
func (c *Client) UpdateWorkflow(ctx context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return guarded(ctx, c.guard, func() (client.WorkflowUpdateHandle, error) { return c.Client.UpdateWorkflow(ctx, options) })
}

// UpdateWithStartWorkflow implements client.Client.
func (c *Client) UpdateWithStartWorkflow(ctx context.Context, options client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return guarded(ctx, c.guard, func() (client.WorkflowUpdateHandle, error) { return c.Client.UpdateWithStartWorkflow(ctx, options) })
}

// DescribeWorkflowExecution implements client.Client.
func (c *Client) DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return guarded(ctx, c.guard, func() (*workflowservice.DescribeWorkflowExecutionResponse, error) {
		return c.Client.DescribeWorkflowExecution(ctx, workflowID, runID)
	})
}

// GetWorkflowHistory implements client.Client.
func (c *Client) GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	if err := c.guard.Check(ctx); err != nil {
		return refusedHistory{err}
	}
	return c.Client.GetWorkflowHistory(ctx, workflowID, runID, isLongPoll, filter)
}

// ScheduleClient implements client.Client.
func (c *Client) ScheduleClient() client.ScheduleClient {
	return schedules{c.Client.ScheduleClient(), c.guard}
}

// schedules are a guarded client of schedules.
type schedules struct {
	client.ScheduleClient
	guard *Guard
}

// Create implements client.ScheduleClient.
func (s schedules) Create(ctx context.Context, options client.ScheduleOptions) (client.ScheduleHandle, error) {
	return guarded(ctx, s.guard, func() (client.ScheduleHandle, error) {
		handle, err := s.ScheduleClient.Create(ctx, options)
		return scheduleHandle{handle, s.guard}, err
	})
}

// List implements client.ScheduleClient.
func (s schedules) List(ctx context.Context, options client.ScheduleListOptions) (client.ScheduleListIterator, error) {
	return guarded(ctx, s.guard, func() (client.ScheduleListIterator, error) { return s.ScheduleClient.List(ctx, options) })
}

// GetHandle implements client.ScheduleClient.
func (s schedules) GetHandle(ctx context.Context, scheduleID string) client.ScheduleHandle {
	return scheduleHandle{s.ScheduleClient.GetHandle(ctx, scheduleID), s.guard}
}

// scheduleHandle is a guarded schedule.
type scheduleHandle struct {
	client.ScheduleHandle
	guard *Guard
}

// Delete implements client.ScheduleHandle.
func (h scheduleHandle) Delete(ctx context.Context) error {
	return h.guard.before(ctx, func() error { return h.ScheduleHandle.Delete(ctx) })
}

// Backfill implements client.ScheduleHandle.
func (h scheduleHandle) Backfill(ctx context.Context, options client.ScheduleBackfillOptions) error {
	return h.guard.before(ctx, func() error { return h.ScheduleHandle.Backfill(ctx, options) })
}

// Update implements client.ScheduleHandle.
func (h scheduleHandle) Update(ctx context.Context, options client.ScheduleUpdateOptions) error {
	return h.guard.before(ctx, func() error { return h.ScheduleHandle.Update(ctx, options) })
}

// Describe implements client.ScheduleHandle.
func (h scheduleHandle) Describe(ctx context.Context) (*client.ScheduleDescription, error) {
	return guarded(ctx, h.guard, func() (*client.ScheduleDescription, error) { return h.ScheduleHandle.Describe(ctx) })
}

// Trigger implements client.ScheduleHandle.
func (h scheduleHandle) Trigger(ctx context.Context, options client.ScheduleTriggerOptions) error {
	return h.guard.before(ctx, func() error { return h.ScheduleHandle.Trigger(ctx, options) })
}

// Pause implements client.ScheduleHandle.
func (h scheduleHandle) Pause(ctx context.Context, options client.SchedulePauseOptions) error {
	return h.guard.before(ctx, func() error { return h.ScheduleHandle.Pause(ctx, options) })
}

// Unpause implements client.ScheduleHandle.
func (h scheduleHandle) Unpause(ctx context.Context, options client.ScheduleUnpauseOptions) error {
	return h.guard.before(ctx, func() error { return h.ScheduleHandle.Unpause(ctx, options) })
}

// refusedHistory is the history of a workflow that was not asked for.
type refusedHistory struct{ err error }

// HasNext implements client.HistoryEventIterator.
func (h refusedHistory) HasNext() bool { return true }

// Next implements client.HistoryEventIterator.
func (h refusedHistory) Next() (*historypb.HistoryEvent, error) { return nil, h.err }

// before makes a call where the guard lets it.
func (g *Guard) before(ctx context.Context, call func() error) error {
	if err := g.Check(ctx); err != nil {
		return err
	}
	return call()
}

// guarded is before for calls with an answer.
func guarded[A any](ctx context.Context, g *Guard, call func() (A, error)) (answer A, err error) {
	err = g.before(ctx, func() (err error) {
		answer, err = call()
		return err
	})
	return answer, err
}
