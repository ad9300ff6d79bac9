package activities_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// together runs work that many times at once and waits for all.
func together(times int, work func(number int)) {
	var group sync.WaitGroup
	for number := range times {
		group.Go(func() { work(number) })
	}
	group.Wait()
}

// identities must be unique among the records that are not removed.
var identities = map[string]string{
	"classification":   "plan_id, code, start_date",
	"approved_service": "plan_id, group_code, type_code, service_code, start_date",
	"supplement":       "plan_id, code, start_date",
	"budget":           "plan_id, upstream_budget_id",
	"entitlement":      "budget_id, code",
	"usage_line":       "budget_id, upstream_invoice_id, upstream_item_id",
}

// Fifty passes of five processes over one person, while the world moves: the newest data stands, once, and there was one login (R7).
func TestFiftySyncsOfOnePersonAtOnce(t *testing.T) {
	s := newSite(t, people(marjorie))
	processes := make([]process, 5)
	for i := range processes {
		processes[i] = s.newProcess(t)
	}
	request := s.Request(t, "marjorie")
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		for range 10 {
			for _, step := range areaSteps[1:] {
				_, err := s.World.World.Move("marjorie", step.change())
				if err != nil {
					t.Error(err)
				}
			}
		}
	}()
	together(50, func(number int) {
		if number >= 40 { // the newest reads begin while the others are under way
			<-moved
		}
		result, err := processes[number%len(processes)].steps.Sync(t.Context(), db.NewID(), request)
		if err != nil {
			t.Error(err)
		}
		for area, answer := range result.Areas {
			if answer.Outcome != care.AreaSucceeded && answer.Outcome != care.AreaSuperseded {
				t.Errorf("%s: %+v", area, answer)
			}
		}
	})

	require.Equal(t, 1, s.calls()["proda-token"])
	require.Equal(t, 50, testkit.Value[int](t, s.sql, "SELECT count(*) FROM sync_run WHERE outcome IN ('succeeded', 'partial')"))
	require.Equal(t, 1, testkit.Value[int](t, s.sql, "SELECT count(*) FROM support_plan"))
	for table, identity := range identities {
		require.Zero(t, testkit.Value[int](t, s.sql, "SELECT count(*) FROM (SELECT FROM "+table+" WHERE NOT removed GROUP BY "+identity+" HAVING count(*) > 1) twice"), table)
	}
	s.requireAsUndisturbed(t, "marjorie")
}

// Budgets and usage are areas of their own, but both write to the rows of budgets: they take them in one order, however the rows lie and
// whatever the government's order is, so that they never wait for one another in a circle.
func TestBudgetsAndUsageNeverWaitForOneAnother(t *testing.T) {
	s := newSite(t, people(`
people:
  - {key: marjorie, budgets: [{type: AT, start: today-10d, end: today+300d, total: 500.00, times: 9}]}
`))
	s.Sync(t, s.steps, "marjorie")
	s.sql.Exec(t, "CREATE INDEX backwards ON budget (upstream_budget_id DESC)")
	s.sql.Exec(t, "CLUSTER budget USING backwards")
	reader, user := s.newProcess(t), s.newProcess(t)
	budgets := testkit.Column[string](t, s.sql, "SELECT upstream_budget_id FROM budget ORDER BY 1")
	for _, budget := range budgets[1:] {
		s.move(t, "marjorie", world.Move{Name: world.ClaimByOther, Budget: budget})
	}
	s.move(t, "marjorie", world.Move{Name: world.HideBudget, Budget: budgets[0]})
	list, details := reader.begin(t, areaSteps[2], nil), user.begin(t, areaSteps[3], s.openBudgets(t))

	held, err := s.sql.Begin(t.Context())
	require.NoError(t, err)
	_, err = held.Exec(t.Context(), "SELECT FROM budget WHERE upstream_budget_id = $1 FOR UPDATE", budgets[len(budgets)/2])
	require.NoError(t, err)
	answers := make(chan care.AreaResult, 2)
	for _, one := range []attempt{list, details} {
		go func() { answers <- one.finish() }()
	}
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, s.sql, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 2
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, held.Rollback(t.Context()))

	require.Equal(t, care.AreaSucceeded, (<-answers).Outcome)
	require.Equal(t, care.AreaSucceeded, (<-answers).Outcome)
	require.Equal(t, 8, testkit.Value[int](t, s.sql, "SELECT count(*) FROM budget WHERE NOT removed AND used = usage_amount"))
}
