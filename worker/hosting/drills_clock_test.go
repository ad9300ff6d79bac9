//go:build drills

package hosting_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/testkit"
)

// PostgreSQL's clock runs an hour and a half ahead, and is put right: a sync takes no longer than before, since calls do not stay booked for
// the time that has not come, and the worker goes on applying schedules.
func TestDrillTheDatabasesClockIsAheadAndBack(t *testing.T) {
	world, temporal := testkit.NewWorld(t, crowd(3)), testkit.NewTemporal(t)
	address, move := testkit.MovableClock(t, world.DatabaseURL)
	environment := []string{
		"DATABASE_URL=" + address, "CARESYNC_TASK_QUEUE_PREFIX=" + temporal.Queues.Prefix, "CARESYNC_KEYRING=" + testkit.KeyringText,
	}
	startProgram(t, "caresync-worker", environment[:2])
	person := string(world.Request(t, everyone(world)[0]).PersonID)
	sync := func() {
		t.Helper()
		command := exec.CommandContext(t.Context(), testkit.Binary(t, "caresync"), "sync", "care-recipient", person, "--wait")
		command.Env = append(command.Environ(), environment...)
		began := time.Now()
		said, err := command.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Less(t, time.Since(began), time.Minute)
	}
	sync()
	move(90 * time.Minute)
	sync()
	move(0)
	sync()
	sql := testkit.OpenSQL(t, world.DatabaseURL)
	require.Eventually(t, func() bool { // the worker's own lease is no longer that of the wrong clock
		return testkit.Value[bool](t, sql, "SELECT until < now() + interval '10 minutes' FROM lease WHERE name = 'schedules'")
	}, time.Minute, 100*time.Millisecond)
}
