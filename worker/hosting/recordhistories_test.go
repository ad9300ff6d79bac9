//go:build record

package hosting_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

const replayFolder = "../../workflows/testdata/replay"

// TestRecordHistories records the histories that the replay test replays, without encryption, which holds ids and counts only. Run it
// (make record-histories) on the commit of a release, never on the change that the histories are to protect against.
func TestRecordHistories(t *testing.T) {
	for name, scenario := range map[string]struct {
		person  string
		disturb func(*testing.T, *testkit.World, *testkit.Temporal, client.WorkflowRun)
	}{
		"plain": {"several-open", nothing},
		"retry": {"first-year", func(t *testing.T, w *testkit.World, _ *testkit.Temporal, _ client.WorkflowRun) {
			require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: "budget-care-recipient", Count: 2, RetryAfter: time.Second}))
		}},
		"refused":           {"consent-refused", nothing},
		"identity-mismatch": {"identity-mismatch", nothing},
		"signal-in-mid-run": {"re-opened", func(t *testing.T, w *testkit.World, temporal *testkit.Temporal, _ client.WorkflowRun) {
			claim := w.Request(t, "re-opened")
			claim.Trigger = care.TriggerClaim
			waitForCall(t, w, "care-recipient-summary")
			require.NoError(t, temporal.Request(t.Context(), claim))
		}},
		"cancelled": {"all-ended", func(t *testing.T, w *testkit.World, temporal *testkit.Temporal, run client.WorkflowRun) {
			waitForCall(t, w, "care-recipient-summary")
			require.NoError(t, temporal.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := testkit.NewWorld(t, world.Options{})
			temporal := testkit.NewReadableTemporal(t)
			temporal.RunWorker(t, w.Steps(t, db.Options{}))
			require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 300 * time.Millisecond}))
			run := temporal.Start(t, w.Request(t, scenario.person))
			firstRun := run.GetRunID()
			scenario.disturb(t, w, temporal, run)
			_ = run.Get(t.Context(), nil) // a cancelled run ends with an error
			save(t, name, history(t, temporal, run.GetID(), firstRun))
			if name == "signal-in-mid-run" {
				save(t, "second-pass", history(t, temporal, run.GetID(), run.GetRunID()))
			}
		})
	}
}

// TestRecordContractHistories is TestRecordHistories for contract syncs.
func TestRecordContractHistories(t *testing.T) {
	for name, scenario := range map[string]struct {
		person string
		attend func(*testing.T, *testkit.World, *testkit.Temporal, care.Request)
	}{
		"contract-created": {"changed-manager", create},
		"contract-changed-meanwhile": {"fresh-plan", func(t *testing.T, w *testkit.World, temporal *testkit.Temporal, request care.Request) {
			retrieved := temporal.Retrieve(t, request)
			agreed := everything(t, w.Store, request, retrieved.PreviewID)
			require.NoError(t, w.World.MoveParticipant("fresh-plan", world.PlanMove{Name: world.Spend, Category: "01", Silent: true}))
			differs, err := temporal.Create(t.Context(), request.PersonID, agreed)
			require.NoError(t, err)
			require.Equal(t, care.ReasonPreviewDiffers, differs.Reason)
			_, err = temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, differs.NextPreviewID))
			require.NoError(t, err)
		}},
		"contract-notified-meanwhile": {"fresh-plan", func(t *testing.T, w *testkit.World, temporal *testkit.Temporal, request care.Request) {
			retrieved := temporal.Retrieve(t, request)
			temporal.RequestRefresh(t, request)
			_, err := temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
			require.NoError(t, err)
		}},
		"contract-refused": {"endorsement-missing", func(t *testing.T, _ *testkit.World, temporal *testkit.Temporal, request care.Request) {
			temporal.Retrieve(t, request)
		}},
		"contract-cancelled": {"fresh-plan", func(t *testing.T, _ *testkit.World, temporal *testkit.Temporal, request care.Request) {
			temporal.Retrieve(t, request)
			require.NoError(t, temporal.CancelWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), ""))
		}},
		"contract-refreshed": {"changed-manager", func(t *testing.T, w *testkit.World, temporal *testkit.Temporal, request care.Request) {
			create(t, w, temporal, request)
			_ = temporal.GetWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), "").Get(t.Context(), nil)
			require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: budgetCall, Count: 1}))
			temporal.RequestRefresh(t, request)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := testkit.NewWorld(t, participants(t))
			temporal := testkit.NewReadableTemporal(t)
			temporal.RunWorker(t, w.Steps(t, db.Options{}))
			request := w.RequestFor(t, scenario.person)
			scenario.attend(t, w, temporal, request)
			run := temporal.GetWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), "")
			_ = run.Get(t.Context(), nil) // a cancelled run ends with an error
			runs, _, err := read.From(w.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 10})
			require.NoError(t, err)
			for _, recorded := range runs {
				save(t, name+"-"+strings.ReplaceAll(string(recorded.Trigger), "_", "-"), history(t, temporal, run.GetID(), string(recorded.ID)))
			}
		})
	}
}

// create retrieves a plan and creates everything of it.
func create(t *testing.T, w *testkit.World, temporal *testkit.Temporal, request care.Request) {
	t.Helper()
	retrieved := temporal.Retrieve(t, request)
	_, err := temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
	require.NoError(t, err)
}

func nothing(*testing.T, *testkit.World, *testkit.Temporal, client.WorkflowRun) {}

func history(t *testing.T, temporal *testkit.Temporal, workflowID, runID string) *historypb.History {
	t.Helper()
	var recorded historypb.History
	events := temporal.GetWorkflowHistory(t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		recorded.Events = append(recorded.Events, event)
	}
	return &recorded
}

func save(t *testing.T, name string, recorded *historypb.History) {
	t.Helper()
	text, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(recorded)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(replayFolder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(replayFolder, name+".json"), text, 0o644))
}
