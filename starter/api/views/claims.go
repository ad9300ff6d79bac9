package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// ClaimView is what is known of a claim.
type ClaimView struct {
	ID        care.ID          `json:"id" doc:"CareSync's id of the claim"`
	ClaimID   string           `json:"claim_id" doc:"The claim service's own id"`
	Status    care.ClaimStatus `json:"status" enum:"submitted,pending,approved,completed,cancelled"`
	CreatedAt time.Time        `json:"created_at" doc:"When the first event was recorded"`
	ChangedAt time.Time        `json:"changed_at" doc:"When the status last changed"`
	Events    []ClaimEventView `json:"events" doc:"In the order in which they were received"`
	People    []Person         `json:"people" doc:"The claim's people"`
	Unknown   []string         `json:"unknown_people" doc:"Care recipient ids of people who are not in the organisation"`
	Syncs     []ClaimSyncView  `json:"syncs" doc:"The syncs that the claim triggered"`
}

// ClaimEventView is an event that was recorded.
type ClaimEventView struct {
	EventID    string           `json:"event_id"`
	Status     care.ClaimStatus `json:"status" enum:"submitted,pending,approved,completed,cancelled"`
	OccurredAt time.Time        `json:"occurred_at" doc:"By the claim service's clock"`
	ReceivedAt time.Time        `json:"received_at"`
	Moved      bool             `json:"moved" doc:"Whether the event changed the claim's status; late and repeated events do not"`
}

// ClaimSyncView is a sync that a claim caused for one person.
type ClaimSyncView struct {
	PersonID    care.ID          `json:"person_id"`
	Status      care.ClaimStatus `json:"status" enum:"approved,completed" doc:"The status that triggered it"`
	CausedAt    time.Time        `json:"caused_at"`
	RequestedAt *time.Time       `json:"requested_at" doc:"Null until it has been requested"`
	RunID       *care.ID         `json:"run_id" doc:"The person's first run that started after the event; null until there is one"`
	Outcome     care.RunOutcome  `json:"outcome,omitempty" doc:"Absent until the run has finished"`
}

// FromClaim shows a read.Claim.
func FromClaim(model read.Claim) ClaimView {
	return ClaimView{
		ID: model.ID, ClaimID: model.ClaimID, Status: model.Status, CreatedAt: model.CreatedAt, ChangedAt: model.ChangedAt,
		Events: Each(model.Events, FromClaimEvent), People: Each(model.People, FromPersonRef), Unknown: model.Unknown,
		Syncs: Each(model.Syncs, FromClaimSync),
	}
}

// FromClaimEvent shows a read.ClaimEvent.
func FromClaimEvent(model read.ClaimEvent) ClaimEventView {
	return ClaimEventView(model)
}

// FromClaimSync shows a read.ClaimSync.
func FromClaimSync(model read.ClaimSync) ClaimSyncView {
	return ClaimSyncView(model)
}
