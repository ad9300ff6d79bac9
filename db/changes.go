package db

import (
	"context"
	"slices"

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
