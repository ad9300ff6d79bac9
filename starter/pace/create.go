package pace

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

// CreateRequest asks for what a preview showed to be written.
type CreateRequest struct {
	care.CreateRequest
	Organisation db.Organisation
	RequestedBy  string
}

// Created is what a Create came to.
type Created struct {
	RunID      care.ID
	ContractID care.ID
	Outcome    care.AreaOutcome
	Reason     care.Reason
	// Next is the preview that waits now, where the NDIA reports something else than the one before showed (R22); it has the differences.
	Next *db.Retrieval
}

// Create writes what a preview showed, of the budgets that are ticked (R22). Whoever asks twice gets the first answer. It fails with
// NotAdmitted where it was not begun, and with db.ErrNotFound for a preview that is not the organisation's.
func (s *Service) Create(ctx context.Context, request CreateRequest) (Created, error) {
	retrieval, err := s.store.Retrieval(ctx, request.Organisation.ID, request.PreviewID)
	if err != nil {
		return Created{}, err
	}
	if retrieval.State != db.RetrievalWaiting {
		return s.settled(ctx, request.Organisation, retrieval)
	}
	request.PreviewID = retrieval.ID // the update is named after it: an id can be written in several ways
	answer, err := s.create(ctx, retrieval.ClientID, request)
	if reason, refused := notAdmitted(err); refused {
		return Created{}, &NotAdmitted{Reason: reason}
	}
	if isOver(err) {
		return s.overtaken(ctx, request)
	}
	if err != nil {
		return Created{}, err
	}
	return s.created(ctx, request.Organisation, answer)
}

func (s *Service) create(ctx context.Context, person care.ID, request CreateRequest) (answer protocol.CreateAnswer, err error) {
	options := client.UpdateWorkflowOptions{
		WorkflowID: protocol.PaceContractSyncID(person), UpdateID: protocol.CreateUpdateID(request.PreviewID), UpdateName: protocol.Create.Name,
		Args:         []any{protocol.CreateRequest{CreateRequest: request.CreateRequest, RequestedBy: request.RequestedBy}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	err = s.untilFree(ctx, "create the contract", 1, func() error {
		handle, err := s.temporal.UpdateWorkflow(ctx, options)
		if err != nil {
			return err
		}
		return handle.Get(ctx, &answer)
	})
	return answer, err
}

// settled says what became of a retrieval that no longer waits.
func (s *Service) settled(ctx context.Context, organisation db.Organisation, retrieval db.Retrieval) (Created, error) {
	switch retrieval.State {
	case db.RetrievalCreated:
		return Created{RunID: retrieval.RunID, ContractID: retrieval.ContractID, Outcome: care.AreaSucceeded}, nil
	case db.RetrievalReplaced:
		return Created{}, &NotAdmitted{Reason: care.ReasonPreviewReplaced}
	}
	run, err := s.store.RunProgress(ctx, organisation.ID, retrieval.RunID)
	if err != nil {
		return Created{}, err
	}
	if run.Outcome == "" || run.Reason == "" {
		return Created{}, &NotAdmitted{Reason: care.ReasonPreviewExpired}
	}
	return Created{}, &NotAdmitted{Reason: run.Reason}
}

// overtaken looks once more at a retrieval whose workflow has ended.
func (s *Service) overtaken(ctx context.Context, request CreateRequest) (Created, error) {
	retrieval, err := s.store.Retrieval(ctx, request.Organisation.ID, request.PreviewID)
	if err != nil {
		return Created{}, err
	}
	if retrieval.State == db.RetrievalWaiting { // its workflow was terminated
		return Created{}, syncs.ErrAbandoned
	}
	return s.settled(ctx, request.Organisation, retrieval)
}

func (s *Service) created(ctx context.Context, organisation db.Organisation, answer protocol.CreateAnswer) (Created, error) {
	created := Created{RunID: answer.RunID, ContractID: answer.ContractID, Outcome: answer.Outcome, Reason: answer.Reason}
	if answer.NextRetrievalID == "" {
		return created, nil
	}
	next, err := s.store.Retrieval(ctx, organisation.ID, answer.NextRetrievalID)
	if err != nil {
		return created, err
	}
	created.Next = &next
	return created, nil
}

// createAll creates everything that a preview shows. That it was not admitted is an answer: the preview still waits.
func (s *Service) createAll(ctx context.Context, request Request, retrieval *db.Retrieval) (*Created, error) {
	agreed := retrieval.Staged.SelectAll()
	agreed.AcceptOverlaps, agreed.AcceptRemovals = request.AcceptOverlaps, request.AcceptRemovals
	created, err := s.Create(ctx, CreateRequest{CreateRequest: agreed, Organisation: request.Organisation, RequestedBy: request.RequestedBy})
	var refused *NotAdmitted
	if errors.As(err, &refused) {
		return &Created{RunID: retrieval.RunID, Outcome: care.AreaRefused, Reason: refused.Reason}, nil
	}
	if err != nil {
		return nil, err
	}
	if created.Outcome == care.AreaSucceeded {
		retrieval.State, retrieval.ContractID = db.RetrievalCreated, created.ContractID
	} else {
		retrieval.State = db.RetrievalReplaced
	}
	return &created, nil
}
