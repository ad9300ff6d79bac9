package activities

import (
	"context"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// Runs are the steps that are the same for every kind of run.
type Runs struct{ store *db.Store }

// NewRuns makes the steps for a process.
func NewRuns(store *db.Store) *Runs { return &Runs{store: store} }

// CompleteRun decides a run's outcome from its areas (R6) and records it.
func (r *Runs) CompleteRun(ctx context.Context, in protocol.CompleteInput) (care.RunResult, error) {
	result, issues := concluded(in)
	if in.DroppedRequests > 0 {
		issues = append(issues, care.Warning(in.Kind.Areas()[0], care.IssueRequestsDropped))
		result.Warnings++
		if err := r.store.DropClaimSyncs(ctx, in.Scope.OrganisationID, in.Scope.PersonID); err != nil {
			return result, err
		}
	}
	plan, err := r.store.FinishRun(ctx, in.Scope.OrganisationID, result, issues)
	result.PlanID = plan
	return result, err
}

// escalate records how a pass of a bulk run ended that a sync of the person's own will follow.
func (r *Runs) escalate(ctx context.Context, in protocol.CompleteInput) error {
	result, issues := concluded(in)
	return r.store.EscalateRun(ctx, in.Scope.OrganisationID, result, issues)
}

func concluded(in protocol.CompleteInput) (care.RunResult, []care.Issue) {
	result := care.Conclude(in.Areas)
	result.RunID = in.Scope.RunID
	return result, failureIssues(in)
}

// failureIssues explain what no step has explained: a refusal before any call, and the areas that gave up.
func failureIssues(in protocol.CompleteInput) (issues []care.Issue) {
	areas := in.Kind.Areas()
	if in.Scope.Refusal != "" {
		issues = append(issues, care.RefusalIssue(areas[0], in.Scope.Refusal, ""))
	}
	for _, area := range areas {
		if answer := in.Areas[area]; answer.Outcome == care.AreaFailed {
			issues = append(issues, care.RefusalIssue(area, answer.Reason, ""))
		}
	}
	return issues
}
