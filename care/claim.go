package care

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// ClaimStatus is how far a claim has come with Services Australia, as its Check Status tells (Care Recipient Sync §Triggers). It only moves forward (R20).
type ClaimStatus string

// The stages of a claim. The last two are final.
const (
	StageSubmitted ClaimStatus = "submitted"
	StagePending   ClaimStatus = "pending"
	StageApproved  ClaimStatus = "approved"
	StageCompleted ClaimStatus = "completed"
	StageCancelled ClaimStatus = "cancelled"
)

// ClaimStatuses are all stages, in the order in which a claim goes through them; it can be cancelled from each before completed.
var ClaimStatuses = []ClaimStatus{StageSubmitted, StagePending, StageApproved, StageCompleted, StageCancelled}

// Valid reports whether there is such a stage.
func (s ClaimStatus) Valid() bool { return slices.Contains(ClaimStatuses, s) }

// Final reports whether a claim stays at the stage.
func (s ClaimStatus) Final() bool { return s == StageCompleted || s == StageCancelled }

// TriggersSync are the stages whose events cause a sync of the claim's people: the government's records of them have changed (Care Recipient Sync §Triggers).
func (s ClaimStatus) TriggersSync() bool { return s == StageApproved || s == StageCompleted }

// Forward is the stage of a claim after an event. Events come late and in any order; none of them takes a claim back (R20).
func (s ClaimStatus) Forward(event ClaimStatus) ClaimStatus {
	if s.Final() || slices.Index(ClaimStatuses, event) < slices.Index(ClaimStatuses, s) {
		return s
	}
	return event
}

// ClaimEvent says that a claim's status has changed, in the words of the claim service, which knows claims and care recipient ids and
// none of our ids.
type ClaimEvent struct {
	// EventID names the event within the organisation: one that comes again changes nothing (R20).
	EventID string `json:"event_id"`
	// ClaimID is the claim service's own. A UUID is the same in capitals.
	ClaimID string `json:"claim_id"`
	// OrganisationID is CareSync's id of the organisation.
	OrganisationID ID          `json:"organisation_id"`
	Status         ClaimStatus `json:"status"`
	// CareRecipientIDs are those of the claim's lines. An id may stand more than once.
	CareRecipientIDs []string `json:"care_recipient_ids"`
	// OccurredAt is when the status changed, by the claim service's clock. It is kept for people and decides nothing.
	OccurredAt time.Time `json:"occurred_at"`
}

// What an event may hold at most.
const (
	// LongestClaimText bounds an event's and a claim's id, in bytes.
	LongestClaimText = 200
	// MostClaimLines bounds the list of care recipient ids.
	MostClaimLines = 10_000
)

// ClaimEventError says what is wrong with an event, by its JSON name. It repeats no value (R10).
type ClaimEventError struct{ Field, Problem string }

func (e *ClaimEventError) Error() string { return e.Field + " " + e.Problem }

// Check says what is wrong with an event: a *ClaimEventError, or nil.
func (e ClaimEvent) Check() error {
	switch {
	case !validClaimText(e.EventID):
		return &ClaimEventError{"event_id", "must have 1 to 200 characters, none of them a control character"}
	case !validClaimText(e.ClaimID):
		return &ClaimEventError{"claim_id", "must have 1 to 200 characters, none of them a control character"}
	case !validID(e.OrganisationID):
		return &ClaimEventError{"organisation_id", "must be a UUID: CareSync's id of the organisation"}
	case !e.Status.Valid():
		return &ClaimEventError{"status", "must be one of submitted, pending, approved, completed, cancelled"}
	case len(e.CareRecipientIDs) == 0:
		return &ClaimEventError{"care_recipient_ids", "names no one"}
	case len(e.CareRecipientIDs) > MostClaimLines:
		return &ClaimEventError{"care_recipient_ids", "must have at most 10000 entries: name each person once"}
	case slices.ContainsFunc(e.CareRecipientIDs, func(id string) bool { return !ValidCareRecipientID(id) }):
		return &ClaimEventError{"care_recipient_ids", "has an id that is not 1 to 10 digits"}
	case e.OccurredAt.IsZero():
		return &ClaimEventError{"occurred_at", "is missing"}
	}
	return nil
}

// People are the distinct people of an event, in a stable order.
func (e ClaimEvent) People() []string {
	return slices.Compact(slices.Sorted(slices.Values(e.CareRecipientIDs)))
}

func validClaimText(text string) bool {
	isControl := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }
	return text != "" && len(text) <= LongestClaimText && !strings.ContainsFunc(text, isControl)
}

var idForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func validID(id ID) bool { return idForm.MatchString(string(id)) }

// ClaimRefusal is why an event was not recorded: it breaks the contract, and sending it again changes nothing.
type ClaimRefusal string

// The reasons to refuse an event.
const (
	// RefusedVersion: the payload is of a version that this program does not know.
	RefusedVersion ClaimRefusal = "unsupported_version"
	// RefusedInvalid: a field is missing or not as agreed.
	RefusedInvalid ClaimRefusal = "invalid_event"
	// RefusedMisdirected: the event is about another claim or organisation than the workflow that it was sent to.
	RefusedMisdirected ClaimRefusal = "misdirected"
	// RefusedOrganisation: there is no such organisation.
	RefusedOrganisation ClaimRefusal = "organisation_unknown"
	// RefusedEventID: an event with this id was recorded that says something else.
	RefusedEventID ClaimRefusal = "event_id_reused"
)

// ClaimAnswer is what became of an event: our ids and counts only (R10).
type ClaimAnswer struct {
	// ClaimID is our id of the claim; empty where the event was refused and nothing is known of the claim.
	ClaimID ID `json:"claim_id,omitempty"`
	// Status is where the claim stands now.
	Status ClaimStatus `json:"status,omitempty"`
	// Repeated: the event had been recorded before.
	Repeated bool `json:"repeated,omitempty"`
	// People and Unknown count the people named by the claim's events so far; unknown people are not in the organisation.
	People  int `json:"people"`
	Unknown int `json:"unknown"`
	// Due counts those whose sync is still to be asked for.
	Due int `json:"due"`
	// Refusal is why the event was not recorded, empty if it was. Problem tells more of an invalid one.
	Refusal ClaimRefusal `json:"refusal,omitempty"`
	Problem string       `json:"problem,omitempty"`
}
