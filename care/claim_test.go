package care_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func validClaimEvent() care.ClaimEvent {
	return care.ClaimEvent{
		EventID: "event-1", ClaimID: "CL-1", OrganisationID: "01a1ffb8-0000-7000-8000-000000000000", Status: care.StageApproved,
		CareRecipientIDs: []string{"415056225", "415056224", "415056225"}, OccurredAt: time.Unix(0, 0),
	}
}

// R20: a claim only moves forward, and is cancelled from wherever it stands before it is completed.
func TestClaimsMoveForward(t *testing.T) {
	for _, test := range []struct{ held, event, becomes care.ClaimStatus }{
		{care.StageSubmitted, care.StagePending, care.StagePending},
		{care.StageSubmitted, care.StageCompleted, care.StageCompleted},
		{care.StagePending, care.StageSubmitted, care.StagePending},
		{care.StageApproved, care.StageApproved, care.StageApproved},
		{care.StageApproved, care.StagePending, care.StageApproved},
		{care.StageApproved, care.StageCancelled, care.StageCancelled},
		{care.StageCompleted, care.StageCancelled, care.StageCompleted},
		{care.StageCompleted, care.StageApproved, care.StageCompleted},
		{care.StageCancelled, care.StageCompleted, care.StageCancelled},
		{care.StageCancelled, care.StageApproved, care.StageCancelled},
	} {
		require.Equal(t, test.becomes, test.held.Forward(test.event), "%s, then %s", test.held, test.event)
	}
}

func TestOnlyApprovedAndCompletedCauseSyncs(t *testing.T) { // R20
	var causing []care.ClaimStatus
	for _, stage := range care.ClaimStatuses {
		if stage.TriggersSync() {
			causing = append(causing, stage)
		}
	}
	require.Equal(t, []care.ClaimStatus{care.StageApproved, care.StageCompleted}, causing)
}

func TestPeopleOfAClaimAreDistinct(t *testing.T) { // R20
	require.Equal(t, []string{"415056224", "415056225"}, validClaimEvent().People())
}

func TestClaimEventsAreChecked(t *testing.T) {
	require.NoError(t, validClaimEvent().Check())
	for field, breaks := range map[string][]func(*care.ClaimEvent){
		"event_id": {
			func(e *care.ClaimEvent) { e.EventID = "" },
			func(e *care.ClaimEvent) { e.EventID = strings.Repeat("x", 201) },
			func(e *care.ClaimEvent) { e.EventID = "a\x00b" },
			func(e *care.ClaimEvent) { e.EventID = "a\xffb" },
		},
		"claim_id":        {func(e *care.ClaimEvent) { e.ClaimID = "" }, func(e *care.ClaimEvent) { e.ClaimID = "a\nb" }},
		"organisation_id": {func(e *care.ClaimEvent) { e.OrganisationID = "" }, func(e *care.ClaimEvent) { e.OrganisationID = "wattle" }},
		"status":          {func(e *care.ClaimEvent) { e.Status = "" }, func(e *care.ClaimEvent) { e.Status = "paid" }},
		"care_recipient_ids": {
			func(e *care.ClaimEvent) { e.CareRecipientIDs = nil },
			func(e *care.ClaimEvent) { e.CareRecipientIDs = make([]string, 10_001) },
			func(e *care.ClaimEvent) { e.CareRecipientIDs = []string{"415056224", "Ada Wren"} },
		},
		"occurred_at": {func(e *care.ClaimEvent) { e.OccurredAt = time.Time{} }},
	} {
		for _, breakIt := range breaks {
			event := validClaimEvent()
			breakIt(&event)
			var invalid *care.ClaimEventError
			require.ErrorAs(t, event.Check(), &invalid)
			require.Equal(t, field, invalid.Field)
			require.NotContains(t, invalid.Error(), "415056224", "no value in errors (R10)")
		}
	}
}
