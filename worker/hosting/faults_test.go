package hosting_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

const person = "first-year"

// site is everything that a sync needs, in processes and servers that can be killed.
type site struct {
	world  *testkit.World
	stack  *testkit.Stack
	worker *testkit.Process
}

func newSite(t *testing.T) *site { return newSiteOf(t, world.Options{}) }

func newSiteOf(t *testing.T, people world.Options) *site {
	s := &site{world: testkit.NewWorldAlone(t, people), stack: testkit.NewStack(t)}
	t.Setenv("TEMPORAL_ADDRESS", s.stack.TemporalAddress)
	s.world.SetUp(t, s.stack.NewDatabase(t))
	s.startWorker(t)
	return s
}

// startWorker starts the program itself and waits until it is ready.
func (s *site) startWorker(t *testing.T) {
	t.Helper()
	s.worker = startProgram(t, "caresync-worker", []string{"DATABASE_URL=" + s.stack.DatabaseURL, "TEMPORAL_ADDRESS=" + s.stack.TemporalAddress})
}

// startProgram starts one of our programs in an environment and waits until it is ready.
func startProgram(t *testing.T, name string, environment []string, arguments ...string) *testkit.Process {
	t.Helper()
	health := testkit.FreeAddress(t)
	environment = append(slices.Clip(environment), "CARESYNC_KEYRING="+testkit.KeyringText, "CARESYNC_HEALTH_ADDRESS="+health)
	program := testkit.StartProcess(t, environment, testkit.Binary(t, name), arguments...)
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + health + "/readyz")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, 2*time.Minute, 20*time.Millisecond, "%s is not ready", name)
	return program
}

// A sync survives crashes, and its data is that of an undisturbed run.
func TestASyncSurvivesTheDeathOfAnyPart(t *testing.T) {
	undisturbed := testkit.NewWorld(t, world.Options{})
	require.Equal(t, care.RunSucceeded, undisturbed.Sync(t, undisturbed.Steps(t, db.Options{}), person).Outcome)
	want := onlyOf(testkit.Records(t, undisturbed.DatabaseURL))

	for part, die := range map[string]func(*testing.T, *site){
		"worker": func(t *testing.T, s *site) {
			s.worker.Kill()
			s.startWorker(t)
		},
		"temporal": func(t *testing.T, s *site) {
			s.stack.KillTemporal()
			s.stack.StartTemporal(t)
		},
		"postgresql": func(t *testing.T, s *site) {
			s.stack.KillPostgres(t)
			s.stack.StartPostgres(t)
			s.stack.StartTemporal(t)
		},
		"simulator": func(t *testing.T, s *site) {
			s.world.Break()
			s.world.Serve(t)
		},
	} {
		t.Run(part, func(t *testing.T) {
			s := newSite(t)
			temporal := testkit.NewTemporal(t)
			temporal.Queues.Prefix = "" // those of the worker program
			require.NoError(t, s.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 400 * time.Millisecond}))
			run := temporal.Start(t, s.world.Request(t, person))
			waitForCall(t, s.world, "budget-care-recipient")

			die(t, s)
			s.world.Faults.Clear()
			var result care.RunResult
			waiting, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			require.NoError(t, temporal.GetWorkflow(waiting, run.GetID(), run.GetRunID()).Get(waiting, &result))
			require.Equal(t, care.RunSucceeded, result.Outcome)
			require.Equal(t, want, onlyOf(testkit.Records(t, s.stack.DatabaseURL)))
		})
	}
}

// onlyOf leaves out the register of people, which the import wrote.
func onlyOf(records map[string][]string) map[string][]string {
	delete(records, "person")
	return records
}

// A worker that is told to stop finishes what it has in hand.
func TestAStoppingWorkerFinishesItsStep(t *testing.T) {
	s := newSite(t)
	temporal := testkit.NewTemporal(t)
	temporal.Queues.Prefix = ""
	require.NoError(t, s.world.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: 500 * time.Millisecond}))
	run := temporal.Start(t, s.world.Request(t, person))
	waitForCall(t, s.world, "care-recipient-summary")
	require.Zero(t, s.worker.Stop(t))
	require.Len(t, testkit.Records(t, s.stack.DatabaseURL)["plan"], 1, "the summary's step was finished")

	s.startWorker(t)
	var result care.RunResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, care.RunSucceeded, result.Outcome)
	require.Equal(t, 1, s.world.Counts()["care-recipient-summary"].Calls, "nothing was asked twice")
}
