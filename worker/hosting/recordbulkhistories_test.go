//go:build record

package hosting_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	prodasim "github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// recordedBulk is a bulk run whose histories are recorded.
type recordedBulk struct {
	*testkit.World
	temporal *testkit.Temporal
	id       care.ID
	run      client.WorkflowRun
}

// TestRecordBulkHistories is TestRecordHistories for bulk runs and their batches.
func TestRecordBulkHistories(t *testing.T) {
	slowly := faults.Fault{Kind: faults.Latency, Delay: 100 * time.Millisecond}
	for name, scenario := range map[string]struct {
		people        int
		continueAfter int
		faults        func(*testkit.World) faults.Fault
		attend        func(*testing.T, *recordedBulk)
	}{
		"bulk-plain": {people: 650},
		"bulk-escalated": {people: 30, faults: func(w *testkit.World) faults.Fault {
			troubled := w.World.People(world.Holder{})[7]
			return faults.Fault{Kind: faults.InternalError, Operation: "care-recipient-summary", CareRecipientID: troubled.CareRecipientID, Count: 3}
		}},
		"bulk-outage": {people: 30, faults: func(*testkit.World) faults.Fault {
			return faults.Fault{Kind: faults.Unavailable, Operation: "care-recipient-summary", Skip: 1, Count: 10, RetryAfter: time.Second}
		}},
		"bulk-paused": {people: 60, faults: func(*testkit.World) faults.Fault { return slowly }, attend: func(t *testing.T, b *recordedBulk) {
			b.processes(t, 5)
			for _, command := range []string{protocol.Pause.Name, protocol.Resume.Name} {
				update, err := b.temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
					WorkflowID: b.run.GetID(), UpdateName: command, Args: []any{struct{}{}}, WaitForStage: client.WorkflowUpdateStageCompleted,
				})
				require.NoError(t, err)
				require.NoError(t, update.Get(t.Context(), nil))
			}
		}},
		"bulk-cancelled": {people: 60, faults: func(*testkit.World) faults.Fault { return slowly }, attend: func(t *testing.T, b *recordedBulk) {
			b.processes(t, 5)
			require.NoError(t, b.temporal.CancelWorkflow(t.Context(), b.run.GetID(), ""))
		}},
		"bulk-batch-lost": {people: 60, faults: func(*testkit.World) faults.Fault { return slowly }, attend: func(t *testing.T, b *recordedBulk) {
			b.processes(t, 5)
			require.NoError(t, b.temporal.TerminateWorkflow(t.Context(), protocol.BulkSyncBatchID(b.id, 0), "", "a test"))
		}},
		"bulk-continued": {people: 1100, continueAfter: 5},
	} {
		t.Run(name, func(t *testing.T) {
			w := testkit.NewWorld(t, crowd(scenario.people))
			b := &recordedBulk{World: w, temporal: testkit.NewReadableTemporal(t)}
			b.temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
			if scenario.faults != nil {
				require.NoError(t, w.Faults.Add(scenario.faults(w)))
			}
			b.start(t, scenario.continueAfter)
			first := b.run.GetRunID()
			if scenario.attend != nil {
				scenario.attend(t, b)
			}
			_ = b.run.Get(t.Context(), nil) // a cancelled run ends with an error
			save(t, name, history(t, b.temporal, b.run.GetID(), first))
			save(t, name+"-batch", history(t, b.temporal, protocol.BulkSyncBatchID(b.id, 0), ""))
			if scenario.continueAfter > 0 {
				save(t, name+"-further", history(t, b.temporal, b.run.GetID(), ""))
			}
		})
	}
}

// TestRecordReconcileHistories is TestRecordHistories for the schedule that closes what was left open.
func TestRecordReconcileHistories(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewReadableTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	run, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: temporal.Queues.CareSync()},
		protocol.ReconcileWorkflow, temporal.Queues.Prefix)
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	save(t, "reconcile", history(t, temporal, run.GetID(), run.GetRunID()))
}

// TestRecordRefreshDueHistories is TestRecordHistories for the schedule that refreshes contracts on the days on which their funding periods begin.
func TestRecordRefreshDueHistories(t *testing.T) {
	w := testkit.NewWorld(t, participants(t))
	temporal := testkit.NewReadableTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	request := w.RequestFor(t, "fresh-plan")
	create(t, w, temporal, request)
	require.NoError(t, temporal.GetWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), "").Get(t.Context(), nil))
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	sql.Exec(t, "UPDATE sync_run SET requested_at = requested_at - interval '3 days'")
	sql.Exec(t, "UPDATE area_fence SET as_of = as_of - interval '3 days'")
	sql.Exec(t, "UPDATE funding_period SET start_date = $1::date, released = false WHERE position = 2", w.World.Today().String())

	run, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: temporal.Queues.CareSync()},
		protocol.RefreshDueWorkflow, temporal.Queues.Prefix)
	require.NoError(t, err)
	var asked int
	require.NoError(t, run.Get(t.Context(), &asked))
	require.Equal(t, 1, asked)
	save(t, "refresh-due", history(t, temporal, run.GetID(), run.GetRunID()))
}

// TestRecordRenewKeysHistories is TestRecordHistories for the schedule that renews the keys of devices.
func TestRecordRenewKeysHistories(t *testing.T) {
	w := testkit.NewWorld(t, participants(t), server.WithPRODA(prodasim.Options{NoThrottle: true}))
	temporal := testkit.NewReadableTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	testkit.OpenSQL(t, w.DatabaseURL).Exec(t, "UPDATE connection SET key_since = now() - interval '150 days', key_expiry = now() + interval '30 days'")
	run, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: temporal.Queues.CareSync()},
		protocol.RenewKeysWorkflow, temporal.Queues.Prefix)
	require.NoError(t, err)
	var renewed protocol.KeysRenewed
	require.NoError(t, run.Get(t.Context(), &renewed))
	require.Positive(t, renewed.Renewed)
	require.Zero(t, renewed.Failed)
	save(t, "renew-keys", history(t, temporal, run.GetID(), run.GetRunID()))
}

func (b *recordedBulk) start(t *testing.T, continueAfter int) {
	t.Helper()
	b.id = db.NewID()
	organisation := organisationOf(t, b.Store)
	require.NoError(t, b.Store.RecordBulk(t.Context(), db.Bulk{
		ID: b.id, OrganisationID: organisation, RequestedBy: "a test", Request: careRecipients, WorkflowID: protocol.BulkSyncID(b.id),
	}))
	options, input := protocol.BulkSyncStart(b.temporal.Queues, b.id, organisation, careRecipients.Kind, "a test")
	input.ContinueAfterEvents = continueAfter
	var err error
	b.run, err = b.temporal.ExecuteWorkflow(context.WithoutCancel(t.Context()), options, protocol.BulkSyncWorkflow, input)
	require.NoError(t, err)
}

// processes waits until more than a number of people have an outcome.
func (b *recordedBulk) processes(t *testing.T, people int) {
	t.Helper()
	require.Eventually(t, func() bool {
		counts, err := b.Store.CountItems(t.Context(), organisationOf(t, b.Store), b.id, nil)
		require.NoError(t, err)
		return counts.Processed > people
	}, 2*time.Minute, 10*time.Millisecond)
}
