package pace

import (
	"context"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

// SetFlags ticks or unticks the two boxes of a person (PACE guide, step 2, R21); by is who does it. It fails with db.ErrNotFound or care.ErrAccessWithoutParticipant.
func (s *Service) SetFlags(ctx context.Context, organisation db.Organisation, person care.ID, change db.FlagChange, by string) (care.PACEFlags, error) {
	return s.store.SetPACEFlags(ctx, organisation.ID, person, change, by)
}
