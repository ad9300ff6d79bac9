package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

const tagCareRecipients = "Care recipients"

type clientInput struct {
	ID string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
}

type clientOutput struct{ Body db.ClientView }

type clientsInput struct {
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	After string `query:"after" format:"uuid" doc:"The last person of the page before: its \"next\""`
}

type clientsOutput struct {
	Body struct {
		CareRecipients []db.ClientView `json:"care_recipients"`
		Next           *care.ID        `json:"next" doc:"The \"after\" of the next page; null on the last"`
	}
}

type searchInput struct {
	Body struct {
		CareRecipientID string `json:"care_recipient_id" pattern:"^[0-9]{1,10}$" patternDescription:"1 to 10 digits"`
	}
}

type searchClientsInput struct {
	Body struct {
		NDISNumber string `json:"ndis_number" pattern:"^43[0-9]{7}$" patternDescription:"nine digits that begin with 43"`
	}
}

func (a api) registerCareRecipients(served huma.API) {
	huma.Register(served, huma.Operation{
		OperationID: "list-care-recipients", Method: http.MethodGet, Path: "/v1/care-recipients", Tags: []string{tagCareRecipients},
		Summary: "List people by name",
	}, a.listCareRecipients)
	huma.Register(served, huma.Operation{
		OperationID: "search-care-recipients", Method: http.MethodPost, Path: "/v1/care-recipients/search", Tags: []string{tagCareRecipients},
		Summary:     "Find a person by the government's care recipient id",
		Description: "The id is in the body, since addresses end up in logs.",
		Errors:      []int{http.StatusNotFound},
	}, a.searchCareRecipients)
	huma.Register(served, huma.Operation{
		OperationID: "search-clients", Method: http.MethodPost, Path: "/v1/clients/search", Tags: []string{tagPACE},
		Summary:     "Find a person by the NDIS number",
		Description: "The number is in the body, since addresses end up in logs.",
		Errors:      []int{http.StatusNotFound},
	}, a.searchClients)
	huma.Register(served, huma.Operation{
		OperationID: "get-care-recipient", Method: http.MethodGet, Path: "/v1/care-recipients/{id}", Tags: []string{tagCareRecipients},
		Summary: "Read a person", Errors: []int{http.StatusNotFound},
	}, a.getCareRecipient)
}

func (a api) searchClients(ctx context.Context, in *searchClientsInput) (*clientOutput, error) {
	client, err := a.store.ClientByNDISNumber(ctx, callerOf(ctx).Organisation, in.Body.NDISNumber, a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &clientOutput{Body: client}, nil
}

func (a api) listCareRecipients(ctx context.Context, in *clientsInput) (*clientsOutput, error) {
	clients, more, err := a.store.Clients(ctx, callerOf(ctx).Organisation, idOf(in.After), in.Limit, a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &clientsOutput{}
	out.Body.CareRecipients = clients
	if more {
		out.Body.Next = &clients[len(clients)-1].ID
	}
	return out, nil
}

func (a api) searchCareRecipients(ctx context.Context, in *searchInput) (*clientOutput, error) {
	client, err := a.store.ClientByCareRecipientID(ctx, callerOf(ctx).Organisation, in.Body.CareRecipientID, a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &clientOutput{Body: client}, nil
}

func (a api) getCareRecipient(ctx context.Context, in *clientInput) (*clientOutput, error) {
	client, err := a.store.Client(ctx, callerOf(ctx).Organisation, idOf(in.ID), a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &clientOutput{Body: client}, nil
}
