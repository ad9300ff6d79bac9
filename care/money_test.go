package care_test

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func TestMoneyRoundsHalfAwayFromZero(t *testing.T) { // R2
	for _, test := range []struct {
		reported, kept string
		lost           bool
	}{
		{"16757.56", "16757.56", false},
		{"0", "0.00", false},
		{"0.00", "0.00", false},
		{"12.5", "12.50", false},
		{"12.500", "12.50", false},
		{"0.005", "0.01", true},
		{"-0.005", "-0.01", true},
		{"0.0049999999", "0.00", true},
		{"-0.0049999999", "0.00", true},
		{"2.675", "2.68", true}, // a float would make it 2.67
		{"-2.675", "-2.68", true},
		{"1.004999", "1.00", true},
		{"1.005001", "1.01", true},
		{"99999999999.995", "100000000000.00", true},
		{"1e3", "1000.00", false},
	} {
		t.Run(test.reported, func(t *testing.T) {
			rounded, lost := care.Money(decimal.RequireFromString(test.reported))
			require.Equal(t, test.kept, rounded.StringFixed(2))
			require.True(t, rounded.Equal(decimal.RequireFromString(test.kept)))
			require.Equal(t, test.lost, lost)
		})
	}
}

func TestPercentagesKeepFourPlaces(t *testing.T) { // R2
	for reported, kept := range map[string]string{
		"17.5": "17.5000", "0": "0.0000", "80": "80.0000", "17.50004": "17.5000", "17.50005": "17.5001", "-0.00005": "-0.0001",
	} {
		require.Equal(t, kept, care.Percentage(decimal.RequireFromString(reported)).StringFixed(4), reported)
	}
}

// aDecimal has up to twelve digits before the point and up to eight behind it.
var aDecimal = rapid.Custom(func(t *rapid.T) decimal.Decimal {
	return decimal.New(rapid.Int64Range(-1e12, 1e12).Draw(t, "digits"), rapid.Int32Range(-8, 0).Draw(t, "exponent"))
})

// cents rounds by whole numbers: half away from zero.
func cents(reported decimal.Decimal) decimal.Decimal {
	const places = 8
	digits := reported.Shift(places).BigInt()
	sign := int64(digits.Sign())
	digits.Abs(digits).Add(digits, big.NewInt(500_000)).Quo(digits, big.NewInt(1_000_000))
	return decimal.NewFromBigInt(digits.Mul(digits, big.NewInt(sign)), -2)
}

func TestMoneyIsNeverOffByMoreThanHalfACent(t *testing.T) { // R2
	halfACent := decimal.RequireFromString("0.005")
	rapid.Check(t, func(t *rapid.T) {
		reported := aDecimal.Draw(t, "reported")
		rounded, lost := care.Money(reported)

		require.True(t, rounded.Equal(cents(reported)), "%s became %s", reported, rounded)
		require.True(t, rounded.Sub(reported).Abs().LessThanOrEqual(halfACent))
		require.True(t, rounded.Equal(rounded.Truncate(2)), "more than two places: %s", rounded)
		require.Equal(t, !rounded.Equal(reported), lost)
		again, lostAgain := care.Money(rounded)
		require.True(t, again.Equal(rounded))
		require.False(t, lostAgain)
		opposite, _ := care.Money(reported.Neg())
		require.True(t, opposite.Equal(rounded.Neg()), "not the same for both signs")
	})
}

func TestConsumedTurnsTheGovernmentsSign(t *testing.T) { // R4
	for reported, kept := range map[string]string{"-50.00": "50.00", "20.00": "-20.00", "0.00": "0.00"} {
		require.Equal(t, kept, care.Consumed(amount(reported)).Decimal.StringFixed(2), reported)
	}
	require.False(t, care.Consumed(notProvided).Valid, "absent is not zero (R3)")
}

func TestConsumedTwiceIsWhatWasReported(t *testing.T) { // R4
	rapid.Check(t, func(t *rapid.T) {
		reported := decimal.NullDecimal{Decimal: aDecimal.Draw(t, "reported"), Valid: rapid.Bool().Draw(t, "provided")}
		once := care.Consumed(reported)
		twice := care.Consumed(once)

		require.Equal(t, reported.Valid, twice.Valid)
		require.True(t, twice.Decimal.Equal(reported.Decimal))
		if reported.Valid {
			require.True(t, once.Decimal.Add(reported.Decimal).IsZero())
		}
	})
}
