// Package workflows are CareSync's durable workflows. They are deterministic: no I/O, no clock but the workflow's.
package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/protocol"
)

// Register gives a worker, a test or a replayer all workflows under their names.
func Register(registry worker.WorkflowRegistry) {
	RegisterSyncs(registry)
	registry.RegisterWorkflowWithOptions(ClaimFollowUp, workflow.RegisterOptions{Name: protocol.ClaimFollowUpWorkflow})
	registry.RegisterWorkflowWithOptions(BulkSync, workflow.RegisterOptions{Name: protocol.BulkSyncWorkflow})
	registry.RegisterWorkflowWithOptions(Reconcile, workflow.RegisterOptions{Name: protocol.ReconcileWorkflow})
	registry.RegisterWorkflowWithOptions(RefreshDue, workflow.RegisterOptions{Name: protocol.RefreshDueWorkflow})
	registry.RegisterWorkflowWithOptions(RenewKeys, workflow.RegisterOptions{Name: protocol.RenewKeysWorkflow})
	registry.RegisterWorkflowWithOptions(BulkSyncBatch, workflow.RegisterOptions{Name: protocol.BulkSyncBatchWorkflow})
}

// RegisterSyncs gives a worker the syncs of one person.
func RegisterSyncs(registry worker.WorkflowRegistry) {
	registry.RegisterWorkflowWithOptions(CareRecipientSync, workflow.RegisterOptions{Name: protocol.CareRecipientSyncWorkflow})
	registry.RegisterWorkflowWithOptions(PaceContractSync, workflow.RegisterOptions{Name: protocol.PaceContractSyncWorkflow})
}
