package db

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// recordChanges keeps changes that no run made, in the transaction that makes them.
func recordChanges(ctx context.Context, queries *gen.Queries, organisation care.ID, origin care.Origin, changes []care.Change) error {
	for chunk := range slices.Chunk(changes, importChunk) {
		err := queries.RecordChanges(ctx, gen.RecordChangesParams{
			OrganisationID: organisation, Source: string(origin.Source), RequestedBy: origin.RequestedBy, Note: origin.Note, Changes: list(chunk),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fieldChange is a field of a record before and after; an empty text is no value.
type fieldChange struct{ field, old, new string }

// changedFields are the changes among the fields of a record.
func changedFields(kind care.Kind, record care.ID, fields []fieldChange) (changes []care.Change) {
	for _, field := range fields {
		if field.old != field.new {
			changes = append(changes, care.Change{
				Kind: kind, RecordID: record, Action: care.ActionUpdated, Field: field.field, Old: pointerTo(field.old), New: pointerTo(field.new),
			})
		}
	}
	return changes
}

// changedFlags are the changes of a person's two boxes (R21).
func changedFlags(person care.ID, before, after care.PACEFlags) []care.Change {
	return changedFields(care.KindPerson, person, []fieldChange{
		{"pace_participant", strconv.FormatBool(before.PACEParticipant), strconv.FormatBool(after.PACEParticipant)},
		{"pace_api_access", strconv.FormatBool(before.PACEAPIAccess), strconv.FormatBool(after.PACEAPIAccess)},
	})
}

// ChangeCause is when a record changed, and what changed it: a run, or else somebody through something.
type ChangeCause struct {
	ChangedAt   time.Time         `json:"changed_at"`
	RunID       *care.ID          `json:"run_id" doc:"Null where no run changed it"`
	Trigger     care.Trigger      `json:"trigger,omitempty" doc:"The run's"`
	Source      care.ChangeSource `json:"source,omitempty" doc:"What changed it where no run did, such as import-people"`
	RequestedBy string            `json:"requested_by,omitempty" doc:"Who asked for the run, or who changed it without one"`
	Note        string            `json:"note,omitempty" doc:"Why, in their own words"`
}

// PersonChange is one field of a person that a run, an import or an operator changed. A person who was created has one entry
// without a field.
type PersonChange struct {
	ChangeCause
	Action     string  `json:"action" enum:"created,updated"`
	Field      string  `json:"field"`
	FieldLabel string  `json:"field_label" doc:"The field as people know it"`
	Old        *string `json:"old_value"`
	New        *string `json:"new_value"`
}

// PersonHistory returns what changed in a person's own fields, newest first, and whether there is more. before is the time of the last
// change of the page that was shown before, zero for the first. What changed at one moment stays on one page, which may therefore be
// longer than asked. It fails with ErrNotFound.
func (s *Store) PersonHistory(
	ctx context.Context, organisation, person care.ID, before time.Time, most int,
) (changes []PersonChange, more bool, err error) {
	err = s.inSnapshot(ctx, "load the person's history", func(queries *gen.Queries) error {
		if _, err := viewPerson(ctx, queries, organisation, person); err != nil {
			return err
		}
		rows, err := queries.ViewPersonHistory(ctx, gen.ViewPersonHistoryParams{
			OrganisationID: organisation, PersonID: person, Before: pointerTo(before), Most: pageSize(most) - 1,
		})
		changes = make([]PersonChange, 0, len(rows))
		for _, row := range rows {
			changes, more = append(changes, viewPersonChange(row)), row.More
		}
		return err
	})
	return changes, more, err
}

func viewPersonChange(row gen.ViewPersonHistoryRow) PersonChange {
	change := PersonChange{
		ChangeCause: ChangeCause{
			ChangedAt: row.ChangedAt, RunID: row.RunID, Trigger: care.Trigger(row.Trigger), Source: care.ChangeSource(row.Source),
			RequestedBy: row.RequestedBy, Note: row.Note,
		},
		Action: row.Action, Field: row.Field, Old: row.OldValue, New: row.NewValue,
	}
	if row.Field != "" {
		change.FieldLabel = care.FieldLabel(row.Field)
	}
	return change
}
