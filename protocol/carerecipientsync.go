package protocol

import (
	"time"

	"github.com/caresync/caresync/care"
)

// CareRecipientSyncInput starts one pass over one person. Continuing as new for a further pass uses the same shape.
type CareRecipientSyncInput struct {
	care.Request
	// TaskQueuePrefix is the deployment's, since the steps' queues are named from it.
	TaskQueuePrefix string `json:"task_queue_prefix,omitempty"`
	// Pass counts the passes of one chain of runs, from 1.
	Pass int `json:"pass"`
}

// Signal is a signal's name together with the type of its payload, so that sender, receiver and tests cannot disagree.
type Signal[T any] struct{ Name string }

// SyncRequested says that someone wants a person's data read again. It is always sent with start. What has been asked before the
// first step belongs to the pass that is about to begin; a claim event that arrives later, or a request for more than the running
// pass does, causes one more pass, however many of them arrive (R7).
var SyncRequested = Signal[SyncRequest]{Name: "sync-requested"}

// SyncRequest is the payload of SyncRequested.
type SyncRequest struct {
	Trigger     care.Trigger `json:"trigger"`
	AllBudgets  bool         `json:"all_budgets,omitempty"`
	RequestedBy string       `json:"requested_by,omitempty"`
	// Fresh asks for a pass that begins after the request, whatever is running.
	Fresh bool `json:"fresh,omitempty"`
}

// ValidateInput asks who a run is about. At is the workflow's clock; the person's organisation decides which date that is (R1).
type ValidateInput struct {
	care.Request
	RunID      care.ID   `json:"run_id"`
	WorkflowID string    `json:"workflow_id"`
	At         time.Time `json:"at"`
}

// AreaInput asks for one area of a person.
type AreaInput struct {
	care.RunScope
}

// UsageInput asks for the usage of some budgets, by our ids.
type UsageInput struct {
	care.RunScope
	Chunk   int       `json:"chunk"`
	Budgets []care.ID `json:"budgets"`
}

// CompleteInput closes a run with what its areas came to.
type CompleteInput struct {
	// Kind is empty for a Care Recipient Sync.
	Kind  care.RunKind                  `json:"kind,omitempty"`
	Scope care.RunScope                 `json:"subject"`
	Areas map[care.Area]care.AreaResult `json:"areas"`
	// DroppedRequests is the number of requests that a cancellation left unanswered.
	DroppedRequests int `json:"dropped_requests,omitempty"`
}

// Progress is what a running pass shows, in the progress query and in the workflow's current details.
type Progress struct {
	Kind     care.RunKind    `json:"kind"`
	RunID    care.ID         `json:"run_id"`
	Pass     int             `json:"pass"`
	Trigger  care.Trigger    `json:"trigger"`
	Steps    []StepProgress  `json:"steps"`
	Outcome  care.RunOutcome `json:"outcome,omitempty"`
	Reason   care.Reason     `json:"reason,omitempty"`
	Warnings int             `json:"warnings"`
	// Waiting is the preview that waits to be created, in a PACE Contract Sync.
	Waiting *WaitingProgress `json:"waiting,omitempty"`
}

// WaitingProgress is a preview that waits.
type WaitingProgress struct {
	PreviewID care.ID   `json:"preview_id"`
	ExpiresAt time.Time `json:"expires_at"`
	// Stale: the NDIA told us of a change since.
	Stale bool `json:"stale,omitempty"`
}

// StepProgress is where one area of a pass stands.
type StepProgress struct {
	Area    care.Area        `json:"area"`
	State   StepState        `json:"state"`
	Outcome care.AreaOutcome `json:"outcome,omitempty"`
	Reason  care.Reason      `json:"reason,omitempty"`
	Counts  care.Counts      `json:"counts,omitempty"`
}

// StepState is where a step stands.
type StepState string

// The states of a step.
const (
	StepWaiting StepState = "waiting"
	StepRunning StepState = "running"
	StepDone    StepState = "done"
)
