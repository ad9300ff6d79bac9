package db

import (
	"context"
	"errors"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// claimOrganisation is the foreign key that an unknown organisation of a claim breaks.
const claimOrganisation = "claim_organisation_id_fkey"

// RecordClaimEvent records an event that Check allows once, moves the claim forward, names its people, and notes the syncs that it causes
// (R20). An event that comes again is answered as the first time. One that cannot be recorded leaves nothing and is answered with its
// refusal.
func (s *Store) RecordClaimEvent(ctx context.Context, event care.ClaimEvent) (answer care.ClaimAnswer, err error) {
	err = s.inTransaction(ctx, "record the claim's event", func(queries *gen.Queries) error {
		answer, err = recordClaimEvent(ctx, queries, event)
		return err
	})
	var conflict *ConflictError
	switch {
	case errors.Is(err, errEventIDReused):
		return care.ClaimAnswer{Refusal: care.RefusedEventID}, nil
	case errors.As(err, &conflict) && conflict.Constraint == claimOrganisation:
		return care.ClaimAnswer{Refusal: care.RefusedOrganisation}, nil
	}
	return answer, err
}

// errEventIDReused takes back what an event that says something else than the recorded one has written.
var errEventIDReused = errors.New("the event's id stands for another event")

func recordClaimEvent(ctx context.Context, queries *gen.Queries, event care.ClaimEvent) (care.ClaimAnswer, error) {
	claim, err := queries.LockClaim(ctx, gen.LockClaimParams{
		ID: NewID(), OrganisationID: event.OrganisationID, UpstreamClaimID: event.ClaimID, Status: string(event.Status),
	})
	if err != nil {
		return care.ClaimAnswer{}, err
	}
	held := care.ClaimStatus(claim.Status)
	answer := care.ClaimAnswer{ClaimID: claim.ID, Status: held.Forward(event.Status)}
	inserted, err := queries.InsertClaimEvent(ctx, gen.InsertClaimEventParams{
		OrganisationID: event.OrganisationID, EventID: event.EventID, ClaimID: claim.ID, Status: string(event.Status),
		OccurredAt: event.OccurredAt, Moved: claim.Created || answer.Status != held,
	})
	if err != nil {
		return answer, err
	}
	if inserted == 0 {
		answer.Status, answer.Repeated = held, true
		err = sameEvent(ctx, queries, event, claim.ID)
	} else {
		err = applyClaimEvent(ctx, queries, event, claim.ID, held)
	}
	if err != nil {
		return answer, err
	}
	counts, err := queries.CountClaim(ctx, gen.CountClaimParams{OrganisationID: event.OrganisationID, ClaimID: claim.ID})
	answer.People, answer.Unknown, answer.Due = int(counts.People), int(counts.UnknownPeople), int(counts.Due)
	return answer, err
}

// sameEvent refuses an event whose id stands for another one.
func sameEvent(ctx context.Context, queries *gen.Queries, event care.ClaimEvent, claim care.ID) error {
	recorded, err := queries.ClaimEvent(ctx, gen.ClaimEventParams{OrganisationID: event.OrganisationID, EventID: event.EventID})
	if err == nil && (recorded.ClaimID != claim || recorded.Status != string(event.Status)) {
		return errEventIDReused
	}
	return err
}

// applyClaimEvent lets a new event take effect. One of a cancelled claim names its people and causes nothing (R20).
func applyClaimEvent(ctx context.Context, queries *gen.Queries, event care.ClaimEvent, claim care.ID, held care.ClaimStatus) error {
	status := held.Forward(event.Status)
	if status != held {
		if err := queries.MoveClaim(ctx, gen.MoveClaimParams{OrganisationID: event.OrganisationID, ClaimID: claim, Status: string(status)}); err != nil {
			return err
		}
	}
	people := event.People()
	if err := queries.NameClaimPeople(ctx, gen.NameClaimPeopleParams{
		OrganisationID: event.OrganisationID, ClaimID: claim, CareRecipientIds: people,
	}); err != nil {
		return err
	}
	if status == care.StageCancelled || !event.Status.TriggersSync() {
		return nil
	}
	return queries.CauseClaimSyncs(ctx, gen.CauseClaimSyncsParams{
		OrganisationID: event.OrganisationID, ClaimID: claim, CareRecipientIds: people, Status: string(event.Status), EventID: event.EventID,
	})
}

// DueClaimSync is a person whose sync a claim has caused and no one has asked for yet.
type DueClaimSync struct {
	PersonID care.ID
	// Statuses are those of the events that caused it; one sync answers all of them.
	Statuses []string
}

// DueClaimSyncs are the people of a claim, by our id of it, whose sync is to be asked for.
func (s *Store) DueClaimSyncs(ctx context.Context, organisation, claim care.ID) ([]DueClaimSync, error) {
	rows, err := s.queries.DueClaimSyncs(ctx, gen.DueClaimSyncsParams{OrganisationID: organisation, ClaimID: claim})
	due := make([]DueClaimSync, 0, len(rows))
	for _, row := range rows {
		due = append(due, DueClaimSync{PersonID: row.PersonID, Statuses: row.Statuses})
	}
	return due, MapError("list the syncs that the claim causes", err)
}

// ClaimSyncRequested notes that a due sync has been asked for.
func (s *Store) ClaimSyncRequested(ctx context.Context, organisation, claim care.ID, due DueClaimSync) error {
	return MapError("note that the claim's sync was asked for", s.queries.ClaimSyncRequested(ctx, gen.ClaimSyncRequestedParams{
		OrganisationID: organisation, ClaimID: claim, PersonID: due.PersonID, Statuses: due.Statuses,
	}))
}

// UnansweredClaimSync is a person whose sync a claim has caused, and after whose event no run of theirs has started although it should have.
type UnansweredClaimSync struct {
	OrganisationID, ClaimID care.ID
	DueClaimSync
}

// UnansweredClaimSyncs are those of all organisations.
func (s *Store) UnansweredClaimSyncs(ctx context.Context) ([]UnansweredClaimSync, error) {
	if err := s.queries.NoteAnsweredClaimSyncs(ctx); err != nil {
		return nil, MapError("note which claims were answered", err)
	}
	rows, err := s.queries.UnansweredClaimSyncs(ctx)
	syncs := make([]UnansweredClaimSync, len(rows))
	for i, row := range rows {
		syncs[i] = UnansweredClaimSync{
			OrganisationID: row.OrganisationID, ClaimID: row.ClaimID, DueClaimSync: DueClaimSync{PersonID: row.PersonID, Statuses: row.Statuses},
		}
	}
	return syncs, MapError("list the claims' syncs without an answer", err)
}

// DropClaimSyncs notes that an operator has cancelled the run that was to answer a person's claims: they are not asked for again (R7).
func (s *Store) DropClaimSyncs(ctx context.Context, organisation, person care.ID) error {
	return MapError("drop the claims' syncs", s.queries.DropClaimSyncs(ctx, gen.DropClaimSyncsParams{OrganisationID: organisation, PersonID: person}))
}
