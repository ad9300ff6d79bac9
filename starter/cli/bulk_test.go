package cli_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/starter/report"
	"github.com/caresync/caresync/testkit"
)

const (
	// soon is long enough for anything on a machine that is busy with other tests.
	soon = time.Minute
	look = 50 * time.Millisecond
)

// moreSlices are people enough for two chunks more than a batch has under way at once.
const moreSlices = (protocol.ChunksAtOnce+1)*protocol.PeoplePerChunk + 40

// crowd is the program beside a simulated government with many people, a worker and a real Temporal server.
type crowd struct {
	*testkit.World
	t          *testing.T
	temporal   *testkit.Temporal
	statements *testkit.Statements
}

func newCrowd(t *testing.T, people int) crowd {
	t.Helper()
	c := crowd{
		World: testkit.NewWorld(t, world.Options{People: people, Seed: 11, Organisations: world.SingleProvider()}),
		t:     t, temporal: testkit.NewTemporal(t), statements: &testkit.Statements{},
	}
	c.temporal.RunWorker(t, c.Steps(t, db.Options{MaxConnections: 20, Tracer: c.statements}))
	onDatabase(t, c.DatabaseURL)
	t.Setenv("CARESYNC_TASK_QUEUE_PREFIX", c.temporal.Queues.Prefix)
	return c
}

func (c crowd) organisation() care.Organisation {
	c.t.Helper()
	organisations, err := c.Store.Organisations(c.t.Context())
	require.NoError(c.t, err)
	return organisations[0]
}

func (c crowd) view(bulk string) (view views.BulkView) {
	c.t.Helper()
	require.NoError(c.t, json.Unmarshal([]byte(must(c.t, "bulk", "show", bulk, "--json")), &view))
	return view
}

// startHeld starts a bulk run whose chunks are all held before anyone has been read, and returns how to resume them.
func (c crowd) startHeld() (bulk string, release func()) {
	c.t.Helper()
	passes, letPass := c.statements.HoldBefore("BeginPass")
	var view views.BulkView
	require.NoError(c.t, json.Unmarshal([]byte(must(c.t, "bulk", "start", "--json")), &view))
	<-passes
	begins, letBegin := c.statements.HoldBefore("OpenItems")
	<-begins
	release = func() { letPass(); letBegin() }
	c.t.Cleanup(release)
	return string(view.ID), release
}

// rests waits until nothing of a bulk run's first batch is under way.
func (c crowd) rests(bulk string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		batch, err := c.temporal.DescribeWorkflowExecution(c.t.Context(), protocol.BulkSyncBatchID(care.ID(bulk), 0), "")
		return err == nil && len(batch.GetPendingActivities()) == 0 && batch.GetPendingWorkflowTask() == nil
	}, soon, look)
}

func TestABulkRunFromStartToReport(t *testing.T) {
	c := newCrowd(t, 60)
	done := run(t, "", "bulk", "start", "--wait", "--failure-threshold", "50")
	require.Contains(t, done.out, "Started a bulk run.", done.err)
	require.Contains(t, done.out, "everyone")
	require.Contains(t, done.out, "60 of 60")
	bulk := regexp.MustCompile(`bulk run +(\S+)`).FindStringSubmatch(done.out)[1]
	view := c.view(bulk)
	require.Equal(t, 60, view.Counts.Processed)
	expected := cli.ExitSucceeded
	if view.Outcome != care.RunSucceeded && view.Outcome != care.RunSucceededWithWarnings {
		expected = cli.ExitNotComplete
	}
	require.Equal(t, expected, done.code)

	rows, err := csv.NewReader(strings.NewReader(must(t, "bulk", "report", bulk))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, report.Columns, rows[0])
	people := map[string]bool{}
	for _, row := range rows[1:] {
		if row[5] != report.OutcomeUnknown {
			people[row[0]] = true
		}
	}
	require.Len(t, people, 60, "everyone once")
	require.True(t, json.Valid([]byte(must(t, "bulk", "report", bulk, "--format", "json"))))
	require.Contains(t, must(t, "bulk", "list"), bulk)
	require.Contains(t, must(t, "bulk", "people", bulk, "--limit", "1"), "There are more")
	require.Equal(t, expected, run(t, "", "bulk", "watch", bulk).code)
	require.Equal(t, cli.ExitUsage, run(t, "", "bulk", "pause", bulk).code, "it has finished")

	// A few people, by a file.
	file := filepath.Join(t.TempDir(), "people.txt")
	require.NoError(t, os.WriteFile(file, []byte(rows[1][1]+"\n"+rows[2][0]+"\r\n"), 0o600))
	done = run(t, "", "bulk", "start", "--people", file, "--only", "contributions", "--wait", "--json")
	var listed views.BulkView
	require.NoError(t, json.Unmarshal([]byte(done.out), &listed), "nothing but JSON is printed: %s", done.err)
	require.Equal(t, 2, listed.Counts.Processed)
	require.Equal(t, 2, *listed.Options.People)
}

func TestABulkRunIsPausedAndGoesOn(t *testing.T) {
	c := newCrowd(t, moreSlices)
	bulk, release := c.startHeld()
	require.Contains(t, must(t, "bulk", "pause", bulk), "Paused")
	require.Contains(t, must(t, "bulk", "window", bulk, "5"), "5 batches")
	release()
	c.rests(bulk)
	view := c.view(bulk)
	require.Equal(t, read.BulkPaused, view.State)
	require.Less(t, view.Counts.Processed, view.Counts.Selected, "no one was started after the people in progress")
	require.Contains(t, must(t, "bulk", "show", bulk), "paused by cli: ")

	answer, err := c.temporal.QueryWorkflow(t.Context(), protocol.BulkSyncID(care.ID(bulk)), "", protocol.ProgressQuery)
	require.NoError(t, err)
	var progress protocol.BulkProgress
	require.NoError(t, answer.Get(&progress))
	require.True(t, progress.Paused)
	require.Equal(t, 5, progress.Window)

	require.Contains(t, must(t, "bulk", "resume", bulk), "Resumed")
	run(t, "", "bulk", "watch", bulk)
	view = c.view(bulk)
	require.Equal(t, read.BulkFinished, view.State)
	require.Equal(t, moreSlices, view.Counts.Processed)
	require.Zero(t, view.Counts.Skipped)
}

func TestACancelledBulkRunIsRetried(t *testing.T) {
	c := newCrowd(t, moreSlices)
	bulk, release := c.startHeld()
	require.Equal(t, cli.ExitUsage, run(t, "", "bulk", "retry", bulk).code, "it is under way")
	require.NoError(t, c.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: time.Second})) // a chunk is told of it while it works
	require.Contains(t, must(t, "bulk", "cancel", bulk), "Cancelling")
	release()
	require.Equal(t, cli.ExitNotComplete, run(t, "", "bulk", "watch", bulk).code)
	c.Faults.Clear()
	view := c.view(bulk)
	require.Equal(t, care.RunCancelled, view.Outcome)
	require.Positive(t, view.Counts.Skipped, "whom it did not reach")
	require.Equal(t, moreSlices, view.Counts.Processed)
	require.Contains(t, must(t, "bulk", "people", bulk, "--outcome", "skipped", "--limit", "1"), "not processed")

	done := run(t, "", "bulk", "retry", bulk, "--wait", "--json")
	var retried views.BulkView
	require.NoError(t, json.Unmarshal([]byte(done.out), &retried), done.err)
	require.Equal(t, view.Counts.Selected-view.Counts.Succeeded-view.Counts.SucceededWithWarnings, retried.Counts.Selected)
	require.Equal(t, retried.Counts.Selected, retried.Counts.Processed)
	require.Zero(t, retried.Counts.Skipped)
}

func TestWrongUsageOfBulkRuns(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	testkit.NewTemporal(t)
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	empty := filepath.Join(t.TempDir(), "empty.txt")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	for _, test := range []struct{ args, says string }{
		{"bulk start --kind medicare", "--kind"},
		{"bulk start --service-provider-id 4000099999", "--service-provider-id"},
		{"bulk start --people 415056224", "place 1"},
		{"bulk start --people " + empty, "must name at least one person"},
		{"bulk start --people missing.txt", "--people"},
		{"bulk start --window 21", "--window"},
		{"bulk start --delta --in-care", "--delta"},
		{"bulk start --kind pace-contracts --only budgets", "--only"},
		{"bulk start --id 7", "--id"},
		{"bulk show latest", "not the id of a bulk run"},
		{"bulk people 01a1ffb8-0000-7000-8000-000000000000 --outcome good", "--outcome"},
		{"bulk window 01a1ffb8-0000-7000-8000-000000000000 many", "NUMBER"},
		{"bulk report 01a1ffb8-0000-7000-8000-000000000000 --format pdf", "--format"},
		{"schedule create Nightly --at 03:30", "NAME"},
		{"schedule create nightly", "--at"},
		{"schedule create nightly --at 25:00", "--at"},
		{"schedule create nightly --at 03:30 --on someday", "--on"},
		{"schedule create nightly --at 03:30 --time-zone Australia/Sidney", "--time-zone"},
		{"schedule create nightly --at 03:30 --overlap allow", "--overlap"},
		{"schedule create nightly --at 03:30 --catch-up 1s", "--catch-up"},
		{"schedule create nightly --cron sometimes", "--cron"},
	} {
		done := run(t, "", strings.Fields(test.args)...)
		require.Equal(t, cli.ExitUsage, done.code, "%s: %s", test.args, done.err)
		require.Contains(t, done.err, test.says, test.args)
	}
	require.Contains(t, must(t, "bulk", "list"), "no such bulk runs")
	for _, args := range []string{"bulk show 01a1ffb8-0000-7000-8000-000000000000", "bulk cancel 01a1ffb8-0000-7000-8000-000000000000", "schedule show nightly"} {
		require.Equal(t, cli.ExitFailed, run(t, "", strings.Fields(args)...).code, args)
	}
}

func TestAScheduleMakesBulkRuns(t *testing.T) {
	c := newCrowd(t, 20)
	t.Setenv("CARESYNC_ORGANISATION", c.organisation().Slug)
	created := must(t, "schedule", "create", "nightly", "--at", "03:30", "--on", "mon,fri", "--in-care", "--pause-on-failure")
	for _, said := range []string{"Monday, Friday at 03:30, Australia/Sydney", "in care", "pauses if no one could be synced in a run"} {
		require.Contains(t, created, said)
	}
	require.Contains(t, run(t, "", "schedule", "create", "nightly", "--at", "03:30").err, "a schedule with this name already exists")
	require.Eventually(t, func() bool { return strings.Contains(must(t, "schedule", "list"), "nightly") }, soon, look)

	done := run(t, "", "schedule", "trigger", "nightly", "--wait", "--json")
	var bulk views.BulkView
	require.NoError(t, json.Unmarshal([]byte(done.out), &bulk), "%s%s", done.out, done.err)
	require.Equal(t, "schedule nightly", bulk.RequestedBy)
	require.Equal(t, 20, bulk.Counts.Processed)
	var schedule api.ScheduleView
	require.NoError(t, json.Unmarshal([]byte(must(t, "schedule", "show", "nightly", "--json")), &schedule))
	require.Equal(t, bulk.ID, schedule.LastRuns[0].BulkID)
	require.Equal(t, bulk.Outcome, schedule.LastRuns[0].Bulk.Outcome)
	require.NotEmpty(t, schedule.NextRuns)
	require.Contains(t, schedule.CreatedBy, "cli")

	must(t, "schedule", "pause", "nightly")
	require.Contains(t, must(t, "schedule", "show", "nightly"), "paused")
	must(t, "schedule", "resume", "nightly")
	weekAgo := time.Now().AddDate(0, 0, -8).Format(time.DateOnly)
	require.Contains(t, must(t, "schedule", "backfill", "nightly", "--from", weekAgo, "--overlap", "buffer-one"), "Backfilling")
	require.Eventually(t, func() bool {
		found, _, err := read.From(c.Store).Bulks(t.Context(), c.organisation().ID, read.BulkFilter{Most: 10})
		return err == nil && len(found) >= 2
	}, soon, look)

	// R11: another organisation has no such schedule.
	_, err := c.Store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	require.Equal(t, cli.ExitFailed, run(t, "", "schedule", "show", "nightly", "--organisation", "wattle").code)
	require.Contains(t, must(t, "schedule", "list", "--organisation", "wattle"), "has no schedules")

	require.Contains(t, must(t, "schedule", "delete", "nightly"), "Deleted")
	require.Eventually(t, func() bool { return run(t, "", "schedule", "show", "nightly").code == cli.ExitFailed }, soon, look)
}

// A running scheduled bulk run is commanded like any other, though its workflow is named by its schedule.
func TestAScheduledBulkRunIsCommanded(t *testing.T) {
	c := newCrowd(t, moreSlices)
	must(t, "schedule", "create", "nightly", "--cron", "30 3 * * *")
	t.Cleanup(func() { run(t, "", "schedule", "delete", "nightly") })
	passes, release := c.statements.HoldBefore("BeginPass")
	t.Cleanup(release)
	triggered := must(t, "schedule", "trigger", "nightly")
	bulk := regexp.MustCompile(`bulk run (\S+)\.`).FindStringSubmatch(triggered)[1]
	<-passes
	must(t, "bulk", "pause", bulk)
	require.Equal(t, cli.ExitUsage, run(t, "", "schedule", "trigger", "nightly").code, "a run is under way: it begins none beside it")
	must(t, "bulk", "cancel", bulk)
	release()
	require.Equal(t, cli.ExitNotComplete, run(t, "", "bulk", "watch", bulk).code)
	require.Equal(t, care.RunCancelled, c.view(bulk).Outcome)
}

// R10: what a schedule starts is encrypted in Temporal; what its UI shows in clear says nothing about anyone.
func TestASchedulesInputIsEncrypted(t *testing.T) {
	c := newCrowd(t, 5)
	must(t, "schedule", "create", "weekly", "--at", "22:00", "--on", "sat", "--not-synced-for", "31h")
	t.Cleanup(func() { run(t, "", "schedule", "delete", "weekly") })
	described, err := c.temporal.WorkflowService().DescribeSchedule(t.Context(), &workflowservice.DescribeScheduleRequest{
		Namespace: temporal.DefaultNamespace, ScheduleId: protocol.ScheduleID(c.organisation().ID, "weekly"),
	})
	require.NoError(t, err)
	started := described.GetSchedule().GetAction().GetStartWorkflow()
	require.Equal(t, protocol.BulkSyncWorkflow, started.GetWorkflowType().GetName())
	require.Len(t, started.GetInput().GetPayloads(), 1)
	require.Equal(t, "binary/encrypted", string(started.GetInput().GetPayloads()[0].GetMetadata()["encoding"]))
	require.Nil(t, started.GetUserMetadata(), "nothing else is sealed, so that nothing else has to be opened")
	require.Empty(t, described.GetMemo().GetFields())
	shown := protojson.Format(described)
	require.Contains(t, shown, "Saturday at 22:00", "what the UI says")
	for _, hidden := range []string{"schedule weekly", "requested_by", "cli: ", c.organisation().Name, c.organisation().Slug} {
		require.NotContains(t, shown, hidden)
	}
}
