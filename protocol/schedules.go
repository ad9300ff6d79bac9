package protocol

import (
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
)

const scheduledBulkPrefix = bulkSyncPrefix + "scheduled/"

// SchedulePrefix begins the ids of an organisation's schedules.
func SchedulePrefix(organisation care.ID) string { return "schedule/" + string(organisation) + "/" }

// ScheduleID is the id of an organisation's schedule of that name.
func ScheduleID(organisation care.ID, name string) string { return SchedulePrefix(organisation) + name }

// scheduledBulkSync is what a schedule of bulk runs does. The server appends the time to the workflow's id, and the bulk run takes the id
// of its first run as its own.
func scheduledBulkSync(queues TaskQueues, organisation care.ID, name string, options care.BulkOptions) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{
		ID: scheduledBulkPrefix + string(organisation) + "/" + name, Workflow: BulkSyncWorkflow, TaskQueue: queues.CareSync(),
		StaticSummary: "Scheduled bulk sync", TypedSearchAttributes: scheduleAttributes(organisation, options.Kind),
		Args: []any{BulkSyncInput{
			OrganisationID: organisation, RequestedBy: "schedule " + name, Options: &options, TaskQueuePrefix: queues.Prefix,
		}},
	}
}

// scheduleAttributes are the search attributes by which an organisation's schedules are found.
func scheduleAttributes(organisation care.ID, kind care.RunKind) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(SearchKind.ValueSet(string(kind)), SearchOrganisation.ValueSet(string(organisation)))
}

// BulkSyncSchedule are the options of a schedule of bulk runs, without its times and policies.
func BulkSyncSchedule(queues TaskQueues, organisation care.ID, name string, options care.BulkOptions) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID: ScheduleID(organisation, name), Action: scheduledBulkSync(queues, organisation, name, options),
		TypedSearchAttributes: scheduleAttributes(organisation, options.Kind),
	}
}
