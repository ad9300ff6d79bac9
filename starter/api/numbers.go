package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

type changeNumberInput struct {
	ID   string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Body struct {
		Kind   care.NumberKind `json:"kind" enum:"care_recipient_id,ndis_number" doc:"Which of the two numbers"`
		Number string          `json:"number" maxLength:"10" doc:"The person's number from now on"`
		Note   string          `json:"note" minLength:"1" maxLength:"500" doc:"Why: it is kept in the person's history"`
	}
}

func (a api) registerNumbers(served huma.API) {
	huma.Register(served, huma.Operation{
		OperationID: "change-number", Method: http.MethodPost, Path: "/v1/clients/{id}/number-changes", Tags: []string{tagCareRecipients},
		Summary: "Give a person another care recipient id or NDIS number",
		Description: "Keeps the person with plan, contracts, history and old budgets. A person with another care recipient id counts as not verified until the next sync. " +
			"Changing the number back undoes it. A number that another person has is refused: \"number_taken\".",
		DefaultStatus: http.StatusOK, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.changeNumber)
}

func (a api) changeNumber(ctx context.Context, in *changeNumberInput) (*clientOutput, error) {
	caller := callerOf(ctx)
	err := a.store.ChangeNumber(ctx, caller.Organisation.ID, db.NumberChange{
		Person: idOf(in.ID), Kind: in.Body.Kind, Number: in.Body.Number, RequestedBy: by(caller), Note: in.Body.Note,
	})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getCareRecipient(ctx, &clientInput{ID: in.ID})
}
