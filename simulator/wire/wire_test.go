package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/wire"
	"github.com/caresync/caresync/simulator/world"
)

func TestValuesAreWrittenInTheStyleOfTheirRecord(t *testing.T) {
	plain, quoted := wire.Style{NoDate: "null"}, wire.Style{Quoted: true, NoDate: `"0000-00-00"`}
	for want, value := range map[string]any{
		"12.50":        plain.Amount(decimal.RequireFromString("12.5")),
		"12.345":       plain.Amount(decimal.RequireFromString("12.345")),
		`"-3.00"`:      quoted.Amount(decimal.NewFromInt(-3)),
		"17.5":         plain.Percentage(decimal.RequireFromString("17.5")),
		`"5"`:          quoted.Percentage(decimal.NewFromInt(5)),
		`"2026-05-20"`: plain.Date(world.MustDate("2026-05-20")),
		"null":         plain.Date(world.NoDate),
		`"0000-00-00"`: quoted.Date(world.NoDate),
		`"spring"`:     wire.DateText("spring"),
	} {
		got, err := json.Marshal(value)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	require.Equal(t, wire.Spread("430200101"), wire.Spread("430200101"))
}
