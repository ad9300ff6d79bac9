package waits_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/starter/waits"
)

var queues = protocol.TaskQueues{Prefix: "test-"}

const bulk, batch = "bulk-sync/1", "bulk-sync/1/batch/0"

func ago(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(time.Now().Add(-d)) }

// polled are workers that poll a queue, the last of them so long ago.
func polled(d time.Duration) []*taskqueuepb.PollerInfo {
	return []*taskqueuepb.PollerInfo{{LastAccessTime: ago(5 * time.Minute)}, {LastAccessTime: ago(d)}}
}

func failure(errorType string) *failurepb.Failure {
	return &failurepb.Failure{FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: errorType}}}
}

// again is a step that has failed once, and is tried again in a minute.
func again(name, errorType string) *workflowpb.PendingActivityInfo {
	return &workflowpb.PendingActivityInfo{
		ActivityType: &commonpb.ActivityType{Name: name}, Attempt: 2, State: enumspb.PENDING_ACTIVITY_STATE_SCHEDULED,
		ScheduledTime: ago(time.Minute), NextAttemptScheduleTime: ago(-time.Minute), LastFailure: failure(errorType),
	}
}

func scheduled(name string) *workflowpb.PendingActivityInfo {
	return &workflowpb.PendingActivityInfo{
		ActivityType: &commonpb.ActivityType{Name: name}, Attempt: 1, State: enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, ScheduledTime: ago(time.Minute),
	}
}

func task(attempt int32) *workflowpb.PendingWorkflowTaskInfo {
	return &workflowpb.PendingWorkflowTaskInfo{Attempt: attempt, State: enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, ScheduledTime: ago(time.Minute)}
}

// R38: what a workflow waits for is known from what Temporal has of it, and nothing is named that is not known.
func TestWhatAWorkflowWaitsFor(t *testing.T) {
	for name, test := range map[string]struct {
		pollers  map[string][]*taskqueuepb.PollerInfo
		workflow func(*temporaltest.Workflow)
		wait     care.Wait
		atWork   bool
	}{
		"nothing": {workflow: func(*temporaltest.Workflow) {}},
		"no worker polls": {
			workflow: func(w *temporaltest.Workflow) { w.Task = task(1) }, wait: care.Wait{Cause: care.WaitsForWorker},
		},
		"the last worker is gone, though Temporal lists it": {
			pollers:  map[string][]*taskqueuepb.PollerInfo{queues.CareSync(): polled(90 * time.Second)},
			workflow: func(w *temporaltest.Workflow) { w.Task = task(1) }, wait: care.Wait{Cause: care.WaitsForWorker},
		},
		"all workers are busy": {
			pollers:  map[string][]*taskqueuepb.PollerInfo{queues.CareSync(): polled(30 * time.Second)},
			workflow: func(w *temporaltest.Workflow) { w.Task = task(1) }, wait: care.Wait{Cause: care.WaitsForFreeWorker},
		},
		"it has only been scheduled": {
			workflow: func(w *temporaltest.Workflow) { w.Task = task(1); w.Task.ScheduledTime = ago(0) },
		},
		"a worker has it in hand": {
			workflow: func(w *temporaltest.Workflow) {
				w.Task = task(1)
				w.Task.State = enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED
			}, atWork: true,
		},
		"workers lack a key": {
			pollers: map[string][]*taskqueuepb.PollerInfo{queues.CareSync(): polled(0)},
			workflow: func(w *temporaltest.Workflow) {
				w.Task, w.TaskFailed = task(7), &historypb.WorkflowTaskFailedEventAttributes{Failure: failure(temporal.MissingKeyFailure)}
			}, wait: care.Wait{Cause: care.WaitsForKey},
		},
		"workers have another version": {
			pollers: map[string][]*taskqueuepb.PollerInfo{queues.CareSync(): polled(0)},
			workflow: func(w *temporaltest.Workflow) {
				w.Task, w.TaskFailed = task(7), &historypb.WorkflowTaskFailedEventAttributes{Cause: enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR}
			}, wait: care.Wait{Cause: care.WaitsForWorkerVersion},
		},
		"workers fail at it": {
			pollers: map[string][]*taskqueuepb.PollerInfo{queues.CareSync(): polled(0)},
			workflow: func(w *temporaltest.Workflow) {
				w.Task, w.TaskFailed = task(7), &historypb.WorkflowTaskFailedEventAttributes{Failure: failure("PanicError")}
			}, wait: care.Wait{Cause: care.WaitsForWorkerFault},
		},
		"no one knows why its task is tried again": {
			pollers:  map[string][]*taskqueuepb.PollerInfo{queues.CareSync(): polled(0)},
			workflow: func(w *temporaltest.Workflow) { w.Task = task(2) },
		},
		"the service": {
			workflow: func(w *temporaltest.Workflow) {
				w.Pending = []*workflowpb.PendingActivityInfo{again(protocol.UpsertPlanActivity, protocol.ErrorServiceUnavailable)}
			}, wait: care.Wait{Cause: care.WaitsForService, Service: care.ServicesAustralia, Attempts: 1},
		},
		"PRODA": {
			workflow: func(w *temporaltest.Workflow) {
				w.Pending = []*workflowpb.PendingActivityInfo{again(protocol.UpsertPlanActivity, protocol.ErrorLoginUnavailable)}
			}, wait: care.Wait{Cause: care.WaitsForPRODA, Attempts: 1},
		},
		"the allowance": {
			workflow: func(w *temporaltest.Workflow) {
				w.Pending = []*workflowpb.PendingActivityInfo{again(protocol.UpsertPlanActivity, protocol.ErrorNoAllowance)}
			}, wait: care.Wait{Cause: care.WaitsForAllowance, Service: care.ServicesAustralia, Attempts: 1},
		},
		"a locked table": {
			workflow: func(w *temporaltest.Workflow) {
				w.Pending = []*workflowpb.PendingActivityInfo{again(protocol.UpsertPlanActivity, protocol.DatabaseError(care.DatabaseLocked))}
			}, wait: care.Wait{Cause: care.WaitsForDatabase, Trouble: care.DatabaseLocked, Attempts: 1},
		},
		"a fault of ours is no one's": {
			workflow: func(w *temporaltest.Workflow) {
				w.Pending = []*workflowpb.PendingActivityInfo{again(protocol.UpsertPlanActivity, "SomethingElse")}
			},
		},
		"no worker of the service": {
			pollers: map[string][]*taskqueuepb.PollerInfo{queues.CareSync(): polled(0)},
			workflow: func(w *temporaltest.Workflow) {
				w.Pending = []*workflowpb.PendingActivityInfo{scheduled(protocol.UpsertPlanActivity)}
			}, wait: care.Wait{Cause: care.WaitsForWorker},
		},
		"the service failed before the workers were gone": {
			workflow: func(w *temporaltest.Workflow) {
				due := again(protocol.UpsertPlanActivity, protocol.ErrorServiceUnavailable)
				due.NextAttemptScheduleTime = ago(time.Minute)
				w.Pending = []*workflowpb.PendingActivityInfo{due}
			}, wait: care.Wait{Cause: care.WaitsForWorker},
		},
		"an attempt after an outage goes on": {
			workflow: func(w *temporaltest.Workflow) {
				running := again(protocol.SyncBulkChunkActivity, protocol.DatabaseError(care.DatabaseFull))
				running.State, running.LastStartedTime = enumspb.PENDING_ACTIVITY_STATE_STARTED, ago(time.Minute)
				w.Pending = []*workflowpb.PendingActivityInfo{running}
			}, atWork: true,
		},
		"other chunks have their turn": {
			pollers: map[string][]*taskqueuepb.PollerInfo{queues.Bulk(care.ServicesAustralia): polled(0)},
			workflow: func(w *temporaltest.Workflow) {
				running := scheduled(protocol.SyncBulkChunkActivity)
				running.State = enumspb.PENDING_ACTIVITY_STATE_STARTED
				w.Pending = []*workflowpb.PendingActivityInfo{scheduled(protocol.SyncBulkChunkActivity), running}
			}, atWork: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, at := range []string{bulk, batch} { // of a bulk run, or of a batch that it has started
				server := temporaltest.New()
				server.Pollers = test.pollers
				for _, id := range []string{bulk, batch} {
					_, err := server.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id}, "", nil)
					require.NoError(t, err)
				}
				server.Change(bulk, func(w *temporaltest.Workflow) {
					w.Children = []*workflowpb.PendingChildExecutionInfo{{WorkflowId: batch}}
				})
				server.Change(at, test.workflow)
				described, err := server.DescribeWorkflowExecution(t.Context(), bulk, "")
				require.NoError(t, err)
				seen, err := waits.Of(t.Context(), server, queues, care.ServicesAustralia, described)
				require.NoError(t, err)
				require.Equal(t, waits.Seen{Wait: test.wait, AtWork: test.atWork}, seen, at)
			}
		})
	}
}

// R38: what Temporal sees is newer than the rows, which know the government's words.
func TestRowsAndTemporalTogether(t *testing.T) {
	said := care.Wait{Cause: care.WaitsForService, Service: care.ServicesAustralia, Words: "Planned outage", Attempts: 3}
	paused := care.Wait{Cause: care.WaitsForPerson, By: "cli: mary"}
	begin := care.Wait{Cause: care.WaitsToBegin}
	locked := care.Wait{Cause: care.WaitsForDatabase, Trouble: care.DatabaseLocked}
	worker, busy := care.Wait{Cause: care.WaitsForWorker}, care.Wait{Cause: care.WaitsForFreeWorker}
	for name, test := range map[string]struct {
		seen       waits.Seen
		rows, wait care.Wait
	}{
		"the same":                       {waits.Seen{Wait: care.Wait{Cause: care.WaitsForService}}, said, said},
		"the rows alone":                 {waits.Seen{}, said, said},
		"a dead end after an outage":     {waits.Seen{Wait: worker}, said, worker},
		"rows that cannot be written":    {waits.Seen{Wait: locked}, said, locked},
		"a person's pause":               {waits.Seen{Wait: worker}, paused, paused},
		"a worker has started it":        {waits.Seen{AtWork: true}, begin, care.Wait{}},
		"no worker has started it":       {waits.Seen{}, begin, begin},
		"no worker is there":             {waits.Seen{Wait: worker}, begin, worker},
		"busy workers":                   {waits.Seen{Wait: busy}, begin, busy},
		"busy workers after an outage":   {waits.Seen{Wait: busy}, said, said},
		"busy workers, and nothing else": {waits.Seen{Wait: busy}, care.Wait{}, busy},
	} {
		require.Equal(t, test.wait, test.seen.Beside(test.rows), name)
	}
}
