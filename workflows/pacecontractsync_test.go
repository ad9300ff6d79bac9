package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

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

const previewHash = "the preview's hash"

// scriptedContractSteps answer as a test wants, and note what they were asked. Each retrieval stages a preview of two budgets. Steps run at once,
// so they answer one by one.
type scriptedContractSteps struct {
	lock      sync.Mutex
	env       *testsuite.TestWorkflowEnvironment
	refusal   care.Reason
	retrieve  func(protocol.RetrieveInput) (protocol.ContractResult, error)
	create    func(protocol.CreateInput) (protocol.ContractResult, error)
	refresh   func() (protocol.ContractResult, error)
	called    []string
	retrieved []protocol.RetrieveInput
	created   []protocol.CreateInput
	validated []protocol.ValidateInput
	completed []protocol.CompleteInput
}

func newScriptedContractSteps(env *testsuite.TestWorkflowEnvironment) *scriptedContractSteps {
	s := &scriptedContractSteps{env: env}
	s.retrieve = func(in protocol.RetrieveInput) (protocol.ContractResult, error) { return s.staged(in.Number), nil }
	s.create = func(protocol.CreateInput) (protocol.ContractResult, error) {
		return protocol.ContractResult{AreaResult: care.AreaResult{Outcome: care.AreaSucceeded, ContractID: "contract"}}, nil
	}
	s.refresh = func() (protocol.ContractResult, error) {
		return protocol.ContractResult{AreaResult: care.AreaResult{Outcome: care.AreaSucceeded, ContractID: "contract"}}, nil
	}
	return s
}

// staged is the answer of a read that staged a preview, which waits for 30 minutes from now.
func (s *scriptedContractSteps) staged(number int) protocol.ContractResult {
	return protocol.ContractResult{AreaResult: care.AreaResult{Outcome: care.AreaSucceeded}, Waiting: &care.WaitingPreview{
		ID: retrievalID(number), Hash: previewHash, ExpiresAt: s.env.Now().Add(care.PreviewLifetime), Budgets: []care.ID{"core", "transport"},
	}}
}

func retrievalID(number int) care.ID {
	return care.ID([]string{"", "first", "second", "third"}[number])
}

func (s *scriptedContractSteps) ValidateParticipant(_ context.Context, in protocol.ValidateInput) (care.RunScope, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called, s.validated = append(s.called, protocol.ValidateParticipantActivity), append(s.validated, in)
	return care.RunScope{RunID: in.RunID, OrganisationID: in.OrganisationID, PersonID: in.PersonID, Refusal: s.refusal}, nil
}

func (s *scriptedContractSteps) RetrievePlan(_ context.Context, in protocol.RetrieveInput) (protocol.ContractResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called, s.retrieved = append(s.called, protocol.RetrievePlanActivity), append(s.retrieved, in)
	return s.retrieve(in)
}

func (s *scriptedContractSteps) CreateServiceContract(_ context.Context, in protocol.CreateInput) (protocol.ContractResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called, s.created = append(s.called, protocol.CreateServiceContractActivity), append(s.created, in)
	return s.create(in)
}

func (s *scriptedContractSteps) RefreshContract(context.Context, protocol.AreaInput) (protocol.ContractResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called = append(s.called, protocol.RefreshContractActivity)
	return s.refresh()
}

func (s *scriptedContractSteps) CompleteRun(_ context.Context, in protocol.CompleteInput) (care.RunResult, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.called, s.completed = append(s.called, protocol.CompleteRunActivity), append(s.completed, in)
	result := care.Conclude(in.Areas)
	result.RunID = in.Scope.RunID
	return result, nil
}

type paceContractSyncSuite struct {
	suite.Suite
	testsuite.WorkflowTestSuite
	env     *testsuite.TestWorkflowEnvironment
	steps   *scriptedContractSteps
	updates map[string]*answered
}

// answered is what became of an update.
type answered struct {
	accepted, completed bool
	rejection           error
	result              any
	err                 error
}

func (a *answered) Accept()                        { a.accepted = true }
func (a *answered) Reject(err error)               { a.rejection = err }
func (a *answered) Complete(result any, err error) { a.completed, a.result, a.err = true, result, err }

func TestPaceContractSync(t *testing.T) { suite.Run(t, new(paceContractSyncSuite)) }

func (s *paceContractSyncSuite) SetupTest() {
	s.env = s.NewTestWorkflowEnvironment()
	s.env.SetTestTimeout(patience)
	s.steps, s.updates = newScriptedContractSteps(s.env), make(map[string]*answered)
	workflows.Register(s.env)
	for name, step := range map[string]any{
		protocol.ValidateParticipantActivity: s.steps.ValidateParticipant, protocol.RetrievePlanActivity: s.steps.RetrievePlan,
		protocol.CreateServiceContractActivity: s.steps.CreateServiceContract, protocol.RefreshContractActivity: s.steps.RefreshContract,
		protocol.CompleteRunActivity: s.steps.CompleteRun,
	} {
		s.env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
}

// at lets something happen after some time.
func (s *paceContractSyncSuite) at(after time.Duration, happen func()) {
	s.env.RegisterDelayedCallback(happen, after)
}

func (s *paceContractSyncSuite) update(name, id string, argument any) *answered {
	update := &answered{}
	s.env.UpdateWorkflow(name, id, update, argument)
	return update
}

func (s *paceContractSyncSuite) retrieve() *answered {
	return s.update(protocol.Retrieve.Name, "", protocol.RetrieveRequest{})
}

func (s *paceContractSyncSuite) create(number int, selection ...care.ID) *answered {
	request := care.CreateRequest{PreviewID: retrievalID(number), Hash: previewHash, Selection: selection}
	return s.update(protocol.Create.Name, protocol.CreateUpdateID(retrievalID(number)), protocol.CreateRequest{CreateRequest: request})
}

func (s *paceContractSyncSuite) requestRefresh(trigger care.Trigger) {
	s.env.SignalWorkflow(protocol.RefreshRequested.Name, protocol.RefreshRequest{Trigger: trigger})
}

func (s *paceContractSyncSuite) attend() { s.run(care.TriggerOnDemand, false) }

func (s *paceContractSyncSuite) refresh() { s.run(care.TriggerNotification, true) }

func (s *paceContractSyncSuite) run(trigger care.Trigger, refresh bool) {
	s.env.ExecuteWorkflow(protocol.PaceContractSyncWorkflow, protocol.PaceContractSyncInput{
		Request: care.Request{OrganisationID: "organisation", PersonID: "client", Trigger: trigger}, Refresh: refresh, Pass: 1,
	})
	s.Require().True(s.env.IsWorkflowCompleted())
}

func (s *paceContractSyncSuite) result() (result care.RunResult) {
	s.Require().NoError(s.env.GetWorkflowError())
	s.Require().NoError(s.env.GetWorkflowResult(&result))
	return result
}

// nextPass is the input of the refresh that the run continued as.
func (s *paceContractSyncSuite) nextPass() (input protocol.PaceContractSyncInput) {
	var next *workflow.ContinueAsNewError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &next)
	s.Require().NoError(converter.GetDefaultDataConverter().FromPayloads(next.Input, &input))
	return input
}

func (s *paceContractSyncSuite) requireNotAdmitted(update *answered, reason care.Reason) {
	var rejection *temporal.ApplicationError
	s.Require().ErrorAs(update.rejection, &rejection)
	s.Require().Equal(protocol.ErrorNotAdmitted, rejection.Type())
	var detail care.Reason
	s.Require().NoError(rejection.Details(&detail))
	s.Require().Equal(reason, detail)
}

func (s *paceContractSyncSuite) requireBusy(update *answered) {
	var rejection *temporal.ApplicationError
	s.Require().ErrorAs(update.rejection, &rejection)
	s.Require().Equal(protocol.ErrorBusy, rejection.Type())
}

func (s *paceContractSyncSuite) progress() (progress protocol.Progress) {
	value, err := s.env.QueryWorkflow(protocol.ProgressQuery)
	s.Require().NoError(err)
	s.Require().NoError(value.Get(&progress))
	return progress
}

func (s *paceContractSyncSuite) TestRetrieveThenCreate() { // R22
	var retrieved, created *answered
	s.at(0, func() { retrieved = s.retrieve() })
	s.at(29*time.Minute, func() {
		progress := s.progress()
		s.Equal(retrievalID(1), progress.Waiting.PreviewID)
		s.False(progress.Waiting.Stale)
		created = s.create(1, "core")
	})
	s.attend()

	s.Equal(care.RunSucceeded, s.result().Outcome)
	s.Equal(care.ID("contract"), s.result().ContractID)
	s.Equal(retrievalID(1), retrieved.result.(protocol.RetrieveAnswer).PreviewID)
	s.Equal(care.AreaSucceeded, created.result.(protocol.CreateAnswer).Outcome)
	s.Equal([]care.ID{"core"}, s.steps.created[0].Request.Selection)
	s.Equal([]int{1, 2}, []int{s.steps.retrieved[0].Number, s.steps.created[0].Number}, "each read of a run has a number of its own")
	s.Equal([]string{
		protocol.ValidateParticipantActivity, protocol.RetrievePlanActivity,
		protocol.ValidateParticipantActivity, protocol.CreateServiceContractActivity, protocol.CompleteRunActivity,
	}, s.steps.called, "the gates stand before every read (R21)")
}

func (s *paceContractSyncSuite) TestAPreviewExpiresAfterHalfAnHour() { // R22
	began := s.env.Now()
	s.at(0, func() { s.retrieve() })
	s.attend()
	s.Equal(care.RunCancelled, s.result().Outcome)
	s.Equal(care.ReasonPreviewExpired, s.result().Reason)
	s.Equal(care.PreviewLifetime, s.env.Now().Sub(began))
}

func (s *paceContractSyncSuite) TestANewRetrieveReplacesThePreviewAndHasItsOwnHalfHour() { // R22
	var late, created *answered
	s.at(0, func() { s.retrieve() })
	s.at(20*time.Minute, func() { s.retrieve() })
	s.at(40*time.Minute, func() { late = s.create(1, "core") })
	s.at(45*time.Minute, func() { created = s.create(2, "core") })
	s.attend()
	s.requireNotAdmitted(late, care.ReasonPreviewReplaced)
	s.Equal(care.AreaSucceeded, created.result.(protocol.CreateAnswer).Outcome)
	s.Equal(care.RunSucceeded, s.result().Outcome)
}

func (s *paceContractSyncSuite) TestWhatCannotBeCreatedIsNotAdmitted() { // R22
	var refused []*answered
	s.at(0, func() { s.retrieve() })
	s.at(time.Minute, func() {
		for _, request := range []care.CreateRequest{
			{PreviewID: retrievalID(1), Hash: previewHash},
			{PreviewID: retrievalID(1), Hash: previewHash, Selection: []care.ID{"core", "of another organisation"}},
			{PreviewID: retrievalID(3), Hash: previewHash, Selection: []care.ID{"core"}},
			{PreviewID: retrievalID(1), Hash: "of another preview", Selection: []care.ID{"core"}},
		} {
			refused = append(refused, s.update(protocol.Create.Name, "", protocol.CreateRequest{CreateRequest: request}))
		}
	})
	s.attend()
	for i, reason := range []care.Reason{
		care.ReasonSelectionEmpty, care.ReasonSelectionUnknown, care.ReasonPreviewReplaced, care.ReasonPreviewReplaced,
	} {
		s.requireNotAdmitted(refused[i], reason)
	}
	s.Empty(s.steps.created, "nothing was read and nothing written")
	s.Equal(care.ReasonPreviewExpired, s.result().Reason, "the preview went on waiting")
}

func (s *paceContractSyncSuite) TestADoubleClickIsCreatedOnce() { // R22
	var first, second, another *answered
	s.at(0, func() { s.retrieve() })
	s.at(time.Minute, func() {
		first, second = s.create(1, "core"), s.create(1, "core")
		another = s.update(protocol.Create.Name, "by hand", protocol.CreateRequest{CreateRequest: care.CreateRequest{
			PreviewID: retrievalID(1), Hash: previewHash, Selection: []care.ID{"core"},
		}})
	})
	s.attend()
	s.Len(s.steps.created, 1)
	s.Equal(first.result, second.result)
	s.requireBusy(another)
}

func (s *paceContractSyncSuite) TestAChangedPlanIsShownAnew() { // R22
	s.steps.create = func(in protocol.CreateInput) (protocol.ContractResult, error) {
		if in.Number > 2 {
			return protocol.ContractResult{AreaResult: care.AreaResult{Outcome: care.AreaSucceeded, ContractID: "contract"}}, nil
		}
		again := s.steps.staged(in.Number)
		again.AreaResult = care.Refused(care.ReasonPreviewDiffers)
		return again, nil
	}
	var differs *answered
	s.at(0, func() { s.retrieve() })
	s.at(25*time.Minute, func() { differs = s.create(1, "core") })
	s.at(50*time.Minute, func() { s.create(2, "core") })
	s.attend()
	answer := differs.result.(protocol.CreateAnswer)
	s.Equal(care.ReasonPreviewDiffers, answer.Reason)
	s.Equal(retrievalID(2), answer.NextPreviewID)
	s.Equal(care.RunSucceeded, s.result().Outcome, "the new preview had 30 minutes of its own")
}

func (s *paceContractSyncSuite) TestGatesThatFailCompleteTheRun() { // R21
	s.steps.refusal = care.ReasonPACEAPIAccessOff
	var retrieved *answered
	s.at(0, func() { retrieved = s.retrieve() })
	s.attend()
	s.Equal(care.ReasonPACEAPIAccessOff, retrieved.result.(protocol.RetrieveAnswer).Reason)
	s.Equal(care.RunFailed, s.result().Outcome)
	s.Equal(care.ReasonPACEAPIAccessOff, s.result().Reason)
	s.Empty(s.steps.retrieved, "the NDIA was not asked")
	s.Equal(care.ReasonPACEAPIAccessOff, s.steps.completed[0].Scope.Refusal, "the run's row explains it")
}

func (s *paceContractSyncSuite) TestATechnicalFailureFailsTheRun() { // R6, R9
	s.steps.retrieve = func(protocol.RetrieveInput) (protocol.ContractResult, error) {
		return protocol.ContractResult{}, temporal.NewApplicationError("ndia: plans: unavailable", protocol.ErrorServiceUnavailable)
	}
	var retrieved *answered
	s.at(0, func() { retrieved = s.retrieve() })
	s.attend()
	var failure *temporal.ApplicationError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &failure)
	s.Equal(protocol.ErrorSyncFailed, failure.Type())
	s.Equal(care.AreaFailed, retrieved.result.(protocol.RetrieveAnswer).Outcome, "whoever waits is told")
	s.Equal(care.ReasonServiceUnavailable, retrieved.result.(protocol.RetrieveAnswer).Reason)
}

func (s *paceContractSyncSuite) TestCancellingAnOpenPreview() {
	s.at(0, func() { s.retrieve() })
	s.at(time.Minute, func() { s.requestRefresh(care.TriggerNotification) })
	s.at(2*time.Minute, s.env.CancelWorkflow)
	s.attend()
	var cancelled *temporal.CanceledError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &cancelled)
	s.Equal(care.AreaCancelled, s.steps.completed[0].Areas[care.AreaContract].Outcome)
	s.Equal(1, s.steps.completed[0].DroppedRequests)
}

func (s *paceContractSyncSuite) TestANotificationDuringAnOpenPreviewCausesOneRefreshAfterwards() { // R22
	s.at(0, func() { s.retrieve() })
	s.at(time.Minute, func() { s.requestRefresh(care.TriggerNotification) })
	s.at(2*time.Minute, func() { s.requestRefresh(care.TriggerNotification) })
	s.at(3*time.Minute, func() {
		s.True(s.progress().Waiting.Stale)
		s.create(1, "core", "transport")
	})
	s.attend()
	next := s.nextPass()
	s.True(next.Refresh)
	s.Equal(care.TriggerNotification, next.Trigger)
	s.Equal(2, next.Pass)
	s.Equal(care.RunSucceeded, care.Conclude(s.steps.completed[0].Areas).Outcome, "the contract was created first")
}

func (s *paceContractSyncSuite) TestARefreshJoinsWhatWasAskedBeforeItRead() { // R31
	s.at(0, func() { s.requestRefresh(care.TriggerNotification) })
	s.refresh()
	s.Equal(care.RunSucceeded, s.result().Outcome)
	s.Equal([]string{protocol.ValidateParticipantActivity, protocol.RefreshContractActivity, protocol.CompleteRunActivity}, s.steps.called)
}

func (s *paceContractSyncSuite) TestAStormDuringARefreshCausesOneMore() { // R31
	s.steps.refresh = func() (protocol.ContractResult, error) {
		for range 50 {
			s.requestRefresh(care.TriggerBulk)
		}
		return protocol.ContractResult{AreaResult: care.AreaResult{Outcome: care.AreaSucceeded}}, nil
	}
	s.refresh()
	s.Equal(care.TriggerBulk, s.nextPass().Trigger)
}

func (s *paceContractSyncSuite) TestARetrieveDuringARefreshIsToldToAskAgain() {
	var retrieved *answered
	s.steps.refresh = func() (protocol.ContractResult, error) {
		retrieved = s.retrieve()
		return protocol.ContractResult{AreaResult: care.AreaResult{Outcome: care.AreaSucceeded}}, nil
	}
	s.refresh()
	s.requireBusy(retrieved)
}

func (s *paceContractSyncSuite) TestCancelledInMidRead() {
	s.steps.retrieve = func(protocol.RetrieveInput) (protocol.ContractResult, error) {
		s.env.CancelWorkflow()
		return protocol.ContractResult{}, temporal.NewCanceledError()
	}
	var retrieved *answered
	s.at(0, func() { retrieved = s.retrieve() })
	s.attend()
	var cancelled *temporal.CanceledError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &cancelled)
	s.Equal(care.AreaCancelled, retrieved.result.(protocol.RetrieveAnswer).Outcome)
	s.Equal(care.ReasonCancelled, s.steps.completed[0].Areas[care.AreaContract].Reason)
}
