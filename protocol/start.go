package protocol

import (
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
)

// CareRecipientSyncStart is how a person's sync is started, with or without a signal: under the person's own id, on the deployment's
// queue, and found by its search attributes. Starting one that is running fails with serviceerror.WorkflowExecutionAlreadyStarted, so
// that the caller knows that it joins (R7).
func CareRecipientSyncStart(queues TaskQueues, request care.Request) (client.StartWorkflowOptions, CareRecipientSyncInput) {
	options := client.StartWorkflowOptions{
		ID:                                       CareRecipientSyncID(request.ClientID),
		TaskQueue:                                queues.CareSync(),
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            "Care recipient sync",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			SearchKind.ValueSet(KindCareRecipient), SearchOrganisation.ValueSet(string(request.OrganisationID))),
	}
	return options, CareRecipientSyncInput{Request: request, TaskQueuePrefix: queues.Prefix, Pass: 1}
}
