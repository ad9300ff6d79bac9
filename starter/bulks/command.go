package bulks

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

// Pause pauses a bulk run: no more people are started, and people in progress will finish. It fails with db.ErrNotFound, ErrFinished, ErrAbandoned,
// ErrStarting, ErrNoAnswer or syncs.ErrUnavailable.
func (s *Service) Pause(ctx context.Context, organisation, bulk care.ID, requestedBy string) error {
	if err := s.command(ctx, organisation, bulk, protocol.Pause.Name); err != nil {
		return err
	}
	return s.store.NoteBulkPausedBy(ctx, organisation, bulk, requestedBy)
}

// Resume resumes a paused bulk run. It fails as Pause does.
func (s *Service) Resume(ctx context.Context, organisation, bulk care.ID, _ string) error {
	return s.command(ctx, organisation, bulk, protocol.Resume.Name)
}

// SetWindow sets how many batches of a bulk run run in parallel. It fails as Pause does, or with care.InvalidError.
func (s *Service) SetWindow(ctx context.Context, organisation, bulk care.ID, window int) error {
	if window < 1 || window > protocol.MostBatchesAtOnce {
		return &care.InvalidError{Field: "window", Message: fmt.Sprintf("must be between 1 and %d", protocol.MostBatchesAtOnce)}
	}
	return s.command(ctx, organisation, bulk, protocol.SetWindow.Name, window)
}

// Cancel ends a bulk run: people in progress will finish, everyone else is counted as skipped. A bulk run that its workflow
// left open is closed. It fails with db.ErrNotFound, ErrFinished, ErrStarting or syncs.ErrUnavailable.
func (s *Service) Cancel(ctx context.Context, organisation, bulk care.ID, _ string) error {
	found, err := s.open(ctx, organisation, bulk)
	if errors.Is(err, ErrAbandoned) {
		return s.close(ctx, organisation, bulk)
	}
	if err != nil {
		return err
	}
	begun, err := syncs.HasBegun(ctx, s.temporal, found.workflowID, "")
	if err != nil {
		return err
	}
	if begun {
		err = s.temporal.CancelWorkflow(ctx, found.workflowID, "")
	} else if err = s.temporal.TerminateWorkflow(ctx, found.workflowID, "", syncs.CancelledUnbegun); err == nil {
		return s.close(ctx, organisation, bulk) // no worker would
	}
	if temporal.Gone(err) {
		return s.close(ctx, organisation, bulk)
	}
	return syncs.TemporalError("cancel the bulk run", err)
}

// close settles what a workflow left open.
func (s *Service) close(ctx context.Context, organisation, bulk care.ID) error {
	_, _, err := s.store.FinishBulk(ctx, organisation, bulk, care.ReasonCancelled)
	return err
}

func (s *Service) command(ctx context.Context, organisation, bulk care.ID, name string, arguments ...any) error {
	found, err := s.open(ctx, organisation, bulk)
	if err != nil {
		return err
	}
	answering, cancel := context.WithTimeout(ctx, s.answers)
	defer cancel()
	err = s.update(answering, found.workflowID, name, arguments)
	switch {
	case err == nil:
		return nil
	case isOver(err):
		return ErrFinished
	case answering.Err() != nil && ctx.Err() == nil:
		return ErrNoAnswer
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return syncs.TemporalError("command the bulk run", err)
}

func (s *Service) update(ctx context.Context, workflowID, name string, arguments []any) error {
	handle, err := s.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateName: name, Args: arguments, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	var progress protocol.BulkProgress
	return handle.Get(ctx, &progress)
}

// open finds the workflow of a bulk run that has not finished. It fails with db.ErrNotFound, ErrFinished, ErrStarting or ErrAbandoned.
func (s *Service) open(ctx context.Context, organisation, bulk care.ID) (found, error) {
	progress, err := read.From(s.store).BulkProgress(ctx, organisation, bulk)
	if err != nil {
		return found{}, err
	}
	if progress.State == read.BulkFinished {
		return found{}, ErrFinished
	}
	at, err := s.look(ctx, progress.WorkflowID)
	if err != nil || at.running {
		return at, err
	}
	if !at.known && time.Since(progress.RequestedAt) < startsWithin {
		return at, ErrStarting
	}
	return at, s.abandoned(ctx, organisation, bulk)
}

// abandoned looks at the row once more, since the bulk run may have finished after it was read.
func (s *Service) abandoned(ctx context.Context, organisation, bulk care.ID) error {
	progress, err := read.From(s.store).BulkProgress(ctx, organisation, bulk)
	switch {
	case err != nil:
		return err
	case progress.State == read.BulkFinished:
		return ErrFinished
	default:
		return ErrAbandoned
	}
}

// found is the workflow of a bulk run.
type found struct {
	workflowID string
	// known: Temporal knows the workflow.
	known, running bool
	described      *workflowservice.DescribeWorkflowExecutionResponse
}

// look asks Temporal for the newest run of a bulk run's workflow.
func (s *Service) look(ctx context.Context, workflowID string) (found, error) {
	described, err := s.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if temporal.Gone(err) {
		return found{workflowID: workflowID}, nil
	}
	if err != nil {
		return found{}, syncs.TemporalError("look at the bulk run", err)
	}
	return found{
		workflowID: workflowID, known: true,
		running:   described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
		described: described,
	}, nil
}

// endedBeforeAnswer is the server's type of failure for an update that a workflow accepted and left unanswered.
const endedBeforeAnswer = "AcceptedUpdateCompletedWorkflow"

// isOver reports whether the workflow that was commanded is no longer there to answer.
func isOver(err error) bool {
	var closing *serviceerror.Aborted
	var answered *sdktemporal.ApplicationError
	return temporal.Gone(err) || errors.As(err, &closing) || errors.As(err, &answered) && answered.Type() == endedBeforeAnswer
}
