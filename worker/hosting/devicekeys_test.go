package hosting_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	prodasim "github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/upstream/proda"
)

const aDay = 24 * time.Hour

// clock is moved by a test.
type clock struct {
	mutex sync.Mutex
	at    time.Time
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.at
}

func (c *clock) move(by time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.at = c.at.Add(by)
}

// Forty-five nights with no one at the keyboard: the key is renewed once, by whichever worker, neither early nor late; the nights go on over it,
// and the end of the device, which only people can move, is announced (R36).
func TestDeviceKeysRenewThemselves(t *testing.T) {
	moved := &clock{at: time.Now()}
	w := testkit.NewWorld(t, world.Options{People: 1, Seed: 11, Organisations: world.SingleProvider(), Now: moved.now},
		server.WithPRODA(prodasim.Options{Now: moved.now, KeyLife: 60 * aDay, DeviceLife: 100 * aDay}))
	temporal := testkit.NewTemporal(t)
	one, another := w.Steps(t, db.Options{}), w.Steps(t, db.Options{})
	temporal.RunWorker(t, one)
	temporal.RunWorker(t, another)
	key := everyone(w)[0]
	require.Equal(t, care.RunSucceeded, w.Sync(t, one, key).Outcome)
	activated := moved.now()

	var renewedOn, announcedOn []int
	for night := 1; night <= 45; night++ {
		moved.move(aDay)
		if renewed := renewKeys(t, temporal); renewed.Due > 0 {
			require.Equal(t, protocol.KeysRenewed{Due: 1, Renewed: 1}, renewed)
			renewedOn = append(renewedOn, night)
		}
		require.Equal(t, care.RunSucceeded, w.Sync(t, one, key).Outcome, "night %d", night)
		require.Equal(t, care.RunSucceeded, w.Sync(t, another, key).Outcome, "night %d", night)
		for _, warning := range proda.ConnectionWarnings(connectionOf(t, w), moved.now()) {
			require.Equal(t, "device", warning.Subject)
			announcedOn = append(announcedOn, night)
		}
	}

	require.Equal(t, []int{30}, renewedOn, "past half of 60 days, and within 31 days of the end")
	require.Equal(t, 1, callsOf(w, prodasim.OperationRenewKey), "PRODA was told once")
	require.Equal(t, []int{40, 41, 42, 43, 44, 45}, announcedOn, "from 60 days before the end of its 100")
	connection := connectionOf(t, w)
	require.WithinDuration(t, activated.Add(30*aDay), *connection.KeySince, time.Minute)
	require.WithinDuration(t, activated.Add(90*aDay), *connection.KeyExpiry, time.Minute)
	require.WithinDuration(t, activated.Add(60*aDay), *connection.KeyRenewalAt(), time.Minute)
}

// renewKeys does what the deployment's schedule does once a day.
func renewKeys(t *testing.T, temporal *testkit.Temporal) (renewed protocol.KeysRenewed) {
	t.Helper()
	run, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: temporal.Queues.CareSync()},
		protocol.RenewKeysWorkflow, temporal.Queues.Prefix)
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), &renewed))
	return renewed
}

func connectionOf(t *testing.T, w *testkit.World) care.Connection {
	t.Helper()
	connections, err := w.Store.AllConnections(t.Context())
	require.NoError(t, err)
	require.Len(t, connections, 1)
	return connections[0]
}

func callsOf(w *testkit.World, operation string) (number int) {
	for _, call := range w.Calls() {
		if call.Operation == operation {
			number++
		}
	}
	return number
}
