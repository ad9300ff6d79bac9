package claims_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/protocol"
)

const organisation = "01a1ffb8-0000-7000-8000-000000000000"

// recorder keeps the last signal.
type recorder struct {
	err                              error
	workflowID, signalName, workflow string
	signal                           any
	options                          client.StartWorkflowOptions
	input                            protocol.ClaimFollowUpInput
	signals                          int
}

func (r *recorder) SignalWithStartWorkflow(_ context.Context, workflowID, signalName string, signal any, options client.StartWorkflowOptions,
	workflow any, arguments ...any) (client.WorkflowRun, error) {
	r.signals++
	r.workflowID, r.signalName, r.signal, r.options = workflowID, signalName, signal, options
	r.workflow, r.input = workflow.(string), arguments[0].(protocol.ClaimFollowUpInput)
	return nil, r.err
}

func approved(claimID string) claims.Event {
	return claims.Event{
		EventID: "event-1", ClaimID: claimID, OrganisationID: organisation, Status: claims.Approved,
		CareRecipientIDs: []string{"415056225", "415056224", "415056225"}, OccurredAt: time.Date(2026, time.May, 20, 1, 30, 0, 0, time.UTC),
	}
}

// The contract as it stands on the wire, which other teams rely on (docs/claims.md).
func TestTheSignalOnTheWire(t *testing.T) {
	var temporal recorder
	require.NoError(t, claims.NewClient(&temporal, claims.Options{TaskQueuePrefix: "north-"}).StatusChanged(t.Context(), approved("CL-1")))
	require.Equal(t, "claim-status-changed", temporal.signalName)
	require.Equal(t, "ClaimFollowUp", temporal.workflow)
	require.Equal(t, "north-care-sync", temporal.options.TaskQueue)
	require.Equal(t, temporal.workflowID, temporal.options.ID)

	signal, err := json.Marshal(temporal.signal)
	require.NoError(t, err)
	require.JSONEq(t, `{"version": 1, "event_id": "event-1", "claim_id": "CL-1", "organisation_id": "`+organisation+`", "status": "approved",
		"care_recipient_ids": ["415056224", "415056225"], "occurred_at": "2026-05-20T01:30:00Z"}`, string(signal))
	input, err := json.Marshal(temporal.input)
	require.NoError(t, err)
	require.JSONEq(t, `{"organisation_id": "`+organisation+`", "claim_id": "CL-1", "task_queue_prefix": "north-"}`, string(input))
}

// R10: no outside text stands in a workflow id. The same claim always has the same id, and two never share one.
func TestWorkflowIDs(t *testing.T) {
	const uuid = "6F1ED002-AB5B-4AC4-8E6B-F1B1B1B1B1B1"
	require.Equal(t, "claim/"+organisation+"/"+strings.ToLower(uuid), protocol.ClaimFollowUpID(organisation, uuid))
	seen := map[string]string{}
	for _, claimID := range []string{
		"CL-1", "cl-1", "Ada Wren 1941-03-09", "415056224", "a/b", "{" + uuid + "}", strings.ReplaceAll(uuid, "-", ""), "../..", "Überweisung",
	} {
		id := protocol.ClaimFollowUpID(organisation, claimID)
		require.Regexp(t, `^claim/`+organisation+`/[0-9a-f]{64}$`, id)
		require.Equal(t, id, protocol.ClaimFollowUpID(organisation, claimID))
		require.Empty(t, seen[id])
		seen[id] = claimID
		require.NotEqual(t, strings.TrimPrefix(id, "claim/"+organisation), strings.TrimPrefix(protocol.ClaimFollowUpID("other", claimID), "claim/other"))
	}
}

func TestWrongEventsAreNotSent(t *testing.T) {
	var temporal recorder
	event := approved("CL-1")
	event.CareRecipientIDs = []string{"41505622400"}
	err := claims.NewClient(&temporal, claims.Options{}).StatusChanged(t.Context(), event)
	var invalid *claims.InvalidEventError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "care_recipient_ids", invalid.Field)
	require.NotContains(t, err.Error(), "41505622400", "no values in errors (R10)")
	require.Zero(t, temporal.signals)
}

func TestTheServersErrorIsHandedOn(t *testing.T) {
	away := errors.New("away")
	err := claims.NewClient(&recorder{err: away}, claims.Options{}).StatusChanged(t.Context(), approved("CL-1"))
	require.ErrorIs(t, err, away)
}
