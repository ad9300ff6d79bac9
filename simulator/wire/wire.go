// Package wire writes values as the real services do: each record in one of several forms, and always in the same one.
package wire

import (
	"hash/fnv"
	"net/http"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/simulator/world"
)

// Style is how the values of a record are written.
type Style struct {
	// Quoted writes numbers as text.
	Quoted bool
	// NoDate is the JSON that stands for an absent date.
	NoDate string
}

// Spread turns an id into a number by which a record's style is chosen.
func Spread(id string) uint32 {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id)) // a hash never fails to write
	return sum.Sum32() >> 3
}

// Number is a JSON number, or the same as text.
type Number struct {
	text   string
	quoted bool
}

// Amount writes dollars with two decimal places, or more where there are more.
func (s Style) Amount(value decimal.Decimal) Number {
	return Number{value.StringFixed(max(2, -value.Exponent())), s.Quoted}
}

// Percentage writes no more decimal places than there are.
func (s Style) Percentage(value decimal.Decimal) Number { return Number{value.String(), s.Quoted} }

// MarshalJSON writes the number.
func (n Number) MarshalJSON() ([]byte, error) {
	if n.quoted {
		return []byte(`"` + n.text + `"`), nil
	}
	return []byte(n.text), nil
}

// Date is a date, or what stands for an absent one.
type Date struct{ json string }

// Date writes a date as YYYY-MM-DD.
func (s Style) Date(date world.Date) Date {
	if date == world.NoDate {
		return Date{s.NoDate}
	}
	return Date{`"` + date.String() + `"`}
}

// DateText is a text in the place of a date.
func DateText(text string) Date { return Date{strconv.Quote(text)} }

// MarshalJSON writes the date.
func (d Date) MarshalJSON() ([]byte, error) { return []byte(d.json), nil }

// Send sends an answer with its length.
func Send(w http.ResponseWriter, status int, contentType string, content []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	_, _ = w.Write(content) // a client that went away needs no answer
}
