package activities_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	prodasim "github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
	"github.com/caresync/caresync/worker/hosting"
)

// passing are the faults after which the same step is tried again (R9), with the government's words where it has any.
var passing = []struct {
	fault faults.Fault
	kind  transport.Kind
	words string
	// delay is what the service asked for; at least so much where it gave a date.
	delay time.Duration
}{
	{faults.Fault{Kind: faults.TooManyRequests, RetryAfter: 40 * time.Second}, transport.RateLimited, "Rate limit exceeded", 40 * time.Second},
	{faults.Fault{Kind: faults.TooManyRequests}, transport.RateLimited, "Rate limit exceeded", 0},
	{faults.Fault{Kind: faults.Unavailable, RetryAfter: 40 * time.Second, RetryAfterDate: true}, transport.Unavailable, "Service is unavailable", 40 * time.Second},
	{faults.Fault{Kind: faults.InternalError}, transport.Unavailable, "Internal server error", 0},
	{faults.Fault{Kind: faults.BadGateway}, transport.Unavailable, "502 Bad Gateway", 0},
	{faults.Fault{Kind: faults.ConnectionReset}, transport.Connection, "", 0},
	{faults.Fault{Kind: faults.HTML}, transport.Unreadable, "", 0},
	{faults.Fault{Kind: faults.EmptyBody}, transport.Unreadable, "", 0},
	{faults.Fault{Kind: faults.TruncatedJSON}, transport.Unreadable, "", 0},
}

// A step that meets a passing fault writes nothing but a note for people who wait, and succeeds when it is retried (R9).
func TestPassingFaultsAreTriedAgain(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	for _, step := range areaSteps {
		for _, test := range passing {
			s.move(t, "marjorie", step.change())
			subject, budgets := s.run(t, s.steps, "marjorie"), s.openBudgets(t)
			before := s.sql.Snapshot(t)
			fault := test.fault
			fault.Operation = step.operation
			s.fault(t, fault)
			_, err := step.run(t.Context(), s.steps, subject, budgets)

			var failure *transport.Error
			require.ErrorAs(t, err, &failure, "%s: %s", step.area, fault.Kind)
			require.Equal(t, test.kind, failure.Kind)
			mapped := requireApplicationError(t, activities.ApplicationError(err), protocol.ErrorServiceUnavailable, true, failure.RetryAfter)
			require.GreaterOrEqual(t, mapped.NextRetryDelay(), test.delay)
			after := s.sql.Snapshot(t)
			require.Equal(t, before.Of(testkit.PlanTables...), after.Of(testkit.PlanTables...))
			for _, table := range []string{"person", "sync_run", "sync_step", "sync_issue", "record_change", "removal_hold", "area_fence", "usage_fence", "outbox"} {
				require.Equal(t, before[table], after[table], table)
			}
			s.requireNoted(t, subject.RunID, step.area, failure.Error(), test.words)
			s.endPushBack(t)

			s.Faults.Clear()
			answer, err := step.run(t.Context(), s.steps, subject, budgets)
			require.NoError(t, err)
			require.Equal(t, care.AreaSucceeded, answer.Outcome)
		}
		s.requireNewest(t, step)
	}
}

// requireNoted requires the note of a retry: the kind of problem in our words, and the government's own beside it (R10).
func (s *site) requireNoted(t *testing.T, run care.ID, area care.Area, problem, words string) {
	t.Helper()
	require.Equal(t, []string{problem}, testkit.Column[string](t, s.sql, "SELECT problem FROM sync_retry WHERE run_id = $1 AND area = $2", run, area))
	noted := testkit.Value[string](t, s.sql, "SELECT words FROM sync_retry WHERE run_id = $1", run)
	require.Contains(t, noted, words)
	if words != "" {
		require.NotContains(t, problem, words, "the government's words stay in the run's rows (R10)")
	}
}

// A service that asks to be left alone is left alone by every process.
func TestPushBackHoldsForEveryProcess(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	s.fault(t, faults.Fault{Kind: faults.TooManyRequests, RetryAfter: time.Minute})
	require.Equal(t, care.ReasonServiceUnavailable, s.Sync(t, s.steps, "marjorie").Reason)
	s.Faults.Clear()
	s.ResetCalls()

	another := s.newProcess(t)
	subject := s.run(t, another.steps, "marjorie")
	impatient, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := another.steps.UpsertPlan(impatient, protocol.AreaInput{RunScope: subject})
	require.Error(t, err)
	require.Empty(t, s.calls())
	require.Greater(t, testkit.Value[float64](t, s.sql, "SELECT extract(epoch FROM theoretical_arrival - now())::float8 FROM upstream_allowance"), 30.0)
}

// A direct pass, which tries nothing again, ends partial or failed with the government's last words, and a later one heals it.
func TestAreasThatGaveUp(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	for _, step := range areaSteps {
		for _, change := range areaSteps {
			s.move(t, "marjorie", change.change())
		}
		s.fault(t, faults.Fault{Kind: faults.InternalError, Operation: step.operation})
		stored := s.lines(t, step.kinds)
		result := s.Sync(t, s.steps, "marjorie")

		require.Equal(t, care.ReasonServiceUnavailable, result.Reason)
		require.Equal(t, care.AreaFailed, result.Areas[step.area].Outcome)
		require.Equal(t, step.area == care.AreaSummary, result.TechnicalFailure(), "nothing could be saved: only then the workflow fails (R6)")
		require.Equal(t, stored, s.lines(t, step.kinds))
		require.Equal(t, outcomesOf(result), s.stepsOf(t, result.RunID))
		require.Equal(t, []issue{{string(step.area), "error", "service_unavailable", "Internal server error"}}, s.issues(t, result.RunID))

		s.Faults.Clear()
		require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
		s.requireNewest(t, step)
	}
}

// refusals are the faults that no retry helps against (R9).
var refusals = []struct {
	fault  faults.Fault
	areas  []care.Area
	reason care.Reason
	words  string
}{
	{faults.Fault{Kind: faults.Forbidden}, care.Areas, care.ReasonNotAuthorised, "The device is not authorised for this operation"},
	{faults.Fault{Kind: faults.ConsentWithdrawn}, []care.Area{care.AreaBudgets, care.AreaUsage}, care.ReasonConsentRefused, wordsNoConsent},
	{faults.Fault{Kind: faults.StrangersID}, []care.Area{care.AreaSummary, care.AreaContributions, care.AreaBudgets}, care.ReasonIdentityMismatch, ""},
	{faults.Fault{Kind: faults.HugeBody, Megabytes: 17}, []care.Area{care.AreaUsage}, care.ReasonUnusableAnswer, ""},
}

// A refused area keeps what we hold, says why in its and the government's words, and heals with the next good answer.
func TestRefusedAreasKeepWhatWeHold(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	for _, step := range areaSteps {
		for _, test := range refusals {
			if !slices.Contains(test.areas, step.area) {
				continue
			}
			s.move(t, "marjorie", step.change())
			subject, budgets := s.run(t, s.steps, "marjorie"), s.openBudgets(t)
			before := s.sql.Snapshot(t)
			fault := test.fault
			fault.Operation = step.operation
			s.fault(t, fault)
			answer, err := step.run(t.Context(), s.steps, subject, budgets)
			require.NoError(t, err, "an answer, not an error")
			require.Equal(t, care.Refused(test.reason), care.AreaResult{Outcome: answer.Outcome, Reason: answer.Reason}, step.area)
			issues := s.issues(t, subject.RunID)
			require.Len(t, issues, max(1, answer.BudgetsRefused), "usage is refused by budget (R6)")
			require.Equal(t, []issue{{string(step.area), "error", string(test.reason), test.words}}, slices.Compact(issues))
			after := s.sql.Snapshot(t)
			for _, table := range append([]string{"person", "record_change", "removal_hold", "area_fence", "usage_fence", "outbox", "sync_retry"}, testkit.PlanTables...) {
				require.Equal(t, before[table], after[table], table)
			}
			s.Faults.Clear()
			require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
		}
	}
	s.requireAsUndisturbed(t, "marjorie")
}

// Someone else's row in a list is a mismatch, and the operator is shown both ids (R8).
func TestStrangersRowShowsBothIDs(t *testing.T) {
	s := newSite(t, people(marjorie))
	for _, step := range areaSteps[:3] {
		s.fault(t, faults.Fault{Kind: faults.StrangersID, Operation: step.operation})
		result := s.Sync(t, s.steps, "marjorie")
		require.Equal(t, care.ReasonIdentityMismatch, result.Reason)
		require.Equal(t, []string{`["care_recipient_id"]`, `"415056224"`, `"960501779"`}, testkit.Column[string](t, s.sql, `
			SELECT unnest(ARRAY[details -> 'fields', details -> 'held' -> 'care_recipient_id', details -> 'reported' -> 'care_recipient_id'])::text
			FROM sync_issue WHERE run_id = $1`, result.RunID), step.area)
	}
}

// No entry is a state to explain: budgets that we held are kept until someone looks (R5).
func TestEntryMissingForSomeoneWithBudgets(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	before := s.planRows(t)
	s.fault(t, faults.Fault{Kind: faults.EntryMissing, Operation: "budget-*"})
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.RunSucceededWithWarnings, result.Outcome)
	require.Equal(t, before.Of("budget", "entitlement", "usage_line"), s.planRows(t).Of("budget", "entitlement", "usage_line"))
	require.Contains(t, s.issues(t, result.RunID), issue{"budgets", "warning", string(care.IssueRemovalHeld), ""})
}

// A 401 costs one login and nothing else; a second one is a refusal.
func TestUnauthorised(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	s.ResetCalls()
	s.fault(t, faults.Fault{Kind: faults.Unauthorised, Operation: servicesaustralia.OperationSummary, Count: 1})
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
	require.Equal(t, 1, s.calls()[prodasim.OperationToken])
	require.Equal(t, 2, s.calls()[servicesaustralia.OperationSummary])

	s.fault(t, faults.Fault{Kind: faults.Unauthorised, Operation: servicesaustralia.OperationSummary})
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.ReasonNotAuthorised, result.Reason)
	require.False(t, result.TechnicalFailure())
}

// PRODA's coded errors are final; what is only not available now is tried again (R9).
func TestRefusedLogin(t *testing.T) {
	s := newSite(t, people(marjorie), server.WithPRODA(prodasim.Options{NoThrottle: true}))
	before := s.planRows(t)
	s.fault(t, faults.Fault{Kind: faults.ExpiredDevice})
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.RunFailed, result.Outcome)
	require.Equal(t, care.ReasonLoginRefused, result.Reason)
	require.False(t, result.TechnicalFailure())
	issues := s.issues(t, result.RunID)
	require.Len(t, issues, 1)
	require.Equal(t, "login_refused", issues[0].Code)
	require.Contains(t, strings.ToLower(issues[0].Words), "expired")
	require.Equal(t, before, s.planRows(t))

	for _, kind := range []faults.Kind{faults.TooManyRequests, faults.Unavailable, faults.InternalError, faults.ConnectionReset, faults.HTML} {
		s.fault(t, faults.Fault{Kind: kind, Operation: prodasim.OperationToken})
		subject := s.run(t, s.steps, "marjorie")
		_, err := s.steps.UpsertPlan(t.Context(), protocol.AreaInput{RunScope: subject})
		require.True(t, transport.IsKind(err, transport.LoginUnavailable), "%s: %v", kind, err)
		requireApplicationError(t, activities.ApplicationError(err), protocol.ErrorLoginUnavailable, true, 0)
	}
	s.Faults.Clear()
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
}

// A key that PRODA took just before the process died is found and used by the next one that needs a login.
func TestInterruptedKeyRenewal(t *testing.T) {
	s := newSite(t, people(marjorie), server.WithPRODA(prodasim.Options{NoThrottle: true}))
	s.Sync(t, s.steps, "marjorie")
	connections, err := s.Store.Connections(t.Context(), s.Request(t, "marjorie").OrganisationID)
	require.NoError(t, err)
	connection, keys := connections[0], s.Store.DeviceKeys()
	key, err := proda.NewKey()
	require.NoError(t, err)
	_, err = keys.StorePending(t.Context(), connection.ID, key)
	require.NoError(t, err)
	client := proda.NewClient(transport.NewClient(transport.Options{}), proda.Options{})
	_, err = client.RegisterKey(t.Context(), connection, proda.NewTokens(client, s.Store.ProdaTokens(), keys).For(connection), key)
	require.NoError(t, err)

	s.sql.Exec(t, "DELETE FROM upstream_token")
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.newProcess(t).steps, "marjorie").Outcome)
	active, err := keys.PrivateKey(t.Context(), connection.ID)
	require.NoError(t, err)
	require.True(t, active.Equal(key))
}

// A service that never answers ends in a time-out, and a cancelled step gives up at once.
func TestHangingService(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	s.fault(t, faults.Fault{Kind: faults.Hang, Operation: servicesaustralia.OperationSummary})
	store, err := db.Open(t.Context(), s.DatabaseURL, testkit.Keyring(), db.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	steps := hosting.Steps(store, transport.NewClient(transport.Options{Timeout: 50 * time.Millisecond}), nil)
	_, err = steps.UpsertPlan(t.Context(), protocol.AreaInput{RunScope: s.run(t, steps, "marjorie")})
	require.True(t, transport.IsKind(err, transport.Timeout), err)

	s.ResetCalls()
	before := s.planRows(t)
	subject := s.run(t, s.steps, "marjorie")
	cancelled, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.steps.UpsertPlan(cancelled, protocol.AreaInput{RunScope: subject})
		ended <- err
	}()
	require.Eventually(t, func() bool { return s.Counts()[servicesaustralia.OperationSummary].MostAtOnce == 1 }, 2*time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, activities.ApplicationError(<-ended), context.Canceled)
	require.Equal(t, before, s.planRows(t))
}
