//go:build drills

package hosting_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/worker/hosting"
)

// saidWithin is how soon people are told what keeps a run from going on (R38). A worker that was killed is missed when it should have polled again.
const saidWithin = 90 * time.Second

const (
	saysLocked = "waiting for CareSync's own database: another session keeps a table or a record locked"
	saysFull   = "waiting for CareSync's own database: the disk of PostgreSQL is full"
	saysNone   = "waiting for a worker: none is running"
)

// watched is a bulk run and a sync beside it, as the command line shows them.
type watched struct {
	world    *testkit.World
	temporal *testkit.Temporal
	sql      testkit.SQL
	worker   *testkit.Process
	bulk     care.ID
	whole    client.WorkflowRun
	run      client.WorkflowRun
}

// newWatched starts a worker and a bulk run, and waits until that syncs people.
func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{world: testkit.NewWorld(t, crowd(60)), temporal: testkit.NewTemporal(t)}
	w.sql = testkit.OpenSQL(t, w.world.DatabaseURL)
	w.startWorker(t)
	require.NoError(t, w.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 300 * time.Millisecond}))
	w.bulk, w.whole = w.temporal.Bulk(t, w.world.Store, organisationOf(t, w.world.Store), careRecipients)
	waitForCall(t, w.world, "budget-care-recipient")
	return w
}

func (w *watched) environment() []string {
	return []string{"DATABASE_URL=" + w.world.DatabaseURL, "CARESYNC_TASK_QUEUE_PREFIX=" + w.temporal.Queues.Prefix, "CARESYNC_KEYRING=" + testkit.KeyringText}
}

func (w *watched) startWorker(t *testing.T) {
	t.Helper()
	w.worker = startProgram(t, "caresync-worker", w.environment())
}

// startSync starts a person's sync, and records it as the command line does.
func (w *watched) startSync(t *testing.T) {
	t.Helper()
	request := w.world.Request(t, everyone(w.world)[0])
	w.run = w.temporal.Start(t, request)
	require.NoError(t, w.world.Store.RecordRun(t.Context(), db.RunStart{
		ID: care.ID(w.run.GetRunID()), Kind: care.RunCareRecipient, WorkflowID: w.run.GetID(), Request: request,
	}))
}

// says runs a command, and returns what it says.
func (w *watched) says(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.Command(testkit.Binary(t, "caresync"), arguments...)
	command.Env = append(command.Environ(), w.environment()...)
	said, _ := command.CombinedOutput()
	return string(said)
}

// follows starts a command that follows something; the returned function stops it and returns what it has said.
func (w *watched) follows(t *testing.T, arguments ...string) (stop func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	command := exec.CommandContext(ctx, testkit.Binary(t, "caresync"), arguments...)
	command.Env = append(command.Environ(), w.environment()...)
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	require.NoError(t, command.Start())
	return func() string {
		cancel()
		_ = command.Wait()
		return said.String()
	}
}

// eventuallySays runs a command again until it says something, and returns what it says.
func (w *watched) eventuallySays(t *testing.T, sentence string, arguments ...string) string {
	t.Helper()
	said := ""
	for ends := time.Now().Add(saidWithin); time.Now().Before(ends); <-time.After(time.Second) {
		if said = w.says(t, arguments...); strings.Contains(said, sentence) {
			return said
		}
	}
	t.Fatalf("%v never says %q, but:\n%s", arguments, sentence, said)
	return said
}

// requireSaid waits until run and bulk run, and the list of each, name the culprit, and no one else.
func (w *watched) requireSaid(t *testing.T, sentence string) {
	t.Helper()
	title, _, _ := strings.Cut(sentence, ":")
	for _, shown := range []struct {
		arguments []string
		says      string
	}{
		{[]string{"runs", "show", w.run.GetRunID()}, sentence},
		{[]string{"bulk", "show", string(w.bulk)}, sentence},
		{[]string{"bulk", "list"}, title},
	} {
		said := w.eventuallySays(t, shown.says, shown.arguments...)
		require.NotContains(t, said, "people a minute", "it stands still")
		require.NotContains(t, said, "waiting for Services Australia")
	}
}

// requireEnd waits until both have ended well, with nothing lost.
func (w *watched) requireEnd(t *testing.T) {
	t.Helper()
	w.world.Faults.Clear()
	var whole protocol.BulkResult
	require.NoError(t, w.whole.Get(t.Context(), &whole))
	require.Equal(t, whole.Counts.Selected, whole.Counts.Succeeded+whole.Counts.SucceededWithWarnings+whole.Counts.Partial, "%+v", whole.Counts)
	require.NotEqual(t, care.RunFailed, outcomeOf(t, w.run).Outcome)
	require.NotContains(t, w.says(t, "bulk", "show", string(w.bulk)), "waiting for")
	require.NotContains(t, w.says(t, "runs", "show", w.run.GetRunID()), "waiting for")
}

// A table is locked for 100 seconds, as by a long transaction of an administrator: the database is named, and not the government.
func TestDrillATableIsLocked(t *testing.T) {
	w := newWatched(t)
	holding, err := w.sql.Begin(t.Context())
	require.NoError(t, err)
	defer holding.Rollback(context.Background()) // or the test's pool would wait for it
	_, err = holding.Exec(t.Context(), "LOCK TABLE budget IN EXCLUSIVE MODE")
	require.NoError(t, err)
	locked := time.Now()
	w.startSync(t)
	run, bulk := w.follows(t, "runs", "watch", w.run.GetRunID()), w.follows(t, "bulk", "watch", string(w.bulk))
	w.requireSaid(t, saysLocked)
	if !testing.Short() {
		<-time.After(time.Until(locked.Add(100 * time.Second)))
	}
	require.NoError(t, holding.Rollback(t.Context()))
	w.requireEnd(t)
	for _, stop := range []func() string{run, bulk} {
		said := stop()
		require.Contains(t, said, saysLocked)
		require.NotContains(t, said, "waiting for Services Australia")
	}
}

// The disk of PostgreSQL is full, of which it is said that nothing is lost.
func TestDrillTheDiskIsFull(t *testing.T) {
	w := newWatched(t)
	w.worker.Kill()
	release := w.fillDisk(t)
	w.startWorker(t)
	w.startSync(t)
	w.requireSaid(t, saysFull)
	release()
	w.requireEnd(t)
}

// fillDisk moves tables that every sync writes to a small disk, and fills it. It skips the test where no disk can be made.
func (w *watched) fillDisk(t *testing.T) (release func()) {
	t.Helper()
	admin := testkit.OpenSQL(t, os.Getenv("DATABASE_ADMIN_URL"))
	directory, err := os.MkdirTemp("", "caresync-disk-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	var owner syscall.Stat_t
	require.NoError(t, syscall.Stat(testkit.Value[string](t, admin, "SHOW data_directory"), &owner))
	if err := syscall.Mount("caresync", directory, "tmpfs", 0, "size=8m,mode=0700"); err != nil {
		t.Skipf("a small disk cannot be made here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(directory, syscall.MNT_DETACH) })
	require.NoError(t, os.Chown(directory, int(owner.Uid), int(owner.Gid)))
	name := filepath.Base(directory)
	admin.Exec(t, `CREATE TABLESPACE "`+name+`" LOCATION '`+directory+`'`)
	role := testkit.Value[string](t, w.sql, "SELECT current_user::text")
	admin.Exec(t, `GRANT CREATE ON TABLESPACE "`+name+`" TO "`+role+`"`)
	w.sql.Exec(t, `ALTER TABLE outbox SET TABLESPACE "`+name+`"`) // to which every step and every end of a run adds
	w.sql.Exec(t, `CREATE TABLE filler TABLESPACE "`+name+`" AS SELECT repeat('x', 900) FROM generate_series(1, 2000)`)
	t.Cleanup(func() {
		_ = w.sql.AtEnd("DROP TABLE IF EXISTS filler")
		_ = w.sql.AtEnd("ALTER TABLE outbox SET TABLESPACE pg_default")
		_ = admin.AtEnd(`DROP TABLESPACE "` + name + `"`)
	})
	const fact = "INSERT INTO outbox (organisation_id, topic, payload) SELECT o.id, 'drill', '{}' FROM organisation o, generate_series(1, $1)"
	for _, facts := range []int{1000, 1} { // until not even one more has room
		var full error
		for full == nil {
			full = w.sql.Try(t, fact, facts)
		}
	}
	return func() { w.sql.Exec(t, "DROP TABLE filler") }
}

// The last worker dies: that is said of what was in progress and of what is asked for, and all of it goes on with the next one.
func TestDrillNoWorker(t *testing.T) {
	w := newWatched(t)
	w.worker.Kill()
	w.startSync(t)
	w.requireSaid(t, saysNone)
	w.startWorker(t)
	w.requireEnd(t)
}

// Workers of another version, or without the key, take the work and cannot do it: both are named.
func TestDrillWorkersThatCannotDoTheWork(t *testing.T) {
	for sentence, start := range map[string]func(*testing.T, *watched) (stop func()){
		"waiting for a worker of another version": startOtherVersion,
		"waiting for a worker with the right key": startWithoutKey,
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &watched{world: testkit.NewWorld(t, crowd(5)), temporal: testkit.NewTemporal(t)}
			w.sql = testkit.OpenSQL(t, w.world.DatabaseURL)
			w.startWorker(t)
			require.NoError(t, w.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 3 * time.Second}))
			w.startSync(t)
			waitForCall(t, w.world, "care-recipient-summary")
			w.worker.Kill()
			w.world.Faults.Clear()
			stop := start(t, w)
			w.eventuallySays(t, sentence, "runs", "show", w.run.GetRunID())
			stop()
			w.startWorker(t)
			require.NotEqual(t, care.RunFailed, outcomeOf(t, w.run).Outcome)
		})
	}
}

// startOtherVersion starts a worker in whose version a sync's steps are others. The step in hand ends as that of a lost worker.
func startOtherVersion(t *testing.T, w *watched) (stop func()) {
	t.Helper()
	other := worker.New(w.temporal.Client, w.temporal.Queues.Upstream(care.ServicesAustralia), worker.Options{LocalActivityWorkerOnly: true})
	other.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ protocol.CareRecipientSyncInput) (care.RunResult, error) {
		return care.RunResult{}, workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: protocol.CareRecipientSyncWorkflow})
	require.NoError(t, other.Start())
	w.wake(t)
	return other.Stop
}

// startWithoutKey starts a worker with another key under the same id.
func startWithoutKey(t *testing.T, w *watched) (stop func()) {
	t.Helper()
	text, err := sealing.Generate("test")
	require.NoError(t, err)
	keyring, err := sealing.Parse(text)
	require.NoError(t, err)
	options, err := temporal.ClientOptions(temporal.Options{Keyring: keyring, Logger: zap.NewNop()})
	require.NoError(t, err)
	connected, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var group errgroup.Group
	for _, part := range hosting.Workers(connected, w.temporal.Queues, w.world.Steps(t, db.Options{}), nil) {
		group.Go(func() error { return part(ctx) })
	}
	w.wake(t)
	return func() {
		cancel()
		if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		connected.Close()
	}
}

// wake gives the sync's workflow something to do.
func (w *watched) wake(t *testing.T) {
	t.Helper()
	require.NoError(t, w.temporal.SignalWorkflow(t.Context(), w.run.GetID(), w.run.GetRunID(), protocol.SyncRequested.Name, protocol.SyncRequest{Trigger: care.TriggerOnDemand}))
	described, err := w.temporal.DescribeWorkflowExecution(t.Context(), w.run.GetID(), w.run.GetRunID())
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, described.GetWorkflowExecutionInfo().GetStatus())
}
