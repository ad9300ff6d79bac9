package cli_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/testkit"
)

func TestWrongClaimEvents(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	for word, args := range map[string][]string{
		"STATUS":           {"CL-1", "paid", "--care-recipient", "415056224"},
		"--care-recipient": {"CL-1", "approved"},
		"1 to 10 digits":   {"CL-1", "approved", "--care-recipient", "415056224,Ada"},
		"CLAIM":            {"", "approved", "--care-recipient", "415056224"},
		"--occurred-at":    {"CL-1", "approved", "--care-recipient", "415056224", "--occurred-at", "yesterday"},
	} {
		done := run(t, "", append([]string{"claim", "event"}, args...)...)
		require.Equal(t, cli.ExitUsage, done.code, done.err)
		require.Contains(t, done.err, word)
		require.NotContains(t, done.err, "Ada", "no values in errors (R10)")
	}
}

// What the command reports is signalled with start, as the claim service does (R20).
func TestTellOfAClaim(t *testing.T) {
	address := testkit.DatabaseURL(t)
	onDatabase(t, address)
	temporal := testkit.NewTemporal(t)
	t.Setenv("CARESYNC_TASK_QUEUE_PREFIX", temporal.Queues.Prefix)
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	organisation, err := testkit.Store(t, address).OrganisationBySlug(t.Context(), "wattle")
	require.NoError(t, err)
	told := must(t, "claim", "event", "CL-1", "Approved", "--care-recipient", "415056224,415056225", "--event-id", "event-1",
		"--occurred-at", "2026-05-20T09:30:00+10:00")
	require.Contains(t, told, "event-1")
	require.Contains(t, told, "caresync claim show CL-1")
	workflowID := protocol.ClaimFollowUpID(organisation.ID, "CL-1")
	described, err := temporal.DescribeWorkflowExecution(t.Context(), workflowID, "")
	require.NoError(t, err)
	require.Equal(t, temporal.Queues.CareSync(), described.ExecutionConfig.TaskQueue.Name)
	require.NoError(t, temporal.TerminateWorkflow(t.Context(), workflowID, "", "the test is over"))
}

// A claim shows its events, its people, the unknown people, and the syncs that it caused (R20).
func TestShowAClaim(t *testing.T) {
	address := testkit.DatabaseURL(t)
	onDatabase(t, address)
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	store := testkit.Store(t, address)
	organisation, err := store.OrganisationBySlug(t.Context(), "wattle")
	require.NoError(t, err)
	imported := run(t, peopleHeader+"Ada,Wren,1941-03-09,415056224\nBen,Lark,1950-05-01,415056225\n", "import", "people", "-")
	require.Equal(t, cli.ExitSucceeded, imported.code, imported.err)
	for id, event := range map[string]care.ClaimEvent{
		"event-1": {Status: claims.Approved, CareRecipientIDs: []string{"415056224", "499999999"}},
		"event-2": {Status: claims.Submitted, CareRecipientIDs: []string{"415056225"}},
	} {
		event.EventID, event.ClaimID, event.OrganisationID, event.OccurredAt = id, "CL-1", organisation.ID, time.Now()
		_, err := store.RecordClaimEvent(t.Context(), event)
		require.NoError(t, err)
	}

	shown := must(t, "claim", "show", "CL-1")
	for _, words := range []string{"approved", "Ada Wren", "to be requested", "Ben Lark", "no sync triggered", "UNKNOWN PEOPLE", "1 person is not in", "499999999", "event-2"} {
		require.Contains(t, shown, words)
	}
	var view views.ClaimView
	require.NoError(t, json.Unmarshal([]byte(must(t, "claim", "show", "CL-1", "--json")), &view))
	require.Contains(t, must(t, "claim", "show", string(view.ID)), "CL-1")
	done := run(t, "", "claim", "show", "CL-2")
	require.Equal(t, cli.ExitFailed, done.code)
	require.Contains(t, done.err, "no such claim")
}
