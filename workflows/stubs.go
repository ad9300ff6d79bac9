package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// steps are typed stubs of the activities: a workflow names neither an activity nor its options anywhere else.
type steps struct{ queues protocol.TaskQueues }

func call[T any](ctx workflow.Context, options workflow.ActivityOptions, summary, activity string, input any) (answer T, err error) {
	options.Summary = summary
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, input).Get(ctx, &answer)
	return answer, err
}

// callOnDatabase is call for steps that only touch the database.
func callOnDatabase[T any](ctx workflow.Context, options workflow.LocalActivityOptions, summary, activity string, input any) (answer T, err error) {
	options.Summary = summary
	err = workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), activity, input).Get(ctx, &answer)
	return answer, err
}

func (s steps) validateCareRecipient(ctx workflow.Context, in protocol.ValidateInput) (care.Subject, error) {
	return callOnDatabase[care.Subject](ctx, onDatabase(), "Who is it, and can they be synced?", protocol.ValidateCareRecipientActivity, in)
}

func (s steps) upsertPlan(ctx workflow.Context, in protocol.AreaInput) (care.AreaResult, error) {
	return call[care.AreaResult](ctx, s.readingServicesAustralia(), "Read the summary, save the plan", protocol.UpsertPlanActivity, in)
}

func (s steps) recreateContributions(ctx workflow.Context, in protocol.AreaInput) (care.AreaResult, error) {
	return call[care.AreaResult](ctx, s.readingServicesAustralia(), "Read the contributions, recreate them", protocol.RecreateContributionsActivity, in)
}

func (s steps) fetchBudgets(ctx workflow.Context, in protocol.AreaInput) (care.AreaResult, error) {
	return call[care.AreaResult](ctx, s.readingServicesAustralia(), "Read and save the budgets", protocol.FetchBudgetsActivity, in)
}

func (s steps) fetchUsage(ctx workflow.Context, in protocol.UsageInput) (care.AreaResult, error) {
	return call[care.AreaResult](ctx, s.readingServicesAustralia(), usageSummary(in), protocol.FetchUsageActivity, in)
}

func (s steps) validateParticipant(ctx workflow.Context, in protocol.ValidateInput) (care.Subject, error) {
	return callOnDatabase[care.Subject](ctx, onDatabase(), "Who is it, and may the NDIA be asked?", protocol.ValidateParticipantActivity, in)
}

func (s steps) retrievePlan(ctx workflow.Context, in protocol.RetrieveInput) (protocol.ContractResult, error) {
	return call[protocol.ContractResult](ctx, s.readingNDIA(), "Read the plan, stage its preview", protocol.RetrievePlanActivity, in)
}

func (s steps) createServiceContract(ctx workflow.Context, in protocol.CreateInput) (protocol.ContractResult, error) {
	return call[protocol.ContractResult](ctx, s.readingNDIA(), "Read the plan again, write the contract", protocol.CreateServiceContractActivity, in)
}

func (s steps) refreshContract(ctx workflow.Context, in protocol.AreaInput) (protocol.ContractResult, error) {
	return call[protocol.ContractResult](ctx, s.readingNDIA(), "Read the plan, save what needs nobody's yes", protocol.RefreshContractActivity, in)
}

func (s steps) completeRun(ctx workflow.Context, in protocol.CompleteInput) (care.RunResult, error) {
	return callOnDatabase[care.RunResult](ctx, recording(), "Record the outcome", protocol.CompleteRunActivity, in)
}

func (s steps) planBulk(ctx workflow.Context, in protocol.PlanBulkInput) (protocol.BulkPlan, error) {
	return callOnDatabase[protocol.BulkPlan](ctx, planning(), "Plan who is synced", protocol.PlanBulkActivity, in)
}

func (s steps) planFromLists(ctx workflow.Context, in protocol.BulkPart) (protocol.BulkPlan, error) {
	options := lists(s.queues.Bulk(care.ServicesAustralia), in.OrganisationID)
	return call[protocol.BulkPlan](ctx, options, "Read the providers' lists, plan who is synced", protocol.PlanFromListsActivity, in)
}

func (s steps) setBulkPaused(ctx workflow.Context, part protocol.BulkPart, paused bool) error {
	options := onDatabase()
	options.Summary = "Tell the slices under way"
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), protocol.SetPausedActivity, part, paused).Get(ctx, nil)
}

func (s steps) syncSlice(ctx workflow.Context, kind care.RunKind, in protocol.SliceInput) (protocol.SliceResult, error) {
	summary := fmt.Sprintf("Sync slice %d", in.Slice)
	return call[protocol.SliceResult](ctx, slice(s.queues.Bulk(kind.Service()), in.OrganisationID), summary, protocol.SyncSliceActivity, in)
}

func (s steps) escalatedPeople(ctx workflow.Context, part protocol.BulkPart) ([]care.ID, error) {
	return callOnDatabase[[]care.ID](ctx, onDatabase(), "Who needs a sync of their own?", protocol.EscalatedActivity, part)
}

func (s steps) awaitRun(ctx workflow.Context, in protocol.AwaitRunInput) error {
	_, err := call[struct{}](ctx, awaiting(s.queues.Upstream(in.Options.Kind.Service())), "Wait for the sync that runs already", protocol.AwaitRunActivity, in)
	return err
}

func (s steps) settleBatch(ctx workflow.Context, in protocol.SettleInput) (care.BulkCounts, error) {
	return callOnDatabase[care.BulkCounts](ctx, recording(), "Settle whoever is left, and count", protocol.SettleBatchActivity, in)
}

func (s steps) completeBulk(ctx workflow.Context, in protocol.CompleteBulkInput) (protocol.BulkResult, error) {
	return callOnDatabase[protocol.BulkResult](ctx, recording(), "Record the outcome", protocol.CompleteBulkActivity, in)
}

func (s steps) recordClaimEvent(ctx workflow.Context, in protocol.ClaimEventInput) (care.ClaimAnswer, error) {
	return callOnDatabase[care.ClaimAnswer](ctx, recording(), "Record the claim's event", protocol.RecordClaimEventActivity, in)
}

func (s steps) requestClaimSyncs(ctx workflow.Context, in protocol.ClaimSyncsInput) (int, error) {
	return callOnDatabase[int](ctx, recording(), "Ask for the people's syncs", protocol.RequestClaimSyncsActivity, in)
}

func (s steps) readingServicesAustralia() workflow.ActivityOptions {
	return readingFromService(s.queues.Upstream(care.ServicesAustralia))
}

func (s steps) readingNDIA() workflow.ActivityOptions {
	return readingFromService(s.queues.Upstream(care.NDIA))
}
