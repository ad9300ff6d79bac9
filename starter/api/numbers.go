package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
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
		OperationID: "change-number", Method: http.MethodPost, Path: "/v1/people/{id}/number-changes", Tags: []string{tagPeople},
		Summary: "Give a person another care recipient id or NDIS number",
		Description: "Keeps the person with plan, contracts, history and old budgets. A person with another care recipient id counts as not verified until the next sync. " +
			"Changing the number back undoes it. A number that another person has is refused: \"number_taken\".",
		DefaultStatus: http.StatusOK, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.changeNumber)
	huma.Register(served, huma.Operation{
		OperationID: "list-same-person-answers", Method: http.MethodGet, Path: "/v1/people/{id}/same-person", Tags: []string{tagPeople},
		Summary: "List the given names of which somebody said that they are this person's", Errors: []int{http.StatusNotFound},
	}, a.listSamePersonAnswers)
	huma.Register(served, huma.Operation{
		OperationID: "take-same-person-back", Method: http.MethodPost, Path: "/v1/people/{id}/same-person/{answer}/take-back", Tags: []string{tagPeople},
		Summary: "Take back that a given name is this person's",
		Description: "The next sync asks again; what was saved stays. A person whom only that answer told from a namesake counts as not verified. " +
			"Who took it back, and why, is kept in the person's history.",
		DefaultStatus: http.StatusOK, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.takeSamePersonBack)
}

type samePersonAnswersOutput struct {
	Body struct {
		Answers []views.SamePersonAnswer `json:"answers" doc:"Newest first; those that were taken back are in the person's history alone"`
	}
}

func (a api) listSamePersonAnswers(ctx context.Context, in *personInput) (*samePersonAnswersOutput, error) {
	answers, err := read.From(a.store).SamePersonAnswers(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &samePersonAnswersOutput{}
	out.Body.Answers = views.Each(answers, views.FromSamePersonAnswer)
	return out, nil
}

type takeSamePersonBackInput struct {
	ID     string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Answer string `path:"answer" format:"uuid" doc:"The answer's id"`
	Body   struct {
		Note string `json:"note" minLength:"1" maxLength:"500" doc:"Why: it is kept in the person's history"`
	}
}

func (a api) takeSamePersonBack(ctx context.Context, in *takeSamePersonBackInput) (*samePersonAnswersOutput, error) {
	caller := callerOf(ctx)
	if err := a.store.TakeSamePersonBack(ctx, caller.Organisation.ID, idOf(in.ID), idOf(in.Answer), by(caller), in.Body.Note); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.listSamePersonAnswers(ctx, &personInput{ID: in.ID})
}

func (a api) changeNumber(ctx context.Context, in *changeNumberInput) (*personOutput, error) {
	caller := callerOf(ctx)
	err := a.store.ChangeNumber(ctx, caller.Organisation.ID, db.NumberChange{
		Person: idOf(in.ID), Kind: in.Body.Kind, Number: in.Body.Number, RequestedBy: by(caller), Note: in.Body.Note,
	})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getPerson(ctx, &personInput{ID: in.ID})
}
