package hosting_test

import (
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/testkit"
)

// endsWithin is how long a worker may take to end (docs/configuration.md): whoever runs it kills it then.
const endsWithin = 40 * time.Second

// A worker that is told to stop while PostgreSQL is away has steps in hand that cannot finish. It ends in time all the same, and the runs continue
// with the next worker once PostgreSQL is back.
func TestAWorkerEndsInTimeInAnOutage(t *testing.T) {
	temporal := testkit.NewTemporal(t)
	for name, interrupt := range map[string]func(*outage){
		"PostgreSQL refuses connections":          func(o *outage) { o.postgres.Cut() },
		"PostgreSQL does not answer":              func(o *outage) { o.postgres.Silence() },
		"neither PostgreSQL nor Temporal answers": func(o *outage) { o.postgres.Silence(); o.silenceTemporal = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for a worker's patience to end
			o := newOutage(t, temporal.Client)
			o.startWorker(t)
			bulk := o.startBulk(t)
			interrupt(o)
			sync := o.startSync(t)

			told := time.Now()
			require.Zero(t, o.worker.Stop(t))
			require.Less(t, time.Since(told), endsWithin)

			o.end()
			o.startWorker(t)
			var whole protocol.BulkResult
			require.NoError(t, bulk.Get(t.Context(), &whole))
			require.Equal(t, whole.Counts.Selected, whole.Counts.Processed, "%+v", whole.Counts)
			require.Zero(t, whole.Counts.Failed+whole.Counts.Skipped, "%+v", whole.Counts)
			require.Contains(t, []care.RunOutcome{care.RunSucceeded, care.RunSucceededWithWarnings, care.RunPartial}, outcomeOf(t, sync).Outcome)
		})
	}
}

// outage is a worker program whose ways to PostgreSQL and Temporal can be interrupted, unlike the test's own.
type outage struct {
	world                *testkit.World
	temporal             *testkit.Temporal
	worker               *testkit.Process
	postgres, toTemporal *testkit.Link
	databaseURL          string
	silenceTemporal      bool
}

func newOutage(t *testing.T, connected client.Client) *outage {
	t.Helper()
	o := &outage{world: testkit.NewWorld(t, crowd(120)), temporal: testkit.ShareOf(connected)}
	o.postgres, o.databaseURL = linkTo(t, o.world.DatabaseURL)
	o.toTemporal = testkit.NewLink(t, os.Getenv("TEMPORAL_ADDRESS"))
	return o
}

// linkTo puts a link before a PostgreSQL, and is the URL that leads over it.
func linkTo(t *testing.T, databaseURL string) (*testkit.Link, string) {
	t.Helper()
	address, err := url.Parse(databaseURL)
	require.NoError(t, err)
	link := testkit.NewLink(t, address.Host)
	address.Host = link.Address
	return link, address.String()
}

func (o *outage) startWorker(t *testing.T) {
	t.Helper()
	o.worker = startProgram(t, "caresync-worker", []string{
		"DATABASE_URL=" + o.databaseURL, "TEMPORAL_ADDRESS=" + o.toTemporal.Address, "CARESYNC_TASK_QUEUE_PREFIX=" + o.temporal.Queues.Prefix,
	})
}

// startBulk starts a bulk run and waits until the worker has a chunk of it in hand.
func (o *outage) startBulk(t *testing.T) client.WorkflowRun {
	t.Helper()
	require.NoError(t, o.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 200 * time.Millisecond}))
	_, run := o.temporal.Bulk(t, o.world.Store, organisationOf(t, o.world.Store), careRecipients)
	waitForCall(t, o.world, "budget-care-recipient")
	return run
}

// startSync starts a sync in the outage and waits until the worker has its first step in hand, which only touches the database.
func (o *outage) startSync(t *testing.T) client.WorkflowRun {
	t.Helper()
	run := o.temporal.Start(t, o.world.Request(t, everyone(o.world)[0]))
	require.Eventually(t, func() bool {
		described, err := o.temporal.DescribeWorkflowExecution(t.Context(), run.GetID(), run.GetRunID())
		return err == nil && o.postgres.Missing() > 0 &&
			described.GetPendingWorkflowTask().GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED
	}, time.Minute, 20*time.Millisecond, "the worker does not begin the sync")
	if o.silenceTemporal {
		o.toTemporal.Silence()
	}
	return run
}

func (o *outage) end() {
	o.world.Faults.Clear()
	o.postgres.Restore()
	o.toTemporal.Restore()
}
