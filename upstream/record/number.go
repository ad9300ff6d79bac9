package record

import (
	"regexp"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
)

const (
	// Amounts of a trillion and percentages of a thousand are nonsense.
	moneyDigits, percentageDigits = 12, 3
	// longestNumber is the longest number that is looked at, in digits and signs.
	longestNumber = 40
)

// Money reads an amount from its digits and rounds it to cents, with a warning where a digit was lost (R2). Absent is not zero (R3).
func (r Row) Money(field string) decimal.NullDecimal {
	return r.number(field, care.ProblemNotAmount, moneyDigits, func(reported decimal.Decimal) decimal.Decimal {
		rounded, _ := care.Money(reported)
		return rounded
	})
}

// Percentage reads a percentage from its digits and rounds it to four places, with a warning where a digit was lost (R2). Absent is
// not zero (R3).
func (r Row) Percentage(field string) decimal.NullDecimal {
	return r.number(field, care.ProblemNotPercentage, percentageDigits, care.Percentage)
}

func (r Row) number(field string, problem care.ValueProblem, mostDigits int, round func(decimal.Decimal) decimal.Decimal) decimal.NullDecimal {
	raw, ok := r.Present(field)
	if !ok {
		return decimal.NullDecimal{}
	}
	text, _ := Scalar(raw)
	if text = strings.TrimSpace(text); text == "" && isText(raw) {
		return decimal.NullDecimal{}
	}
	reported, ok := parseNumber(text, mostDigits)
	rounded := round(reported)
	if !ok || tooLarge(rounded, mostDigits) {
		r.Odd(field, problem)
		return decimal.NullDecimal{}
	}
	if !rounded.Equal(reported) {
		r.warn(care.IssueRounded, field, "")
	}
	return decimal.NewNullDecimal(rounded)
}

var numberForm = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$`)

// parseNumber reads a number from its digits. Numbers of absurd size are refused before anything is computed with them.
func parseNumber(text string, mostDigits int) (decimal.Decimal, bool) {
	if len(text) > longestNumber || !numberForm.MatchString(text) {
		return decimal.Decimal{}, false
	}
	number, err := decimal.NewFromString(text)
	if err != nil || tooLarge(number, mostDigits) {
		return decimal.Decimal{}, false
	}
	return number, true
}

// tooLarge reports whether a number has more digits before the point than are kept; rounding can add one.
func tooLarge(number decimal.Decimal, mostDigits int) bool {
	return number.Abs().GreaterThanOrEqual(decimal.New(1, int32(mostDigits)))
}
