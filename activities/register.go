package activities

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/caresync/caresync/protocol"
)

// RegisterDatabaseSteps registers the steps that only touch the database.
func (c *CareRecipient) RegisterDatabaseSteps(registry worker.ActivityRegistry) {
	register(registry, protocol.ValidateCareRecipientActivity, c.ValidateCareRecipient)
	register(registry, protocol.CompleteRunActivity, c.CompleteRun)
}

// RegisterServiceSteps registers the steps that call Services Australia.
func (c *CareRecipient) RegisterServiceSteps(registry worker.ActivityRegistry) {
	register(registry, protocol.UpsertPlanActivity, c.UpsertPlan)
	register(registry, protocol.RecreateContributionsActivity, c.RecreateContributions)
	register(registry, protocol.FetchBudgetsActivity, c.FetchBudgets)
	register(registry, protocol.FetchUsageActivity, c.FetchUsage)
}

func register(registry worker.ActivityRegistry, name string, step any) {
	registry.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
}
