package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// percentages are a set of contributions, "category percentage".
func percentages(t *testing.T, s *site, query string) []string {
	t.Helper()
	return testkit.Column[string](t, s.sql, query)
}

const current = "SELECT category || ' ' || coalesce(percentage::text, 'not provided') FROM contribution ORDER BY position"

// An identical set adds no history; one that differs leaves what was in force until then (R16).
func TestContributionsKeepTheirHistory(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	s.Sync(t, s.steps, "marjorie")
	first := s.sql.Snapshot(t)["contribution_set"]
	require.Len(t, first, 1)

	percentage := dollars("22.5")
	s.move(t, "marjorie", world.Move{Name: world.ChangeContribution, Percentage: &percentage})
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.Count{Created: 2, Unchanged: 1, Removed: 1}, result.Counts[care.KindContribution], "one ended, one is new")
	history := s.plan(t, "marjorie").History
	require.Len(t, history, 2)
	old, now := history[0], history[1]
	if old.ReplacedAt == nil {
		old, now = now, old
	}
	require.Equal(t, now.ReadAt, *old.ReplacedAt, "what was in force when, without a gap")
	require.Nil(t, now.ReplacedAt)
	require.Len(t, old.Contributions, 2)
	require.Len(t, now.Contributions, 3)
	require.Equal(t, []string{"INDEPENDENCE 5.0000", "EVERYDAY_LIVING 17.5000", "EVERYDAY_LIVING 22.5000"}, percentages(t, s, current))
	require.Equal(t, 1, testkit.Value[int](t, s.sql, "SELECT count(*) FROM record_change WHERE run_id = $1", result.RunID))
}

// An error leaves the old ones; a clean "none" removes them, with a warning, and they stay readable as history (R16).
func TestContributionsAreRemovedOnlyByACleanNone(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	before := s.planRows(t)
	for _, kind := range []faults.Kind{faults.InternalError, faults.Forbidden, faults.EmptyBody, faults.HTML, faults.TruncatedJSON} {
		s.fault(t, faults.Fault{Kind: kind, Operation: servicesaustralia.OperationContributions})
		require.Equal(t, care.RunPartial, s.Sync(t, s.steps, "marjorie").Outcome)
		require.Equal(t, before, s.planRows(t), kind)
	}
	s.Faults.Clear()

	s.move(t, "marjorie", world.Move{Name: world.RemoveContributions})
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, []issue{{"contributions", "warning", "contributions_cleared", ""}}, s.issues(t, result.RunID))
	require.Equal(t, care.Count{Removed: 2}, result.Counts[care.KindContribution])
	require.Empty(t, percentages(t, s, current))
	require.Len(t, s.plan(t, "marjorie").History, 2, "the set that was, and none since")

	again := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.RunSucceeded, again.Outcome, "there were none to lose")
	require.Len(t, s.plan(t, "marjorie").History, 2)
}

// Equal rows are two rows, and a percentage that is not known is not 0 % (R3, R16).
func TestContributionsAreStoredAsReported(t *testing.T) {
	s := newSite(t, world.Options{})
	s.Sync(t, s.steps, "contributions-twice")
	require.ElementsMatch(t, []string{
		"EVERYDAY_LIVING 17.5000", "EVERYDAY_LIVING 17.5000", "INDEPENDENCE 5.0000", "INDEPENDENCE 7.5000",
	}, percentages(t, s, current))
	s.sql.ForgetSyncs(t)
	s.Sync(t, s.steps, "contributions-pending")
	require.ElementsMatch(t, []string{"INDEPENDENCE not provided", "EVERYDAY_LIVING not provided"}, percentages(t, s, current))
}
