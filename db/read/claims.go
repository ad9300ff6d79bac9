package read

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// Claim is what is known of a claim.
type Claim struct {
	ID        care.ID          `json:"id" doc:"CareSync's id of the claim"`
	ClaimID   string           `json:"claim_id" doc:"The claim service's own id"`
	Status    care.ClaimStatus `json:"status" enum:"submitted,pending,approved,completed,cancelled"`
	CreatedAt time.Time        `json:"created_at" doc:"When the first event was recorded"`
	ChangedAt time.Time        `json:"changed_at" doc:"When the status moved last"`
	Events    []ClaimEvent     `json:"events" doc:"In the order in which they came"`
	People    []PersonRef      `json:"people" doc:"The people whom the claim names"`
	Unknown   []string         `json:"unknown_people" doc:"Care recipient ids of people who are not people of the organisation"`
	Syncs     []ClaimSync      `json:"syncs" doc:"The syncs that the claim caused"`
}

// ClaimEvent is an event that was recorded.
type ClaimEvent struct {
	EventID    string           `json:"event_id"`
	Status     care.ClaimStatus `json:"status" enum:"submitted,pending,approved,completed,cancelled"`
	OccurredAt time.Time        `json:"occurred_at" doc:"By the claim service's clock"`
	ReceivedAt time.Time        `json:"received_at"`
	Moved      bool             `json:"moved" doc:"Whether the claim's status moved; one that did not came late or said nothing new"`
}

// ClaimSync is a sync that a claim caused for one person.
type ClaimSync struct {
	PersonID    care.ID          `json:"person_id"`
	Status      care.ClaimStatus `json:"status" enum:"approved,completed" doc:"The status that caused it"`
	CausedAt    time.Time        `json:"caused_at"`
	RequestedAt *time.Time       `json:"requested_at" doc:"Null as long as it has not been asked for"`
	RunID       *care.ID         `json:"run_id" doc:"The person's first run that began after the event; null as long as there is none"`
	Outcome     care.RunOutcome  `json:"outcome,omitempty" doc:"Absent until the run has finished"`
}

// Claim answers with a claim by the claim service's id, or else by ours. It fails with ErrNotFound.
func (s Store) Claim(ctx context.Context, organisation care.ID, claimID string) (view Claim, err error) {
	var ours *care.ID
	if id, parsed := uuid.Parse(claimID); parsed == nil {
		ours = pointerTo(care.ID(id.String()))
	}
	err = s.store.Snapshot(ctx, "load the claim", func(queries *gen.Queries) error {
		row, err := queries.ViewClaim(ctx, gen.ViewClaimParams{OrganisationID: organisation, UpstreamClaimID: claimID, ClaimID: ours})
		if err != nil {
			return err
		}
		view = Claim{
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

func claimEvents(ctx context.Context, queries *gen.Queries, organisation, claim care.ID) ([]ClaimEvent, error) {
	rows, err := queries.ViewClaimEvents(ctx, gen.ViewClaimEventsParams{OrganisationID: organisation, ClaimID: claim})
	events := make([]ClaimEvent, 0, len(rows))
	for _, row := range rows {
		events = append(events, ClaimEvent{
			EventID: row.EventID, Status: care.ClaimStatus(row.Status), OccurredAt: row.OccurredAt, ReceivedAt: row.ReceivedAt, Moved: row.Moved,
		})
	}
	return events, err
}

func claimPeople(ctx context.Context, queries *gen.Queries, organisation, claim care.ID) (people []PersonRef, unknown []string, err error) {
	rows, err := queries.ViewClaimPeople(ctx, gen.ViewClaimPeopleParams{OrganisationID: organisation, ClaimID: claim})
	people, unknown = []PersonRef{}, []string{}
	for _, row := range rows {
		if row.PersonID == nil {
			unknown = append(unknown, row.CareRecipientID)
			continue
		}
		people = append(people, PersonRef{
			ID: *row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
		})
	}
	return people, unknown, err
}

func claimSyncs(ctx context.Context, queries *gen.Queries, organisation, claim care.ID) ([]ClaimSync, error) {
	rows, err := queries.ViewClaimSyncs(ctx, gen.ViewClaimSyncsParams{OrganisationID: organisation, ClaimID: claim})
	syncs := make([]ClaimSync, 0, len(rows))
	for _, row := range rows {
		syncs = append(syncs, ClaimSync{
			PersonID: row.PersonID, Status: care.ClaimStatus(row.Status), CausedAt: row.CausedAt, RequestedAt: row.RequestedAt,
			RunID: pointerTo(care.ID(row.RunID)), Outcome: care.RunOutcome(row.Outcome),
		})
	}
	return syncs, err
}
