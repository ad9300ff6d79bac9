package activities_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

const wordsNoConsent = "Care recipient has not provided consent"

// outcomesOf are how a run's areas ended, in reading order.
func outcomesOf(result care.RunResult) (outcomes []care.AreaOutcome) {
	for _, area := range care.Areas {
		outcomes = append(outcomes, result.Areas[area].Outcome)
	}
	return outcomes
}

// stepsOf are the same as they stand in the run's ledger.
func (s *site) stepsOf(t *testing.T, run care.ID) (outcomes []care.AreaOutcome) {
	t.Helper()
	for _, area := range care.Areas {
		outcomes = append(outcomes, testkit.Value[care.AreaOutcome](t, s.sql, "SELECT outcome FROM sync_step WHERE run_id = $1 AND area = $2", run, area))
	}
	return outcomes
}

func outcomes(summary, contributions, budgets, usage care.AreaOutcome) []care.AreaOutcome {
	return []care.AreaOutcome{summary, contributions, budgets, usage}
}

var nothingAttempted = outcomes(care.AreaRefused, care.AreaSkipped, care.AreaSkipped, care.AreaSkipped)

// Who cannot be synced at all is told so before anyone is asked.
func TestRefusedWithoutAskingAnybody(t *testing.T) {
	s := newSite(t, world.Options{Scenarios: people(marjorie).Scenarios})
	for _, test := range []struct {
		reason       care.Reason
		spoil, amend string
	}{
		{care.ReasonNoCareRecipientID, "UPDATE person SET care_recipient_id = NULL", "UPDATE person SET care_recipient_id = '415056224'"},
		{
			care.ReasonConnectionUnknown, "UPDATE person SET connection_id = NULL",
			"UPDATE person SET connection_id = (SELECT id FROM connection WHERE name = 'banksia')",
		},
		{care.ReasonDeviceNotActivated, "UPDATE connection SET activated_at = NULL", "UPDATE connection SET activated_at = now()"},
		{care.ReasonNoConnection, "UPDATE connection SET service = 'ndia'", "UPDATE connection SET service = 'services-australia'"},
	} {
		s.sql.Exec(t, test.spoil)
		s.ResetCalls()
		before := s.planRows(t)
		result := s.Sync(t, s.steps, "marjorie")

		require.Equal(t, care.RunFailed, result.Outcome)
		require.Equal(t, test.reason, result.Reason)
		require.False(t, result.TechnicalFailure(), "an answer, not a failure (R6)")
		require.Equal(t, nothingAttempted, outcomesOf(result))
		require.Equal(t, nothingAttempted, s.stepsOf(t, result.RunID))
		require.Equal(t, []issue{{"summary", "error", string(test.reason), ""}}, s.issues(t, result.RunID))
		require.Empty(t, s.calls())
		require.Equal(t, before, s.planRows(t))
		s.sql.Exec(t, test.amend)
	}
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
}

// No one can be synced for an organisation that does not hold them, and nothing says that they exist elsewhere (R11).
func TestUnknownAndForeignPeopleAreNotFound(t *testing.T) {
	s := newSite(t, world.Options{Scenarios: people(marjorie).Scenarios})
	known := s.Request(t, "marjorie")
	stranger, foreign := known, known
	stranger.PersonID = db.NewID()
	foreign.OrganisationID = testkit.Value[care.ID](t, s.sql, "SELECT id::text FROM organisation WHERE id <> $1", known.OrganisationID)
	before := s.sql.Snapshot(t)
	var texts []string
	for _, request := range []care.Request{stranger, foreign} {
		_, err := s.steps.Sync(t.Context(), db.NewID(), request)
		require.ErrorIs(t, err, db.ErrNotFound)
		texts = append(texts, err.Error())
		requireApplicationError(t, activities.ApplicationError(err), protocol.ErrorPersonUnknown, false, 0)
	}
	require.Equal(t, texts[0], texts[1])
	require.Empty(t, s.calls())
	require.Equal(t, before, s.sql.Snapshot(t))
}

// What the government refuses is an answer: the run says why in its own and in the government's words, and what was not refused is saved.
func TestAnswersOfTheGovernment(t *testing.T) {
	s := newSite(t, world.Options{})
	succeeded, refused := care.AreaSucceeded, care.AreaRefused
	for _, test := range []struct {
		key      string
		outcome  care.RunOutcome
		reason   care.Reason
		areas    []care.AreaOutcome
		issues   []issue
		nothing  bool
		healedBy world.MoveName
	}{
		{
			"identity-mismatch", care.RunFailed, care.ReasonIdentityMismatch, nothingAttempted,
			[]issue{{"summary", "error", "identity_mismatch", ""}}, true, world.CorrectIdentity,
		},
		{
			"mistyped-id", care.RunFailed, care.ReasonIdentityMismatch, nothingAttempted,
			[]issue{{"summary", "error", "identity_mismatch", ""}}, true, "",
		},
		{
			"not-found", care.RunFailed, care.ReasonNotFound, nothingAttempted,
			[]issue{{"summary", "error", "not_found", ""}}, true, "",
		},
		{ // never verified, so that no one knows whose budgets they would be (R8, R19)
			"left-the-list", care.RunFailed, care.ReasonNotFound, nothingAttempted,
			[]issue{{"summary", "error", "not_found", ""}}, true, world.Return,
		},
		{
			"consent-refused", care.RunPartial, care.ReasonConsentRefused, outcomes(succeeded, succeeded, refused, refused),
			[]issue{{"budgets", "error", "consent_refused", wordsNoConsent}}, false, world.GiveConsent,
		},
		{
			"details-refused", care.RunPartial, care.ReasonConsentRefused, outcomes(succeeded, succeeded, succeeded, refused),
			[]issue{{"usage", "error", "consent_refused", wordsNoConsent}}, false, world.GiveConsent,
		},
		{
			"entry-not-registered", care.RunSucceededWithWarnings, "", outcomes(succeeded, succeeded, succeeded, succeeded),
			[]issue{{"budgets", "warning", "no_budgets_visible", ""}}, false, world.RegisterEntry,
		},
	} {
		t.Run(test.key, func(t *testing.T) {
			before := s.planRows(t)
			result := s.Sync(t, s.steps, test.key)
			require.Equal(t, test.outcome, result.Outcome)
			require.Equal(t, test.reason, result.Reason)
			require.False(t, result.TechnicalFailure())
			require.Equal(t, test.areas, outcomesOf(result))
			require.Equal(t, test.areas, s.stepsOf(t, result.RunID))
			issues := slices.Compact(s.issues(t, result.RunID)) // usage is refused by budget
			if test.reason == care.ReasonNotFound {
				issues[0].Words = "" // they may be the government's or no one's
			}
			require.Equal(t, test.issues, issues)
			if test.nothing {
				require.Equal(t, before, s.planRows(t), "nothing is written before it is known who it is (R8)")
			}
			if test.healedBy != "" {
				_, err := s.World.World.Move(test.key, world.Move{Name: test.healedBy})
				require.NoError(t, err)
				require.Empty(t, s.Sync(t, s.steps, test.key).Reason)
			}
		})
	}
}

// Both values are shown to the operator (R8), and stand in the run's rows only (R10).
func TestIdentityMismatchShowsBothValues(t *testing.T) {
	s := newSite(t, people(`
people:
  - key: beatrice
    upstream: {given_name: Beatrice, family_name: Lindemann, birth_date: "1940-04-19"}
    provider_holds: {family_name: Lowery, birth_date: "1949-04-19"}
`))
	result := s.Sync(t, s.steps, "beatrice")
	require.Equal(t, care.ReasonIdentityMismatch, result.Reason)
	require.Equal(t, []string{`["family_name", "birth_date"]`, `["Lowery", "1949-04-19"]`, `["Lindemann", "1940-04-19"]`}, testkit.Column[string](t, s.sql, `
		SELECT unnest(ARRAY[details -> 'fields', jsonb_build_array(details -> 'held' -> 'family_name', details -> 'held' -> 'birth_date'),
		                    jsonb_build_array(details -> 'reported' -> 'family_name', details -> 'reported' -> 'birth_date')])::text
		FROM sync_issue WHERE run_id = $1`, result.RunID))
}

// Consent that is withdrawn later leaves the earlier figures as they are; the summary and the contributions continue (R18).
func TestConsentWithdrawnKeepsEarlierFigures(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	for _, test := range []struct {
		status string
		areas  []care.AreaOutcome
		kept   []string
	}{
		{"", outcomes(care.AreaSucceeded, care.AreaSucceeded, care.AreaRefused, care.AreaRefused), []string{"budget", "entitlement", "usage_line", "usage_fence"}},
		{
			string(world.DetailsRefused), outcomes(care.AreaSucceeded, care.AreaSucceeded, care.AreaSucceeded, care.AreaRefused),
			[]string{"entitlement", "usage_line", "usage_fence"},
		},
	} {
		for _, step := range areaSteps {
			s.move(t, "marjorie", step.change())
		}
		s.move(t, "marjorie", world.Move{Name: world.WithdrawConsent, Status: test.status})
		before := s.sql.Snapshot(t)
		result := s.Sync(t, s.steps, "marjorie")

		require.Equal(t, care.RunPartial, result.Outcome)
		require.Equal(t, care.ReasonConsentRefused, result.Reason)
		require.Equal(t, test.areas, outcomesOf(result))
		require.Equal(t, 1, result.Counts[care.KindSupplement].Created)
		require.Positive(t, result.Counts[care.KindContribution].Created)
		require.Equal(t, before.Of(test.kept...), s.sql.Snapshot(t).Of(test.kept...))

		s.move(t, "marjorie", world.Move{Name: world.GiveConsent})
		require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
		s.requireAsUndisturbed(t, "marjorie")
	}
}

// A person who was verified and is no longer listed is marked, never deleted, and the budgets continue (R19).
func TestNoLongerListed(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	first := s.planRows(t)
	today, err := s.Store.Today(t.Context(), s.Request(t, "marjorie").OrganisationID, s.Now())
	require.NoError(t, err)
	notInCareSince := func() care.Date { return testkit.Value[care.Date](t, s.sql, "SELECT not_in_care_since FROM person") }
	gone := func() {
		result := s.Sync(t, s.steps, "marjorie")
		require.Equal(t, care.RunPartial, result.Outcome)
		require.Equal(t, care.ReasonNotFound, result.Reason)
		require.Equal(t, outcomes(care.AreaRefused, care.AreaSkipped, care.AreaSucceeded, care.AreaSucceeded), outcomesOf(result))
	}

	s.move(t, "marjorie", world.Move{Name: world.Leave, Date: "today-3d"})
	s.move(t, "marjorie", world.Move{Name: world.Claim})
	gone()
	require.Equal(t, today, notInCareSince(), "no departure was ever reported: the first absence")
	require.Equal(t, 2, testkit.Value[int](t, s.sql, "SELECT count(*) FROM usage_line"), "the budgets continue")
	require.Equal(t, []string{today.String()}, testkit.Column[string](t, s.sql, "SELECT new_value FROM record_change WHERE field = 'not_in_care_since'"))
	kept := []string{"support_plan", "classification", "approved_service", "supplement", "contribution"}
	require.Equal(t, first.Of(kept...), s.planRows(t).Of(kept...), "nothing is deleted")
	marked := s.planRows(t)["person"]
	gone()
	require.Equal(t, marked, s.planRows(t)["person"], "marked once")

	s.move(t, "marjorie", world.Move{Name: world.Return})
	s.Sync(t, s.steps, "marjorie")
	require.True(t, notInCareSince().IsZero())

	s.move(t, "marjorie", world.Move{Name: world.Depart, Date: "today-3d"})
	s.Sync(t, s.steps, "marjorie")
	s.sql.Exec(t, "UPDATE person SET not_in_care_since = NULL")
	s.move(t, "marjorie", world.Move{Name: world.Leave})
	gone()
	require.Equal(t, (s.World.World.Today() - 3).String(), notInCareSince().String(), "the last known departure")
}

func sydney(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(care.DefaultTimeZone)
	require.NoError(t, err)
	return zone
}

// A budget that was listed a moment ago and is not found now keeps what we hold of it; the others continue.
func TestDetailsNotFoundKeepTheBudget(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	hidden := testkit.Value[string](t, s.sql, "SELECT upstream_budget_id FROM budget WHERE type_code = 'ON'")
	subject := s.run(t, s.steps, "marjorie")
	s.move(t, "marjorie", world.Move{Name: world.HideBudget, Budget: hidden})
	before := s.planRows(t)
	answer, err := s.steps.FetchUsage(t.Context(), protocol.UsageInput{RunScope: subject, Budgets: s.openBudgets(t)})
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, answer.Outcome)
	require.Equal(t, []issue{{"usage", "warning", string(care.IssueBudgetDetailsNotFound), ""}}, s.issues(t, subject.RunID))
	require.Equal(t, before, s.planRows(t))
}

// A budget whose details are refused keeps its figures and says since when and why; the others are saved (R6, R18).
func TestARefusedBudgetLeavesTheOthersAlone(t *testing.T) {
	s := newSite(t, people(marjorie))
	refuse := faults.Fault{Kind: faults.ConsentWithdrawn, Operation: servicesaustralia.OperationBudgetDetails, Count: 1}
	s.fault(t, refuse)
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.RunPartial, result.Outcome)
	require.Equal(t, care.ReasonConsentRefused, result.Reason)
	require.Equal(t, outcomes(care.AreaSucceeded, care.AreaSucceeded, care.AreaSucceeded, care.AreaRefused), outcomesOf(result))
	require.Equal(t, 1, result.Areas[care.AreaUsage].BudgetsRefused)
	require.Equal(t, []issue{{"usage", "error", "consent_refused", wordsNoConsent}}, s.issues(t, result.RunID))
	require.Equal(t, 1, testkit.Value[int](t, s.sql, `
		SELECT count(*) FROM usage_refusal r JOIN sync_issue i ON i.record_id = r.budget_id AND i.about IS NOT NULL
		WHERE i.run_id = $1 AND NOT EXISTS (SELECT FROM usage_fence f WHERE f.budget_id = r.budget_id)`, result.RunID), "the run says which")
	require.Equal(t, 1, testkit.Value[int](t, s.sql, "SELECT count(*) FROM usage_fence"), "the other was saved")

	first := s.staleBudgets(t)
	require.Len(t, first, 1)
	require.Equal(t, care.ReasonConsentRefused, *first[0].UsageStaleReason)
	require.Nil(t, first[0].UsageAsOf)

	require.NoError(t, s.Faults.Set())
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
	require.Empty(t, s.staleBudgets(t), "a read makes good for it")

	s.move(t, "marjorie", world.Move{Name: world.WithdrawConsent, Status: string(world.DetailsRefused)})
	kept := s.planRows(t).Of("entitlement", "usage_line", "budget")
	s.Sync(t, s.steps, "marjorie")
	stale := s.staleBudgets(t)
	require.Len(t, stale, 2)
	require.True(t, stale[0].UsageStaleSince.After(*first[0].UsageStaleSince))
	s.Sync(t, s.steps, "marjorie")
	require.Equal(t, stale, s.staleBudgets(t), "since the first time")
	require.Equal(t, kept, s.planRows(t).Of("entitlement", "usage_line", "budget"))

	s.move(t, "marjorie", world.Move{Name: world.GiveConsent})
	s.rewrite(t, func(path, body string) string { // the ongoing budget's details come under another id
		if strings.Contains(path, "/budget/v1/") && strings.Contains(body, "900000011") {
			return `{"budgetId":"another","entitlements":[],"usage":[]}`
		}
		return body
	})
	require.Equal(t, care.ReasonAnotherBudget, s.Sync(t, s.steps, "marjorie").Reason)
	unusable := s.staleBudgets(t)
	require.Len(t, unusable, 1)
	require.Equal(t, care.ReasonAnotherBudget, *unusable[0].UsageStaleReason)
	require.Equal(t, "126", unusable[0].UsageAmount.String(), "its figures are kept")
}

// staleBudgets are marjorie's budgets whose details were refused.
func (s *site) staleBudgets(t *testing.T) []read.Budget {
	t.Helper()
	return slices.DeleteFunc(s.plan(t, "marjorie").Budgets, func(budget read.Budget) bool { return budget.UsageStaleReason == nil })
}
