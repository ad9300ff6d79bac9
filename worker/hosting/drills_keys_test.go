//go:build drills

package hosting_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit"
)

// rotation is a deployment whose keyring is rotated: a worker and an API that run, and a nightly schedule.
type rotation struct {
	world           *testkit.World
	namespace       string
	prefix, keyring string
	programs        []*testkit.Process
	sql             testkit.SQL
}

func newRotation(t *testing.T) *rotation {
	t.Helper()
	shared := testkit.NewTemporal(t)
	r := &rotation{world: testkit.NewWorld(t, crowd(20)), namespace: shared.PreparedNamespace(t), prefix: shared.Queues.Prefix, keyring: testkit.KeyringText}
	r.sql = testkit.OpenSQL(t, r.world.DatabaseURL)
	return r
}

func (r *rotation) environment() []string {
	return []string{
		"DATABASE_URL=" + r.world.DatabaseURL, "TEMPORAL_NAMESPACE=" + r.namespace, "CARESYNC_TASK_QUEUE_PREFIX=" + r.prefix, "CARESYNC_KEYRING=" + r.keyring,
	}
}

// restart starts the worker and the API again with a keyring.
func (r *rotation) restart(t *testing.T, keyring string) {
	t.Helper()
	for _, program := range r.programs {
		require.Zero(t, program.Stop(t))
	}
	r.keyring, r.programs = keyring, nil
	for name, arguments := range map[string][]string{"caresync-worker": nil, "caresync": {"serve", "--listen", testkit.FreeAddress(t)}} {
		health := testkit.FreeAddress(t)
		r.programs = append(r.programs, testkit.StartProcess(t, append(r.environment(), "CARESYNC_HEALTH_ADDRESS="+health), testkit.Binary(t, name), arguments...))
		requireReady(t, "http://"+health+"/readyz")
	}
}

func (r *rotation) caresync(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.Command(testkit.Binary(t, "caresync"), arguments...)
	command.Env = append(os.Environ(), r.environment()...)
	said, err := command.CombinedOutput()
	require.NoError(t, err, "%v: %s", arguments, said)
	return string(said)
}

// states are the keys' states by their ids, as `caresync keyring status` tells them.
func (r *rotation) states(t *testing.T) map[string]string {
	t.Helper()
	var told struct{ Keys []struct{ ID, State string } }
	require.NoError(t, json.Unmarshal([]byte(r.caresync(t, "keyring", "status", "--json")), &told))
	states := map[string]string{}
	for _, key := range told.Keys {
		states[key.ID] = key.State
	}
	return states
}

func (r *rotation) await(t *testing.T, key, state string) {
	t.Helper()
	require.Eventually(t, func() bool { return r.states(t)[key] == state }, 4*time.Minute, 500*time.Millisecond, "the state of %s", key)
}

// night waits for one more run of the nightly schedule, in which everyone is synced.
func (r *rotation) night(t *testing.T, start func()) {
	t.Helper()
	const ended = "SELECT count(*)::int FROM bulk_run WHERE requested_by = 'schedule nightly' AND outcome IN ('succeeded', 'succeeded_with_warnings')"
	before := testkit.Value[int](t, r.sql, ended)
	start()
	require.Eventually(t, func() bool { return testkit.Value[int](t, r.sql, ended) == before+1 }, 4*time.Minute, 100*time.Millisecond)
}

// connected is a client that has no key at all, for what is not encrypted.
func (r *rotation) connected(t *testing.T) client.Client {
	t.Helper()
	keyring, err := sealing.Parse(r.keyring)
	require.NoError(t, err)
	options, err := temporal.ClientOptions(temporal.Options{Keyring: keyring, Logger: zap.NewNop()})
	require.NoError(t, err)
	options.Namespace = r.namespace
	connected, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(connected.Close)
	return connected
}

// commandsOfRunbook are the commands of a chapter of the runbook.
func commandsOfRunbook(t *testing.T, chapter string) (commands [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "\n## "+chapter+"\n")
	require.True(t, found, chapter)
	content, _, _ := strings.Cut(after, "\n## ")
	for line := range strings.Lines(content) {
		if command, isCommand := strings.CutPrefix(strings.TrimSpace(line), "caresync "); isCommand {
			commands = append(commands, strings.Fields(command))
		}
	}
	return commands
}

// The runbook's rotation to its end: a new key opens, then seals, everything is resealed, the old key is removed. Schedules are shown, changed and
// run throughout, and so is the deployment's own work.
func TestDrillTheKeyringIsRotated(t *testing.T) {
	commands := commandsOfRunbook(t, "Rotate the keyring")
	require.Equal(t, [][]string{{"keyring", "reseal"}, {"keyring", "status"}}, commands, "the drill follows the runbook")
	reseal, status := commands[0], commands[1]
	r := newRotation(t)
	old := testkit.KeyringText
	newer, err := sealing.Generate("k2")
	require.NoError(t, err)
	r.restart(t, old)
	r.caresync(t, "schedule", "create", "nightly", "--at", "03:30")
	r.night(t, func() { r.caresync(t, "schedule", "trigger", "nightly") })
	require.Equal(t, map[string]string{"test": "active"}, r.states(t))

	r.restart(t, old+","+newer)
	require.Equal(t, map[string]string{"test": "active", "k2": "unused"}, r.states(t))
	r.restart(t, newer+","+old)
	require.Contains(t, r.caresync(t, status...), "test is still needed. Run `caresync keyring reseal`.")
	require.Contains(t, r.caresync(t, reseal...), "✓ Resealed 1 device key, from the key test to k2.")
	require.Contains(t, r.caresync(t, reseal...), "Nothing was changed.")
	r.night(t, func() { r.caresync(t, "schedule", "trigger", "nightly") })
	r.await(t, "test", "retained")
	require.Contains(t, r.caresync(t, status...), "test is needed until ")

	r.retentionPasses(t)
	r.await(t, "test", "unused")
	require.Contains(t, r.caresync(t, status...), "test can be removed.")
	r.restart(t, newer)
	require.Equal(t, map[string]string{"k2": "active"}, r.states(t))
	require.Contains(t, r.caresync(t, "schedule", "list"), "nightly")
	require.Contains(t, r.caresync(t, "schedule", "show", "nightly"), "03:30")
	r.caresync(t, "connection", "test")
	soon := time.Now().Add(90 * time.Second).In(location(t, care.DefaultTimeZone))
	r.caresync(t, "schedule", "change", "nightly", "--at", soon.Format("15:04"))
	if testing.Short() {
		r.night(t, func() { r.caresync(t, "schedule", "trigger", "nightly") })
	} else {
		r.night(t, func() {})
	}
	r.reconciles(t)
}

func location(t *testing.T, zone string) *time.Location {
	t.Helper()
	where, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return where
}

// retentionPasses does what a day does: Temporal removes the workflows that have closed, and the old key's last use lies far back.
func (r *rotation) retentionPasses(t *testing.T) {
	t.Helper()
	connected := r.connected(t)
	listed, err := connected.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus != 'Running'"})
	require.NoError(t, err)
	require.NotEmpty(t, listed.GetExecutions())
	for _, closed := range listed.GetExecutions() {
		_, err := connected.WorkflowService().DeleteWorkflowExecution(t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace: r.namespace, WorkflowExecution: closed.GetExecution(),
		})
		require.NoError(t, err)
	}
	r.sql.Exec(t, "UPDATE sealing_key SET first_used_at = first_used_at - interval '1 day', last_used_at = last_used_at - interval '1 day' WHERE key_id = 'test'")
}

// reconciles requires that the deployment's own schedule runs, and closes what was left open.
func (r *rotation) reconciles(t *testing.T) {
	t.Helper()
	connected := r.connected(t)
	person := testkit.Value[care.ID](t, r.sql, "SELECT id FROM person LIMIT 1")
	require.NoError(t, r.world.Store.RecordRun(t.Context(), db.RunStart{
		ID: db.NewID(), Kind: care.RunCareRecipient, WorkflowID: "care-recipient-sync/lost", StartedAt: time.Now(),
		Request: care.Request{OrganisationID: organisationOf(t, r.world.Store), PersonID: person, Trigger: care.TriggerOnDemand, RequestedBy: "a drill"},
	}))
	r.sql.Exec(t, "UPDATE sync_run SET requested_at = now() - interval '1 day' WHERE outcome IS NULL")
	for _, own := range protocol.OwnSchedules(protocol.TaskQueues{Prefix: r.prefix}, time.Now()) {
		require.NoError(t, connected.ScheduleClient().GetHandle(t.Context(), own.ID).Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	}
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, r.sql, "SELECT count(*)::int FROM sync_run WHERE outcome IS NULL") == 0
	}, time.Minute, 100*time.Millisecond)
	require.Eventually(t, func() bool {
		failed, err := connected.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: "ExecutionStatus != 'Completed'"})
		return err == nil && failed.GetCount() == 0
	}, time.Minute, 100*time.Millisecond, "everything has run to its end")
}
