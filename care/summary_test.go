package care_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// ourProviders are the organisation's connections.
var ourProviders = []care.Connection{{ID: "connection-1", ServiceProviderID: ours}, {ID: "connection-2", ServiceProviderID: "4000054321"}}

func entry(provider, category, from, until string) care.Entry {
	stay := care.Entry{ServiceProviderID: provider, Category: category, EntryDate: day(from)}
	if until != "" {
		stay.DepartureDate = day(until)
	}
	return stay
}

func rowOf(entry care.Entry, classifications ...care.Classification) care.Summary {
	return care.Summary{Entry: entry, Classifications: classifications}
}

func TestStay(t *testing.T) { // R11, R19: today is 2026-04-15
	for _, test := range []struct {
		name                       string
		entries                    []care.Entry
		from, until, notInCareFrom care.Date
	}{
		{"none", nil, noDate, noDate, noDate},
		{"one", []care.Entry{entry(ours, "", "2025-11-01", "")}, day("2025-11-01"), noDate, noDate},
		{"one departs today", []care.Entry{entry(ours, "", "2025-11-01", "2026-04-15")}, day("2025-11-01"), day("2026-04-15"), noDate},
		{"an earlier stay and one in force", []care.Entry{entry(ours, "ON", "2025-01-01", "2025-06-30"), entry(ours, "ON", "2026-01-01", "")},
			day("2026-01-01"), noDate, noDate},
		{"one category ended, another continues", []care.Entry{entry(ours, "AT", "2025-07-01", "2026-01-31"), entry(ours, "ON", "2025-11-01", "")},
			day("2025-11-01"), noDate, noDate},
		{"two in force", []care.Entry{entry(ours, "ON", "2025-11-01", "2026-05-31"), entry(ours, "AT", "2026-02-01", "2026-06-30")},
			day("2025-11-01"), day("2026-06-30"), noDate},
		{"all ended: the last stay", []care.Entry{entry(ours, "ON", "2024-01-01", "2024-06-30"), entry(ours, "ON", "2025-01-01", "2025-12-31"),
			entry(ours, "AT", "2025-03-01", "2026-01-31")}, day("2025-01-01"), day("2026-01-31"), day("2026-01-31")},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := care.Stay{EntryDate: test.from, DepartureDate: test.until, NotInCareSince: test.notInCareFrom}
			require.Equal(t, want, care.StayOf(test.entries, today))
			slices.Reverse(test.entries)
			require.Equal(t, want, care.StayOf(test.entries, today))
		})
	}
}

// Several entries at our own provider count together, in whatever order they come (R11).
func TestSeveralEntriesAreMerged(t *testing.T) {
	rows := []care.Summary{
		rowOf(entry(ours, "ON", "2025-01-01", "2025-06-30"), level("ON_LEVEL_2", "2025-01-01", "2025-06-30")),
		rowOf(entry(ours, "ON", "2026-01-01", ""), level("ON_LEVEL_4", "2026-01-01", "")),
		rowOf(entry("4000054321", "AT", "2026-01-01", ""), level("AT_TIER_MEDIUM", "2026-02-01", "")),
		rowOf(entry(theirs, "ON", "2025-07-01", "2025-12-31"), level("ON_LEVEL_3", "2025-07-01", "2025-12-31")),
	}
	decision, held := syncRows(care.HeldPlan{Connections: ourProviders}, rows)
	require.Empty(t, decision.Issues)
	require.Equal(t, care.Count{Created: 3}, decision.Answer.Counts[care.KindClassification], "another provider's rows are not ours")
	require.Equal(t, care.Stay{EntryDate: day("2026-01-01")}, decision.Stay)
	require.Equal(t, day("2025-01-01"), decision.Plan.StartDate)
	require.Len(t, decision.Entries, 3)

	slices.Reverse(rows)
	again, _ := syncRows(held, rows)
	require.Empty(t, again.Changes)
}

// Only another provider's rows: nothing is removed, dates stay, and so does the mark (R19).
func TestWithAnotherProviderOnly(t *testing.T) {
	_, held := syncRows(care.HeldPlan{Connections: ourProviders}, []care.Summary{
		rowOf(entry(ours, "", "2025-01-01", ""), level("ON_LEVEL_2", "2025-01-01", "")),
	})
	held.Person.NotInCareSince = day("2026-04-10")
	elsewhere := []care.Summary{rowOf(entry(theirs, "", "2026-04-12", ""), level("ON_LEVEL_7", "2026-04-12", ""))}
	decision, after := syncRows(held, elsewhere)
	require.Equal(t, []care.IssueCode{care.IssueAnotherProvider}, issueCodes(decision.Issues))
	require.Empty(t, decision.Changes)
	require.Equal(t, care.Stay{EntryDate: day("2025-01-01"), NotInCareSince: day("2026-04-10")}, decision.Stay)
	require.Equal(t, held, after)
	require.Empty(t, decision.Holds, "holds that are open stay open")

	first, after := syncRows(care.HeldPlan{Connections: ourProviders}, elsewhere)
	require.Equal(t, care.Count{Created: 1}, first.Answer.Counts[care.KindClassification], "none was held, so theirs are taken")
	require.Zero(t, first.Stay)
	again, _ := syncRows(after, elsewhere)
	require.Empty(t, again.Changes)
}

func TestRowsThatDisagree(t *testing.T) { // R11
	ended := level("ON_LEVEL_2", "2025-01-01", "2025-06-30")
	open := level("ON_LEVEL_2", "2025-01-01", "")
	named := open
	named.Name = "A"
	past, current := entry(ours, "ON", "2025-01-01", "2025-06-30"), entry(ours, "ON", "2024-01-01", "")
	later := entry(ours, "AT", "2026-01-01", "")
	for _, test := range []struct {
		name string
		rows []care.Summary
		kept []care.Classification
	}{
		{"the entry in force", []care.Summary{rowOf(past, ended), rowOf(current, open)}, []care.Classification{open}},
		{"the later entry", []care.Summary{rowOf(current, ended), rowOf(later, open)}, []care.Classification{open}},
		{"the smaller text", []care.Summary{rowOf(later, open), rowOf(later, named)}, []care.Classification{named}},
		{"one of two equals differs", []care.Summary{rowOf(past, ended, open), rowOf(current, named, open)}, []care.Classification{named, open}},
	} {
		t.Run(test.name, func(t *testing.T) {
			merged := care.MergeSummaries(test.rows, ourProviders, today)
			require.Equal(t, test.kept, merged.Classifications)
			require.Equal(t, []care.IssueCode{care.IssueRowsDisagree}, issueCodes(merged.Issues))
			slices.Reverse(test.rows)
			require.Equal(t, merged, care.MergeSummaries(test.rows, ourProviders, today))
		})
	}
	alike := care.MergeSummaries([]care.Summary{rowOf(past, ended), rowOf(current, ended)}, ourProviders, today)
	require.Equal(t, []care.Classification{ended}, alike.Classifications, "the same record in two rows is one")
	require.Empty(t, alike.Issues)
	twice := care.MergeSummaries([]care.Summary{rowOf(past, ended, ended), rowOf(current, ended)}, ourProviders, today)
	require.Equal(t, []care.Classification{ended, ended}, twice.Classifications, "ordinals count within one row")
}

var anEntry = rapid.Custom(func(t *rapid.T) care.Entry {
	return care.Entry{
		ServiceProviderID: rapid.SampledFrom([]string{ours, "4000054321", theirs, ""}).Draw(t, "provider"),
		Category:          rapid.SampledFrom([]string{"", "ON", "AT"}).Draw(t, "category"),
		EntryDate:         rapid.SampledFrom([]care.Date{noDate, day("2025-01-01"), day("2026-01-01")}).Draw(t, "entry"),
		DepartureDate:     rapid.SampledFrom([]care.Date{noDate, day("2025-06-30"), day("2026-12-31")}).Draw(t, "departure"),
	}
})

// The order of rows and of the records in them decides nothing (R11).
func TestMergingDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) care.Summary {
			return care.Summary{Entry: anEntry.Draw(t, "entry"), Supplements: rapid.SliceOfN(aSupplement, 0, 4).Draw(t, "supplements")}
		}), 1, 4).Draw(t, "rows")
		merged := care.MergeSummaries(rows, ourProviders, today)
		shuffled := rapid.Permutation(rows).Draw(t, "shuffled rows")
		for i := range shuffled {
			if len(shuffled[i].Supplements) > 0 {
				shuffled[i].Supplements = rapid.Permutation(shuffled[i].Supplements).Draw(t, "shuffled records")
			}
		}
		again := care.MergeSummaries(shuffled, ourProviders, today)
		again.Issues, merged.Issues = nil, nil // their order may differ
		require.Equal(t, merged, again)
	})
}

// The same facts come to the same, in however many rows of one entry they stand (R11).
func TestMergingDoesNotDependOnTheSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfNDistinct(aSupplement, 1, 6, identity).Draw(t, "facts")
		stay := entry(ours, "ON", "2025-01-01", "")
		rows := make([]care.Summary, rapid.IntRange(1, 4).Draw(t, "rows"))
		for i := range rows {
			rows[i].Entry = stay
		}
		for _, fact := range facts {
			first := rapid.IntRange(0, len(rows)-1).Draw(t, "row")
			for i := range rows {
				if i == first || rapid.Bool().Draw(t, "here too") {
					rows[i].Supplements = append(rows[i].Supplements, fact)
				}
			}
		}
		whole := care.MergeSummaries([]care.Summary{{Entry: stay, Supplements: facts}}, ourProviders, today)
		require.Equal(t, whole, care.MergeSummaries(rows, ourProviders, today))
	})
}
