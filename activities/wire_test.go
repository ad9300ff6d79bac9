package activities_test

import (
	"testing"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/testkit/wire"
)

// registry notes the steps that a worker registers, by their names.
type registry struct {
	worker.ActivityRegistry
	steps map[string]any
}

// RegisterActivityWithOptions implements worker.ActivityRegistry.
func (r registry) RegisterActivityWithOptions(step any, options activity.RegisterOptions) {
	r.steps[options.Name] = step
}

// What workflows and steps say to one another stands in histories: the steps' names, what they take and what they return.
func TestStepsKeepTheirNamesAndPayloads(t *testing.T) {
	registered := registry{steps: map[string]any{}}
	steps := &activities.Steps{Bulk: &activities.Bulk{}}
	steps.RegisterDatabaseSteps(registered)
	steps.RegisterWaitingSteps(registered, nil)
	steps.RegisterServiceSteps(registered, care.ServicesAustralia)
	steps.RegisterServiceSteps(registered, care.NDIA)
	steps.RegisterBulkSteps(registered)
	steps.RegisterClaimSteps(registered, nil)
	steps.RegisterDueRefreshes(registered, nil)

	golden := wire.Open(t, "payloads")
	for name, step := range registered.steps {
		golden.Function(name, step)
	}
}
