package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/servicesaustralia"
)

const (
	mostStatements   = 16
	mostTransactions = 6
)

// One undisturbed sync makes exactly the calls that the contract needs, and the same statements however many budgets are open.
func TestOneSyncCostsTheSameForThreeAndForTenOpenBudgets(t *testing.T) {
	s := newSite(t, people(`
people:
  - {key: warm-up}
  - {key: three, budgets: [{type: AT, start: today-10d, end: today+300d, total: 500.00, times: 3, usage: [{amount: 20.00, times: 2}]}]}
  - {key: ten, budgets: [{type: AT, start: today-10d, end: today+300d, total: 500.00, times: 10, usage: [{amount: 20.00, times: 2}]}]}
`))
	s.Sync(t, s.steps, "warm-up") // logs in

	var first []string
	for _, test := range []struct {
		key     string
		budgets int
	}{{"three", 3}, {"ten", 10}} {
		s.ResetCalls()
		s.statements.Reset()
		result := s.Sync(t, s.steps, test.key)

		require.Equal(t, care.RunSucceeded, result.Outcome)
		require.Equal(t, test.budgets, result.Counts[care.KindBudget].Created)
		require.Equal(t, 2*test.budgets, result.Counts[care.KindBudgetUsage].Created)
		require.Equal(t, map[string]int{
			servicesaustralia.OperationSummary: 1, servicesaustralia.OperationContributions: 1,
			servicesaustralia.OperationBudgetsOfRecipient: 1, servicesaustralia.OperationBudgetDetails: test.budgets,
		}, s.calls())
		require.LessOrEqual(t, len(s.statements.Names()), mostStatements)
		require.LessOrEqual(t, s.statements.Transactions(), mostTransactions)
		if first == nil {
			first = s.statements.Names()
		}
		require.ElementsMatch(t, first, s.statements.Names())
	}
}

func TestDetailsOfSeveralBudgetsAreReadAtTheSameTime(t *testing.T) {
	s := newSite(t, people(`
people:
  - {key: five, budgets: [{type: AT, start: today-10d, end: today+300d, total: 500.00, times: 5}]}
`))
	request := s.Request(t, "five")
	s.fault(t, faults.Fault{Kind: faults.Hang, Operation: servicesaustralia.OperationBudgetDetails})
	ended := make(chan error, 1)
	go func() {
		_, err := s.steps.Sync(t.Context(), db.NewID(), request)
		ended <- err
	}()
	require.Eventually(t, func() bool { return s.Counts()[servicesaustralia.OperationBudgetDetails].MostAtOnce >= 3 }, 2*time.Minute, time.Millisecond)
	s.Faults.Clear() // ends the calls that hang
	require.NoError(t, <-ended)
}

// A process that starts later uses the login that another one got.
func TestAnotherProcessDoesNotLogInAgain(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	s.ResetCalls()
	another := s.newProcess(t).steps
	s.Sync(t, another, "marjorie")
	require.Zero(t, s.Counts()["proda-token"].Calls)
}
