// Package syncs starts, joins, follows and cancels syncs for those that people and programs use: commands, the HTTP API and pages.
package syncs

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/protocol"
)

var (
	// ErrNoCareRecipientID: the person cannot be synced before the id is known.
	ErrNoCareRecipientID = errors.New("this person has no care recipient id")
	// ErrFinished: the run has ended already, so that there is nothing to cancel.
	ErrFinished = errors.New("the run has finished already")
	// ErrUnavailable: the Temporal server could not be reached. Trying again may help.
	ErrUnavailable = errors.New("the Temporal server is unavailable")
)

// Temporal is what is needed of a Temporal client.
type Temporal interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any, options client.StartWorkflowOptions,
		workflow any, workflowArgs ...any) (client.WorkflowRun, error)
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	TerminateWorkflow(ctx context.Context, workflowID, runID, reason string, details ...any) error
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enumspb.HistoryEventFilterType) client.HistoryEventIterator
}

// Service is safe for use by many goroutines.
type Service struct {
	store    *db.Store
	temporal Temporal
	queues   protocol.TaskQueues
	// How often a followed run's rows are read, Temporal is asked about it, and a closing run is tried again.
	poll, describe, closing time.Duration
}

// New makes a service. It reads progress from the store, so that following works while workers are away.
func New(store *db.Store, temporal Temporal, queues protocol.TaskQueues) *Service {
	return &Service{store: store, temporal: temporal, queues: queues, poll: pollInterval, describe: describeInterval, closing: closingInterval}
}

// Request asks for a person's sync.
type Request struct {
	Organisation db.Organisation
	Person       care.ID
	AllBudgets   bool
	RequestedBy  string
	// Fresh asks for a pass that begins now, not for one that is under way.
	Fresh bool
}

// StartResult says which run a request led to.
type StartResult struct {
	RunID care.ID
	// Joined: a run was under way already (R7).
	Joined bool
	// AnotherPass: the run that was joined does less than was asked for; one more pass follows it, unless it had not begun (R7).
	AnotherPass bool
}

// Start starts a person's sync, or joins the one that is running (R7). It fails with db.ErrNotFound, ErrNoCareRecipientID, or
// ErrUnavailable.
func (s *Service) Start(ctx context.Context, request Request) (StartResult, error) {
	person, err := read.From(s.store).Person(ctx, request.Organisation, request.Person, s.store.Now())
	if err != nil {
		return StartResult{}, err
	}
	if person.CareRecipientID == "" {
		return StartResult{}, ErrNoCareRecipientID
	}
	request.Person = person.ID // as we write it: the workflow's id is made of it
	return s.startOrJoin(ctx, request)
}

// startOrJoin does not join a run that has recorded its outcome already and whose workflow is about to close: that is over.
func (s *Service) startOrJoin(ctx context.Context, request Request) (StartResult, error) {
	tries := closingTries
	return poll.Until(ctx, s.closing, func() (StartResult, bool, error) {
		started, found, err := s.execute(ctx, request)
		if err != nil || found == nil {
			return started, true, err
		}
		if found.over && tries > 0 {
			tries--
			return StartResult{}, false, nil
		}
		joined, err := s.join(ctx, request, *found)
		return joined, true, err
	})
}

// found is a sync that was running when another was asked for.
type found struct {
	// runID is Temporal's, original ours.
	runID      string
	original   care.ID
	allBudgets bool
	// over: the run has recorded its outcome.
	over bool
}

// execute starts a sync, or answers with the one that it found.
func (s *Service) execute(ctx context.Context, request Request) (StartResult, *found, error) {
	options, input := protocol.CareRecipientSyncStart(s.queues, request.careRequest())
	run, err := s.temporal.ExecuteWorkflow(ctx, options, protocol.CareRecipientSyncWorkflow, input)
	var running *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case err == nil:
		started, err := s.record(ctx, request, StartResult{RunID: care.ID(run.GetRunID())})
		return started, nil, err
	case !errors.As(err, &running):
		return StartResult{}, nil, TemporalError("start the sync", err)
	}
	original, err := s.OriginalRun(ctx, options.ID, running.RunId)
	if err != nil {
		return StartResult{}, nil, err
	}
	progress, err := read.From(s.store).RunProgress(ctx, request.Organisation.ID, original)
	if err != nil && !errors.Is(err, db.ErrNotFound) { // whoever started it may not have recorded it yet
		return StartResult{}, nil, err
	}
	return StartResult{}, &found{runID: running.RunId, original: original, allBudgets: progress.AllBudgets, over: progress.State == read.RunFinished}, nil
}

// Accept lets the removals that a run held back through and starts a sync that makes them (R5). It fails with db.ErrNotFound where the
// run holds none back.
func (s *Service) Accept(ctx context.Context, organisation db.Organisation, run care.ID, by string) ([]read.Hold, StartResult, error) {
	progress, err := read.From(s.store).RunProgress(ctx, organisation.ID, run)
	if err != nil {
		return nil, StartResult{}, err
	}
	if err := s.store.AcceptHolds(ctx, organisation.ID, run, by); err != nil {
		return nil, StartResult{}, err
	}
	holds, err := read.From(s.store).RemovalHolds(ctx, organisation.ID, progress.Person.ID, run)
	if err != nil {
		return nil, StartResult{}, err
	}
	// A run that is under way may have read before the removal was accepted.
	request := Request{Organisation: organisation, Person: progress.Person.ID, AllBudgets: progress.AllBudgets, RequestedBy: by, Fresh: true}
	started, err := s.Start(ctx, request)
	return holds, started, err
}

// ConfirmSamePerson keeps that the person of a run's doubt about a given name is the same (R8), and starts a sync that asks no more. It
// fails with db.ErrNotFound where the run has no such doubt, and with db.InvalidError without a reason.
func (s *Service) ConfirmSamePerson(ctx context.Context, organisation db.Organisation, run care.ID, by, why string) (StartResult, error) {
	progress, err := read.From(s.store).RunProgress(ctx, organisation.ID, run)
	if err != nil {
		return StartResult{}, err
	}
	if err := s.store.ConfirmSamePerson(ctx, organisation.ID, run, by, why); err != nil {
		return StartResult{}, err
	}
	return s.Start(ctx, Request{Organisation: organisation, Person: progress.Person.ID, AllBudgets: progress.AllBudgets, RequestedBy: by, Fresh: true})
}

// Cancel asks a run to stop; what it has saved stays. A run that its workflow left open is closed, and so is one that no worker has ever begun:
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

// CancelledUnbegun is the reason for which a workflow is terminated that was cancelled before any worker had begun it.
const CancelledUnbegun = "cancelled before a worker had begun it"

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

// join joins a running sync. Whoever asks for more than it does, or finds it over with no worker there to close it, gets one more pass.
func (s *Service) join(ctx context.Context, request Request, running found) (StartResult, error) {
	joined := StartResult{RunID: running.original, Joined: true}
	request.Fresh = request.Fresh || running.over
	if request.Fresh || request.AllBudgets && !running.allBudgets {
		return s.askForMore(ctx, request, running.runID, joined)
	}
	return s.record(ctx, request, joined)
}

// askForMore causes one more pass after the running one, or starts one if that has ended meanwhile (R7).
func (s *Service) askForMore(ctx context.Context, request Request, runningID string, joined StartResult) (StartResult, error) {
	signal := protocol.SyncRequest{Trigger: care.TriggerOnDemand, AllBudgets: request.AllBudgets, RequestedBy: request.RequestedBy, Fresh: request.Fresh}
	options, input := protocol.CareRecipientSyncStart(s.queues, request.careRequest())
	run, err := s.temporal.SignalWithStartWorkflow(ctx, options.ID, protocol.SyncRequested.Name, signal,
		options, protocol.CareRecipientSyncWorkflow, input)
	if err != nil {
		return StartResult{}, TemporalError("ask for one more pass", err)
	}
	if run.GetRunID() != runningID {
		return s.record(ctx, request, StartResult{RunID: care.ID(run.GetRunID())})
	}
	joined.AnotherPass = true
	return s.record(ctx, request, joined)
}

// record writes the run's row, so that it can be followed before a worker has begun it. A row that is there already stands.
func (s *Service) record(ctx context.Context, request Request, started StartResult) (StartResult, error) {
	return started, s.RecordRun(ctx, db.RunStart{
		ID: started.RunID, Kind: care.RunCareRecipient, WorkflowID: protocol.CareRecipientSyncID(request.Person),
		Request: request.careRequest(),
	})
}

// RecordRun writes the row of a run that has been started, so that it can be followed at once. A row that is there already stands.
func (s *Service) RecordRun(ctx context.Context, run db.RunStart) error {
	if err := s.store.RecordRun(ctx, run); err != nil {
		return fmt.Errorf("the sync was started as run %s, but could not be recorded yet: %w", run.ID, err)
	}
	return nil
}

// careRequest is what the workflow is asked to do.
func (r Request) careRequest() care.Request {
	return care.Request{
		OrganisationID: r.Organisation.ID, PersonID: r.Person, AllBudgets: r.AllBudgets,
		Trigger: care.TriggerOnDemand, RequestedBy: r.RequestedBy,
	}
}

// TemporalError keeps what the server says out of reach of people: its texts are for operators of Temporal.
func TemporalError(operation string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var unavailable *serviceerror.Unavailable
	var timeout *serviceerror.DeadlineExceeded
	if errors.As(err, &unavailable) || errors.As(err, &timeout) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", operation, ErrUnavailable)
	}
	return fmt.Errorf("%s: %w", operation, err)
}
