package activities_test

import (
	"testing"

	"github.com/caresync/caresync/testkit"
)

// What knows dates holds on every day, and around every midnight (R1).
func TestOnTellingDays(t *testing.T) {
	for _, day := range testkit.TellingDays {
		t.Run(day.Name, func(t *testing.T) {
			day.Stand(t)
			t.Run("plan dates", TestPlanDatesFollowTheClassifications)
			t.Run("no longer listed", TestNoLongerListed)
			t.Run("unchanged data", TestSecondSyncOfUnchangedDataTouchesNothing)
			t.Run("usage", TestUsageFollowsTheInvoices)
			t.Run("adjustment records", TestAdjustmentRecordsOfSomeoneWhoChangedPlanManager)
			t.Run("the same contract again", TestCreatingTheSameAgainTouchesNothing)
			t.Run("refresh", TestUnattendedRefresh)
			t.Run("open budgets", TestUsageIsReadForOpenBudgets)
			t.Run("reassessment", TestAReassessmentIsANewContractThatSupersedes)
		})
	}
}
