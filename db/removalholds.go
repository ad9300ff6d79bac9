package db

import (
	"context"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// AcceptHolds lets the removals that a run held back through: the next sync makes them, if the records are still missing then (R5).
// ErrNotFound means that there was nothing left to accept.
func (s *Store) AcceptHolds(ctx context.Context, organisation, run care.ID, by string) error {
	accepted, err := s.queries.AcceptHolds(ctx, gen.AcceptHoldsParams{OrganisationID: organisation, RunID: run, AcceptedBy: by})
	if err != nil {
		return MapError("accept the removal", err)
	}
	if len(accepted) == 0 {
		return ErrNotFound
	}
	return nil
}
