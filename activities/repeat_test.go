package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// A step whose answer was lost on its way to Temporal is given out again: it answers from the ledger, without a call and without a
// second effect, even though the world has moved on meanwhile (R6).
func TestRepeatedStepAnswersFromTheLedger(t *testing.T) {
	s := newSite(t, people(marjorie))
	subject := s.run(t, s.steps, "marjorie")
	areas := make(map[care.Area]care.AreaResult)
	for _, step := range areaSteps {
		first, err := step.run(t.Context(), s.steps, subject, s.openBudgets(t))
		require.NoError(t, err)
		require.Equal(t, care.AreaSucceeded, first.Outcome)
		areas[step.area] = first

		s.move(t, "marjorie", step.change())
		s.ResetCalls()
		before := s.sql.Snapshot(t)
		another := s.newProcess(t).steps
		for _, steps := range []*activities.Steps{s.steps, another} {
			again, err := step.run(t.Context(), steps, subject, s.openBudgets(t))
			require.NoError(t, err)
			require.Equal(t, first, again, step.area)
		}
		require.Empty(t, s.calls(), step.area)
		require.Equal(t, before, s.sql.Snapshot(t), step.area)
	}
	require.Len(t, areas[care.AreaBudgets].OpenBudgets, 2)

	complete := protocol.CompleteInput{Scope: subject, Areas: areas}
	first, err := s.steps.CompleteRun(t.Context(), complete)
	require.NoError(t, err)
	before := s.sql.Snapshot(t)
	again, err := s.steps.CompleteRun(t.Context(), complete)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, before, s.sql.Snapshot(t))
}

// A whole pass that is repeated under the same run id changes nothing and asks no one.
func TestRepeatedRunAnswersFromTheLedger(t *testing.T) {
	s := newSite(t, people(marjorie))
	request := s.Request(t, "marjorie")
	subject := s.run(t, s.steps, "marjorie")
	first, err := s.steps.Sync(t.Context(), subject.RunID, request)
	require.NoError(t, err)
	s.move(t, "marjorie", world.Move{Name: world.Claim})
	before := s.sql.Snapshot(t)
	s.ResetCalls()
	again, err := s.steps.Sync(t.Context(), subject.RunID, request)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Empty(t, s.calls())
	require.Equal(t, before, s.sql.Snapshot(t))
}

// attempt is a step that continues in the background up to its write.
type attempt struct {
	release func()
	answer  chan care.AreaResult
}

// begin runs a step in a run of its own, and lets it wait when it has read everything and is about to write.
func (p process) begin(t *testing.T, step areaStep, budgets []care.ID) attempt {
	t.Helper()
	steps, subject := p.steps, p.site.run(t, p.steps, "marjorie")
	reached, release := p.statements.HoldBefore(step.write)
	t.Cleanup(release)
	waiting := attempt{release: release, answer: make(chan care.AreaResult, 1)}
	go func() {
		answer, err := step.run(t.Context(), steps, subject, budgets)
		if err != nil {
			answer = care.Failed(care.ReasonUnexpected)
			t.Error(err)
		}
		waiting.answer <- answer
	}()
	select {
	case <-reached:
	case answer := <-waiting.answer:
		require.Fail(t, "the step did not get to its write", "%+v", answer)
	}
	return waiting
}

// finish lets the attempt write and returns what it came to.
func (a attempt) finish() care.AreaResult {
	a.release()
	return <-a.answer
}

// requireNewest requires that what is stored of an area is what the government says now.
func (s *site) requireNewest(t *testing.T, step areaStep) {
	t.Helper()
	stored := s.lines(t, step.kinds)
	s.sql.ForgetSyncs(t)
	s.Sync(t, s.steps, "marjorie")
	require.Equal(t, s.lines(t, step.kinds), stored, step.area)
}

// Of two reads the one that began later wins, whichever is written first (R7).
func TestTheNewerReadWins(t *testing.T) {
	s := newSite(t, people(marjorie))
	one, two := s.newProcess(t), s.newProcess(t)
	s.Sync(t, s.steps, "marjorie")
	for _, step := range areaSteps {
		older := one.begin(t, step, s.openBudgets(t))
		s.move(t, "marjorie", step.change())
		require.Equal(t, care.AreaSucceeded, two.begin(t, step, s.openBudgets(t)).finish().Outcome)

		before := s.planRows(t)
		require.Equal(t, care.Superseded(), older.finish())
		require.Equal(t, before, s.planRows(t), step.area)
		s.requireNewest(t, step)
	}
}

// A write whose read began first may come first as well: then the newer one compares with what that one wrote.
func TestTheNewerReadComparesWithWhatTheOlderOneWrote(t *testing.T) {
	s := newSite(t, people(marjorie))
	one, two := s.newProcess(t), s.newProcess(t)
	s.Sync(t, s.steps, "marjorie")
	for _, step := range areaSteps {
		s.move(t, "marjorie", step.change())
		older, newer := one.begin(t, step, s.openBudgets(t)), two.begin(t, step, s.openBudgets(t))

		require.Equal(t, care.AreaSucceeded, older.finish().Outcome)
		before := s.planRows(t)
		answer := newer.finish()
		require.Equal(t, care.AreaSucceeded, answer.Outcome)
		for kind, count := range answer.Counts {
			require.Zero(t, count.Created+count.Updated+count.Removed, kind)
		}
		after := s.planRows(t)
		before["contribution"], after["contribution"] = nil, nil // recreated (R16)
		require.Equal(t, before, after, step.area)
		s.requireNewest(t, step)
	}
}

// The first two reads of a person meet where there is no fence yet.
func TestTheNewerOfTwoFirstReadsWins(t *testing.T) {
	s := newSite(t, people(marjorie))
	one, two := s.newProcess(t), s.newProcess(t)
	for _, step := range areaSteps {
		s.sql.ForgetSyncs(t)
		subject := s.run(t, s.steps, "marjorie")
		for _, earlier := range areaSteps { // what a step needs
			if earlier.area != step.area && (earlier.area == care.AreaSummary || earlier.area == care.AreaBudgets && step.area == care.AreaUsage) {
				_, err := earlier.run(t.Context(), s.steps, subject, nil)
				require.NoError(t, err)
			}
		}
		older, newer := one.begin(t, step, s.openBudgets(t)), two.begin(t, step, s.openBudgets(t))
		require.Equal(t, care.AreaSucceeded, newer.finish().Outcome)
		require.Equal(t, care.Superseded(), older.finish())
		s.requireNewest(t, step)
	}
}

// Usage is fenced by budget: of two budgets, only the one that was read again meanwhile is left alone (R7).
func TestOnlyTheBudgetThatWasReadAgainIsSuperseded(t *testing.T) {
	usage := areaSteps[3]
	require.Equal(t, care.AreaUsage, usage.area)
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	upstream := testkit.Column[string](t, s.sql, "SELECT upstream_budget_id FROM budget ORDER BY id")
	budgets := s.openBudgets(t)
	for _, budget := range upstream {
		s.move(t, "marjorie", world.Move{Name: world.Claim, Budget: budget, Amount: dollars("10.00")})
	}
	both := s.newProcess(t).begin(t, usage, budgets)
	s.move(t, "marjorie", world.Move{Name: world.Claim, Budget: upstream[0], Amount: dollars("20.00")})
	require.Equal(t, 2, s.newProcess(t).begin(t, usage, budgets[:1]).finish().Counts[care.KindBudgetUsage].Created)

	answer := both.finish()
	require.Equal(t, care.AreaSucceeded, answer.Outcome)
	require.Equal(t, 1, answer.Counts[care.KindBudgetUsage].Created, "that of the other budget")
	s.requireNewest(t, usage)
}

// An older read that no longer found the person does not undo a newer one that did (R7, R19).
func TestNotFoundIsSupersededByANewerSummary(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	s.move(t, "marjorie", world.Move{Name: world.Leave})

	summary := areaSteps[0]
	summary.write = "PassFenceAlone"
	older := s.newProcess(t).begin(t, summary, nil)
	s.move(t, "marjorie", world.Move{Name: world.Return})
	s.Sync(t, s.steps, "marjorie")

	require.Equal(t, care.Superseded(), older.finish())
	s.requireAsUndisturbed(t, "marjorie")
}
