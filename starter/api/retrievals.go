package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/pace"
)

type retrieveInput struct {
	ID   string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Body *retrieveBody
}

type retrieveBody struct {
	PlanStartDate  string `json:"plan_start_date,omitempty" format:"date" doc:"Which of the participant's plans; by default the one that covers today"`
	Wait           int    `json:"wait,omitempty" minimum:"0" maximum:"60" doc:"Maximum number of seconds to wait for the preview"`
	CreateAll      bool   `json:"create_all,omitempty" doc:"Create everything that the preview shows, without a review"`
	AcceptOverlaps bool   `json:"accept_overlaps,omitempty" doc:"With create_all: allow the contract to overlap another one"`
	AcceptRemovals bool   `json:"accept_removals,omitempty" doc:"With create_all: remove the budgets that are no longer in PACE, however many they are"`
}

type retrieveOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where to follow the run, or its result"`
	Body     PreviewResultView
}

type retrievalInput struct {
	ID string `path:"id" format:"uuid" doc:"The retrieval's id"`
}

type retrievalOutput struct{ Body PreviewView }

type createInput struct {
	ID   string `path:"id" format:"uuid" doc:"The retrieval's id"`
	Body struct {
		Hash           string   `json:"hash" doc:"The preview's hash, so that nothing is created that was not shown"`
		Selection      []string `json:"selection" format:"uuid" doc:"The selected budgets, by their ids in the preview"`
		Only           bool     `json:"only,omitempty" doc:"Refresh only these budgets of an existing contract"`
		AcceptOverlaps bool     `json:"accept_overlaps,omitempty" doc:"Allow the contract to overlap those that the preview shows"`
		AcceptRemovals bool     `json:"accept_removals,omitempty" doc:"Remove the budgets that are no longer in PACE, however many they are"`
	}
}

type createOutput struct {
	Status   int
	Location string `header:"Location" doc:"The contract, or where to follow the run"`
	Body     CreatedView
}

type refreshInput struct {
	ID   string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Body *struct {
		Wait int `json:"wait,omitempty" minimum:"0" maximum:"60" doc:"Maximum number of seconds to wait for the end of the refresh"`
	}
}

func (a api) registerRetrievals(served huma.API) {
	retrieve := huma.Operation{
		OperationID: "retrieve-plan", Method: http.MethodPost, Path: "/v1/people/{id}/pace-previews", Tags: []string{tagPACE},
		Summary: "Retrieve a person's plan from the NDIA, and preview what would be saved",
		Description: "Always a fresh read; nothing is saved. The preview is valid for 30 minutes and replaces an earlier one. Answers 200 with the " +
			"preview, or with the reason why there is none, if it finished within the time to wait; 201 if create_all saved the contract; otherwise 202 with the run to follow.",
		DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusNotFound},
	}
	huma.Register(served, retrieve, a.retrievePlan)
	answersToo(served, retrieve.Path, map[string]string{"200": "The preview, or why there is none", "201": "The contract was saved"})
	huma.Register(served, huma.Operation{
		OperationID: "get-retrieval", Method: http.MethodGet, Path: "/v1/pace-previews/{id}", Tags: []string{tagPACE},
		Summary: "Read a retrieval and, while it is valid, its preview", Errors: []int{http.StatusNotFound},
	}, a.getRetrieval)
	create := huma.Operation{
		OperationID: "create-contract", Method: http.MethodPost, Path: "/v1/pace-previews/{id}/create", Tags: []string{tagPACE},
		Summary: "Save what a preview shows, for the selected budgets",
		Description: "The plan is read again. Answers 201 with the contract; 200 if the NDIA's data has changed since the preview, or the NDIA refused " +
			"(then nothing was saved, and next is the new preview, if there is one); 202 if it takes long: repeat the request to get the result. " +
			"A repeated request gets the first result.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusNotFound, http.StatusConflict},
	}
	huma.Register(served, create, a.createContract)
	answersToo(served, create.Path, map[string]string{"200": "Nothing was saved", "202": "It is in progress"})
	refresh := huma.Operation{
		OperationID: "refresh-contract", Method: http.MethodPost, Path: "/v1/people/{id}/pace-refreshes", Tags: []string{tagPACE},
		Summary: "Refresh a person's contract without review",
		Description: "Changed amounts and extensions are applied; new contracts and budgets, earlier end dates and many removals at once are held for approval. Answers 202 " +
			"with the run to follow, or 200 with the finished run if it ended within the time to wait.",
		DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusNotFound},
	}
	huma.Register(served, refresh, a.refreshContract)
	answersToo(served, refresh.Path, map[string]string{"200": "The refresh finished within the time to wait"})
}

// answersToo documents further answers that look like the first.
func answersToo(served huma.API, path string, descriptions map[string]string) {
	post := served.OpenAPI().Paths[path].Post
	for code, description := range descriptions {
		for _, first := range []string{"202", "201"} {
			if response := post.Responses[first]; response != nil && first != code {
				further := *response
				further.Description = description
				post.Responses[code] = &further
				break
			}
		}
	}
}

func (a api) retrievePlan(ctx context.Context, in *retrieveInput) (*retrieveOutput, error) {
	caller := callerOf(ctx)
	request := pace.Request{Organisation: caller.Organisation, Person: idOf(in.ID), RequestedBy: by(caller)}
	wait := time.Duration(0)
	if in.Body != nil {
		request.All, request.AcceptOverlaps, request.AcceptRemovals = in.Body.CreateAll, in.Body.AcceptOverlaps, in.Body.AcceptRemovals
		wait = time.Duration(in.Body.Wait) * time.Second
		if in.Body.PlanStartDate != "" {
			start, err := care.ParseDate(in.Body.PlanStartDate)
			if err != nil {
				return nil, newProblem(http.StatusUnprocessableEntity, "invalid_value", "plan_start_date must be a date as YYYY-MM-DD.")
			}
			request.PlanStartDate = start
		}
	}
	retrieved, err := a.retrieve(ctx, request, wait)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	view, err := a.pace.View(ctx, caller.Organisation, retrieved)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return retrievedOutput(view), nil
}

// retrieve begins a retrieval that continues without its caller, and waits for it for some time. An answer without an outcome is one that is
// still under way.
func (a api) retrieve(ctx context.Context, request pace.Request, wait time.Duration) (pace.PreviewResult, error) {
	retrieving := a.pace.BeginDetached(ctx, a.stopping, request)
	run, err := a.pace.TakenUp(ctx, request.Organisation, retrieving)
	if err != nil {
		return pace.PreviewResult{}, err
	}
	waiting, cancel := a.waiting(ctx, wait)
	defer cancel()
	retrieved, err := retrieving.Wait(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil && run != "" {
		return pace.PreviewResult{RunID: run}, credentialEnded(waiting)
	}
	return retrieved, err
}

func retrievedOutput(view pace.PreviewResultView) *retrieveOutput {
	out := &retrieveOutput{Status: http.StatusOK, Location: "/v1/runs/" + string(view.Run.ID), Body: FromPreviewResult(view)}
	switch {
	case view.Outcome == "":
		out.Status = http.StatusAccepted
	case view.Created != nil && view.Created.ContractID != nil:
		out.Status, out.Location = http.StatusCreated, "/v1/contracts/"+string(*view.Created.ContractID)
	case view.Preview != nil:
		out.Location = "/v1/pace-previews/" + string(view.Preview.ID)
	}
	return out
}

func (a api) getRetrieval(ctx context.Context, in *retrievalInput) (*retrievalOutput, error) {
	retrieval, err := a.store.Preview(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &retrievalOutput{Body: FromPreview(pace.ViewPreview(retrieval))}, nil
}

func (a api) createContract(ctx context.Context, in *createInput) (*createOutput, error) {
	caller := callerOf(ctx)
	retrieval, err := a.store.Preview(ctx, caller.Organisation.ID, idOf(in.ID))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	request := pace.CreateRequest{Organisation: caller.Organisation, RequestedBy: by(caller), CreateRequest: care.CreateRequest{
		PreviewID: idOf(in.ID), Hash: in.Body.Hash, Only: in.Body.Only, AcceptOverlaps: in.Body.AcceptOverlaps, AcceptRemovals: in.Body.AcceptRemovals,
	}}
	for _, budget := range in.Body.Selection {
		request.Selection = append(request.Selection, idOf(budget))
	}
	waiting, cancel := a.waiting(ctx, longestWait)
	defer cancel()
	created, err := a.pace.Create(waiting, request)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		created, err = pace.CreateResult{RunID: retrieval.RunID}, credentialEnded(waiting) // asking again gives the answer
	}
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	view, err := a.pace.ViewCreated(ctx, caller.Organisation, created)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return createdOutput(view), nil
}

func createdOutput(view pace.CreatedView) *createOutput {
	out := &createOutput{Status: http.StatusOK, Location: "/v1/runs/" + string(view.Run.ID), Body: FromCreated(view)}
	switch {
	case view.Outcome == "":
		out.Status = http.StatusAccepted
	case view.ContractID != nil:
		out.Status, out.Location = http.StatusCreated, "/v1/contracts/"+string(*view.ContractID)
	case view.Next != nil:
		out.Location = "/v1/pace-previews/" + string(view.Next.ID)
	}
	return out
}

func (a api) refreshContract(ctx context.Context, in *refreshInput) (*startOutput, error) {
	caller := callerOf(ctx)
	started, err := a.pace.Refresh(ctx, pace.RefreshRequest{
		Organisation: caller.Organisation, Person: idOf(in.ID), Trigger: care.TriggerBulk, RequestedBy: by(caller),
	})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	wait := time.Duration(0)
	if in.Body != nil {
		wait = time.Duration(in.Body.Wait) * time.Second
	}
	run, err := a.waitFor(ctx, started, wait)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.startedOutput(ctx, started, run)
}
