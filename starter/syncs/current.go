package syncs

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/present"
)

// current is the newest Temporal run of a workflow.
type current struct {
	runID string
	// original is our id of the run: a reset keeps it while Temporal's own changes.
	original care.ID
	running  bool
	waiting  string
}

// Running returns our id of the run that a workflow is in, empty where none is under way.
func (s *Service) Running(ctx context.Context, workflowID string) (care.ID, error) {
	newest, err := s.current(ctx, workflowID, "")
	if err != nil || !newest.running {
		return "", err
	}
	return newest.original, nil
}

// current returns the zero value where Temporal no longer knows the workflow. The kind of run says which service it may wait for.
func (s *Service) current(ctx context.Context, workflowID string, kind care.RunKind) (current, error) {
	described, err := s.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	var unknown *serviceerror.NotFound
	if errors.As(err, &unknown) {
		return current{}, nil
	}
	if err != nil {
		return current{}, TemporalError("look at the workflow", err)
	}
	info := described.GetWorkflowExecutionInfo()
	newest := current{
		runID:   info.GetExecution().GetRunId(),
		running: info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
		waiting: waitingFor(kind, described.GetPendingActivities(), described.GetPendingWorkflowTask()),
	}
	newest.original, err = s.OriginalRun(ctx, workflowID, newest.runID)
	return newest, err
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

// waitingFor says in words what a run waits for, beyond the ordinary.
func waitingFor(kind care.RunKind, activities []*workflowpb.PendingActivityInfo, task *workflowpb.PendingWorkflowTaskInfo) string {
	for _, activity := range activities {
		if activity.GetAttempt() > 1 {
			return fmt.Sprintf("%s, attempt %d", whyAgain(kind, activity), activity.GetAttempt())
		}
	}
	for _, activity := range activities {
		if activity.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED {
			return "waiting for a free worker"
		}
	}
	if task.GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED {
		return "waiting for a free worker"
	}
	return ""
}

// whyAgain says why a step is tried again: the steps that wait on the server all ask the run's government service.
func whyAgain(kind care.RunKind, activity *workflowpb.PendingActivityInfo) string {
	if activity.GetLastFailure().GetTimeoutFailureInfo().GetTimeoutType() == enumspb.TIMEOUT_TYPE_HEARTBEAT {
		return "its worker stopped; another one continues"
	}
	return "waiting for " + present.Service(kind.Service())
}
