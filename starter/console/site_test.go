//go:build browser || screenshots

package console_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/testkit"
)

// patience is how long something may take on a busy machine.
const patience = 60 * time.Second

// site is the console beside a simulated government, a worker and a real Temporal server.
type site struct {
	*testkit.World
	temporal *testkit.Temporal
	url      string
}

func newSite(t *testing.T) *site {
	t.Helper()
	w := testkit.NewWorld(t, world.Options{})
	s := &site{World: w, temporal: testkit.NewTemporal(t)}
	s.temporal.RunWorker(t, w.Steps(t, db.Options{}))
	s.url = serve(t, console.Options{
		Store: w.Store, Syncs: syncs.New(w.Store, s.temporal, s.temporal.Queues), Logger: zaptest.NewLogger(t, zaptest.Level(zap.ErrorLevel)), RunLink: runLink,
	})
	return s
}

// newestRun is the last of somebody's.
func newestRun(t *testing.T, s *site, key string) db.RunSummary {
	t.Helper()
	request := s.Request(t, key)
	runs, _, err := s.Store.Runs(t.Context(), request.OrganisationID, db.RunFilter{ClientID: request.ClientID, Most: 1})
	require.NoError(t, err)
	require.NotEmpty(t, runs)
	return runs[0]
}
