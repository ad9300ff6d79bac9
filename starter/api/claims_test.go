package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
)

const approvedEvent = `{"version": 1, "event_id": "event-1", "claim_id": "CL-1", "status": "approved",
	"care_recipient_ids": ["415056225", "415056224", "415056224"], "occurred_at": "2026-05-20T11:30:00+10:00"}`

// newClaimsService is the API of two organisations that takes claim events.
func newClaimsService(t *testing.T) *service {
	t.Helper()
	s := newService(t, 0)
	server := httptest.NewServer(api.New(api.Options{
		Store: s.store, Claims: claims.NewClient(s.temporal, claims.Options{TaskQueuePrefix: "north-"}), Logger: zap.NewNop(), Stopping: t.Context(),
	}))
	t.Cleanup(server.Close)
	s.address = server.URL
	return s
}

// R20: an event by HTTP becomes the signal of the claim service, of the organisation whose token was sent (R11).
func TestAClaimEventByHTTP(t *testing.T) {
	s := newClaimsService(t)
	for range 2 { // the first starts the follow-up
		answer := s.post("/v1/claim-events", approvedEvent)
		require.Equal(t, http.StatusAccepted, answer.status, "%s", answer.body)
	}
	started := s.temporal.Workflow(protocol.ClaimFollowUpID(s.organisation.ID, "CL-1"))
	require.Equal(t, "north-care-sync", started.Options.TaskQueue)
	require.Equal(t, protocol.ClaimFollowUpInput{OrganisationID: s.organisation.ID, ClaimID: "CL-1", TaskQueuePrefix: "north-"}, started.Input)
	require.Len(t, started.Signals, 1)
	signal, ok := started.Signals[0].(protocol.ClaimStatusEvent)
	require.True(t, ok)
	require.True(t, signal.OccurredAt.Equal(time.Date(2026, time.May, 20, 1, 30, 0, 0, time.UTC)))
	signal.OccurredAt = time.Time{}
	require.Equal(t, protocol.ClaimStatusEvent{Version: 1, ClaimEvent: care.ClaimEvent{
		EventID: "event-1", ClaimID: "CL-1", OrganisationID: s.organisation.ID, Status: claims.Approved, CareRecipientIDs: []string{"415056224", "415056225"},
	}}, signal)
}

func TestWrongClaimEventsAreRefused(t *testing.T) {
	s := newClaimsService(t)
	for name, body := range map[string]string{
		"version":    `{"version": 2, "event_id": "e", "claim_id": "c", "status": "approved", "care_recipient_ids": ["1"], "occurred_at": "2026-05-20T01:30:00Z"}`,
		"no version": `{"event_id": "e", "claim_id": "c", "status": "approved", "care_recipient_ids": ["1"], "occurred_at": "2026-05-20T01:30:00Z"}`,
		"status":     `{"version": 1, "event_id": "e", "claim_id": "c", "status": "paid", "care_recipient_ids": ["1"], "occurred_at": "2026-05-20T01:30:00Z"}`,
		"nobody":     `{"version": 1, "event_id": "e", "claim_id": "c", "status": "approved", "care_recipient_ids": [], "occurred_at": "2026-05-20T01:30:00Z"}`,
		"a name":     `{"version": 1, "event_id": "e", "claim_id": "c", "status": "approved", "care_recipient_ids": ["Kookaburra"], "occurred_at": "2026-05-20T01:30:00Z"}`,
		"control":    `{"version": 1, "event_id": "e\u0000", "claim_id": "c", "status": "approved", "care_recipient_ids": ["1"], "occurred_at": "2026-05-20T01:30:00Z"}`,
		"no time":    `{"version": 1, "event_id": "e", "claim_id": "c", "status": "approved", "care_recipient_ids": ["1"]}`,
		"another's":  `{"version": 1, "organisation_id": "` + unknownID + `", "event_id": "e", "claim_id": "c", "status": "approved", "care_recipient_ids": ["1"], "occurred_at": "2026-05-20T01:30:00Z"}`,
	} {
		answer := s.post("/v1/claim-events", body)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, "%s: %s", name, answer.body)
		require.NotContains(t, string(answer.body), "Kookaburra", "no values in problems (R10)")
	}
	require.Equal(t, http.StatusUnauthorized, s.call(http.MethodPost, "/v1/claim-events", "", "application/json", approvedEvent).status)
}

// A sender whose event was not recorded knows that it has to be sent again.
func TestAClaimEventWhileTemporalIsAway(t *testing.T) {
	s := newClaimsService(t)
	s.temporal.Err = serviceerror.NewUnavailable("away")
	answer := s.post("/v1/claim-events", approvedEvent)
	require.Equal(t, http.StatusServiceUnavailable, answer.status)
	require.NotEmpty(t, answer.header.Get("Retry-After"))
	s.temporal.Err = errors.New("something else")
	require.Equal(t, http.StatusInternalServerError, s.post("/v1/claim-events", approvedEvent).status)
}

func TestAClaimIsFoundByItsID(t *testing.T) {
	s := newClaimsService(t)
	recorded, err := s.store.RecordClaimEvent(t.Context(), care.ClaimEvent{
		EventID: "event-1", ClaimID: "CL-1", OrganisationID: s.organisation.ID, Status: claims.Approved,
		CareRecipientIDs: []string{careRecipientID, "499999999"}, OccurredAt: time.Now(),
	})
	require.NoError(t, err)
	for _, id := range []string{"CL-1", string(recorded.ClaimID)} {
		answer := s.post("/v1/claims/search", `{"claim_id": "`+id+`"}`)
		require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
		var view views.ClaimView
		answer.decode(t, &view)
		require.Equal(t, claims.Approved, view.Status)
		require.Equal(t, []string{"499999999"}, view.Unknown)
		require.Equal(t, s.client, view.People[0].ID)
		require.Equal(t, s.client, view.Syncs[0].PersonID)
	}
	require.Equal(t, http.StatusNotFound, s.post("/v1/claims/search", `{"claim_id": "CL-2"}`).status)
	other := s.call(http.MethodPost, "/v1/claims/search", s.other, "application/json", `{"claim_id": "CL-1"}`)
	require.Equal(t, http.StatusNotFound, other.status, "another organisation's (R11)")
}
