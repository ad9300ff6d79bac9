package doctor

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/starter/orphans"
	"github.com/caresync/caresync/starter/present"
)

const (
	// lostFor is how long a row may stand without its workflow: it is closed within five minutes.
	lostFor = 15 * time.Minute
	// runsWithin is how long a single sync may take: each of its areas gives up after a quarter of an hour.
	runsWithin = 2 * time.Hour
	// bulksMoveWithin is how soon a bulk run that is neither paused nor waiting settles someone.
	bulksMoveWithin = time.Hour
	// waitsWithin is how long a bulk run may wait for a service before doctor says so, pausedWithin how long it may be paused.
	waitsWithin, pausedWithin = 2 * time.Hour, 24 * time.Hour
	// answeredWithin is how soon a run follows what a claim caused.
	answeredWithin = 30 * time.Minute
	// takenWithin is how soon a reader of the outbox takes a fact.
	takenWithin = 24 * time.Hour
	// mostLookedUp is how many workflows of rows that have been open for long are looked up.
	mostLookedUp = 50
)

const needsBoth = needsDatabase | needsSchema | needsTemporal | needsNamespace | needsOwn

var workChecks = []check{
	{area: Work, name: "syncs", needs: needsBoth, look: openRuns},
	{area: Work, name: "bulk runs", needs: needsBoth, look: openBulks},
	{area: Work, name: "workflows without a row", needs: needsBoth, look: findOrphans},
	{area: Work, name: "claims", needs: needsDatabase | needsSchema, look: claimBacklog},
	{area: Work, name: "outbox", needs: needsDatabase | needsSchema, look: outboxBacklog},
}

// runs reports whether a workflow is running.
func (p *patient) runs(ctx context.Context, workflowID string) (bool, error) {
	described, err := p.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if temporal.Gone(err) {
		return false, nil
	}
	return described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, err
}

func openRuns(ctx context.Context, p *patient) (string, []Finding, error) {
	open, err := read.From(p.store).OpenRunsFor(ctx, lostFor)
	if err != nil {
		return "", nil, err
	}
	var lost, slow []string
	for i, run := range open {
		goesOn := true
		if i < mostLookedUp {
			if goesOn, err = p.runs(ctx, run.WorkflowID); err != nil {
				return "", nil, err
			}
		}
		switch {
		case !goesOn:
			lost = append(lost, string(run.ID)+" of "+run.Slug)
		case time.Since(run.RequestedAt) > runsWithin:
			slow = append(slow, string(run.ID)+" of "+run.Slug)
		}
	}
	var findings []Finding
	if len(lost) > 0 {
		findings = append(findings, failure(present.Count(len(lost), "sync is", "syncs are")+" open without a workflow: "+named(lost)+".",
			"Reconcile closes them every five minutes; look at \"own schedules\" and \"task queues\" for why it does not. `caresync runs cancel RUN_ID` closes one at once."))
	}
	if len(slow) > 0 {
		findings = append(findings, warning(present.Count(len(slow), "sync has", "syncs have")+" been in progress for more than "+ago(runsWithin)+": "+named(slow)+".",
			"`caresync runs show RUN_ID` says what it waits for."))
	}
	return "", findings, nil
}

func openBulks(ctx context.Context, p *patient) (string, []Finding, error) {
	open, err := read.From(p.store).OpenBulksFor(ctx, lostFor)
	if err != nil {
		return "", nil, err
	}
	var findings []Finding
	for i, bulk := range open {
		goesOn := true
		if i < mostLookedUp {
			if goesOn, err = p.runs(ctx, bulk.WorkflowID); err != nil {
				return "", findings, err
			}
		}
		findings = append(findings, openBulk(bulk, goesOn)...)
	}
	return "", findings, nil
}

func openBulk(bulk read.OpenBulk, goesOn bool) []Finding {
	name := "The bulk run " + string(bulk.ID) + " of " + bulk.Slug
	show := "`caresync bulk show " + string(bulk.ID) + " --organisation " + bulk.Slug + "`"
	cancel := "`caresync bulk cancel " + string(bulk.ID) + " --organisation " + bulk.Slug + "`"
	switch {
	case !goesOn:
		return []Finding{failure(name+" is open without a workflow.",
			"Reconcile closes it; look at \"own schedules\" and \"task queues\" for why it does not. "+cancel+" closes it at once.")}
	case bulk.PausedAt != nil:
		if time.Since(*bulk.PausedAt) < pausedWithin {
			return nil
		}
		return []Finding{warning(name+" has been paused for "+ago(time.Since(*bulk.PausedAt))+". It keeps its schedule from running.",
			"Resume it with `caresync bulk resume "+string(bulk.ID)+" --organisation "+bulk.Slug+"`, or end it with "+cancel+".")}
	case bulk.WaitingSince != nil:
		if time.Since(*bulk.WaitingSince) < waitsWithin {
			return nil
		}
		return []Finding{warning(name+" has been waiting for "+ago(time.Since(*bulk.WaitingSince))+".", show+" says for what.")}
	case bulk.StartedAt == nil:
		return []Finding{failure(name+" was requested "+ago(time.Since(bulk.RequestedAt))+" ago, and no worker has started it.", "Start a worker; look at \"task queues\".")}
	case time.Since(bulk.MovedAt) > bulksMoveWithin:
		return []Finding{failure(name+" has made no progress for "+ago(time.Since(bulk.MovedAt))+".", show+" and its workflow's pending activities in the Temporal UI say why.")}
	}
	return nil
}

func findOrphans(ctx context.Context, p *patient) (string, []Finding, error) {
	found, err := orphans.Find(ctx, p.store, p.temporal, p.options.Queues)
	if err != nil || len(found) == 0 {
		return "", nil, err
	}
	var ids []string
	for _, orphan := range found {
		ids = append(ids, orphan.WorkflowID)
	}
	return "", []Finding{failure(
		fmt.Sprintf("Temporal runs %s that the database knows nothing of, as after a restore: %s.", present.Count(len(found), "workflow", "workflows"), named(ids)),
		"`caresync deployment end-orphans` lists them and ends them. What they saved before the restore is gone with it; sync those people again.")}, nil
}

func claimBacklog(ctx context.Context, p *patient) (string, []Finding, error) {
	backlog, err := read.From(p.store).Backlog(ctx)
	if err != nil || backlog.ClaimSyncs == 0 || time.Since(backlog.OldestClaimSync) < answeredWithin {
		return "", nil, err
	}
	return "", []Finding{warning(
		fmt.Sprintf("%s that claims caused %s not started, the first for %s.", present.Count(backlog.ClaimSyncs, "sync", "syncs"), hasOrHave(backlog.ClaimSyncs), ago(time.Since(backlog.OldestClaimSync))),
		"They start once a worker is free, and are requested again every five minutes; look at \"task queues\" and \"own schedules\".")}, nil
}

func hasOrHave(number int) string {
	if number == 1 {
		return "has"
	}
	return "have"
}

func outboxBacklog(ctx context.Context, p *patient) (string, []Finding, error) {
	backlog, err := read.From(p.store).Backlog(ctx)
	waits := time.Since(backlog.OldestFact)
	switch {
	case err != nil:
		return "", nil, err
	case !backlog.OutboxHasReader:
		return "no other program reads the outbox", nil, nil
	case waits < takenWithin:
		return "", nil, nil
	}
	return "", []Finding{warning("The program that reads the outbox has not taken facts for "+ago(waits)+".", "Start that program. Facts are kept for it, and the outbox grows.")}, nil
}
