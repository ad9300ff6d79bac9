package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
)

// ClaimFollowUpWorkflow follows one claim from its first event to Completed or Cancelled (R20).
const ClaimFollowUpWorkflow = "ClaimFollowUp"

// Activity types of a claim's follow-up.
const (
	RecordClaimEventActivity  = "RecordClaimEvent"
	RequestClaimSyncsActivity = "RequestClaimSyncs"
)

// ClaimEventVersion is the version of ClaimStatusChanged that this program speaks. Fields may be added to a version; whatever else
// changes makes a new one, which receivers understand before senders send it.
const ClaimEventVersion = 1

// SearchKindClaim is the search attribute CareSyncKind of a claim's follow-up, which is no run over a person.
const SearchKindClaim = "claim"

const claimFollowUpPrefix = "claim/"

// ClaimStatusChanged is the signal of the claim service. It is always sent with start (docs/claims.md).
var ClaimStatusChanged = Signal[ClaimStatusEvent]{Name: "claim-status-changed"}

// ClaimStatusEvent is the payload of ClaimStatusChanged.
type ClaimStatusEvent struct {
	// Version is ClaimEventVersion.
	Version int `json:"version"`
	care.ClaimEvent
}

// ClaimFollowUpInput starts the follow-up of a claim. Continuing as new uses the same shape.
type ClaimFollowUpInput struct {
	OrganisationID care.ID `json:"organisation_id"`
	// ClaimID is the claim service's own, as events name it.
	ClaimID string `json:"claim_id"`
	// TaskQueuePrefix is the deployment's, since the people's syncs are started on its queues.
	TaskQueuePrefix string `json:"task_queue_prefix,omitempty"`
	// Progress is what a run that continued as new continues with.
	Progress ClaimProgress `json:"progress,omitzero"`
}

// ClaimEventInput asks for an event to be recorded that came to a claim's follow-up.
type ClaimEventInput struct {
	OrganisationID care.ID          `json:"organisation_id"`
	ClaimID        string           `json:"claim_id"`
	Event          ClaimStatusEvent `json:"event"`
}

// ClaimSyncsInput asks for the syncs that a claim's events are to cause and have not caused yet. ClaimID is our id.
type ClaimSyncsInput struct {
	OrganisationID  care.ID `json:"organisation_id"`
	ClaimID         care.ID `json:"claim_id"`
	TaskQueuePrefix string  `json:"task_queue_prefix,omitempty"`
}

// ClaimProgress is how a claim's follow-up stands, in the progress query, the current details, and at the end as its result.
type ClaimProgress struct {
	// ClaimID is our id; empty as long as no event was recorded.
	ClaimID care.ID          `json:"claim_id,omitempty"`
	Status  care.ClaimStatus `json:"status,omitempty"`
	// Events counts the signals so far, those that came again or were refused among them.
	Events   int `json:"events"`
	Repeated int `json:"repeated"`
	Refused  int `json:"refused"`
	// LastRefusal says why the latest refused event was; Problem tells more.
	LastRefusal care.ClaimRefusal `json:"last_refusal,omitempty"`
	Problem     string            `json:"problem,omitempty"`
	People      int               `json:"people"`
	Unknown     int               `json:"unknown"`
	// Syncs counts the syncs that were asked for.
	Syncs int `json:"syncs"`
	// Trouble is set while a step has given up and will be tried again later.
	Trouble bool `json:"trouble,omitempty"`
}

// CanonicalClaimID is how a claim's id is kept and compared: a UUID in small letters, any other text as it is.
func CanonicalClaimID(claimID string) string {
	if isUUID(claimID) {
		return strings.ToLower(claimID)
	}
	return claimID
}

// ClaimFollowUpID is the workflow id of a claim's follow-up. A claim id that is no UUID is hashed, together with the organisation, so that
// no outside text stands in an id (R10).
func ClaimFollowUpID(organisation care.ID, claimID string) string {
	name := CanonicalClaimID(claimID)
	if !isUUID(claimID) {
		digest := sha256.Sum256([]byte(string(organisation) + "\n" + claimID))
		name = hex.EncodeToString(digest[:])
	}
	return claimFollowUpPrefix + string(organisation) + "/" + name
}

// isUUID takes the usual form only, of the several that uuid.Parse reads.
func isUUID(text string) bool {
	return len(text) == len(uuid.Nil.String()) && uuid.Validate(text) == nil
}

// ClaimFollowUpStart is how a claim's follow-up is started, always with the signal ClaimStatusChanged. One that runs already is used.
func ClaimFollowUpStart(queues TaskQueues, organisation care.ID, claimID string) (client.StartWorkflowOptions, ClaimFollowUpInput) {
	options := startOptions(queues.CareSync(), ClaimFollowUpID(organisation, claimID), SearchKindClaim, organisation)
	options.StaticSummary = "Claim follow-up"
	return options, ClaimFollowUpInput{
		OrganisationID: organisation, ClaimID: CanonicalClaimID(claimID), TaskQueuePrefix: queues.Prefix,
	}
}
