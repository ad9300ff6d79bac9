package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestLostAuthorityStopsScheduledSyncsUntilTheyAreResumed(t *testing.T) { // R30
	var standing care.PACEStanding
	for _, reason := range []care.Reason{"", care.ReasonNotFound, care.ReasonServiceUnavailable, care.ReasonNotPACE} {
		require.False(t, standing.AfterAnswer(reason, retrievalDay).Stopped(), reason)
	}
	standing = standing.AfterAnswer(care.ReasonNotAuthorised, retrievalDay)
	require.True(t, standing.Stopped())
	require.Equal(t, care.ReasonNotAuthorised, standing.StopReason)
	require.Equal(t, retrievalDay, standing.StoppedOn)
	require.Equal(t, standing, standing.AfterAnswer(care.ReasonNotAuthorised, retrievalDay.AddDays(1)), "since when it is known")
	require.True(t, standing.AfterAnswer("", retrievalDay.AddDays(1)).Stopped(), "a success does not resume, an operator does")
	require.False(t, standing.Resumed(retrievalDay).Stopped())
}

func TestAnEndedRelationshipCountsFromItsEndDate(t *testing.T) { // R30
	ends := func(role, end string) care.Relationship {
		return care.Relationship{ProviderRole: role, DateRange: days("2026-02-01", end)}
	}
	for _, test := range []struct {
		name    string
		told    []care.Relationship
		today   string
		stopped bool
	}{
		{"before it ends", []care.Relationship{ends("Plan Manager", "2026-06-30")}, "2026-06-29", false},
		{"from its end date", []care.Relationship{ends("Plan Manager", "2026-06-30")}, "2026-06-30", true},
		{"the other endorsement", []care.Relationship{ends("My Provider", "2026-06-30"), ends("Plan Manager", "")}, "2026-07-01", true},
		{"a role that is not known", []care.Relationship{ends("", "2026-06-30")}, "2026-07-01", true},
		{"a role that the API does not ask for", []care.Relationship{ends("Recovery Coach", "2026-06-30"), ends("support coordinator", "2026-06-30")}, "2026-07-01", false},
		{"open-ended", []care.Relationship{ends("Plan Manager", "")}, "2030-01-01", false},
		{"prolonged before it ended", []care.Relationship{ends("Plan Manager", "2026-06-30"), ends("PLAN MANAGER", "2026-12-31")}, "2026-07-01", false},
		{"told twice", []care.Relationship{ends("Plan Manager", "2026-06-30"), ends("Plan Manager", "2026-06-30")}, "2026-07-01", true},
	} {
		var standing care.PACEStanding
		for _, relationship := range test.told {
			standing = standing.Told(relationship)
		}
		standing = standing.On(day(test.today))
		require.Equal(t, test.stopped, standing.Stopped(), test.name)
		if test.stopped {
			require.Equal(t, care.ReasonRelationshipHasEnded, standing.StopReason, test.name)
			require.Equal(t, day("2026-06-30"), standing.StoppedOn, test.name)
		}
	}

	standing := care.PACEStanding{}.Told(ends("Plan Manager", "2026-06-30")).Told(ends("My Provider", "2026-12-31")).On(day("2026-07-05"))
	require.True(t, standing.Told(ends("Plan Manager", "")).On(day("2026-07-06")).Stopped(), "until an operator resumes")
	resumed := standing.Resumed(day("2026-07-06")).On(day("2026-07-06"))
	require.False(t, resumed.Stopped())
	require.True(t, resumed.On(day("2026-12-31")).Stopped(), "an end that was still to come is not forgotten")
}
