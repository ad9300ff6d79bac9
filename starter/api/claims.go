package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/syncs"
)

const tagClaims = "Claims"

type claimEventInput struct {
	Body struct {
		Version          int              `json:"version" enum:"1" doc:"The version of the event"`
		EventID          string           `json:"event_id" minLength:"1" maxLength:"200" doc:"Identifies the event within the organisation. A repeated event changes nothing"`
		ClaimID          string           `json:"claim_id" minLength:"1" maxLength:"200" doc:"The claim service's own id of the claim"`
		Status           care.ClaimStatus `json:"status" enum:"submitted,pending,approved,completed,cancelled" doc:"The claim's new status. A status only moves forward"`
		CareRecipientIDs []string         `json:"care_recipient_ids" minItems:"1" maxItems:"10000" pattern:"^[0-9]{1,10}$" patternDescription:"1 to 10 digits" doc:"The care recipient ids of the claim's lines; an id may occur more than once"`
		OccurredAt       time.Time        `json:"occurred_at" doc:"When the status changed, by the claim service's clock"`
	}
}

type claimEventOutput struct {
	Body struct {
		WorkflowID string `json:"workflow_id" doc:"The claim's follow-up in Temporal"`
	}
}

type searchClaimInput struct {
	Body struct {
		ClaimID string `json:"claim_id" minLength:"1" maxLength:"200" doc:"The claim service's own id, or CareSync's"`
	}
}

type claimOutput struct{ Body views.ClaimView }

func (a api) registerClaims(served huma.API) {
	huma.Register(served, huma.Operation{
		OperationID: "claim-status-changed", Method: http.MethodPost, Path: "/v1/claim-events", Tags: []string{tagClaims},
		Summary: "Report a change of a claim's status",
		Description: "For claim services that do not use Temporal. 202 means that the event is stored and will take effect: an approved or completed claim triggers " +
			"one sync for each distinct person. After any response other than 202 and 422, send the event again with the same event_id, which is always safe.",
		DefaultStatus: http.StatusAccepted,
	}, a.claimStatusChanged)
	huma.Register(served, huma.Operation{
		OperationID: "search-claims", Method: http.MethodPost, Path: "/v1/claims/search", Tags: []string{tagClaims},
		Summary:     "Find a claim by its id",
		Description: "With its events, its people, which of them are unknown, and the syncs that it triggered. The id is in the body, because addresses end up in logs.",
		Errors:      []int{http.StatusNotFound},
	}, a.searchClaims)
}

func (a api) claimStatusChanged(ctx context.Context, in *claimEventInput) (*claimEventOutput, error) {
	event := claims.Event{
		EventID: in.Body.EventID, ClaimID: in.Body.ClaimID, OrganisationID: callerOf(ctx).Organisation.ID, Status: in.Body.Status,
		CareRecipientIDs: in.Body.CareRecipientIDs, OccurredAt: in.Body.OccurredAt,
	}
	err := a.claims.StatusChanged(ctx, event)
	var invalid *claims.InvalidEventError
	if errors.As(err, &invalid) {
		problem := newProblem(http.StatusUnprocessableEntity, "invalid_value", "The event is not valid. Nothing was recorded.")
		problem.Errors = []*huma.ErrorDetail{{Location: "body." + invalid.Field, Message: invalid.Problem}}
		return nil, problem
	}
	if err != nil {
		return nil, a.problem(ctx, syncs.TemporalError("report the claim's event", err))
	}
	out := &claimEventOutput{}
	out.Body.WorkflowID = protocol.ClaimFollowUpID(event.OrganisationID, event.ClaimID)
	return out, nil
}

func (a api) searchClaims(ctx context.Context, in *searchClaimInput) (*claimOutput, error) {
	view, err := read.From(a.store).Claim(ctx, callerOf(ctx).Organisation.ID, in.Body.ClaimID)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &claimOutput{Body: views.FromClaim(view)}, nil
}
