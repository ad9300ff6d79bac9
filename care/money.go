package care

import "github.com/shopspring/decimal"

const (
	moneyPlaces      = 2
	percentagePlaces = 4
)

// mostMoney is where the amounts end that can be kept.
var mostMoney = decimal.New(1, 12)

// IsMoney reports whether an amount can be kept as it is, without rounding (R2).
func IsMoney(amount decimal.Decimal) bool {
	return amount.Abs().LessThan(mostMoney) && amount.Equal(amount.Round(moneyPlaces))
}

// Money rounds an amount to cents, half away from zero, and reports whether a digit was lost (R2: that is a warning).
func Money(amount decimal.Decimal) (rounded decimal.Decimal, lost bool) {
	rounded = amount.Round(moneyPlaces)
	return rounded, !rounded.Equal(amount)
}

// Percentage rounds to four places, half away from zero (R2).
func Percentage(percentage decimal.Decimal) decimal.Decimal {
	return percentage.Round(percentagePlaces)
}

// Consumed turns an amount as the government signs it (what was used, written off or rolled over is negative) into
// ours: positive where money was consumed, negative for a reversal (R4). Absent stays absent (R3).
func Consumed(reported decimal.NullDecimal) decimal.NullDecimal {
	if !reported.Valid {
		return reported
	}
	return decimal.NewNullDecimal(reported.Decimal.Neg())
}

// sum adds the amounts and reports whether every one of them was provided.
func sum(amounts ...decimal.NullDecimal) (total decimal.Decimal, complete bool) {
	complete = true
	for _, amount := range amounts {
		complete = complete && amount.Valid
		total = total.Add(amount.Decimal)
	}
	return total, complete
}

// moneyText is how an amount is compared and how a change of it is recorded: with its cents, nil where absent.
func moneyText(amount decimal.NullDecimal) *string {
	if !amount.Valid {
		return nil
	}
	text := amount.Decimal.StringFixed(moneyPlaces)
	return &text
}

func percentageText(percentage decimal.NullDecimal) *string {
	if !percentage.Valid {
		return nil
	}
	text := percentage.Decimal.StringFixed(percentagePlaces)
	return &text
}
