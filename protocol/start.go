package protocol

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
)

// CareRecipientSyncStart is how a person's sync is started, with or without a signal: under the person's own id, on the deployment's
// queue, and found by its search attributes. Starting one that is running fails with serviceerror.WorkflowExecutionAlreadyStarted, so
// that the caller knows that it joins (R7).
func CareRecipientSyncStart(queues TaskQueues, request care.Request) (client.StartWorkflowOptions, CareRecipientSyncInput) {
	options := startOptions(queues.Upstream(care.ServicesAustralia), CareRecipientSyncID(request.PersonID), care.RunCareRecipient, request.OrganisationID)
	options.StaticSummary = "Care recipient sync"
	options.WorkflowExecutionErrorWhenAlreadyStarted = true
	return options, CareRecipientSyncInput{Request: request, TaskQueuePrefix: queues.Prefix, Pass: 1}
}

// PaceContractSyncStart is how a person's contract sync is started, always with an update or a signal. One that runs already is used.
func PaceContractSyncStart(queues TaskQueues, request care.Request) (client.StartWorkflowOptions, PaceContractSyncInput) {
	options := startOptions(queues.Upstream(care.NDIA), PaceContractSyncID(request.PersonID), care.RunPACEContract, request.OrganisationID)
	options.StaticSummary = "PACE contract sync"
	options.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	input := PaceContractSyncInput{Request: request, TaskQueuePrefix: queues.Prefix, Refresh: !request.Trigger.Attended(), Pass: 1}
	return options, input
}

// BulkSyncStart is how a bulk run is started whose options stand in its row.
func BulkSyncStart(queues TaskQueues, bulk, organisation care.ID, kind care.RunKind, requestedBy string) (client.StartWorkflowOptions, BulkSyncInput) {
	options := startOptions(queues.CareSync(), BulkSyncID(bulk), kind, organisation)
	options.StaticSummary = "Bulk sync"
	options.WorkflowExecutionErrorWhenAlreadyStarted = true
	return options, BulkSyncInput{BulkID: bulk, OrganisationID: organisation, RequestedBy: requestedBy, TaskQueuePrefix: queues.Prefix}
}

// reconcileEvery is how often what was left open is looked for.
const reconcileEvery = 5 * time.Minute

// ReconcileScheduleID is the id of the schedule of a deployment that closes what terminated workflows left open.
func ReconcileScheduleID(queues TaskQueues) string { return queues.Prefix + "reconcile" }

// RefreshDueScheduleID is the id of the schedule of a deployment that refreshes contracts on the days on which their funding periods begin (R34).
func RefreshDueScheduleID(queues TaskQueues) string { return queues.Prefix + "refresh-due" }

// RefreshDuePartsOfAnHour says between how many parts the budget calls of an hour are divided: a RefreshDue takes one of them every five
// minutes, so that half of the hour's calls stay with people.
const RefreshDuePartsOfAnHour = 2 * int(time.Hour/refreshDueEvery)

// refreshDueEvery is how often it is looked for contracts that a day has brought money, or a plan.
const refreshDueEvery = 5 * time.Minute

// renewKeysEvery is how often it is looked for devices' keys that are due: once a day, which leaves a month of attempts.
const renewKeysEvery = 24 * time.Hour

// RenewKeysScheduleID is the id of the schedule of a deployment that renews the keys of PRODA's devices (R36).
func RenewKeysScheduleID(queues TaskQueues) string { return queues.Prefix + "renew-keys" }

func startOptions(queue, id string, kind care.RunKind, organisation care.ID) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: queue,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			SearchKind.ValueSet(string(kind)), SearchOrganisation.ValueSet(string(organisation))),
	}
}

// OwnSchedulesVersion is raised whenever OwnSchedules change: an older program leaves those of a newer one alone.
const OwnSchedulesVersion = 3

// OwnSchedules are those of a deployment itself. They end at that time, which workers move on as long as there are any: a deployment that is
// no more leaves none behind.
func OwnSchedules(queues TaskQueues, until time.Time) []client.ScheduleOptions {
	return []client.ScheduleOptions{
		ownSchedule(queues, ReconcileScheduleID(queues), ReconcileWorkflow, reconcileEvery, until),
		ownSchedule(queues, RefreshDueScheduleID(queues), RefreshDueWorkflow, refreshDueEvery, until),
		ownSchedule(queues, RenewKeysScheduleID(queues), RenewKeysWorkflow, renewKeysEvery, until),
	}
}

func ownSchedule(queues TaskQueues, id, workflow string, every time.Duration, until time.Time) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:   id,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}, EndAt: until},
		Action: &client.ScheduleWorkflowAction{
			ID: id, Workflow: workflow, Args: []any{queues.Prefix}, TaskQueue: queues.CareSync(), WorkflowExecutionTimeout: ownRunTimeout,
		},
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
	}
}

// ownRunTimeout is when a run that no worker finishes gives way to the next one. Its steps end earlier.
const ownRunTimeout = 30 * time.Minute
