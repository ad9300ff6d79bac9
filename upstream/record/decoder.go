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
	// incomplete are the kinds of which a record was left out, or whose list did not come.
	incomplete map[care.Kind]bool
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
func NewDecoder(area care.Area, names Names) *Decoder {
	return &Decoder{area: area, names: names, incomplete: make(map[care.Kind]bool)}
}

// Incomplete reports whether records of a kind were not read: one was left out, or a list of them did not come. What is missing from the
// answer proves nothing then (R5, R6).
func (d *Decoder) Incomplete(kind care.Kind) bool { return d.incomplete[kind] }

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

// refuse keeps the first refusal.
func (d *Decoder) refuse(reason refusal) {
	if d.refusal == nil {
		d.refusal = &reason
	}
}

// leaveOut leaves a record out of its list, with a warning that names the list, the position and what came (R6).
func (d *Decoder) leaveOut(kind care.Kind, reason refusal, what care.ValueDetails) {
	d.incomplete[kind] = true
	issue := care.Warning(d.area, care.IssueRecordLeftOut).With(what)
	issue.Kind, issue.About = kind, &reason.about
	d.issues = append(d.issues, issue)
}

// missing notes a list that did not come, which is no empty list: nothing of it was read (R5).
func (d *Decoder) missing(kind care.Kind, field string, about care.About) {
	d.incomplete[kind] = true
	issue := care.Warning(d.area, care.IssueListMissing).With(care.ValueDetails{Field: field})
	issue.Kind, issue.About = kind, &about
	d.issues = append(d.issues, issue)
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

// Member reads a member of an answer that is a list as a whole; index counts from 0, across pages. A member that nothing identifies is left
// out of the list.
func (d *Decoder) Member(kind care.Kind, index int, raw json.RawMessage) Row {
	return d.row(Row{decoder: d, kind: kind, path: fmt.Sprintf("[%d]", index), position: index + 1, member: new(member)}, raw)
}

func (d *Decoder) row(one Row, raw json.RawMessage) Row {
	if json.Unmarshal(raw, &one.fields) != nil || one.fields == nil {
		one.fields = nil
		one.refuse(refusal{transport.InvalidRecord, one.path, care.About{Record: one.numbered(), Reported: quote(raw)}}, care.ValueDetails{Problem: care.ProblemNotRecord})
	}
	return one
}

// Rows reads a list of objects that is the answer; something else in its place makes the answer unusable.
func (d *Decoder) Rows(kind care.Kind, path string, raw json.RawMessage) []Row {
	rows, ok := d.rows(Row{decoder: d, kind: kind, path: path}, raw)
	if !ok {
		d.refuse(refusal{transport.InvalidRecord, path, care.About{Record: care.Label{Kind: kind}, Reported: quote(raw)}})
	}
	return rows
}

// rows reads the members of a list, of which one is the pattern; ok is false for what is no list.
func (d *Decoder) rows(one Row, raw json.RawMessage) (rows []Row, ok bool) {
	var members []json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return nil, false
	}
	path := one.path
	for i, raw := range members {
		one.path, one.position, one.member = fmt.Sprintf("%s[%d]", path, i), i+1, new(member)
		rows = append(rows, d.row(one, raw))
	}
	return rows, true
}
