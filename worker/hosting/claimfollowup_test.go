package hosting_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	simulated "github.com/caresync/caresync/simulator/claims"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/testkit"
)

// strangerID is a care recipient id that no simulated person has.
const strangerID = "499999999"

// claimService is the claim service of one organisation.
type claimService struct {
	world        *testkit.World
	temporal     *testkit.Temporal
	client       *claims.Client
	organisation care.ID
	events       int
}

func newClaimService(w *testkit.World, temporal *testkit.Temporal, organisation care.ID) *claimService {
	return &claimService{
		world: w, temporal: temporal, organisation: organisation,
		client: claims.NewClient(temporal, claims.Options{TaskQueuePrefix: temporal.Queues.Prefix}),
	}
}

// newClaimWorld is a world with a worker for it, and the claim service of the organisation that holds the person.
func newClaimWorld(t *testing.T) (*testkit.World, *claimService) {
	t.Helper()
	w := testkit.NewWorld(t, world.Options{})
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	return w, newClaimService(w, temporal, w.Request(t, person).OrganisationID)
}

// colleagues are a number of people of one organisation, including the person.
func colleagues(t *testing.T, w *testkit.World, number int) []string {
	t.Helper()
	keys := []string{person}
	for _, key := range everyone(w) {
		held := w.Request(t, key).OrganisationID == w.Request(t, person).OrganisationID
		if held && key != person && len(keys) < number {
			keys = append(keys, key)
		}
	}
	require.Len(t, keys, number)
	return keys
}

// careRecipientIDs are those of people by key, as their provider's records have them.
func careRecipientIDs(t *testing.T, w *testkit.World, keys ...string) (ids []string) {
	t.Helper()
	for _, key := range keys {
		found, known := w.World.Find(key)
		require.True(t, known, key)
		ids = append(ids, found.HeldCareRecipientID)
	}
	return ids
}

func (s *claimService) event(claimID string, status claims.Status, people ...string) claims.Event {
	s.events++
	return claims.Event{
		EventID: fmt.Sprint("event-", s.events), ClaimID: claimID, OrganisationID: s.organisation, Status: status,
		CareRecipientIDs: people, OccurredAt: time.Now(),
	}
}

func (s *claimService) tell(t *testing.T, events ...claims.Event) {
	t.Helper()
	for _, event := range events {
		require.NoError(t, s.client.StatusChanged(t.Context(), event))
	}
}

// followedUp waits until a claim has come to its end and the syncs that it caused have ended.
func (s *claimService) followedUp(t *testing.T, claimID string) (protocol.ClaimProgress, read.Claim) {
	t.Helper()
	waiting, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var progress protocol.ClaimProgress
	require.NoError(t, s.temporal.GetWorkflow(waiting, protocol.ClaimFollowUpID(s.organisation, claimID), "").Get(waiting, &progress))
	view, err := read.From(s.world.Store).Claim(waiting, s.organisation, claimID)
	require.NoError(t, err)
	for _, caused := range view.Syncs {
		_ = s.temporal.GetWorkflow(waiting, protocol.CareRecipientSyncID(caused.PersonID), "").Get(waiting, nil) // whatever it came to
	}
	view, err = read.From(s.world.Store).Claim(waiting, s.organisation, claimID)
	require.NoError(t, err)
	return progress, view
}

// runs are an organisation's runs.
func (s *claimService) runs(t *testing.T) []read.RunSummary {
	t.Helper()
	runs, more, err := read.From(s.world.Store).Runs(t.Context(), s.organisation, read.RunFilter{Most: read.MostPerPage})
	require.NoError(t, err)
	require.False(t, more)
	return runs
}

// R20: a claim with a hundred lines for three people makes three syncs, each asked for by the claim.
func TestAClaimWithAHundredLinesMakesThreeSyncs(t *testing.T) {
	w, service := newClaimWorld(t)
	keys := colleagues(t, w, 3)
	ids := careRecipientIDs(t, w, keys...)
	var lines []string
	for line := range 100 {
		lines = append(lines, ids[line%3])
	}
	service.tell(t, service.event("CL-1", claims.Submitted, lines...), service.event("CL-1", claims.Completed, lines...))
	progress, view := service.followedUp(t, "CL-1")
	require.Equal(t, protocol.ClaimProgress{ClaimID: view.ID, Status: claims.Completed, Events: 2, People: 3, Syncs: 3}, progress)

	runs := service.runs(t)
	require.Len(t, runs, 3)
	for _, run := range runs {
		require.Equal(t, care.TriggerClaim, run.Trigger)
		require.Equal(t, "claim "+string(view.ID), run.RequestedBy)
		require.True(t, slices.ContainsFunc(view.Syncs, func(one read.ClaimSync) bool {
			return *one.RunID == run.ID && one.PersonID == run.Person.ID && one.Outcome == run.Outcome && one.RequestedAt != nil
		}), "the claim shows its runs")
	}
}

// R7, R20: however many claims name one person while a pass runs, there is at most one more pass, and it has the newest data.
func TestAStormOfClaimEventsMakesOneMorePass(t *testing.T) {
	w, service := newClaimWorld(t)
	id := careRecipientIDs(t, w, person)[0]
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 10 * time.Minute}))
	service.tell(t, service.event("CL-0", claims.Completed, id))
	waitForCall(t, w, "budget-details")

	const storm = 25
	_, err := w.World.Move(person, world.Move{Name: world.Claim})
	require.NoError(t, err)
	for claim := range storm {
		claimID := fmt.Sprint("storm-", claim)
		service.tell(t, service.event(claimID, claims.Approved, id), service.event(claimID, claims.Completed, id))
	}
	for claim := range storm { // all of them have asked before the pass continues
		run := service.temporal.GetWorkflow(t.Context(), protocol.ClaimFollowUpID(service.organisation, fmt.Sprint("storm-", claim)), "")
		require.NoError(t, run.Get(t.Context(), nil))
	}
	w.Faults.Clear()
	for claim := range storm {
		_, view := service.followedUp(t, fmt.Sprint("storm-", claim))
		require.Len(t, view.Syncs, 2)
		require.Equal(t, *view.Syncs[0].RunID, *view.Syncs[1].RunID)
	}
	require.Len(t, service.runs(t), 2, "the first pass, and one more for all of them")
	records := testkit.Records(t, w.DatabaseURL)
	result := w.Sync(t, w.Steps(t, db.Options{}), person)
	require.Equal(t, care.RunSucceeded, result.Outcome)
	require.Equal(t, records, testkit.Records(t, w.DatabaseURL), "the last pass had the newest data")
}

// R20: events that come again, late, out of order, or after the end change nothing that stands, and cause nothing twice.
func TestRepeatedAndLateClaimEvents(t *testing.T) {
	w, service := newClaimWorld(t)
	id := careRecipientIDs(t, w, person)[0]
	submitted, approved := service.event("CL-1", claims.Submitted, id), service.event("CL-1", claims.Approved, id)
	completed := service.event("CL-1", claims.Completed, id)
	service.tell(t, approved, approved, submitted, completed, completed)
	_, view := service.followedUp(t, "CL-1")
	require.Equal(t, claims.Completed, view.Status)

	service.tell(t, approved, submitted, service.event("CL-1", claims.Cancelled, id))
	progress, view := service.followedUp(t, "CL-1")
	require.Equal(t, claims.Completed, view.Status)
	require.Zero(t, progress.Syncs)
	require.Len(t, view.Events, 4)
	require.Len(t, view.Syncs, 2)
	require.LessOrEqual(t, len(service.runs(t)), 2)
}

// R20: a cancelled claim causes nothing.
func TestACancelledClaimSyncsNoOne(t *testing.T) {
	w, service := newClaimWorld(t)
	id := careRecipientIDs(t, w, person)[0]
	service.tell(t, service.event("CL-1", claims.Pending, id), service.event("CL-1", claims.Cancelled, id))
	_, view := service.followedUp(t, "CL-1")
	require.Equal(t, claims.Cancelled, view.Status)
	require.Empty(t, view.Syncs)
	require.Empty(t, service.runs(t))
}

// R20: unknown people are reported and never created; the others are synced.
func TestUnknownPeopleOfAClaimAreReported(t *testing.T) {
	w, service := newClaimWorld(t)
	before := testkit.OpenSQL(t, w.DatabaseURL).Snapshot(t)["person"]
	service.tell(t, service.event("CL-1", claims.Completed, strangerID, careRecipientIDs(t, w, person)[0]))
	progress, view := service.followedUp(t, "CL-1")
	require.Equal(t, 1, progress.Unknown)
	require.Equal(t, 1, progress.Syncs)
	require.Equal(t, []string{strangerID}, view.Unknown)
	require.Len(t, service.runs(t), 1)
	require.Len(t, testkit.OpenSQL(t, w.DatabaseURL).Snapshot(t)["person"], len(before))
}

// An event that breaks the contract is told of and does no harm; its follow-up does not wait for ever.
func TestARefusedClaimEvent(t *testing.T) {
	w, service := newClaimWorld(t)
	event := service.event("CL-1", claims.Approved, careRecipientIDs(t, w, person)[0])
	send := func(input protocol.ClaimFollowUpInput, signal protocol.ClaimStatusEvent) protocol.ClaimProgress {
		options, _ := protocol.ClaimFollowUpStart(service.temporal.Queues, input.OrganisationID, input.ClaimID)
		run, err := service.temporal.SignalWithStartWorkflow(t.Context(), options.ID, protocol.ClaimStatusChanged.Name, signal,
			options, protocol.ClaimFollowUpWorkflow, input)
		require.NoError(t, err)
		var progress protocol.ClaimProgress
		require.NoError(t, run.Get(t.Context(), &progress))
		return progress
	}
	right := protocol.ClaimFollowUpInput{OrganisationID: service.organisation, ClaimID: "CL-1", TaskQueuePrefix: service.temporal.Queues.Prefix}
	misdirected, elsewhere, stranger := right, event, event
	misdirected.ClaimID = "CL-2"
	elsewhere.OrganisationID = db.NewID()
	stranger.CareRecipientIDs = []string{"Ada Wren"}
	for refusal, progress := range map[care.ClaimRefusal]protocol.ClaimProgress{
		care.RefusedVersion:     send(right, protocol.ClaimStatusEvent{Version: 2, ClaimEvent: event}),
		care.RefusedInvalid:     send(right, protocol.ClaimStatusEvent{Version: 1, ClaimEvent: stranger}),
		care.RefusedMisdirected: send(misdirected, protocol.ClaimStatusEvent{Version: 1, ClaimEvent: event}),
		care.RefusedOrganisation: send(protocol.ClaimFollowUpInput{OrganisationID: elsewhere.OrganisationID, ClaimID: "CL-1"},
			protocol.ClaimStatusEvent{Version: 1, ClaimEvent: elsewhere}),
	} {
		require.Equal(t, 1, progress.Refused)
		require.Equal(t, refusal, progress.LastRefusal)
		require.NotContains(t, progress.Problem, "Ada", "no values (R10)")
	}
	require.Empty(t, testkit.OpenSQL(t, w.DatabaseURL).Snapshot(t)["claim"])
}

// The whole way: the claim service's Check Status (Care Recipient Sync §Triggers), its webhook, the HTTP API, the follow-up, and the syncs, which bring in what
// the approval has drawn on the budgets.
func TestCheckStatusBringsInWhatWasClaimed(t *testing.T) {
	w, service := newClaimWorld(t)
	_, token, err := w.Store.CreateAPIToken(t.Context(), service.organisation, "claim service")
	require.NoError(t, err)
	served := httptest.NewServer(api.New(api.Options{Store: w.Store, Claims: service.client, Logger: zap.NewNop(), Stopping: t.Context()}))
	t.Cleanup(served.Close)
	require.NoError(t, w.Claims.Webhooks.SetWebhooks(webhook.Webhook{URL: served.URL + "/v1/claim-events", Token: token, Copies: 2}))

	claim, err := w.Claims.Submit(simulated.Request{People: []string{person}, Lines: 40, Strangers: []string{strangerID}})
	require.NoError(t, err)
	for claim.Status != simulated.Completed {
		claim, err = w.Claims.CheckStatus(claim.ID, false)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return w.Claims.Webhooks.Waiting() == 0 }, 2*time.Minute, 5*time.Millisecond)
	for _, delivery := range w.Claims.Webhooks.Deliveries() {
		require.Equal(t, http.StatusAccepted, delivery.Status)
	}
	_, view := service.followedUp(t, claim.ID)
	require.Equal(t, claims.Completed, view.Status)
	require.Equal(t, []string{strangerID}, view.Unknown)
	require.Len(t, view.Events, 4)
	require.Len(t, view.Syncs, 2, "one because it was approved, one because it was completed")
	require.Contains(t, strings.Join(testkit.Records(t, w.DatabaseURL)["usage_line"], "\n"), claim.Invoices[0])
}

// A worker that dies after it recorded an event and before it asked for the sync loses nothing: the next one asks, and one sync is made.
// What stands in Temporal's database meanwhile tells nothing of the claim's people (R10).
func TestAWorkerKilledBetweenRecordAndSignal(t *testing.T) {
	s := newSite(t)
	temporal := testkit.NewTemporal(t)
	temporal.Queues.Prefix = "" // those of the worker program
	service := newClaimService(s.world, temporal, s.world.Request(t, person).OrganisationID)
	sql := testkit.OpenSQL(t, s.stack.DatabaseURL)
	holdBeforeAsking(t, sql)
	gate, err := sql.Begin(t.Context())
	require.NoError(t, err)
	_, err = gate.Exec(t.Context(), "SELECT pg_advisory_xact_lock(42)")
	require.NoError(t, err)

	event := service.event("Claim of Wilhelmina", claims.Completed, careRecipientIDs(t, s.world, person)[0])
	service.tell(t, event)
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, sql, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") > 0
	}, 2*time.Minute, 20*time.Millisecond, "the worker is about to ask for the sync")
	s.worker.Kill()
	require.Equal(t, 1, testkit.Value[int](t, sql, "SELECT count(*) FROM claim_sync WHERE requested_at IS NULL"))
	require.Empty(t, service.runs(t))
	require.NoError(t, gate.Rollback(t.Context()))

	s.startWorker(t)
	progress, view := service.followedUp(t, event.ClaimID)
	require.Equal(t, 1, progress.Syncs)
	require.Len(t, view.Events, 1)
	require.NotNil(t, view.Syncs[0].RequestedAt)
	require.Equal(t, care.RunSucceeded, view.Syncs[0].Outcome)
	require.Len(t, service.runs(t), 1)
	secrets := append(secretsOf(s.world), event.ClaimID, event.EventID, `"care_recipient_ids"`)
	for _, databaseURL := range s.stack.TemporalDatabaseURLs(t) {
		requireWithout(t, databaseURL, secrets)
	}
}

// holdBeforeAsking lets whoever reads which syncs are due wait for an advisory lock.
func holdBeforeAsking(t *testing.T, sql testkit.SQL) {
	t.Helper()
	sql.Exec(t, `CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
		BEGIN
			IF current_query() LIKE '%name: DueClaimSyncs%' THEN PERFORM pg_advisory_xact_lock(42); END IF;
			RETURN true;
		END $$`)
	sql.Exec(t, "ALTER TABLE claim_sync RENAME TO gated_claim_sync")
	sql.Exec(t, "CREATE VIEW claim_sync AS SELECT * FROM gated_claim_sync WHERE gate()")
}

// resetToBeginning resets a workflow to before its first step, as an operator does.
func resetToBeginning(t *testing.T, temporal *testkit.Temporal, workflowID string) {
	t.Helper()
	described, err := temporal.DescribeWorkflowExecution(t.Context(), workflowID, "")
	require.NoError(t, err)
	_, err = temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: "caresync", WorkflowExecution: &commonpb.WorkflowExecution{
			WorkflowId: workflowID, RunId: described.GetWorkflowExecutionInfo().GetExecution().GetRunId(),
		},
		Reason: "test", WorkflowTaskFinishEventId: firstTaskCompleted(t, temporal, workflowID), RequestId: string(db.NewID()),
	})
	require.NoError(t, err)
}

// answered reports whether a run has started after a claim's event and has ended.
func (s *claimService) answered(t *testing.T, claimID string) bool {
	t.Helper()
	view, err := read.From(s.world.Store).Claim(t.Context(), s.organisation, claimID)
	require.NoError(t, err)
	return len(view.Syncs) == 1 && view.Syncs[0].RunID != nil && view.Syncs[0].Outcome != ""
}

// R7, R20: a reset brings a claim's request that arrived while the pass ran to the pass's beginning, where it was once taken for answered by
// what had been read before.
func TestAResetOfAPersonsSyncLosesNoClaim(t *testing.T) {
	w, service := newClaimWorld(t)
	id := careRecipientIDs(t, w, person)[0]
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 10 * time.Minute}))
	service.tell(t, service.event("CL-1", claims.Completed, id))
	waitForCall(t, w, "budget-details")
	service.tell(t, service.event("CL-2", claims.Completed, id))
	followUp := service.temporal.GetWorkflow(t.Context(), protocol.ClaimFollowUpID(service.organisation, "CL-2"), "")
	require.NoError(t, followUp.Get(t.Context(), nil))
	resetToBeginning(t, service.temporal, protocol.CareRecipientSyncID(w.Request(t, person).PersonID))
	w.Faults.Clear()
	require.Eventually(t, func() bool { return service.answered(t, "CL-2") }, time.Minute, 50*time.Millisecond)
}

// R20: a claim's request that was lost with the workflow it had been sent to is made again.
func TestAClaimsSyncThatWasLostIsAskedForAgain(t *testing.T) {
	w, service := newClaimWorld(t)
	id := careRecipientIDs(t, w, person)[0]
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 10 * time.Minute}))
	service.tell(t, service.event("CL-1", claims.Completed, id))
	waitForCall(t, w, "budget-details")
	service.tell(t, service.event("CL-2", claims.Completed, id))
	followUp := service.temporal.GetWorkflow(t.Context(), protocol.ClaimFollowUpID(service.organisation, "CL-2"), "")
	require.NoError(t, followUp.Get(t.Context(), nil))
	syncID := protocol.CareRecipientSyncID(w.Request(t, person).PersonID)
	require.NoError(t, service.temporal.TerminateWorkflow(t.Context(), syncID, "", "a test"))
	w.Faults.Clear()
	sql := testkit.OpenSQL(t, w.DatabaseURL)
	sql.Exec(t, "UPDATE claim_sync SET caused_at = caused_at - interval '1 hour'")
	sql.Exec(t, "UPDATE sync_run SET started_at = started_at - interval '1 hour', requested_at = requested_at - interval '1 hour'")
	reconcile := func() (closed protocol.Reconciled) {
		run, err := service.temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: service.temporal.Queues.CareSync()},
			protocol.ReconcileWorkflow, service.temporal.Queues.Prefix)
		require.NoError(t, err)
		require.NoError(t, run.Get(t.Context(), &closed))
		return closed
	}
	require.Equal(t, protocol.Reconciled{Runs: 1, ClaimSyncs: 1}, reconcile())
	require.Eventually(t, func() bool { return service.answered(t, "CL-2") }, time.Minute, 50*time.Millisecond)
	require.Zero(t, reconcile().ClaimSyncs, "it was answered")
}
