package pace_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/pacetest"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/words"
)

const ndisNumber = "430000017"

// world is an organisation that uses the PACE API, with one client.
type world struct {
	t            *testing.T
	store        *db.Store
	server       *temporaltest.Server
	checker      *checker
	service      *pace.Service
	organisation care.Organisation
	connection   care.Connection
	client       care.ID
	workflowID   string
	// reads counts the previews that were staged, in all runs.
	reads int
}

// checker answers as it is told.
type checker struct{ result check.Result }

func (c *checker) Check(context.Context, care.Connection) check.Result { return c.result }

func newWorld(t *testing.T) *world {
	t.Helper()
	store := testkit.Database(t)
	organisation, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	w := &world{t: t, store: store, server: temporaltest.New(), checker: &checker{}, organisation: organisation}
	queues := protocol.TaskQueues{Prefix: "test-"}
	w.service = pace.New(store, w.server, queues, syncs.New(store, w.server, queues), w.checker).Quickly()
	w.connection = pacetest.Connection(t, store, organisation, "ndia")
	_, err = store.EnablePACE(t.Context(), organisation.ID, w.connection.ID, 0, "tests")
	require.NoError(t, err)
	w.client = pacetest.Participant(t, store, organisation, ndisNumber)
	w.workflowID = protocol.PaceContractSyncID(w.client)
	return w
}

func (w *world) request() pace.Request {
	return pace.Request{Organisation: w.organisation, Person: w.client, RequestedBy: "tests"}
}

// stage is what a worker does with a retrieve: it stages a preview.
func (w *world) stage(run string, read care.ContractRead, differences ...care.NamedChange) care.Preview {
	w.t.Helper()
	w.reads++
	pacetest.Begin(w.t, w.store, w.organisation, w.client, care.ID(run))
	return pacetest.Stage(w.t, w.store, w.organisation, w.client, care.ID(run), w.reads, care.HeldContracts{}, read, differences...)
}

// answers lets each retrieve stage a preview of a read, and gives each create to the function.
func (w *world) answers(read care.ContractRead, create func(protocol.CreateRequest, string) (protocol.CreateAnswer, error)) {
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		if update.Name == protocol.Retrieve.Name {
			preview := w.stage(update.RunID, read)
			return protocol.RetrieveAnswer{RunID: care.ID(update.RunID), PreviewID: preview.ID, Outcome: care.AreaSucceeded}, nil
		}
		require.Equal(w.t, protocol.CreateUpdateID(update.Argument.(protocol.CreateRequest).PreviewID), update.ID, "a double click gets the first answer")
		require.Equal(w.t, strings.ToLower(update.ID), update.ID, "however the id was written")
		return create(update.Argument.(protocol.CreateRequest), update.RunID)
	}
}

func (w *world) ask(ctx context.Context, request pace.Request) (pace.PreviewResult, error) {
	return w.service.Begin(ctx, request).Wait(ctx)
}

func (w *world) retrieve() pace.PreviewResult {
	w.t.Helper()
	retrieved, err := w.ask(w.t.Context(), w.request())
	require.NoError(w.t, err)
	return retrieved
}

func (w *world) createRequest(preview care.Preview) pace.CreateRequest {
	return pace.CreateRequest{CreateRequest: preview.SelectAll(), Organisation: w.organisation, RequestedBy: "tests"}
}

func rejected(kind string, details ...any) error {
	return temporal.NewNonRetryableApplicationError("rejected", kind, nil, details...)
}

var consumables = pacetest.Read(pacetest.Budget("Consumables", "78000", "22.50"))

func TestRetrieveStartsASessionAndAnswersWithThePreview(t *testing.T) { // R22
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, nil)
	request := w.request()
	request.PlanStartDate = pacetest.Plan.StartDate
	retrieving := w.service.Begin(t.Context(), request)
	retrieved, err := retrieving.Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, retrieved.Outcome)
	require.Len(t, retrieved.Preview.Contents.Budgets, 1)
	require.Equal(t, retrieved.RunID, <-retrieving.Run())

	workflow := w.server.Workflow(w.workflowID)
	require.Equal(t, "test-ndia", workflow.Options.TaskQueue)
	input := workflow.Input.(protocol.PaceContractSyncInput)
	require.Equal(t, care.TriggerOnDemand, input.Trigger)
	require.False(t, input.Refresh, "someone looks")
	progress, err := read.From(w.store).RunProgress(t.Context(), w.organisation.ID, retrieved.RunID)
	require.NoError(t, err)
	require.Equal(t, "tests", progress.RequestedBy)
}

func TestTheRunIsKnownBeforeTheAnswerIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := make(chan struct{})
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		<-known
		return protocol.RetrieveAnswer{RunID: care.ID(update.RunID), Outcome: care.AreaRefused, Reason: care.ReasonNotFound}, nil
	}
	retrieving := w.service.Begin(t.Context(), w.request())
	run := <-retrieving.Run()
	progress, err := read.From(w.store).RunProgress(t.Context(), w.organisation.ID, run)
	require.NoError(t, err, "it can be followed")
	require.Equal(t, care.RunPACEContract, progress.Kind)
	close(known)
	retrieved, err := retrieving.Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, pace.PreviewResult{RunID: run, Outcome: care.AreaRefused, Reason: care.ReasonNotFound}, retrieved, "a refusal is an answer")
}

func TestSomeoneElsesClientIsNotAskedFor(t *testing.T) { // R11
	t.Parallel()
	w := newWorld(t)
	other, err := w.store.CreateOrganisation(t.Context(), "banksia", "Banksia", care.DefaultTimeZone)
	require.NoError(t, err)
	request := w.request()
	request.Organisation = other
	_, err = w.ask(t.Context(), request)
	require.ErrorIs(t, err, db.ErrNotFound)
	_, err = w.service.Refresh(t.Context(), pace.RefreshRequest{Organisation: other, Person: w.client, Trigger: care.TriggerBulk})
	require.ErrorIs(t, err, db.ErrNotFound)
	require.False(t, w.server.Known(w.workflowID), "nothing was started")
}

func TestABusyWorkflowIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, nil)
	free, asked := w.server.OnUpdate, 0
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		if asked++; asked < 4 {
			return nil, rejected(protocol.ErrorBusy)
		}
		return free(update)
	}
	require.NotNil(t, w.retrieve().Preview)
	require.Equal(t, 4, asked)
}

// A retrieval follows a refresh that is under way, whoever has left by then: the run that answers is its own, not the refresh's (R7).
func TestARetrievalFollowsARefreshWithoutItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, nil)
	refresh, err := w.service.Refresh(t.Context(), pace.RefreshRequest{
		Organisation: w.organisation, Person: w.client, Trigger: care.TriggerBulk, RequestedBy: "tests",
	})
	require.NoError(t, err)
	answer := w.server.OnUpdate
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		if update.RunID == string(refresh.RunID) {
			w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
			return nil, rejected(protocol.ErrorBusy)
		}
		return answer(update)
	}
	caller, leave := context.WithCancel(t.Context())
	job := w.service.BeginDetached(caller, t.Context(), w.request())
	leave()
	run, err := w.service.TakenUp(t.Context(), w.organisation, job)
	require.NoError(t, err)
	require.NotEqual(t, refresh.RunID, run)
	found, err := job.Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, run, found.RunID)
	require.NotNil(t, found.Preview)
}

func TestABusyWorkflowIsAskedAsLongAsTheCallerWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, leave := context.WithCancel(t.Context())
	var asked atomic.Int32
	w.server.OnUpdate = func(temporaltest.Update) (any, error) {
		if asked.Add(1) == 3 {
			leave()
		}
		return nil, rejected(protocol.ErrorBusy)
	}
	_, err := w.ask(ctx, w.request())
	require.ErrorIs(t, err, context.Canceled)
}

// A session that closes under the question has not answered it: a new one is asked.
func TestAWorkflowThatEndsUnderTheQuestionIsStartedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, nil)
	answer, first := w.server.OnUpdate, ""
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		if first == "" {
			first = update.RunID
			w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
			return nil, rejected("AcceptedUpdateCompletedWorkflow")
		}
		return answer(update)
	}
	require.NotEqual(t, care.ID(first), w.retrieve().RunID)
}

// A run that was refused before it came to the question has answered it (R21).
func TestARunThatWasRefusedAtOnceIsTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		pacetest.Begin(t, w.store, w.organisation, w.client, care.ID(update.RunID))
		pacetest.Finish(t, w.store, w.organisation, care.ID(update.RunID), care.Refused(care.ReasonPACEAPIAccessOff))
		w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
		return nil, serviceerror.NewNotFound("workflow execution already completed")
	}
	retrieved := w.retrieve()
	require.Equal(t, care.AreaRefused, retrieved.Outcome)
	require.Equal(t, care.ReasonPACEAPIAccessOff, retrieved.Reason)
}

func TestAWorkflowThatEndsEachTimeIsNotAskedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := 0
	w.server.OnUpdate = func(temporaltest.Update) (any, error) {
		asked++
		w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
		return nil, serviceerror.NewNotFound("workflow execution already completed")
	}
	_, err := w.ask(t.Context(), w.request())
	require.Error(t, err)
	require.Equal(t, 10, asked)
}

func TestTemporalBeingAwayIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Err = serviceerror.NewUnavailable("connection refused")
	_, err := w.ask(t.Context(), w.request())
	require.ErrorIs(t, err, syncs.ErrUnavailable)
	_, err = w.service.Refresh(t.Context(), pace.RefreshRequest{Organisation: w.organisation, Person: w.client, Trigger: care.TriggerBulk})
	require.ErrorIs(t, err, syncs.ErrUnavailable)
}

func TestCreateSendsWhatWasTicked(t *testing.T) { // R22
	t.Parallel()
	w := newWorld(t)
	var sent protocol.CreateRequest
	w.answers(consumables, func(request protocol.CreateRequest, run string) (protocol.CreateAnswer, error) {
		sent = request
		return protocol.CreateAnswer{RunID: care.ID(run), ContractID: db.NewID(), Outcome: care.AreaSucceeded}, nil
	})
	preview := w.retrieve().Preview.Contents.Preview
	request := w.createRequest(preview)
	request.AcceptRemovals = true
	created, err := w.service.Create(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, created.Outcome)
	require.NotEmpty(t, created.ContractID)
	require.Equal(t, protocol.CreateRequest{CreateRequest: request.CreateRequest, RequestedBy: "tests"}, sent)
}

// A preview that no longer waits is not asked for; what became of it is the answer.
func TestCreateOfAPreviewThatNoLongerWaits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(w *world, retrieved pace.PreviewResult)
		reason care.Reason
	}{
		"replaced": {func(w *world, _ pace.PreviewResult) { w.retrieve() }, care.ReasonPreviewReplaced},
		"expired": {func(w *world, retrieved pace.PreviewResult) {
			pacetest.Finish(w.t, w.store, w.organisation, retrieved.RunID, care.Expired())
		}, care.ReasonPreviewExpired},
		"cancelled": {func(w *world, retrieved pace.PreviewResult) {
			pacetest.Finish(w.t, w.store, w.organisation, retrieved.RunID, care.Cancelled())
		}, care.ReasonCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answers(consumables, func(protocol.CreateRequest, string) (protocol.CreateAnswer, error) {
				return protocol.CreateAnswer{}, errors.New("it was asked")
			})
			retrieved := w.retrieve()
			test.end(w, retrieved)
			_, err := w.service.Create(t.Context(), w.createRequest(retrieved.Preview.Contents.Preview))
			var refused *pace.NotAdmitted
			require.ErrorAs(t, err, &refused)
			require.Equal(t, test.reason, refused.Reason)
			require.NotEmpty(t, refused.Explain())
		})
	}
}

func TestCreateThatIsNotAdmitted(t *testing.T) { // R22
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, func(protocol.CreateRequest, string) (protocol.CreateAnswer, error) {
		return protocol.CreateAnswer{}, rejected(protocol.ErrorNotAdmitted, care.ReasonSelectionEmpty)
	})
	_, err := w.service.Create(t.Context(), w.createRequest(w.retrieve().Preview.Contents.Preview))
	var refused *pace.NotAdmitted
	require.ErrorAs(t, err, &refused)
	require.Equal(t, care.ReasonSelectionEmpty, refused.Reason)
}

func TestCreateWaitsWhileTheWorkflowIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := 0
	w.answers(consumables, func(_ protocol.CreateRequest, run string) (protocol.CreateAnswer, error) {
		if asked++; asked < 3 {
			return protocol.CreateAnswer{}, rejected(protocol.ErrorBusy)
		}
		return protocol.CreateAnswer{RunID: care.ID(run), ContractID: db.NewID(), Outcome: care.AreaSucceeded}, nil
	})
	created, err := w.service.Create(t.Context(), w.createRequest(w.retrieve().Preview.Contents.Preview))
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, created.Outcome)
}

func TestCreateThatFindsSomethingElseAnswersWithTheNextPreview(t *testing.T) { // R22
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, func(_ protocol.CreateRequest, run string) (protocol.CreateAnswer, error) {
		spent := "30.00"
		next := w.stage(run, pacetest.Read(pacetest.Budget("Consumables", "78000", spent)), care.NamedChange{
			Subject: "Consumables", Change: care.Change{Action: care.ActionUpdated, Field: "spent", New: &spent},
		})
		return protocol.CreateAnswer{RunID: care.ID(run), Outcome: care.AreaRefused, Reason: care.ReasonPreviewDiffers, NextPreviewID: next.ID}, nil
	})
	created, err := w.service.Create(t.Context(), w.createRequest(w.retrieve().Preview.Contents.Preview))
	require.NoError(t, err)
	require.Equal(t, care.ReasonPreviewDiffers, created.Reason)
	require.Empty(t, created.ContractID)
	require.Equal(t, db.PreviewWaiting, created.Next.State)
	require.Equal(t, "Consumables: spent changed from not provided to 30.00.", words.Change(created.Next.Contents.Differences[0]))
}

func TestCreateWhoseWorkflowIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, nil)
	retrieved := w.retrieve()
	w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
	_, err := w.service.Create(t.Context(), w.createRequest(retrieved.Preview.Contents.Preview))
	require.ErrorIs(t, err, syncs.ErrAbandoned, "an operator terminated it")

	w.answers(consumables, func(protocol.CreateRequest, string) (protocol.CreateAnswer, error) {
		w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = false })
		pacetest.Finish(t, w.store, w.organisation, retrieved.RunID, care.Expired())
		return protocol.CreateAnswer{}, serviceerror.NewNotFound("workflow execution already completed")
	})
	w.server.Change(w.workflowID, func(workflow *temporaltest.Workflow) { workflow.Running = true })
	_, err = w.service.Create(t.Context(), w.createRequest(retrieved.Preview.Contents.Preview))
	var refused *pace.NotAdmitted
	require.ErrorAs(t, err, &refused)
	require.Equal(t, care.ReasonPreviewExpired, refused.Reason, "it expired at that moment")
}

func TestCreateOfAnotherOrganisationsPreview(t *testing.T) { // R11
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, nil)
	request := w.createRequest(w.retrieve().Preview.Contents.Preview)
	other, err := w.store.CreateOrganisation(t.Context(), "banksia", "Banksia", care.DefaultTimeZone)
	require.NoError(t, err)
	request.Organisation = other
	_, err = w.service.Create(t.Context(), request)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestAllCreatesWhatWasRetrieved(t *testing.T) { // R22
	t.Parallel()
	w := newWorld(t)
	contract := db.NewID()
	w.answers(consumables, func(request protocol.CreateRequest, run string) (protocol.CreateAnswer, error) {
		require.Len(t, request.Selection, 1)
		require.True(t, request.AcceptOverlaps)
		require.False(t, request.AcceptRemovals, "no one said so")
		return protocol.CreateAnswer{RunID: care.ID(run), ContractID: contract, Outcome: care.AreaSucceeded}, nil
	})
	request := w.request()
	request.All, request.AcceptOverlaps = true, true
	retrieved, err := w.ask(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, contract, retrieved.Created.ContractID)
	require.Equal(t, db.PreviewCreated, retrieved.Preview.State)
}

func TestAllThatIsNotAdmittedLeavesThePreview(t *testing.T) { // R24
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, func(protocol.CreateRequest, string) (protocol.CreateAnswer, error) {
		return protocol.CreateAnswer{}, rejected(protocol.ErrorNotAdmitted, care.ReasonOverlapUnconfirmed)
	})
	request := w.request()
	request.All = true
	retrieved, err := w.ask(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, care.ReasonOverlapUnconfirmed, retrieved.Created.Reason)
	require.Equal(t, db.PreviewWaiting, retrieved.Preview.State)
}

func TestRefreshIsUnattended(t *testing.T) { // R31
	t.Parallel()
	w := newWorld(t)
	request := pace.RefreshRequest{Organisation: w.organisation, Person: w.client, Trigger: care.TriggerBulk, RequestedBy: "tests"}
	started, err := w.service.Refresh(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, syncs.StartResult{RunID: started.RunID}, started)
	require.True(t, w.server.Workflow(w.workflowID).Input.(protocol.PaceContractSyncInput).Refresh)

	again, err := w.service.Refresh(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, syncs.StartResult{RunID: started.RunID, Joined: true, AnotherPass: true}, again)
	require.Equal(t, []any{protocol.RefreshRequest{Trigger: care.TriggerBulk, RequestedBy: "tests"}}, w.server.Workflow(w.workflowID).Signals)
}

func notification(number string) db.Notification {
	return db.Notification{Event: "BUDGET_UPDATED", Digest: make([]byte, 32), NDISNumber: number}
}

func TestANotificationCausesARefresh(t *testing.T) { // R31
	t.Parallel()
	w := newWorld(t)
	noted, err := w.service.Notify(t.Context(), w.organisation, notification(ndisNumber))
	require.NoError(t, err)
	require.Equal(t, []db.NotificationResult{{PersonID: w.client, Refresh: true}}, noted)
	input := w.server.Workflow(w.workflowID).Input.(protocol.PaceContractSyncInput)
	require.Equal(t, care.TriggerNotification, input.Trigger)
	require.True(t, input.Refresh)

	noted, err = w.service.Notify(t.Context(), w.organisation, notification(ndisNumber))
	require.NoError(t, err)
	require.True(t, noted[0].Repeated)
	require.Len(t, w.server.Workflow(w.workflowID).Signals, 1, "two that are told alike may be about two changes")

	noted, err = w.service.Notify(t.Context(), w.organisation, notification(ndisNumber), notification("439999999"), notification(ndisNumber))
	require.NoError(t, err)
	require.Len(t, noted, 3)
	require.Len(t, w.server.Workflow(w.workflowID).Signals, 2, "what comes together causes one refresh of a person")
}

func TestAnIDMayBeWrittenInSeveralWays(t *testing.T) { // R7
	t.Parallel()
	w := newWorld(t)
	w.answers(consumables, func(_ protocol.CreateRequest, run string) (protocol.CreateAnswer, error) {
		return protocol.CreateAnswer{RunID: care.ID(run), ContractID: db.NewID(), Outcome: care.AreaSucceeded}, nil
	})
	request := w.request()
	request.Person = care.ID(strings.ToUpper(string(w.client)))
	retrieved, err := w.ask(t.Context(), request)
	require.NoError(t, err)
	require.True(t, w.server.Known(w.workflowID), "the workflow is the person's own")
	require.False(t, w.server.Known(protocol.PaceContractSyncID(request.Person)), "for one person at most one runs")

	create := w.createRequest(retrieved.Preview.Contents.Preview)
	create.PreviewID = care.ID(strings.ToUpper(string(create.PreviewID)))
	created, err := w.service.Create(t.Context(), create)
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, created.Outcome)

	_, err = w.service.Refresh(t.Context(), pace.RefreshRequest{Organisation: w.organisation, Person: request.Person, Trigger: care.TriggerBulk})
	require.NoError(t, err)
	require.False(t, w.server.Known(protocol.PaceContractSyncID(request.Person)))
}

func TestANotificationThatConcernsNoOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	noted, err := w.service.Notify(t.Context(), w.organisation, notification("439999999"))
	require.NoError(t, err)
	require.Equal(t, []db.NotificationResult{{}}, noted)
	_, err = w.store.DisablePACE(t.Context(), w.organisation.ID, "tests")
	require.NoError(t, err)
	noted, err = w.service.Notify(t.Context(), w.organisation, notification(ndisNumber))
	require.NoError(t, err)
	require.False(t, noted[0].Refresh, "a gate does not hold (R21)")
	require.False(t, w.server.Known(w.workflowID))
}

func TestEnableTestsTheConnectionFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.store.DisablePACE(t.Context(), w.organisation.ID, "tests")
	require.NoError(t, err)
	request := pace.EnableRequest{Organisation: w.organisation, BudgetCallsPerHour: 500, By: "tests"}

	w.checker.result = check.Result{Err: errors.New("no login"), Steps: []check.Step{{Name: "Log in at PRODA", Says: "PRODA does not know the device."}}}
	enabled, err := w.service.Enable(t.Context(), request)
	require.ErrorIs(t, err, pace.ErrCheckFailed)
	require.Len(t, enabled.Check.Steps, 1)
	settings, err := w.store.PACESettings(t.Context(), w.organisation.ID)
	require.NoError(t, err)
	require.False(t, settings.Enabled)

	w.checker.result = check.Result{}
	enabled, err = w.service.Enable(t.Context(), request)
	require.NoError(t, err)
	require.True(t, enabled.Settings.Enabled)
	require.Equal(t, 500, enabled.Settings.BudgetCallsPerHour)
	require.Equal(t, "ndia", enabled.Settings.Connection)
}

func TestWhichConnectionIsMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var invalid *care.InvalidError
	_, err := w.service.Connection(t.Context(), w.organisation, "no-such")
	require.ErrorAs(t, err, &invalid)
	found, err := w.service.Connection(t.Context(), w.organisation, "")
	require.NoError(t, err)
	require.Equal(t, "ndia", found.Name)

	other, err := w.store.CreateOrganisation(t.Context(), "banksia", "Banksia", care.DefaultTimeZone)
	require.NoError(t, err)
	_, err = w.service.Connection(t.Context(), other, "")
	require.ErrorAs(t, err, &invalid)
}

func TestBudgetsWithMoneyComeFirst(t *testing.T) {
	t.Parallel()
	unknown := pacetest.Budget("Relationships", "0", "0")
	unknown.Approved.Valid = false
	preview := care.Stage(db.NewID(), care.HeldContracts{}, pacetest.Read(
		pacetest.Budget("Transport", "0", "0"), pacetest.Budget("Consumables", "0", "3"), unknown, pacetest.Budget("Home and Living", "0", "0"),
		pacetest.Budget("Choice and Control", "1500", "0"),
	), time.Now(), db.NewID)
	var order []string
	for _, budget := range pace.InOrder(preview.Budgets) {
		order = append(order, budget.Category)
	}
	require.Equal(t, []string{"Consumables", "Relationships", "Choice and Control", "Transport", "Home and Living"}, order)
}

func TestAPreviewThatIsReplacedAtOnceIsNoPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		first := w.stage(update.RunID, consumables)
		w.stage(update.RunID, consumables)
		return protocol.RetrieveAnswer{RunID: care.ID(update.RunID), PreviewID: first.ID, Outcome: care.AreaSucceeded}, nil
	}
	retrieved := w.retrieve()
	require.Nil(t, retrieved.Preview)
	require.Equal(t, care.ReasonPreviewReplaced, retrieved.Reason)
}
