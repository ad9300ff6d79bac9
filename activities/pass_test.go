package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// syncResult runs the story of a sync one step after the other, each of them through try.
type syncResult struct {
	t       *testing.T
	process process
	try     func(t *testing.T, step string, run func() (any, error))
}

func (p syncResult) area(step areaStep, subject care.RunScope, budgets []care.ID) care.AreaResult {
	answer := care.Failed(care.ReasonServiceUnavailable)
	p.try(p.t, string(step.area), func() (any, error) {
		reached, err := step.run(p.t.Context(), p.process.steps, subject, budgets)
		if err == nil {
			answer = reached
		}
		return reached, err
	})
	return answer
}

func (p syncResult) UpsertPlan(subject care.RunScope) care.AreaResult {
	return p.area(areaSteps[0], subject, nil)
}

func (p syncResult) RecreateContributions(subject care.RunScope) care.AreaResult {
	return p.area(areaSteps[1], subject, nil)
}

func (p syncResult) FetchBudgets(subject care.RunScope) care.AreaResult {
	return p.area(areaSteps[2], subject, nil)
}

func (p syncResult) FetchUsage(subject care.RunScope, chunk int, budgets []care.ID) care.AreaResult {
	require.Zero(p.t, chunk, "these people have few budgets")
	return p.area(areaSteps[3], subject, budgets)
}

func (p syncResult) Both(first, second func(care.Steps)) {
	first(p)
	second(p)
}

func (p syncResult) run(key string) (result care.RunResult) {
	p.t.Helper()
	var subject care.RunScope
	input := protocol.ValidateInput{Request: p.process.site.Request(p.t, key), RunID: db.NewID(), At: p.process.site.Now()}
	p.try(p.t, "validate", func() (_ any, err error) {
		subject, err = p.process.steps.ValidateCareRecipient(p.t.Context(), input)
		return subject, err
	})
	areas := care.SyncCareRecipient(p, subject)
	p.try(p.t, "complete", func() (_ any, err error) {
		result, err = p.process.steps.CompleteRun(p.t.Context(), protocol.CompleteInput{Scope: subject, Areas: areas})
		return result, err
	})
	return result
}
