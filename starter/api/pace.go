package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/pace"
)

const tagPACE = "PACE"

type paceSettingsOutput struct{ Body views.PACESettings }

type changePACEInput struct {
	Body struct {
		Enabled            bool   `json:"enabled" doc:"True: test the connection and, if it works, enable the PACE API. False: disable it"`
		Connection         string `json:"connection,omitempty" doc:"The name of the connection to the NDIA; optional"`
		BudgetCallsPerHour int    `json:"budget_calls_per_hour,omitempty" minimum:"0" maximum:"1000000" doc:"Maximum budget calls per hour; 0 keeps the current limit"`
	}
}

type secretOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"Shown only once; an earlier one no longer works"`
		Path   string `json:"path" doc:"Where the NDIA sends the organisation's notifications"`
		Header string `json:"header" doc:"The header in which the NDIA sends the secret, or the signature"`
	}
}

type secretInput struct {
	Signed bool `query:"signed" doc:"Create a key with which the NDIA signs each body (HMAC-SHA-256), instead of a secret that it sends"`
}

type participantOutput struct{ Body Participant }

// Participant is a person as far as PACE is concerned.
type Participant struct {
	views.ParticipantView
	Waiting *views.PreviewRef `json:"waiting,omitempty" doc:"The retrieval that can be created now; absent if there is none"`
}

type flagsInput struct {
	ID   string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Body struct {
		PACEParticipant *bool `json:"pace_participant,omitempty" doc:"NDIS PACE Participant. Setting it to false also turns off API access"`
		PACEAPIAccess   *bool `json:"pace_api_access,omitempty" doc:"API access; offered only with NDIS PACE Participant"`
	}
}

type reviewsInput struct {
	Person string `query:"person" format:"uuid" doc:"Only changes for this person, by CareSync's id"`
}

type reviewsOutput struct {
	Body struct {
		Reviews []views.ReviewView `json:"reviews"`
	}
}

func (a api) registerPACE(served huma.API) {
	notFound := []int{http.StatusNotFound}
	register := func(id, method, path, summary string, errors []int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tagPACE}, Summary: summary, Errors: errors}
	}
	huma.Register(served, register("get-pace-settings", http.MethodGet, "/v1/pace-settings", "Read whether the PACE API is enabled, and its settings", nil), a.getPACESettings)
	huma.Register(served, register("change-pace-settings", http.MethodPut, "/v1/pace-settings",
		"Enable the PACE API, if the connection to the NDIA works, or disable it", nil), a.changePACESettings)
	huma.Register(served, register("new-notification-secret", http.MethodPost, "/v1/pace-settings/notification-secret",
		"Create a new secret for the NDIA's notifications", nil), a.newNotificationSecret)
	huma.Register(served, register("get-participant", http.MethodGet, "/v1/people/{id}/pace",
		"Read a person's NDIS PACE options, whether \"+ NDIS PACE\" is available, and their contracts", notFound), a.getParticipant)
	huma.Register(served, register("change-participant", http.MethodPatch, "/v1/people/{id}/pace", "Set a person's NDIS PACE options", notFound), a.changeParticipant)
	huma.Register(served, register("resume-participant", http.MethodPost, "/v1/people/{id}/pace/resume",
		"Resume a person's scheduled syncs", notFound), a.resumeParticipant)
	huma.Register(served, register("list-pace-reviews", http.MethodGet, "/v1/pace-reviews",
		"List the changes that automatic refreshes held for approval. To accept them, retrieve the plan and create", nil), a.listReviews)
}

func (a api) getPACESettings(ctx context.Context, _ *struct{}) (*paceSettingsOutput, error) {
	settings, err := a.store.PACESettings(ctx, callerOf(ctx).Organisation.ID)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &paceSettingsOutput{Body: views.FromPACESettings(settings)}, nil
}

func (a api) changePACESettings(ctx context.Context, in *changePACEInput) (*paceSettingsOutput, error) {
	caller := callerOf(ctx)
	if !in.Body.Enabled {
		settings, err := a.store.DisablePACE(ctx, caller.Organisation.ID, by(caller))
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &paceSettingsOutput{Body: views.FromPACESettings(settings)}, nil
	}
	enabled, err := a.pace.Enable(ctx, pace.EnableRequest{
		Organisation: caller.Organisation, Connection: in.Body.Connection, BudgetCallsPerHour: in.Body.BudgetCallsPerHour, By: by(caller),
	})
	if errors.Is(err, pace.ErrCheckFailed) {
		return nil, checkProblem(enabled)
	}
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &paceSettingsOutput{Body: views.FromPACESettings(enabled.Settings)}, nil
}

// checkProblem lists what the connection test tried.
func checkProblem(enabled pace.EnableResult) error {
	problem := newProblem(http.StatusUnprocessableEntity, "connection_check_failed", "The connection to the NDIA does not work, so the PACE API was not enabled.")
	for _, step := range enabled.Check.Steps {
		if !step.OK {
			problem.Errors = append(problem.Errors, &huma.ErrorDetail{Location: step.Name, Message: strings.TrimSpace(step.Says + " " + step.Words)})
		}
	}
	return problem
}

// by names a caller in what is recorded.
func by(caller db.Caller) string { return "api: " + caller.TokenName }

func (a api) newNotificationSecret(ctx context.Context, in *secretInput) (*secretOutput, error) {
	caller, create := callerOf(ctx), a.store.NewNotificationSecret
	if in.Signed {
		create = a.store.NewNotificationKey
	}
	secret, err := create(ctx, caller.Organisation.ID, by(caller))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &secretOutput{}
	out.Body.Secret, out.Body.Path, out.Body.Header = secret, NotificationPath(caller.Organisation.ID), a.notificationHeader
	return out, nil
}

func (a api) getParticipant(ctx context.Context, in *personInput) (*participantOutput, error) {
	view, err := read.From(a.store).Participant(ctx, callerOf(ctx).Organisation, idOf(in.ID), a.store.Now())
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &participantOutput{Body: Participant{ParticipantView: views.FromParticipant(view), Waiting: views.OrNil(view.Waiting, views.FromPreviewRef)}}, nil
}

func (a api) changeParticipant(ctx context.Context, in *flagsInput) (*participantOutput, error) {
	change := db.FlagChange{PACEParticipant: in.Body.PACEParticipant, PACEAPIAccess: in.Body.PACEAPIAccess}
	if _, err := a.store.SetPACEFlags(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID), change, by(callerOf(ctx))); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getParticipant(ctx, &personInput{ID: in.ID})
}

func (a api) resumeParticipant(ctx context.Context, in *personInput) (*participantOutput, error) {
	organisation := callerOf(ctx).Organisation
	if _, err := a.store.ResumePACE(ctx, organisation.ID, idOf(in.ID), organisation.Today(a.store.Now())); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getParticipant(ctx, in)
}

func (a api) listReviews(ctx context.Context, in *reviewsInput) (*reviewsOutput, error) {
	reviews, err := read.From(a.store).Reviews(ctx, callerOf(ctx).Organisation.ID, idOf(in.Person))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &reviewsOutput{}
	out.Body.Reviews = views.Each(reviews, views.FromReview)
	return out, nil
}
