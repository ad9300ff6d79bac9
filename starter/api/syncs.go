package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

const (
	tagSyncs    = "Syncs"
	longestWait = 60 * time.Second
)

type startInput struct {
	ID   string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Body *startBody
}

type startBody struct {
	AllBudgets bool `json:"all_budgets,omitempty" doc:"Also read the usage of budgets that ended more than 90 days ago"`
	Wait       int  `json:"wait,omitempty" minimum:"0" maximum:"60" doc:"Maximum number of seconds to wait for the end of the sync"`
}

type startOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where to follow the run"`
	Body     StartedSync
}

// StartedSync is the response to starting a sync.
type StartedSync struct {
	Joined      bool          `json:"joined" doc:"A sync of the person was already running; this is that sync"`
	AnotherPass bool          `json:"another_pass" doc:"Another pass over all budgets follows the run that was joined"`
	Run         views.RunView `json:"run"`
}

func (a api) registerSyncs(served huma.API) {
	operation := huma.Operation{
		OperationID: "start-sync", Method: http.MethodPost, Path: "/v1/people/{id}/syncs", Tags: []string{tagSyncs},
		Summary: "Sync a care recipient's Support at Home plan",
		Description: "Starts a sync, or joins the one that is already running: only one sync of a person runs at a time. Answers 202 with the run to follow, " +
			"or 200 with the finished run if it ended within the time to wait.",
		DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}
	huma.Register(served, operation, a.startSync)
	document := served.OpenAPI().Paths[operation.Path].Post
	accepted := *document.Responses["202"]
	accepted.Description = "The run finished within the time to wait"
	document.Responses["200"] = &accepted
}

func (a api) startSync(ctx context.Context, in *startInput) (*startOutput, error) {
	caller := callerOf(ctx)
	request := syncs.Request{Organisation: caller.Organisation, Person: idOf(in.ID), RequestedBy: by(caller)}
	wait := time.Duration(0)
	if in.Body != nil {
		request.AllBudgets, wait = in.Body.AllBudgets, time.Duration(in.Body.Wait)*time.Second
	}
	started, err := a.syncs.Start(ctx, request)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	run, err := a.waitFor(ctx, started, wait)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.startedOutput(ctx, started, run)
}

// waitFor follows a started sync for some time and returns the run it got to.
func (a api) waitFor(ctx context.Context, started syncs.StartResult, wait time.Duration) (care.ID, error) {
	run := started.RunID
	if wait == 0 {
		return run, nil
	}
	waiting, cancel := a.waiting(ctx, wait)
	defer cancel()
	for update, err := range a.syncs.FollowAll(waiting, callerOf(ctx).Organisation, started) {
		if waiting.Err() != nil && ctx.Err() == nil {
			return run, credentialEnded(waiting)
		}
		if err != nil {
			return run, err
		}
		run = update.Run.ID
	}
	return run, nil
}

// waiting is a context for what a caller waits for: it ends after a time, with the caller's credential, and when the program stops.
func (a api) waiting(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	valid, end := web.WhileValid(ctx)
	waiting, cancel := context.WithTimeout(valid, most)
	forget := context.AfterFunc(a.stopping, cancel)
	return waiting, func() {
		forget()
		cancel()
		end()
	}
}

// credentialEnded is web.ErrCredentialEnded if that is why waiting ended.
func credentialEnded(waiting context.Context) error {
	if errors.Is(context.Cause(waiting), web.ErrCredentialEnded) {
		return web.ErrCredentialEnded
	}
	return nil
}

func (a api) startedOutput(ctx context.Context, started syncs.StartResult, run care.ID) (*startOutput, error) {
	view, err := read.From(a.store).Run(ctx, callerOf(ctx).Organisation.ID, run)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &startOutput{
		Status: http.StatusAccepted, Location: "/v1/runs/" + string(run),
		Body: StartedSync{Joined: started.Joined, AnotherPass: started.AnotherPass, Run: views.FromRun(view)},
	}
	if view.State == read.RunFinished {
		out.Status = http.StatusOK
	}
	return out, nil
}
