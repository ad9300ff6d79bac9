//go:build chaos

package hosting_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

var (
	seeds     = flag.Int("seeds", 3, "how many storms")
	firstSeed = flag.Int("first-seed", 1, "the first storm's number: the same number is the same storm")
)

const (
	// chaosPeople are the people of each storm's bulk run.
	chaosPeople = 500
	// troubledPeople of them have trouble of their own, and are given a sync of their own when the others are done.
	troubledPeople = 6
)

// A bulk run goes through storms: worker, Temporal and PostgreSQL are killed or frozen, and workflows terminated, reset and cancelled, at
// random points. Everyone has exactly one outcome, and after one retry of the people who were not processed, the data is that of an undisturbed
// run (make chaos).
func TestChaos(t *testing.T) {
	undisturbed := testkit.NewWorld(t, crowd(chaosPeople))
	steps := undisturbed.Steps(t, db.Options{})
	for _, key := range everyone(undisturbed) {
		undisturbed.Sync(t, steps, key)
	}
	want := onlyOf(testkit.Records(t, undisturbed.DatabaseURL))
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			storm := newStorm(t, seed)
			storm.blow(t)
			storm.requireOneOutcomeEach(t)
			storm.retry(t)
			require.Equal(t, want, onlyOf(testkit.Records(t, storm.stack.DatabaseURL)))
		})
	}
}

// storm is one bulk run with what befalls it.
type storm struct {
	*site
	chance       *rand.Rand
	temporal     *testkit.Temporal
	organisation care.ID
	bulk         care.ID
}

func newStorm(t *testing.T, seed int) *storm {
	s := &storm{site: newSiteOf(t, crowd(chaosPeople)), chance: rand.New(rand.NewPCG(uint64(seed), 1))}
	s.temporal = testkit.NewTemporal(t)
	s.temporal.Queues.Prefix = ""
	s.organisation = organisationOf(t, s.world.Store)
	list := []faults.Fault{{Kind: faults.Latency, Delay: 3 * time.Millisecond}}
	people := s.world.World.People(world.Holder{})
	for _, at := range s.chance.Perm(len(people))[:troubledPeople] {
		list = append(list, faults.Fault{
			Kind: faults.InternalError, Operation: "individual-contribution", CareRecipientID: people[at].CareRecipientID, Count: 2,
		})
	}
	require.NoError(t, s.world.Faults.Set(list...))
	s.bulk, _ = s.temporal.Bulk(t, s.world.Store, s.organisation, careRecipients)
	return s
}

// blow lets something happen at each of several points of the run, and something to a single sync when only those are left.
func (s *storm) blow(t *testing.T) {
	anything, toSingleSyncs := s.disasters(), s.disastersOfSingleSyncs()
	points := make([]int, 4)
	for i := range points {
		points[i] = s.chance.IntN(chaosPeople * 9 / 10)
	}
	slices.Sort(points)
	for _, point := range points {
		if s.strike(t, point, anything) {
			return // a disaster before has ended the run
		}
	}
	s.strike(t, chaosPeople-troubledPeople, toSingleSyncs)
}

// strike lets one of some disasters happen once a number of people have an outcome, unless the run is over before.
func (s *storm) strike(t *testing.T, point int, disasters disasters) (over bool) {
	t.Helper()
	if s.awaitProcessed(t, point) {
		return true
	}
	name := slices.Sorted(maps.Keys(disasters))[s.chance.IntN(len(disasters))]
	t.Logf("at %d: %s", point, name)
	disasters[name](t)
	return false
}

// awaitProcessed waits until a number of people have an outcome, or the run is over.
func (s *storm) awaitProcessed(t *testing.T, people int) (over bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		counts, err := s.world.Store.CountItems(t.Context(), s.organisation, s.bulk, nil)
		over = !s.runs(t)
		return over || err == nil && counts.Processed >= people
	}, 3*time.Minute, 20*time.Millisecond)
	return over
}

// runs reports whether the bulk run's workflow continues, as far as Temporal answers.
func (s *storm) runs(t *testing.T) bool {
	described, err := s.temporal.DescribeWorkflowExecution(t.Context(), protocol.BulkSyncID(s.bulk), "")
	return err != nil || described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// disasters by their names.
type disasters map[string]func(*testing.T)

func (s *storm) disasters() disasters {
	all := disasters{
		"the worker is killed":  func(t *testing.T) { s.worker.Kill(); s.startWorker(t) },
		"the worker is frozen":  func(t *testing.T) { s.worker.Freeze(t, time.Duration(1+s.chance.IntN(14))*time.Second) },
		"the worker is stopped": func(t *testing.T) { s.worker.Stop(t); s.startWorker(t) },
		"Temporal is killed":    func(t *testing.T) { s.stack.KillTemporal(); s.stack.StartTemporal(t) },
		"PostgreSQL is killed":  func(t *testing.T) { s.stack.KillPostgres(t); s.stack.StartPostgres(t); s.stack.StartTemporal(t) },
	}
	maps.Copy(all, s.disastersOf("the parent", func(*testing.T) string { return protocol.BulkSyncID(s.bulk) }))
	maps.Copy(all, s.disastersOf("the batch", func(*testing.T) string { return protocol.BulkSyncBatchID(s.bulk, 0) }))
	maps.Copy(all, s.disastersOfSingleSyncs())
	return all
}

func (s *storm) disastersOfSingleSyncs() disasters {
	return s.disastersOf("a single sync", s.singleSync)
}

// disastersOf befall a workflow.
func (s *storm) disastersOf(what string, workflowID func(*testing.T) string) disasters {
	return disasters{
		what + " is terminated": func(t *testing.T) {
			id := workflowID(t)
			s.ask(t, func(ctx context.Context) error { return s.temporal.TerminateWorkflow(ctx, id, "", "chaos") })
		},
		what + " is cancelled": func(t *testing.T) {
			id := workflowID(t)
			s.ask(t, func(ctx context.Context) error { return s.temporal.CancelWorkflow(ctx, id, "") })
		},
		what + " is reset": func(t *testing.T) { s.reset(t, workflowID(t)) },
	}
}

// singleSync is one that runs: of the bulk run's, or else one that someone asks for now.
func (s *storm) singleSync(t *testing.T) string {
	t.Helper()
	running := testkit.Column[string](t, testkit.OpenSQL(t, s.stack.DatabaseURL),
		"SELECT workflow_id FROM sync_run WHERE outcome IS NULL AND workflow_id LIKE 'care-recipient-sync/%' ORDER BY id LIMIT 1")
	if len(running) > 0 {
		return running[0]
	}
	keys := everyone(s.world)
	return s.temporal.Start(t, s.world.Request(t, keys[s.chance.IntN(len(keys))])).GetID()
}

// ask asks Temporal for something that may have become impossible meanwhile.
func (s *storm) ask(t *testing.T, question func(context.Context) error) {
	if err := question(t.Context()); err != nil {
		t.Logf("Temporal answers: %v", err)
	}
}

func (s *storm) reset(t *testing.T, workflowID string) {
	s.ask(t, func(ctx context.Context) error {
		_, err := s.temporal.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: "caresync", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: workflowID}, Reason: "chaos",
			WorkflowTaskFinishEventId: firstTaskCompleted(t, s.temporal, workflowID), RequestId: string(db.NewID()),
		})
		return err
	})
}

// requireOneOutcomeEach waits until the run is over, lets what was left open be closed, and requires an outcome for everyone.
func (s *storm) requireOneOutcomeEach(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return !s.runs(t) }, 5*time.Minute, 50*time.Millisecond, "the bulk run does not end")
	s.awaitClosed(t)
	counts, err := s.world.Store.CountItems(t.Context(), s.organisation, s.bulk, nil)
	require.NoError(t, err)
	t.Logf("%+v", counts)
	require.Equal(t, chaosPeople, counts.Selected)
	require.Equal(t, chaosPeople, counts.Processed, "everyone has an outcome, and the row allows for one")
}

// awaitClosed waits until everything has its outcome: a workflow recorded it, or else Reconcile does, which is not waited for here.
func (s *storm) awaitClosed(t *testing.T) {
	t.Helper()
	sql := testkit.OpenSQL(t, s.stack.DatabaseURL)
	sql.Exec(t, "UPDATE bulk_run SET requested_at = requested_at - interval '1 hour'")
	sql.Exec(t, "UPDATE sync_run SET requested_at = requested_at - interval '1 hour' WHERE outcome IS NULL")
	schedule := s.temporal.ScheduleClient().GetHandle(t.Context(), protocol.ReconcileScheduleID(s.temporal.Queues))
	require.Eventually(t, func() bool {
		s.ask(t, func(ctx context.Context) error { return schedule.Trigger(ctx, client.ScheduleTriggerOptions{}) })
		open := testkit.Value[int](t, sql, `SELECT (SELECT count(*) FROM bulk_run WHERE outcome IS NULL)
			+ (SELECT count(*) FROM sync_run WHERE outcome IS NULL)`)
		return open == 0
	}, 2*time.Minute, 500*time.Millisecond, "something stays open")
}

// retry syncs the people who did not succeed, once.
func (s *storm) retry(t *testing.T) {
	t.Helper()
	options := careRecipients
	options.RetryOf = s.bulk
	_, run := s.temporal.Bulk(t, s.world.Store, s.organisation, options)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, result.Counts.Selected, result.Counts.Processed)
	require.Zero(t, result.Counts.Skipped)
	s.awaitClosed(t)
}
