package workflows_test

import (
	"testing"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/testkit/wire"
	"github.com/caresync/caresync/workflows"
)

// registry notes the workflows that a worker registers, by their names.
type registry struct {
	worker.WorkflowRegistry
	workflows map[string]any
}

// RegisterWorkflowWithOptions implements worker.WorkflowRegistry.
func (r registry) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	r.workflows[options.Name] = w
}

// Programs start workflows of another version of CareSync, and read what they came to.
func TestWorkflowsKeepTheirNamesAndPayloads(t *testing.T) {
	registered := registry{workflows: map[string]any{}}
	workflows.Register(registered)
	golden := wire.Open(t, "payloads")
	for name, one := range registered.workflows {
		golden.Function(name, one)
	}
}
