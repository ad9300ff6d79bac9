package activities_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// rewritten are the tables in which a sync of unchanged data may write: the run's own, the fences, the contributions, and the
// allowance of upstream calls.
var rewritten = []string{
	"sync_run", "sync_step", "sync_issue", "outbox", "area_fence", "usage_fence", "contribution", "upstream_allowance",
}

// requireOnlyTheRun requires that no row but the run's own was touched, and none of an earlier run.
func requireOnlyTheRun(t *testing.T, before, after testkit.Snapshot) {
	t.Helper()
	for table, rows := range before {
		if !slices.Contains(rewritten, table) {
			require.Equal(t, rows, after[table], table)
		}
	}
	for _, table := range []string{"sync_run", "sync_step", "sync_issue", "outbox"} {
		require.Subset(t, after[table], before[table], table)
	}
	require.Len(t, after["area_fence"], len(before["area_fence"]))
	require.Len(t, after["usage_fence"], len(before["usage_fence"]))
	require.Equal(t, contents(before["contribution"]), contents(after["contribution"]), "recreated as they were (R16)")
}

func contents(rows []testkit.Row) (contents []string) {
	for _, row := range rows {
		contents = append(contents, row.Content)
	}
	return contents
}

func requireUnchangedCounts(t *testing.T, first, second care.RunResult) {
	t.Helper()
	require.Equal(t, first.Outcome, second.Outcome)
	require.Equal(t, first.Reason, second.Reason)
	for kind, count := range second.Counts {
		require.Equal(t, care.Count{Unchanged: first.Counts[kind].Created}, count, kind)
	}
}

// Everyone of the built-in scenarios is synced twice; the second time touches no row but the run's own (R5, R6, R16).
func TestSecondSyncOfUnchangedDataTouchesNothing(t *testing.T) {
	s := newSite(t, world.Options{})
	first := make(map[string]care.RunResult)
	for _, key := range s.everyone() {
		first[key] = s.Sync(t, s.steps, key)
	}
	before := s.sql.Snapshot(t)
	for _, key := range s.everyone() {
		requireUnchangedCounts(t, first[key], s.Sync(t, s.steps, key))
	}
	requireOnlyTheRun(t, before, s.sql.Snapshot(t))
}

// The service promises no order inside a record, and pages shift: another order is not a change.
func TestShuffledAnswerChangesNothing(t *testing.T) {
	s := newSite(t, world.Options{})
	keys := []string{"several-open", "usage-by-others", "zero-budgets", "contributions-twice", "reversal"}
	first := make(map[string]care.RunResult)
	for _, key := range keys {
		first[key] = s.Sync(t, s.steps, key)
	}
	before := s.sql.Snapshot(t)
	chance := rand.New(rand.NewPCG(1, 2))
	s.rewrite(t, func(_, body string) string { return shuffled(t, chance, body) })
	connections := s.sql.Snapshot(t)["connection"]
	for range 3 {
		for _, key := range keys {
			requireUnchangedCounts(t, first[key], s.Sync(t, s.steps, key))
		}
	}
	after := s.sql.Snapshot(t)
	before["connection"] = connections
	for _, snapshot := range []testkit.Snapshot{before, after} {
		snapshot["contribution"] = nil // in the order in which they came; what they say is compared by the counts
	}
	requireOnlyTheRun(t, before, after)
}

// shuffled is a JSON text with all its lists in another order.
func shuffled(t *testing.T, chance *rand.Rand, body string) string {
	var value any
	if json.Unmarshal([]byte(body), &value) != nil {
		return body
	}
	shuffleLists(chance, value)
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return string(encoded)
}

func shuffleLists(chance *rand.Rand, value any) {
	switch value := value.(type) {
	case []any:
		chance.Shuffle(len(value), func(i, j int) { value[i], value[j] = value[j], value[i] })
		for _, member := range value {
			shuffleLists(chance, member)
		}
	case map[string]any:
		for _, member := range value {
			shuffleLists(chance, member)
		}
	}
}
