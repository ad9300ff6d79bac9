package hosting_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// Create, refresh and sync are pressed again and again over HTTP while the worker is killed and started again. Each press has an answer, none of
// them an error; there is one contract, each run that an answer names comes to its end, and what the last press is about is there in the end (R7,
// R22).
func TestEveryPressIsAnsweredWhileWorkersDie(t *testing.T) {
	b := newButtons(t)
	created := b.preview("fresh-plan")
	b.create(b.preview("changed-manager"))
	refreshed := b.world.RequestFor(t, "changed-manager")

	require.NoError(t, b.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 100 * time.Millisecond}))
	pressing, stopPressing := context.WithCancel(t.Context())
	defer stopPressing()
	var people sync.WaitGroup
	for range 10 {
		people.Go(func() { b.create(created) })
	}
	pressAgainAndAgain := func(path string) {
		for range 2 {
			people.Go(func() {
				for pressing.Err() == nil && !t.Failed() {
					b.start(path)
				}
			})
		}
	}
	pressAgainAndAgain(refreshOf(refreshed))
	waitForCall(t, b.world, budgetCall)
	b.replaceWorker()
	for _, key := range []string{"several-open", "level-change"} {
		b.world.ResetCalls()
		pressAgainAndAgain(syncOf(b.world.Request(t, key)))
		waitForCall(t, b.world, "care-recipient-summary")
		b.replaceWorker()
	}
	stopPressing()
	people.Wait()

	require.NoError(t, b.world.World.MoveParticipant("changed-manager", world.PlanMove{
		Name: world.Spend, Category: "14", Amount: decimal.RequireFromString("27.31"), Silent: true,
	}))
	b.start(refreshOf(refreshed))
	b.world.Faults.Clear()
	b.requireAllSucceeded()
	b.requireOneContract("fresh-plan")
	b.requireOneContract("changed-manager")
	held, err := b.world.Store.HeldContracts(t.Context(), refreshed.OrganisationID, refreshed.PersonID)
	require.NoError(t, err)
	for _, budget := range held.Budgets {
		if budget.CategoryNumber == 14 {
			require.Equal(t, "700.00", budget.Spent.Decimal.StringFixed(2), "the last press is not lost")
		}
	}
	requireNewest(t, b.world)
}

// buttons are the HTTP API as its own program, with a worker program behind it.
type buttons struct {
	t           *testing.T
	world       *testkit.World
	worker      *testkit.Process
	environment []string
	url, token  string

	mu sync.Mutex
	// runs are those that answers named.
	runs map[care.ID]bool
}

// previewed is a preview as whoever presses Create has it before them.
type previewed struct{ path, body string }

func newButtons(t *testing.T) *buttons {
	t.Helper()
	b := &buttons{t: t, world: testkit.NewWorld(t, world.Options{}), runs: map[care.ID]bool{}}
	queues := testkit.NewTemporal(t).Queues
	b.environment = []string{"DATABASE_URL=" + b.world.DatabaseURL, "CARESYNC_TASK_QUEUE_PREFIX=" + queues.Prefix}
	_, secret, err := b.world.Store.CreateAPIToken(t.Context(), b.world.RequestFor(t, "fresh-plan").OrganisationID, "tests")
	require.NoError(t, err)
	address := testkit.FreeAddress(t)
	b.url, b.token = "http://"+address, secret
	startProgram(t, "caresync", append(b.environment, "CARESYNC_LISTEN="+address), "serve")
	b.startWorker()
	return b
}

// replaceWorker kills the worker in the middle of what it does, and starts another.
func (b *buttons) replaceWorker() {
	b.worker.Kill()
	b.startWorker()
}

func (b *buttons) startWorker() { b.worker = startProgram(b.t, "caresync-worker", b.environment) }

// post presses a button: any answer but success fails the test. It may be called by several goroutines.
func (b *buttons) post(path, body string, into any) (status int) {
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	if !assert.NoError(b.t, err) {
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+b.token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if !assert.NoError(b.t, err, "the press has no answer") {
		return 0
	}
	defer answer.Body.Close()
	assert.Less(b.t, answer.StatusCode, http.StatusBadRequest, path)
	assert.NoError(b.t, json.NewDecoder(answer.Body).Decode(into))
	return answer.StatusCode
}

// preview retrieves a participant's plan.
func (b *buttons) preview(key string) previewed {
	b.t.Helper()
	var retrieved struct {
		Retrieval struct {
			ID      care.ID `json:"id"`
			Preview struct {
				Hash    string `json:"hash"`
				Budgets []struct {
					ID care.ID `json:"id"`
				} `json:"budgets"`
			} `json:"contents"`
		} `json:"preview"`
	}
	person := b.world.RequestFor(b.t, key).PersonID
	require.Equal(b.t, http.StatusOK, b.post("/v1/people/"+string(person)+"/pace-previews", `{"wait":60}`, &retrieved))
	selection := []care.ID{}
	for _, budget := range retrieved.Retrieval.Preview.Budgets {
		selection = append(selection, budget.ID)
	}
	body, err := json.Marshal(map[string]any{"hash": retrieved.Retrieval.Preview.Hash, "selection": selection})
	require.NoError(b.t, err)
	return previewed{path: "/v1/pace-previews/" + string(retrieved.Retrieval.ID) + "/create", body: string(body)}
}

// create presses Create, and again where the answer is to ask again.
func (b *buttons) create(preview previewed) {
	var created struct {
		ContractID *care.ID `json:"contract_id"`
	}
	status := http.StatusAccepted
	for status == http.StatusAccepted {
		status = b.post(preview.path, preview.body, &created)
	}
	assert.Equal(b.t, http.StatusCreated, status)
	assert.NotNil(b.t, created.ContractID)
}

func refreshOf(request care.Request) string {
	return "/v1/people/" + string(request.PersonID) + "/pace-refreshes"
}

func syncOf(request care.Request) string {
	return "/v1/people/" + string(request.PersonID) + "/syncs"
}

// start presses a button that starts a run or joins one, and looks at it for a second.
func (b *buttons) start(path string) {
	var started struct {
		Run struct {
			ID care.ID `json:"id"`
		} `json:"run"`
	}
	b.post(path, `{"wait":1}`, &started)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs[started.Run.ID] = true
}

// requireAllSucceeded waits for the end of every run that an answer named, and of those that follow them.
func (b *buttons) requireAllSucceeded() {
	b.t.Helper()
	sql := testkit.OpenSQL(b.t, b.world.DatabaseURL)
	require.Eventually(b.t, func() bool {
		return testkit.Value[int](b.t, sql, "SELECT count(*)::int FROM sync_run WHERE outcome IS NULL") == 0
	}, 2*time.Minute, 20*time.Millisecond, "a run does not end")
	for run := range b.runs {
		require.Contains(b.t, []care.RunOutcome{care.RunSucceeded, care.RunSucceededWithWarnings},
			testkit.Value[care.RunOutcome](b.t, sql, "SELECT outcome FROM sync_run WHERE id = $1", run))
	}
}

func (b *buttons) requireOneContract(key string) {
	b.t.Helper()
	request := b.world.RequestFor(b.t, key)
	held, err := b.world.Store.HeldContracts(b.t.Context(), request.OrganisationID, request.PersonID)
	require.NoError(b.t, err)
	require.Len(b.t, held.Contracts, 1, key)
	require.Len(b.t, held.Budgets, 21, key)
}
