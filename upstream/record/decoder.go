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
	issues  []care.Issue
	refusal *refusal
}

// refusal is why an answer cannot be used.
type refusal struct {
	kind            transport.Kind
	field, reported string
}

// NewDecoder begins a reading whose warnings belong to an area.
func NewDecoder(area care.Area) *Decoder { return &Decoder{area: area} }

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
	failure.Field, failure.Reported = d.refusal.field, d.refusal.reported
	return failure
}

func (d *Decoder) refuse(kind transport.Kind, field string, reported json.RawMessage) {
	if d.refusal == nil {
		d.refusal = &refusal{kind: kind, field: field, reported: quote(reported)}
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

// Row reads an object that stands at a path of the answer, such as "[3].classifications[0]". Something else in its place makes the
// answer unusable, since what it stands for cannot be known.
func (d *Decoder) Row(kind care.Kind, path string, raw json.RawMessage) Row {
	one := Row{decoder: d, kind: kind, path: path}
	if json.Unmarshal(raw, &one.fields) != nil || one.fields == nil {
		d.refuse(transport.InvalidRecord, path, raw)
	}
	return one
}

// Rows reads a list of objects; something else in its place makes the answer unusable.
func (d *Decoder) Rows(kind care.Kind, path string, raw json.RawMessage) []Row {
	var members []json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		d.refuse(transport.InvalidRecord, path, raw)
		return nil
	}
	rows := make([]Row, 0, len(members))
	for i, member := range members {
		rows = append(rows, d.Row(kind, fmt.Sprintf("%s[%d]", path, i), member))
	}
	return rows
}
