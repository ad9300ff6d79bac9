package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// usageAmounts are the sums of what was read of each budget's usage, by the day on which it ends.
func (s *site) usageAmounts(t *testing.T) map[string]string {
	t.Helper()
	amounts := make(map[string]string)
	for _, pair := range testkit.Column[[]string](t, s.sql, "SELECT ARRAY[coalesce(end_date::text, 'open-ended'), coalesce(usage_amount::text, 'never read')] FROM budget") {
		amounts[pair[0]] = pair[1]
	}
	return amounts
}

// Usage is read up to the ninetieth day after a budget's end, and for budgets without an end or in the future (Care Recipient Sync §Open budgets, R15).
func TestUsageIsReadForOpenBudgets(t *testing.T) {
	today := testkit.Today(t)
	day := func(days int) string { return today.AddDays(days).String() }
	s := newSite(t, people(fmt.Sprintf(`
people:
  - key: ninety-days
    entries: [{date: today-400d}]
    services: [{id: SERV-0004}]
    budgets:
      - {type: AT, start: today-300d, end: %q, total: 500.00, usage: [{invoice: "900000061", item: "1", date: today-120d, amount: 120.00}]}
      - {type: AT, start: today-300d, end: %q, total: 500.00, usage: [{invoice: "900000062", item: "1", date: today-121d, amount: 80.00}]}
      - {type: HM, start: today-10d, end: none, total: 15000.00}
      - {type: AT, start: today+20d, end: %q, total: 2000.00}
`, day(-90), day(-91), day(384))))

	result := s.Sync(t, s.steps, "ninety-days")
	require.Len(t, result.Areas[care.AreaBudgets].OpenBudgets, 3)
	require.Equal(t, 3, s.calls()[servicesaustralia.OperationBudgetDetails])
	require.Equal(t, map[string]string{
		day(-90): "120.00", day(-91): "never read", "open-ended": "0.00", day(384): "0.00",
	}, s.usageAmounts(t), "what was never read is not 0.00")

	everything := s.Request(t, "ninety-days")
	everything.AllBudgets = true
	_, err := s.steps.Sync(t.Context(), db.NewID(), everything)
	require.NoError(t, err)
	require.Equal(t, "80.00", s.usageAmounts(t)[day(-91)])

	s.move(t, "ninety-days", world.Move{Name: world.AmendInvoice, Invoice: "900000061", Amount: dollars("130.00")})
	s.move(t, "ninety-days", world.Move{Name: world.AmendInvoice, Invoice: "900000062", Amount: dollars("90.00")})
	amended := s.Sync(t, s.steps, "ninety-days")
	require.Equal(t, care.Count{Updated: 1}, amended.Counts[care.KindBudgetUsage])
	require.Equal(t, "130.00", s.usageAmounts(t)[day(-90)])
	require.Equal(t, "80.00", s.usageAmounts(t)[day(-91)], "a closed budget's usage is kept as it was")
}

// "Today" is the organisation's calendar date at the moment of the run, not the server's nor the session's (R1).
func TestNinetyDaysEndAtMidnightOfTheOrganisation(t *testing.T) {
	s := newSite(t, world.Options{Scenarios: people(`
people:
  - {key: marjorie, budgets: [{type: AT, start: "2025-07-01", end: "2026-01-05", total: 500.00}]}
`).Scenarios, Today: worldDate(t, "2026-04-05")})
	lastDay := time.Date(2026, time.April, 5, 23, 59, 59, 0, sydney(t)) // the day on which daylight saving ends
	for _, test := range []struct {
		zone string
		at   time.Time
		open int
	}{
		{"Australia/Sydney", lastDay, 1},
		{"Australia/Sydney", lastDay.Add(time.Second), 0},
		{"Australia/Perth", lastDay.Add(time.Second), 1},
	} {
		s.sql.Exec(t, "UPDATE organisation SET time_zone = $1", test.zone)
		subject := s.runAt(t, s.steps, "marjorie", test.at)
		for _, step := range areaSteps[:3] {
			answer, err := step.run(t.Context(), s.steps, subject, nil)
			require.NoError(t, err)
			require.Equal(t, care.AreaSucceeded, answer.Outcome)
			if step.area == care.AreaBudgets {
				require.Len(t, answer.OpenBudgets, test.open, "%s %s", test.zone, test.at)
			}
		}
	}
}

func worldDate(t *testing.T, text string) world.Date {
	t.Helper()
	day, err := world.ParseDate(text)
	require.NoError(t, err)
	return day
}

// Only the id tells budgets apart, and an amount of 0.00 is an amount (R3).
func TestBudgetsOfZeroAreBudgets(t *testing.T) {
	s := newSite(t, people(`
people:
  - {key: reginald, budgets: [{type: AT, start: today-100d, end: today+265d, total: 0.00, times: 3}]}
`))
	result := s.Sync(t, s.steps, "reginald")
	require.Equal(t, care.Count{Created: 3}, result.Counts[care.KindBudget])
	require.Equal(t, 3, testkit.Value[int](t, s.sql, "SELECT count(*) FROM budget WHERE total = 0 AND available = 0 AND usage_amount = 0"))
}

// Consumed amounts are stored positive; what was not provided stays NULL (R3, R4), and what does not add up is a warning.
func TestAmountsAreStoredAsReported(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.rewrite(t, func(path, body string) string {
		if path != "/budget/v1/care-recipient" {
			return body
		}
		return `[{"budgetId":"B1","total":"1000.00","amountUsed":-50.25,"writeOffAmount":-10,"rolloverDeduction":null,"available":-1.005},
		         {"budgetId":"B2","total":100,"amountUsed":5.00,"writeOffAmount":0,"rolloverDeduction":-7.5,"available":97}]`
	})
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, [][]string{
		{"B1", "1000.00", "50.25", "10.00", "NULL", "-1.01"}, {"B2", "100.00", "-5.00", "0.00", "7.50", "97.00"},
	}, testkit.Column[[]string](t, s.sql, `
		SELECT ARRAY[upstream_budget_id, coalesce(total::text, 'NULL'), used::text, write_off::text, coalesce(rollover::text, 'NULL'), available::text]
		FROM budget ORDER BY upstream_budget_id`))
	var codes []string
	for _, issue := range s.issues(t, result.RunID) {
		codes = append(codes, issue.Code)
	}
	require.Contains(t, codes, "rounded_to_cents", "half a cent, away from zero (R2)")
	require.Contains(t, codes, "budget_does_not_add_up")
}
