package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/world"
)

// newScenarioSite is a site of everyone in the built-in scenarios.
func newScenarioSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, world.Options{Scenarios: scenarios.FS})
}

// Twins share surname and birth date. A row with one's id and the other's given name may be either's: nothing of it is written (R8).
func TestTwins(t *testing.T) {
	s := newScenarioSite(t)
	for _, key := range []string{"elder-twin", "younger-twin"} {
		require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, key).Outcome, key)
	}
	before := s.planRows(t)
	s.move(t, "elder-twin", world.Move{Name: world.ChangeIdentity, GivenName: "Lucinda"})
	mixedUp := s.Sync(t, s.steps, "elder-twin")
	require.Equal(t, care.RunFailed, mixedUp.Outcome)
	require.Equal(t, care.ReasonIdentityMismatch, mixedUp.Reason)
	require.Equal(t, before, s.planRows(t))
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "younger-twin").Outcome, "the other twin continues")
}

// The details of one budget are refused: it says so, and everything else is saved (R6, R18).
func TestDetailsOfOneBudgetRefused(t *testing.T) {
	s := newScenarioSite(t)
	result := s.Sync(t, s.steps, "details-of-one-refused")
	require.Equal(t, care.RunPartial, result.Outcome)
	require.Equal(t, care.ReasonConsentRefused, result.Reason)
	amounts := map[string]string{}
	person, _ := s.World.World.Find("details-of-one-refused")
	for _, budget := range person.Budgets {
		amounts[budget.TypeCode] = s.usageAmounts(t)[budget.End.String()]
	}
	require.Equal(t, map[string]string{"ON": "88.00", "AT": "never read"}, amounts)
}

// The NDIA's current tree may be the next plan's before that plan begins. Unattended, nothing of it is written (R23, R31).
func TestATreeThatSwitchesEarly(t *testing.T) {
	s := newPaceSite(t)
	s.create(t, "switched-early")
	before := s.held(t, "switched-early")
	s.moveParticipant(t, "switched-early", world.PlanMove{Name: world.SwitchTree})
	refreshed := s.refresh(t, "switched-early")
	require.NotEqual(t, care.AreaFailed, refreshed.Outcome)
	require.Equal(t, before, s.held(t, "switched-early"))
}
