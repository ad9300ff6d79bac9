package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/words"
)

// steps are typed stubs of the activities: a workflow names neither an activity nor its options anywhere else.
type steps struct{ queues protocol.TaskQueues }

func call[T any](ctx workflow.Context, options workflow.ActivityOptions, summary, activity string, input any) (answer T, err error) {
	options.Summary = summary
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, input).Get(ctx, &answer)
	return answer, err
}

// callOnDatabase is call for steps that only touch the database.
func callOnDatabase[T any](ctx workflow.Context, queues protocol.TaskQueues, how onDatabase, summary, activity string, inputs ...any) (answer T, err error) {
	atOnce := how.atOnce()
	atOnce.Summary = summary
	err = workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, atOnce), activity, inputs...).Get(ctx, &answer)
	if err == nil || !maySucceedLater(err) {
		return answer, err
	}
	defer showWait(ctx, err)()
	later := how.later(queues.CareSync())
	later.Summary = summary
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, later), activity, inputs...).Get(ctx, &answer)
	return answer, err
}

// showWait adds to the workflow's current details what a step waits for that failed with an error (R38), until the returned function is called.
func showWait(ctx workflow.Context, failed error) (stop func()) {
	wait := care.Wait{Cause: care.WaitsForDatabase} // an attempt without an error of its own took too long, on nothing but the database
	var failure *temporal.ApplicationError
	if errors.As(failed, &failure) {
		wait = protocol.WaitOfError(failure.Type())
	}
	wait.Since = workflow.Now(ctx)
	before := workflow.GetCurrentDetails(ctx)
	shown := before + "\n" + words.Wait(wait, time.UTC) + "\n"
	workflow.SetCurrentDetails(ctx, shown)
	return func() {
		if workflow.GetCurrentDetails(ctx) == shown { // no one has shown anything since
			workflow.SetCurrentDetails(ctx, before)
		}
	}
}

// maySucceedLater reports whether a step of the database gave up only because its time was over.
func maySucceedLater(err error) bool {
	var failure *temporal.ApplicationError
	var panicked *temporal.PanicError
	if temporal.IsCanceledError(err) || errors.As(err, &panicked) {
		return false
	}
	return !errors.As(err, &failure) || !failure.NonRetryable()
}

func (s steps) validateCareRecipient(ctx workflow.Context, in protocol.ValidateInput) (care.RunScope, error) {
	return callOnDatabase[care.RunScope](ctx, s.queues, shortly, "Check the person and whether they can be synced", protocol.ValidateCareRecipientActivity, in)
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

func (s steps) validateParticipant(ctx workflow.Context, in protocol.ValidateInput) (care.RunScope, error) {
	return callOnDatabase[care.RunScope](ctx, s.queues, shortly, "Check the person and whether the NDIA can be asked", protocol.ValidateParticipantActivity, in)
}

func (s steps) retrievePlan(ctx workflow.Context, in protocol.RetrieveInput) (protocol.ContractResult, error) {
	return call[protocol.ContractResult](ctx, s.readingNDIA(), "Read the plan, stage its preview", protocol.RetrievePlanActivity, in)
}

func (s steps) createServiceContract(ctx workflow.Context, in protocol.CreateInput) (protocol.ContractResult, error) {
	return call[protocol.ContractResult](ctx, s.readingNDIA(), "Read the plan again, save the contract", protocol.CreateServiceContractActivity, in)
}

func (s steps) refreshContract(ctx workflow.Context, in protocol.AreaInput) (protocol.ContractResult, error) {
	return call[protocol.ContractResult](ctx, s.readingNDIA(), "Read the plan, save what needs no approval", protocol.RefreshContractActivity, in)
}

func (s steps) completeRun(ctx workflow.Context, in protocol.CompleteInput) (care.RunResult, error) {
	return callOnDatabase[care.RunResult](ctx, s.queues, recording, "Record the outcome", protocol.CompleteRunActivity, in)
}

func (s steps) planBulk(ctx workflow.Context, in protocol.PlanBulkInput) (protocol.BulkPlan, error) {
	return callOnDatabase[protocol.BulkPlan](ctx, s.queues, planning, "Select people", protocol.PlanBulkActivity, in)
}

func (s steps) planFromLists(ctx workflow.Context, in protocol.BulkPart) (protocol.BulkPlan, error) {
	options := lists(s.queues.Bulk(care.ServicesAustralia), in.OrganisationID)
	return call[protocol.BulkPlan](ctx, options, "Read the providers' lists, select people", protocol.PlanFromListsActivity, in)
}

func (s steps) setBulkPaused(ctx workflow.Context, part protocol.BulkPart, paused bool) error {
	_, err := callOnDatabase[struct{}](ctx, s.queues, shortly, "Signal the running chunks", protocol.SetPausedActivity, part, paused)
	return err
}

func (s steps) syncChunk(ctx workflow.Context, kind care.RunKind, in protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
	summary := fmt.Sprintf("Sync chunk %d", in.Chunk)
	if in.SetAside != "" {
		summary = "Sync the people who were set aside"
	}
	return call[protocol.BulkChunkResult](ctx, chunk(s.queues.Bulk(kind.Service()), in.OrganisationID), summary, protocol.SyncBulkChunkActivity, in)
}

func (s steps) escalatedPeople(ctx workflow.Context, part protocol.BulkPart) ([]care.ID, error) {
	return callOnDatabase[[]care.ID](ctx, s.queues, shortly, "Find people to retry individually", protocol.EscalatedActivity, part)
}

func (s steps) setAsidePeople(ctx workflow.Context, part protocol.BulkPart) (protocol.PeopleSetAside, error) {
	return callOnDatabase[protocol.PeopleSetAside](ctx, s.queues, shortly, "Find people set aside until the end", protocol.SetAsideActivity, part)
}

func (s steps) awaitRun(ctx workflow.Context, in protocol.AwaitRunInput) error {
	_, err := call[struct{}](ctx, awaiting(s.queues.CareSync()), "Wait for the sync that is already running", protocol.AwaitRunActivity, in)
	return err
}

func (s steps) settleBatch(ctx workflow.Context, in protocol.SettleInput) (care.BulkCounts, error) {
	return callOnDatabase[care.BulkCounts](ctx, s.queues, recording, "Settle the remaining people, and count", protocol.SettleBatchActivity, in)
}

func (s steps) completeBulk(ctx workflow.Context, in protocol.CompleteBulkInput) (protocol.BulkResult, error) {
	return callOnDatabase[protocol.BulkResult](ctx, s.queues, recording, "Record the outcome", protocol.CompleteBulkActivity, in)
}

func (s steps) recordClaimEvent(ctx workflow.Context, in protocol.ClaimEventInput) (care.ClaimAnswer, error) {
	return callOnDatabase[care.ClaimAnswer](ctx, s.queues, recording, "Record the claim's event", protocol.RecordClaimEventActivity, in)
}

func (s steps) requestClaimSyncs(ctx workflow.Context, in protocol.ClaimSyncsInput) (int, error) {
	return callOnDatabase[int](ctx, s.queues, recording, "Request the people's syncs", protocol.RequestClaimSyncsActivity, in)
}

func (s steps) readingServicesAustralia() workflow.ActivityOptions {
	return readingFromService(s.queues.Upstream(care.ServicesAustralia))
}

func (s steps) readingNDIA() workflow.ActivityOptions {
	return readingFromService(s.queues.Upstream(care.NDIA))
}
