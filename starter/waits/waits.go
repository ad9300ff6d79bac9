// Package waits says what a workflow waits for, as Temporal sees it (R38): the government, a part of ours, or a worker that can do its work.
package waits

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
)

// AnswersWithin is how long a list or a page waits for what Temporal knows. After that it shows what the rows say.
const AnswersWithin = 5 * time.Second

// WorkersPollWithin is how often a worker that is idle polls at least: one that has not for so long is gone. Temporal itself lists it for minutes more.
const WorkersPollWithin = 65 * time.Second

const (
	// soon is how long work may wait for a worker before that is worth a word.
	soon = 5 * time.Second
	// atWorkAfter is after how long an attempt that runs is taken to go on, rather than to meet what the one before met: longer than our own
	// parts, and one call to a service, take to give up.
	atWorkAfter = 35 * time.Second
	// childrenLookedAt is how many running children of a workflow are looked at.
	childrenLookedAt = 3
)

// Temporal is what is needed of a Temporal client.
type Temporal interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	DescribeTaskQueue(ctx context.Context, queue string, kind enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error)
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enumspb.HistoryEventFilterType) client.HistoryEventIterator
}

// looker looks at one workflow, and at those that it has started.
type looker struct {
	temporal Temporal
	queues   protocol.TaskQueues
	service  care.Service
	// workers are what is known of each queue.
	workers map[string]bool
	// atWork: a worker has a step of it in hand, which has not failed.
	atWork bool
	found  care.Wait
}

// Seen is what Temporal knows of a workflow.
type Seen struct {
	Wait care.Wait
	// AtWork: a worker has a part of it in hand, which has not failed.
	AtWork bool
}

// Of says what a running workflow waits for that was described; service is the one that its steps ask. It fails as the client does.
func Of(
	ctx context.Context, temporal Temporal, queues protocol.TaskQueues, service care.Service, described *workflowservice.DescribeWorkflowExecutionResponse,
) (Seen, error) {
	l := &looker{temporal: temporal, queues: queues, service: service, workers: map[string]bool{}}
	if err := l.look(ctx, described); err != nil {
		return Seen{}, err
	}
	if l.found.Cause == care.WaitsForFreeWorker && l.atWork {
		l.found = care.Wait{} // its turn comes
	}
	return Seen{Wait: l.found, AtWork: l.atWork}, nil
}

// Beside is what something waits for according to its rows and to Temporal. What Temporal sees is newer; the rows know the government's words.
func (s Seen) Beside(rows care.Wait) care.Wait {
	switch {
	case rows.Cause == care.WaitsForPerson:
		return rows
	case rank(s.Wait) > rank(care.Wait{Cause: care.WaitsForFreeWorker}):
		return s.Wait.WithDetailsOf(rows)
	case rows.Cause == care.WaitsToBegin && (s.AtWork || s.Wait.Known()):
		return s.Wait
	case rows.Known():
		return rows
	default:
		return s.Wait
	}
}

func (l *looker) look(ctx context.Context, described *workflowservice.DescribeWorkflowExecutionResponse) error {
	if described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil
	}
	if err := l.lookAtTask(ctx, described); err != nil {
		return err
	}
	for _, step := range described.GetPendingActivities() {
		if err := l.lookAtStep(ctx, step); err != nil {
			return err
		}
	}
	for i, child := range described.GetPendingChildren() {
		if i == childrenLookedAt || l.found.DeadEnd() {
			break
		}
		of, err := l.temporal.DescribeWorkflowExecution(ctx, child.GetWorkflowId(), "")
		if err != nil {
			return err
		}
		if err := l.look(ctx, of); err != nil {
			return err
		}
	}
	return nil
}

// rank is what matters most of several waits: what waiting alone does not help, then what is known to fail, then a worker that is not free.
func rank(wait care.Wait) int {
	switch {
	case wait.DeadEnd():
		return 3
	case wait.Cause == care.WaitsForFreeWorker:
		return 1
	case wait.Known():
		return 2
	default:
		return 0
	}
}

// take keeps what matters most.
func (l *looker) take(wait care.Wait) {
	if rank(wait) > rank(l.found) {
		l.found = wait
	}
}

// lookAtTask looks at what a worker has to do next for a workflow itself.
func (l *looker) lookAtTask(ctx context.Context, described *workflowservice.DescribeWorkflowExecutionResponse) error {
	task := described.GetPendingWorkflowTask()
	if task == nil {
		return nil
	}
	failing := task.GetAttempt() > 1
	if !failing && (task.GetState() != enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED || recent(task.GetScheduledTime(), soon)) {
		l.atWork = l.atWork || task.GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED
		return nil
	}
	wait, err := l.worker(ctx, queueOf(described, l.queues), enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return err
	}
	if failing && wait.Cause != care.WaitsForWorker {
		if wait, err = l.whyTaskFails(ctx, described); err != nil {
			return err
		}
	}
	l.take(wait)
	return nil
}

func queueOf(described *workflowservice.DescribeWorkflowExecutionResponse, queues protocol.TaskQueues) string {
	if queue := described.GetExecutionConfig().GetTaskQueue().GetName(); queue != "" {
		return queue
	}
	return queues.CareSync()
}

// whyTaskFails reads why a worker fails at a workflow's task: only the first failure of several stands in the history, near its end.
func (l *looker) whyTaskFails(ctx context.Context, described *workflowservice.DescribeWorkflowExecutionResponse) (care.Wait, error) {
	execution := described.GetWorkflowExecutionInfo().GetExecution()
	history := l.temporal.GetWorkflowHistory(ctx, execution.GetWorkflowId(), execution.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var failed *historypb.WorkflowTaskFailedEventAttributes
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return care.Wait{}, err
		}
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
			failed = event.GetWorkflowTaskFailedEventAttributes()
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			failed = nil
		}
	}
	switch {
	case failed == nil: // a worker died with it, and the next one has it soon
		return care.Wait{}, nil
	case failed.GetFailure().GetApplicationFailureInfo().GetType() == temporal.MissingKeyFailure:
		return care.Wait{Cause: care.WaitsForKey}, nil
	case failed.GetCause() == enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR:
		return care.Wait{Cause: care.WaitsForWorkerVersion}, nil
	default:
		return care.Wait{Cause: care.WaitsForWorkerFault}, nil
	}
}

// lookAtStep looks at a step that waits on the server, or that a worker has in hand.
func (l *looker) lookAtStep(ctx context.Context, step *workflowpb.PendingActivityInfo) error {
	started := step.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED
	if started && (step.GetAttempt() <= 1 || step.GetLastFailure() == nil || !recent(step.GetLastStartedTime(), atWorkAfter)) {
		l.atWork = true
		return nil
	}
	wait := waitOfStep(step, l.service)
	if !started && !recent(step.GetScheduledTime(), soon) && !future(step.GetNextAttemptScheduleTime()) {
		worker, err := l.worker(ctx, l.queueOfStep(step), enumspb.TASK_QUEUE_TYPE_ACTIVITY)
		if err != nil {
			return err
		}
		if worker.DeadEnd() || !wait.Known() {
			wait = worker
		}
	}
	l.take(wait)
	return nil
}

// waitOfStep is what a step that is tried again waits for, according to the type of its last failure.
func waitOfStep(step *workflowpb.PendingActivityInfo, service care.Service) care.Wait {
	failure := step.GetLastFailure().GetApplicationFailureInfo().GetType()
	if failure == temporal.MissingKeyFailure {
		return care.Wait{Cause: care.WaitsForKey}
	}
	wait := protocol.WaitOfError(failure)
	if !wait.Known() {
		return wait
	}
	if wait.Cause == care.WaitsForService || wait.Cause == care.WaitsForAllowance {
		wait.Service = service
	}
	wait.Attempts = int(step.GetAttempt()) - 1
	return wait
}

func (l *looker) queueOfStep(step *workflowpb.PendingActivityInfo) string {
	if queue := step.GetActivityOptions().GetTaskQueue().GetName(); queue != "" {
		return queue
	}
	switch step.GetActivityType().GetName() {
	case protocol.SyncBulkChunkActivity, protocol.PlanFromListsActivity:
		return l.queues.Bulk(l.service)
	case protocol.UpsertPlanActivity, protocol.RecreateContributionsActivity, protocol.FetchBudgetsActivity, protocol.FetchUsageActivity,
		protocol.RetrievePlanActivity, protocol.CreateServiceContractActivity, protocol.RefreshContractActivity:
		return l.queues.Upstream(l.service)
	default:
		return l.queues.CareSync()
	}
}

// worker is what work waits for that is on a queue: a worker, or one that is free.
func (l *looker) worker(ctx context.Context, queue string, kind enumspb.TaskQueueType) (care.Wait, error) {
	key := queue + " " + kind.String()
	polled, known := l.workers[key]
	if !known {
		described, err := l.temporal.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			return care.Wait{}, err
		}
		polled = isPolled(described.GetPollers())
		l.workers[key] = polled
	}
	if polled {
		return care.Wait{Cause: care.WaitsForFreeWorker}, nil
	}
	return care.Wait{Cause: care.WaitsForWorker}, nil
}

func isPolled(pollers []*taskqueuepb.PollerInfo) bool {
	for _, poller := range pollers {
		if recent(poller.GetLastAccessTime(), WorkersPollWithin) {
			return true
		}
	}
	return false
}

// recent reports whether a time lies no longer ago than that. One that is not known does not.
func recent(at *timestamppb.Timestamp, within time.Duration) bool {
	return at != nil && time.Since(at.AsTime()) < within
}

func future(at *timestamppb.Timestamp) bool { return at != nil && time.Until(at.AsTime()) > 0 }
