package activities_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// openHolds are the removals that wait for an operator, "kind records".
func (s *site) openHolds(t *testing.T) []string {
	t.Helper()
	return testkit.Column[string](t, s.sql, "SELECT kind || ' ' || records FROM removal_hold WHERE closed_at IS NULL ORDER BY 1")
}

// accept lets an operator accept the removals that a run held back.
func (s *site) accept(t *testing.T, key string, run care.ID) {
	t.Helper()
	err := s.Store.AcceptHolds(t.Context(), s.Request(t, key).OrganisationID, run, "an operator")
	require.NoError(t, err)
}

func (s *site) requireHeld(t *testing.T, key string, holds ...string) care.RunResult {
	t.Helper()
	result := s.Sync(t, s.steps, key)
	require.Equal(t, care.RunSucceededWithWarnings, result.Outcome)
	require.Equal(t, holds, s.openHolds(t))
	held := 0
	for _, issue := range s.issues(t, result.RunID) {
		if issue.Code == string(care.IssueRemovalHeld) {
			held++
		}
	}
	require.Equal(t, len(holds), held)
	return result
}

// listCase is a list that a move empties or thins out, and another brings back.
type listCase struct {
	name       string
	hide, show []world.Move
	table      string
	// held is the hold as openHolds shows it.
	held string
}

func times(number int, move world.Move) (moves []world.Move) {
	for range number {
		moves = append(moves, move)
	}
	return moves
}

// Records that are missing from an answer which looks wrong stay as they are until an operator accepts it (R5).
func TestRemovalsAreHeldUntilAccepted(t *testing.T) {
	s := newSite(t, people(`
people:
  - key: marjorie
    classifications: [{code: ON_LEVEL_7, start: today-200d}, {code: AT_TIER_MEDIUM, start: today-120d}]
    budgets:
      - {type: AT, start: today-10d, end: today+300d, total: 500.00, times: 5}
      - {type: HM, start: today-10d, end: today+300d, total: 900.00}
`))
	s.Sync(t, s.steps, "marjorie")
	for _, test := range []listCase{
		{
			"no classifications at all", times(1, world.Move{Name: world.HideClassifications}), times(1, world.Move{Name: world.ShowClassifications}),
			"classification", "classification 2",
		},
		{"no budgets at all", times(6, world.Move{Name: world.HideBudget}), times(1, world.Move{Name: world.ShowBudgets}), "budget", "budget 6"},
		{"more than half of the budgets", times(4, world.Move{Name: world.HideBudget}), times(1, world.Move{Name: world.ShowBudgets}), "budget", "budget 4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			apply := func(moves []world.Move) {
				for _, move := range moves {
					s.move(t, "marjorie", move)
				}
			}
			ids := func() []string {
				return testkit.Column[string](t, s.sql, "SELECT id::text FROM "+test.table+" WHERE NOT removed ORDER BY 1")
			}
			before, first := s.planRows(t), ids()
			apply(test.hide)
			s.requireHeld(t, "marjorie", test.held)
			s.requireHeld(t, "marjorie", test.held) // the same hold, not another
			require.Equal(t, before[test.table], s.planRows(t)[test.table])
			require.Equal(t, before["support_plan"], s.planRows(t)["support_plan"], "they still count for the plan's dates")

			apply(test.show)
			require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
			require.Empty(t, s.openHolds(t), "the records came back")

			apply(test.hide)
			run := s.requireHeld(t, "marjorie", test.held)
			s.accept(t, "marjorie", run.RunID)
			require.Equal(t, before[test.table], s.planRows(t)[test.table], "accepting alone changes nothing")
			result := s.Sync(t, s.steps, "marjorie")
			var removed int
			_, err := fmt.Sscanf(test.held, test.table+" %d", &removed)
			require.NoError(t, err)
			require.Equal(t, removed, result.Counts[care.Kind(test.table)].Removed)
			require.Len(t, ids(), len(first)-removed)
			require.Empty(t, s.openHolds(t), "applied")

			apply(test.show)
			revived := s.Sync(t, s.steps, "marjorie")
			require.Equal(t, removed, revived.Counts[care.Kind(test.table)].Updated)
			require.Equal(t, first, ids(), "revived, not created again")
			require.Equal(t, removed, testkit.Value[int](t, s.sql, "SELECT count(*) FROM record_change WHERE run_id = $1 AND action = 'revived'", revived.RunID))
		})
	}
}

// Half of a list, or a short list, goes without asking; what is removed stays readable.
func TestOrdinaryRemovals(t *testing.T) {
	s := newSite(t, people(`
people:
  - {key: marjorie, budgets: [{type: AT, start: today-10d, end: today+300d, total: 500.00, times: 6}]}
`))
	s.Sync(t, s.steps, "marjorie")
	for range 3 {
		s.move(t, "marjorie", world.Move{Name: world.HideBudget})
	}
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.RunSucceeded, result.Outcome)
	require.Equal(t, care.Count{Unchanged: 3, Removed: 3}, result.Counts[care.KindBudget])
	require.Len(t, result.Areas[care.AreaBudgets].OpenBudgets, 3, "removed budgets are not open (R5)")
	require.Equal(t, 6, testkit.Value[int](t, s.sql, "SELECT count(*) FROM budget"))
	require.Empty(t, s.openHolds(t))
}

// The guard applies to each budget's lines separately.
func TestUsageIsGuardedBudgetByBudget(t *testing.T) {
	s := newSite(t, people(`
people:
  - key: marjorie
    budgets:
      - {start: quarter-start, end: quarter-end}
      - {type: AT, start: today-10d, end: today+300d, total: 500.00}
`))
	budgets := make(map[string]string)
	for _, kind := range []string{"ON", "AT"} {
		for range 3 {
			budgets[kind] = s.move(t, "marjorie", world.Move{Name: world.Claim, Type: kind, Times: 2, Amount: dollars("10.00")}).BudgetID
		}
	}
	s.Sync(t, s.steps, "marjorie")
	remove := func(budget string, lines int) {
		s.rewrite(t, func(path, body string) string {
			if strings.HasSuffix(path, budget) {
				return withoutUsage(t, body, lines)
			}
			return body
		})
	}
	remove(budgets["ON"], 4)
	run := s.requireHeld(t, "marjorie", "budget_usage 4")
	s.accept(t, "marjorie", run.RunID)

	remove(budgets["AT"], 4)
	s.requireHeld(t, "marjorie", "budget_usage 4") // what was accepted for one budget is not accepted for the other
	require.Zero(t, testkit.Value[int](t, s.sql, "SELECT count(*) FROM usage_line WHERE removed"))

	remove(budgets["AT"], 0)
	remove(budgets["ON"], 4)
	run = s.requireHeld(t, "marjorie", "budget_usage 4")
	s.accept(t, "marjorie", run.RunID)
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, 4, result.Counts[care.KindBudgetUsage].Removed)
	require.Equal(t, []string{"20.00", "60.00"}, testkit.Column[string](t, s.sql, "SELECT usage_amount::text FROM budget ORDER BY 1"), "the removed lines left the sum (R5, R17)")
}
