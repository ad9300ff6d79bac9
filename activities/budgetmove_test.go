package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// annaAndBruno each have a budget for home modifications; anna has one for assistive technology besides.
const annaAndBruno = `
people:
  - {key: anna, budgets: [{type: AT, start: today-10d, end: today+300d, total: 500.00, usage: [{amount: 20.00}]}, {type: HM, start: today-10d, end: today+300d, total: 900.00}]}
  - {key: bruno, budgets: [{type: HM, start: today-10d, end: today+300d, total: 700.00}]}
`

// standing are a person's budgets that are not removed, by type and total.
func (s *site) standing(t *testing.T, key string) []string {
	t.Helper()
	return testkit.Column[string](t, s.sql, `SELECT b.type_code || ' ' || b.total FROM budget b JOIN support_plan p ON p.id = b.plan_id
		WHERE p.person_id = $1 AND NOT b.removed ORDER BY 1`, s.Request(t, key).PersonID)
}

func codes(issues []issue) (codes []string) {
	for _, one := range issues {
		codes = append(codes, one.Code)
	}
	return codes
}

// syncWithWarnings syncs a person and requires that the run has these warnings and that all was saved.
func (s *site) syncWithWarnings(t *testing.T, key string, warnings ...string) {
	t.Helper()
	result := s.Sync(t, s.steps, key)
	require.Equal(t, warnings, codes(s.issues(t, result.RunID)), key)
	require.Contains(t, []care.RunOutcome{care.RunSucceeded, care.RunSucceededWithWarnings}, result.Outcome)
}

// A budget that another person of the organisation lists now moves there, once a complete read of the one who held it lacks it (R32).
func TestABudgetMovesToAnotherPerson(t *testing.T) {
	t.Run("the new person is synced first", func(t *testing.T) {
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "anna")
		s.move(t, "anna", world.Move{Name: world.MoveBudget, Type: "AT", To: "bruno"})
		for range 2 {
			s.syncWithWarnings(t, "bruno", "budget_listed_twice")
			require.Equal(t, []string{"HM 700.00"}, s.standing(t, "bruno"), "the others are saved all the same")
			require.Equal(t, []string{"AT 500.00", "HM 900.00"}, s.standing(t, "anna"))
		}
		s.syncWithWarnings(t, "anna", "budget_moved")
		require.Equal(t, []string{"HM 900.00"}, s.standing(t, "anna"))
		s.syncWithWarnings(t, "bruno")
		require.Equal(t, []string{"AT 500.00", "HM 700.00"}, s.standing(t, "bruno"))
		s.syncWithWarnings(t, "anna")

		require.Equal(t, []string{"created", "removed"}, testkit.Column[string](t, s.sql, `SELECT action FROM record_change WHERE record_id =
			(SELECT id FROM budget WHERE removed) ORDER BY changed_at, position`), "the row keeps its history")
		require.Equal(t, 1, testkit.Value[int](t, s.sql, "SELECT count(*) FROM usage_line u JOIN budget b ON b.id = u.budget_id WHERE b.removed"))
		require.Zero(t, testkit.Value[int](t, s.sql, "SELECT count(*) FROM budget_listed_twice"))
	})
	t.Run("the one who held it is synced first", func(t *testing.T) {
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "anna")
		s.move(t, "anna", world.Move{Name: world.MoveBudget, Type: "AT", To: "bruno"})
		s.Sync(t, s.steps, "anna")
		s.syncWithWarnings(t, "bruno")
		require.Equal(t, []string{"AT 500.00", "HM 700.00"}, s.standing(t, "bruno"))
	})
	t.Run("it was the only one, and the guard held it", func(t *testing.T) {
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "bruno")
		s.move(t, "bruno", world.Move{Name: world.MoveBudget, To: "anna"})
		s.syncWithWarnings(t, "bruno", "removal_held")
		s.syncWithWarnings(t, "anna", "budget_listed_twice")
		s.syncWithWarnings(t, "bruno", "budget_moved", "no_budgets_visible")
		require.Zero(t, testkit.Value[int](t, s.sql, "SELECT count(*) FROM removal_hold WHERE closed_at IS NULL"))
		s.syncWithWarnings(t, "anna")
		require.Equal(t, []string{"AT 500.00", "HM 700.00", "HM 900.00"}, s.standing(t, "anna"))
	})
	t.Run("it comes back", func(t *testing.T) {
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "anna")
		first := testkit.Value[string](t, s.sql, "SELECT id::text FROM budget WHERE type_code = 'AT'")
		for _, to := range []string{"bruno", "anna"} {
			from := map[string]string{"bruno": "anna", "anna": "bruno"}[to]
			s.move(t, from, world.Move{Name: world.MoveBudget, Type: "AT", To: to})
			s.Sync(t, s.steps, from)
			s.syncWithWarnings(t, to)
		}
		require.Equal(t, first, testkit.Value[string](t, s.sql, "SELECT id::text FROM budget WHERE type_code = 'AT' AND NOT removed"), "under its own id")
	})
}

// While both list it, or the one who holds it cannot be read, it stays there and the new person's runs say so; neither is a dead end (R32).
func TestABudgetStaysUntilItsHolderWasReadWithoutIt(t *testing.T) {
	t.Run("both list it", func(t *testing.T) {
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "anna")
		s.move(t, "anna", world.Move{Name: world.ShareBudget, Type: "AT", To: "bruno"})
		for range 2 {
			s.syncWithWarnings(t, "bruno", "budget_listed_twice")
			s.syncWithWarnings(t, "anna", "budget_listed_twice")
		}
		require.Equal(t, []string{"AT 500.00", "HM 900.00"}, s.standing(t, "anna"))
	})
	t.Run("consent is refused", func(t *testing.T) {
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "anna")
		s.move(t, "anna", world.Move{Name: world.MoveBudget, Type: "AT", To: "bruno"})
		s.move(t, "anna", world.Move{Name: world.WithdrawConsent})
		s.syncWithWarnings(t, "bruno", "budget_listed_twice")
		require.Equal(t, care.RunPartial, s.Sync(t, s.steps, "anna").Outcome)
		s.syncWithWarnings(t, "bruno", "budget_listed_twice")
		s.move(t, "anna", world.Move{Name: world.GiveConsent})
		s.syncWithWarnings(t, "anna", "budget_moved")
		s.syncWithWarnings(t, "bruno")
	})
	t.Run("the holder has left", func(t *testing.T) {
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "anna")
		s.move(t, "anna", world.Move{Name: world.MoveBudget, Type: "AT", To: "bruno"})
		s.move(t, "anna", world.Move{Name: world.Leave})
		s.syncWithWarnings(t, "bruno", "budget_listed_twice")
		gone := s.Sync(t, s.steps, "anna")
		require.Contains(t, codes(s.issues(t, gone.RunID)), "budget_moved", "a departed person's budgets are read on (R19)")
		s.syncWithWarnings(t, "bruno")
	})
	t.Run("the new person is not known to be the right one", func(t *testing.T) { // R8
		s := newSite(t, people(annaAndBruno))
		s.Sync(t, s.steps, "anna")
		s.Sync(t, s.steps, "bruno")
		s.move(t, "anna", world.Move{Name: world.MoveBudget, Type: "AT", To: "bruno"})
		s.move(t, "bruno", world.Move{Name: world.Leave})
		for _, key := range []string{"bruno", "anna", "bruno"} {
			s.Sync(t, s.steps, key)
		}
		require.Equal(t, []string{"HM 700.00"}, s.standing(t, "bruno"))
		s.move(t, "bruno", world.Move{Name: world.Return})
		s.syncWithWarnings(t, "bruno")
		require.Equal(t, []string{"AT 500.00", "HM 700.00"}, s.standing(t, "bruno"))
	})
}

// Many syncs of both at once, while budgets move to and fro: none fails, and the end is what one sync each would have made of it (R7, R32).
func TestBudgetsMoveWhileBothAreSynced(t *testing.T) {
	s := newSite(t, people(annaAndBruno))
	processes := []process{s.newProcess(t), s.newProcess(t)}
	keys := []string{"anna", "bruno"}
	requests := map[string]care.Request{"anna": s.Request(t, "anna"), "bruno": s.Request(t, "bruno")}
	for round := range 6 {
		from, to := keys[round%2], keys[1-round%2]
		together(8, func(number int) {
			if number == 0 {
				for {
					if _, err := s.World.World.Move(from, world.Move{Name: world.MoveBudget, To: to}); err != nil {
						return
					}
				}
			}
			result, err := processes[number%2].steps.Sync(t.Context(), db.NewID(), requests[keys[number/2%2]])
			if err != nil {
				t.Error(err)
			}
			if answer := result.Areas[care.AreaBudgets]; answer.Outcome != care.AreaSucceeded && answer.Outcome != care.AreaSuperseded {
				t.Errorf("%+v", answer)
			}
		})
		require.Zero(t, testkit.Value[int](t, s.sql, `SELECT count(*) FROM (SELECT FROM budget WHERE NOT removed GROUP BY upstream_budget_id HAVING count(*) > 1) twice`))
	}
	for range 3 {
		for _, key := range keys {
			s.Sync(t, s.steps, key)
		}
	}
	s.sql.Exec(t, "UPDATE removal_hold SET accepted_at = now() WHERE closed_at IS NULL")
	for _, key := range keys {
		s.Sync(t, s.steps, key)
	}
	s.requireAsUndisturbed(t, keys...)
}
