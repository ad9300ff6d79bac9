package record

import (
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

// noDates are the ways in which the services say "no date".
var noDates = map[string]bool{"": true, "0001-01-01": true, "0000-00-00": true}

// Date reads YYYY-MM-DD; anything else is a warning and no date.
func (r Row) Date(field string) care.Date {
	date, ok := r.readDate(field)
	if !ok {
		r.Odd(field, care.ProblemNotDate)
	}
	return date
}

// IdentityDate reads a date that is part of what identifies the record. It may be absent, but must be readable.
func (r Row) IdentityDate(field string) care.Date {
	date, ok := r.readDate(field)
	if !ok {
		r.Refuse(transport.InvalidRecord, field)
	}
	return date
}

func (r Row) readDate(field string) (date care.Date, ok bool) {
	raw, given := r.Present(field)
	if !given {
		return care.Date{}, true
	}
	text, ok := Scalar(raw)
	text = strings.TrimSpace(text)
	if ok && noDates[text] {
		return care.Date{}, true
	}
	date, err := care.ParseDate(text)
	return date, ok && err == nil
}
