package db

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

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

// DueClaimSync is a person whose sync a claim has caused and nobody has asked for yet.
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
	return due, mapError("list the syncs that the claim causes", err)
}

// ClaimSyncRequested notes that a due sync has been asked for.
func (s *Store) ClaimSyncRequested(ctx context.Context, organisation, claim care.ID, due DueClaimSync) error {
	return mapError("note that the claim's sync was asked for", s.queries.ClaimSyncRequested(ctx, gen.ClaimSyncRequestedParams{
		OrganisationID: organisation, ClaimID: claim, PersonID: due.PersonID, Statuses: due.Statuses,
	}))
}

// UnansweredClaimSync is a person whose sync a claim has caused, and after whose event no run of theirs has begun although it should have.
type UnansweredClaimSync struct {
	OrganisationID, ClaimID care.ID
	DueClaimSync
}

// UnansweredClaimSyncs are those of all organisations.
func (s *Store) UnansweredClaimSyncs(ctx context.Context) ([]UnansweredClaimSync, error) {
	if err := s.queries.NoteAnsweredClaimSyncs(ctx); err != nil {
		return nil, mapError("note which claims were answered", err)
	}
	rows, err := s.queries.UnansweredClaimSyncs(ctx)
	syncs := make([]UnansweredClaimSync, len(rows))
	for i, row := range rows {
		syncs[i] = UnansweredClaimSync{
			OrganisationID: row.OrganisationID, ClaimID: row.ClaimID, DueClaimSync: DueClaimSync{PersonID: row.PersonID, Statuses: row.Statuses},
		}
	}
	return syncs, mapError("list the claims' syncs without an answer", err)
}

// DropClaimSyncs notes that an operator has cancelled the run that was to answer a person's claims: they are not asked for again (R7).
func (s *Store) DropClaimSyncs(ctx context.Context, organisation, person care.ID) error {
	return mapError("drop the claims' syncs", s.queries.DropClaimSyncs(ctx, gen.DropClaimSyncsParams{OrganisationID: organisation, PersonID: person}))
}

// ClaimView is what is known of a claim.
type ClaimView struct {
	ID        care.ID          `json:"id" doc:"CareSync's id of the claim"`
	ClaimID   string           `json:"claim_id" doc:"The claim service's own id"`
	Status    care.ClaimStatus `json:"status" enum:"submitted,pending,approved,completed,cancelled"`
	CreatedAt time.Time        `json:"created_at" doc:"When the first event was recorded"`
	ChangedAt time.Time        `json:"changed_at" doc:"When the status moved last"`
	Events    []ClaimEventView `json:"events" doc:"In the order in which they came"`
	People    []Person         `json:"people" doc:"The people whom the claim names"`
	Unknown   []string         `json:"unknown_people" doc:"Care recipient ids of people who are not people of the organisation"`
	Syncs     []ClaimSyncView  `json:"syncs" doc:"The syncs that the claim caused"`
}

// ClaimEventView is an event that was recorded.
type ClaimEventView struct {
	EventID    string           `json:"event_id"`
	Status     care.ClaimStatus `json:"status" enum:"submitted,pending,approved,completed,cancelled"`
	OccurredAt time.Time        `json:"occurred_at" doc:"By the claim service's clock"`
	ReceivedAt time.Time        `json:"received_at"`
	Moved      bool             `json:"moved" doc:"Whether the claim's status moved; one that did not came late or said nothing new"`
}

// ClaimSyncView is a sync that a claim caused for one person.
type ClaimSyncView struct {
	PersonID    care.ID          `json:"person_id"`
	Status      care.ClaimStatus `json:"status" enum:"approved,completed" doc:"The status that caused it"`
	CausedAt    time.Time        `json:"caused_at"`
	RequestedAt *time.Time       `json:"requested_at" doc:"Null as long as it has not been asked for"`
	RunID       *care.ID         `json:"run_id" doc:"The person's first run that began after the event; null as long as there is none"`
	Outcome     care.RunOutcome  `json:"outcome,omitempty" doc:"Absent until the run has finished"`
}

// Claim answers with a claim by the claim service's id, or else by ours. It fails with ErrNotFound.
func (s *Store) Claim(ctx context.Context, organisation care.ID, claimID string) (view ClaimView, err error) {
	var ours *care.ID
	if id, parsed := uuid.Parse(claimID); parsed == nil {
		ours = pointerTo(care.ID(id.String()))
	}
	err = s.inSnapshot(ctx, "load the claim", func(queries *gen.Queries) error {
		row, err := queries.ViewClaim(ctx, gen.ViewClaimParams{OrganisationID: organisation, UpstreamClaimID: claimID, ClaimID: ours})
		if err != nil {
			return err
		}
		view = ClaimView{
			ID: row.ID, ClaimID: row.UpstreamClaimID, Status: care.ClaimStatus(row.Status), CreatedAt: row.CreatedAt, ChangedAt: row.ChangedAt,
		}
		if view.Events, err = claimEvents(ctx, queries, organisation, row.ID); err != nil {
			return err
		}
		if view.People, view.Unknown, err = claimPeople(ctx, queries, organisation, row.ID); err != nil {
			return err
		}
		view.Syncs, err = claimSyncs(ctx, queries, organisation, row.ID)
		return err
	})
	return view, err
}

func claimEvents(ctx context.Context, queries *gen.Queries, organisation, claim care.ID) ([]ClaimEventView, error) {
	rows, err := queries.ViewClaimEvents(ctx, gen.ViewClaimEventsParams{OrganisationID: organisation, ClaimID: claim})
	events := make([]ClaimEventView, 0, len(rows))
	for _, row := range rows {
		events = append(events, ClaimEventView{
			EventID: row.EventID, Status: care.ClaimStatus(row.Status), OccurredAt: row.OccurredAt, ReceivedAt: row.ReceivedAt, Moved: row.Moved,
		})
	}
	return events, err
}

func claimPeople(ctx context.Context, queries *gen.Queries, organisation, claim care.ID) (people []Person, unknown []string, err error) {
	rows, err := queries.ViewClaimPeople(ctx, gen.ViewClaimPeopleParams{OrganisationID: organisation, ClaimID: claim})
	people, unknown = []Person{}, []string{}
	for _, row := range rows {
		if row.PersonID == nil {
			unknown = append(unknown, row.CareRecipientID)
			continue
		}
		people = append(people, Person{
			ID: *row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
		})
	}
	return people, unknown, err
}

func claimSyncs(ctx context.Context, queries *gen.Queries, organisation, claim care.ID) ([]ClaimSyncView, error) {
	rows, err := queries.ViewClaimSyncs(ctx, gen.ViewClaimSyncsParams{OrganisationID: organisation, ClaimID: claim})
	syncs := make([]ClaimSyncView, 0, len(rows))
	for _, row := range rows {
		syncs = append(syncs, ClaimSyncView{
			PersonID: row.PersonID, Status: care.ClaimStatus(row.Status), CausedAt: row.CausedAt, RequestedAt: row.RequestedAt,
			RunID: pointerTo(care.ID(row.RunID)), Outcome: care.RunOutcome(row.Outcome),
		})
	}
	return syncs, err
}
