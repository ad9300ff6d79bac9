package workflows

import (
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

func (s steps) completeRun(ctx workflow.Context, in protocol.CompleteInput) (care.RunResult, error) {
	return callOnDatabase[care.RunResult](ctx, recording(), "Record the outcome", protocol.CompleteRunActivity, in)
}

func (s steps) readingServicesAustralia() workflow.ActivityOptions {
	return readingFromService(s.queues.Upstream(care.ServicesAustralia))
}
