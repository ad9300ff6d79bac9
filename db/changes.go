package db

import (
	"context"
	"slices"
	"strconv"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
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
				Kind: kind, RecordID: record, Action: care.ActionUpdated, Field: field.field, Old: optional.Of(field.old), New: optional.Of(field.new),
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
