package syncs

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// Cancel asks a run to stop; what it has saved stays. A run that its workflow left open is closed, and so is one that no worker has ever started:
// none would answer. It fails with db.ErrNotFound or ErrFinished.
func (s *Service) Cancel(ctx context.Context, organisation, run care.ID) error {
	progress, err := read.From(s.store).RunProgress(ctx, organisation, run)
	if err != nil {
		return err
	}
	if progress.State == read.RunFinished {
		return ErrFinished
	}
	current, err := s.current(ctx, progress.WorkflowID, progress.Kind)
	if err != nil {
		return err
	}
	if !current.running || current.original != run {
		// Its workflow ended without finishing the run, for instance because an operator terminated it.
		return s.store.AbandonRun(ctx, organisation, run)
	}
	begun, err := HasBegun(ctx, s.temporal, progress.WorkflowID, current.runID)
	if err != nil {
		return err
	}
	if begun {
		return TemporalError("cancel the sync", s.temporal.CancelWorkflow(ctx, progress.WorkflowID, current.runID))
	}
	if err := s.temporal.TerminateWorkflow(ctx, progress.WorkflowID, current.runID, CancelledUnbegun); err != nil {
		return TemporalError("cancel the sync", err)
	}
	if err := s.store.DropClaimSyncs(ctx, organisation, progress.Person.ID); err != nil {
		return err
	}
	return s.store.AbandonRun(ctx, organisation, run)
}

// CancelledUnbegun is the reason for which a workflow is terminated that was cancelled before any worker had started it.
const CancelledUnbegun = "cancelled before a worker started it"

// Histories is what is needed of a Temporal client to read a workflow's history.
type Histories interface {
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enumspb.HistoryEventFilterType) client.HistoryEventIterator
}

// HasBegun reports whether a worker has ever done anything for a run of a workflow.
func HasBegun(ctx context.Context, temporal Histories, workflowID, runID string) (bool, error) {
	history := temporal.GetWorkflowHistory(ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return false, TemporalError("look at the workflow", err)
		}
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return true, nil
		}
	}
	return false, nil
}
