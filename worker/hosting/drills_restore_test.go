//go:build drills

package hosting_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/testkit"
)

// PostgreSQL is restored to before a bulk run was requested that is paused. Temporal goes on having it, and no page shows it: doctor names it, and
// the command that it names ends it, and nothing else.
func TestDrillTheDatabaseIsRestoredToBeforeABulkRun(t *testing.T) {
	w, temporal := testkit.NewWorld(t, crowd(60)), testkit.NewTemporal(t)
	organisation := organisationOf(t, w.Store)
	environment := func(databaseURL string) []string {
		return []string{"DATABASE_URL=" + databaseURL, "CARESYNC_TASK_QUEUE_PREFIX=" + temporal.Queues.Prefix, "CARESYNC_KEYRING=" + testkit.KeyringText}
	}
	caresync := func(databaseURL string, arguments ...string) (int, string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), testkit.Binary(t, "caresync"), arguments...)
		command.Env = append(command.Environ(), environment(databaseURL)...)
		said, err := command.CombinedOutput()
		if command.ProcessState == nil {
			require.NoError(t, err)
		}
		return command.ProcessState.ExitCode(), string(said)
	}
	worker := startProgram(t, "caresync-worker", environment(w.DatabaseURL)[:2])
	require.Eventually(t, func() bool { // its own schedules are there
		code, _ := caresync(w.DatabaseURL, "doctor")
		return code == 0
	}, time.Minute, 100*time.Millisecond)
	backup := testkit.CopyOf(t, w.DatabaseURL)

	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 50 * time.Millisecond}))
	_, bulk := temporal.Bulk(t, w.Store, organisation, careRecipients)
	waitForCall(t, w, "budget-care-recipient")
	handle, err := temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: bulk.GetID(), UpdateName: protocol.Pause.Name, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
	w.Faults.Clear()
	code, said := caresync(w.DatabaseURL, "doctor")
	require.Zero(t, code, "its database knows it:\n%s", said)
	code, said = caresync(w.DatabaseURL, "deployment", "end-orphans")
	require.Zero(t, code, said)
	require.Contains(t, said, "There are none")

	require.Zero(t, worker.Stop(t)) // as in a restore
	startProgram(t, "caresync-worker", environment(backup)[:2])
	require.Eventually(t, func() bool {
		code, said = caresync(backup, "doctor")
		return code == 1 && strings.Contains(said, bulk.GetID()) && strings.Contains(said, "caresync deployment end-orphans")
	}, time.Minute, 100*time.Millisecond, "%s", said)
	code, said = caresync(backup, "deployment", "end-orphans")
	require.Equal(t, 3, code, "it asks: %s", said)
	require.Contains(t, said, "Nothing was ended.")
	code, said = caresync(backup, "deployment", "end-orphans", "--yes")
	require.Zero(t, code, said)
	require.Contains(t, said, "✓ Ended 1 workflow.")
	described, err := temporal.DescribeWorkflowExecution(t.Context(), bulk.GetID(), "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, described.GetWorkflowExecutionInfo().GetStatus())
	require.Eventually(t, func() bool {
		code, said = caresync(backup, "doctor")
		return code == 0
	}, time.Minute, 100*time.Millisecond, "%s", said)
}
