package workflows_test

import (
	"context"
	"fmt"
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

// claimSteps keep a claim as the database does, as far as the workflow sees it. Steps run at once, so they answer one by one.
type claimSteps struct {
	lock     sync.Mutex
	recorded []string
	status   care.ClaimStatus
	due      int
	asked    []int
	// refuse refuses the event of that id, failures are the errors of the next attempts.
	refuse   string
	failures []error
	// during is called while an event is recorded.
	during func(event protocol.ClaimStatusEvent)
}

func (s *claimSteps) RecordClaimEvent(_ context.Context, in protocol.ClaimEventInput) (care.ClaimAnswer, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.during != nil {
		s.during(in.Event)
	}
	if err := s.fail(); err != nil {
		return care.ClaimAnswer{}, err
	}
	if in.Event.EventID == s.refuse {
		return care.ClaimAnswer{Refusal: care.RefusedVersion}, nil
	}
	s.recorded = append(s.recorded, in.Event.EventID)
	if s.status == "" {
		s.status = in.Event.Status
	}
	s.status = s.status.Forward(in.Event.Status)
	if in.Event.Status.TriggersSync() {
		s.due += len(in.Event.People())
	}
	return care.ClaimAnswer{ClaimID: "ours", Status: s.status, People: 2, Due: s.due}, nil
}

func (s *claimSteps) RequestClaimSyncs(_ context.Context, _ protocol.ClaimSyncsInput) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if err := s.fail(); err != nil {
		return 0, err
	}
	s.asked = append(s.asked, s.due)
	s.due = 0
	return s.asked[len(s.asked)-1], nil
}

func (s *claimSteps) fail() error {
	if len(s.failures) == 0 {
		return nil
	}
	err := s.failures[0]
	s.failures = s.failures[1:]
	return err
}

type claimFollowUpSuite struct {
	suite.Suite
	testsuite.WorkflowTestSuite
	env   *testsuite.TestWorkflowEnvironment
	steps *claimSteps
}

func TestClaimFollowUp(t *testing.T) { suite.Run(t, new(claimFollowUpSuite)) }

func (s *claimFollowUpSuite) SetupTest() {
	s.env, s.steps = s.NewTestWorkflowEnvironment(), &claimSteps{}
	s.env.SetTestTimeout(patience)
	workflows.Register(s.env)
	s.env.RegisterActivityWithOptions(s.steps.RecordClaimEvent, activity.RegisterOptions{Name: protocol.RecordClaimEventActivity})
	s.env.RegisterActivityWithOptions(s.steps.RequestClaimSyncs, activity.RegisterOptions{Name: protocol.RequestClaimSyncsActivity})
}

func (s *claimFollowUpSuite) signal(id string, status care.ClaimStatus) {
	s.env.SignalWorkflow(protocol.ClaimStatusChanged.Name, protocol.ClaimStatusEvent{Version: protocol.ClaimEventVersion, ClaimEvent: care.ClaimEvent{
		EventID: id, ClaimID: "CL-1", OrganisationID: "organisation", Status: status, CareRecipientIDs: []string{"1", "2"}, OccurredAt: time.Unix(0, 0),
	}})
}

// after sends events a while after the start.
func (s *claimFollowUpSuite) after(wait time.Duration, send func()) {
	s.env.RegisterDelayedCallback(send, wait)
}

func (s *claimFollowUpSuite) run() {
	s.env.ExecuteWorkflow(protocol.ClaimFollowUpWorkflow, protocol.ClaimFollowUpInput{OrganisationID: "organisation", ClaimID: "CL-1"})
	s.Require().True(s.env.IsWorkflowCompleted())
}

func (s *claimFollowUpSuite) result() (result protocol.ClaimProgress) {
	s.Require().NoError(s.env.GetWorkflowError())
	s.Require().NoError(s.env.GetWorkflowResult(&result))
	return result
}

// R20: events in the order of arrival; syncs on Approved and on Completed; the end at Completed.
func (s *claimFollowUpSuite) TestFollowsAClaimToItsEnd() {
	s.after(0, func() { s.signal("1", care.StageSubmitted) })
	s.after(time.Hour, func() { s.signal("2", care.StagePending) })
	s.after(48*time.Hour, func() { s.signal("3", care.StageApproved) })
	s.after(72*time.Hour, func() { s.signal("4", care.StageCompleted) })
	s.run()
	s.Equal(protocol.ClaimProgress{ClaimID: "ours", Status: care.StageCompleted, Events: 4, People: 2, Syncs: 4}, s.result())
	s.Equal([]string{"1", "2", "3", "4"}, s.steps.recorded)
	s.Equal([]int{2, 2}, s.steps.asked)
}

func (s *claimFollowUpSuite) TestCancelledAsksForNothing() {
	s.after(0, func() { s.signal("1", care.StagePending); s.signal("2", care.StageCancelled) })
	s.run()
	s.Equal(care.StageCancelled, s.result().Status)
	s.Empty(s.steps.asked)
}

// Whatever arrives while the last event is handled is handled, too.
func (s *claimFollowUpSuite) TestEventsThatArriveAtTheEndAreHandled() {
	s.steps.during = func(event protocol.ClaimStatusEvent) {
		if event.EventID == "last" {
			s.env.RegisterDelayedCallback(func() { s.signal("late-1", care.StageApproved); s.signal("late-2", care.StagePending) }, 0)
		}
	}
	s.after(0, func() { s.signal("last", care.StageCompleted) })
	s.run()
	s.Equal(3, s.result().Events)
	s.Equal([]string{"last", "late-1", "late-2"}, s.steps.recorded)
}

// Every event gets a value of its own: a field that one leaves out is not taken from the one before.
func (s *claimFollowUpSuite) TestEventsDoNotMix() {
	var seen []protocol.ClaimStatusEvent
	s.steps.during = func(event protocol.ClaimStatusEvent) { seen = append(seen, event) }
	s.after(0, func() {
		s.signal("1", care.StageSubmitted)
		s.env.SignalWorkflow(protocol.ClaimStatusChanged.Name, map[string]any{"version": 1, "event_id": "2", "status": "cancelled"})
	})
	s.run()
	s.Require().Len(seen, 2)
	s.Empty(seen[1].CareRecipientIDs)
	s.True(seen[1].OccurredAt.IsZero())
}

// A database that is away for days, and a fault of ours that a later release mends, hold an event back and lose none.
func (s *claimFollowUpSuite) TestTroubleHoldsBackAndLosesNothing() {
	fault := temporal.NewNonRetryableApplicationError("broken", protocol.ErrorUnexpected, nil)
	s.steps.failures = []error{fault, fault, temporal.NewApplicationError("away", protocol.ErrorDatabaseUnavailable), nil, fault}
	s.after(0, func() { s.signal("1", care.StageApproved); s.signal("2", care.StageCompleted) })
	s.after(5*time.Minute, func() {
		answer, err := s.env.QueryWorkflow(protocol.ProgressQuery)
		s.Require().NoError(err)
		var progress protocol.ClaimProgress
		s.Require().NoError(answer.Get(&progress))
		s.True(progress.Trouble)
	})
	s.run()
	result := s.result()
	s.False(result.Trouble)
	s.Equal([]string{"1", "2"}, s.steps.recorded)
	s.Equal([]int{2, 2}, s.steps.asked)
}

// What breaks the contract is told and does no harm.
func (s *claimFollowUpSuite) TestRefusedEvents() {
	s.steps.refuse = "2"
	s.after(0, func() {
		s.signal("1", care.StageSubmitted)
		s.signal("2", care.StageApproved)
		s.env.SignalWorkflow(protocol.ClaimStatusChanged.Name, "no event at all")
		s.signal("3", care.StageCancelled)
	})
	s.run()
	result := s.result()
	s.Equal(1, result.Refused)
	s.Equal(care.RefusedVersion, result.LastRefusal)
	s.Equal([]string{"1", "3"}, s.steps.recorded)
}

// A follow-up that was started by nothing but a refused event does not wait for ever.
func (s *claimFollowUpSuite) TestNothingButARefusedEvent() {
	s.steps.refuse = "1"
	s.after(0, func() { s.signal("1", care.StageApproved) })
	s.run()
	s.Equal(protocol.ClaimProgress{Events: 1, Refused: 1, LastRefusal: care.RefusedVersion}, s.result())
}

// A claim of very many events continues as new once none of them waits, and knows what it has seen.
func (s *claimFollowUpSuite) TestContinuesAsNewAfterManyEvents() {
	const events = 130
	s.after(0, func() {
		for i := range events {
			s.signal(fmt.Sprint(i), care.StagePending)
		}
	})
	s.run()
	var next *workflow.ContinueAsNewError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &next)
	var input protocol.ClaimFollowUpInput
	s.Require().NoError(converter.GetDefaultDataConverter().FromPayloads(next.Input, &input))
	s.Equal(protocol.ClaimProgress{ClaimID: "ours", Status: care.StagePending, Events: events, People: 2}, input.Progress)
	s.Equal("CL-1", input.ClaimID)
	s.Len(s.steps.recorded, events)
}

// An operator may end a follow-up; the next event starts it again.
func (s *claimFollowUpSuite) TestCancelling() {
	s.after(0, func() { s.signal("1", care.StageSubmitted) })
	s.after(time.Hour, s.env.CancelWorkflow)
	s.run()
	s.True(temporal.IsCanceledError(s.env.GetWorkflowError()))
	s.Equal([]string{"1"}, s.steps.recorded)
}
