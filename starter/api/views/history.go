package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// ChangeCause is when a record changed, and what changed it: a run, or else someone through something.
type ChangeCause struct {
	ChangedAt   time.Time         `json:"changed_at"`
	RunID       *care.ID          `json:"run_id" doc:"Null if no run changed it"`
	Trigger     care.Trigger      `json:"trigger,omitempty" doc:"The run's"`
	Source      care.ChangeSource `json:"source,omitempty" doc:"What made the change if no run did, such as import-people"`
	RequestedBy string            `json:"requested_by,omitempty" doc:"Who requested the run, or who made the change without one"`
	Note        string            `json:"note,omitempty" doc:"The reason, in the person's own words"`
}

// PersonChange is one field of a person that a run, an import or an operator changed. A person who was created has one entry
// without a field.
type PersonChange struct {
	ChangeCause
	Action     string  `json:"action" enum:"created,updated"`
	Field      string  `json:"field"`
	FieldLabel string  `json:"field_label" doc:"The field's name, for people"`
	Old        *string `json:"old_value"`
	New        *string `json:"new_value"`
}

// FromChangeCause shows a read.ChangeCause.
func FromChangeCause(model read.ChangeCause) ChangeCause {
	return ChangeCause(model)
}

// FromPersonChange shows a read.PersonChange.
func FromPersonChange(model read.PersonChange) PersonChange {
	return PersonChange{
		ChangeCause: FromChangeCause(model.ChangeCause), Action: model.Action, Field: model.Field, FieldLabel: model.FieldLabel,
		Old: model.Old, New: model.New,
	}
}
