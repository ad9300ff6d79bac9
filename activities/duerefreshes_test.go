package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/world"
)

// askedFor notes which workflows were asked for a refresh.
type askedFor struct {
	mu        sync.Mutex
	workflows []string
}

func (a *askedFor) SignalWithStartWorkflow(
	_ context.Context, workflowID, signalName string, argument any, _ client.StartWorkflowOptions, _ any, inputs ...any,
) (client.WorkflowRun, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if signalName == protocol.RefreshRequested.Name && argument.(protocol.RefreshRequest).Trigger == care.TriggerDay && inputs[0].(protocol.PaceContractSyncInput).Refresh {
		a.workflows = append(a.workflows, workflowID)
	}
	return nil, nil
}

// due are the people who are asked for at an instant.
func (s *site) due(t *testing.T, at string) []string {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, at)
	require.NoError(t, err)
	var asked askedFor
	number, err := s.steps.RequestDueRefreshes(t.Context(), &asked, protocol.DueRefreshesInput{At: instant})
	require.NoError(t, err)
	require.Len(t, asked.workflows, number)
	return asked.workflows
}

// A funding period begins on 15 June 2026 in Sydney, at 14:00 UTC of the 14th, and the NDIA does not tell (R34).
func TestAContractIsRefreshedOnTheDayOnWhichAFundingPeriodBegins(t *testing.T) {
	s := newPaceSite(t)
	s.create(t, "fresh-plan")
	person := s.RequestFor(t, "fresh-plan").PersonID
	due := []string{protocol.PaceContractSyncID(person)}
	s.sql.Exec(t, "DELETE FROM plan_ahead")
	s.sql.Exec(t, "UPDATE sync_run SET requested_at = '2026-06-01'")
	s.sql.Exec(t, "UPDATE funding_period SET start_date = '2026-06-15', released = false WHERE position = 2")
	read := func(asOf string) { s.sql.Exec(t, "UPDATE area_fence SET as_of = $1", asOf) }
	read("2026-06-10T00:00:00Z")

	require.Empty(t, s.due(t, "2026-06-14T13:55:00Z"), "it is still the 14th")
	require.Equal(t, due, s.due(t, "2026-06-14T14:00:00Z"))
	read("2026-06-14T14:03:00Z")
	require.Empty(t, s.due(t, "2026-06-14T20:00:00Z"), "read, and not released")
	require.Equal(t, due, s.due(t, "2026-06-15T02:00:00Z"), "again at noon")
	read("2026-06-15T02:03:00Z")
	require.Empty(t, s.due(t, "2026-06-15T13:00:00Z"))
	require.Equal(t, due, s.due(t, "2026-06-15T14:00:00Z"), "on the next day")
	read("2026-06-15T14:03:00Z")
	require.Equal(t, due, s.due(t, "2026-06-16T14:00:00Z"), "and on the one after")
	require.Empty(t, s.due(t, "2026-06-17T14:00:00Z"), "and no longer")

	for reason, statement := range map[string]string{
		"it has been asked for":       "UPDATE sync_run SET requested_at = '2026-06-16T14:00:00Z', trigger = 'day'",
		"its money is released":       "UPDATE funding_period SET released = true WHERE position = 2",
		"its money has arrived":       "WITH arrived AS (UPDATE plan_budget SET released = approved) UPDATE funding_period SET released = NULL WHERE position = 2",
		"the API access is off":       "UPDATE person SET pace_api_access = false",
		"the authority was lost":      "INSERT INTO pace_standing (organisation_id, person_id, stopped_on, stop_reason) SELECT organisation_id, id, '2026-06-01', 'no_authority' FROM person WHERE id = '" + string(person) + "'",
		"another contract follows":    "UPDATE service_contract SET superseded_by = id",
		"the PACE API is not enabled": "UPDATE pace_settings SET api_enabled = false",
	} {
		require.Equal(t, due, s.due(t, "2026-06-16T14:00:00Z"), reason)
		s.sql.Exec(t, statement)
		require.Empty(t, s.due(t, "2026-06-16T14:00:00Z"), reason)
		s.restore(t)
	}
}

// restore brings back what the cases above have changed.
func (s *site) restore(t *testing.T) {
	t.Helper()
	for _, statement := range []string{
		"UPDATE sync_run SET requested_at = '2026-06-01', trigger = 'on_demand'",
		"UPDATE funding_period SET released = false WHERE position = 2", "UPDATE person SET pace_api_access = pace_participant",
		"DELETE FROM pace_standing", "UPDATE service_contract SET superseded_by = NULL", "UPDATE pace_settings SET api_enabled = true",
	} {
		s.sql.Exec(t, statement)
	}
}

// A plan that has not started is looked at again on its day, and left for review: no contract is first created unattended (R31, R34).
func TestAPlanThatHasNotBegunIsLookedAtOnItsDay(t *testing.T) {
	s := newPaceSite(t)
	_, refused := s.retrieve(t, "future-plan")
	require.Equal(t, care.ReasonPlanInFuture, refused.Reason)
	person := s.RequestFor(t, "future-plan").PersonID
	s.sql.Exec(t, "UPDATE sync_run SET requested_at = '2026-06-01'")
	s.sql.Exec(t, "UPDATE plan_ahead SET plan_start_date = '2026-06-15'")
	require.Empty(t, s.due(t, "2026-06-14T13:55:00Z"))
	require.Equal(t, []string{protocol.PaceContractSyncID(person)}, s.due(t, "2026-06-14T14:00:00Z"))

	require.NoError(t, s.World.World.Advance(s.World.World.Today().AddDays(14)))
	s.sql.Exec(t, "UPDATE connection SET time_zone = 'Australia/Sydney'")
	subject := s.contractRun(t, "future-plan", care.TriggerDay)
	subject.ServiceToday = date(t, s.World.World.Today())
	result, err := s.steps.RefreshContract(t.Context(), protocol.AreaInput{RunScope: subject})
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, result.Outcome)
	require.Empty(t, s.held(t, "future-plan").Contracts)
	reviews, err := read.From(s.Store).Reviews(t.Context(), subject.OrganisationID, subject.PersonID)
	require.NoError(t, err)
	require.Len(t, reviews, 1)
	require.Equal(t, care.ReviewNewContract, reviews[0].Kind)
}

func date(t *testing.T, day world.Date) care.Date {
	t.Helper()
	parsed, err := care.ParseDate(day.String())
	require.NoError(t, err)
	return parsed
}

// Each organisation's refreshes are spread over the hours that its budget calls give.
func TestDueRefreshesAreSpread(t *testing.T) {
	s := newPaceSite(t)
	for _, key := range []string{"fresh-plan", "changed-manager", "reassessed-later"} {
		s.create(t, key)
	}
	s.sql.Exec(t, "DELETE FROM plan_ahead")
	s.sql.Exec(t, "UPDATE sync_run SET requested_at = '2026-06-01'")
	s.sql.Exec(t, "UPDATE area_fence SET as_of = '2026-06-01'")
	s.sql.Exec(t, "UPDATE funding_period SET start_date = '2026-06-15', released = false WHERE position = 2")
	require.Len(t, s.due(t, "2026-06-14T14:00:00Z"), 3)
	s.sql.Exec(t, "UPDATE pace_settings SET budget_calls_per_hour = 48")
	require.Len(t, s.due(t, "2026-06-14T14:00:00Z"), 2, "48 an hour are two every five minutes, and as many for people")
}
