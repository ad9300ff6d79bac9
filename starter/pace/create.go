package pace

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

// CreateRequest asks for what a preview showed to be written.
type CreateRequest struct {
	care.CreateRequest
	Organisation care.Organisation
	RequestedBy  string
}

// CreateResult is what a Create came to.
type CreateResult struct {
	RunID      care.ID
	ContractID care.ID
	Outcome    care.AreaOutcome
	Reason     care.Reason
	// Next is the preview that waits now, where the NDIA reports something else than the one before showed (R22); it has the differences.
	Next *db.Preview
}

// Create writes what a preview showed, of the budgets that are ticked (R22). A repeated request gets the first result. It fails with
// NotAdmitted where it was not begun, and with db.ErrNotFound for a preview that is not the organisation's.
func (s *Service) Create(ctx context.Context, request CreateRequest) (CreateResult, error) {
	retrieval, err := s.store.Preview(ctx, request.Organisation.ID, request.PreviewID)
	if err != nil {
		return CreateResult{}, err
	}
	if retrieval.State != db.PreviewWaiting {
		return s.settled(ctx, request.Organisation, retrieval)
	}
	request.PreviewID = retrieval.ID // the update is named after it: an id can be written in several ways
	answer, err := s.create(ctx, retrieval.PersonID, request)
	if reason, refused := notAdmitted(err); refused {
		return CreateResult{}, &NotAdmitted{Reason: reason}
	}
	if isOver(err) {
		return s.overtaken(ctx, request)
	}
	if err != nil {
		return CreateResult{}, err
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
func (s *Service) settled(ctx context.Context, organisation care.Organisation, retrieval db.Preview) (CreateResult, error) {
	switch retrieval.State {
	case db.PreviewCreated:
		return CreateResult{RunID: retrieval.RunID, ContractID: retrieval.ContractID, Outcome: care.AreaSucceeded}, nil
	case db.PreviewReplaced:
		return CreateResult{}, &NotAdmitted{Reason: care.ReasonPreviewReplaced}
	}
	run, err := read.From(s.store).RunProgress(ctx, organisation.ID, retrieval.RunID)
	if err != nil {
		return CreateResult{}, err
	}
	if run.Outcome == "" || run.Reason == "" {
		return CreateResult{}, &NotAdmitted{Reason: care.ReasonPreviewExpired}
	}
	return CreateResult{}, &NotAdmitted{Reason: run.Reason}
}

// overtaken looks once more at a retrieval whose workflow has ended.
func (s *Service) overtaken(ctx context.Context, request CreateRequest) (CreateResult, error) {
	retrieval, err := s.store.Preview(ctx, request.Organisation.ID, request.PreviewID)
	if err != nil {
		return CreateResult{}, err
	}
	if retrieval.State == db.PreviewWaiting { // its workflow was terminated
		return CreateResult{}, syncs.ErrAbandoned
	}
	return s.settled(ctx, request.Organisation, retrieval)
}

func (s *Service) created(ctx context.Context, organisation care.Organisation, answer protocol.CreateAnswer) (CreateResult, error) {
	created := CreateResult{RunID: answer.RunID, ContractID: answer.ContractID, Outcome: answer.Outcome, Reason: answer.Reason}
	if answer.NextPreviewID == "" {
		return created, nil
	}
	next, err := s.store.Preview(ctx, organisation.ID, answer.NextPreviewID)
	if err != nil {
		return created, err
	}
	created.Next = &next
	return created, nil
}

// createAll creates everything that a preview shows. That it was not admitted is an answer: the preview still waits.
func (s *Service) createAll(ctx context.Context, request Request, retrieval *db.Preview) (*CreateResult, error) {
	agreed := retrieval.Contents.SelectAll()
	agreed.AcceptOverlaps, agreed.AcceptRemovals = request.AcceptOverlaps, request.AcceptRemovals
	created, err := s.Create(ctx, CreateRequest{CreateRequest: agreed, Organisation: request.Organisation, RequestedBy: request.RequestedBy})
	var refused *NotAdmitted
	if errors.As(err, &refused) {
		return &CreateResult{RunID: retrieval.RunID, Outcome: care.AreaRefused, Reason: refused.Reason}, nil
	}
	if err != nil {
		return nil, err
	}
	if created.Outcome == care.AreaSucceeded {
		retrieval.State, retrieval.ContractID = db.PreviewCreated, created.ContractID
	} else {
		retrieval.State = db.PreviewReplaced
	}
	return &created, nil
}
