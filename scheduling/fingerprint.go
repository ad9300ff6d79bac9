package scheduling

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/platform/temporal"
)

// fingerprint is made of all that a schedule says in Temporal, as it is sealed there: it stays for as long as no one changes it. Whether it is
// paused is left out, and what it has led to.
func fingerprint(described *client.ScheduleDescription) (string, error) {
	schedule := described.Schedule
	parts := []any{schedule.Spec, schedule.Policy, schedule.State.LimitedActions, attributes(described.TypedSearchAttributes)}
	if action, isWorkflow := schedule.Action.(*client.ScheduleWorkflowAction); isWorkflow {
		parts = append(parts, action.ID, action.Workflow, action.TaskQueue, action.WorkflowExecutionTimeout, action.WorkflowRunTimeout,
			action.WorkflowTaskTimeout, action.RetryPolicy, len(action.Memo), attributes(action.TypedSearchAttributes))
		for _, payload := range payloads(action) {
			parts = append(parts, payload.GetMetadata(), payload.GetData())
		}
	}
	encoded, err := json.Marshal(parts)
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), err
}

// attributes are search attributes in an order of their own.
func attributes(typed sdktemporal.SearchAttributes) []string {
	var all []string
	for key, value := range typed.GetUntypedValues() {
		encoded, _ := json.Marshal(value) // texts and numbers, which can be encoded
		all = append(all, key.GetName()+" "+string(encoded))
	}
	slices.Sort(all)
	return all
}

func payloads(action *client.ScheduleWorkflowAction) []*commonpb.Payload {
	var all []*commonpb.Payload
	for _, argument := range action.Args {
		if payload, isPayload := argument.(*commonpb.Payload); isPayload {
			all = append(all, payload)
		}
	}
	return all
}

// SealedWith is the id of the key that seals what a schedule starts.
func SealedWith(described *client.ScheduleDescription) string {
	action, isWorkflow := described.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !isWorkflow {
		return ""
	}
	for _, payload := range payloads(action) {
		return temporal.SealedWith(payload)
	}
	return ""
}
