package db

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// Bulk is a bulk run as it is started.
type Bulk struct {
	ID             care.ID
	OrganisationID care.ID
	RequestedBy    string
	Options        care.BulkOptions
}

// RecordBulk writes the row of a bulk run. A row that is there already stands.
func (s *Store) RecordBulk(ctx context.Context, bulk Bulk) error {
	return mapError("record the bulk run", s.queries.RecordBulk(ctx, gen.RecordBulkParams{
		ID: bulk.ID, OrganisationID: bulk.OrganisationID, Kind: string(bulk.Options.Kind), RequestedBy: bulk.RequestedBy, Options: object(bulk.Options),
	}))
}

// BulkOptions answers with the options of a bulk run, or ErrNotFound.
func (s *Store) BulkOptions(ctx context.Context, organisation, bulk care.ID) (options care.BulkOptions, err error) {
	stored, err := s.queries.BulkOptions(ctx, gen.BulkOptionsParams{OrganisationID: organisation, ID: bulk})
	if err != nil {
		return options, mapError("load the bulk run", err)
	}
	return options, json.Unmarshal(stored, &options)
}

// BulkRunID is our id of a person's run in a bulk run, so that an attempt which is made again answers from the ledger.
func BulkRunID(bulk, client care.ID) care.ID {
	return care.ID(uuid.NewSHA1(uuid.MustParse(string(bulk)), []byte(client)).String())
}

// BulkSize is how large the parts of a bulk run are.
type BulkSize struct{ PerBatch, PerSlice int }

// PlanBulk plans the people of a bulk run as rows, once, and answers with how many people and batches there are. Planning again answers the
// same. now decides who was synced lately.
func (s *Store) PlanBulk(ctx context.Context, bulk Bulk, size BulkSize, now time.Time) (total, batches int, err error) {
	err = s.inTransaction(ctx, "plan the bulk run", func(queries *gen.Queries) error {
		planned, err := queries.BulkPlanned(ctx, gen.BulkPlannedParams{OrganisationID: bulk.OrganisationID, ID: bulk.ID})
		if err != nil {
			return err
		}
		if !planned.Planned {
			if err := planPeople(ctx, queries, bulk, size, now); err != nil {
				return err
			}
			if err := queries.MarkBulkPlanned(ctx, gen.MarkBulkPlannedParams{OrganisationID: bulk.OrganisationID, ID: bulk.ID}); err != nil {
				return err
			}
			if planned, err = queries.BulkPlanned(ctx, gen.BulkPlannedParams{OrganisationID: bulk.OrganisationID, ID: bulk.ID}); err != nil {
				return err
			}
		}
		total, batches = int(planned.Total), int(planned.Batches)
		return nil
	})
	return total, batches, err
}

func planPeople(ctx context.Context, queries *gen.Queries, bulk Bulk, size BulkSize, now time.Time) error {
	selection := bulk.Options.Selection
	var since *time.Time
	if selection.NotSyncedFor > 0 {
		instant := now.Add(-selection.NotSyncedFor)
		since = &instant
	}
	if bulk.Options.Kind == care.RunPACEContract {
		_, err := queries.PlanParticipants(ctx, gen.PlanParticipantsParams{
			OrganisationID: bulk.OrganisationID, BulkID: bulk.ID, PerBatch: int32(size.PerBatch), PerSlice: int32(size.PerSlice),
			NotSyncedSince: since, FailedLastTime: selection.FailedLastTime, Clients: selection.Clients, RetryOf: pointerTo(selection.RetryOf),
		})
		return err
	}
	_, err := queries.PlanCareRecipients(ctx, gen.PlanCareRecipientsParams{
		OrganisationID: bulk.OrganisationID, BulkID: bulk.ID, PerBatch: int32(size.PerBatch), PerSlice: int32(size.PerSlice),
		ConnectionID: pointerTo(selection.ConnectionID), InCare: selection.InCare, NotSyncedSince: since,
		FailedLastTime: selection.FailedLastTime, Clients: selection.Clients, RetryOf: pointerTo(selection.RetryOf),
	})
	return err
}

// BulkSlice names a slice of a bulk run.
type BulkSlice struct {
	OrganisationID, BulkID care.ID
	Batch, Slice           int
}

// OpenItems are the people of a slice who have no outcome and no sync of their own.
func (s *Store) OpenItems(ctx context.Context, slice BulkSlice) ([]care.ID, error) {
	clients, err := s.queries.OpenItems(ctx, gen.OpenItemsParams{
		OrganisationID: slice.OrganisationID, BulkID: slice.BulkID, Batch: int32(slice.Batch), Slice: int32(slice.Slice),
	})
	return clients, mapError("load the people of the slice", err)
}

// BulkPaused reports whether a bulk run is paused or over: no further person of it may be begun.
func (s *Store) BulkPaused(ctx context.Context, organisation, bulk care.ID) (bool, error) {
	paused, err := s.queries.BulkPaused(ctx, gen.BulkPausedParams{OrganisationID: organisation, ID: bulk})
	return paused, mapError("look at the bulk run", err)
}

// SetBulkPaused pauses a bulk run, or lets it go on.
func (s *Store) SetBulkPaused(ctx context.Context, organisation, bulk care.ID, paused bool) error {
	return mapError("pause the bulk run", s.queries.SetBulkPaused(ctx, gen.SetBulkPausedParams{OrganisationID: organisation, ID: bulk, Paused: paused}))
}

// NoteBulkWaiting notes that a bulk run waits for the service as a whole, with the government's words, if there are any.
func (s *Store) NoteBulkWaiting(ctx context.Context, organisation, bulk care.ID, words string) error {
	return mapError("note that the bulk run waits", s.queries.SetBulkWaiting(ctx, gen.SetBulkWaitingParams{
		OrganisationID: organisation, ID: bulk, Waiting: true, Words: words,
	}))
}

// NoteBulkGoesOn notes that the service answers again.
func (s *Store) NoteBulkGoesOn(ctx context.Context, organisation, bulk care.ID) error {
	return mapError("note that the bulk run goes on", s.queries.SetBulkWaiting(ctx, gen.SetBulkWaitingParams{OrganisationID: organisation, ID: bulk}))
}

// EscalateItems notes that some people are given a sync of their own, and answers with those who have no outcome yet.
func (s *Store) EscalateItems(ctx context.Context, organisation, bulk care.ID, clients []care.ID) ([]care.ID, error) {
	open, err := s.queries.EscalateItems(ctx, gen.EscalateItemsParams{OrganisationID: organisation, BulkID: bulk, Clients: clients})
	return open, mapError("escalate", err)
}

// EscalatedItems are the people of a batch who were given a sync of their own and have no outcome yet.
func (s *Store) EscalatedItems(ctx context.Context, organisation, bulk care.ID, batch int) ([]care.ID, error) {
	clients, err := s.queries.EscalatedItems(ctx, gen.EscalatedItemsParams{OrganisationID: organisation, BulkID: bulk, Batch: int32(batch)})
	return clients, mapError("load the escalated", err)
}

// SettleJoined settles a person with the newest run of a workflow that somebody else had started, once that has finished.
func (s *Store) SettleJoined(ctx context.Context, organisation, bulk, client care.ID, workflowID string) error {
	_, err := s.queries.SettleJoined(ctx, gen.SettleJoinedParams{OrganisationID: organisation, BulkID: bulk, ClientID: client, WorkflowID: workflowID})
	return mapError("settle with a run that was joined", err)
}

// SettleItems gives everybody of a bulk run, or of one batch, who has no outcome one.
func (s *Store) SettleItems(ctx context.Context, organisation, bulk care.ID, batch *int, outcome care.ItemOutcome, reason care.Reason) error {
	_, err := s.queries.SettleItems(ctx, gen.SettleItemsParams{
		OrganisationID: organisation, BulkID: bulk, Batch: batchNumber(batch), Outcome: string(outcome), Reason: string(reason),
	})
	return mapError("settle those who were not reached", err)
}

// SettleItem is SettleItems for one person.
func (s *Store) SettleItem(ctx context.Context, organisation, bulk, client care.ID, outcome care.ItemOutcome, reason care.Reason) error {
	_, err := s.queries.SettleItems(ctx, gen.SettleItemsParams{
		OrganisationID: organisation, BulkID: bulk, ClientID: &client, Outcome: string(outcome), Reason: string(reason),
	})
	return mapError("settle a person", err)
}

func batchNumber(batch *int) *int32 {
	if batch == nil {
		return nil
	}
	number := int32(*batch)
	return &number
}

// CountItems counts how the people of a bulk run, or of one batch, have ended so far.
func (s *Store) CountItems(ctx context.Context, organisation, bulk care.ID, batch *int) (care.BulkCounts, error) {
	counts, err := countItems(ctx, s.queries, organisation, bulk, batch)
	return counts, mapError("count the people", err)
}

func countItems(ctx context.Context, queries *gen.Queries, organisation, bulk care.ID, batch *int) (counts care.BulkCounts, err error) {
	rows, err := queries.CountItems(ctx, gen.CountItemsParams{OrganisationID: organisation, BulkID: bulk, Batch: batchNumber(batch)})
	for _, row := range rows {
		counts.Add(care.ItemOutcome(row.Outcome), int(row.People))
		counts.Joined += int(row.Joined)
		counts.Escalated += int(row.Escalated)
	}
	return counts, err
}

// FinishBulk settles whoever has no outcome yet as skipped, and sets the bulk run's outcome where none is set. It answers with the counts.
// stop is why the run ended early, empty if it did not.
func (s *Store) FinishBulk(ctx context.Context, organisation, bulk care.ID, stop care.Reason) (counts care.BulkCounts, outcome care.RunOutcome, err error) {
	err = s.inTransaction(ctx, "finish the bulk run", func(queries *gen.Queries) error {
		reason := stop
		if reason == "" {
			reason = care.ReasonBatchLost
		}
		if _, err := queries.SettleItems(ctx, gen.SettleItemsParams{
			OrganisationID: organisation, BulkID: bulk, Outcome: string(care.ItemSkipped), Reason: string(reason),
		}); err != nil {
			return err
		}
		var err error
		if counts, err = countItems(ctx, queries, organisation, bulk, nil); err != nil {
			return err
		}
		outcome = care.ConcludeBulk(counts, stop)
		return queries.FinishBulk(ctx, gen.FinishBulkParams{OrganisationID: organisation, ID: bulk, Outcome: string(outcome), Reason: string(stop)})
	})
	return counts, outcome, err
}

// ReportUnknown keeps the care recipient ids of people whom the provider-wide summary lists and whom the organisation does not have.
func (s *Store) ReportUnknown(ctx context.Context, organisation, bulk care.ID, careRecipientIDs []string) error {
	return mapError("report unknown people", s.queries.ReportUnknown(ctx, gen.ReportUnknownParams{
		OrganisationID: organisation, BulkID: bulk, CareRecipientIds: careRecipientIDs,
	}))
}
