package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
)

type runInput struct {
	ID string `path:"id" format:"uuid" doc:"The run's id"`
}

type samePersonInput struct {
	ID   string `path:"id" format:"uuid" doc:"The run's id"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"How you know that it is the same person"`
	}
}

type runOutput struct{ Body views.RunView }

type runsInput struct {
	CareRecipient string `query:"care_recipient" format:"uuid" doc:"Only runs of this person, by CareSync's id"`
	Outcome       string `query:"outcome" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled,unfinished" doc:"Only runs with this outcome"`
	Limit         int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of items"`
	Before        string `query:"before" format:"uuid" doc:"The last run on the previous page: its \"next\""`
}

type runsOutput struct {
	Body struct {
		Runs []views.RunSummary `json:"runs"`
		Next *care.ID           `json:"next" doc:"The \"before\" of the next page; null on the last"`
	}
}

func (a api) registerRuns(served huma.API) {
	notFound := []int{http.StatusNotFound}
	huma.Register(served, huma.Operation{
		OperationID: "list-runs", Method: http.MethodGet, Path: "/v1/runs", Tags: []string{tagSyncs}, Summary: "List syncs, newest first",
	}, a.listRuns)
	huma.Register(served, huma.Operation{
		OperationID: "get-run", Method: http.MethodGet, Path: "/v1/runs/{id}", Tags: []string{tagSyncs}, Errors: notFound,
		Summary: "Read what a sync did: areas, counts, warnings, errors, changes and held removals",
	}, a.getRun)
	huma.Register(served, huma.Operation{
		OperationID: "accept-removals", Method: http.MethodPost, Path: "/v1/runs/{id}/accept", Tags: []string{tagSyncs}, Errors: notFound,
		Summary:       "Accept the removals that a sync held for approval, and sync again",
		DefaultStatus: http.StatusAccepted,
	}, a.acceptRemovals)
	huma.Register(served, huma.Operation{
		OperationID: "confirm-same-person", Method: http.MethodPost, Path: "/v1/runs/{id}/same-person", Tags: []string{tagSyncs}, Errors: notFound,
		Summary:       "Confirm that a given name in doubt is the same person's, and sync again",
		Description:   "The confirmation is kept with who made it and why, and CareSync does not ask about that name again. A sync without such a doubt answers 404.",
		DefaultStatus: http.StatusAccepted,
	}, a.confirmSamePerson)
	huma.Register(served, huma.Operation{
		OperationID: "cancel-run", Method: http.MethodPost, Path: "/v1/runs/{id}/cancel", Tags: []string{tagSyncs},
		Errors:        []int{http.StatusNotFound, http.StatusConflict},
		Summary:       "Cancel a sync; saved data stays",
		DefaultStatus: http.StatusAccepted,
	}, a.cancelRun)
}

func (a api) listRuns(ctx context.Context, in *runsInput) (*runsOutput, error) {
	runs, more, err := read.From(a.store).Runs(ctx, callerOf(ctx).Organisation.ID, read.RunFilter{
		PersonID: idOf(in.CareRecipient), Outcome: in.Outcome, Before: idOf(in.Before), Most: in.Limit,
	})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	a.syncs.AddWaits(ctx, runs)
	out := &runsOutput{}
	out.Body.Runs = views.Each(runs, views.FromRunSummary)
	if more {
		out.Body.Next = &runs[len(runs)-1].ID
	}
	return out, nil
}

func (a api) getRun(ctx context.Context, in *runInput) (*runOutput, error) {
	view, err := read.From(a.store).Run(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	view.RunProgress = a.syncs.AddWait(ctx, view.RunProgress)
	return &runOutput{Body: views.FromRun(view)}, nil
}

func (a api) acceptRemovals(ctx context.Context, in *runInput) (*startOutput, error) {
	caller := callerOf(ctx)
	_, started, err := a.syncs.Accept(ctx, caller.Organisation, idOf(in.ID), by(caller))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.startedOutput(ctx, started, started.RunID)
}

func (a api) confirmSamePerson(ctx context.Context, in *samePersonInput) (*startOutput, error) {
	caller := callerOf(ctx)
	started, err := a.syncs.ConfirmSamePerson(ctx, caller.Organisation, idOf(in.ID), by(caller), in.Body.Reason)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.startedOutput(ctx, started, started.RunID)
}

func (a api) cancelRun(ctx context.Context, in *runInput) (*runOutput, error) {
	if err := a.syncs.Cancel(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID)); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getRun(ctx, in)
}
