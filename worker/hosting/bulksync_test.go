package hosting_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/scheduling"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// crowd is one organisation with many generated people.
func crowd(people int) world.Options {
	return world.Options{People: people, Seed: 11, Organisations: world.SingleProvider()}
}

// organisationOf is the organisation of a world that has one.
func organisationOf(t *testing.T, store *db.Store) care.ID {
	t.Helper()
	organisations, err := store.Organisations(t.Context())
	require.NoError(t, err)
	require.Len(t, organisations, 1)
	return organisations[0].ID
}

var careRecipients = care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}}

func TestABulkRunWritesTheSameRowsAsSingleSyncs(t *testing.T) {
	bulk, single := testkit.NewWorld(t, crowd(120)), testkit.NewWorld(t, crowd(120))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, bulk.Steps(t, db.Options{MaxConnections: 20}))
	id, run := temporal.Bulk(t, bulk.Store, organisationOf(t, bulk.Store), careRecipients)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, id, result.BulkID)
	require.Equal(t, 120, result.Counts.Selected)
	require.Equal(t, 120, result.Counts.Processed)

	steps := single.Steps(t, db.Options{})
	counts := care.BulkCounts{}
	for _, key := range everyone(single) {
		counts.Add(single.Sync(t, steps, key).Outcome, 1, 0)
	}
	require.Equal(t, counts, result.Counts, "everyone ended as alone")
	require.Equal(t, testkit.Records(t, single.DatabaseURL), testkit.Records(t, bulk.DatabaseURL))
}

// One whose data makes a fault of its own is given a sync of their own; the others do not notice (R9).
func TestOnePersonsTroubleIsTheirOwn(t *testing.T) {
	w := testkit.NewWorld(t, crowd(60))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	troubled := w.World.People(world.Holder{})[7]
	require.NoError(t, w.Faults.Add(faults.Fault{
		Kind: faults.InternalError, Operation: "care-recipient-summary", CareRecipientID: troubled.CareRecipientID, Count: 3,
	}))
	organisation := organisationOf(t, w.Store)
	_, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, 1, result.Counts.Escalated)
	require.Equal(t, 60, result.Counts.Processed)
	require.Zero(t, result.Counts.Failed, "the person's own sync tried again, and succeeded")
	runs, _, err := read.From(w.Store).Runs(t.Context(), organisation, read.RunFilter{PersonID: w.Request(t, troubled.Key).PersonID, Most: 10})
	require.NoError(t, err)
	require.Len(t, runs, 2)
}

// An outage is waited for, and makes no thousands of single syncs (R9).
func TestAnOutageIsWaitedFor(t *testing.T) {
	w := testkit.NewWorld(t, crowd(60))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: "care-recipient-summary", Skip: 1, Count: 30, RetryAfter: time.Second})) // after the list
	_, run := temporal.Bulk(t, w.Store, organisationOf(t, w.Store), careRecipients)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, 60, result.Counts.Processed)
	require.Zero(t, result.Counts.Escalated)
	require.Zero(t, result.Counts.Failed)
}

// A delta run reads the lists of what was updated, syncs the people with changes, and gives the same data as a run over everyone (R5).
func TestADeltaRunGivesTheSameDataAsAFullOne(t *testing.T) {
	delta, full := testkit.NewWorld(t, crowd(80)), testkit.NewWorld(t, crowd(80))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, delta.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, delta.Store)
	bulk := func(options care.BulkOptions) (result protocol.BulkResult) {
		_, run := temporal.Bulk(t, delta.Store, organisation, care.BulkRequest{BulkOptions: options})
		require.NoError(t, run.Get(t.Context(), &result))
		return result
	}
	require.Equal(t, 80, bulk(care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}).Counts.Processed, "nothing to compare with: everyone")

	steps := full.Steps(t, db.Options{})
	syncEveryone := func() {
		for _, key := range everyone(full) {
			full.Sync(t, steps, key)
		}
	}
	syncEveryone()
	people := delta.World.People(world.Holder{})
	for i, move := range []world.Move{
		{Name: world.Claim}, {Name: world.AddSupplement, Code: "ENT_NNBO"}, {Name: world.AddBudget, Amount: decimal.NewFromInt(500)},
		{Name: world.ChangeContribution},
	} {
		for _, w := range []*testkit.World{delta, full} {
			_, err := w.World.Move(people[i*7].Key, move)
			require.NoError(t, err)
		}
	}
	delta.ResetCalls()
	full.ResetCalls()
	result := bulk(care.BulkOptions{Kind: care.RunCareRecipient, Delta: true})
	require.Less(t, result.Counts.Selected, 80)
	require.GreaterOrEqual(t, result.Counts.Selected, 4)
	calls := len(delta.Calls())

	syncEveryone()
	require.Equal(t, testkit.Records(t, full.DatabaseURL), testkit.Records(t, delta.DatabaseURL))
	require.Less(t, calls, len(full.Calls()))
}

// Whoever the provider's list does not have is marked, whoever we do not have is reported, and no one is created (R19).
func TestTheListsTellWhoIsAbsentAndWhoIsUnknown(t *testing.T) {
	w := testkit.NewWorld(t, crowd(30))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	people := w.World.People(world.Holder{})
	unknown := w.Request(t, people[5].Key).PersonID
	sql.Exec(t, "DELETE FROM invoice_line WHERE person_id = $1", unknown)
	sql.Exec(t, "DELETE FROM person WHERE id = $1", unknown)
	first, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
	require.NoError(t, run.Get(t.Context(), nil))
	require.Equal(t, []string{people[5].CareRecipientID}, testkit.Column[string](t, sql, "SELECT care_recipient_id FROM bulk_unknown WHERE bulk_id = $1", first))
	require.Equal(t, []int{29}, testkit.Column[int](t, sql, "SELECT count(*)::int FROM person"))

	_, err := w.World.Move(people[3].Key, world.Move{Name: world.Leave})
	require.NoError(t, err)
	second, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
	require.NoError(t, run.Get(t.Context(), nil))
	require.Equal(t, []int{1}, testkit.Column[int](t, sql, "SELECT absent FROM bulk_run WHERE id = $1", second))
	require.Contains(t, testkit.Column[care.ID](t, sql, "SELECT id::text FROM person WHERE not_in_care_since IS NOT NULL"), w.Request(t, people[3].Key).PersonID)
}

// A bulk run whose workflow an operator terminated is closed, everyone has one outcome, and one retry syncs the people who were not processed.
func TestATerminatedBulkRunIsClosedAndRetried(t *testing.T) {
	w := testkit.NewWorld(t, crowd(100))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Hang, Skip: 250})) // some are done, and the others are not before the end
	id, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
	require.Eventually(t, func() bool {
		counts, err := w.Store.CountItems(t.Context(), organisation, id, nil)
		require.NoError(t, err)
		return counts.Processed > 5
	}, 2*time.Minute, 10*time.Millisecond)
	require.NoError(t, temporal.TerminateWorkflow(t.Context(), run.GetID(), "", "a test"))
	require.NoError(t, temporal.TerminateWorkflow(t.Context(), protocol.BulkSyncBatchID(id, 0), "", "a test"))

	never := care.ID(db.NewID()) // its starter died before Temporal was told
	require.NoError(t, w.Store.RecordBulk(t.Context(), db.Bulk{
		ID: never, OrganisationID: organisation, RequestedBy: "tests", WorkflowID: protocol.BulkSyncID(never), Request: careRecipients,
	}))
	sql.Exec(t, "UPDATE bulk_run SET requested_at = requested_at - interval '1 hour'")
	applier := scheduling.New(w.Store, temporal.ScheduleClient(), testkit.Keyring(), temporal.Queues, zap.NewNop())
	require.NoError(t, applier.Pass(t.Context()))
	require.NoError(t, applier.Pass(t.Context()), "it is there already")
	t.Cleanup(func() {
		for _, own := range protocol.OwnSchedules(temporal.Queues, time.Time{}) {
			_ = temporal.ScheduleClient().GetHandle(context.Background(), own.ID).Delete(context.Background())
		}
	})
	schedule := temporal.ScheduleClient().GetHandle(t.Context(), protocol.ReconcileScheduleID(temporal.Queues))
	require.NoError(t, schedule.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, sql, "SELECT count(*)::int FROM bulk_run WHERE outcome IS NULL") == 0
	}, 2*time.Minute, 20*time.Millisecond)
	reason := func(bulk care.ID) care.Reason {
		return care.Reason(testkit.Value[string](t, sql, "SELECT reason FROM bulk_run WHERE id = $1", bulk))
	}
	require.Equal(t, care.ReasonBulkLost, reason(id))
	require.Equal(t, care.ReasonNotStarted, reason(never))
	counts, err := w.Store.CountItems(t.Context(), organisation, id, nil)
	require.NoError(t, err)
	require.Equal(t, 100, counts.Processed)
	require.Positive(t, counts.Skipped)

	w.Faults.Clear()
	_, again := temporal.Bulk(t, w.Store, organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}, RetryOf: id})
	var result protocol.BulkResult
	require.NoError(t, again.Get(t.Context(), &result))
	require.GreaterOrEqual(t, result.Counts.Selected, counts.Skipped)
	require.Equal(t, []int{100}, testkit.Column[int](t, sql, "SELECT count(*)::int FROM support_plan"))
}

// A bulk run that an operator reset continues with the people who have no outcome.
func TestAResetBulkRunGoesOn(t *testing.T) {
	w := testkit.NewWorld(t, crowd(100))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 50 * time.Millisecond}))
	id, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
	require.Eventually(t, func() bool {
		counts, err := w.Store.CountItems(t.Context(), organisation, id, nil)
		require.NoError(t, err)
		return counts.Processed > 5
	}, 2*time.Minute, 10*time.Millisecond)
	reset, err := temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: "caresync", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: run.GetID(), RunId: run.GetRunID()},
		Reason: "test", WorkflowTaskFinishEventId: firstTaskCompleted(t, temporal, run.GetID()), RequestId: string(db.NewID()),
	})
	require.NoError(t, err)
	w.Faults.Clear()
	var result protocol.BulkResult
	require.NoError(t, temporal.GetWorkflow(t.Context(), run.GetID(), reset.GetRunId()).Get(t.Context(), &result))
	require.Equal(t, 100, result.Counts.Selected)
	require.Equal(t, 100, result.Counts.Succeeded+result.Counts.SucceededWithWarnings)
}

// A cancelled bulk run counts the people it did not process.
func TestACancelledBulkRun(t *testing.T) {
	w := testkit.NewWorld(t, crowd(100))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Latency, Skip: 250, Delay: 750 * time.Millisecond}))
	id, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
	require.Eventually(t, func() bool {
		counts, err := w.Store.CountItems(t.Context(), organisation, id, nil)
		require.NoError(t, err)
		return counts.Processed > 5
	}, 2*time.Minute, 10*time.Millisecond)
	require.NoError(t, temporal.CancelWorkflow(t.Context(), run.GetID(), ""))
	require.Error(t, run.Get(t.Context(), nil))
	counts, err := w.Store.CountItems(t.Context(), organisation, id, nil)
	require.NoError(t, err)
	require.Equal(t, 100, counts.Processed)
	require.Positive(t, counts.Skipped)
	require.Positive(t, counts.Succeeded+counts.SucceededWithWarnings)
	require.Zero(t, counts.Cancelled, "people in progress finished")
}

// A sync of someone's own outlives a cancelled bulk run: someone else may wait for it.
func TestASyncOfTheirOwnOutlivesACancelledBulkRun(t *testing.T) {
	w := testkit.NewWorld(t, crowd(20))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	troubled := w.World.People(world.Holder{})[7]
	require.NoError(t, w.Faults.Add(faults.Fault{
		Kind: faults.InternalError, Operation: "care-recipient-summary", CareRecipientID: troubled.CareRecipientID,
	}))
	_, run := temporal.Bulk(t, w.Store, organisationOf(t, w.Store), careRecipients)
	own := protocol.CareRecipientSyncID(w.Request(t, troubled.Key).PersonID)
	require.Eventually(t, func() bool {
		_, err := temporal.DescribeWorkflowExecution(t.Context(), own, "")
		return err == nil
	}, 2*time.Minute, 20*time.Millisecond)
	require.NoError(t, temporal.CancelWorkflow(t.Context(), run.GetID(), ""))
	require.Error(t, run.Get(t.Context(), nil))
	w.Faults.Clear()
	var result care.RunResult
	require.NoError(t, temporal.GetWorkflow(t.Context(), own, "").Get(t.Context(), &result))
	require.Contains(t, []care.RunOutcome{care.RunSucceeded, care.RunSucceededWithWarnings}, result.Outcome)
}

// A bulk run over contracts applies what needs no one's yes, or leaves every change to people (R31).
func TestABulkRunOverContracts(t *testing.T) {
	w, temporal := newPaceWorld(t)
	var request care.Request
	for _, key := range []string{"changed-manager", "overspent-category", "negative-spent"} {
		request = w.RequestFor(t, key)
		retrieved := temporal.Retrieve(t, request)
		_, err := temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
		require.NoError(t, err)
		require.NoError(t, w.World.MoveParticipant(key, world.PlanMove{Name: world.Spend, Amount: decimal.NewFromInt(11), Silent: true}))
	}
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	spent := "SELECT sum(spent)::text FROM plan_budget"
	bulk := func(hold bool) (result protocol.BulkResult) {
		_, run := temporal.Bulk(t, w.Store, request.OrganisationID, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunPACEContract, ReviewAll: hold}})
		require.NoError(t, run.Get(t.Context(), &result))
		return result
	}
	before := testkit.Value[string](t, sql, spent)
	held := bulk(true)
	require.Equal(t, 3, held.Counts.Selected)
	require.Equal(t, 3, held.Counts.SucceededWithWarnings)
	require.Equal(t, before, testkit.Value[string](t, sql, spent), "nothing is written")
	require.Equal(t, 3, testkit.Value[int](t, sql, "SELECT count(DISTINCT person_id)::int FROM pace_review"))

	applied := bulk(false)
	require.Equal(t, 3, applied.Counts.Processed)
	require.NotEqual(t, before, testkit.Value[string](t, sql, spent))
	require.Zero(t, testkit.Value[int](t, sql, "SELECT count(*)::int FROM pace_review"), "what was applied waits no more")
	for _, kind := range []care.RunOutcome{care.RunFailed, care.RunPartial} {
		require.Zero(t, testkit.Value[int](t, sql, "SELECT count(*)::int FROM bulk_item WHERE outcome = $1", string(kind)))
	}
}

// Who is absent is told from the lists of all providers: not where one could not be read, nor where one is empty, until someone has
// accepted that (R5, R19).
func TestOneProvidersListAloneMakesNoOneAbsent(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{People: 24, Seed: 11, Organisations: world.DefaultOrganisations()[:1]})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	bulk := func(accept bool) (absent, held int) {
		id, run := temporal.Bulk(t, w.Store, organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, AcceptAbsences: accept}})
		require.NoError(t, run.Get(t.Context(), nil))
		view, err := read.From(w.Store).Bulk(t.Context(), organisation, id)
		require.NoError(t, err)
		return view.Absent, view.AbsentHeld
	}
	bulk(false)
	north := testkit.Value[int](t, sql, `SELECT count(*)::int FROM person c JOIN connection n ON n.id = c.connection_id
		WHERE n.name = 'banksia-north' AND c.verified_at IS NOT NULL AND c.not_in_care_since IS NULL`)
	require.Positive(t, north)
	require.Less(t, north*2, 24, "all lists together would be believed")

	deactivate := func(connection *care.Connection) { connection.ActivatedAt = nil }
	before, err := w.Store.ChangeConnection(t.Context(), organisation, "banksia-north", func(*care.Connection) {})
	require.NoError(t, err)
	_, err = w.Store.ChangeConnection(t.Context(), organisation, "banksia-north", deactivate)
	require.NoError(t, err)
	absent, held := bulk(true)
	require.Zero(t, absent, "no one can accept what was not read")
	require.Equal(t, north, held)

	_, err = w.Store.ChangeConnection(t.Context(), organisation, "banksia-north", func(connection *care.Connection) { connection.ActivatedAt = before.ActivatedAt })
	require.NoError(t, err)
	for _, person := range w.World.People(world.Holder{Organisation: "8000000101", ServiceProvider: "4000012346"}) {
		_, err := w.World.Move(person.Key, world.Move{Name: world.Leave})
		require.NoError(t, err)
	}
	absent, held = bulk(false)
	require.Zero(t, absent)
	require.Equal(t, north, held)
	absent, held = bulk(true)
	require.Equal(t, north, absent)
	require.Zero(t, held)
}

// Usage that could not be read one night is read the next, though no list names its budget again.
func TestADeltaRunMakesGoodForWhatFailedLastTime(t *testing.T) {
	w := testkit.NewWorld(t, crowd(12))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	bulk := func() (result protocol.BulkResult) {
		_, run := temporal.Bulk(t, w.Store, organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}})
		require.NoError(t, run.Get(t.Context(), &result))
		return result
	}
	require.Equal(t, 12, bulk().Counts.Processed)
	person := w.World.People(world.Holder{})[0]
	usage := "SELECT sum(b.usage_amount)::text FROM budget b JOIN support_plan p ON p.id = b.plan_id WHERE p.person_id = $1"
	before := testkit.Value[string](t, sql, usage, w.Request(t, person.Key).PersonID)

	_, err := w.World.Move(person.Key, world.Move{Name: world.Claim})
	require.NoError(t, err)
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.ConsentWithdrawn, Operation: "budget-details", CareRecipientID: person.CareRecipientID}))
	require.Equal(t, 1, bulk().Counts.Partial)
	require.Equal(t, before, testkit.Value[string](t, sql, usage, w.Request(t, person.Key).PersonID))

	w.Faults.Clear()
	sql.Exec(t, "UPDATE list_mark SET mark = mark + interval '50 hours'") // nothing is listed as updated since
	result := bulk()
	require.Equal(t, 1, result.Counts.Selected)
	require.Equal(t, 1, result.Counts.Succeeded+result.Counts.SucceededWithWarnings)
	require.NotEqual(t, before, testkit.Value[string](t, sql, usage, w.Request(t, person.Key).PersonID))
}

// A provider that a delta run leaves out, since its device is not activated, is asked from the time before on when it is back (R5).
func TestADeltaRunAsksAProviderThatWasLeftOutForAllThatChanged(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{People: 24, Seed: 11, Organisations: world.DefaultOrganisations()[:1]})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	delta := func() {
		_, run := temporal.Bulk(t, w.Store, organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}})
		require.NoError(t, run.Get(t.Context(), nil))
	}
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	covered := func() time.Time {
		return testkit.Value[time.Time](t, sql, `SELECT m.mark FROM list_mark m JOIN connection n ON n.id = m.connection_id
			WHERE n.name = 'banksia-north' AND m.list = 'summary'`)
	}
	activate := func(at *time.Time) (before care.Connection) {
		_, err := w.Store.ChangeConnection(t.Context(), organisation, "banksia-north", func(connection *care.Connection) {
			before, connection.ActivatedAt = *connection, at
		})
		require.NoError(t, err)
		return before
	}
	delta()
	sql.Exec(t, "UPDATE list_mark SET mark = mark - interval '1 hour'")
	first := covered()
	was := activate(nil)
	delta()
	require.Equal(t, first, covered())
	activate(was.ActivatedAt)
	delta()
	require.True(t, covered().After(first))
}

// R35: the mark of a delta run is the government's own. Its clock is two hours behind ours, and a change shows 90 minutes after its stamp: the
// next delta run reads both, and what is listed again without having changed costs no further call.
func TestADeltaRunGoesByTheGovernmentsClock(t *testing.T) {
	options := crowd(24)
	options.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	w := testkit.NewWorld(t, options)
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	delta := func() (result protocol.BulkResult) {
		_, run := temporal.Bulk(t, w.Store, organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}})
		require.NoError(t, run.Get(t.Context(), &result))
		return result
	}
	require.Equal(t, 24, delta().Counts.Selected, "nothing to compare with: everyone")
	delta() // what was updated in the two days before is listed for the first time
	require.Zero(t, delta().Counts.Selected)
	people := w.World.People(world.Holder{})
	for i, move := range []world.Move{{Name: world.Claim}, {Name: world.Claim, StampedBefore: 90 * time.Minute}} {
		_, err := w.World.Move(people[i].Key, move)
		require.NoError(t, err)
	}
	require.Equal(t, 2, delta().Counts.Selected)
	w.ResetCalls()
	require.Zero(t, delta().Counts.Selected, "the same rows are listed again, and equal what we hold")
	require.LessOrEqual(t, len(w.Calls()), 3, "the lists alone")
}

// R9: one person at 503 for ever stops and slows no one: the others are done as always, and the person fails once it can be told that it is their
// own trouble. Someone whom the service answers again in time succeeds.
func TestAPersonWhomTheServiceIsUnavailableFor(t *testing.T) {
	w := testkit.NewWorld(t, crowd(60))
	temporal := testkit.NewTemporal(t)
	steps := w.Steps(t, db.Options{MaxConnections: 20})
	began := time.Now()
	steps.UseClock(func() time.Time { return began.Add(1000 * time.Since(began)) }) // ten minutes pass in 600 ms
	temporal.RunWorker(t, steps)
	people := w.World.People(world.Holder{})
	for i, count := range []int{0, 2} {
		require.NoError(t, w.Faults.Add(faults.Fault{
			Kind: faults.Unavailable, Operation: "individual-contribution", CareRecipientID: people[7+i].CareRecipientID, Count: count,
		}))
	}
	organisation := organisationOf(t, w.Store)
	bulk := db.Bulk{ID: db.NewID(), OrganisationID: organisation, RequestedBy: "a test", Request: careRecipients}
	bulk.WorkflowID = protocol.BulkSyncID(bulk.ID)
	require.NoError(t, w.Store.RecordBulk(t.Context(), bulk))
	options, input := protocol.BulkSyncStart(temporal.Queues, bulk.ID, organisation, care.RunCareRecipient, bulk.RequestedBy)
	input.SetAsidePause = 400 * time.Millisecond
	run, err := temporal.ExecuteWorkflow(t.Context(), options, protocol.BulkSyncWorkflow, input)
	require.NoError(t, err)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, 60, result.Counts.Processed)
	require.Equal(t, 1, result.Counts.Partial, result)
	require.Zero(t, result.Counts.Failed+result.Counts.Skipped+result.Counts.Escalated)

	items, _, err := read.From(w.Store).BulkItems(t.Context(), organisation, bulk.ID, read.ItemFilter{Outcome: string(care.RunPartial), Most: 10})
	require.NoError(t, err)
	require.Equal(t, w.Request(t, people[7].Key).PersonID, items[0].Person.ID)
	require.Equal(t, care.ReasonUnavailableForPerson, items[0].Reason)
}

// R9: contributions that would all go are held where they are those of more than half of the people who have some; one person's alone go.
func TestContributionsThatWouldAllGoAreHeld(t *testing.T) {
	w := testkit.NewWorld(t, crowd(20))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	organisation := organisationOf(t, w.Store)
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	bulk := func() (result protocol.BulkResult) {
		_, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
		require.NoError(t, run.Get(t.Context(), &result))
		require.Zero(t, result.Counts.Skipped)
		return result
	}
	with := func() int {
		return testkit.Value[int](t, sql, "SELECT count(DISTINCT plan_id)::int FROM contribution")
	}
	held := func() int {
		return testkit.Value[int](t, sql, "SELECT count(*)::int FROM removal_hold WHERE kind = 'individual_contribution' AND closed_at IS NULL")
	}
	bulk()
	before := with()
	require.Greater(t, before, 5)

	alone := testkit.Value[string](t, sql, "SELECT c.care_recipient_id FROM person c JOIN support_plan p ON p.person_id = c.id JOIN contribution r ON r.plan_id = p.id LIMIT 1")
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.EntryMissing, Operation: "individual-contribution", CareRecipientID: alone}))
	require.Zero(t, bulk().Counts.Failed)
	require.Equal(t, before-1, with(), "one person's contributions go")
	require.Zero(t, held())

	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.EntryMissing, Operation: "individual-contribution"}))
	result := bulk()
	require.Equal(t, before-1, with(), "those of everyone stay")
	require.Greater(t, held(), before/2)
	require.GreaterOrEqual(t, result.Counts.SucceededWithWarnings, held())

	w.Faults.Clear()
	bulk()
	require.Equal(t, before, with())
	require.Zero(t, held(), "they were reported again")
}
