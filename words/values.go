package words

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
)

// NotProvided stands for an amount, a percentage or a text that the government did not send: it is never shown as zero (R3).
const NotProvided = "not provided"

const (
	dateForm     = "02 Jan 2006"
	timeForm     = "02 Jan 2006 15:04"
	timeFormFull = "02 Jan 2006 15:04:05"
)

// Date shows a date the Australian way, and nothing for no date.
func Date(date care.Date) string {
	if date.IsZero() {
		return ""
	}
	return date.Time().Format(dateForm)
}

// dateOr is a date, and for none that it was not provided.
func dateOr(date care.Date) string { return orNotProvided(Date(date)) }

// Period shows two dates, of which either may be missing.
func Period(start, end care.Date) string {
	switch {
	case start.IsZero() && end.IsZero():
		return "no dates"
	case start.IsZero():
		return "until " + Date(end)
	case end.IsZero():
		return "from " + Date(start)
	case start == end:
		return Date(start)
	default:
		return Date(start) + " – " + Date(end)
	}
}

// Time shows an instant in a time zone to the minute, and a word for none.
func Time(instant *time.Time, zone *time.Location) string {
	if instant == nil || instant.IsZero() {
		return "never"
	}
	return instant.In(zone).Format(timeForm)
}

// TimeToTheSecond is Time with seconds.
func TimeToTheSecond(instant time.Time, zone *time.Location) string {
	return instant.In(zone).Format(timeFormFull)
}

// Money shows an amount with thousands separators and cents.
func Money(amount decimal.Decimal) string {
	text, sign := amount.Abs().StringFixed(2), ""
	if amount.IsNegative() {
		sign = "-"
	}
	whole, cents := text[:len(text)-3], text[len(text)-2:]
	return sign + grouped(whole) + "." + cents
}

// Amount is Money for an amount that may not have been provided.
func Amount(amount decimal.NullDecimal) string {
	if !amount.Valid {
		return NotProvided
	}
	return Money(amount.Decimal)
}

// Incomplete is said beside a sum to which an amount belongs that was not provided (R3).
const Incomplete = "incomplete: an amount was not provided"

// Percentage shows a percentage without needless zeros.
func Percentage(percentage decimal.NullDecimal) string {
	if !percentage.Valid {
		return NotProvided
	}
	return percentage.Decimal.String() + " %"
}

// Count shows a number with its noun, in the singular for one.
func Count(number int, one, several string) string {
	if number == 1 {
		return "1 " + one
	}
	return Number(number) + " " + several
}

// Them is the pronoun of so many things.
func Them(number int) string {
	if number == 1 {
		return "it"
	}
	return "them"
}

// Number shows a count with thousands separators.
func Number(number int) string { return grouped(strconv.Itoa(number)) }

func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Name shows a person's name, with control characters shown.
func Name(given, family string) string { return care.OneLine(strings.TrimSpace(given + " " + family)) }

func orNotProvided(text string) string {
	if text == "" {
		return NotProvided
	}
	return text
}

// Style is how one kind of output shows the values of a changed field: a terminal without signs, a page with them.
type Style struct {
	// Money shows an amount.
	Money func(decimal.Decimal) string
	// None stands for no value, other than that of an amount.
	None string
}

// Plain is the style of sentences and terminals.
var Plain = Style{Money: Money, None: "none"}

// Value shows an old or new value of a changed field, as the field's definition says what it is. A list has one part a line.
func (s Style) Value(field string, value *string) string {
	kind := care.FieldKindOf(field)
	switch {
	case value == nil && kind == care.FieldMoney:
		return NotProvided
	case value == nil:
		return s.None
	}
	switch kind {
	case care.FieldMoney:
		if amount, err := decimal.NewFromString(*value); err == nil {
			return s.Money(amount)
		}
	case care.FieldDate:
		if date, err := care.ParseDate(*value); err == nil {
			return Date(date)
		}
	case care.FieldContributions:
		return list(*value, contribution)
	case care.FieldEntries:
		return list(*value, entry)
	case care.FieldStatedItems:
		return list(*value, s.statedItem)
	case care.FieldFundingPeriods:
		return list(*value, s.fundingPeriod)
	case care.FieldContract:
		return "a later contract"
	}
	return *value
}

// Lines are an old and a new value of a changed field, and of a list only the parts that differ.
func (s Style) Lines(field string, old, new *string) (before, after string) {
	before, after = s.Value(field, old), s.Value(field, new)
	if !care.FieldKindOf(field).IsList() {
		return before, after
	}
	return s.without(before, after), s.without(after, before)
}

// without are the lines that the others do not have.
func (s Style) without(text, others string) string {
	known := make(map[string]bool)
	for line := range strings.SplitSeq(others, "\n") {
		known[line] = true
	}
	var left []string
	for line := range strings.SplitSeq(text, "\n") {
		if !known[line] {
			left = append(left, line)
		}
	}
	if len(left) == 0 {
		return s.None
	}
	return strings.Join(left, "\n")
}

// list shows a list that a change holds as JSON, one part a line.
func list[T any](value string, line func(T) string) string {
	var parts []T
	if json.Unmarshal([]byte(value), &parts) != nil {
		return value
	}
	lines := make([]string, len(parts))
	for i, part := range parts {
		lines[i] = line(part)
	}
	return strings.Join(lines, "\n")
}

func contribution(contribution care.Contribution) string {
	since := "without a start date"
	if !contribution.StartDate.IsZero() {
		since = "from " + Date(contribution.StartDate)
	}
	return contribution.Category + " " + Percentage(contribution.Percentage) + " " + since
}

// entry is a person's stay with a provider, with what is known of it.
func entry(entry care.Entry) string {
	line := Period(entry.EntryDate, entry.DepartureDate)
	for _, known := range []string{entry.Category, entry.ServiceProviderID, entry.DepartureReason} {
		if known != "" {
			line += ", " + known
		}
	}
	return line
}

func (s Style) statedItem(item care.StatedItem) string {
	return item.SupportItemNumber + " " + item.SupportItemText + ", " + s.amount(item.Approved)
}

func (s Style) fundingPeriod(period care.FundingPeriod) string {
	return Period(period.StartDate, period.EndDate) + ", " + s.amount(period.Amount) + ", " + Released(period.Released)
}

func (s Style) amount(amount decimal.NullDecimal) string {
	if !amount.Valid {
		return NotProvided
	}
	return s.Money(amount.Decimal)
}

// Released says whether a funding period's money is released.
func Released(released *bool) string {
	switch {
	case released == nil:
		return "release not stated"
	case *released:
		return "released"
	default:
		return "not released"
	}
}
