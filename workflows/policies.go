package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/protocol"
)

// This is the only place where a time-out or a number of retries stands.

const (
	// areaGivesUpAfter is how long an area tries before it gives up on demand (R9).
	areaGivesUpAfter = 15 * time.Minute
	// heartbeatTimeout finds a dead worker after a few missed beats.
	heartbeatTimeout = 10 * time.Second
	// attemptTimeout bounds one attempt of a step that reads from a service. It is long since a read may wait for its allowance.
	attemptTimeout = 10 * time.Minute
	// databaseAttemptTimeout bounds one attempt of a step that only touches the database.
	databaseAttemptTimeout = 10 * time.Second
	// recordingGivesUpAfter is how long the end of a run waits for the database: its outcome must not be lost in a long outage.
	recordingGivesUpAfter = 24 * time.Hour
)

// sdkPanicError is the SDK's type of a panic in a step: a fault of ours, which trying again does not mend.
const sdkPanicError = "PanicError"

// retryUntilGivenUp tries again with growing pauses until the policy's total time is over. A service's own Retry-After goes before.
func retryUntilGivenUp() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
		NonRetryableErrorTypes: []string{protocol.ErrorClientUnknown, protocol.ErrorUnexpected, sdkPanicError},
	}
}

// readingFromService is for steps that read from a government service and write to the database.
func readingFromService(taskQueue string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: taskQueue, ScheduleToCloseTimeout: areaGivesUpAfter, StartToCloseTimeout: attemptTimeout,
		HeartbeatTimeout: heartbeatTimeout, WaitForCancellation: true, RetryPolicy: retryUntilGivenUp(),
	}
}

// onDatabase is for steps of a few milliseconds that only touch the database. They are local activities: they run within the workflow
// task, which saves a round trip through the server and half a dozen events each. A long outage of the database is waited for with
// timers in between.
func onDatabase() workflow.LocalActivityOptions {
	return workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: areaGivesUpAfter, StartToCloseTimeout: databaseAttemptTimeout, RetryPolicy: retryUntilGivenUp(),
	}
}

// recording is for the step that closes a run.
func recording() workflow.LocalActivityOptions {
	options := onDatabase()
	options.ScheduleToCloseTimeout = recordingGivesUpAfter
	return options
}
