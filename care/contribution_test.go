package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func TestContributionsAreComparedAsSets(t *testing.T) { // R6, R16
	clinical := care.Contribution{Category: "CLINICAL", Percentage: amount("0"), StartDate: day("2025-11-01"), Status: "DETERMINED"}
	everyday := care.Contribution{Category: "EVERYDAY_LIVING", Percentage: amount("17.5"), StartDate: day("2025-11-01"), Status: "DETERMINED"}
	raised, pending, ended := everyday, everyday, everyday
	raised.Percentage = amount("20.75")
	pending.Percentage, pending.Status = notProvided, "PENDING"
	ended.EndDate = day("2026-03-19")
	zeroPercent := pending
	zeroPercent.Percentage = amount("0")

	type set = []care.Contribution
	for _, test := range []struct {
		name       string
		held, read set
		want       care.ContributionDifference
	}{
		{"the first ones", nil, set{clinical, everyday},
			care.ContributionDifference{Count: care.Count{Created: 2}, Changed: true}},
		{"the same ones", set{clinical, everyday}, set{clinical, everyday},
			care.ContributionDifference{Count: care.Count{Unchanged: 2}}},
		{"the same ones in another order", set{clinical, everyday}, set{everyday, clinical},
			care.ContributionDifference{Count: care.Count{Unchanged: 2}}},
		{"another percentage", set{clinical, everyday}, set{clinical, raised},
			care.ContributionDifference{Count: care.Count{Created: 1, Unchanged: 1, Removed: 1}, Changed: true}},
		{"the same category twice, overlapping", set{everyday}, set{ended, raised},
			care.ContributionDifference{Count: care.Count{Created: 2, Removed: 1}, Changed: true}},
		{"two identical ones are two", set{everyday}, set{everyday, everyday},
			care.ContributionDifference{Count: care.Count{Created: 1, Unchanged: 1}, Changed: true}},
		{"two identical ones stay two", set{everyday, everyday}, set{everyday, everyday},
			care.ContributionDifference{Count: care.Count{Unchanged: 2}}},
		{"one of two identical ones goes", set{everyday, everyday}, set{everyday},
			care.ContributionDifference{Count: care.Count{Unchanged: 1, Removed: 1}, Changed: true}},
		{"pending is not 0 % (R3)", set{pending}, set{zeroPercent},
			care.ContributionDifference{Count: care.Count{Created: 1, Removed: 1}, Changed: true}},
		{"a clean none", set{clinical, everyday}, nil,
			care.ContributionDifference{Count: care.Count{Removed: 2}, Changed: true, Cleared: true}},
		{"none before and none now", nil, nil, care.ContributionDifference{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, care.CompareContributions(test.held, test.read))
		})
	}
}

func TestAPercentageIsTheSameHoweverItIsWritten(t *testing.T) { // R2
	for _, written := range []string{"17.5", "17.50", "17.5000", "1.75e1"} {
		difference := care.CompareContributions(
			[]care.Contribution{{Category: "CLINICAL", Percentage: amount("17.5")}}, []care.Contribution{{Category: "CLINICAL", Percentage: amount(written)}})
		require.False(t, difference.Changed, written)
	}
}

// aContribution is drawn from so few values that equal ones are common.
var aContribution = rapid.Custom(func(t *rapid.T) care.Contribution {
	one := care.Contribution{
		Category: rapid.SampledFrom([]string{"CLINICAL", "INDEPENDENCE"}).Draw(t, "category"),
		EndDate:  rapid.SampledFrom([]care.Date{noDate, day("2026-03-19")}).Draw(t, "end"),
	}
	one.Percentage.Valid = rapid.Bool().Draw(t, "provided")
	return one
})

func TestContributionsAreAMultiset(t *testing.T) { // R16
	rapid.Check(t, func(t *rapid.T) {
		held := rapid.SliceOfN(aContribution, 0, 8).Draw(t, "held")
		read := rapid.SliceOfN(aContribution, 0, 8).Draw(t, "read")
		shuffle := func(set []care.Contribution) []care.Contribution { return rapid.Permutation(set).Draw(t, "shuffled") }
		difference := care.CompareContributions(held, read)

		inBoth := 0
		for one, times := range tally(held) {
			inBoth += min(times, tally(read)[one])
		}
		require.Equal(t, care.Count{Created: len(read) - inBoth, Unchanged: inBoth, Removed: len(held) - inBoth}, difference.Count)
		require.Equal(t, inBoth != len(read) || inBoth != len(held), difference.Changed)
		require.Equal(t, len(read) == 0 && len(held) > 0, difference.Cleared)
		require.Equal(t, difference, care.CompareContributions(shuffle(held), shuffle(read)), "the order matters")
		require.False(t, care.CompareContributions(read, shuffle(read)).Changed, "an identical set adds no history")
	})
}

// tally counts equal contributions; the drawn percentages are absent or zero.
func tally(set []care.Contribution) map[string]int {
	times := make(map[string]int)
	for _, one := range set {
		provided := "not provided"
		if one.Percentage.Valid {
			provided = "0 %"
		}
		times[one.Category+" "+provided+" "+one.EndDate.String()]++
	}
	return times
}
