package activities_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// once syncs someone with a pass that writes once.
func (s *site) once(t *testing.T, key string) care.RunResult {
	t.Helper()
	result, err := s.steps.SyncOnce(t.Context(), db.NewID(), s.Request(t, key))
	require.NoError(t, err)
	return result
}

// said is what runs have said, and what has changed, without our ids and times.
func said(t *testing.T, sql testkit.SQL) map[string][]string {
	t.Helper()
	return map[string][]string{
		"runs":    testkit.Column[string](t, sql, "SELECT jsonb_build_array(outcome, reason, warnings, counts)::text FROM sync_run ORDER BY requested_at, 1"),
		"areas":   testkit.Column[string](t, sql, "SELECT jsonb_build_array(area, chunk, outcome, reason, answer - 'open_budgets')::text FROM area_answer ORDER BY 1"),
		"issues":  testkit.Column[string](t, sql, "SELECT jsonb_build_array(area, severity, code, words, kind, about, details)::text FROM sync_issue ORDER BY 1"),
		"changes": testkit.Column[string](t, sql, "SELECT jsonb_build_array(kind, action, field, old_value, new_value)::text FROM record_change WHERE field NOT LIKE '%\\_id' ORDER BY 1"),
		"holds":   testkit.Column[string](t, sql, "SELECT jsonb_build_array(kind, records, closed_at IS NULL)::text FROM removal_hold ORDER BY 1"),
		"fences":  testkit.Column[string](t, sql, "SELECT area || count(*) FROM area_fence GROUP BY area ORDER BY 1"),
		"usage":   testkit.Column[string](t, sql, "SELECT count(*)::text FROM usage_fence"),
		"refused": testkit.Column[string](t, sql, "SELECT reason FROM usage_refusal ORDER BY 1"),
		"topics":  testkit.Column[string](t, sql, "SELECT topic FROM outbox WHERE topic LIKE '%.changed' ORDER BY 1"),
	}
}

// Everyone of the built-in scenarios, first, unchanged, and after something happened to them: a pass that writes once leaves the rows that steps leave.
func TestAPassWritesTheSameRowsAsItsSteps(t *testing.T) {
	apart := newSite(t, world.Options{})
	once := apart.beside(t, world.Options{})
	compare := func(round string) {
		t.Helper()
		for _, key := range apart.everyone() {
			expected, got := apart.Sync(t, apart.steps, key), once.once(t, key)
			got.RunID, got.PlanID, expected.RunID, expected.PlanID = "", "", "", ""
			for area, answer := range got.Areas {
				require.Len(t, answer.OpenBudgets, len(expected.Areas[area].OpenBudgets), key)
				answer.OpenBudgets = expected.Areas[area].OpenBudgets
				got.Areas[area] = answer
			}
			require.Equal(t, expected, got, "%s: %s", round, key)
		}
		require.Equal(t, testkit.Records(t, apart.DatabaseURL), testkit.Records(t, once.DatabaseURL), round)
		require.Equal(t, said(t, apart.sql), said(t, once.sql), round)
	}
	compare("first")
	compare("unchanged")
	for _, key := range apart.everyone() {
		for _, move := range []world.MoveName{world.Claim} {
			_, err := apart.World.World.Move(key, world.Move{Name: move})
			_, other := once.World.World.Move(key, world.Move{Name: move})
			require.Equal(t, err == nil, other == nil, key)
		}
	}
	compare("after a claim")
	apartAfterAll := testkit.Value[float64](t, once.sql, "SELECT (SELECT count(DISTINCT run_id) FROM sync_step)::float8 / (SELECT count(*) FROM sync_run)")
	require.Less(t, apartAfterAll, 0.1, "few share a budget with someone else")
}

// An unchanged person leaves the row of the run, and nothing is announced of them.
func TestAnUnchangedPersonLeavesOneRow(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.once(t, "marjorie")
	require.LessOrEqual(t, len(s.statements.Names()), 10+6, "the login has six: %v", s.statements.Names())
	before := s.sql.Snapshot(t)
	s.statements.Reset()
	s.once(t, "marjorie")
	require.LessOrEqual(t, len(s.statements.Names()), 6, s.statements.Names())
	require.Equal(t, 1, s.statements.Transactions(), "and one statement on its own")
	after := s.sql.Snapshot(t)
	requireOnlyTheRun(t, before, after)
	require.Len(t, after["sync_run"], 2)
	require.Empty(t, after["sync_step"])
	require.Equal(t, before["outbox"], after["outbox"])
	require.Equal(t, before["sync_issue"], after["sync_issue"])
}

// Whoever writes while a pass reads is not written over: what the pass read is older, so that it reads and writes one area at a time.
func TestAPassThatIsNotAloneIsWrittenAreaByArea(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.once(t, "marjorie")
	other, begun := s.newProcess(t), false
	s.statements.Before("PassFences", func(uint32) {
		if !begun {
			begun = true
			s.Sync(t, other.steps, "marjorie")
		}
	})
	s.move(t, "marjorie", world.Move{Name: world.Claim})
	result := s.once(t, "marjorie")
	require.True(t, begun)
	require.Equal(t, care.RunSucceeded, result.Outcome)
	require.NotEmpty(t, testkit.Column[string](t, s.sql, "SELECT area FROM sync_step WHERE run_id = $1", result.RunID), "its areas are in the ledger")
}

// A pass that cannot be completed saves what it has read, and the next attempt at the same run continues from there.
func TestAPassThatLeavesIsGoneOnFrom(t *testing.T) {
	s := newSite(t, people(marjorie))
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: "budget-details", RetryAfter: time.Second}))
	id := db.NewID()
	failure, err := activities.Leave(t.Context(), s.steps.CareRecipient, id, s.Request(t, "marjorie"))
	require.NoError(t, err)
	require.ErrorContains(t, failure, "unavailable")
	require.Equal(t, []string{"budgets", "contributions", "summary"}, testkit.Column[string](t, s.sql, "SELECT area FROM sync_step ORDER BY 1"))
	require.Equal(t, []string{""}, testkit.Column[string](t, s.sql, "SELECT coalesce(outcome, '') FROM sync_run"))
	require.Equal(t, []string{"usage"}, testkit.Column[string](t, s.sql, "SELECT area FROM sync_retry"))

	s.Faults.Clear()
	before := s.calls()
	result, err := s.steps.SyncOnce(t.Context(), id, s.Request(t, "marjorie"))
	require.NoError(t, err)
	require.Equal(t, care.RunSucceeded, result.Outcome)
	after := s.calls()
	require.Equal(t, before["care-recipient-summary"], after["care-recipient-summary"], "the ledger has it")
	areas := testkit.Column[string](t, s.sql, "SELECT area FROM area_answer ORDER BY 1")
	require.Equal(t, []string{"budgets", "contributions", "summary", "usage"}, slices.Compact(areas))
}

// A run that has an outcome keeps it: another attempt at it, by a worker that was thought dead for instance, writes nothing.
func TestARunThatHasEndedIsNotWrittenAgain(t *testing.T) {
	s := newSite(t, people(marjorie))
	id := db.NewID()
	_, err := s.steps.SyncOnce(t.Context(), id, s.Request(t, "marjorie"))
	require.NoError(t, err)
	s.move(t, "marjorie", world.Move{Name: world.Claim})
	before := s.sql.Snapshot(t).Of("sync_run", "sync_step", "usage_line", "usage_fence", "area_fence", "contribution", "outbox", "record_change")
	result, err := s.steps.SyncOnce(t.Context(), id, s.Request(t, "marjorie"))
	require.NoError(t, err)
	require.Equal(t, care.RunSucceeded, result.Outcome)
	require.Equal(t, before, s.sql.Snapshot(t).Of("sync_run", "sync_step", "usage_line", "usage_fence", "area_fence", "contribution", "outbox", "record_change"))
}
