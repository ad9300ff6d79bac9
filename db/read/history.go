package read

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
	"github.com/caresync/caresync/words"
)

// ChangeCause is when a record changed, and what changed it: a run, or else someone through something.
type ChangeCause struct {
	ChangedAt   time.Time
	RunID       *care.ID
	Trigger     care.Trigger
	Source      care.ChangeSource
	RequestedBy string
	Note        string
}

// PersonChange is one field of a person that a run, an import or an operator changed. A person who was created has one entry
// without a field.
type PersonChange struct {
	ChangeCause
	Action     string
	Field      string
	FieldLabel string
	Old        *string
	New        *string
}

// PersonHistory returns what changed in a person's own fields, newest first, and whether there is more. before is the time of the last
// change of the page that was shown before, zero for the first. What changed at one moment stays on one page, which may therefore be
// longer than asked. It fails with ErrNotFound.
func (s Store) PersonHistory(
	ctx context.Context, organisation, person care.ID, before time.Time, most int,
) (changes []PersonChange, more bool, err error) {
	err = s.store.Snapshot(ctx, "load the person's history", func(queries *gen.Queries) error {
		if _, err := viewPerson(ctx, queries, organisation, person); err != nil {
			return err
		}
		rows, err := queries.ViewPersonHistory(ctx, gen.ViewPersonHistoryParams{
			OrganisationID: organisation, PersonID: person, Before: optional.Of(before), Most: pageSize(most) - 1,
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
		change.FieldLabel = words.Field(row.Field)
	}
	return change
}
