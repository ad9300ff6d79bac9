package care_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func TestUsageAmountIsTheSumOfTheLines(t *testing.T) { // R17
	for _, test := range []struct {
		name  string
		lines []care.UsageLine
		sum   string
	}{
		{"no line", nil, "0.00"},
		{"ours and another provider's", []care.UsageLine{
			{UpstreamInvoiceID: "900000123", UpstreamItemID: "1", Amount: amount("50.00")},
			{ServiceProviderID: "4000099999", Amount: amount("25.50")},
		}, "75.50"},
		{"a reversal", []care.UsageLine{{Amount: amount("50.00")}, {Amount: amount("-50.00")}}, "0.00"},
		{"more given back than used", []care.UsageLine{{Amount: amount("20.00")}, {Amount: amount("-50.00")}}, "-30.00"},
		{"two equal lines are two", []care.UsageLine{{Amount: amount("10.10")}, {Row: care.Row{Ordinal: 1}, Amount: amount("10.10")}}, "20.20"},
		{"a removed line does not count (R5)", []care.UsageLine{{Amount: amount("10.00")}, {Row: care.Row{Removed: true}, Amount: amount("5.00")}}, "10.00"},
		{"a line without an amount adds nothing", []care.UsageLine{{Amount: amount("10.00")}, {Amount: notProvided}}, "10.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.sum, care.UsageAmount(test.lines).Decimal.StringFixed(2))
		})
	}
}

func TestLinesWithoutAnyAmountHaveNoSum(t *testing.T) { // R3
	require.False(t, care.UsageAmount([]care.UsageLine{{}, {}}).Valid)
	require.False(t, care.UsageAmount([]care.UsageLine{{}, {Row: care.Row{Removed: true}, Amount: amount("5.00")}}).Valid)
}

func TestUsageMatches(t *testing.T) { // R17
	sum := amount("75.5")
	require.True(t, care.UsageMatches(sum, amount("75.50")))
	require.False(t, care.UsageMatches(sum, amount("75.51")))
	require.False(t, care.UsageMatches(sum, amount("-75.50")))
	require.False(t, care.UsageMatches(amount("0"), amount("0.01")))
	require.True(t, care.UsageMatches(sum, notProvided), "nothing to compare with (R3)")
	require.True(t, care.UsageMatches(notProvided, amount("75.50")), "nor here")
}

func TestUsageAmountCountsEachCurrentLineOnce(t *testing.T) { // R17
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.Custom(func(t *rapid.T) care.UsageLine {
			return care.UsageLine{
				Row:    care.Row{Removed: rapid.Bool().Draw(t, "removed")},
				Amount: decimal.NullDecimal{Decimal: inCents.Draw(t, "amount"), Valid: true},
			}
		})).Draw(t, "lines")
		cents := int64(0)
		for _, line := range lines {
			if !line.Removed {
				cents += line.Amount.Decimal.Shift(2).IntPart()
			}
		}
		require.True(t, care.UsageAmount(lines).Decimal.Equal(decimal.New(cents, -2)))
		require.True(t, care.UsageAmount(rapid.Permutation(lines).Draw(t, "shuffled")).Decimal.Equal(decimal.New(cents, -2)))
	})
}
