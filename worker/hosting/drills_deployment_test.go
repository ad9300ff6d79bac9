//go:build drills

package hosting_test

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/testkit"
)

// beside is a deployment with a live, paused bulk run, and another Temporal namespace on whose side programs use its database: by mistake, or
// because the database is a copy.
type beside struct {
	world              *testkit.World
	temporal           *testkit.Temporal
	foreign            client.Client
	namespace          string
	organisation, bulk care.ID
	run                client.WorkflowRun
	production         *testkit.Process
	ready              string
}

func newBeside(t *testing.T) *beside {
	t.Helper()
	b := &beside{world: testkit.NewWorld(t, crowd(60)), temporal: testkit.NewTemporal(t)}
	b.namespace = b.temporal.PreparedNamespace(t)
	b.organisation = organisationOf(t, b.world.Store)
	b.production, b.ready = b.startWorker(t, "caresync")
	requireReady(t, b.ready)

	require.NoError(t, b.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 50 * time.Millisecond}))
	b.bulk, b.run = b.temporal.Bulk(t, b.world.Store, b.organisation, careRecipients)
	require.Eventually(t, func() bool { return b.processed(t) > 5 }, 2*time.Minute, 10*time.Millisecond)
	b.command(t, protocol.Pause.Name)
	b.world.Faults.Clear()
	require.Eventually(t, func() bool {
		before := b.processed(t)
		<-time.After(time.Second)
		return before == b.processed(t)
	}, time.Minute, time.Millisecond, "people in progress finish")
	return b
}

func (b *beside) environment(namespace string) []string {
	return []string{
		"DATABASE_URL=" + b.world.DatabaseURL, "TEMPORAL_NAMESPACE=" + namespace, "CARESYNC_TASK_QUEUE_PREFIX=" + b.temporal.Queues.Prefix,
		"CARESYNC_KEYRING=" + testkit.KeyringText,
	}
}

// startWorker starts a worker without waiting, and returns where it says whether it is ready.
func (b *beside) startWorker(t *testing.T, namespace string) (*testkit.Process, string) {
	t.Helper()
	health := testkit.FreeAddress(t)
	return testkit.StartProcess(t, append(b.environment(namespace), "CARESYNC_HEALTH_ADDRESS="+health), testkit.Binary(t, "caresync-worker")),
		"http://" + health + "/readyz"
}

// caresync runs a command on the side of a namespace, and returns its exit code and what it says.
func (b *beside) caresync(t *testing.T, namespace string, arguments ...string) (int, string) {
	t.Helper()
	command := exec.Command(testkit.Binary(t, "caresync"), arguments...)
	command.Env = append(command.Environ(), b.environment(namespace)...)
	said, err := command.CombinedOutput()
	if command.ProcessState == nil {
		require.NoError(t, err)
	}
	return command.ProcessState.ExitCode(), string(said)
}

func (b *beside) command(t *testing.T, name string) {
	t.Helper()
	handle, err := b.temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: b.run.GetID(), UpdateName: name, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
}

func (b *beside) processed(t *testing.T) int {
	t.Helper()
	counts, err := b.world.Store.CountItems(t.Context(), b.organisation, b.bulk, nil)
	require.NoError(t, err)
	return counts.Processed
}

// readiness is what a program answers of its checks, and whether it is ready.
func readiness(address string) (ready bool, checks map[string]struct{ Status, Detail string }) {
	answer, err := http.Get(address)
	if err != nil {
		return false, nil
	}
	defer answer.Body.Close()
	var told struct {
		Checks map[string]struct{ Status, Detail string } `json:"checks"`
	}
	_ = json.NewDecoder(answer.Body).Decode(&told)
	return answer.StatusCode == http.StatusOK, told.Checks
}

func requireReady(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool { ready, _ := readiness(address); return ready }, 30*time.Second, 50*time.Millisecond)
}

func requireForeign(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		ready, checks := readiness(address)
		return !ready && strings.Contains(checks["deployment"].Detail, "belongs to another deployment")
	}, 30*time.Second, 50*time.Millisecond)
}

// A worker of another namespace beside production, with a live and paused bulk run: it closes nothing and calls no one, and says why. After an
// operator has adopted the database it works within seconds, and production's worker stops; adopted back, the bulk run ends as if nothing
// had been (R37).
func TestDrillAWorkerOfAnotherNamespaceTouchesNothing(t *testing.T) {
	b := newBeside(t)
	sql := testkit.OpenSQL(t, b.world.DatabaseURL)
	processed, calls := b.processed(t), len(b.world.Calls())
	sql.Exec(t, "UPDATE bulk_run SET requested_at = requested_at - interval '1 hour'") // long enough for Reconcile to look at it

	foreign, ready := b.startWorker(t, b.namespace)
	b.queueWork(t)
	requireForeign(t, ready)

	code, said := b.caresync(t, b.namespace, "deployment", "show")
	require.Equal(t, 3, code, said)
	require.Contains(t, said, b.namespace)
	require.Contains(t, said, "They differ")
	for _, refused := range [][]string{
		{"bulk", "start"}, {"bulk", "cancel", string(b.bulk)}, {"bulk", "pause", string(b.bulk)}, {"schedule", "create", "nightly", "--at", "03:30"}, {"connection", "test"},
		{"connection", "renew-key", "--force"}, {"sync", "care-recipient", "1000000001"},
	} {
		code, said := b.caresync(t, b.namespace, refused...)
		require.NotZero(t, code, "%v", refused)
		if refused[0] != "sync" { // there is no such person: reading comes before
			require.Contains(t, said, "this database belongs to another deployment of CareSync", "%v", refused)
		}
	}
	<-time.After(10 * time.Second)
	require.Equal(t, processed, b.processed(t))
	require.Len(t, b.world.Calls(), calls, "the government is not called")
	require.Equal(t, 1, testkit.Value[int](t, sql, "SELECT count(*) FROM bulk_run WHERE outcome IS NULL AND paused_at IS NOT NULL"))
	require.Equal(t, 1, testkit.Value[int](t, sql, "SELECT count(*) FROM bulk_run"))
	requireReady(t, b.ready)

	sql.Exec(t, "UPDATE bulk_run SET requested_at = now()") // this is not about what Reconcile closes after an adoption
	b.dropWork(t)
	code, said = b.caresync(t, b.namespace, "deployment", "adopt", "--yes")
	require.Zero(t, code, said)
	requireReady(t, ready)
	requireForeign(t, b.ready)
	require.Zero(t, foreign.Stop(t))
	code, said = b.caresync(t, "caresync", "deployment", "adopt", "--yes")
	require.Zero(t, code, said)
	requireReady(t, b.ready)

	b.command(t, protocol.Resume.Name)
	var result protocol.BulkResult
	require.NoError(t, b.run.Get(t.Context(), &result))
	require.Equal(t, 60, result.Counts.Processed)
	require.Zero(t, result.Counts.Failed+result.Counts.Skipped+result.Counts.Cancelled)
}

// queueWork leaves a Reconcile and a sync on the other side, for the first worker that takes tasks there.
func (b *beside) queueWork(t *testing.T) {
	t.Helper()
	options, err := temporal.ClientOptions(temporal.Options{Keyring: testkit.Keyring(), Logger: zap.NewNop()})
	require.NoError(t, err)
	options.Namespace = b.namespace
	b.foreign, err = client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(b.foreign.Close)
	reconcile := client.StartWorkflowOptions{ID: "reconcile", TaskQueue: b.temporal.Queues.CareSync()}
	_, err = b.foreign.ExecuteWorkflow(t.Context(), reconcile, protocol.ReconcileWorkflow, b.temporal.Queues.Prefix)
	require.NoError(t, err)
}

func (b *beside) dropWork(t *testing.T) {
	t.Helper()
	require.NoError(t, b.foreign.TerminateWorkflow(t.Context(), "reconcile", "", "a drill"))
}
