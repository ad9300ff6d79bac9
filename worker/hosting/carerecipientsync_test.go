package hosting_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// everyone are the keys of all people that the world's providers hold.
func everyone(w *testkit.World) (keys []string) {
	for _, person := range w.World.People(world.Holder{}) {
		if !slices.Contains(keys, person.Key) {
			keys = append(keys, person.Key)
		}
	}
	return keys
}

func TestTheWorkflowWritesTheSameRowsAsDirectCalls(t *testing.T) {
	durable, direct := testkit.NewWorld(t, world.Options{}), testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, durable.Steps(t, db.Options{}))
	steps := direct.Steps(t, db.Options{})
	for _, key := range everyone(durable) {
		through, directly := temporal.Sync(t, durable.Request(t, key)), direct.Sync(t, steps, key)
		require.Equal(t, directly.Outcome, through.Outcome, key)
		require.Equal(t, directly.Reason, through.Reason, key)
		require.Equal(t, directly.Counts, through.Counts, key)
	}
	require.Equal(t, testkit.Records(t, direct.DatabaseURL), testkit.Records(t, durable.DatabaseURL))
}

// R7: whoever asks for one person at once, by buttons, claim events and a bulk run, ends with the newest data, once; no claim event is
// lost, and all of them together log in once.
func TestFiftyAtOnceForOnePerson(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	request := w.Request(t, "several-open")
	claim := request
	claim.Trigger = care.TriggerClaim

	var processes []*activities.Steps
	for range 10 {
		processes = append(processes, w.Steps(t, db.Options{}))
	}
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			switch i % 5 {
			case 0:
				_, err := processes[i/5].Sync(t.Context(), db.NewID(), request)
				assert.NoError(t, err)
			case 1, 2:
				assert.NoError(t, temporal.Request(t.Context(), claim))
			case 3:
				assert.NoError(t, temporal.Request(t.Context(), request))
			case 4:
				_, err := w.World.Move("several-open", world.Move{Name: world.Claim})
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	moved, err := w.World.Move("several-open", world.Move{Name: world.Claim})
	require.NoError(t, err)
	require.NotEmpty(t, moved.InvoiceID)
	require.NoError(t, temporal.Request(t.Context(), claim))
	var result care.RunResult
	require.NoError(t, temporal.GetWorkflow(t.Context(), protocol.CareRecipientSyncID(request.PersonID), "").Get(t.Context(), &result))
	require.Contains(t, []care.RunOutcome{care.RunSucceeded, care.RunSucceededWithWarnings, care.RunPartial}, result.Outcome)

	requireNewest(t, w)
	require.LessOrEqual(t, w.Counts()["proda-token"].Calls, 1, "one login for the connection, however many workers")
}

// requireNewest requires that one more, undisturbed sync of several-open finds nothing to change.
func requireNewest(t *testing.T, w *testkit.World) {
	t.Helper()
	records := testkit.Records(t, w.DatabaseURL)
	result := w.Sync(t, w.Steps(t, db.Options{}), "several-open")
	require.Equal(t, care.RunSucceeded, result.Outcome)
	for kind, count := range result.Counts {
		require.Zero(t, count.Created+count.Updated+count.Removed, "%s was not the newest: %+v", kind, count)
	}
	require.Equal(t, records, testkit.Records(t, w.DatabaseURL))
}

// R7: a claim event in the middle of a pass causes one more pass, and what was claimed is there afterwards.
func TestAClaimInMidRunCausesOneMorePass(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	request := w.Request(t, "first-year")
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Count: 1, Delay: 2 * time.Minute}))
	run := temporal.Start(t, request)
	waitForCall(t, w, "budget-details")

	claim := request
	claim.Trigger = care.TriggerClaim
	moved, err := w.World.Move("first-year", world.Move{Name: world.Claim})
	require.NoError(t, err)
	for range 20 {
		require.NoError(t, temporal.Request(t.Context(), claim))
	}
	w.Faults.Clear() // what hangs breaks off
	var result care.RunResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, care.RunSucceeded, result.Outcome)
	runs, _, err := read.From(w.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 10})
	require.NoError(t, err)
	require.Len(t, runs, 2)
	require.Equal(t, care.TriggerClaim, runs[0].Trigger)
	require.Contains(t, strings.Join(testkit.Records(t, w.DatabaseURL)["usage_line"], "\n"), moved.InvoiceID)
}

// waitForCall waits until the simulator works on an operation.
func waitForCall(t *testing.T, w *testkit.World, operation string) {
	t.Helper()
	require.Eventually(t, func() bool { return w.Counts()[operation].MostAtOnce > 0 }, 2*time.Minute, 5*time.Millisecond)
}

// The Temporal UI shows what a run does and did: it asks the worker for the current details.
func TestOperatorsSeeProgressAndOutcome(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	request := w.Request(t, "consent-refused")
	result := temporal.Sync(t, request)
	require.Equal(t, care.RunPartial, result.Outcome)

	answer, err := temporal.QueryWorkflow(t.Context(), protocol.CareRecipientSyncID(request.PersonID), "", protocol.ProgressQuery)
	require.NoError(t, err)
	var progress protocol.Progress
	require.NoError(t, answer.Get(&progress))
	require.Equal(t, care.RunPartial, progress.Outcome)
	require.Equal(t, care.ReasonConsentRefused, progress.Reason)

	described, err := temporal.DescribeWorkflowExecution(t.Context(), protocol.CareRecipientSyncID(request.PersonID), "")
	require.NoError(t, err)
	attributes := described.WorkflowExecutionInfo.SearchAttributes.IndexedFields
	for name, value := range map[string]string{
		protocol.SearchKind.GetName(): `"care-recipient"`, protocol.SearchOutcome.GetName(): `"partial"`,
		protocol.SearchArea.GetName(): `"budgets"`, protocol.SearchFailedCount.GetName(): "2",
		protocol.SearchOrganisation.GetName(): fmt.Sprintf("%q", request.OrganisationID),
	} {
		require.Equal(t, value, string(payload(attributes, name).GetData()), name)
	}
}

func payload(fields map[string]*commonpb.Payload, name string) *commonpb.Payload { return fields[name] }

// R6: cancelling keeps what was saved, and the run says so.
func TestCancellingKeepsWhatWasSaved(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	request := w.Request(t, "first-year")
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: time.Minute}))
	run := temporal.Start(t, request)
	waitForCall(t, w, "budget-details")
	require.NoError(t, temporal.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	require.Error(t, run.Get(t.Context(), nil))

	view, err := read.From(w.Store).Run(t.Context(), request.OrganisationID, care.ID(run.GetRunID()))
	require.NoError(t, err)
	require.Equal(t, care.RunCancelled, view.Outcome)
	records := testkit.Records(t, w.DatabaseURL)
	require.NotEmpty(t, records["budget"])
	require.Empty(t, records["usage_line"])
}

// A reset keeps the run's id: steps that were done answer from the ledger, and nothing happens twice.
func TestAResetAnswersFromTheLedger(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	request := w.Request(t, "first-year")
	run := temporal.Start(t, request)
	var first, again care.RunResult
	require.NoError(t, run.Get(t.Context(), &first))
	w.ResetCalls()

	_, err := temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: "caresync", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: run.GetID(), RunId: run.GetRunID()},
		Reason: "test", WorkflowTaskFinishEventId: firstTaskCompleted(t, temporal, run.GetID()), RequestId: string(db.NewID()),
	})
	require.NoError(t, err)
	require.NoError(t, temporal.GetWorkflow(context.WithoutCancel(t.Context()), run.GetID(), "").Get(t.Context(), &again))
	require.Equal(t, first, again)
	require.Empty(t, w.Calls(), "the government was not asked again")
}

func firstTaskCompleted(t *testing.T, temporal *testkit.Temporal, workflowID string) int64 {
	t.Helper()
	const wait = true // for one that has only just been started
	history := temporal.GetWorkflowHistory(t.Context(), workflowID, "", wait, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		if event.EventType == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return event.EventId
		}
	}
	t.Fatal("the workflow completed no task")
	return 0
}
