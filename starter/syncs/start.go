package syncs

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/protocol"
)

// Request asks for a person's sync.
type Request struct {
	Organisation care.Organisation
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
	// AnotherPass: the run that was joined does less than was asked for; one more pass follows it, unless it had not started (R7).
	AnotherPass bool
}

// Start starts a person's sync, or joins the one that is running, which makes one more pass where it does less than is asked for (R7). Nothing
// of this needs a worker: what was asked for waits in Temporal. It fails with db.ErrNotFound, ErrNoCareRecipientID or ErrUnavailable.
func (s *Service) Start(ctx context.Context, request Request) (StartResult, error) {
	person, err := read.From(s.store).Person(ctx, request.Organisation, request.Person, s.store.Now())
	if err != nil {
		return StartResult{}, err
	}
	if person.CareRecipientID == "" {
		return StartResult{}, ErrNoCareRecipientID
	}
	request.Person = person.ID // as we write it: the workflow's id is made of it
	found, err := s.startUnlessRunning(ctx, request)
	if err != nil {
		return StartResult{}, err
	}
	result := StartResult{RunID: found.id, Joined: !found.started}
	if found.doesLessThan(request) {
		if result, err = s.askForAnotherPass(ctx, request, found); err != nil {
			return StartResult{}, err
		}
	}
	return result, s.RecordRun(ctx, db.RunStart{
		ID: result.RunID, Kind: care.RunCareRecipient, WorkflowID: protocol.CareRecipientSyncID(request.Person), Request: request.careRequest(),
	})
}

// underway is the sync that a request has started, or found running.
type underway struct {
	id          care.ID
	temporalRun string
	started     bool
	allBudgets  bool
	// over: the run has recorded its outcome.
	over bool
}

// doesLessThan reports whether the sync was found running and does less than a request asks for. One that is over does nothing more.
func (u underway) doesLessThan(request Request) bool {
	return !u.started && (request.Fresh || u.over || request.AllBudgets && !u.allBudgets)
}

// startUnlessRunning starts a sync, or finds the one that is running. One that is over is not joined: its workflow is about to close, unless no
// worker is there to close it.
func (s *Service) startUnlessRunning(ctx context.Context, request Request) (underway, error) {
	tries := closingTries
	return poll.Until(ctx, s.closing, func() (underway, bool, error) {
		found, err := s.startOrFind(ctx, request)
		tries--
		return found, !found.over || tries < 0, err
	})
}

func (s *Service) startOrFind(ctx context.Context, request Request) (underway, error) {
	options, input := protocol.CareRecipientSyncStart(s.queues, request.careRequest())
	run, err := s.temporal.ExecuteWorkflow(ctx, options, protocol.CareRecipientSyncWorkflow, input)
	var running *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &running) {
		return s.running(ctx, request, running.RunId)
	}
	if err != nil {
		return underway{}, TemporalError("start the sync", err)
	}
	return underway{id: care.ID(run.GetRunID()), started: true}, nil
}

// running is the sync of a request's person that runs as that Temporal run.
func (s *Service) running(ctx context.Context, request Request, temporalRun string) (underway, error) {
	id, err := s.OriginalRun(ctx, protocol.CareRecipientSyncID(request.Person), temporalRun)
	if err != nil {
		return underway{}, err
	}
	progress, err := read.From(s.store).RunProgress(ctx, request.Organisation.ID, id)
	if err != nil && !errors.Is(err, db.ErrNotFound) { // whoever started it may not have recorded it yet
		return underway{}, err
	}
	return underway{id: id, temporalRun: temporalRun, allBudgets: progress.AllBudgets, over: progress.State == read.RunFinished}, nil
}

// askForAnotherPass causes one more pass after the running one, or starts a sync if that has ended meanwhile (R7).
func (s *Service) askForAnotherPass(ctx context.Context, request Request, found underway) (StartResult, error) {
	signal := protocol.SyncRequest{
		Trigger: care.TriggerOnDemand, AllBudgets: request.AllBudgets, RequestedBy: request.RequestedBy, Fresh: request.Fresh || found.over,
	}
	options, input := protocol.CareRecipientSyncStart(s.queues, request.careRequest())
	run, err := s.temporal.SignalWithStartWorkflow(ctx, options.ID, protocol.SyncRequested.Name, signal, options, protocol.CareRecipientSyncWorkflow, input)
	if err != nil {
		return StartResult{}, TemporalError("ask for one more pass", err)
	}
	if run.GetRunID() != found.temporalRun {
		return StartResult{RunID: care.ID(run.GetRunID())}, nil
	}
	return StartResult{RunID: found.id, Joined: true, AnotherPass: true}, nil
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
