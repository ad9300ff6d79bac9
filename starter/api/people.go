package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
)

const tagPeople = "People"

type personInput struct {
	ID string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
}

type personOutput struct{ Body views.PersonView }

type peopleInput struct {
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of items"`
	After string `query:"after" format:"uuid" doc:"The last person on the previous page: its \"next\""`
}

type peopleOutput struct {
	Body struct {
		People []views.PersonView `json:"people"`
		Next   *care.ID           `json:"next" doc:"The \"after\" of the next page; null on the last"`
	}
}

type searchInput struct {
	Body struct {
		CareRecipientID string `json:"care_recipient_id,omitempty" pattern:"^[0-9]{1,10}$" patternDescription:"1 to 10 digits"`
		NDISNumber      string `json:"ndis_number,omitempty" pattern:"^43[0-9]{7}$" patternDescription:"nine digits that begin with 43"`
	}
}

func (a api) registerPeople(served huma.API) {
	huma.Register(served, huma.Operation{
		OperationID: "list-people", Method: http.MethodGet, Path: "/v1/people", Tags: []string{tagPeople},
		Summary: "List people by name",
	}, a.listPeople)
	huma.Register(served, huma.Operation{
		OperationID: "search-people", Method: http.MethodPost, Path: "/v1/people/search", Tags: []string{tagPeople},
		Summary:     "Find a person by the government's care recipient id or NDIS number",
		Description: "Give one of the two. It is in the body, because addresses end up in logs.",
		Errors:      []int{http.StatusNotFound},
	}, a.searchPeople)
	huma.Register(served, huma.Operation{
		OperationID: "get-person", Method: http.MethodGet, Path: "/v1/people/{id}", Tags: []string{tagPeople},
		Summary: "Read a person", Errors: []int{http.StatusNotFound},
	}, a.getPerson)
}

func (a api) listPeople(ctx context.Context, in *peopleInput) (*peopleOutput, error) {
	people, more, err := read.From(a.store).PeopleAfter(ctx, callerOf(ctx).Organisation, idOf(in.After), in.Limit, a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &peopleOutput{}
	out.Body.People = views.Each(people, views.FromPerson)
	if more {
		out.Body.Next = &people[len(people)-1].ID
	}
	return out, nil
}

func (a api) searchPeople(ctx context.Context, in *searchInput) (*personOutput, error) {
	search, number := read.From(a.store).PersonByCareRecipientID, in.Body.CareRecipientID
	switch {
	case in.Body.CareRecipientID != "" && in.Body.NDISNumber != "":
		return nil, a.problem(ctx, &care.InvalidError{Field: "ndis_number", Message: "must be absent if care_recipient_id is given"})
	case in.Body.NDISNumber != "":
		search, number = read.From(a.store).PersonByNDISNumber, in.Body.NDISNumber
	}
	person, err := search(ctx, callerOf(ctx).Organisation, number, a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &personOutput{Body: views.FromPerson(person)}, nil
}

func (a api) getPerson(ctx context.Context, in *personInput) (*personOutput, error) {
	person, err := read.From(a.store).Person(ctx, callerOf(ctx).Organisation, idOf(in.ID), a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &personOutput{Body: views.FromPerson(person)}, nil
}
