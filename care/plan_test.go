package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// periods pairs start and end dates as the table of Care Recipient Sync §Plan dates lists them.
func periods(starts, ends []string) []care.Classification {
	var classifications []care.Classification
	for i := range starts {
		classifications = append(classifications, care.Classification{StartDate: writtenDay(starts[i]), EndDate: writtenDay(ends[i])})
	}
	return classifications
}

func TestPlanDatesOfTheTable(t *testing.T) { // Care Recipient Sync §Plan dates, R13
	for _, test := range []struct {
		scenario     string
		starts, ends []string
		start, end   string
	}{
		{"Single classification", []string{"01 Jan 2025"}, []string{"31 Dec 2025"}, "01 Jan 2025", "31 Dec 2025"},
		{"Multiple classifications (all end dated)", []string{"01 Jan 2025", "01 Jul 2025"}, []string{"30 Jun 2025", "31 Dec 2025"}, "01 Jan 2025", "31 Dec 2025"},
		{"Multiple classifications (one open-ended)", []string{"01 Jan 2025", "01 Jul 2025"}, []string{"30 Jun 2025", "*null*"}, "01 Jan 2025", "*null*"},
		{"All classifications open-ended", []string{"01 Jan 2025", "01 Jul 2025"}, []string{"*null*", "*null*"}, "01 Jan 2025", "*null*"},
		{"Three starts, out of order", []string{"01 Jan 2025", "01 Jul 2025", "15 Mar 2025"}, []string{"*null*", "*null*", "*null*"}, "01 Jan 2025", "*null*"},
	} {
		t.Run(test.scenario, func(t *testing.T) {
			start, end := care.PlanDates(periods(test.starts, test.ends))
			require.Equal(t, writtenDay(test.start), start)
			require.Equal(t, writtenDay(test.end), end)
		})
	}
}

func TestPlanDatesOfWhatHappensInRealData(t *testing.T) { // R13
	for _, test := range []struct {
		name            string
		classifications []care.Classification
		start, end      care.Date
	}{
		{"none at all", nil, noDate, noDate},
		{"all removed", []care.Classification{
			{Row: care.Row{Removed: true}, StartDate: day("2025-01-01"), EndDate: day("2025-12-31")},
		}, noDate, noDate},
		{"a removed one neither begins nor ends the plan", []care.Classification{
			{Row: care.Row{Removed: true}, StartDate: day("2024-01-01"), EndDate: day("2027-12-31")},
			{StartDate: day("2025-01-01"), EndDate: day("2025-12-31")},
		}, day("2025-01-01"), day("2025-12-31")},
		{"a removed open one does not keep the plan open", []care.Classification{
			{Row: care.Row{Removed: true}, StartDate: day("2024-01-01")},
			{StartDate: day("2025-01-01"), EndDate: day("2025-12-31")},
		}, day("2025-01-01"), day("2025-12-31")},
		{"the open one begins first", []care.Classification{
			{StartDate: day("2025-01-01")},
			{StartDate: day("2025-07-01"), EndDate: day("2025-12-31")},
		}, day("2025-01-01"), noDate},
		{"a start that was not provided", []care.Classification{
			{EndDate: day("2025-06-30")},
			{StartDate: day("2025-07-01"), EndDate: day("2025-12-31")},
		}, day("2025-07-01"), day("2025-12-31")},
		{"a start that was not provided comes last", []care.Classification{
			{StartDate: day("2025-07-01"), EndDate: day("2025-12-31")},
			{EndDate: day("2025-06-30")},
		}, day("2025-07-01"), day("2025-12-31")},
		{"an end before its start", []care.Classification{
			{StartDate: day("2025-07-01"), EndDate: day("2025-06-30")},
		}, day("2025-07-01"), day("2025-06-30")},
		{"leap day", []care.Classification{
			{StartDate: day("2028-02-29"), EndDate: day("2028-02-29")},
		}, day("2028-02-29"), day("2028-02-29")},
	} {
		t.Run(test.name, func(t *testing.T) {
			start, end := care.PlanDates(test.classifications)
			require.Equal(t, test.start, start)
			require.Equal(t, test.end, end)
		})
	}
}

var aDate = rapid.Map(rapid.IntRange(0, 1500), day("2024-01-01").AddDays)

// aDateOrNone is a date, or none.
var aDateOrNone = rapid.OneOf(rapid.Just(noDate), aDate)

var aClassification = rapid.Custom(func(t *rapid.T) care.Classification {
	return care.Classification{
		Row:       care.Row{Removed: rapid.Bool().Draw(t, "removed")},
		StartDate: aDate.Draw(t, "start"), EndDate: aDateOrNone.Draw(t, "end"),
	}
})

func TestPlanDatesCoverEveryClassification(t *testing.T) { // R13
	rapid.Check(t, func(t *rapid.T) {
		classifications := rapid.SliceOf(aClassification).Draw(t, "classifications")
		start, end := care.PlanDates(classifications)

		startIsOne, endIsOne, openEnded, current := false, false, false, 0
		for _, one := range classifications {
			if one.Removed {
				continue
			}
			current++
			openEnded = openEnded || one.EndDate.IsZero()
			startIsOne = startIsOne || one.StartDate == start
			endIsOne = endIsOne || one.EndDate == end
			require.False(t, one.StartDate.Before(start), "a classification begins before the plan")
			require.False(t, !end.IsZero() && one.EndDate.After(end), "a classification ends after the plan")
		}
		require.Equal(t, current > 0, !start.IsZero())
		require.Equal(t, current > 0 && !openEnded, !end.IsZero())
		require.Equal(t, current > 0, startIsOne, "the plan begins when a classification does")
		require.Equal(t, current > 0, endIsOne, "the plan ends when a classification does")

		shuffledStart, shuffledEnd := care.PlanDates(rapid.Permutation(classifications).Draw(t, "shuffled"))
		require.Equal(t, start, shuffledStart)
		require.Equal(t, end, shuffledEnd)
	})
}

func TestPlanActive(t *testing.T) { // R14
	for _, test := range []struct {
		name              string
		hasClassification bool
		end               care.Date
		active            bool
	}{
		{"open-ended", true, noDate, true},
		{"ends later", true, day("2026-04-02"), true},
		{"ends today", true, day("2026-04-01"), true},
		{"ended yesterday", true, day("2026-03-31"), false},
		{"without a classification", false, noDate, false},
		{"without a classification, with a later end", false, day("2026-04-02"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.active, care.PlanActive(test.hasClassification, test.end, day("2026-04-01")))
		})
	}
}
