package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

const ours, theirs = "4000012345", "4000099999"

func TestChooseSummary(t *testing.T) { // R11
	row := func(provider, entry string) care.Summary {
		return care.Summary{ServiceProviderID: provider, EntryDate: day(entry)}
	}
	type rows = []care.Summary
	for _, test := range []struct {
		name    string
		rows    rows
		chosen  care.Summary
		several bool
	}{
		{"one row", rows{row(ours, "2025-11-01")}, row(ours, "2025-11-01"), false},
		{"one row of another provider", rows{row(theirs, "2025-11-01")}, row(theirs, "2025-11-01"), false},
		{"ours comes second", rows{row(theirs, "2026-02-01"), row(ours, "2025-11-01")}, row(ours, "2025-11-01"), true},
		{"ours comes first", rows{row(ours, "2025-11-01"), row(theirs, "2026-02-01")}, row(ours, "2025-11-01"), true},
		{"none is ours", rows{row("1", "2025-11-01"), row("2", "2026-02-01"), row("3", "2025-12-01")}, row("2", "2026-02-01"), true},
		{"left and came back", rows{row(ours, "2024-07-01"), row(ours, "2026-02-01"), row(theirs, "2025-11-01")}, row(ours, "2026-02-01"), true},
		{"an entry date that was not provided", rows{{ServiceProviderID: ours}, row(ours, "2024-07-01")}, row(ours, "2024-07-01"), true},
		{"no row", nil, care.Summary{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			chosen, several := care.ChooseSummary(test.rows, ours)
			require.Equal(t, test.chosen, chosen)
			require.Equal(t, test.several, several)
		})
	}
}

func TestTheChosenSummaryDoesNotDependOnTheOrder(t *testing.T) { // R11
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) care.Summary {
			return care.Summary{ServiceProviderID: rapid.SampledFrom([]string{ours, theirs, "1", ""}).Draw(t, "provider"), EntryDate: aDateOrNone.Draw(t, "entry")}
		}), 1, 5, func(row care.Summary) care.Date { return row.EntryDate }).Draw(t, "rows")

		chosen, _ := care.ChooseSummary(rows, ours)
		shuffled, _ := care.ChooseSummary(rapid.Permutation(rows).Draw(t, "shuffled"), ours)
		require.Equal(t, chosen, shuffled)
		for _, row := range rows {
			require.False(t, row.ServiceProviderID == ours && chosen.ServiceProviderID != ours, "ours was there")
			require.False(t, row.ServiceProviderID == chosen.ServiceProviderID && row.EntryDate.After(chosen.EntryDate), "a later entry was there")
		}
	})
}

func TestLearnConnection(t *testing.T) { // R11
	connections := []care.Connection{{ID: "connection-1", ServiceProviderID: ours}, {ID: "connection-2", ServiceProviderID: "4000054321"}, {ID: "connection-3"}}
	budget := func(provider string) care.Budget { return care.Budget{ServiceProviderID: provider} }
	removed := care.Budget{Row: care.Row{Removed: true}, ServiceProviderID: "4000054321"}
	for _, test := range []struct {
		name    string
		budgets []care.Budget
		learned care.ID
	}{
		{"all name one", []care.Budget{budget(ours), budget(ours)}, "connection-1"},
		{"they name another one", []care.Budget{budget("4000054321")}, "connection-2"},
		{"budgets of an earlier provider came along", []care.Budget{budget(theirs), budget(ours)}, "connection-1"},
		{"several are possible: ask", []care.Budget{budget(ours), budget("4000054321")}, ""},
		{"a removed one does not count (R5)", []care.Budget{budget(ours), removed}, "connection-1"},
		{"one that does not name a provider does not count", []care.Budget{budget(ours), budget("")}, "connection-1"},
		{"a provider that we have no connection for", []care.Budget{budget(theirs)}, ""},
		{"none names a provider", []care.Budget{budget("")}, ""},
		{"no budgets", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.learned, care.LearnConnection(test.budgets, connections))
		})
	}
}
