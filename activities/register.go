package activities

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// Steps are all the steps of a process.
type Steps struct {
	*CareRecipient
	*PaceContract
	*Runs
	*Bulk
	*Claims
	*DeviceKeys
}

// RegisterDatabaseSteps registers the steps that only touch the database.
func (s *Steps) RegisterDatabaseSteps(registry worker.ActivityRegistry) {
	register(registry, protocol.ValidateCareRecipientActivity, s.ValidateCareRecipient)
	register(registry, protocol.ValidateParticipantActivity, s.ValidateParticipant)
	register(registry, protocol.CompleteRunActivity, s.CompleteRun)
	register(registry, protocol.PlanBulkActivity, s.PlanBulk)
	register(registry, protocol.SetPausedActivity, s.SetBulkPaused)
	register(registry, protocol.EscalatedActivity, s.EscalatedPeople)
	register(registry, protocol.SetAsideActivity, s.SetAsidePeople)
	register(registry, protocol.SettleBatchActivity, s.SettleBatch)
	register(registry, protocol.CompleteBulkActivity, s.CompleteBulk)
	register(registry, protocol.DueKeysActivity, s.DueKeys)
}

// RegisterWaitingSteps registers the steps that look at other workflows. They wait, and so run beside the workflow tasks.
func (s *Steps) RegisterWaitingSteps(registry worker.ActivityRegistry, temporal Workflows) {
	register(registry, protocol.AwaitRunActivity, awaiter{store: s.Bulk.store, temporal: temporal}.awaitRun)
	register(registry, protocol.ReconcileActivity, reconciler{store: s.Bulk.store, temporal: temporal}.reconcile)
}

// RegisterServiceSteps registers the steps that call a service.
func (s *Steps) RegisterServiceSteps(registry worker.ActivityRegistry, service care.Service) {
	register(registry, protocol.RenewKeyActivity, s.RenewKey)
	switch service {
	case care.ServicesAustralia:
		register(registry, protocol.UpsertPlanActivity, s.UpsertPlan)
		register(registry, protocol.RecreateContributionsActivity, s.RecreateContributions)
		register(registry, protocol.FetchBudgetsActivity, s.FetchBudgets)
		register(registry, protocol.FetchUsageActivity, s.FetchUsage)
	case care.NDIA:
		register(registry, protocol.RetrievePlanActivity, s.RetrievePlan)
		register(registry, protocol.CreateServiceContractActivity, s.CreateServiceContract)
		register(registry, protocol.RefreshContractActivity, s.RefreshContract)
	}
}

// RegisterBulkSteps registers the steps of bulk runs that call a service.
func (s *Steps) RegisterBulkSteps(registry worker.ActivityRegistry) {
	register(registry, protocol.PlanFromListsActivity, s.PlanFromLists)
	register(registry, protocol.SyncBulkChunkActivity, s.SyncBulkChunk)
}

func register(registry worker.ActivityRegistry, name string, step any) {
	registry.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
}
