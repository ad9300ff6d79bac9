package ndia

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	// longestText is the longest text that is taken from a field, in bytes: enough for any name or code.
	longestText = 500
	// longestQuote is how much of an odd value is kept with its warning, in bytes.
	longestQuote = 200
	// longestNumber is the longest number that is looked at, in digits and signs.
	longestNumber = 40
	// Amounts of a trillion are nonsense.
	moneyDigits = 12
)

// decoder reads rows. It collects what is odd as warnings; what makes the answer unusable stands as the refusal, the first one met.
type decoder struct {
	area    care.Area
	issues  []care.Issue
	refusal *refusal
}

// refusal is why an answer cannot be used.
type refusal struct {
	kind            transport.Kind
	field, reported string
}

// of makes the error about the answer.
func (r *refusal) of(response transport.Response) error {
	failure := response.Fail(r.kind)
	failure.Field, failure.Reported = r.field, r.reported
	return failure
}

// row is one JSON object of an answer.
type row struct {
	decoder *decoder
	kind    care.Kind
	// path says where it stands in the answer, such as "result.bgt_typ_lvl_dtls[0].plan_management[1]".
	path   string
	fields map[string]json.RawMessage
}

func (d *decoder) refuse(kind transport.Kind, field string, reported json.RawMessage) {
	if d.refusal == nil {
		d.refusal = &refusal{kind: kind, field: field, reported: quote(reported)}
	}
}

// row reads an object; something else in its place makes the answer unusable, since what it stands for cannot be known.
func (d *decoder) row(kind care.Kind, path string, raw json.RawMessage) row {
	one := row{decoder: d, kind: kind, path: path}
	if json.Unmarshal(raw, &one.fields) != nil || one.fields == nil {
		d.refuse(transport.InvalidRecord, path, raw)
	}
	return one
}

func (r row) at(field string) string { return strings.TrimPrefix(r.path+"."+field, ".") }

// present returns a field's value; null is absent.
func (r row) present(field string) (json.RawMessage, bool) {
	raw, ok := r.fields[field]
	return raw, ok && string(raw) != "null"
}

// list returns the objects of a list, none where it is absent.
func (r row) list(kind care.Kind, field string) []row {
	raw, ok := r.present(field)
	if !ok {
		return nil
	}
	return r.decoder.rows(kind, r.at(field), raw)
}

// rows reads a list of objects; something else in its place makes the answer unusable.
func (d *decoder) rows(kind care.Kind, path string, raw json.RawMessage) []row {
	var members []json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		d.refuse(transport.InvalidRecord, path, raw)
		return nil
	}
	rows := make([]row, 0, len(members))
	for i, member := range members {
		rows = append(rows, d.row(kind, fmt.Sprintf("%s[%d]", path, i), member))
	}
	return rows
}

// text reads a text, or a number from its digits.
func (r row) text(field string) string {
	raw, ok := r.present(field)
	if !ok {
		return ""
	}
	text, ok := scalarText(raw)
	if !ok || len(text) > longestText {
		r.odd(field, "is not a text", raw)
		return ""
	}
	if strings.ContainsRune(text, 0) {
		r.odd(field, "holds characters that cannot be stored", raw)
		text = strings.ReplaceAll(text, "\x00", "")
	}
	return text
}

// identity reads a text without which the record is no record.
func (r row) identity(field string) string {
	raw, _ := r.present(field)
	text, ok := scalarText(raw)
	if !ok || strings.TrimSpace(text) == "" || len(text) > longestText || strings.ContainsRune(text, 0) {
		r.decoder.refuse(transport.InvalidRecord, r.at(field), raw)
		return ""
	}
	return text
}

// noDates are the ways in which the service says "no date".
var noDates = map[string]bool{"": true, "0001-01-01": true, "0000-00-00": true}

// date reads YYYY-MM-DD; anything else is a warning and no date.
func (r row) date(field string) care.Date {
	date, ok := r.readDate(field)
	if !ok {
		raw, _ := r.present(field)
		r.odd(field, "is not a date", raw)
	}
	return date
}

// identityDate reads a date that is part of what identifies the record. It may be absent, but must be readable.
func (r row) identityDate(field string) care.Date {
	date, ok := r.readDate(field)
	if !ok {
		raw, _ := r.present(field)
		r.decoder.refuse(transport.InvalidRecord, r.at(field), raw)
	}
	return date
}

func (r row) readDate(field string) (date care.Date, ok bool) {
	raw, given := r.present(field)
	if !given {
		return care.Date{}, true
	}
	text, ok := scalarText(raw)
	text = strings.TrimSpace(text)
	if ok && noDates[text] {
		return care.Date{}, true
	}
	date, err := care.ParseDate(text)
	return date, ok && err == nil
}

// money reads an amount from its digits and rounds it to cents, with a warning where a digit was lost (R2). Absent is not zero (R3).
func (r row) money(field string) decimal.NullDecimal {
	raw, ok := r.present(field)
	if !ok {
		return decimal.NullDecimal{}
	}
	text, _ := scalarText(raw)
	if text = strings.TrimSpace(text); text == "" && isText(raw) {
		return decimal.NullDecimal{}
	}
	reported, ok := parseNumber(text, moneyDigits)
	rounded, lost := care.Money(reported)
	if !ok || tooLarge(rounded, moneyDigits) {
		r.odd(field, "is not an amount that can be right", raw)
		return decimal.NullDecimal{}
	}
	if lost {
		r.warn(care.IssueRounded, field, "came with more places than are kept, and was rounded", raw)
	}
	return decimal.NewNullDecimal(rounded)
}

// flag reads true or false, also as a text; anything else is a warning and false.
func (r row) flag(field string) bool {
	raw, ok := r.present(field)
	if !ok {
		return false
	}
	value, said := truth(raw)
	if !said {
		r.odd(field, "is neither true nor false", raw)
	}
	return value
}

// identityFlag reads a flag without which the record says nothing.
func (r row) identityFlag(field string) bool {
	raw, _ := r.present(field)
	value, said := truth(raw)
	if !said {
		r.decoder.refuse(transport.InvalidRecord, r.at(field), raw)
	}
	return value
}

// truth reads true or false from a JSON value or from a text, and reports whether it was either.
func truth(raw json.RawMessage) (value, said bool) {
	text := string(raw)
	if isText(raw) {
		text, _ = scalarText(raw)
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true":
		return true, true
	case "false":
		return false, true
	default:
		return false, false
	}
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

// odd warns that an optional field could not be read and counts as absent.
func (r row) odd(field, what string, raw json.RawMessage) {
	r.warn(care.IssueOddValue, field, what+", and was left out", raw)
}

// warn adds a warning. Its message names the field and the kind of record; the value stands in the details only (R10).
func (r row) warn(code care.IssueCode, field, what string, raw json.RawMessage) {
	issue := care.Warning(r.decoder.area, code, fmt.Sprintf("The field %s of a %s %s.", field, strings.ReplaceAll(string(r.kind), "_", " "), what))
	issue.Kind = r.kind
	issue.Details, _ = json.Marshal(map[string]string{"field": r.at(field), "reported": quote(raw)}) // a map of texts always encodes
	r.decoder.issues = append(r.decoder.issues, issue)
}

// scalarText returns a text as it is and a number as its digits.
func scalarText(raw json.RawMessage) (string, bool) {
	if isText(raw) {
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	}
	return string(raw), isNumber(raw)
}

func isText(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

func isNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && (raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'))
}

// quote is the beginning of a value, in a form that can be stored.
func quote(raw json.RawMessage) string {
	text, ok := scalarText(raw)
	if !ok {
		text = string(raw)
	}
	return beginning(text, longestQuote)
}

// beginning is at most so many bytes of a text, in a form that can be stored.
func beginning(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	end := min(len(text), most)
	for end < len(text) && end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
