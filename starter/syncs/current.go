package syncs

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/starter/waits"
)

// current is the newest Temporal run of a workflow.
type current struct {
	runID string
	// original is our id of the run: a reset keeps it while Temporal's own changes.
	original care.ID
	running  bool
	seen     waits.Seen
}

// Running returns our id of the run that a workflow is in, empty where none is under way.
func (s *Service) Running(ctx context.Context, workflowID string) (care.ID, error) {
	newest, err := s.current(ctx, workflowID, "")
	if err != nil || !newest.running {
		return "", err
	}
	return newest.original, nil
}

// current returns the zero value where Temporal no longer knows the workflow. The kind of run says which service it may wait for; without
// one, no one looks at what it waits for.
func (s *Service) current(ctx context.Context, workflowID string, kind care.RunKind) (current, error) {
	described, err := s.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if temporal.Gone(err) {
		return current{}, nil
	}
	if err != nil {
		return current{}, TemporalError("look at the workflow", err)
	}
	info := described.GetWorkflowExecutionInfo()
	newest := current{
		runID:   info.GetExecution().GetRunId(),
		running: info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
	}
	if newest.original, err = s.OriginalRun(ctx, workflowID, newest.runID); err != nil || kind == "" {
		return newest, err
	}
	newest.seen, err = waits.Of(ctx, s.temporal, s.queues, kind.Service(), described)
	return newest, TemporalError("look at what the workflow waits for", err)
}

// OriginalRun is our id of one of Temporal's runs: the id that it had before it was reset, if it was. Its first event says so.
func (s *Service) OriginalRun(ctx context.Context, workflowID, runID string) (care.ID, error) {
	history := s.temporal.GetWorkflowHistory(ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !history.HasNext() {
		return care.ID(runID), nil
	}
	first, err := history.Next()
	if err != nil {
		return "", TemporalError("look at the running sync", err)
	}
	if original := first.GetWorkflowExecutionStartedEventAttributes().GetOriginalExecutionRunId(); original != "" {
		return care.ID(original), nil
	}
	return care.ID(runID), nil
}
