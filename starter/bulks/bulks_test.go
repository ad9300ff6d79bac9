package bulks_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/testkit"
)

type world struct {
	address      string
	store        *db.Store
	server       *temporaltest.Server
	service      *bulks.Service
	organisation care.Organisation
}

const peopleOfTheWorld = 3

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{address: testkit.DatabaseURL(t), server: temporaltest.New()}
	w.store = testkit.Store(t, w.address)
	w.organisation = w.newOrganisation(t, "wattle")
	for i := range peopleOfTheWorld {
		testkit.AddPeople(t, w.store, w.organisation.ID, db.PersonRecord{Identity: care.Identity{
			GivenName: "=cmd()", FamilyName: fmt.Sprintf("Wren %d", i), BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: fmt.Sprint(415000000 + i),
		}})
	}
	w.service = bulks.New(w.store, w.server, protocol.TaskQueues{Prefix: "test-"}).Quickly()
	return w
}

func (w world) newOrganisation(t *testing.T, slug string) care.Organisation {
	t.Helper()
	organisation, err := w.store.CreateOrganisation(t.Context(), slug, slug, care.DefaultTimeZone)
	require.NoError(t, err)
	return organisation
}

func (w world) start(t *testing.T, options care.BulkOptions) care.ID {
	t.Helper()
	started, err := w.service.Start(t.Context(), bulks.StartRequest{Organisation: w.organisation, Options: options, RequestedBy: "tests"})
	require.NoError(t, err)
	require.False(t, started.Known)
	return started.ID
}

// plan does what the workflow does first.
func (w world) plan(t *testing.T, bulk care.ID) {
	t.Helper()
	request, err := w.store.BulkRequest(t.Context(), w.organisation.ID, bulk)
	require.NoError(t, err)
	planned := db.Bulk{ID: bulk, OrganisationID: w.organisation.ID, Request: request}
	_, _, err = w.store.PlanBulk(t.Context(), planned, db.BulkSize{PerBatch: 500, PerChunk: 50}, nil, time.Now())
	require.NoError(t, err)
}

func (w world) settle(t *testing.T, bulk care.ID, outcome care.ItemOutcome, reason care.Reason) {
	t.Helper()
	require.NoError(t, w.store.SettleItems(t.Context(), w.organisation.ID, bulk, nil, outcome, reason))
}

func (w world) finish(t *testing.T, bulk care.ID, stop care.Reason) {
	t.Helper()
	_, _, err := w.store.FinishBulk(t.Context(), w.organisation.ID, bulk, stop)
	require.NoError(t, err)
}

func (w world) progress(t *testing.T, bulk care.ID) read.BulkSummary {
	t.Helper()
	progress, err := read.From(w.store).BulkProgress(t.Context(), w.organisation.ID, bulk)
	require.NoError(t, err)
	return progress
}

// ended lets the workflow of a bulk run end.
func (w world) ended(bulk care.ID) {
	w.server.Change(protocol.BulkSyncID(bulk), func(workflow *temporaltest.Workflow) { workflow.Running = false })
}

func TestABulkRunIsRecordedAndStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{FailureThreshold: 20, Window: 3, Only: care.AreaBudgets})
	progress := w.progress(t, bulk)
	require.Equal(t, read.BulkQueued, progress.State)
	require.Equal(t, "tests", progress.RequestedBy)
	require.Equal(t, care.AreaBudgets, progress.Options.Only)
	input := w.server.Workflow(protocol.BulkSyncID(bulk)).Input.(protocol.BulkSyncInput)
	require.Equal(t, bulk, input.BulkID)
	require.Nil(t, input.Options, "the options stand in the row")
}

func TestAnIDMakesARequestIdempotent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := bulks.StartRequest{Organisation: w.organisation, ID: db.NewID(), Options: care.BulkOptions{InCare: true}, RequestedBy: "tests"}
	for _, known := range []bool{false, true} {
		started, err := w.service.Start(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, bulks.StartResult{ID: request.ID, Known: known}, started)
	}
	w.finish(t, request.ID, "")
	w.ended(request.ID)
	started, err := w.service.Start(t.Context(), request)
	require.NoError(t, err)
	require.True(t, started.Known, "one that has finished is not made again")
	require.False(t, w.server.Workflow(protocol.BulkSyncID(request.ID)).Running)

	request.Options.InCare = false
	_, err = w.service.Start(t.Context(), request)
	require.ErrorIs(t, err, bulks.ErrIDTaken, "other options")
	request.Options.InCare, request.Organisation = true, w.newOrganisation(t, "banksia")
	_, err = w.service.Start(t.Context(), request)
	require.ErrorIs(t, err, bulks.ErrIDTaken, "another organisation's (R11)")
}

// A crash between the row and the workflow leaves nothing that the same request does not mend.
func TestARowWithoutAWorkflowIsStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Err = serviceerror.NewUnavailable("connection refused")
	request := bulks.StartRequest{Organisation: w.organisation, ID: db.NewID(), RequestedBy: "tests"}
	_, err := w.service.Start(t.Context(), request)
	require.ErrorIs(t, err, syncs.ErrUnavailable)
	w.server.Err = nil
	started, err := w.service.Start(t.Context(), request)
	require.NoError(t, err)
	require.False(t, started.Known)
	require.True(t, w.server.Workflow(protocol.BulkSyncID(request.ID)).Running)
}

// What Temporal refuses to start leaves no bulk run behind that looks as if it were about to start, and can be asked for again.
func TestARefusedBulkRunLeavesNoRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := bulks.StartRequest{Organisation: w.organisation, ID: db.NewID(), RequestedBy: "tests"}
	for _, refusal := range []error{
		serviceerror.NewInvalidArgument("no mapping defined for search attribute CareSyncKind"), serviceerror.NewNamespaceNotFound("caresync"),
		serviceerror.NewPermissionDenied("no", ""), serviceerror.NewResourceExhausted(0, "too many"),
	} {
		w.server.Err = refusal
		_, err := w.service.Start(t.Context(), request)
		require.ErrorIs(t, err, refusal)
		recorded, _, err := read.From(w.store).Bulks(t.Context(), w.organisation.ID, read.BulkFilter{Most: 10})
		require.NoError(t, err)
		require.Empty(t, recorded)
	}
	w.server.Err = nil
	started, err := w.service.Start(t.Context(), request)
	require.NoError(t, err)
	require.False(t, started.Known)

	w.plan(t, started.ID)
	w.ended(started.ID)
	w.server.Err = serviceerror.NewInvalidArgument("")
	_, err = w.service.Start(t.Context(), request)
	require.Error(t, err)
	require.Equal(t, peopleOfTheWorld, w.progress(t, started.ID).Counts.Selected, "one that a worker has started stays")
}

func TestOrdersThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, options := range map[string]care.BulkOptions{
		"kind":                {Kind: "medicare"},
		"service_provider_id": {ServiceProviderID: "4000099999"},
		"window":              {Window: protocol.MostBatchesAtOnce + 1},
		"failure_threshold":   {FailureThreshold: 101},
		"not_synced_for":      {NotSyncedFor: -1},
		"only":                {Only: care.AreaSummary},
		"all_budgets":         {AllBudgets: true, Only: care.AreaContributions},
		"delta":               {Delta: true, InCare: true},
		"accept_absences":     {AcceptAbsences: true, FailedLastTime: true},
		"review_all":          {ReviewAll: true},
		"in_care":             {Kind: care.RunPACEContract, InCare: true},
	} {
		_, err := w.service.Start(t.Context(), bulks.StartRequest{Organisation: w.organisation, Options: options})
		var invalid *care.InvalidError
		require.ErrorAs(t, err, &invalid, field)
		require.Equal(t, field, invalid.Field)
	}
	_, err := w.service.Start(t.Context(), bulks.StartRequest{Organisation: w.organisation, People: []string{}})
	var noOne *care.InvalidError
	require.ErrorAs(t, err, &noOne)
	require.Equal(t, "people", noOne.Field)
	recorded, _, err := read.From(w.store).Bulks(t.Context(), w.organisation.ID, read.BulkFilter{Most: 10})
	require.NoError(t, err)
	require.Empty(t, recorded, "nothing was recorded")
}

func TestPeopleCanBeListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started, err := w.service.Start(t.Context(), bulks.StartRequest{Organisation: w.organisation, People: []string{"415000002", "415000000", "415000002"}})
	require.NoError(t, err)
	bulk := started.ID
	w.plan(t, bulk)
	require.Equal(t, 2, w.progress(t, bulk).Counts.Selected)

	_, err = w.service.Start(t.Context(), bulks.StartRequest{Organisation: w.organisation, People: []string{"415000001", "77", "415000000", "x"}})
	var unknown *bulks.UnknownPeopleError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, []int{2, 4}, unknown.Places)
	require.NotContains(t, err.Error(), "77", "what was sent is not repeated (R10)")
}

func TestCommandsReachTheWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	var sent []temporaltest.Update
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		sent = append(sent, update)
		return protocol.BulkProgress{}, nil
	}
	require.NoError(t, w.service.Pause(t.Context(), w.organisation.ID, bulk, "tests"))
	require.NoError(t, w.service.Resume(t.Context(), w.organisation.ID, bulk, "tests"))
	require.NoError(t, w.service.SetWindow(t.Context(), w.organisation.ID, bulk, 5))
	require.Len(t, sent, 3)
	require.Equal(t, []string{"pause", "resume", "set-window"}, []string{sent[0].Name, sent[1].Name, sent[2].Name})
	require.Equal(t, 5, sent[2].Argument)

	var invalid *care.InvalidError
	require.ErrorAs(t, w.service.SetWindow(t.Context(), w.organisation.ID, bulk, 0), &invalid)
	require.ErrorIs(t, w.service.Pause(t.Context(), w.newOrganisation(t, "banksia").ID, bulk, "tests"), db.ErrNotFound, "another organisation's (R11)")
	require.Len(t, sent, 3)
}

// The workflow of a scheduled run is named by its schedule.
func TestCommandsReachAScheduledRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	scheduled := db.Bulk{ID: db.NewID(), OrganisationID: w.organisation.ID, RequestedBy: "schedule nightly", WorkflowID: protocol.BulkSyncID(bulk),
		Request: care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}}}
	require.NoError(t, w.store.RecordBulk(t.Context(), scheduled))
	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, scheduled.ID, "tests"))
	require.True(t, w.server.Workflow(protocol.BulkSyncID(bulk)).Cancelled)
}

func TestCommandsThatComeTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	w.server.OnUpdate = func(temporaltest.Update) (any, error) {
		return nil, temporal.NewApplicationError("", "AcceptedUpdateCompletedWorkflow")
	}
	require.ErrorIs(t, w.service.Pause(t.Context(), w.organisation.ID, bulk, "tests"), bulks.ErrFinished)
	w.finish(t, bulk, "")
	require.ErrorIs(t, w.service.Pause(t.Context(), w.organisation.ID, bulk, "tests"), bulks.ErrFinished)
	require.ErrorIs(t, w.service.Cancel(t.Context(), w.organisation.ID, bulk, "tests"), bulks.ErrFinished)
}

// silent is a server whose workers answer no update.
type silent struct{ *temporaltest.Server }

func (silent) UpdateWorkflow(ctx context.Context, _ client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestNoWorkerAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	service := bulks.New(w.store, silent{w.server}, protocol.TaskQueues{}).Quickly()
	require.ErrorIs(t, service.Pause(t.Context(), w.organisation.ID, bulk, "tests"), bulks.ErrNoAnswer)
}

func TestCancelAsksTheWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, bulk, "tests"))
	require.True(t, w.server.Workflow(protocol.BulkSyncID(bulk)).Cancelled)
	require.Equal(t, read.BulkQueued, w.progress(t, bulk).State, "the workflow settles who was not reached")
}

func TestCancelClosesWhatNoWorkerHasBegun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	workflowID := protocol.BulkSyncID(bulk)
	w.server.Change(workflowID, func(workflow *temporaltest.Workflow) { workflow.Unbegun = true })
	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, bulk, "tests"))
	require.False(t, w.server.Workflow(workflowID).Running)
	require.Equal(t, care.RunCancelled, w.progress(t, bulk).Outcome)
}

func TestCancelClosesWhatATerminatedWorkflowLeftOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	w.plan(t, bulk)
	w.ended(bulk)
	require.ErrorIs(t, w.service.Pause(t.Context(), w.organisation.ID, bulk, "tests"), bulks.ErrAbandoned)
	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, bulk, "tests"))
	progress := w.progress(t, bulk)
	require.Equal(t, care.RunCancelled, progress.Outcome)
	require.Equal(t, peopleOfTheWorld, progress.Counts.Skipped)
}

func TestARunThatIsBeingStartedIsNotClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recorded := db.Bulk{ID: db.NewID(), OrganisationID: w.organisation.ID, WorkflowID: "bulk-sync/none", Request: care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}}}
	require.NoError(t, w.store.RecordBulk(t.Context(), recorded))
	require.ErrorIs(t, w.service.Cancel(t.Context(), w.organisation.ID, recorded.ID, "tests"), bulks.ErrStarting)
	testkit.OpenSQL(t, w.address).Exec(t, "UPDATE bulk_run SET requested_at = now() - interval '1 hour'")
	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, recorded.ID, "tests"), "no one is about to start it")
	require.Equal(t, read.BulkFinished, w.progress(t, recorded.ID).State)
}

func TestRetryTakesThoseWhoDidNotSucceed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{Delta: true, Window: 4})
	_, err := w.service.Retry(t.Context(), bulks.RetryRequest{Organisation: w.organisation, Bulk: bulk})
	require.ErrorIs(t, err, bulks.ErrUnfinished)
	w.plan(t, bulk)
	items, _, err := read.From(w.store).BulkItems(t.Context(), w.organisation.ID, bulk, read.ItemFilter{Most: 10})
	require.NoError(t, err)
	require.NoError(t, w.store.SettleItem(t.Context(), w.organisation.ID, bulk, items[1].Person.ID, care.RunSucceeded, ""))
	w.finish(t, bulk, care.ReasonCancelled)

	retried, err := w.service.Retry(t.Context(), bulks.RetryRequest{Organisation: w.organisation, Bulk: bulk, RequestedBy: "tests"})
	require.NoError(t, err)
	w.plan(t, retried.ID)
	progress := w.progress(t, retried.ID)
	require.Equal(t, peopleOfTheWorld-1, progress.Counts.Selected)
	require.Equal(t, bulk, progress.Options.RetryOf)
	require.Equal(t, 4, progress.Options.Window)
	require.False(t, progress.Options.Delta, "whom to sync is known")

	w.settle(t, retried.ID, care.RunSucceededWithWarnings, "")
	w.finish(t, retried.ID, "")
	_, err = w.service.Retry(t.Context(), bulks.RetryRequest{Organisation: w.organisation, Bulk: retried.ID})
	require.ErrorIs(t, err, bulks.ErrNothingToRetry)
	_, err = w.service.Retry(t.Context(), bulks.RetryRequest{Organisation: w.newOrganisation(t, "banksia"), Bulk: bulk})
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
}

// One that ended before its people were selected has no one who did not succeed, and is made again.
func TestRetryOfARunThatWasNeverPlanned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{InCare: true})
	w.finish(t, bulk, care.ReasonCancelled)
	retried, err := w.service.Retry(t.Context(), bulks.RetryRequest{Organisation: w.organisation, Bulk: bulk})
	require.NoError(t, err)
	w.plan(t, retried.ID)
	require.Equal(t, peopleOfTheWorld, w.progress(t, retried.ID).Counts.Selected)
}

func TestFollowEndsWithTheBulkRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	var states []read.BulkState
	for update, err := range w.service.Follow(t.Context(), w.organisation.ID, bulk) {
		require.NoError(t, err)
		if len(states) == 0 || states[len(states)-1] != update.Bulk.State {
			states = append(states, update.Bulk.State)
		}
		switch update.Bulk.State {
		case read.BulkQueued:
			w.plan(t, bulk)
		case read.BulkRunning:
			require.NoError(t, w.store.NoteBulkWaiting(t.Context(), w.organisation.ID, bulk, care.Wait{Cause: care.WaitsForService, Words: "Planned outage"}))
		case read.BulkWaiting:
			require.Equal(t, "Planned outage", update.Bulk.Wait.Words)
			w.finish(t, bulk, "")
		}
	}
	require.Equal(t, []read.BulkState{read.BulkQueued, read.BulkRunning, read.BulkWaiting, read.BulkFinished}, states)
}

func TestFollowEndsWhenTheWorkflowWasTerminated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	w.ended(bulk)
	var last error
	for _, err := range w.service.Follow(t.Context(), w.organisation.ID, bulk) {
		last = err
	}
	require.ErrorIs(t, last, bulks.ErrAbandoned)
}

func TestFollowGoesOnWithoutTemporal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	w.server.Err = serviceerror.NewUnavailable("connection refused")
	for update, err := range w.service.Follow(t.Context(), w.organisation.ID, bulk) {
		require.NoError(t, err)
		if update.Bulk.Wait.Cause == care.WaitsForTemporal {
			w.finish(t, bulk, "")
		}
	}
	require.Equal(t, read.BulkFinished, w.progress(t, bulk).State)
}

// R38: a bulk run that no worker begins says so, whoever looks.
func TestABulkRunThatNoWorkerBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.start(t, care.BulkOptions{})
	w.server.Change(protocol.BulkSyncID(bulk), func(workflow *temporaltest.Workflow) { workflow.Unbegun = true })
	first := func() (update bulks.Update) {
		for update := range w.service.Follow(t.Context(), w.organisation.ID, bulk) {
			return update
		}
		return update
	}
	require.False(t, first().Bulk.Wait.Known(), "a worker may yet begin it")
	testkit.OpenSQL(t, w.address).Exec(t, "UPDATE bulk_run SET requested_at = now() - interval '2 minutes'")
	require.Equal(t, care.WaitsToBegin, first().Bulk.Wait.Cause)
	require.Equal(t, care.WaitsToBegin, w.progress(t, bulk).Wait.Cause)
	require.NoError(t, w.service.Cancel(t.Context(), w.organisation.ID, bulk, "tests"))
	require.Equal(t, care.RunCancelled, w.progress(t, bulk).Outcome, "it ends at once: no worker would answer")
}
