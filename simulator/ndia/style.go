package ndia

import (
	"cmp"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/wire"
	"github.com/caresync/caresync/simulator/world"
)

// style is how a participant's answers are written: real services write the same thing in more than one way. It depends on the
// participant alone, so that two reads look the same.
type style struct {
	wire.Style
	// noPeriods is how it is written that a budget is released up front: as "absent", as "empty" or as a "single" period.
	noPeriods string
	// noTotals leaves the totals of support types and of the plan out, totalsDifferBy makes them wrong.
	noTotals       bool
	totalsDifferBy decimal.Decimal
}

// noDates are the forms of an absent date; an empty one leaves the field out.
var noDates = map[string]string{"null": "null", "empty": `""`, "zero": `"0000-00-00"`, "first": `"0001-01-01"`, "absent": ""}

func styleOf(p *world.Participant) style {
	n := wire.Spread(p.NDISNumber)
	chosen := p.Written
	return style{
		Style: wire.Style{
			Quoted: cmp.Or(chosen.Amounts, pick(n, "number", "number", "number", "text")) == "text",
			NoDate: noDates[cmp.Or(chosen.NoDate, pick(n>>4, "null", "null", "empty", "zero", "first", "absent"))],
		},
		noPeriods: pick(n>>8, "absent", "empty", "single"),
		noTotals:  chosen.Totals == "none", totalsDifferBy: chosen.TotalsDifferBy,
	}
}

func pick(n uint32, from ...string) string { return from[n%uint32(len(from))] }

func (s style) amount(value decimal.Decimal) *wire.Number {
	written := s.Amount(value)
	return &written
}

// date returns nil where an absent date is left out.
func (s style) date(date world.Date) *wire.Date {
	if date == world.NoDate && s.NoDate == "" {
		return nil
	}
	written := s.Date(date)
	return &written
}
