package workflows_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/suite"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/workflows"
)

// scriptedBulkSteps answer as a test wants, and note what they were asked. Steps run at once, so they answer one by one.
type scriptedBulkSteps struct {
	lock      sync.Mutex
	plan      protocol.BulkPlan
	chunk     func(protocol.BulkChunkInput) (protocol.BulkChunkResult, error)
	chunks    []protocol.BulkChunkInput
	paused    []bool
	settled   []protocol.SettleInput
	completed []protocol.CompleteBulkInput
	counts    care.BulkCounts
	escalated []care.ID
	awaited   []protocol.AwaitRunInput
}

func (s *scriptedBulkSteps) PlanBulk(_ context.Context, in protocol.PlanBulkInput) (protocol.BulkPlan, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.plan.BulkID = in.BulkID
	return s.plan, nil
}

func (s *scriptedBulkSteps) SetBulkPaused(_ context.Context, _ protocol.BulkPart, paused bool) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.paused = append(s.paused, paused)
	return nil
}

func (s *scriptedBulkSteps) SyncBulkChunk(_ context.Context, in protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.chunks = append(s.chunks, in)
	return s.chunk(in)
}

func (s *scriptedBulkSteps) EscalatedPeople(context.Context, protocol.BulkPart) ([]care.ID, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.escalated, nil
}

func (s *scriptedBulkSteps) AwaitRun(_ context.Context, in protocol.AwaitRunInput) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.awaited = append(s.awaited, in)
	return nil
}

func (s *scriptedBulkSteps) SettleBatch(_ context.Context, in protocol.SettleInput) (care.BulkCounts, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.settled = append(s.settled, in)
	return care.BulkCounts{Selected: 500, Processed: 500, Succeeded: 500}, nil
}

func (s *scriptedBulkSteps) CompleteBulk(_ context.Context, in protocol.CompleteBulkInput) (protocol.BulkResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.completed = append(s.completed, in)
	return protocol.BulkResult{BulkID: in.BulkID, Outcome: care.ConcludeBulk(s.counts, in.Stop), Reason: in.Stop}, nil
}

type bulkSyncSuite struct {
	suite.Suite
	testsuite.WorkflowTestSuite
	env   *testsuite.TestWorkflowEnvironment
	steps *scriptedBulkSteps
}

func TestBulkSync(t *testing.T) { suite.Run(t, new(bulkSyncSuite)) }

func (s *bulkSyncSuite) SetupTest() {
	s.env = s.NewTestWorkflowEnvironment()
	s.env.SetTestTimeout(patience)
	s.steps = &scriptedBulkSteps{
		plan: protocol.BulkPlan{Options: care.BulkOptions{Kind: care.RunCareRecipient}, Total: 2000, Batches: 4},
		chunk: func(protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
			return protocol.BulkChunkResult{Settled: 50}, nil
		},
	}
	workflows.Register(s.env)
	for name, step := range map[string]any{
		protocol.PlanBulkActivity: s.steps.PlanBulk, protocol.SetPausedActivity: s.steps.SetBulkPaused, protocol.SyncBulkChunkActivity: s.steps.SyncBulkChunk,
		protocol.EscalatedActivity: s.steps.EscalatedPeople, protocol.AwaitRunActivity: s.steps.AwaitRun,
		protocol.SettleBatchActivity: s.steps.SettleBatch, protocol.CompleteBulkActivity: s.steps.CompleteBulk,
	} {
		s.env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
}

func (s *bulkSyncSuite) run(input protocol.BulkSyncInput) {
	input.BulkID, input.OrganisationID = "bulk", "organisation"
	s.env.ExecuteWorkflow(protocol.BulkSyncWorkflow, input)
	s.Require().True(s.env.IsWorkflowCompleted())
}

// batches lets each batch answer without being run.
func (s *bulkSyncSuite) batches(answer func(protocol.BulkSyncBatchInput) (protocol.BatchResult, error)) {
	s.env.OnWorkflow(protocol.BulkSyncBatchWorkflow, mock.Anything, mock.Anything).Return(
		func(_ workflow.Context, in protocol.BulkSyncBatchInput) (protocol.BatchResult, error) {
			return answer(in)
		})
}

func (s *bulkSyncSuite) result() (result protocol.BulkResult) {
	s.Require().NoError(s.env.GetWorkflowError())
	s.Require().NoError(s.env.GetWorkflowResult(&result))
	return result
}

func (s *bulkSyncSuite) progress() (progress protocol.BulkProgress) {
	value, err := s.env.QueryWorkflow(protocol.ProgressQuery)
	s.Require().NoError(err)
	s.Require().NoError(value.Get(&progress))
	return progress
}

// A schedule pauses on a run in which no one could be synced; someone who started one by hand is told by its outcome.
func (s *bulkSyncSuite) TestAScheduledRunThatFailedFailsItsWorkflow() {
	nobody := care.BulkCounts{Selected: 500, Processed: 500, Failed: 500}
	s.steps.counts = nobody
	s.run(protocol.BulkSyncInput{Options: &care.BulkOptions{Kind: care.RunCareRecipient}})
	var failed *temporal.ApplicationError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &failed)
	s.Equal(protocol.ErrorSyncFailed, failed.Type())
	var result protocol.BulkResult
	s.Require().NoError(failed.Details(&result))
	s.Equal(care.RunFailed, result.Outcome)

	s.SetupTest()
	s.steps.counts = nobody
	s.run(protocol.BulkSyncInput{})
	s.Equal(care.RunFailed, s.result().Outcome)
}

func (s *bulkSyncSuite) TestEverySliceOfEveryBatchOnce() {
	s.run(protocol.BulkSyncInput{})
	s.Equal(care.RunSucceeded, s.result().Outcome)
	seen := make(map[[2]int]int)
	for _, chunk := range s.steps.chunks {
		seen[[2]int{chunk.Batch, chunk.Chunk}]++
	}
	s.Len(seen, 4*protocol.PeoplePerBatch/protocol.PeoplePerChunk)
	s.Len(s.steps.chunks, len(seen), "none twice")
	s.Equal(4, s.progress().BatchesDone)
}

func (s *bulkSyncSuite) TestWhatASliceLeavesIsTakenUpAgain() {
	attempts := 0
	s.steps.plan.Batches = 1
	s.steps.chunk = func(in protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
		if in.Chunk == 3 {
			if attempts++; attempts < 3 {
				return protocol.BulkChunkResult{Settled: 10, Left: 40}, nil
			}
		}
		return protocol.BulkChunkResult{Settled: 50}, nil
	}
	s.run(protocol.BulkSyncInput{})
	s.Equal(3, attempts)
}

// A batch that was terminated or timed out is settled, and the others continue.
func (s *bulkSyncSuite) TestALostBatchIsSettled() {
	s.batches(func(in protocol.BulkSyncBatchInput) (protocol.BatchResult, error) {
		if in.Batch == 1 {
			return protocol.BatchResult{}, errors.New("terminated")
		}
		return protocol.BatchResult{Counts: care.BulkCounts{Selected: 500, Processed: 500, Succeeded: 500}}, nil
	})
	s.run(protocol.BulkSyncInput{})
	s.Require().Len(s.steps.settled, 1)
	s.Equal(1, *s.steps.settled[0].Batch)
	s.Equal(care.ReasonBatchLost, s.steps.settled[0].Reason)
	s.Equal(4, s.progress().BatchesDone)
}

func (s *bulkSyncSuite) TestAReasonThatIsEveryonesEndsTheRun() {
	s.steps.chunk = func(protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
		return protocol.BulkChunkResult{Settled: 1, Failed: 1, Stop: care.ReasonLoginRefused, Left: 49}, nil
	}
	s.run(protocol.BulkSyncInput{})
	s.Equal(care.ReasonLoginRefused, s.result().Reason)
	s.Less(len(s.steps.chunks), 10, "no one else was started")
}

func (s *bulkSyncSuite) TestTooManyFailuresEndTheRun() {
	s.steps.plan.Options.FailureThreshold = 10
	s.steps.chunk = func(protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
		return protocol.BulkChunkResult{Settled: 50, Failed: 6}, nil
	}
	s.run(protocol.BulkSyncInput{})
	s.Equal(care.ReasonFailureThreshold, s.result().Reason)
	s.Less(len(s.steps.chunks), 10)
}

// At a lowered threshold the run continues as new, with nothing in flight, and continues where it was.
func (s *bulkSyncSuite) TestContinuesAsNew() {
	s.batches(func(protocol.BulkSyncBatchInput) (protocol.BatchResult, error) {
		return protocol.BatchResult{Counts: care.BulkCounts{Selected: 500, Processed: 500, Succeeded: 500}}, nil
	})
	s.env.SetCurrentHistoryLength(40)
	s.run(protocol.BulkSyncInput{ContinueAfterEvents: 30})
	var next *workflow.ContinueAsNewError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &next)
	var input protocol.BulkSyncInput
	s.Require().NoError(converter.GetDefaultDataConverter().FromPayloads(next.Input, &input))
	s.Empty(s.steps.completed, "the run is not over")

	s.SetupTest()
	var begun []int
	s.batches(func(in protocol.BulkSyncBatchInput) (protocol.BatchResult, error) {
		begun = append(begun, in.Batch)
		return protocol.BatchResult{Counts: care.BulkCounts{Selected: 500, Processed: 500, Succeeded: 500}}, nil
	})
	done := input.Continued.NextBatch
	s.Equal(done, input.Continued.BatchesDone)
	s.Equal(done*500, input.Continued.Counts.Processed)
	s.run(input)
	slices.Sort(begun)
	s.Equal([]int{0, 1, 2, 3}[done:], begun)
	s.Equal(4, s.progress().BatchesDone)
}

func (s *bulkSyncSuite) TestPauseAndResume() {
	s.steps.chunk = func(protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
		return protocol.BulkChunkResult{Settled: 50}, nil
	}
	s.env.OnActivity(protocol.SyncBulkChunkActivity, mock.Anything, mock.Anything).After(time.Minute).Return(s.steps.SyncBulkChunk)
	var paused, resumed *answered
	atPause := 0
	s.env.RegisterDelayedCallback(func() {
		paused = &answered{}
		s.env.UpdateWorkflow(protocol.Pause.Name, "", paused)
	}, 90*time.Second)
	s.env.RegisterDelayedCallback(func() { atPause = len(s.steps.chunks) }, 10*time.Minute)
	s.env.RegisterDelayedCallback(func() {
		s.Equal(atPause, len(s.steps.chunks), "no one is started while it is paused")
		s.True(s.progress().Paused)
		resumed = &answered{}
		s.env.UpdateWorkflow(protocol.Resume.Name, "", resumed)
	}, time.Hour)
	s.run(protocol.BulkSyncInput{})
	s.NoError(paused.err)
	s.NoError(resumed.err)
	s.Equal([]bool{true, false}, s.steps.paused, "chunks under way are told by the row")
	s.Equal(care.RunSucceeded, s.result().Outcome)
	s.Less(atPause, len(s.steps.chunks))
}

func (s *bulkSyncSuite) TestTheWindow() {
	running, most := 0, map[int]int{}
	s.env.OnWorkflow(protocol.BulkSyncBatchWorkflow, mock.Anything, mock.Anything).Return(
		func(ctx workflow.Context, in protocol.BulkSyncBatchInput) (protocol.BatchResult, error) {
			running++
			most[in.Batch] = running
			defer func() { running-- }()
			return protocol.BatchResult{}, workflow.Sleep(ctx, time.Minute)
		})
	s.steps.plan.Batches, s.steps.plan.Options.Window = 8, 1
	wide, refused := &answered{}, &answered{}
	s.env.RegisterDelayedCallback(func() {
		s.env.UpdateWorkflow(protocol.SetWindow.Name, "", refused, 0)
		s.env.UpdateWorkflow(protocol.SetWindow.Name, "", wide, 3)
	}, 90*time.Second)
	s.run(protocol.BulkSyncInput{})
	s.Error(refused.rejection)
	s.NoError(wide.err)
	s.Equal(1, most[0])
	s.Equal(1, most[1])
	s.Equal(3, slices.Max([]int{most[4], most[5], most[6], most[7]}))
}

func (s *bulkSyncSuite) TestCancelled() {
	s.env.OnWorkflow(protocol.BulkSyncBatchWorkflow, mock.Anything, mock.Anything).Return(
		func(ctx workflow.Context, _ protocol.BulkSyncBatchInput) (protocol.BatchResult, error) {
			return protocol.BatchResult{}, workflow.Sleep(ctx, time.Hour)
		})
	s.env.RegisterDelayedCallback(s.env.CancelWorkflow, time.Minute)
	s.run(protocol.BulkSyncInput{})
	var cancelled *temporal.CanceledError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &cancelled)
	s.Equal(care.ReasonCancelled, s.steps.completed[0].Stop)
}

// Whoever fails while others succeed has a sync of their own; one that runs already is joined.
func (s *bulkSyncSuite) TestEscalation() {
	s.steps.plan.Batches = 1
	s.steps.escalated = []care.ID{"alone"}
	s.steps.chunk = func(in protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
		if in.Chunk == 0 {
			return protocol.BulkChunkResult{Settled: 49, Escalated: []care.ID{"alone"}}, nil
		}
		return protocol.BulkChunkResult{Settled: 50}, nil
	}
	var own protocol.CareRecipientSyncInput
	s.env.OnWorkflow(protocol.CareRecipientSyncWorkflow, mock.Anything, mock.Anything).Return(
		func(_ workflow.Context, in protocol.CareRecipientSyncInput) (care.RunResult, error) {
			own = in
			return care.RunResult{}, errors.New("failed, as its row says")
		}).Once()
	s.run(protocol.BulkSyncInput{})
	s.Equal(care.ID("alone"), own.PersonID)
	s.Equal(care.ID("bulk"), own.BulkID, "its run settles the person")
	s.Equal(care.TriggerBulk, own.Trigger)
	s.Empty(s.steps.awaited)
}
