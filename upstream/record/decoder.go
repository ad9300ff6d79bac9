package record

import (
	"encoding/json"
	"fmt"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

// Decoder reads the rows of an answer. It collects what is odd as warnings; what makes the answer unusable stands as the refusal, the
// first one met. It is for one goroutine.
type Decoder struct {
	area    care.Area
	names   Names
	issues  []care.Issue
	refusal *refusal
}

// refusal is why an answer cannot be used.
type refusal struct {
	kind  transport.Kind
	field string
	about care.About
}

// Names say for each kind of record in which fields what people know it by stands.
type Names map[care.Kind]NameFields

// NameFields are the fields of a record's label. Of several fields for a name or code, the first that is there is taken.
type NameFields struct {
	Name, Code []string
	Start, End string
}

// NewDecoder begins a reading whose warnings belong to an area, and call records by these names.
func NewDecoder(area care.Area, names Names) *Decoder { return &Decoder{area: area, names: names} }

// TakeIssues hands out the warnings since it was last called.
func (d *Decoder) TakeIssues() []care.Issue {
	issues := d.issues
	d.issues = nil
	return issues
}

// Refusal is the error about an answer that cannot be used, a *transport.Error that names the field; nil where it can be used.
func (d *Decoder) Refusal(response transport.Response) error {
	if d.refusal == nil {
		return nil
	}
	failure := response.Fail(d.refusal.kind)
	failure.Field, failure.About = d.refusal.field, &d.refusal.about
	return failure
}

// refuse keeps the first refusal: field is where it stands in the answer, about what people are told of it.
func (d *Decoder) refuse(kind transport.Kind, field string, about care.About) {
	if d.refusal == nil {
		d.refusal = &refusal{kind: kind, field: field, about: about}
	}
}

// Answer reads an answer that is one object as a whole. Anything else is not what the service promised: Unreadable.
func (d *Decoder) Answer(kind care.Kind, response transport.Response) (Row, error) {
	answer := Row{decoder: d, kind: kind}
	if err := response.Decode(&answer.fields); err != nil {
		return Row{}, err
	}
	if answer.fields == nil { // null
		return Row{}, response.Fail(transport.Unreadable)
	}
	return answer, nil
}

// Row reads an object that stands at a path of the answer, such as "result". Something else in its place makes the answer unusable,
// since what it stands for cannot be known.
func (d *Decoder) Row(kind care.Kind, path string, raw json.RawMessage) Row {
	return d.row(Row{decoder: d, kind: kind, path: path}, raw)
}

// Member reads a member of an answer that is a list as a whole, as Row does; index counts from 0, across pages.
func (d *Decoder) Member(kind care.Kind, index int, raw json.RawMessage) Row {
	return d.row(Row{decoder: d, kind: kind, path: fmt.Sprintf("[%d]", index), position: index + 1}, raw)
}

func (d *Decoder) row(one Row, raw json.RawMessage) Row {
	if json.Unmarshal(raw, &one.fields) != nil || one.fields == nil {
		d.refuse(transport.InvalidRecord, one.path, care.About{Record: one.numbered(), Reported: quote(raw)})
	}
	return one
}

// Rows reads a list of objects; something else in its place makes the answer unusable.
func (d *Decoder) Rows(kind care.Kind, path string, raw json.RawMessage) []Row {
	return d.rows(Row{decoder: d, kind: kind, path: path}, raw)
}

// rows reads the members of a list, of which one is the pattern.
func (d *Decoder) rows(one Row, raw json.RawMessage) []Row {
	var members []json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		d.refuse(transport.InvalidRecord, one.path, care.About{Record: one.label(), Reported: quote(raw)})
		return nil
	}
	path, rows := one.path, make([]Row, 0, len(members))
	for i, member := range members {
		one.path, one.position = fmt.Sprintf("%s[%d]", path, i), i+1
		rows = append(rows, d.row(one, member))
	}
	return rows
}
