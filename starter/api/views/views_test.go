package views_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
)

// R2, R3: amounts are text with two places, percentages with four, and what was not provided is null.
func TestAmountsAreTextInJSON(t *testing.T) {
	encoded, err := json.Marshal(views.FromPlan(read.Plan{
		Budgets:       []read.Budget{{Total: &read.Money{Decimal: decimal.RequireFromString("16757.5")}}},
		Contributions: []read.Contribution{{Percentage: &read.Percentage{Decimal: decimal.RequireFromString("17.5")}}, {}},
	}))
	require.NoError(t, err)
	for _, part := range []string{`"total":"16757.50"`, `"available":null`, `"percentage":"17.5000"`, `"percentage":null`} {
		require.Contains(t, string(encoded), part)
	}
}
