//go:build record

package hosting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// TestRecordClaimHistories is TestRecordHistories for the follow-ups of claims. The people are simulated.
func TestRecordClaimHistories(t *testing.T) {
	for name, tell := range map[string]func(*testing.T, *claimService, string){
		"claim-completed": func(t *testing.T, s *claimService, id string) {
			for _, status := range []claims.Status{claims.Submitted, claims.Pending, claims.Approved, claims.Completed} {
				s.tell(t, s.event("CL-1", status, id, strangerID))
				s.arrived(t, status)
			}
		},
		"claim-cancelled": func(t *testing.T, s *claimService, id string) {
			s.tell(t, s.event("CL-1", claims.Submitted, id))
			s.arrived(t, claims.Submitted)
			s.tell(t, s.event("CL-1", claims.Cancelled, id))
		},
		"claim-out-of-order": func(t *testing.T, s *claimService, id string) {
			completed := s.event("CL-1", claims.Completed, id)
			s.tell(t, s.event("CL-1", claims.Pending, id), s.event("CL-1", claims.Submitted, id), completed, completed, s.event("CL-1", claims.Approved, id))
		},
		"claim-refused": func(t *testing.T, s *claimService, id string) {
			options, input := protocol.ClaimFollowUpStart(s.temporal.Queues, s.organisation, "CL-1")
			_, err := s.temporal.SignalWithStartWorkflow(t.Context(), options.ID, protocol.ClaimStatusChanged.Name,
				protocol.ClaimStatusEvent{Version: 2, ClaimEvent: s.event("CL-1", claims.Approved, id)}, options, protocol.ClaimFollowUpWorkflow, input)
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := testkit.NewWorld(t, world.Options{})
			temporal := testkit.NewReadableTemporal(t)
			temporal.RunWorker(t, w.Steps(t, db.Options{}))
			service := newClaimService(w, temporal, w.Request(t, person).OrganisationID)
			tell(t, service, careRecipientIDs(t, w, person)[0])
			run := temporal.GetWorkflow(t.Context(), protocol.ClaimFollowUpID(service.organisation, "CL-1"), "")
			require.NoError(t, run.Get(t.Context(), nil))
			save(t, name, history(t, temporal, run.GetID(), run.GetRunID()))
		})
	}
}

// arrived waits until a claim has come to a status.
func (s *claimService) arrived(t *testing.T, status care.ClaimStatus) {
	t.Helper()
	require.Eventually(t, func() bool {
		view, err := read.From(s.world.Store).Claim(t.Context(), s.organisation, "CL-1")
		return err == nil && view.Status == status
	}, 2*time.Minute, 5*time.Millisecond)
}
