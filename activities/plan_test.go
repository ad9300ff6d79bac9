package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/simulator/world"
)

// plan is a person's plan as everyone reads it.
func (s *site) plan(t *testing.T, key string) read.Plan {
	t.Helper()
	request := s.Request(t, key)
	view, err := read.From(s.Store).Plan(t.Context(), care.Organisation{ID: request.OrganisationID, TimeZone: care.DefaultTimeZone}, request.PersonID, s.Now())
	require.NoError(t, err)
	return view
}

// The plan's dates and activity come from its classifications (Care Recipient Sync §Plan dates, R13, R14), and it stays the same plan for ever (R12).
func TestPlanDatesFollowTheClassifications(t *testing.T) {
	s := newSite(t, world.Options{})
	today := care.DateIn(s.Now(), sydney(t))
	ago := func(days int) care.Date { return today.AddDays(-days) }
	none := care.Date{}
	var before read.PlanHeader
	for _, test := range []struct {
		key        string
		start, end care.Date
		active     bool
		warnings   []issue
	}{
		{"several-open", ago(200), none, true, nil},
		{"no-classification", none, none, false, []issue{{"summary", "warning", "no_classification", ""}, {"budgets", "warning", "no_budgets_visible", ""}}},
		{"all-ended", ago(400), ago(40), false, []issue{{"summary", "warning", "not_in_care", ""}}},
		{"re-opened", ago(300), ago(10), false, nil},
		{"retro-dated", ago(500), none, true, nil},
		{"equipment-only", ago(90), none, true, nil},
	} {
		result := s.Sync(t, s.steps, test.key)
		plan := s.plan(t, test.key).Person.Plan
		require.Equal(t, &read.PlanHeader{ID: plan.ID, StartDate: test.start, EndDate: test.end, Active: test.active}, plan, test.key)
		require.Equal(t, plan.ID, result.PlanID)
		require.ElementsMatch(t, test.warnings, s.issues(t, result.RunID), test.key)
		if test.key == "re-opened" {
			before = *plan
		}
	}
	require.NoError(t, s.World.World.Advance(s.World.World.Today()))
	s.Sync(t, s.steps, "re-opened")
	after := *s.plan(t, "re-opened").Person.Plan
	require.Equal(t, read.PlanHeader{ID: before.ID, StartDate: before.StartDate, Active: true}, after, "open again: the same plan, new dates (R12)")

	s.Sync(t, s.steps, "no-classification")
	require.Equal(t, today, s.plan(t, "no-classification").Person.Plan.StartDate)
}

// Unknown codes are accepted, and so is a name that the government spells differently.
func TestOddButTrueAnswersPass(t *testing.T) {
	s := newSite(t, world.Options{})
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "unknown-codes").Outcome)
	unknown := s.plan(t, "unknown-codes")
	require.Equal(t, "XX_PILOT_1", unknown.Classifications[0].Code)
	require.Equal(t, "ZZ", unknown.Budgets[0].TypeCode)
	require.Equal(t, "PILOT_FEE", unknown.Contributions[0].Category)
	require.Equal(t, "12.3456", unknown.Contributions[0].Percentage.String())

	other := s.Sync(t, s.steps, "same-name-other-spelling")
	require.Equal(t, []issue{{"summary", "warning", "given_name_differs", ""}}, s.issues(t, other.RunID), "a given name is a warning, a surname's diacritics are nothing (R8)")
}
