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
		Kind   care.NumberKind `json:"kind" enum:"care_recipient_id,ndis_number" doc:"Which of the two numbers to change"`
		Number string          `json:"number" maxLength:"10" doc:"The person's new number"`
		Note   string          `json:"note" minLength:"1" maxLength:"500" doc:"The reason, kept in the person's history"`
	}
}

func (a api) registerNumbers(served huma.API) {
	huma.Register(served, huma.Operation{
		OperationID: "change-number", Method: http.MethodPost, Path: "/v1/people/{id}/number-changes", Tags: []string{tagPeople},
		Summary: "Change a person's care recipient id or NDIS number",
		Description: "The person keeps their plan, contracts, history and old budgets. After a change of the care recipient id, they count as not verified until the next sync. " +
			"To undo it, change the number back. A number that belongs to another person is refused with \"number_taken\".",
		DefaultStatus: http.StatusOK, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.changeNumber)
	huma.Register(served, huma.Operation{
		OperationID: "list-same-person-answers", Method: http.MethodGet, Path: "/v1/people/{id}/same-person", Tags: []string{tagPeople},
		Summary: "List the given names that were confirmed to be this person's", Errors: []int{http.StatusNotFound},
	}, a.listSamePersonAnswers)
	huma.Register(served, huma.Operation{
		OperationID: "take-same-person-back", Method: http.MethodPost, Path: "/v1/people/{id}/same-person/{answer}/take-back", Tags: []string{tagPeople},
		Summary: "Withdraw the confirmation that a given name is this person's",
		Description: "The next sync asks again; saved data stays. If only this confirmation told the person apart from a namesake, they count as not verified. " +
			"Who withdrew it, and why, is kept in the person's history.",
		DefaultStatus: http.StatusOK, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.takeSamePersonBack)
}

type samePersonAnswersOutput struct {
	Body struct {
		Answers []views.SamePersonAnswer `json:"answers" doc:"Newest first; withdrawn ones are only in the person's history"`
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
	Answer string `path:"answer" format:"uuid" doc:"The confirmation's id"`
	Body   struct {
		Note string `json:"note" minLength:"1" maxLength:"500" doc:"The reason, kept in the person's history"`
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
