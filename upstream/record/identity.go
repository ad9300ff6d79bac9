package record

import (
	"strings"

	"github.com/caresync/caresync/care"
)

// Unreadable are the fields of a row that are there and cannot be read, with the beginning of what came. Where a field tells who someone
// is, that is another thing than an absent one (R8).
type Unreadable map[string]string

func (u *Unreadable) note(row Row, field, name string) {
	if *u == nil {
		*u = Unreadable{}
	}
	(*u)[name] = quote(row.fields[field])
}

// NameInto reads a name that tells who someone is, and notes under our name for it one that is there and is no text.
func (r Row) NameInto(unreadable *Unreadable, field, name string) string {
	raw, given := r.Present(field)
	if !given {
		return ""
	}
	text, ok := Scalar(raw)
	if !ok || !isText(raw) || len(text) > LongestText {
		unreadable.note(r, field, name)
		return ""
	}
	return strings.ReplaceAll(text, "\x00", "")
}

// DateInto reads a date that tells who someone is, and notes under our name for it one that is there and is no date.
func (r Row) DateInto(unreadable *Unreadable, field, name string) care.Date {
	date, ok := r.readDate(field)
	if !ok {
		unreadable.note(r, field, name)
	}
	return date
}

// IDInto reads an id that tells who someone is, and notes under our name for it one that is there and is neither text nor number. Without
// an id the record is no record.
func (r Row) IDInto(unreadable *Unreadable, field, name string) (id string, isNumber bool) {
	raw, given := r.Present(field)
	if _, scalar := Scalar(raw); given && !scalar {
		unreadable.note(r, field, name)
		return "", false
	}
	return r.Identity(field), IsNumber(raw)
}
