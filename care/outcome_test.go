package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

// done is the answer of an area that was read and saved.
var done = care.AreaResult{Outcome: care.AreaSucceeded}

// endings are the answers of the four areas in reading order.
func endings(summary, contributions, budgets, usage care.AreaResult) map[care.Area]care.AreaResult {
	return map[care.Area]care.AreaResult{
		care.AreaSummary: summary, care.AreaContributions: contributions, care.AreaBudgets: budgets, care.AreaUsage: usage,
	}
}

func TestConclude(t *testing.T) { // R6
	warned := care.AreaResult{Outcome: care.AreaSucceeded, Warnings: 2}
	refused, skipped, superseded := care.Refused, care.Skipped, care.Superseded()
	for _, test := range []struct {
		name    string
		areas   map[care.Area]care.AreaResult
		outcome care.RunOutcome
		reason  care.Reason
	}{
		{"all saved", endings(done, done, done, done), care.RunSucceeded, ""},
		{"all saved, with warnings", endings(done, warned, done, done), care.RunSucceededWithWarnings, ""},
		{"consent refused (R18)",
			endings(done, done, refused(care.ReasonConsentRefused), refused(care.ReasonConsentRefused)), care.RunPartial, care.ReasonConsentRefused},
		{"consent refused for details only (R18)",
			endings(done, done, done, refused(care.ReasonConsentRefused)), care.RunPartial, care.ReasonConsentRefused},
		{"consent refused, with warnings elsewhere",
			endings(warned, done, refused(care.ReasonConsentRefused), refused(care.ReasonConsentRefused)), care.RunPartial, care.ReasonConsentRefused},
		{"contributions given up",
			endings(done, care.Failed(care.ReasonServiceUnavailable), done, done), care.RunPartial, care.ReasonServiceUnavailable},
		{"budgets given up",
			endings(done, done, care.Failed(care.ReasonServiceUnavailable), skipped(care.ReasonServiceUnavailable)), care.RunPartial, care.ReasonServiceUnavailable},
		{"not found, but verified earlier (R19)", endings(refused(care.ReasonNotFound), done, done, done), care.RunPartial, care.ReasonNotFound},

		{"one superseded, all are saved (R7)", endings(superseded, done, done, done), care.RunSucceeded, care.ReasonSuperseded},
		{"budgets superseded, and so usage (R7)", endings(done, done, superseded, superseded), care.RunSucceeded, care.ReasonSuperseded},
		{"all superseded (R7)", endings(superseded, superseded, superseded, superseded), care.RunSucceeded, care.ReasonSuperseded},
		{"what went wrong counts more than what was superseded",
			endings(superseded, done, refused(care.ReasonConsentRefused), refused(care.ReasonConsentRefused)), care.RunPartial, care.ReasonConsentRefused},

		{"identity mismatch (R8)", endings(refused(care.ReasonIdentityMismatch), skipped(care.ReasonIdentityMismatch),
			skipped(care.ReasonIdentityMismatch), skipped(care.ReasonIdentityMismatch)), care.RunFailed, care.ReasonIdentityMismatch},
		{"not found", endings(refused(care.ReasonNotFound), skipped(care.ReasonNotFound),
			skipped(care.ReasonNotFound), skipped(care.ReasonNotFound)), care.RunFailed, care.ReasonNotFound},
		{"the summary given up", endings(care.Failed(care.ReasonServiceUnavailable), skipped(care.ReasonServiceUnavailable),
			skipped(care.ReasonServiceUnavailable), skipped(care.ReasonServiceUnavailable)), care.RunFailed, care.ReasonServiceUnavailable},

		{"cancelled before anything was saved", endings(care.Cancelled(), skipped(care.ReasonCancelled),
			skipped(care.ReasonCancelled), skipped(care.ReasonCancelled)), care.RunCancelled, care.ReasonCancelled},
		{"cancelled half-way", endings(done, done, done, care.Cancelled()), care.RunCancelled, care.ReasonCancelled},
		{"cancelled after an area had given up",
			endings(done, care.Failed(care.ReasonServiceUnavailable), care.Cancelled(), skipped(care.ReasonCancelled)), care.RunCancelled, care.ReasonCancelled},
	} {
		t.Run(test.name, func(t *testing.T) {
			result := care.Conclude(test.areas)
			require.Equal(t, test.outcome, result.Outcome)
			require.Equal(t, test.reason, result.Reason)
			require.Equal(t, test.areas, result.Areas)
		})
	}
}

func TestARunsCountsAndWarningsAreTheSumsOfItsAreas(t *testing.T) { // R6
	classifications, budgets := care.Count{Created: 1, Unchanged: 2}, care.Count{Updated: 3, Removed: 1}
	usage := care.Count{Created: 7}
	result := care.Conclude(endings(
		care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindClassification: classifications}, Warnings: 1},
		care.Failed(care.ReasonServiceUnavailable),
		care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindBudget: budgets}, Warnings: 2},
		care.AreaResult{Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused, Counts: care.Counts{care.KindBudgetUsage: usage}, Warnings: 4},
	))
	require.Equal(t, care.Counts{care.KindClassification: classifications, care.KindBudget: budgets, care.KindBudgetUsage: usage}, result.Counts)
	require.Equal(t, 7, result.Warnings)
}

// everyEnding is one answer for each way in which an area can end, with the reason it comes with.
var everyEnding = []care.AreaResult{
	done, {Outcome: care.AreaSucceeded, Warnings: 1}, care.Superseded(), care.Refused(care.ReasonConsentRefused), care.Failed(care.ReasonServiceUnavailable),
	care.Skipped(care.ReasonRequestRefused), care.Cancelled(),
}

func TestEveryCombinationOfAreasHasAnOutcome(t *testing.T) { // R6
	for _, summary := range everyEnding {
		for _, contributions := range everyEnding {
			for _, budgets := range everyEnding {
				for _, usage := range everyEnding {
					requireConclusion(t, []care.AreaResult{summary, contributions, budgets, usage})
				}
			}
		}
	}
}

func requireConclusion(t *testing.T, areas []care.AreaResult) {
	t.Helper()
	result := care.Conclude(endings(areas[0], areas[1], areas[2], areas[3]))
	ended := make(map[care.AreaOutcome]int)
	for _, area := range areas {
		ended[area.Outcome]++
	}
	var want care.RunOutcome
	switch {
	case ended[care.AreaCancelled] > 0:
		want = care.RunCancelled
	case ended[care.AreaSucceeded]+ended[care.AreaSuperseded] == 0:
		want = care.RunFailed
	case ended[care.AreaSucceeded]+ended[care.AreaSuperseded] < len(areas):
		want = care.RunPartial
	case result.Warnings > 0:
		want = care.RunSucceededWithWarnings
	default:
		want = care.RunSucceeded
	}
	require.Equal(t, want, result.Outcome, "%v", areas)
	require.Equal(t, ended[care.AreaSucceeded] == len(areas), result.Reason == "", "a reason where there is one, and only there: %v", areas)
	onlySuperseded := ended[care.AreaSuperseded] > 0 && ended[care.AreaSucceeded]+ended[care.AreaSuperseded] == len(areas)
	require.Equal(t, onlySuperseded, result.Reason == care.ReasonSuperseded, "%v", areas)
}

func TestOnlyATechnicalFailureFailsTheWorkflow(t *testing.T) { // R6
	failedFor := func(reason care.Reason) care.RunResult {
		return care.Conclude(endings(care.Failed(reason), care.Skipped(reason), care.Skipped(reason), care.Skipped(reason)))
	}
	for _, reason := range []care.Reason{care.ReasonServiceUnavailable, care.ReasonDatabaseUnavailable, care.ReasonUnexpected} {
		require.True(t, failedFor(reason).TechnicalFailure(), reason)
		require.False(t, care.Conclude(endings(done, care.Failed(reason), done, done)).TechnicalFailure(), "something was saved: %s", reason)
	}
	for _, reason := range []care.Reason{
		care.ReasonIdentityMismatch, care.ReasonIdentityUnconfirmed, care.ReasonAnotherBudget, care.ReasonNotFound, care.ReasonConsentRefused, care.ReasonNotAuthorised, care.ReasonLoginRefused,
		care.ReasonRequestRefused, care.ReasonNoCareRecipientID, care.ReasonNoConnection, care.ReasonConnectionUnknown,
		care.ReasonDeviceNotActivated, care.ReasonNotSetUp,
	} {
		require.False(t, failedFor(reason).TechnicalFailure(), reason)
	}
	require.False(t, care.Conclude(endings(care.Cancelled(), care.Skipped(care.ReasonCancelled), care.Skipped(care.ReasonCancelled),
		care.Skipped(care.ReasonCancelled))).TechnicalFailure())
	require.False(t, care.Conclude(endings(done, done, done, done)).TechnicalFailure())
}

func TestARefusalKeepsTheGovernmentsWords(t *testing.T) { // R6, R18
	words := "Care recipient has not provided consent"
	require.Equal(t, care.Issue{
		Severity: care.SeverityError, Area: care.AreaBudgets, Code: "consent_refused", Words: words,
	}, care.RefusalIssue(care.AreaBudgets, care.ReasonConsentRefused, words))
}
