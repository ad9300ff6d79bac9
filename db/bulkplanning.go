package db

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// BulkSize is how large the parts of a bulk run are.
type BulkSize struct{ PerBatch, PerChunk int }

// ChangedPeople are the people with changes, according to the providers' lists, by our ids, with the government's ids of the updated budgets.
type ChangedPeople map[care.ID][]string

// peoplePerWindow is how many people of an organisation are looked at by one statement that plans. However many people there are, each statement is
// short, and an attempt resumes where the one before it was cut off.
const peoplePerWindow = 5_000

// PlanBulk plans the people of a bulk run as rows, once, and returns how many people and batches there are: the people with changes, if the
// lists were compared, else the selected people. Planning again returns the same. now decides who was synced lately. It fails with
// ErrNoConnection where the organisation no longer has the connection that the request names.
func (s *Store) PlanBulk(ctx context.Context, bulk Bulk, size BulkSize, moved ChangedPeople, now time.Time) (total, batches int, err error) {
	planned := gen.BulkPlannedParams{OrganisationID: bulk.OrganisationID, ID: bulk.ID}
	progress, err := s.queries.BulkPlanned(ctx, planned)
	if err != nil {
		return 0, 0, MapError("plan the bulk run", err)
	}
	if !progress.Planned {
		if err := s.planPeople(ctx, bulk, size, moved, now, progress); err != nil {
			return 0, 0, err
		}
		if progress, err = s.queries.BulkPlanned(ctx, planned); err != nil {
			return 0, 0, MapError("plan the bulk run", err)
		}
	}
	return int(progress.Total), int(progress.Batches), nil
}

// planPeople plans the people who have not been planned yet, window by window. Where the bulk run is over meanwhile, it plans no more.
func (s *Store) planPeople(ctx context.Context, bulk Bulk, size BulkSize, moved ChangedPeople, now time.Time, progress gen.BulkPlannedRow) error {
	selection, err := s.selectionOf(ctx, bulk, size, moved, now)
	if err != nil {
		return MapError("plan the bulk run", err)
	}
	window := peopleWindow{after: progress.LastPerson, before: progress.Total}
	for more := true; more; {
		err := s.inTransaction(ctx, "plan the bulk run", func(queries *gen.Queries) (err error) {
			more, err = selection.plan(ctx, queries, &window)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// bulkSelection is who belongs to a bulk run, and how they are divided.
type bulkSelection struct {
	Bulk
	size       BulkSize
	moved      ChangedPeople
	today      care.Date
	connection *care.ID
	// notSyncedSince leaves out people who were synced since; nil for no one.
	notSyncedSince *time.Time
}

// peopleWindow are the people of an organisation with ids after one and up to another. before is how many were planned before them.
type peopleWindow struct {
	after, until care.ID
	before       int32
}

// noneAfter is the greatest id.
const noneAfter care.ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

func (s *Store) selectionOf(ctx context.Context, bulk Bulk, size BulkSize, moved ChangedPeople, now time.Time) (selection bulkSelection, err error) {
	selection = bulkSelection{Bulk: bulk, size: size, moved: moved}
	if selection.today, err = todayOf(ctx, s.queries, bulk.OrganisationID, now); err != nil {
		return selection, err
	}
	if bulk.Request.NotSyncedFor > 0 {
		since := now.Add(-time.Duration(bulk.Request.NotSyncedFor))
		selection.notSyncedSince = &since
	}
	selection.connection, err = selectedConnection(ctx, s.queries, bulk)
	return selection, err
}

// plan plans the people of the next window, and reports whether there may be more of them.
func (b bulkSelection) plan(ctx context.Context, queries *gen.Queries, window *peopleWindow) (more bool, err error) {
	open, err := queries.LockBulk(ctx, gen.LockBulkParams{OrganisationID: b.OrganisationID, ID: b.ID})
	if err != nil || !open {
		return false, err
	}
	window.until, err = queries.EndOfWindow(ctx, gen.EndOfWindowParams{OrganisationID: b.OrganisationID, After: window.after, People: peoplePerWindow - 1})
	if err != nil {
		return false, err
	}
	selected, err := b.insert(ctx, queries, *window)
	if err != nil {
		return false, err
	}
	if window.until == noneAfter {
		return false, queries.MarkBulkPlanned(ctx, gen.MarkBulkPlannedParams{OrganisationID: b.OrganisationID, ID: b.ID})
	}
	window.after, window.before = window.until, window.before+int32(selected)
	return true, nil
}

// insert inserts the rows of the selected people of a window, and returns how many there are.
func (b bulkSelection) insert(ctx context.Context, queries *gen.Queries, window peopleWindow) (int64, error) {
	openSince := b.today.AddDays(-care.DaysOpenAfterEnd) // budgets that ended earlier are closed (R15)
	switch request := b.Request; {
	case b.moved != nil:
		return queries.PlanMoved(ctx, gen.PlanMovedParams{
			OrganisationID: b.OrganisationID, BulkID: b.ID, PerBatch: int32(b.size.PerBatch), PerChunk: int32(b.size.PerChunk),
			After: window.after, Until: window.until, Before: window.before, Moved: object(b.moved.within(window)), OpenSince: openSince,
		})
	case request.Kind == care.RunPACEContract:
		return queries.PlanParticipants(ctx, gen.PlanParticipantsParams{
			OrganisationID: b.OrganisationID, BulkID: b.ID, PerBatch: int32(b.size.PerBatch), PerChunk: int32(b.size.PerChunk),
			After: window.after, Until: window.until, Before: window.before, Today: b.today, NotSyncedSince: b.notSyncedSince,
			FailedLastTime: request.FailedLastTime, People: request.People, RetryOf: optional.Of(request.RetryOf),
		})
	default:
		return queries.PlanCareRecipients(ctx, gen.PlanCareRecipientsParams{
			OrganisationID: b.OrganisationID, BulkID: b.ID, PerBatch: int32(b.size.PerBatch), PerChunk: int32(b.size.PerChunk),
			After: window.after, Until: window.until, Before: window.before, ConnectionID: b.connection, InCare: request.InCare, OpenSince: openSince,
			NotSyncedSince: b.notSyncedSince, FailedLastTime: request.FailedLastTime, People: request.People, RetryOf: optional.Of(request.RetryOf),
		})
	}
}

// within are those of the people who are in a window.
func (c ChangedPeople) within(window peopleWindow) ChangedPeople {
	found := ChangedPeople{}
	for person, budgets := range c {
		if person > window.after && person <= window.until {
			found[person] = budgets
		}
	}
	return found
}

// selectedConnection is our id of the connection that holds the people of a bulk run; nil where any does. It fails with ErrNoConnection.
func selectedConnection(ctx context.Context, queries *gen.Queries, bulk Bulk) (*care.ID, error) {
	if bulk.Request.ServiceProviderID == "" || bulk.Request.Kind != care.RunCareRecipient {
		return nil, nil
	}
	connections, err := queries.ServiceProviderConnections(ctx, bulk.OrganisationID)
	if err != nil {
		return nil, err
	}
	for _, connection := range connections {
		if connection.ServiceProviderID == bulk.Request.ServiceProviderID {
			return &connection.ID, nil
		}
	}
	return nil, ErrNoConnection
}
