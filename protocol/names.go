// Package protocol is what CareSync's programs say to one another through Temporal: names, ids, inputs, results, error types and
// search attributes. It has no behaviour, and callers never build an id or a name by hand.
package protocol

import (
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/caresync/caresync/care"
)

// Workflow types.
const (
	CareRecipientSyncWorkflow = "CareRecipientSync"
	PaceContractSyncWorkflow  = "PaceContractSync"
	BulkSyncWorkflow          = "BulkSync"
	BulkSyncBatchWorkflow     = "BulkSyncBatch"
	ReconcileWorkflow         = "Reconcile"
	RefreshDueWorkflow        = "RefreshDue"
	RenewKeysWorkflow         = "RenewKeys"
)

// Activity types of a Care Recipient Sync.
const (
	ValidateCareRecipientActivity = "ValidateCareRecipient"
	UpsertPlanActivity            = "UpsertPlan"
	RecreateContributionsActivity = "RecreateContributions"
	FetchBudgetsActivity          = "FetchBudgets"
	FetchUsageActivity            = "FetchUsage"
	CompleteRunActivity           = "CompleteRun"
)

// Activity types of a PACE Contract Sync. Its runs are closed by CompleteRun, too.
const (
	ValidateParticipantActivity   = "ValidateParticipant"
	RetrievePlanActivity          = "RetrievePlan"
	CreateServiceContractActivity = "CreateServiceContract"
	RefreshContractActivity       = "RefreshContract"
)

// Activity types of a Bulk Sync.
const (
	PlanBulkActivity      = "PlanBulk"
	PlanFromListsActivity = "PlanFromLists"
	SetPausedActivity     = "SetBulkPaused"
	SyncBulkChunkActivity = "SyncBulkChunk"
	EscalatedActivity     = "EscalatedPeople"
	SetAsideActivity      = "SetAsidePeople"
	AwaitRunActivity      = "AwaitRun"
	SettleBatchActivity   = "SettleBatch"
	CompleteBulkActivity  = "CompleteBulk"
)

// ReconcileActivity is the only step of a Reconcile.
const ReconcileActivity = "Reconcile"

// RequestDueRefreshesActivity is the only step of a RefreshDue.
const RequestDueRefreshesActivity = "RequestDueRefreshes"

// Activity types of a RenewKeys.
const (
	DueKeysActivity  = "DueKeys"
	RenewKeyActivity = "RenewKey"
)

// ProgressQuery returns a Progress, of a bulk run with a BulkProgress.
const ProgressQuery = "progress"

const (
	careRecipientSyncPrefix = "care-recipient-sync/"
	paceContractSyncPrefix  = "pace-contract-sync/"
	bulkSyncPrefix          = "bulk-sync/"
)

// CareRecipientSyncID is the workflow id of a person's sync: for one person at most one runs (R7).
func CareRecipientSyncID(person care.ID) string { return careRecipientSyncPrefix + string(person) }

// PaceContractSyncID is the workflow id of a person's contract sync: for one person at most one runs.
func PaceContractSyncID(person care.ID) string { return paceContractSyncPrefix + string(person) }

// BulkSyncID is the workflow id of a bulk run.
func BulkSyncID(bulk care.ID) string { return bulkSyncPrefix + string(bulk) }

// BulkSyncBatchID is the workflow id of a batch of a bulk run.
func BulkSyncBatchID(bulk care.ID, batch int) string {
	return fmt.Sprintf("%s%s/batch/%d", bulkSyncPrefix, bulk, batch)
}

// OfBulkSync reports whether a workflow's id is that of a bulk run, or of a part of one.
func OfBulkSync(workflowID string) bool { return strings.HasPrefix(workflowID, bulkSyncPrefix) }

// CreateUpdateID is the update id of a Create: a double click gets the first answer (R22).
func CreateUpdateID(retrieval care.ID) string { return "create/" + string(retrieval) }

// TaskQueues names the task queues of one deployment; the prefix keeps several apart on one Temporal namespace.
type TaskQueues struct{ Prefix string }

// CareSync is the queue of the workflows that are no one person's sync, and of steps that wait for the database or for another workflow.
func (q TaskQueues) CareSync() string { return q.Prefix + "care-sync" }

// Upstream is the queue of the syncs with a service, and of the steps that call it: an outage of one service never starves the other, and a sync's
// next step begins in the worker that has just completed the last one.
func (q TaskQueues) Upstream(service care.Service) string { return q.Prefix + string(service) }

// PolledQueue is a task queue with a kind of task that workers take there.
type PolledQueue struct {
	Name string
	Kind enumspb.TaskQueueType
}

// Polled are the queues that every worker process polls.
func (q TaskQueues) Polled() []PolledQueue {
	all := []PolledQueue{{q.CareSync(), enumspb.TASK_QUEUE_TYPE_WORKFLOW}, {q.CareSync(), enumspb.TASK_QUEUE_TYPE_ACTIVITY}}
	for _, service := range []care.Service{care.ServicesAustralia, care.NDIA} {
		all = append(all, PolledQueue{q.Upstream(service), enumspb.TASK_QUEUE_TYPE_WORKFLOW}, PolledQueue{q.Upstream(service), enumspb.TASK_QUEUE_TYPE_ACTIVITY},
			PolledQueue{q.Bulk(service), enumspb.TASK_QUEUE_TYPE_ACTIVITY})
	}
	return all
}

// Workflows are the queues that workflows run on.
func (q TaskQueues) Workflows() (names []string) {
	for _, queue := range q.Polled() {
		if queue.Kind == enumspb.TASK_QUEUE_TYPE_WORKFLOW {
			names = append(names, queue.Name)
		}
	}
	return names
}

// Bulk is the queue of the chunks of bulk runs that call a service: they have slots of their own, so that whoever waits for one person
// does not wait for them.
func (q TaskQueues) Bulk(service care.Service) string { return q.Upstream(service) + "-bulk" }
