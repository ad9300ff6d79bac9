package db

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// NotePlansAhead notes which plans of a person have not started, so that they are looked at again on their day (R34).
func (s *Store) NotePlansAhead(ctx context.Context, organisation, person care.ID, starts []care.Date) error {
	return MapError("note the plans that have not started", s.queries.NotePlansAhead(ctx, gen.NotePlansAheadParams{
		OrganisationID: organisation, PersonID: person, PlanStartDates: starts,
	}))
}

// DueRefresh is a person whose contract is to be refreshed since a funding period, or a plan, has started (R34).
type DueRefresh struct{ OrganisationID, PersonID care.ID }

// DueRefreshes returns who is due at an instant, of all organisations. Each organisation gets an equal part of an hour's budget calls.
func (s *Store) DueRefreshes(ctx context.Context, at time.Time, partsOfAnHour int) ([]DueRefresh, error) {
	rows, err := s.queries.DueRefreshes(ctx, gen.DueRefreshesParams{Instant: at, PartsOfAnHour: int32(partsOfAnHour)})
	if err != nil {
		return nil, MapError("look for refreshes that are due", err)
	}
	due := make([]DueRefresh, len(rows))
	for i, row := range rows {
		due[i] = DueRefresh(row)
	}
	return due, nil
}
