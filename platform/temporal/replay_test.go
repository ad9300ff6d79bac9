package temporal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"github.com/caresync/caresync/platform/logging"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
)

func waitAMinute(ctx workflow.Context, _ input) error { return workflow.Sleep(ctx, time.Minute) }

// startedBefore is the history of waitAMinute up to its timer.
func startedBefore(t *testing.T, keyring *sealing.Keyring) *historypb.History {
	payloads, err := temporal.NewDataConverter(keyring).ToPayloads(input{Client: person})
	require.NoError(t, err)
	return &historypb.History{Events: []*historypb.HistoryEvent{
		{EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
			Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
				WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
					WorkflowType: &commonpb.WorkflowType{Name: "waitAMinute"},
					TaskQueue:    &taskqueuepb.TaskQueue{Name: "care-sync"},
					Input:        payloads,
				}}},
		{EventId: 2, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED},
		{EventId: 3, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED},
		{EventId: 4, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
				WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{ScheduledEventId: 2}}},
		{EventId: 5, EventType: enumspb.EVENT_TYPE_TIMER_STARTED,
			Attributes: &historypb.HistoryEvent_TimerStartedEventAttributes{
				TimerStartedEventAttributes: &historypb.TimerStartedEventAttributes{TimerId: "5"}}},
	}}
}

func replay(t *testing.T, keyring *sealing.Keyring, history *historypb.History) error {
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DataConverter:    temporal.NewDataConverter(keyring),
		FailureConverter: temporal.NewFailureConverter(keyring),
	})
	require.NoError(t, err)
	replayer.RegisterWorkflowWithOptions(waitAMinute, workflow.RegisterOptions{Name: "waitAMinute"})
	return replayer.ReplayWorkflowHistory(logging.ForTemporal(zap.NewNop()), history)
}

func TestReplayWithTheRightKeys(t *testing.T) {
	old := newEntry(t, "old")
	require.NoError(t, replay(t, newKeyring(t, newEntry(t, "active"), old), startedBefore(t, newKeyring(t, old))))
}

func TestWorkerWithoutTheKeyLeavesTheWorkflowWaiting(t *testing.T) {
	err := replay(t, newKeyring(t), startedBefore(t, newKeyring(t, newEntry(t, "lost"))))

	// The panic fails the workflow task, which is tried again. A workflow that ended instead would show as a command
	// that history lacks (TMPRL1100).
	require.ErrorContains(t, err, `sealed with key "lost"`)
	require.NotContains(t, err.Error(), "TMPRL1100")
}
