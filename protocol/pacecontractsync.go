package protocol

import (
	"time"

	"github.com/caresync/caresync/care"
)

// PaceContractSyncInput starts a session with one person's plan. A session that someone attends waits for a retrieve update, which is
// always sent with the start; a refresh looks after itself (R31). Continuing as new for a refresh uses the same shape.
type PaceContractSyncInput struct {
	care.Request
	// TaskQueuePrefix is the deployment's, since the steps' queues are named from it.
	TaskQueuePrefix string `json:"task_queue_prefix,omitempty"`
	// Refresh makes one unattended pass over the person's plan instead of waiting for a person.
	Refresh bool `json:"refresh,omitempty"`
	// Pass counts the passes of one chain of runs, from 1.
	Pass int `json:"pass"`
}

// Update is an update's name together with the types of its argument and answer, so that sender, receiver and tests cannot disagree.
type Update[In, Out any] struct{ Name string }

// Retrieve reads a plan again and stages its preview, which takes the place of one that waits and waits for 30 minutes (R22). It is
// rejected with ErrorBusy while a refresh or a create is under way.
var Retrieve = Update[RetrieveRequest, RetrieveAnswer]{Name: "retrieve"}

// Create writes what a preview showed, of the budgets that are ticked (R22). It is sent under CreateUpdateID. A request that cannot be
// admitted is rejected with ErrorNotAdmitted, whose detail is the care.Reason.
var Create = Update[CreateRequest, CreateAnswer]{Name: "create"}

// RefreshRequested says that a person's plan may have changed. It is always sent with start. What has been said before a refresh begins
// to read belongs to that refresh; during an open preview it marks the preview stale and causes one refresh afterwards (R22, R31).
var RefreshRequested = Signal[RefreshRequest]{Name: "refresh-requested"}

// RefreshRequest is the payload of RefreshRequested.
type RefreshRequest struct {
	Trigger     care.Trigger `json:"trigger"`
	RequestedBy string       `json:"requested_by,omitempty"`
}

// RetrieveRequest is the argument of Retrieve.
type RetrieveRequest struct {
	// PlanStartDate says which of the person's plans is wanted; without one it is the plan that covers today (R23).
	PlanStartDate care.Date `json:"plan_start_date"`
	RequestedBy   string    `json:"requested_by,omitempty"`
}

// RetrieveAnswer is what a retrieval came to: a preview that waits in PostgreSQL, or why there is none.
type RetrieveAnswer struct {
	// RunID is our id of the run, which tells more.
	RunID care.ID `json:"run_id"`
	// PreviewID is the preview's; empty where the area did not succeed.
	PreviewID care.ID          `json:"preview_id,omitempty"`
	ExpiresAt time.Time        `json:"expires_at,omitzero"`
	Outcome   care.AreaOutcome `json:"outcome"`
	Reason    care.Reason      `json:"reason,omitempty"`
}

// CreateRequest is the argument of Create.
type CreateRequest struct {
	care.CreateRequest
	RequestedBy string `json:"requested_by,omitempty"`
}

// CreateAnswer is what a create came to. Where the NDIA reports something else than the preview showed, NextPreviewID is the new
// preview that waits, with the differences.
type CreateAnswer struct {
	RunID         care.ID          `json:"run_id"`
	ContractID    care.ID          `json:"contract_id,omitempty"`
	Outcome       care.AreaOutcome `json:"outcome"`
	Reason        care.Reason      `json:"reason,omitempty"`
	NextPreviewID care.ID          `json:"next_preview_id,omitempty"`
}

// RetrieveInput asks for the preview of a plan. Number counts the reads of the run, from 1.
type RetrieveInput struct {
	care.RunScope
	Number        int       `json:"number"`
	PlanStartDate care.Date `json:"plan_start_date"`
}

// CreateInput asks for what a preview showed to be written. AskedAt is when the person asked: the NDIA may answer late. A preview that
// takes the place of this one is numbered as this read is.
type CreateInput struct {
	care.RunScope
	Number  int                `json:"number"`
	AskedAt time.Time          `json:"asked_at"`
	Request care.CreateRequest `json:"request"`
}

// DueRefreshesInput asks for the refreshes that are due at an instant.
type DueRefreshesInput struct {
	At              time.Time `json:"at"`
	TaskQueuePrefix string    `json:"task_queue_prefix,omitempty"`
}

// ContractResult is what a step of a contract sync came to. Waiting is the preview that it staged, if it did.
type ContractResult struct {
	care.AreaResult
	Waiting *care.WaitingPreview `json:"waiting,omitempty"`
}
