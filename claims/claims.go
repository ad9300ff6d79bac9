// Package claims tells CareSync how an organisation's claims come on. It is for the claim service, and for other programs that know of
// claims. CareSync records each event once, and where a claim was approved or completed syncs the people of the claim:
//
//	client := claims.NewClient(temporalClient, claims.Options{})
//	err := client.StatusChanged(ctx, claims.Event{
//		EventID: "7f0c…", ClaimID: "CL-2026-00417", OrganisationID: "01a1ffb8-…", Status: claims.Approved,
//		CareRecipientIDs: []string{"415056224", "415056225"}, OccurredAt: time.Now(),
//	})
//
// The Temporal client must encrypt payloads with CareSync's keyring, since events name people: temporal.Dial of
// github.com/caresync/caresync/platform/temporal makes such a client. docs/claims.md is the whole contract.
package claims

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// Event says that a claim's status has changed. All fields are required.
type Event = care.ClaimEvent

// InvalidEventError says which field of an event is not as agreed. It repeats no value.
type InvalidEventError = care.ClaimEventError

// Status is how far a claim has come. Statuses only move forward.
type Status = care.ClaimStatus

// The statuses of a claim. Approved and Completed cause syncs; Completed and Cancelled are final.
const (
	Submitted = care.StageSubmitted
	Pending   = care.StagePending
	Approved  = care.StageApproved
	Completed = care.StageCompleted
	Cancelled = care.StageCancelled
)

// Temporal is what is needed of a Temporal client.
type Temporal interface {
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any, options client.StartWorkflowOptions,
		workflow any, workflowArgs ...any) (client.WorkflowRun, error)
}

// Options are those of the CareSync deployment.
type Options struct {
	// TaskQueuePrefix is the deployment's CARESYNC_TASK_QUEUE_PREFIX; most have none.
	TaskQueuePrefix string
}

// Client tells one CareSync deployment of events. It is safe for use by many goroutines.
type Client struct {
	temporal Temporal
	queues   protocol.TaskQueues
}

// NewClient makes a client. The Temporal client remains the caller's to close.
func NewClient(temporal Temporal, options Options) *Client {
	return &Client{temporal: temporal, queues: protocol.TaskQueues{Prefix: options.TaskQueuePrefix}}
}

// StatusChanged reports an event. When it returns nil, the event is kept by the Temporal server and will take effect, whether or not
// CareSync is up. It fails with *InvalidEventError where sending the event again cannot help; after any other error it should be sent
// again, with the same event id, which is always safe.
func (c *Client) StatusChanged(ctx context.Context, event Event) error {
	if err := event.Check(); err != nil {
		return err
	}
	event.CareRecipientIDs = event.People()
	options, input := protocol.ClaimFollowUpStart(c.queues, event.OrganisationID, event.ClaimID)
	signal := protocol.ClaimStatusEvent{Version: protocol.ClaimEventVersion, ClaimEvent: event}
	_, err := c.temporal.SignalWithStartWorkflow(ctx, options.ID, protocol.ClaimStatusChanged.Name, signal,
		options, protocol.ClaimFollowUpWorkflow, input)
	if err != nil {
		return fmt.Errorf("tell CareSync of the claim's status: %w", err)
	}
	return nil
}
