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
	// path says where it stands in the answer.
	path   string
	fields map[string]json.RawMessage
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
	return r.decoder.Rows(kind, r.at(field), raw)
}

// Text reads a text, or a number from its digits.
func (r Row) Text(field string) string {
	raw, ok := r.Present(field)
	if !ok {
		return ""
	}
	text, ok := Scalar(raw)
	if !ok || len(text) > LongestText {
		r.Odd(field, "is not a text")
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
	r.decoder.refuse(kind, r.at(field), r.fields[field])
}

// Odd warns that an optional field could not be read and counts as absent; what goes on with "The field f of a budget".
func (r Row) Odd(field, what string) {
	r.warn(care.IssueOddValue, field, what+", and was left out")
}

// warn adds a warning. Its message names the field and the kind of record; the value stands in the details only (R10).
func (r Row) warn(code care.IssueCode, field, what string) {
	issue := care.Warning(r.decoder.area, code, fmt.Sprintf("The field %s of %s %s.", field, oneOf(r.kind), what))
	issue.Kind = r.kind
	issue.Details, _ = json.Marshal(map[string]string{"field": r.at(field), "reported": quote(r.fields[field])}) // a map of texts always encodes
	r.decoder.issues = append(r.decoder.issues, issue)
}

// oneOf names a record of a kind, such as "a budget" or "an entitlement".
func oneOf(kind care.Kind) string {
	article := "a "
	if strings.ContainsRune("aeiou", rune(kind[0])) {
		article = "an "
	}
	return article + strings.ReplaceAll(string(kind), "_", " ")
}

// at is where a field stands in the answer.
func (r Row) at(field string) string { return strings.TrimPrefix(r.path+"."+field, ".") }
