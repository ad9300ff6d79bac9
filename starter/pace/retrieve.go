package pace

import (
	"context"
	"sync"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
)

// retrieveTries is how often a plan is asked for where the workflow ends under the question each time.
const retrieveTries = 10

// Request asks for a person's plan to be retrieved.
type Request struct {
	Organisation care.Organisation
	Person       care.ID
	// PlanStartDate says which of the person's plans is wanted; without one it is the plan that covers today (R23).
	PlanStartDate care.Date
	RequestedBy   string
	// All creates at once what the preview shows, for callers that do not look (R22). Overlaps and mass removals need their own yes.
	All                            bool
	AcceptOverlaps, AcceptRemovals bool
}

// PreviewResult is what a retrieval came to: a preview that waits, or why there is none.
type PreviewResult struct {
	RunID   care.ID
	Outcome care.AreaOutcome
	Reason  care.Reason
	// Preview has the preview; nil where there is none.
	Preview *db.Preview
	// CreateResult is what came of creating it; nil where no one asked for that, or there was nothing to create.
	Created *CreateResult
}

// PreviewJob is a retrieval under way. It is safe for use by many goroutines.
type PreviewJob struct {
	run   chan care.ID
	done  chan struct{}
	found PreviewResult
	err   error
}

// Run yields our id of the run that answers as soon as it is known, and with every attempt that finds another one; it is closed at the
// end. An outage can make an answer late: the run's rows say what it waits for.
func (r *PreviewJob) Run() <-chan care.ID { return r.run }

// Done is closed when the answer is there.
func (r *PreviewJob) Done() <-chan struct{} { return r.done }

// Wait waits for the answer. One that is there is given even where ctx has ended.
func (r *PreviewJob) Wait(ctx context.Context) (PreviewResult, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		select {
		case <-r.done:
		default:
			return PreviewResult{}, ctx.Err()
		}
	}
	return r.found, r.err
}

// Begin starts to read a person's plan and to stage its preview (R22), which continues until ctx ends. It takes as long as the read takes, and
// waits while a refresh or a create of the person is under way. It fails with db.ErrNotFound for someone else's person, before anything is
// started, or syncs.ErrUnavailable; a plan that the NDIA or a rule refuses is an answer.
func (s *Service) Begin(ctx context.Context, request Request) *PreviewJob {
	retrieving := &PreviewJob{run: make(chan care.ID, 1), done: make(chan struct{})}
	go func() {
		defer close(retrieving.run)
		defer close(retrieving.done) // first: whoever learns that no run will be known finds the answer
		retrieving.found, retrieving.err = s.retrieve(ctx, request, retrieving.tell)
	}()
	return retrieving
}

// tell leaves only the newest run for whoever is slow to listen.
func (r *PreviewJob) tell(run care.ID) {
	select {
	case <-r.run:
	default:
	}
	r.run <- run
}

func (s *Service) retrieve(ctx context.Context, request Request, tell func(care.ID)) (PreviewResult, error) {
	person, err := read.From(s.store).Person(ctx, request.Organisation, request.Person, s.store.Now())
	if err != nil {
		return PreviewResult{}, err
	}
	request.Person = person.ID // the workflow is named after it: an id can be written in several ways (R7)
	answer, err := s.ask(ctx, request, tell)
	if err != nil {
		return PreviewResult{}, err
	}
	found := PreviewResult{RunID: answer.RunID, Outcome: answer.Outcome, Reason: answer.Reason}
	if answer.PreviewID == "" {
		return found, nil
	}
	retrieval, err := s.store.Preview(ctx, request.Organisation.ID, answer.PreviewID)
	if err != nil {
		return found, err
	}
	if retrieval.State != db.PreviewWaiting { // someone else has retrieved the plan, or cancelled, since
		found.Outcome, found.Reason = care.AreaRefused, care.ReasonPreviewReplaced
		return found, nil
	}
	found.Preview = &retrieval
	if request.All {
		found.Created, err = s.createAll(ctx, request, &retrieval)
	}
	return found, err
}

// ask asks until the workflow is neither busy with something else nor ends under the question.
func (s *Service) ask(ctx context.Context, request Request, tell func(care.ID)) (answer protocol.RetrieveAnswer, err error) {
	err = s.untilFree(ctx, "retrieve the plan", retrieveTries, func() error {
		var run care.ID
		answer, run, err = s.askOnce(ctx, request, tell)
		if err == nil || run == "" || !isOver(err) {
			return err
		}
		// A run that was refused before it came to the question has answered it.
		progress, unknown := read.From(s.store).RunProgress(ctx, request.Organisation.ID, run)
		if unknown != nil || progress.Outcome != care.RunFailed {
			return err
		}
		answer = protocol.RetrieveAnswer{RunID: run, Outcome: care.AreaRefused, Reason: progress.Reason}
		return nil
	})
	return answer, err
}

// askOnce sends the update, with start, and waits for its answer. It returns our id of the run that was asked, too, if it is known.
func (s *Service) askOnce(ctx context.Context, request Request, tell func(care.ID)) (answer protocol.RetrieveAnswer, run care.ID, err error) {
	options, input := protocol.PaceContractSyncStart(s.queues, request.careRequest())
	start := s.temporal.NewWithStartWorkflowOperation(options, protocol.PaceContractSyncWorkflow, input)
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	var telling sync.WaitGroup
	telling.Go(func() { // the run is known before a worker has taken the question up
		if run = s.started(waiting, request, start); run != "" {
			tell(run)
		}
	})
	handle, err := s.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: protocol.Retrieve.Name, WaitForStage: client.WorkflowUpdateStageAccepted,
			Args: []any{protocol.RetrieveRequest{PlanStartDate: request.PlanStartDate, RequestedBy: request.RequestedBy}},
		},
	})
	if err == nil {
		err = handle.Get(ctx, &answer)
	} else {
		stop() // which run it is will not be known
	}
	telling.Wait()
	return answer, run, err
}

// started is our id of the run that a question has started or found. Its row is written, so that it can be followed at once; where that
// fails, the question is answered all the same.
func (s *Service) started(ctx context.Context, request Request, start client.WithStartWorkflowOperation) care.ID {
	workflow, err := start.Get(ctx)
	if err != nil {
		return ""
	}
	run, err := s.record(ctx, request.careRequest(), workflow.GetRunID())
	if err != nil {
		return ""
	}
	return run
}

// record writes the run's row, so that it can be followed, and returns our id of it.
func (s *Service) record(ctx context.Context, request care.Request, temporalRun string) (care.ID, error) {
	workflowID := protocol.PaceContractSyncID(request.PersonID)
	run, err := s.syncs.OriginalRun(ctx, workflowID, temporalRun)
	if err != nil {
		return "", err
	}
	return run, s.syncs.RecordRun(ctx, db.RunStart{ID: run, Kind: care.RunPACEContract, WorkflowID: workflowID, Request: request})
}

func (r Request) careRequest() care.Request {
	return care.Request{OrganisationID: r.Organisation.ID, PersonID: r.Person, Trigger: care.TriggerOnDemand, RequestedBy: r.RequestedBy}
}
