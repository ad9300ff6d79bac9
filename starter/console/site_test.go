package console_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/upstreams"
	"github.com/caresync/caresync/testkit"
)

// patience is how long something may take on a busy machine.
const patience = 2 * time.Minute

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
	following := syncs.New(w.Store, s.temporal, s.temporal.Queues)
	s.url = serve(t, withAdmin(console.Options{
		Store: w.Store, Syncs: following, PACE: pace.New(w.Store, s.temporal, s.temporal.Queues, following, upstreams.New(w.Store, nil)), Logger: noErrors(t), RunLink: runLink,
	}, s.temporal))
	return s
}

// noErrors is a log that fails the test if something unexpected went wrong behind a page: an error page looks well, too.
func noErrors(t *testing.T) *zap.Logger {
	t.Helper()
	core, logs := observer.New(zap.ErrorLevel)
	t.Cleanup(func() {
		for _, entry := range logs.All() {
			t.Errorf("the console logged an error: %s %v", entry.Message, entry.ContextMap())
		}
	})
	return zap.New(core)
}

// newestRun is the last of someone's.
func newestRun(t *testing.T, s *site, key string) read.RunSummary {
	t.Helper()
	request := s.Request(t, key)
	runs, _, err := read.From(s.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 1})
	require.NoError(t, err)
	require.NotEmpty(t, runs)
	return runs[0]
}
