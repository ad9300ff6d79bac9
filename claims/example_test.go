package claims_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/claims"
)

// printer stands for the Temporal client of your program, which platform/temporal makes: it prints what would be sent.
type printer struct{}

// SignalWithStartWorkflow implements claims.Temporal.
func (printer) SignalWithStartWorkflow(_ context.Context, workflowID, signalName string, signal any, options client.StartWorkflowOptions,
	workflow any, _ ...any) (client.WorkflowRun, error) {
	fmt.Println("signal", signalName, "to", workflow, workflowID, "on", options.TaskQueue)
	return nil, json.NewEncoder(os.Stdout).Encode(signal)
}

var (
	ctx            = context.Background()
	temporalClient = printer{}
)

// The claim service tells CareSync that a claim was approved. CareSync syncs each of its people once, even though one of them has two lines.
func ExampleClient_StatusChanged() {
	client := claims.NewClient(temporalClient, claims.Options{})
	err := client.StatusChanged(ctx, claims.Event{
		EventID: "7f0c6a52-4a0f-4d59-9f6e-0d4f6f0b9a11", ClaimID: "6f1ed002-ab5b-4ac4-8e6b-f1b1b1b1b1b1",
		OrganisationID: "01a1ffb8-3c2f-7df4-a6ed-8c7d72133c2f", Status: claims.Approved,
		CareRecipientIDs: []string{"415056225", "415056224", "415056225"},
		OccurredAt:       time.Date(2026, time.May, 20, 1, 30, 0, 0, time.UTC),
	})
	fmt.Println("kept:", err == nil)
	// Output:
	// signal claim-status-changed to ClaimFollowUp claim/01a1ffb8-3c2f-7df4-a6ed-8c7d72133c2f/6f1ed002-ab5b-4ac4-8e6b-f1b1b1b1b1b1 on care-sync
	// {"version":1,"event_id":"7f0c6a52-4a0f-4d59-9f6e-0d4f6f0b9a11","claim_id":"6f1ed002-ab5b-4ac4-8e6b-f1b1b1b1b1b1","organisation_id":"01a1ffb8-3c2f-7df4-a6ed-8c7d72133c2f","status":"approved","care_recipient_ids":["415056224","415056225"],"occurred_at":"2026-05-20T01:30:00Z"}
	// kept: true
}

// An event that breaks the contract is not sent. The error names the field; sending the event again unchanged cannot help. After any other
// error, send it again with the same event id.
func ExampleClient_StatusChanged_invalid() {
	client := claims.NewClient(temporalClient, claims.Options{})
	err := client.StatusChanged(ctx, claims.Event{
		EventID: "7f0c6a52-4a0f-4d59-9f6e-0d4f6f0b9a12", ClaimID: "CL-2026-00417",
		OrganisationID: "01a1ffb8-3c2f-7df4-a6ed-8c7d72133c2f", Status: claims.Completed,
		CareRecipientIDs: []string{"41505 6224"}, OccurredAt: time.Date(2026, time.May, 21, 0, 0, 0, 0, time.UTC),
	})
	var invalid *claims.InvalidEventError
	if errors.As(err, &invalid) {
		fmt.Println("do not send it again, correct", invalid.Field)
	}
	// Output:
	// do not send it again, correct care_recipient_ids
}

// A deployment that shares a Temporal namespace with another one has task queues of its own.
func ExampleNewClient() {
	client := claims.NewClient(temporalClient, claims.Options{TaskQueuePrefix: "north-"})
	_ = client.StatusChanged(ctx, claims.Event{
		EventID: "1", ClaimID: "6f1ed002-ab5b-4ac4-8e6b-f1b1b1b1b1b1", OrganisationID: "01a1ffb8-3c2f-7df4-a6ed-8c7d72133c2f",
		Status: claims.Cancelled, CareRecipientIDs: []string{"415056224"}, OccurredAt: time.Date(2026, time.May, 22, 0, 0, 0, 0, time.UTC),
	})
	// Output:
	// signal claim-status-changed to ClaimFollowUp claim/01a1ffb8-3c2f-7df4-a6ed-8c7d72133c2f/6f1ed002-ab5b-4ac4-8e6b-f1b1b1b1b1b1 on north-care-sync
	// {"version":1,"event_id":"1","claim_id":"6f1ed002-ab5b-4ac4-8e6b-f1b1b1b1b1b1","organisation_id":"01a1ffb8-3c2f-7df4-a6ed-8c7d72133c2f","status":"cancelled","care_recipient_ids":["415056224"],"occurred_at":"2026-05-22T00:00:00Z"}
}
