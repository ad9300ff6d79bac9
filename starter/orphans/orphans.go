// Package orphans finds workflows that Temporal runs and the database knows nothing of, and ends them. They are left when the database is
// restored to a moment before they were requested: a bulk run that was paused then waits for ever, and no page shows it.
package orphans

import (
	"context"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

const (
	// lookAgainAfter is when what seems to be an orphan is looked at once more: a workflow closes a moment after its row.
	lookAgainAfter = 2 * time.Second
	// perPage is how many workflows Temporal is asked for at once.
	perPage = 500
)

// Orphan is a workflow that runs without a row.
type Orphan struct {
	WorkflowID string    `json:"workflow_id"`
	RunID      string    `json:"run_id"`
	Type       string    `json:"type"`
	StartedAt  time.Time `json:"started_at"`
	// OrganisationID is our id of the organisation, which the database may not know either.
	OrganisationID care.ID `json:"organisation_id"`
}

// Temporal is what is needed of a Temporal client.
type Temporal interface {
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	syncs.Histories
}

var _ Temporal = client.Client(nil)

// Terminator ends workflows.
type Terminator interface {
	TerminateWorkflow(ctx context.Context, workflowID, runID, reason string, details ...any) error
}

// Find returns the deployment's workflows that a worker has started and to which no open run or bulk run belongs. One that no worker has started yet
// may have no row yet. It fails with syncs.ErrUnavailable.
func Find(ctx context.Context, store *db.Store, server Temporal, queues protocol.TaskQueues) ([]Orphan, error) {
	running, err := list(ctx, server, queues)
	if err != nil {
		return nil, err
	}
	found, err := withoutRow(ctx, store, server, running)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(lookAgainAfter):
		return withoutRow(ctx, store, server, found)
	}
}

// withoutRow are those of some workflows that run, and to which no open run or bulk run belongs.
func withoutRow(ctx context.Context, store *db.Store, server Temporal, workflows []Orphan) (found []Orphan, err error) {
	ids := make([]string, 0, len(workflows))
	for _, workflow := range workflows {
		ids = append(ids, workflow.WorkflowID)
	}
	open, err := read.From(store).OpenWorkflows(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, workflow := range workflows {
		if open[workflow.WorkflowID] {
			continue
		}
		runs, err := isRunning(ctx, server, workflow)
		if err != nil {
			return nil, err
		}
		if runs {
			found = append(found, workflow)
		}
	}
	return found, nil
}

// list is what the deployment's queues run of single syncs and bulk runs. A batch of a bulk run ends with it.
func list(ctx context.Context, server Temporal, queues protocol.TaskQueues) (all []Orphan, err error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: perPage, Query: fmt.Sprintf(
		"TaskQueue IN ('%s') AND %s IN ('%s', '%s') AND ExecutionStatus = 'Running'", strings.Join(queues.Workflows(), "', '"), protocol.SearchKind.GetName(),
		care.RunCareRecipient, care.RunPACEContract)}
	for {
		page, err := server.ListWorkflow(ctx, request)
		if err != nil {
			return nil, syncs.TemporalError("list the running workflows", err)
		}
		for _, execution := range page.GetExecutions() {
			all = append(all, orphanOf(execution))
		}
		if len(page.GetNextPageToken()) == 0 {
			return all, nil
		}
		request.NextPageToken = page.GetNextPageToken()
	}
}

func orphanOf(execution *workflowpb.WorkflowExecutionInfo) Orphan {
	var organisation care.ID
	if stored := execution.GetSearchAttributes().GetIndexedFields()[protocol.SearchOrganisation.GetName()]; stored != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(stored, &organisation) // it is only shown
	}
	return Orphan{
		WorkflowID: execution.GetExecution().GetWorkflowId(), RunID: execution.GetExecution().GetRunId(), Type: execution.GetType().GetName(),
		StartedAt: execution.GetStartTime().AsTime(), OrganisationID: organisation,
	}
}

// isRunning reports whether a workflow runs, and a worker has started it. What is listed may be a moment old.
func isRunning(ctx context.Context, server Temporal, workflow Orphan) (bool, error) {
	described, err := server.DescribeWorkflowExecution(ctx, workflow.WorkflowID, workflow.RunID)
	if temporal.Gone(err) {
		return false, nil
	}
	if err != nil {
		return false, syncs.TemporalError("look at a workflow", err)
	}
	if described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return false, nil
	}
	return syncs.HasBegun(ctx, server, workflow.WorkflowID, workflow.RunID)
}

// reason is what Temporal shows of a workflow that was ended.
const reason = "CareSync's database has no open run for this workflow; ended with `caresync deployment end-orphans`"

// End terminates a workflow. It does not matter if the workflow has ended in the meantime.
func End(ctx context.Context, server Terminator, workflow Orphan) error {
	if err := server.TerminateWorkflow(ctx, workflow.WorkflowID, workflow.RunID, reason); err != nil && !temporal.Gone(err) {
		return syncs.TemporalError("end a workflow", err)
	}
	return nil
}
