package ndia

import (
	"cmp"
	"hash/fnv"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/world"
)

// style is how a participant's answers are written: real services write the same thing in more than one way. It depends on the
// participant alone, so that two reads look the same.
type style struct {
	quoted bool
	noDate string
	// noPeriods is how it is written that a budget is released up front: as "absent", as "empty" or as a "single" period.
	noPeriods string
	// noTotals leaves the totals of support types and of the plan out, totalsDifferBy makes them wrong.
	noTotals       bool
	totalsDifferBy decimal.Decimal
}

// noDates are the forms of an absent date; an empty one leaves the field out.
var noDates = map[string]string{"null": "null", "empty": `""`, "zero": `"0000-00-00"`, "first": `"0001-01-01"`, "absent": ""}

func styleOf(p *world.Participant) style {
	n := spread(p.NDISNumber)
	chosen := p.Written
	return style{
		quoted:    cmp.Or(chosen.Amounts, pick(n, "number", "number", "number", "text")) == "text",
		noDate:    noDates[cmp.Or(chosen.NoDate, pick(n>>4, "null", "null", "empty", "zero", "first", "absent"))],
		noPeriods: pick(n>>8, "absent", "empty", "single"),
		noTotals:  chosen.Totals == "none", totalsDifferBy: chosen.TotalsDifferBy,
	}
}

func pick(n uint32, from ...string) string { return from[n%uint32(len(from))] }

// spread makes a number of an NDIS number.
func spread(number string) uint32 {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(number)) // a hash never fails to write
	return sum.Sum32() >> 3
}

// amount is dollars with at least two places, as a JSON number or as text.
type amount struct {
	value  decimal.Decimal
	quoted bool
}

func (s style) amount(value decimal.Decimal) *amount { return &amount{value, s.quoted} }

// MarshalJSON writes two places, or more where there are more.
func (a amount) MarshalJSON() ([]byte, error) {
	text := a.value.StringFixed(max(2, -a.value.Exponent()))
	if a.quoted {
		text = `"` + text + `"`
	}
	return []byte(text), nil
}

// wireDate is a date, or one of the forms that stand for none.
type wireDate struct {
	date world.Date
	none string
}

// date gives nothing where the absent date is left out.
func (s style) date(date world.Date) *wireDate {
	if date == world.NoDate && s.noDate == "" {
		return nil
	}
	return &wireDate{date, s.noDate}
}

// MarshalJSON writes YYYY-MM-DD or the form of "no date".
func (d wireDate) MarshalJSON() ([]byte, error) {
	if d.date == world.NoDate {
		return []byte(d.none), nil
	}
	return []byte(`"` + d.date.String() + `"`), nil
}
