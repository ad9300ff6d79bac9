package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
)

const tagContracts = "Service contracts"

type contractsOutput struct {
	Body struct {
		Contracts []views.ContractHeader `json:"contracts" doc:"Newest first"`
	}
}

type contractInput struct {
	ID string `path:"id" format:"uuid" doc:"The contract's id"`
}

type contractOutput struct{ Body views.ContractView }

type historyInput struct {
	ID     string    `path:"id" format:"uuid" doc:"The contract's id"`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of items; changes made at the same moment stay on one page"`
	Before time.Time `query:"before" doc:"The time of the last change on the previous page: its \"next\""`
}

type historyOutput struct {
	Body struct {
		Changes []views.ContractChange `json:"changes" doc:"Newest first"`
		Next    *time.Time             `json:"next" doc:"The \"before\" of the next page; null on the last"`
	}
}

func (a api) registerContracts(served huma.API) {
	notFound := []int{http.StatusNotFound}
	huma.Register(served, huma.Operation{
		OperationID: "list-contracts", Method: http.MethodGet, Path: "/v1/people/{id}/contracts", Tags: []string{tagContracts}, Errors: notFound,
		Summary: "List a person's service contracts",
	}, a.listContracts)
	huma.Register(served, huma.Operation{
		OperationID: "get-contract", Method: http.MethodGet, Path: "/v1/contracts/{id}", Tags: []string{tagContracts}, Errors: notFound,
		Summary: "Read a service contract with its budgets, funding periods and delivered services",
	}, a.getContract)
	huma.Register(served, huma.Operation{
		OperationID: "get-contract-history", Method: http.MethodGet, Path: "/v1/contracts/{id}/history", Tags: []string{tagContracts}, Errors: notFound,
		Summary: "Read the changes of a service contract and everything under it",
	}, a.getContractHistory)
}

func (a api) listContracts(ctx context.Context, in *personInput) (*contractsOutput, error) {
	contracts, err := read.From(a.store).Contracts(ctx, callerOf(ctx).Organisation, idOf(in.ID), a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &contractsOutput{}
	out.Body.Contracts = views.Each(contracts, views.FromContractHeader)
	return out, nil
}

func (a api) getContract(ctx context.Context, in *contractInput) (*contractOutput, error) {
	contract, err := read.From(a.store).Contract(ctx, callerOf(ctx).Organisation, idOf(in.ID), a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &contractOutput{Body: views.FromContract(contract)}, nil
}

func (a api) getContractHistory(ctx context.Context, in *historyInput) (*historyOutput, error) {
	changes, more, err := read.From(a.store).ContractHistory(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID), in.Before, in.Limit)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &historyOutput{}
	out.Body.Changes = views.Each(changes, views.FromContractChange)
	if more {
		out.Body.Next = &changes[len(changes)-1].ChangedAt
	}
	return out, nil
}
