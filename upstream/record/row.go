package record

import (
	"encoding/json"
	"fmt"
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
}

// Present returns a field's value; null is absent.
func (r Row) Present(field string) (json.RawMessage, bool) {
	raw, ok := r.fields[field]
	return raw, ok && string(raw) != "null"
}

// List returns the objects of a list, none where it is absent.
func (r Row) List(kind care.Kind, field string) []Row {
	raw, ok := r.Present(field)
	if !ok {
		return nil
	}
	return r.decoder.rows(Row{decoder: r.decoder, kind: kind, path: r.at(field), above: &r}, raw)
}

// RequiredList returns the objects of a list that the answer must have; came is false where it is absent or null, with a warning. That is
// no empty list: nothing of it was read (R5).
func (r Row) RequiredList(kind care.Kind, field string) (rows []Row, came bool) {
	if _, came = r.Present(field); !came {
		issue := care.Warning(r.decoder.area, care.IssueListMissing,
			fmt.Sprintf("The list of %s did not come, so nothing of it was removed.", care.FieldLabel(field)))
		issue.Kind, issue.About = kind, &care.About{Record: r.label()}
		r.decoder.issues = append(r.decoder.issues, issue)
		return nil, false
	}
	return r.List(kind, field), true
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
		r.Odd(field, "is not a text")
		return ""
	case len(text) > LongestText:
		r.Odd(field, fmt.Sprintf("is longer than %d bytes", LongestText))
		return ""
	}
	if strings.ContainsRune(text, 0) {
		r.Odd(field, "holds characters that cannot be stored")
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

// Refuse makes the whole answer unusable because of a field's value, or of its absence.
func (r Row) Refuse(kind transport.Kind, field string) {
	r.decoder.refuse(kind, r.at(field), care.About{Record: r.numbered(), Field: field, Reported: quote(r.fields[field])})
}

// Odd warns that an optional field could not be read and counts as absent; what goes on with "The total".
func (r Row) Odd(field, what string) {
	r.warn(care.IssueOddValue, field, what+", and was left out")
}

// warn adds a warning about a field. Its message names the field; record and value stand beside it (R10).
func (r Row) warn(code care.IssueCode, field, what string) {
	issue := care.Warning(r.decoder.area, code, fmt.Sprintf("The %s %s.", care.FieldLabel(field), what))
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
