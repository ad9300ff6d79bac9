//go:build drills

package hosting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/testkit"
)

// wellAgainWithin is how soon after an outage of Temporal a program is ready again, however long it was.
const wellAgainWithin = 10 * time.Second

// Programs start without Temporal and wait for it; after more than a minute without it, they are ready again within ten seconds. Serve is ready
// all the while, and says what cannot be done.
func TestDrillAMinuteWithoutTemporal(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes")
	}
	o := newOutage(t, testkit.NewTemporal(t).Client)
	o.toTemporal.Cut()
	environment := []string{
		"DATABASE_URL=" + o.databaseURL, "TEMPORAL_ADDRESS=" + o.toTemporal.Address, "CARESYNC_TASK_QUEUE_PREFIX=" + o.temporal.Queues.Prefix,
		"CARESYNC_KEYRING=" + testkit.KeyringText,
	}
	health, api := testkit.FreeAddress(t), testkit.FreeAddress(t)
	testkit.StartProcess(t, append(environment, "CARESYNC_HEALTH_ADDRESS="+health), testkit.Binary(t, "caresync-worker"))
	testkit.StartProcess(t, append(environment, "CARESYNC_HEALTH_ADDRESS="+testkit.FreeAddress(t)), testkit.Binary(t, "caresync"), "serve", "--listen", api)
	worker, serve := "http://"+health+"/readyz", "http://"+api+"/readyz"
	for _, interrupt := range []func(){o.toTemporal.Cut, o.toTemporal.Silence} {
		interrupt()
		<-time.After(70 * time.Second)
		ready, checks := readiness(worker)
		require.False(t, ready)
		require.Equal(t, "Temporal does not answer.", checks["temporal"].Detail)
		ready, checks = readiness(serve)
		require.True(t, ready)
		require.Equal(t, "Temporal does not answer. Pages and records are shown, but nothing can be started.", checks["temporal"].Detail)

		o.toTemporal.Restore()
		restored := time.Now()
		require.Eventually(t, func() bool {
			worker, _ := readiness(worker)
			_, serve := readiness(serve)
			return worker && serve["temporal"].Status == "ok"
		}, time.Minute, 50*time.Millisecond)
		require.Less(t, time.Since(restored), wellAgainWithin)
	}
}
