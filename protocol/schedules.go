package protocol

import (
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
)

const (
	schedulePrefix      = "schedule/"
	scheduledBulkPrefix = bulkSyncPrefix + "scheduled/"
	scheduleRequester   = "schedule "
)

// ScheduleID is the id of an organisation's schedule of that name.
func ScheduleID(organisation care.ID, name string) string {
	return schedulePrefix + string(organisation) + "/" + name
}

// ScheduleOf is the organisation and the name that an id of ScheduleID was made of, and false for another id.
func ScheduleOf(id string) (organisation care.ID, name string, ours bool) {
	rest, ours := strings.CutPrefix(id, schedulePrefix)
	before, name, named := strings.Cut(rest, "/")
	return care.ID(before), name, ours && named
}

// ScheduleRequester is who requested the bulk runs that a schedule starts.
func ScheduleRequester(name string) string { return scheduleRequester + name }

// ScheduledFor is the time for which a schedule started the bulk run of that workflow id, and false where no schedule did. The server appends it.
func ScheduledFor(workflowID string) (time.Time, bool) {
	const form = "2006-01-02T15:04:05Z"
	if !strings.HasPrefix(workflowID, scheduledBulkPrefix) || len(workflowID) < len(form) {
		return time.Time{}, false
	}
	at, err := time.Parse(form, workflowID[len(workflowID)-len(form):])
	return at, err == nil
}

// pausedForFailure begins the note that Temporal leaves when it pauses a schedule of PauseOnFailure by itself.
const pausedForFailure = "paused due to workflow "

// PausedForFailure reports whether Temporal paused a schedule because a run failed.
func PausedForFailure(state *client.ScheduleState) bool {
	return state.Paused && strings.HasPrefix(state.Note, pausedForFailure)
}

var overlapPolicies = map[care.Overlap]enumspb.ScheduleOverlapPolicy{
	care.OverlapSkip:   enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
	care.OverlapBuffer: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
	care.OverlapCancel: enumspb.SCHEDULE_OVERLAP_POLICY_CANCEL_OTHER,
}

// OverlapPolicy is how Temporal names an overlap, and false for one that there is not.
func OverlapPolicy(overlap care.Overlap) (enumspb.ScheduleOverlapPolicy, bool) {
	policy, known := overlapPolicies[overlap]
	return policy, known
}

// BulkSyncSchedule is what Temporal is told of a schedule. Nothing sealed is in it save the input, so that it can be read and replaced by a
// program without the key of the day on which it was made. It fails with care.InvalidError where the times are none.
func BulkSyncSchedule(queues TaskQueues, schedule care.Schedule) (client.ScheduleOptions, error) {
	calendar, err := ScheduleCalendar(schedule.ScheduleTimes)
	return client.ScheduleOptions{
		ID: ScheduleID(schedule.OrganisationID, schedule.Name),
		Spec: client.ScheduleSpec{
			TimeZoneName: schedule.TimeZone, Calendars: []client.ScheduleCalendarSpec{calendar}, Jitter: schedule.Jitter,
		},
		Action: scheduledBulkSync(queues, schedule), Overlap: overlapPolicies[schedule.Overlap], CatchupWindow: schedule.CatchUp,
		PauseOnFailure: schedule.PauseOnFailure, Paused: schedule.Paused,
		TypedSearchAttributes: scheduleAttributes(schedule.OrganisationID, schedule.Options.Kind),
	}, err
}

// scheduledBulkSync is what a schedule of bulk runs does. The server appends the time to the workflow's id, and the bulk run takes the id
// of its first run as its own.
func scheduledBulkSync(queues TaskQueues, schedule care.Schedule) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{
		ID: scheduledBulkPrefix + string(schedule.OrganisationID) + "/" + schedule.Name, Workflow: BulkSyncWorkflow, TaskQueue: queues.CareSync(),
		TypedSearchAttributes: scheduleAttributes(schedule.OrganisationID, schedule.Options.Kind),
		Args: []any{BulkSyncInput{
			OrganisationID: schedule.OrganisationID, RequestedBy: ScheduleRequester(schedule.Name), Options: &schedule.Options,
			TaskQueuePrefix: queues.Prefix,
		}},
	}
}

// scheduleAttributes are the search attributes by which an organisation's schedules are found.
func scheduleAttributes(organisation care.ID, kind care.RunKind) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(SearchKind.ValueSet(string(kind)), SearchOrganisation.ValueSet(string(organisation)))
}
