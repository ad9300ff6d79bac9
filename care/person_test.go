package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

const ours, theirs = "4000012345", "4000099999"

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
