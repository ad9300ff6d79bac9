package read

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// Claim is what is known of a claim.
type Claim struct {
	ID        care.ID
	ClaimID   string
	Status    care.ClaimStatus
	CreatedAt time.Time
	ChangedAt time.Time
	Events    []ClaimEvent
	People    []PersonRef
	Unknown   []string
	Syncs     []ClaimSync
}

// ClaimEvent is an event that was recorded.
type ClaimEvent struct {
	EventID    string
	Status     care.ClaimStatus
	OccurredAt time.Time
	ReceivedAt time.Time
	Moved      bool
}

// ClaimSync is a sync that a claim caused for one person.
type ClaimSync struct {
	PersonID    care.ID
	Status      care.ClaimStatus
	CausedAt    time.Time
	RequestedAt *time.Time
	RunID       *care.ID
	Outcome     care.RunOutcome
}

// Claim returns a claim by the claim service's id, or else by ours. It fails with ErrNotFound.
func (s Store) Claim(ctx context.Context, organisation care.ID, claimID string) (view Claim, err error) {
	var ours *care.ID
	if id, parsed := uuid.Parse(claimID); parsed == nil {
		ours = optional.Of(care.ID(id.String()))
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
			RunID: optional.Of(care.ID(row.RunID)), Outcome: care.RunOutcome(row.Outcome),
		})
	}
	return syncs, err
}
