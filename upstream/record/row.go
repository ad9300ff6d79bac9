package record

import (
	"encoding/json"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	// LongestText is the longest text that is taken from a field, in bytes: enough for any name or code.
	LongestText = 500
	// LongestQuote is how much of an odd value is kept with its warning, in bytes.
	LongestQuote = 200
)

// Row is one JSON object of an answer. Decoder makes it.
type Row struct {
	decoder *Decoder
	kind    care.Kind
	// path says where it stands in the answer, position where in its list, from 1.
	path     string
	position int
	fields   map[string]json.RawMessage
	// above is the record that this one is part of.
	above *Row
	// member is set for a record of a list, which can be left out on its own.
	member *member
}

// member is a record of a list, as far as that concerns the list: leftOut is why it was left out, nil if it was not.
type member struct{ leftOut *refusal }

// LeftOut reports whether the record, one of a list, was left out, since nothing identifies it: whoever reads the list drops it (R6). It is
// known once the record has been read.
func (r Row) LeftOut() bool { return r.member != nil && r.member.leftOut != nil }

// RefuseAnswer makes the whole answer unusable if the record was left out: for answers that say nothing without it.
func (r Row) RefuseAnswer() {
	if r.LeftOut() {
		r.decoder.refuse(*r.member.leftOut)
	}
}

// Present returns a field's value; null is absent.
func (r Row) Present(field string) (json.RawMessage, bool) {
	raw, ok := r.fields[field]
	return raw, ok && string(raw) != "null"
}

// List returns the objects of a list, none where it is absent. Something else in its place is a list that did not come.
func (r Row) List(kind care.Kind, field string) []Row {
	if _, given := r.Present(field); !given {
		return nil
	}
	rows, _ := r.RequiredList(kind, field)
	return rows
}

// WholeList returns the objects of a list without which the answer says nothing, none where it is absent. Something else in its place makes
// the answer unusable.
func (r Row) WholeList(kind care.Kind, field string) []Row {
	raw, given := r.Present(field)
	if !given {
		return nil
	}
	rows, ok := r.members(kind, field)
	if !ok {
		r.decoder.refuse(refusal{transport.InvalidRecord, r.at(field), care.About{Record: r.label(), Field: field, Reported: quote(raw)}})
	}
	return rows
}

// RequiredList returns the objects of a list that the answer must have; came is false where it is absent, null or no list, with a warning.
// That is no empty list: nothing of it was read (R5).
func (r Row) RequiredList(kind care.Kind, field string) (rows []Row, came bool) {
	rows, came = r.members(kind, field)
	if !came {
		about := care.About{Record: r.label()}
		if raw, given := r.Present(field); given {
			about.Field, about.Reported = field, quote(raw)
		}
		r.decoder.missing(kind, field, about)
	}
	return rows, came
}

// members returns the objects of a list; ok is false for what is no list.
func (r Row) members(kind care.Kind, field string) (rows []Row, ok bool) {
	return r.decoder.rows(Row{decoder: r.decoder, kind: kind, path: r.at(field), above: &r}, r.fields[field])
}

// Text reads a text, or a number from its digits.
func (r Row) Text(field string) string {
	raw, ok := r.Present(field)
	if !ok {
		return ""
	}
	text, ok := Scalar(raw)
	switch {
	case !ok:
		r.Odd(field, care.ProblemNotText)
		return ""
	case len(text) > LongestText:
		r.Odd(field, care.ProblemTooLong)
		return ""
	}
	if strings.ContainsRune(text, 0) {
		r.Odd(field, care.ProblemUnstorable)
		text = strings.ReplaceAll(text, "\x00", "")
	}
	return text
}

// Identity reads a text without which the record is no record.
func (r Row) Identity(field string) string {
	raw, _ := r.Present(field)
	text, ok := Scalar(raw)
	if !ok || strings.TrimSpace(text) == "" || len(text) > LongestText || strings.ContainsRune(text, 0) {
		r.Refuse(transport.InvalidRecord, field)
		return ""
	}
	return text
}

// Refuse makes the whole answer unusable because of a field's value, or of its absence. Where the field identifies one record of a list, that
// record alone is left out (R6).
func (r Row) Refuse(kind transport.Kind, field string) {
	raw := r.fields[field]
	what := care.ValueDetails{Field: field, Problem: care.ProblemIdentity}
	if _, given := r.Present(field); !given {
		raw, what.Problem = r.raw(), care.ProblemIdentityMissing
	}
	r.refuse(refusal{kind, r.at(field), care.About{Record: r.numbered(), Field: field, Reported: quote(raw)}}, what)
}

func (r Row) refuse(reason refusal, what care.ValueDetails) {
	switch {
	case r.member == nil || reason.kind != transport.InvalidRecord:
		r.decoder.refuse(reason)
	case !r.LeftOut():
		r.member.leftOut = &reason
		r.decoder.leaveOut(r.kind, reason, what)
	}
}

// raw is the record as it came, but for the order of its fields.
func (r Row) raw() json.RawMessage {
	encoded, err := json.Marshal(r.fields)
	if err != nil {
		return nil
	}
	return encoded
}

// Odd warns that an optional field could not be read and counts as absent.
func (r Row) Odd(field string, problem care.ValueProblem) {
	r.warn(care.IssueOddValue, field, problem)
}

// warn adds a warning about a field. Its details name the field; record and value stand beside it (R10).
func (r Row) warn(code care.IssueCode, field string, problem care.ValueProblem) {
	issue := care.Warning(r.decoder.area, code).With(care.ValueDetails{Field: field, Problem: problem})
	issue.Kind, issue.About = r.kind, &care.About{Record: r.label(), Field: field, Reported: quote(r.fields[field])}
	r.decoder.issues = append(r.decoder.issues, issue)
}

// label is what people know the record by, as far as its fields can be read.
func (r Row) label() care.Label {
	names := r.decoder.names[r.kind]
	label := care.Label{Kind: r.kind, Name: r.first(names.Name), Code: r.first(names.Code)}
	label.StartDate, _ = r.readDate(names.Start)
	label.EndDate, _ = r.readDate(names.End)
	if r.above != nil {
		above := r.above.label()
		label.Of = &above
	}
	return label
}

// numbered is the label with the place in the list, for a record that its fields may not name.
func (r Row) numbered() care.Label {
	label := r.label()
	label.Position = r.position
	return label
}

// first is the text of the first of these fields that is there and can be shown.
func (r Row) first(fields []string) string {
	for _, field := range fields {
		if text, ok := Scalar(r.fields[field]); ok && text != "" {
			return transport.Storable(text, LongestQuote)
		}
	}
	return ""
}

// at is where a field stands in the answer.
func (r Row) at(field string) string { return strings.TrimPrefix(r.path+"."+field, ".") }
