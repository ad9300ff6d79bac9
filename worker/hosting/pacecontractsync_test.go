package hosting_test

import (
	"context"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

const budgetCall = "ndia-budget"

// participants are the NDIS participants of the built-in scenarios.
func participants(t *testing.T) world.Options {
	t.Helper()
	file, err := scenarios.FS.ReadFile("pace.yaml")
	require.NoError(t, err)
	return world.Options{Scenarios: fstest.MapFS{"pace.yaml": {Data: file}}}
}

// newPaceWorld is a world with a worker for it.
func newPaceWorld(t *testing.T) (*testkit.World, *testkit.Temporal) {
	t.Helper()
	w := testkit.NewWorld(t, participants(t))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{}))
	return w, temporal
}

// everything is the request of someone who agrees to a whole preview.
func everything(t *testing.T, store *db.Store, request care.Request, retrieval care.ID) care.CreateRequest {
	t.Helper()
	staged, err := store.Preview(t.Context(), request.OrganisationID, retrieval)
	require.NoError(t, err)
	require.NotNil(t, staged.Contents)
	return staged.Contents.SelectAll()
}

func outcomeOf(t *testing.T, run client.WorkflowRun) (result care.RunResult) {
	t.Helper()
	require.NoError(t, run.Get(t.Context(), &result))
	return result
}

func TestRetrieveLookCreate(t *testing.T) { // PACE guide, steps 4 to 7, R22
	w, temporal := newPaceWorld(t)
	request := w.RequestFor(t, "changed-manager")
	retrieved := temporal.Retrieve(t, request)
	require.Equal(t, care.AreaSucceeded, retrieved.Outcome)
	run := temporal.GetWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), "")

	created, err := temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, created.Outcome)
	result := outcomeOf(t, run)
	require.Equal(t, created.ContractID, result.ContractID)
	require.Equal(t, care.Count{Created: 1}, result.Counts[care.KindServiceContract])
	require.Equal(t, care.Count{Created: 21}, result.Counts[care.KindPlanBudget])
	require.Equal(t, care.Count{Created: 4}, result.Counts[care.KindDeliveredService])
	progress, err := read.From(w.Store).RunProgress(t.Context(), request.OrganisationID, retrieved.RunID)
	require.NoError(t, err)
	require.Equal(t, result.Outcome, progress.Outcome)
}

// A double click, two people at once, and programs that try again: one contract, and everyone has the same answer (R22, R24).
func TestCreatingAtTheSameInstant(t *testing.T) {
	w, temporal := newPaceWorld(t)
	request := w.RequestFor(t, "fresh-plan")
	retrieved := temporal.Retrieve(t, request)
	agreed := everything(t, w.Store, request, retrieved.PreviewID)
	answers := make([]protocol.CreateAnswer, 10)
	var clicks sync.WaitGroup
	for i := range answers {
		clicks.Go(func() {
			var err error
			if answers[i], err = temporal.Create(t.Context(), request.PersonID, agreed); err != nil {
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	for _, answer := range answers {
		require.Equal(t, answers[0], answer)
	}
	require.Equal(t, care.AreaSucceeded, answers[0].Outcome)
	held, err := w.Store.HeldContracts(t.Context(), request.OrganisationID, request.PersonID)
	require.NoError(t, err)
	require.Len(t, held.Contracts, 1)
	require.Len(t, held.Budgets, 21)
}

// A notification while someone looks at a preview causes one refresh after it was created (R22).
func TestANotificationDuringAnOpenPreview(t *testing.T) {
	w, temporal := newPaceWorld(t)
	request := w.RequestFor(t, "fresh-plan")
	retrieved := temporal.Retrieve(t, request)
	for range 3 {
		temporal.RequestRefresh(t, request)
	}
	_, err := temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		runs, _, err := read.From(w.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 10})
		require.NoError(t, err)
		return len(runs) == 2 && runs[0].Trigger == care.TriggerNotification && runs[0].Outcome == care.RunSucceeded
	}, 2*time.Minute, 20*time.Millisecond)
}

// A storm of notifications causes few refreshes, and the last of them has the newest figures (R31).
func TestAStormOfNotifications(t *testing.T) {
	w, temporal := newPaceWorld(t)
	request := w.RequestFor(t, "changed-manager")
	retrieved := temporal.Retrieve(t, request)
	_, err := temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
	require.NoError(t, err)
	require.NoError(t, temporal.GetWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), "").Get(t.Context(), nil))

	w.ResetCalls()
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: budgetCall, Count: 1, Delay: 2 * time.Minute}))
	first := temporal.RequestRefresh(t, request)
	waitForCall(t, w, budgetCall)
	require.NoError(t, w.World.MoveParticipant("changed-manager", world.PlanMove{
		Name: world.Spend, Category: "14", Amount: decimal.RequireFromString("27.31"), Silent: true,
	}))
	for range 25 {
		temporal.RequestRefresh(t, request)
	}
	w.Faults.Clear() // what hangs breaks off
	require.NoError(t, first.Get(t.Context(), nil))
	runs, _, err := read.From(w.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 10})
	require.NoError(t, err)
	require.Len(t, runs, 3, "the session, the refresh that was under way, and one more")
	held, err := w.Store.HeldContracts(t.Context(), request.OrganisationID, request.PersonID)
	require.NoError(t, err)
	for _, budget := range held.Budgets {
		if budget.CategoryNumber == 14 {
			require.Equal(t, "700.00", budget.Spent.Decimal.StringFixed(2))
		}
	}
}

// Cancelling a preview writes nothing, and the retrieval can no longer be read.
func TestCancellingAPreview(t *testing.T) {
	w, temporal := newPaceWorld(t)
	request := w.RequestFor(t, "fresh-plan")
	retrieved := temporal.Retrieve(t, request)
	run := temporal.GetWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), "")
	require.NoError(t, temporal.CancelWorkflow(t.Context(), run.GetID(), ""))
	require.Error(t, run.Get(t.Context(), nil))
	closed, err := w.Store.Preview(t.Context(), request.OrganisationID, retrieved.PreviewID)
	require.NoError(t, err)
	require.Equal(t, db.PreviewEnded, closed.State)
	require.Nil(t, closed.Contents)
	progress, err := read.From(w.Store).RunProgress(t.Context(), request.OrganisationID, retrieved.RunID)
	require.NoError(t, err)
	require.Equal(t, care.RunCancelled, progress.Outcome)
}

// A worker that dies between retrieve and create, or in the middle of create, costs nothing but time (R22, R26).
func TestAContractSurvivesTheDeathOfItsWorker(t *testing.T) {
	for part, die := range map[string]func(*testing.T, *site){
		"worker": func(t *testing.T, s *site) { s.worker.Kill(); s.startWorker(t) },
		"postgresql": func(t *testing.T, s *site) {
			s.stack.KillPostgres(t)
			s.stack.StartPostgres(t)
			s.stack.StartTemporal(t)
		},
	} {
		t.Run(part, func(t *testing.T) {
			s := newSiteOf(t, participants(t))
			temporal := testkit.NewTemporal(t)
			temporal.Queues.Prefix = ""
			request := s.world.RequestFor(t, "changed-manager")
			retrieved := temporal.Retrieve(t, request)
			run := temporal.GetWorkflow(t.Context(), protocol.PaceContractSyncID(request.PersonID), "")
			agreed := everything(t, s.world.Store, request, retrieved.PreviewID)
			die(t, s)

			s.world.ResetCalls()
			require.NoError(t, s.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 400 * time.Millisecond, Operation: budgetCall}))
			clicking, created := context.WithCancel(t.Context())
			clicks := make(chan struct{})
			go func() { // whoever clicks tries again where the server cannot be reached
				defer close(clicks)
				for clicking.Err() == nil {
					if _, err := temporal.Create(clicking, request.PersonID, agreed); err == nil {
						return
					}
				}
			}()
			waitForCall(t, s.world, budgetCall)
			die(t, s)
			require.Equal(t, care.RunSucceeded, outcomeOf(t, run).Outcome)
			created()
			<-clicks
			held, err := s.world.Store.HeldContracts(t.Context(), request.OrganisationID, request.PersonID)
			require.NoError(t, err)
			require.Len(t, held.Contracts, 1)
			require.Len(t, held.Budgets, 21)
			require.Len(t, held.DeliveredServices, 4)
		})
	}
}
