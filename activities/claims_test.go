package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit"
)

// signals is a Temporal client that keeps what it was asked to signal, and takes nothing for one workflow.
type signals struct {
	mu     sync.Mutex
	refuse string
	taken  map[string][]protocol.SyncRequest
}

func (s *signals) SignalWithStartWorkflow(_ context.Context, workflowID, _ string, signal any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if workflowID == s.refuse {
		return nil, serviceerror.NewUnavailable("away")
	}
	s.taken[workflowID] = append(s.taken[workflowID], signal.(protocol.SyncRequest))
	return nil, nil
}

// R20: what could not be asked for is asked for again, and nothing else is.
func TestSyncsThatCouldNotBeAskedForStayDue(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle", care.DefaultTimeZone)
	require.NoError(t, err)
	ids := []string{"415056224", "415056225", "415056226"}
	for _, id := range ids {
		testkit.AddPeople(t, store, organisation.ID, db.PersonRecord{Identity: care.Identity{
			CareRecipientID: id, GivenName: "Ada", FamilyName: "Wren " + id, BirthDate: care.NewDate(1941, time.March, 9),
		}})
	}
	people, _, err := read.From(store).PeopleAfter(t.Context(), organisation, "", read.MostPerPage, time.Now())
	require.NoError(t, err)

	steps := activities.NewClaims(store)
	answer, err := steps.RecordClaimEvent(t.Context(), protocol.ClaimEventInput{
		OrganisationID: organisation.ID, ClaimID: "CL-1", Event: protocol.ClaimStatusEvent{Version: protocol.ClaimEventVersion, ClaimEvent: care.ClaimEvent{
			EventID: "event-1", ClaimID: "CL-1", OrganisationID: organisation.ID, Status: care.StageApproved, CareRecipientIDs: ids, OccurredAt: time.Now(),
		}},
	})
	require.NoError(t, err)
	require.Equal(t, 3, answer.Due)

	asked := &signals{refuse: protocol.CareRecipientSyncID(people[1].ID), taken: map[string][]protocol.SyncRequest{}}
	in := protocol.ClaimSyncsInput{OrganisationID: organisation.ID, ClaimID: answer.ClaimID}
	_, err = steps.RequestClaimSyncs(t.Context(), asked, in)
	require.Error(t, err)
	var mapped *temporal.ApplicationError
	require.ErrorAs(t, activities.ApplicationError(err), &mapped)
	require.Equal(t, protocol.ErrorTemporalUnavailable, mapped.Type())
	require.False(t, mapped.NonRetryable())
	require.NotContains(t, mapped.Error(), "415056", "no values in errors (R10)")

	asked.refuse = ""
	_, err = steps.RequestClaimSyncs(t.Context(), asked, in)
	require.NoError(t, err)
	require.Len(t, asked.taken, 3)
	for _, one := range people {
		requests := asked.taken[protocol.CareRecipientSyncID(one.ID)]
		require.NotEmpty(t, requests)
		require.Equal(t, protocol.SyncRequest{Trigger: care.TriggerClaim, RequestedBy: "claim " + string(answer.ClaimID)}, requests[0])
	}
	before := len(asked.taken[protocol.CareRecipientSyncID(people[1].ID)])
	number, err := steps.RequestClaimSyncs(t.Context(), asked, in)
	require.NoError(t, err)
	require.Zero(t, number)
	require.Len(t, asked.taken[protocol.CareRecipientSyncID(people[1].ID)], before, "no one is asked for twice")
}
