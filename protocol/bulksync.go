package protocol

import (
	"time"

	"github.com/caresync/caresync/care"
)

// The size of a bulk run's parts: a batch is a child workflow, a chunk one activity of it.
const (
	PeoplePerBatch = 500
	PeoplePerChunk = 100
	// DefaultWindow is how many batches run at once, ChunksAtOnce how many chunks of a batch.
	DefaultWindow = 2
	ChunksAtOnce  = 3
)

// BulkSyncInput starts a bulk run. Continuing as new uses the same shape.
type BulkSyncInput struct {
	// BulkID is the bulk run's, whose options stand in its row. A scheduled run has none yet: it takes its Temporal run's id.
	BulkID         care.ID `json:"bulk_id,omitempty"`
	OrganisationID care.ID `json:"organisation_id"`
	RequestedBy    string  `json:"requested_by"`
	// Options are those of a scheduled run.
	Options         *care.BulkOptions `json:"options,omitempty"`
	TaskQueuePrefix string            `json:"task_queue_prefix,omitempty"`
	// SetAsidePause is the pause before people whose reads found the service unavailable are retried; 0 takes the default.
	SetAsidePause time.Duration `json:"set_aside_pause,omitempty"`
	// ContinueAfterEvents is the length of history after which the run continues as new; 0 takes the default.
	ContinueAfterEvents int `json:"continue_after_events,omitempty"`
	// Continued is what a run that continued as new continues with.
	Continued *BulkProgress `json:"continued,omitempty"`
}

// BulkPlan is what a bulk run has planned.
type BulkPlan struct {
	BulkID  care.ID          `json:"bulk_id"`
	Options care.BulkOptions `json:"options"`
	Total   int              `json:"total"`
	Batches int              `json:"batches"`
	// ReadLists: no one is planned yet, since the providers' lists have to be read first.
	ReadLists bool `json:"read_lists,omitempty"`
	// Stop is why no one can be synced at all, empty if they can.
	Stop care.Reason `json:"stop,omitempty"`
}

// PlanBulkInput asks for the people of a bulk run to be planned as rows.
type PlanBulkInput struct {
	BulkID         care.ID           `json:"bulk_id"`
	OrganisationID care.ID           `json:"organisation_id"`
	RequestedBy    string            `json:"requested_by"`
	WorkflowID     string            `json:"workflow_id"`
	Options        *care.BulkOptions `json:"options,omitempty"`
}

// BulkPart names people of a bulk run; what is synced of them stands in Options.
type BulkPart struct {
	BulkID         care.ID          `json:"bulk_id"`
	OrganisationID care.ID          `json:"organisation_id"`
	RequestedBy    string           `json:"requested_by"`
	Options        care.BulkOptions `json:"options"`
	Batch          int              `json:"batch"`
}

// BulkSyncBatchInput starts one batch.
type BulkSyncBatchInput struct {
	BulkPart
	Chunks          int    `json:"chunks"`
	TaskQueuePrefix string `json:"task_queue_prefix,omitempty"`
	Paused          bool   `json:"paused,omitempty"`
}

// BatchResult is what a batch came to.
type BatchResult struct {
	Counts care.BulkCounts `json:"counts"`
	// SetAside is how many people wait for the end of the bulk run.
	SetAside int `json:"set_aside,omitempty"`
	// Stop is why the whole bulk run should end, empty if it should not.
	Stop care.Reason `json:"stop,omitempty"`
}

// BulkChunkInput asks for the people of a chunk who have no outcome yet.
type BulkChunkInput struct {
	BulkPart
	Chunk int `json:"chunk"`
	// Since is when the batch first came to the chunk: the wait for an outage is limited (R9).
	Since time.Time `json:"since,omitzero"`
	// SetAside asks instead for the people of the whole bulk run who were set aside for that cause.
	SetAside care.AsideCause `json:"set_aside,omitempty"`
	// LostContributions says what becomes of theirs where they would lose all.
	LostContributions care.LostContributions `json:"lost_contributions,omitempty"`
}

// BulkChunkResult is what a chunk came to.
type BulkChunkResult struct {
	// Settled have an outcome; Left have none, since the chunk was paused, cancelled, or took its time.
	Settled int `json:"settled"`
	Left    int `json:"left"`
	// Escalated failed while others succeeded, and need a sync of their own.
	Escalated []care.ID `json:"escalated,omitempty"`
	// SetAside wait for the end of the bulk run (R9).
	SetAside int `json:"set_aside,omitempty"`
	// Failed is how many failed for good.
	Failed int         `json:"failed"`
	Stop   care.Reason `json:"stop,omitempty"`
}

// PeopleSetAside are the people of a bulk run who wait for its end, because the service was unavailable for them or because they would lose their
// contributions, with what becomes of the latter.
type PeopleSetAside struct {
	Unavailable       int                    `json:"unavailable"`
	Losing            int                    `json:"losing"`
	LostContributions care.LostContributions `json:"lost_contributions,omitempty"`
}

// AwaitRunInput asks for a person whose sync was already running to be settled with it.
type AwaitRunInput struct {
	BulkPart
	PersonID   care.ID `json:"person_id"`
	WorkflowID string  `json:"workflow_id"`
}

// SettleInput asks for all people of a batch, or of the bulk run where Batch is nil, who have no outcome to be settled.
type SettleInput struct {
	BulkID         care.ID     `json:"bulk_id"`
	OrganisationID care.ID     `json:"organisation_id"`
	Batch          *int        `json:"batch,omitempty"`
	Reason         care.Reason `json:"reason"`
}

// CompleteBulkInput closes a bulk run. Stop is why it ended early, empty if it did not.
type CompleteBulkInput struct {
	BulkID         care.ID     `json:"bulk_id"`
	OrganisationID care.ID     `json:"organisation_id"`
	Stop           care.Reason `json:"stop,omitempty"`
}

// BulkResult is what a bulk run came to.
type BulkResult struct {
	BulkID  care.ID         `json:"bulk_id"`
	Outcome care.RunOutcome `json:"outcome"`
	Reason  care.Reason     `json:"reason,omitempty"`
	Counts  care.BulkCounts `json:"counts"`
}

// BulkProgress is what a running bulk run shows, in the progress query and in the workflow's current details. Its counts are those of
// the batches that have ended; the rows say more.
type BulkProgress struct {
	BulkPlan
	// NextBatch is the first that has not been started.
	NextBatch   int             `json:"next_batch"`
	BatchesDone int             `json:"batches_done"`
	Window      int             `json:"window"`
	Paused      bool            `json:"paused"`
	Counts      care.BulkCounts `json:"counts"`
	// SetAside is how many people wait for the end of the bulk run.
	SetAside int             `json:"set_aside,omitempty"`
	Outcome  care.RunOutcome `json:"outcome,omitempty"`
	Reason   care.Reason     `json:"reason,omitempty"`
}

// The updates of a bulk run. They are commands, and answer with the progress.
var (
	Pause     = Update[struct{}, BulkProgress]{Name: "pause"}
	Resume    = Update[struct{}, BulkProgress]{Name: "resume"}
	SetWindow = Update[int, BulkProgress]{Name: "set-window"}
)

// MostBatchesAtOnce is the largest window.
const MostBatchesAtOnce = 20

// BatchPauseChanged tells a running batch whether its bulk run is paused. One signal says both, so that they arrive in order.
var BatchPauseChanged = Signal[bool]{Name: "pause-changed"}

// ReconcileInput asks for what was left open to be closed. TaskQueuePrefix is the deployment's, since syncs are asked for again on its queues.
type ReconcileInput struct {
	TaskQueuePrefix string `json:"task_queue_prefix,omitempty"`
}

// Reconciled is how much a Reconcile has closed, and how many claims' syncs it has asked for again.
type Reconciled struct {
	Runs       int `json:"runs"`
	BulkRuns   int `json:"bulk_runs"`
	ClaimSyncs int `json:"claim_syncs"`
}
