package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// All times of workflows are here: how long an attempt of a step may take, when it is tried again, how long a workflow waits. A step's own times
// are in activities/times.go, the intervals of the schedules that start workflows in protocol/start.go, and how long a preview waits is a rule
// (care.PreviewLifetime).

const (
	// areaTimeout is how long an area tries before it gives up on demand (R9).
	areaTimeout = 15 * time.Minute
	// heartbeatTimeout finds a dead worker after a few missed beats.
	heartbeatTimeout = 10 * time.Second
	// attemptTimeout bounds one attempt of a step that reads from a service. It is long since a read may wait for its allowance.
	attemptTimeout = 10 * time.Minute
	// databaseAttemptTimeout bounds one attempt of a step that only touches the database.
	databaseAttemptTimeout = 10 * time.Second
	// recordingTimeout is how long the end of a run waits for the database: its outcome must not be lost in a long outage.
	recordingTimeout = 24 * time.Hour
	// atOnceFor is how much of the time of a step on the database is tried within the workflow task.
	atOnceFor = 20 * time.Second
	// claimTriesAgainAfter is the pause after a step of a claim's follow-up that has given up: no event is dropped, whatever went wrong.
	claimTriesAgainAfter = 10 * time.Minute
	// claimEventsPerRun is how many events a claim's follow-up takes before it continues as new. Most claims have four or five.
	claimEventsPerRun = 100
	// chunkPause is the pause before a chunk is tried again that could do nothing.
	chunkPause = 2 * time.Second
	// chunkTimeout bounds one attempt of a chunk of a bulk run: it starts no one after 45 s, and finishes people in progress.
	chunkTimeout = 6 * time.Minute
	// setAsidePause is the pause before people of a bulk run are retried whose reads found the service unavailable. After two pauses it is clear
	// whether the cause is the person or the service (R9).
	setAsidePause = 5 * time.Minute
	// resetBatchPollInterval is how often a bulk run that was reset looks whether a batch of before has ended.
	resetBatchPollInterval = 2 * time.Second
	// escalationsAtOnce is how many people of a batch have a sync of their own at the same time.
	escalationsAtOnce = 4
	// listsTimeout bounds one attempt to read the lists of all providers, page after page.
	listsTimeout = 2 * time.Hour
	// planningTimeout bounds the statement that plans a bulk run's people.
	planningTimeout = 2 * time.Minute
	// awaitingTimeout is how long a bulk run waits for a sync that it has joined.
	awaitingTimeout = time.Hour
	// A bulk run continues as new after this many events, or this much history.
	continueAfterEvents, continueAfterBytes = 3000, 1_500_000
)

// sdkPanicError is the SDK's type of a panic in a step: a fault of ours, which trying again does not mend.
const sdkPanicError = "PanicError"

// retryUntilGivenUp tries again with growing pauses until the policy's total time is over. A service's own Retry-After goes before.
func retryUntilGivenUp() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
		NonRetryableErrorTypes: []string{protocol.ErrorPersonUnknown, protocol.ErrorUnexpected, sdkPanicError},
	}
}

// readingFromService is for steps that read from a government service and write to the database.
func readingFromService(taskQueue string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: taskQueue, ScheduleToCloseTimeout: areaTimeout, StartToCloseTimeout: attemptTimeout,
		HeartbeatTimeout: heartbeatTimeout, WaitForCancellation: true, RetryPolicy: retryUntilGivenUp(),
	}
}

// onDatabase is how long a step that only touches the database is tried. It takes a few milliseconds, and runs within the workflow task, which saves
// a round trip through the server and half a dozen events. Where the database is away for longer, it becomes an activity of its own: the server
// tries that again, which adds nothing to the history, and shows what it waits for (R38).
type onDatabase struct {
	// attempt bounds one attempt, giveUp all of them.
	attempt, giveUp time.Duration
}

var (
	// shortly is for most steps.
	shortly = onDatabase{attempt: databaseAttemptTimeout, giveUp: areaTimeout}
	// planning is for the step that plans a bulk run.
	planning = onDatabase{attempt: planningTimeout, giveUp: areaTimeout}
	// recording is for steps whose record must not be lost in a long outage of the database.
	recording = onDatabase{attempt: databaseAttemptTimeout, giveUp: recordingTimeout}
)

// atOnce is for the tries within the workflow task.
func (o onDatabase) atOnce() workflow.LocalActivityOptions {
	return workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: max(o.attempt, atOnceFor), StartToCloseTimeout: o.attempt, RetryPolicy: retryUntilGivenUp(),
	}
}

// later is for the tries of the server.
func (o onDatabase) later(taskQueue string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: taskQueue, ScheduleToCloseTimeout: o.giveUp, StartToCloseTimeout: o.attempt, WaitForCancellation: true, RetryPolicy: retryUntilGivenUp(),
	}
}

// reconciling is for the step that closes what was left open: it is scheduled again soon, whatever becomes of it.
func reconciling(taskQueue string) workflow.ActivityOptions { return readingFromService(taskQueue) }

// chunk is for a chunk of a bulk run: the chunk itself decides how long an outage is waited for. Organisations share the workers fairly.
func chunk(taskQueue string, organisation care.ID) workflow.ActivityOptions {
	options := readingFromService(taskQueue)
	options.ScheduleToCloseTimeout, options.StartToCloseTimeout = 0, chunkTimeout
	options.Priority = temporal.Priority{FairnessKey: string(organisation)}
	return options
}

// lists is for the step that reads the lists of all providers.
func lists(taskQueue string, organisation care.ID) workflow.ActivityOptions {
	options := chunk(taskQueue, organisation)
	options.StartToCloseTimeout = listsTimeout
	return options
}

// awaiting is for a step that waits for another workflow.
func awaiting(taskQueue string) workflow.ActivityOptions {
	options := readingFromService(taskQueue)
	options.ScheduleToCloseTimeout, options.StartToCloseTimeout = awaitingTimeout, awaitingTimeout
	return options
}

// ownSyncOptions: a person's own sync outlives the batch that started it.
func ownSyncOptions(id, queue string) workflow.ChildWorkflowOptions {
	return workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: queue, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON, StaticSummary: "Sync of one person of a bulk sync",
	}
}

// batchOptions: a batch is cancelled with its run, and one that was lost and is started again continues with the people who have no outcome.
func batchOptions(bulk care.ID, batch int) workflow.ChildWorkflowOptions {
	return workflow.ChildWorkflowOptions{
		WorkflowID: protocol.BulkSyncBatchID(bulk, batch), ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation: true, StaticSummary: "Batch of a bulk sync",
	}
}
