package workflows_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
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

// patience is how long nothing may happen on a busy machine before a test gives up.
const patience = 2 * time.Minute

// scriptedSteps answer as a test wants, and note what they were asked. Steps run at once, so they answer one by one.
type scriptedSteps struct {
	lock          sync.Mutex
	subject       care.RunScope
	validate      func() error
	complete      func()
	summary       func(attempt int) (care.AreaResult, error)
	contributions func() (care.AreaResult, error)
	budgets       func() (care.AreaResult, error)
	usage         func(protocol.UsageInput) (care.AreaResult, error)

	// record is what becomes of an attempt to record the outcome.
	record func(context.Context) error

	called    []string
	summaries int
	validated protocol.ValidateInput
	completed protocol.CompleteInput
}

func succeeded() (care.AreaResult, error) { return care.AreaResult{Outcome: care.AreaSucceeded}, nil }

func newScriptedSteps() *scriptedSteps {
	return &scriptedSteps{
		subject:       care.RunScope{PersonID: "client", OrganisationID: "organisation"},
		validate:      func() error { return nil },
		complete:      func() {},
		record:        func(context.Context) error { return nil },
		summary:       func(int) (care.AreaResult, error) { return succeeded() },
		contributions: succeeded,
		budgets: func() (care.AreaResult, error) {
			return care.AreaResult{Outcome: care.AreaSucceeded, OpenBudgets: []care.ID{"budget-1", "budget-2"}}, nil
		},
		usage: func(protocol.UsageInput) (care.AreaResult, error) { return succeeded() },
	}
}

func (s *scriptedSteps) ValidateCareRecipient(_ context.Context, in protocol.ValidateInput) (care.RunScope, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called, s.validated = append(s.called, protocol.ValidateCareRecipientActivity), in
	s.subject.RunID = in.RunID
	return s.subject, s.validate()
}

func (s *scriptedSteps) UpsertPlan(context.Context, protocol.AreaInput) (care.AreaResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.summaries++
	s.called = append(s.called, protocol.UpsertPlanActivity)
	return s.summary(s.summaries)
}

func (s *scriptedSteps) RecreateContributions(context.Context, protocol.AreaInput) (care.AreaResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.contributions()
}

func (s *scriptedSteps) FetchBudgets(context.Context, protocol.AreaInput) (care.AreaResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called = append(s.called, protocol.FetchBudgetsActivity)
	return s.budgets()
}

func (s *scriptedSteps) FetchUsage(_ context.Context, in protocol.UsageInput) (care.AreaResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called = append(s.called, protocol.FetchUsageActivity)
	return s.usage(in)
}

func (s *scriptedSteps) CompleteRun(ctx context.Context, in protocol.CompleteInput) (care.RunResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if err := s.record(ctx); err != nil {
		return care.RunResult{}, err
	}
	s.called, s.completed = append(s.called, protocol.CompleteRunActivity), in
	s.complete()
	result := care.Conclude(in.Areas)
	result.RunID = in.Scope.RunID
	return result, nil
}

type careRecipientSyncSuite struct {
	suite.Suite
	testsuite.WorkflowTestSuite
	env   *testsuite.TestWorkflowEnvironment
	steps *scriptedSteps
}

func TestCareRecipientSync(t *testing.T) { suite.Run(t, new(careRecipientSyncSuite)) }

func (s *careRecipientSyncSuite) SetupTest() {
	s.env, s.steps = s.NewTestWorkflowEnvironment(), newScriptedSteps()
	s.env.SetTestTimeout(patience)
	workflows.Register(s.env)
	for name, step := range map[string]any{
		protocol.ValidateCareRecipientActivity: s.steps.ValidateCareRecipient, protocol.UpsertPlanActivity: s.steps.UpsertPlan,
		protocol.RecreateContributionsActivity: s.steps.RecreateContributions, protocol.FetchBudgetsActivity: s.steps.FetchBudgets,
		protocol.FetchUsageActivity: s.steps.FetchUsage, protocol.CompleteRunActivity: s.steps.CompleteRun,
	} {
		s.env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
}

func (s *careRecipientSyncSuite) run() {
	s.env.ExecuteWorkflow(protocol.CareRecipientSyncWorkflow, protocol.CareRecipientSyncInput{
		Request: care.Request{OrganisationID: "organisation", PersonID: "client", Trigger: care.TriggerOnDemand}, Pass: 1,
	})
	s.Require().True(s.env.IsWorkflowCompleted())
}

func (s *careRecipientSyncSuite) result() (result care.RunResult) {
	s.Require().NoError(s.env.GetWorkflowError())
	s.Require().NoError(s.env.GetWorkflowResult(&result))
	return result
}

// nextPass is the input of the pass that the run continued as.
func (s *careRecipientSyncSuite) nextPass() (input protocol.CareRecipientSyncInput) {
	var next *workflow.ContinueAsNewError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &next)
	s.Require().NoError(converter.GetDefaultDataConverter().FromPayloads(next.Input, &input))
	return input
}

// whileBudgetsAreRead runs something in the middle of the pass.
func (s *careRecipientSyncSuite) whileBudgetsAreRead(do func()) {
	answer := s.steps.budgets
	s.steps.budgets = func() (care.AreaResult, error) {
		s.env.RegisterDelayedCallback(do, 0)
		return answer()
	}
}

func (s *careRecipientSyncSuite) signal(request protocol.SyncRequest) {
	s.env.SignalWorkflow(protocol.SyncRequested.Name, request)
}

func (s *careRecipientSyncSuite) TestReadsTheAreasInOrder() {
	s.run()
	s.Equal(care.RunSucceeded, s.result().Outcome)
	s.Equal([]string{
		protocol.ValidateCareRecipientActivity, protocol.UpsertPlanActivity, protocol.FetchBudgetsActivity,
		protocol.FetchUsageActivity, protocol.CompleteRunActivity,
	}, s.steps.called)
	s.Equal(s.env.Now().UTC().Truncate(time.Minute), s.steps.validated.At.UTC().Truncate(time.Minute), "R1: today comes from the workflow's clock")
}

func (s *careRecipientSyncSuite) TestProgressQueryTellsEachArea() {
	s.steps.contributions = func() (care.AreaResult, error) { return care.Refused(care.ReasonRequestRefused), nil }
	s.run()
	answer, err := s.env.QueryWorkflow(protocol.ProgressQuery)
	s.Require().NoError(err)
	var progress protocol.Progress
	s.Require().NoError(answer.Get(&progress))
	s.Equal(care.RunPartial, progress.Outcome)
	outcomes := map[care.Area]care.AreaOutcome{}
	for _, step := range progress.Steps {
		s.Equal(protocol.StepDone, step.State)
		outcomes[step.Area] = step.Outcome
	}
	s.Equal(map[care.Area]care.AreaOutcome{
		care.AreaSummary: care.AreaSucceeded, care.AreaContributions: care.AreaRefused,
		care.AreaBudgets: care.AreaSucceeded, care.AreaUsage: care.AreaSucceeded,
	}, outcomes)
}

// R6, R8: a business outcome completes the workflow, and nothing else is asked about a person who may be someone else.
func (s *careRecipientSyncSuite) TestIdentityMismatchCompletesAndStops() {
	s.steps.summary = func(int) (care.AreaResult, error) { return care.Refused(care.ReasonIdentityMismatch), nil }
	s.run()
	result := s.result()
	s.Equal(care.RunFailed, result.Outcome)
	s.Equal(care.ReasonIdentityMismatch, result.Reason)
	s.NotContains(s.steps.called, protocol.FetchBudgetsActivity)
}

// R9: what may succeed later is tried again.
func (s *careRecipientSyncSuite) TestRetriesUntilTheServiceAnswers() {
	s.steps.summary = func(attempt int) (care.AreaResult, error) {
		if attempt < 4 {
			return care.AreaResult{}, temporal.NewApplicationError("away", protocol.ErrorServiceUnavailable)
		}
		return succeeded()
	}
	s.run()
	s.Equal(care.RunSucceeded, s.result().Outcome)
	s.Equal(4, s.steps.summaries)
}

// R6, R9: an area gives up after 15 minutes; where nothing could be saved the outcome is recorded and the workflow fails.
func (s *careRecipientSyncSuite) TestFailsWhenNothingCouldBeSaved() {
	s.steps.summary = func(int) (care.AreaResult, error) {
		return care.AreaResult{}, temporal.NewApplicationError("away", protocol.ErrorServiceUnavailable)
	}
	began := s.env.Now()
	s.run()
	var failure *temporal.ApplicationError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &failure)
	s.Equal(protocol.ErrorSyncFailed, failure.Type())
	s.Equal(care.Failed(care.ReasonServiceUnavailable), s.steps.completed.Areas[care.AreaSummary])
	s.LessOrEqual(s.env.Now().Sub(began), 15*time.Minute)
	s.Greater(s.steps.summaries, 1)
}

// R6: what could be saved is saved; the run is partial and completes.
func (s *careRecipientSyncSuite) TestOneFailedAreaLeavesTheOthers() {
	s.steps.contributions = func() (care.AreaResult, error) {
		return care.AreaResult{}, temporal.NewApplicationError("away", protocol.ErrorDatabaseUnavailable)
	}
	s.run()
	result := s.result()
	s.Equal(care.RunPartial, result.Outcome)
	s.Equal(care.ReasonDatabaseUnavailable, result.Reason)
	s.Equal(care.AreaSucceeded, result.Areas[care.AreaUsage].Outcome)
}

func (s *careRecipientSyncSuite) TestAFaultOfOursIsNotRetried() {
	attempts := 0
	s.steps.contributions = func() (care.AreaResult, error) {
		attempts++
		return care.AreaResult{}, temporal.NewApplicationError("a bug", protocol.ErrorUnexpected)
	}
	s.run()
	s.Equal(1, attempts)
	s.Equal(care.ReasonUnexpected, s.result().Reason)
}

// R9: the outcome waits a day for the database. The tries within the workflow, which stand in its history, end soon; then the server tries.
func (s *careRecipientSyncSuite) TestALongOutageOfTheDatabaseAddsLittleToTheHistory() {
	triesInHistory, triesOfServer, timers := 0, 0, 0
	s.env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	s.steps.record = func(ctx context.Context) error {
		if activity.GetInfo(ctx).IsLocalActivity {
			triesInHistory++
		} else if triesOfServer++; triesOfServer > 5 {
			return nil
		}
		return temporal.NewApplicationError("away", protocol.ErrorDatabaseUnavailable)
	}
	s.run()
	s.Equal(care.RunSucceeded, s.result().Outcome)
	s.Equal(6, triesOfServer)
	s.LessOrEqual(triesInHistory+timers, 12)
}

// A fault of ours while the outcome is recorded is told at once: trying again does not mend it.
func (s *careRecipientSyncSuite) TestAFaultOfOursWhileRecordingIsNotTriedLater() {
	tries := 0
	s.steps.record = func(context.Context) error {
		tries++
		return temporal.NewNonRetryableApplicationError("a bug", protocol.ErrorUnexpected, nil)
	}
	s.run()
	s.Error(s.env.GetWorkflowError())
	s.Equal(1, tries)
}

func (s *careRecipientSyncSuite) TestReadsUsageInChunks() {
	many := make([]care.ID, care.UsageChunk*2+1)
	s.steps.budgets = func() (care.AreaResult, error) {
		return care.AreaResult{Outcome: care.AreaSucceeded, OpenBudgets: many}, nil
	}
	var chunks []int
	s.steps.usage = func(in protocol.UsageInput) (care.AreaResult, error) {
		chunks = append(chunks, len(in.Budgets))
		return succeeded()
	}
	s.run()
	s.Equal([]int{care.UsageChunk, care.UsageChunk, 1}, chunks)
}

// R7: what was asked before the first step belongs to this pass.
func (s *careRecipientSyncSuite) TestARequestBeforeTheFirstStepBelongsToThisPass() {
	s.env.RegisterDelayedCallback(func() { s.signal(protocol.SyncRequest{Trigger: care.TriggerClaim, AllBudgets: true}) }, 0)
	s.run()
	s.NoError(s.env.GetWorkflowError())
	s.True(s.steps.validated.AllBudgets)
	s.Equal(care.TriggerClaim, s.steps.validated.Trigger)
}

// R7: any number of claim events while a pass runs cause one more, and only one.
func (s *careRecipientSyncSuite) TestClaimEventsCauseOneMorePass() {
	s.whileBudgetsAreRead(func() {
		for range 50 {
			s.signal(protocol.SyncRequest{Trigger: care.TriggerClaim})
		}
	})
	s.run()
	next := s.nextPass()
	s.Equal(2, next.Pass)
	s.Equal(care.TriggerClaim, next.Trigger)
	s.Equal(care.ID("client"), next.PersonID)
	s.Contains(s.steps.called, protocol.CompleteRunActivity, "the first pass has recorded its outcome")
}

// R7: a button joins a running pass; one that asks for more causes one more pass.
func (s *careRecipientSyncSuite) TestAButtonJoinsUnlessItAsksForMore() {
	s.whileBudgetsAreRead(func() { s.signal(protocol.SyncRequest{Trigger: care.TriggerOnDemand}) })
	s.run()
	s.Equal(care.RunSucceeded, s.result().Outcome)

	s.SetupTest()
	s.whileBudgetsAreRead(func() { s.signal(protocol.SyncRequest{Trigger: care.TriggerOnDemand, AllBudgets: true}) })
	s.run()
	s.True(s.nextPass().AllBudgets)
}

// What one request says is not said by the next one, too.
func (s *careRecipientSyncSuite) TestRequestsAreReadOneByOne() {
	s.whileBudgetsAreRead(func() {
		s.signal(protocol.SyncRequest{Trigger: care.TriggerOnDemand, Fresh: true, RequestedBy: "someone"})
		s.signal(protocol.SyncRequest{Trigger: care.TriggerClaim})
	})
	s.run()
	s.Equal(care.TriggerClaim, s.nextPass().Trigger)
	s.Empty(s.nextPass().RequestedBy)
}

// A failed pass does not swallow a claim event either.
func (s *careRecipientSyncSuite) TestAClaimEventSurvivesAFailedPass() {
	s.steps.summary = func(int) (care.AreaResult, error) {
		s.signal(protocol.SyncRequest{Trigger: care.TriggerClaim})
		return care.AreaResult{}, temporal.NewApplicationError("a bug", protocol.ErrorUnexpected)
	}
	s.run()
	s.Equal(2, s.nextPass().Pass)
}

// Neither does one whose first step gave up.
func (s *careRecipientSyncSuite) TestAClaimEventSurvivesAPassThatNeverBegan() {
	s.steps.validate = func() error {
		s.signal(protocol.SyncRequest{Trigger: care.TriggerClaim})
		return temporal.NewApplicationError("a bug", protocol.ErrorUnexpected)
	}
	s.run()
	s.Equal(2, s.nextPass().Pass)
	s.Equal(care.ReasonUnexpected, s.steps.completed.Areas[care.AreaSummary].Reason, "whoever follows the run is told")
}

// A cancellation that comes once the outcome is being recorded stops nothing, and drops no request.
func (s *careRecipientSyncSuite) TestALateCancellationDropsNoRequest() {
	s.steps.complete = func() {
		s.signal(protocol.SyncRequest{Trigger: care.TriggerClaim})
		s.env.CancelWorkflow()
	}
	s.run()
	s.Equal(2, s.nextPass().Pass)
}

// R6: a cancelled run records what it came to.
func (s *careRecipientSyncSuite) TestCancellationIsRecorded() {
	s.env.OnActivity(protocol.FetchUsageActivity, mock.Anything, mock.Anything).After(time.Minute).Return(s.steps.usage)
	s.env.RegisterDelayedCallback(func() {
		s.signal(protocol.SyncRequest{Trigger: care.TriggerClaim})
		s.env.CancelWorkflow()
	}, 30*time.Second)
	s.run()
	s.True(temporal.IsCanceledError(s.env.GetWorkflowError()))
	s.Equal(care.AreaCancelled, s.steps.completed.Areas[care.AreaUsage].Outcome)
	s.Equal(care.AreaSucceeded, s.steps.completed.Areas[care.AreaBudgets].Outcome)
	s.Equal(1, s.steps.completed.DroppedRequests)
}

func TestAPersonWhoIsNotOursFailsTheWorkflow(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env)
	env.RegisterActivityWithOptions(func(context.Context, protocol.ValidateInput) (care.RunScope, error) {
		return care.RunScope{}, temporal.NewNonRetryableApplicationError("not found", protocol.ErrorPersonUnknown, nil)
	}, activity.RegisterOptions{Name: protocol.ValidateCareRecipientActivity})
	env.ExecuteWorkflow(protocol.CareRecipientSyncWorkflow, protocol.CareRecipientSyncInput{Pass: 1})
	var failure *temporal.ApplicationError
	require.True(t, errors.As(env.GetWorkflowError(), &failure))
	require.Equal(t, protocol.ErrorPersonUnknown, failure.Type())
}
