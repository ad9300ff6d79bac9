//go:build drills

package hosting_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/testkit"
)

// Temporal's databases are dropped. Schedules are still shown and made, come back once a worker finds a Temporal server, and the times that
// passed meanwhile are named, with the command that runs them.
func TestDrillTemporalsDatabasesAreLost(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Temporal server twice")
	}
	stack := testkit.NewStack(t)
	environment := []string{"DATABASE_URL=" + stack.DatabaseURL, "TEMPORAL_ADDRESS=" + stack.TemporalAddress, "CARESYNC_KEYRING=" + testkit.KeyringText}
	caresync := func(arguments ...string) string {
		t.Helper()
		command := exec.Command(testkit.Binary(t, "caresync"), arguments...)
		command.Env = append(os.Environ(), environment...)
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s", output)
		return string(output)
	}
	caresync("migrate")
	caresync("organisation", "create", "wattle", "--name", "Wattle Grove")
	worker := startProgram(t, "caresync-worker", environment[:2])
	require.Contains(t, caresync("schedule", "create", "nightly", "--at", "03:30"), "Created the schedule nightly.")
	sql := testkit.OpenSQL(t, stack.DatabaseURL)
	applied := func() int {
		return testkit.Value[int](t, sql, "SELECT count(*)::int FROM temporal_schedule WHERE error = '' AND version > 0")
	}
	require.Eventually(t, func() bool { return applied() == 4 }, 2*time.Minute, 100*time.Millisecond, "the deployment's own, too")

	stack.LoseTemporal(t)
	require.Contains(t, caresync("schedule", "list"), "nightly")
	shown := caresync("schedule", "show", "nightly")
	require.Contains(t, shown, "Temporal is not responding: the next times are computed")
	require.Contains(t, caresync("schedule", "create", "weekly", "--at", "22:00", "--on", "sat"),
		"Saved, but not applied yet: Temporal is not responding. It is applied automatically when Temporal is back.")
	require.Zero(t, worker.Stop(t))
	sql.Exec(t, "UPDATE schedule SET created_at = now() - interval '9 days', settled_until = now() - interval '52 hours' WHERE name = 'nightly'") // two nights pass

	stack.StartTemporal(t)
	caresync("deployment", "adopt", "--yes")
	before := time.Now()
	startProgram(t, "caresync-worker", environment[:2])
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, sql, "SELECT count(*)::int FROM temporal_schedule WHERE error = '' AND made_at >= $1", before) == 5
	}, 2*time.Minute, 100*time.Millisecond, "all are created again")
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, sql, "SELECT count(*)::int FROM schedule_time") >= 2
	}, time.Minute, 100*time.Millisecond)
	shown = caresync("schedule", "show", "nightly")
	require.NotContains(t, shown, "not responding")
	require.Contains(t, shown, "Run them with: caresync schedule backfill nightly --from ")
	var view struct {
		Applied  bool        `json:"applied"`
		ToRunNow []time.Time `json:"to_run_now"`
	}
	require.NoError(t, json.Unmarshal([]byte(caresync("schedule", "show", "nightly", "--json")), &view))
	require.True(t, view.Applied)
	require.GreaterOrEqual(t, len(view.ToRunNow), 2)

	caresync("schedule", "backfill", "nightly", "--from", view.ToRunNow[0].Add(-time.Second).Format(time.RFC3339))
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, sql, "SELECT count(*)::int FROM bulk_run WHERE requested_by = 'schedule nightly' AND outcome IS NOT NULL") > 0
	}, 2*time.Minute, 100*time.Millisecond)
	require.NotEqual(t, string(care.RunFailed), testkit.Value[string](t, sql, "SELECT outcome FROM bulk_run WHERE requested_by = 'schedule nightly' LIMIT 1"))
	require.NotContains(t, caresync("schedule", "show", "nightly"), "Run missed times with", "one run makes up for all")
}
