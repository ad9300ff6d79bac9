package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
)

type personHistoryInput struct {
	ID     string    `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of items; changes made at the same moment stay on one page"`
	Before time.Time `query:"before" doc:"The time of the last change on the previous page: its \"next\""`
}

type personHistoryOutput struct {
	Body struct {
		Changes []views.PersonChange `json:"changes" doc:"Newest first"`
		Next    *time.Time           `json:"next" doc:"The \"before\" of the next page; null on the last"`
	}
}

func (a api) registerPersonHistory(served huma.API) {
	huma.Register(served, huma.Operation{
		OperationID: "get-person-history", Method: http.MethodGet, Path: "/v1/people/{id}/history", Tags: []string{tagPeople},
		Summary:     "Read the changes of a person's own fields, and who made them",
		Description: "Includes changes by syncs, imports and operators. Changes of a plan or contract by a sync are listed with that run or contract.",
		Errors:      []int{http.StatusNotFound},
	}, a.getPersonHistory)
}

func (a api) getPersonHistory(ctx context.Context, in *personHistoryInput) (*personHistoryOutput, error) {
	changes, more, err := read.From(a.store).PersonHistory(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID), in.Before, in.Limit)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &personHistoryOutput{}
	out.Body.Changes = views.Each(changes, views.FromPersonChange)
	if more {
		out.Body.Next = &changes[len(changes)-1].ChangedAt
	}
	return out, nil
}
