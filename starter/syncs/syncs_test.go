package syncs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/words"
)

type world struct {
	address      string
	store        *db.Store
	server       *temporaltest.Server
	service      *syncs.Service
	organisation care.Organisation
	client       care.ID
	workflowID   string
}

func newWorld(t *testing.T) world {
	t.Helper()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	organisation, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	client := testkit.AddPeople(t, store, organisation.ID, db.PersonRecord{Identity: care.Identity{
		GivenName: "Ada", FamilyName: "Wren", BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: "415056224"}})[0]
	server := temporaltest.New()
	return world{address: address,
		store: store, server: server, organisation: organisation, client: client,
		service:    syncs.New(store, server, protocol.TaskQueues{Prefix: "test-"}).Quickly(),
		workflowID: protocol.CareRecipientSyncID(client),
	}
}

func (w world) request(allBudgets bool) syncs.Request {
	return syncs.Request{Organisation: w.organisation, Person: w.client, AllBudgets: allBudgets, RequestedBy: "tests"}
}

func (w world) start(t *testing.T, allBudgets bool) syncs.StartResult {
	t.Helper()
	started, err := w.service.Start(t.Context(), w.request(allBudgets))
	require.NoError(t, err)
	return started
}

func (w world) begin(t *testing.T, run care.ID, allBudgets bool) {
	t.Helper()
	require.NoError(t, w.store.RecordRun(t.Context(), db.RunStart{
		ID: run, Kind: care.RunCareRecipient, WorkflowID: w.workflowID, StartedAt: time.Now(),
		Request: care.Request{OrganisationID: w.organisation.ID, PersonID: w.client, Trigger: care.TriggerOnDemand, AllBudgets: allBudgets},
	}))
}

func (w world) finish(t *testing.T, run care.ID) {
	t.Helper()
	_, err := w.store.FinishRun(t.Context(), w.organisation.ID, care.RunResult{RunID: run, Outcome: care.RunSucceeded, Counts: care.Counts{}}, nil)
	require.NoError(t, err)
}

func TestStartRecordsARunThatCanBeFollowedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.start(t, false)
	require.False(t, started.Joined)

	progress, err := read.From(w.store).RunProgress(t.Context(), w.organisation.ID, started.RunID)
	require.NoError(t, err)
	require.Equal(t, read.RunQueued, progress.State)
	require.Equal(t, "tests", progress.RequestedBy)
	workflow := w.server.Workflow(w.workflowID)
	require.Equal(t, "test-services-australia", workflow.Options.TaskQueue)
	require.Equal(t, 1, workflow.Input.(protocol.CareRecipientSyncInput).Pass)
}

// R7: whoever finds one running joins it.
func TestASecondRequestJoinsTheRunningSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(t, false)
	second := w.start(t, false)
	require.Equal(t, syncs.StartResult{RunID: first.RunID, Joined: true}, second)
	require.Empty(t, w.server.Workflow(w.workflowID).Signals)
}

// R7: a request for more than the running sync does causes one more pass.
func TestARequestForAllBudgetsCausesOneMorePass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(t, false)
	second := w.start(t, true)
	require.Equal(t, syncs.StartResult{RunID: first.RunID, Joined: true, AnotherPass: true}, second)
	require.Equal(t, []any{protocol.SyncRequest{Trigger: care.TriggerOnDemand, AllBudgets: true, RequestedBy: "tests"}},
		w.server.Workflow(w.workflowID).Signals)
}

func TestARequestForAllBudgetsJoinsARunThatReadsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin(t, w.start(t, true).RunID, true)
	again := w.start(t, true)
	require.True(t, again.Joined)
	require.False(t, again.AnotherPass)
	require.Empty(t, w.server.Workflow(w.workflowID).Signals)
}

// A run that has recorded its outcome is over, also where its workflow has not closed yet.
func TestARunThatIsOverIsNotJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(t, false)
	w.begin(t, first.RunID, false)
	w.finish(t, first.RunID)
	w.server.AfterRefusals(3, func() {
		w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
	})
	second := w.start(t, false)
	require.False(t, second.Joined)
	require.NotEqual(t, first.RunID, second.RunID)
}

func TestARunThatIsOverAndStaysOpenGetsOneMorePass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(t, false)
	w.begin(t, first.RunID, false)
	w.finish(t, first.RunID)
	require.Equal(t, syncs.StartResult{RunID: first.RunID, Joined: true, AnotherPass: true}, w.start(t, false))
	require.Len(t, w.server.Workflow(w.workflowID).Signals, 1)
}

// A reset gives the run another id in Temporal; ours stays.
func TestJoiningARunThatWasReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(t, false)
	w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.RunID = string(db.NewID()) })
	require.Equal(t, first.RunID, w.start(t, false).RunID)
}

func TestPeopleThatCannotBeSynced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ben := testkit.AddPeople(t, w.store, w.organisation.ID, db.PersonRecord{
		NDISNumber: "430000001", Identity: care.Identity{GivenName: "Ben", FamilyName: "Lark", BirthDate: care.NewDate(1950, time.May, 1)}})[0]

	request := w.request(false)
	request.Person = ben
	_, err := w.service.Start(t.Context(), request)
	require.ErrorIs(t, err, syncs.ErrNoCareRecipientID)
	request.Person = db.NewID()
	_, err = w.service.Start(t.Context(), request)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestTemporalBeingAwayIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Err = serviceerror.NewUnavailable("connection refused")
	_, err := w.service.Start(t.Context(), w.request(false))
	require.ErrorIs(t, err, syncs.ErrUnavailable)
}

func TestFollowEndsWithTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.start(t, false)
	var states []read.RunState
	for update, err := range w.service.Follow(t.Context(), w.organisation.ID, started.RunID) {
		require.NoError(t, err)
		if len(states) == 0 || states[len(states)-1] != update.Run.State {
			states = append(states, update.Run.State)
		}
		switch update.Run.State {
		case read.RunQueued:
			w.begin(t, started.RunID, false)
		case read.RunRunning:
			w.finish(t, started.RunID)
		}
	}
	require.Equal(t, []read.RunState{read.RunQueued, read.RunRunning, read.RunFinished}, states)
}

// failing is a step that has failed three times with an error of a type, and is about to be tried again.
func failing(step, errorType string) *workflowpb.PendingActivityInfo {
	return &workflowpb.PendingActivityInfo{
		ActivityType: &commonpb.ActivityType{Name: step}, Attempt: 4, State: enumspb.PENDING_ACTIVITY_STATE_SCHEDULED,
		NextAttemptScheduleTime: timestamppb.New(time.Now().Add(time.Minute)),
		LastFailure: &failurepb.Failure{FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: errorType},
		}},
	}
}

func TestFollowSaysWhatTheRunWaitsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.start(t, false)
	w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) {
		workflow.Pending = []*workflowpb.PendingActivityInfo{failing(protocol.FetchBudgetsActivity, protocol.ErrorServiceUnavailable)}
	})
	for update, err := range w.service.Follow(t.Context(), w.organisation.ID, started.RunID) {
		require.NoError(t, err)
		if words.Wait(update.Run.Wait, time.UTC) == "waiting for Services Australia, 3 attempts failed" {
			return
		}
	}
	require.Fail(t, "it was never said")
}

// contractRun starts a contract sync of the person, as package pace does.
func (w world) contractRun(t *testing.T) care.ID {
	t.Helper()
	request := care.Request{OrganisationID: w.organisation.ID, PersonID: w.client, Trigger: care.TriggerOnDemand}
	options, input := protocol.PaceContractSyncStart(protocol.TaskQueues{}, request)
	run, err := w.server.ExecuteWorkflow(t.Context(), options, protocol.PaceContractSyncWorkflow, input)
	require.NoError(t, err)
	require.NoError(t, w.service.RecordRun(t.Context(), db.RunStart{
		ID: care.ID(run.GetRunID()), Kind: care.RunPACEContract, WorkflowID: options.ID, Request: request, StartedAt: time.Now(),
	}))
	return care.ID(run.GetRunID())
}

func TestAContractSyncWaitsForTheNDIA(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run, workflowID := w.contractRun(t), protocol.PaceContractSyncID(w.client)
	running, err := w.service.Running(t.Context(), workflowID)
	require.NoError(t, err)
	require.Equal(t, run, running)
	w.server.Change(workflowID, func(workflow *temporaltest.Workflow) {
		workflow.Pending = []*workflowpb.PendingActivityInfo{failing(protocol.RetrievePlanActivity, protocol.ErrorServiceUnavailable)}
	})
	for update, err := range w.service.Follow(t.Context(), w.organisation.ID, run) {
		require.NoError(t, err)
		if words.Wait(update.Run.Wait, time.UTC) == "waiting for the NDIA, 3 attempts failed" {
			return
		}
	}
	require.Fail(t, "it was never said")
}

// R31: what follows a session that someone attended is a refresh.
func TestFollowAllGoesOnWithTheRefreshAfterASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session, workflowID, next := w.contractRun(t), protocol.PaceContractSyncID(w.client), db.NewID()
	seen := map[care.ID]care.RunKind{}
	for update, err := range w.service.FollowAll(t.Context(), w.organisation, syncs.StartResult{RunID: session, AnotherPass: true}) {
		require.NoError(t, err)
		seen[update.Run.ID] = update.Run.Kind
		if update.Finished() {
			continue
		}
		w.finish(t, update.Run.ID)
		w.server.Change(workflowID, func(workflow *temporaltest.Workflow) {
			workflow.RunID, workflow.OriginalRunID = string(next), string(next)
		})
	}
	require.Equal(t, map[care.ID]care.RunKind{session: care.RunPACEContract, next: care.RunPACEContract}, seen)
	after, err := read.From(w.store).RunProgress(t.Context(), w.organisation.ID, next)
	require.NoError(t, err)
	require.False(t, after.Trigger.Attended())
}

func TestFollowEndsWhenTheWorkflowWasTerminated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.start(t, false)
	w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
	var last error
	for _, err := range w.service.Follow(t.Context(), w.organisation.ID, started.RunID) {
		last = err
	}
	require.ErrorIs(t, last, syncs.ErrAbandoned)
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.start(t, false)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range w.service.Follow(ctx, w.organisation.ID, started.RunID) {
		last = err
		cancel()
	}
	require.ErrorIs(t, last, context.Canceled)
	require.True(t, w.server.Workflow(w.workflowID).Running, "the sync continues")
}

// R7: whoever asked for more than the joined run does follows the pass after it.
func TestFollowAllGoesOnWithTheNextPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(t, false).RunID
	w.begin(t, first, false)
	joined := w.start(t, true)
	next := db.NewID()
	var seen []care.ID
	for update, err := range w.service.FollowAll(t.Context(), w.organisation, joined) {
		require.NoError(t, err)
		if len(seen) == 0 || seen[len(seen)-1] != update.Run.ID {
			seen = append(seen, update.Run.ID)
		}
		switch {
		case update.Finished():
		case update.Run.ID == first:
			w.finish(t, first)
			w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) {
				workflow.RunID, workflow.OriginalRunID = string(next), string(next)
			})
		default:
			w.begin(t, next, true)
			w.finish(t, next)
		}
	}
	require.Equal(t, []care.ID{first, next}, seen)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.start(t, false).RunID
	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, run))
	require.True(t, w.server.Workflow(w.workflowID).Cancelled)

	w.begin(t, run, false)
	w.finish(t, run)
	require.ErrorIs(t, w.service.Cancel(t.Context(), w.organisation.ID, run), syncs.ErrFinished)
	require.ErrorIs(t, w.service.Cancel(t.Context(), db.NewID(), run), db.ErrNotFound, "another organisation's (R11)")
}

// R38: a run that no worker begins says so, whoever looks, and ends at once when it is cancelled: no worker would answer.
func TestARunThatNoWorkerBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.start(t, false).RunID
	w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Unbegun = true })
	first := func() (update syncs.Update) {
		for update := range w.service.Follow(t.Context(), w.organisation.ID, run) {
			return update
		}
		return update
	}
	require.False(t, first().Run.Wait.Known(), "a worker may yet begin it")
	testkit.OpenSQL(t, w.address).Exec(t, "UPDATE sync_run SET requested_at = now() - interval '2 minutes'")
	require.Equal(t, care.WaitsToBegin, first().Run.Wait.Cause)
	view, err := read.From(w.store).Run(t.Context(), w.organisation.ID, run)
	require.NoError(t, err)
	require.Equal(t, care.WaitsToBegin, view.Wait.Cause)

	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, run))
	require.False(t, w.server.Workflow(w.workflowID).Running)
	view, err = read.From(w.store).Run(t.Context(), w.organisation.ID, run)
	require.NoError(t, err)
	require.Equal(t, care.RunCancelled, view.Outcome)
}

// R5: accepting starts the sync that makes the removal.
func TestAcceptWithoutAHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.start(t, false).RunID
	_, _, err := w.service.Accept(t.Context(), w.organisation, run, "tests")
	require.ErrorIs(t, err, db.ErrNotFound)
}
