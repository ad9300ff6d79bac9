package activities

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// Executions is what is needed of a Temporal client to see whether a workflow is running.
type Executions interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
}

// reconciler closes what a workflow left open that was terminated, or lost, and asks again for what no one has done.
type reconciler struct {
	store    *db.Store
	temporal Workflows
}

// reconcile closes the runs and bulk runs of all organisations whose workflow has ended without recording their outcome, and asks again for the
// claims' syncs that got lost with one.
func (r reconciler) reconcile(ctx context.Context, in protocol.ReconcileInput) (protocol.Reconciled, error) {
	var closed protocol.Reconciled
	bulks, err := r.store.OpenBulks(ctx)
	if err != nil {
		return closed, err
	}
	for _, bulk := range bulks {
		found, err := r.look(ctx, bulk.WorkflowID)
		if err != nil {
			return closed, err
		}
		if found != running {
			if _, _, err := r.store.FinishBulk(ctx, bulk.OrganisationID, bulk.ID, whyOver(bulk, found)); err != nil {
				return closed, err
			}
			closed.BulkRuns++
		}
	}
	if closed, err = r.closeRuns(ctx, closed); err != nil {
		return closed, err
	}
	closed.ClaimSyncs, err = r.askAgain(ctx, in)
	return closed, err
}

// askAgain requests the syncs of claims whose event no run has followed, unless a running sync may still be followed by one (R20).
func (r reconciler) askAgain(ctx context.Context, in protocol.ReconcileInput) (asked int, err error) {
	unanswered, err := r.store.UnansweredClaimSyncs(ctx)
	if err != nil {
		return 0, err
	}
	for _, due := range unanswered {
		goesOn, err := r.goesOn(ctx, protocol.CareRecipientSyncID(due.PersonID))
		if err != nil {
			return asked, err
		}
		if goesOn {
			continue
		}
		claim := protocol.ClaimSyncsInput{OrganisationID: due.OrganisationID, ClaimID: due.ClaimID, TaskQueuePrefix: in.TaskQueuePrefix}
		if err := requestSync(ctx, r.temporal, claim, due.PersonID); err != nil {
			return asked, err
		}
		if err := r.store.ClaimSyncRequested(ctx, due.OrganisationID, due.ClaimID, due.DueClaimSync); err != nil {
			return asked, err
		}
		asked++
	}
	return asked, nil
}

// closeRuns leaves alone what a running workflow may still finish: after a reset its run keeps its id.
func (r reconciler) closeRuns(ctx context.Context, closed protocol.Reconciled) (protocol.Reconciled, error) {
	runs, err := r.store.OpenRuns(ctx)
	if err != nil {
		return closed, err
	}
	for _, run := range runs {
		goesOn, err := r.goesOn(ctx, run.WorkflowID)
		if err != nil {
			return closed, err
		}
		if !goesOn {
			if err := r.store.AbandonRun(ctx, run.OrganisationID, run.ID); err != nil {
				return closed, err
			}
			closed.Runs++
		}
	}
	return closed, nil
}

// whyOver is why a bulk run is over whose workflow is not running.
func whyOver(bulk db.UnfinishedBulk, found standing) care.Reason {
	if found == unknown && !bulk.Begun {
		return care.ReasonNotStarted
	}
	return care.ReasonBulkLost
}

// standing is how Temporal knows a workflow.
type standing int

const (
	unknown standing = iota
	running
	over
)

// goesOn reports whether the newest execution of a workflow is running. One that Temporal no longer knows is not.
func (r reconciler) goesOn(ctx context.Context, workflowID string) (bool, error) {
	found, err := r.look(ctx, workflowID)
	return found == running, err
}

// look looks at the newest execution of a workflow.
func (r reconciler) look(ctx context.Context, workflowID string) (standing, error) {
	described, err := r.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone):
		return unknown, nil
	case err != nil:
		return unknown, askError("look at a workflow", err)
	case described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return running, nil
	}
	return over, nil
}
