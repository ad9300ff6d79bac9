package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/waits"
)

const (
	// ownRunsWithin is how soon the deployment's own schedules run that run every five minutes, and how long a run of any may take.
	ownRunsWithin = 20 * time.Minute
	// keysRenewedWithin is how soon the schedule runs that renews keys once a day.
	keysRenewedWithin = 25 * time.Hour
)

var workerChecks = []check{
	{area: Workers, name: "task queues", needs: needsTemporal | needsNamespace, look: taskQueues},
	{area: Workers, name: "own schedules", needs: needsTemporal | needsNamespace | needsOwn, look: ownSchedules},
}

// pollers are the identities of the workers that poll a queue.
func pollers(ctx context.Context, p *patient, queue protocol.PolledQueue) ([]string, error) {
	described, err := p.temporal.DescribeTaskQueue(ctx, queue.Name, queue.Kind)
	if err != nil {
		return nil, err
	}
	var living []string
	for _, poller := range described.GetPollers() {
		if time.Since(poller.GetLastAccessTime().AsTime()) < waits.WorkersPollWithin {
			living = append(living, poller.GetIdentity())
		}
	}
	slices.Sort(living)
	return slices.Compact(living), nil
}

func countWorkers(ctx context.Context, p *patient) (int, error) {
	living, err := pollers(ctx, p, protocol.PolledQueue{Name: p.options.Queues.CareSync(), Kind: enumspb.TASK_QUEUE_TYPE_WORKFLOW})
	return len(living), err
}

func taskQueues(ctx context.Context, p *patient) (string, []Finding, error) {
	var unpolled []string
	workers, queues := map[string]int{}, p.options.Queues.Polled()
	for _, queue := range queues {
		living, err := pollers(ctx, p, queue)
		if err != nil {
			return "", nil, err
		}
		if len(living) == 0 {
			unpolled = append(unpolled, queue.Name)
		}
		for _, identity := range living {
			workers[identity]++
		}
	}
	slices.Sort(unpolled)
	unpolled = slices.Compact(unpolled)
	seen := present.Count(len(workers), "worker", "workers")
	if len(workers) == 0 {
		return seen, []Finding{failure("No worker takes tasks: whatever is started waits.",
			"Start a worker with the same TEMPORAL_NAMESPACE and CARESYNC_TASK_QUEUE_PREFIX. If one runs, its /readyz says what it waits for.")}, nil
	}
	if len(unpolled) > 0 {
		return seen, []Finding{failure("No worker polls "+named(unpolled)+": what needs it waits.", "Restart the workers, and look at their logs. Every worker polls all queues.")}, nil
	}
	for _, polled := range workers {
		if polled < len(queues) {
			return seen, []Finding{warning("Not every worker polls all task queues.", "Wait a minute if workers have just been started or stopped. Else restart them, and look at their logs.")}, nil
		}
	}
	return seen, nil, nil
}

func ownSchedules(ctx context.Context, p *patient) (string, []Finding, error) {
	var findings []Finding
	for _, own := range []ownSchedule{
		{protocol.ReconcileScheduleID(p.options.Queues), "what lost workflows left open is not closed", ownRunsWithin},
		{protocol.RefreshDueScheduleID(p.options.Queues), "contracts are not refreshed on the days on which funding begins", ownRunsWithin},
		{protocol.RenewKeysScheduleID(p.options.Queues), "keys of PRODA devices are not renewed", keysRenewedWithin},
	} {
		found, err := p.lookAtOwn(ctx, own)
		if err != nil {
			return "", findings, err
		}
		findings = append(findings, found...)
	}
	return "", findings, nil
}

// ownSchedule is one of the deployment's own. meanwhile is what follows if it does not run within a time.
type ownSchedule struct {
	id, meanwhile string
	within        time.Duration
}

func (p *patient) lookAtOwn(ctx context.Context, own ownSchedule) ([]Finding, error) {
	described, err := p.temporal.WorkflowService().DescribeSchedule(ctx, &workflowservice.DescribeScheduleRequest{Namespace: p.namespace, ScheduleId: own.id})
	if temporal.Gone(err) {
		return []Finding{failure("Temporal does not have the schedule "+own.id+": "+own.meanwhile+".", "Start a worker: it creates the schedule within minutes. If one runs, its log says why it cannot.")}, nil
	}
	if err != nil {
		return nil, err
	}
	if described.GetSchedule().GetState().GetPaused() {
		return []Finding{failure("The schedule "+own.id+" is paused in Temporal: "+own.meanwhile+".", "Resume it: `temporal schedule toggle --unpause --schedule-id "+own.id+"`.")}, nil
	}
	for _, running := range described.GetInfo().GetRunningWorkflows() {
		run, err := p.temporal.DescribeWorkflowExecution(ctx, running.GetWorkflowId(), running.GetRunId())
		if temporal.Gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		info := run.GetWorkflowExecutionInfo()
		if since := time.Since(info.GetStartTime().AsTime()); info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING && since > ownRunsWithin {
			return []Finding{failure(fmt.Sprintf("The workflow %s has been running for %s and keeps the next one from running: %s.", running.GetWorkflowId(), ago(since), own.meanwhile),
				"Look at its pending activity in the Temporal UI and at the workers' logs, then terminate it: the schedule starts it again.")}, nil
		}
	}
	return neverRuns(described, own), nil
}

// neverRuns says that a schedule has not run although it should have.
func neverRuns(described *workflowservice.DescribeScheduleResponse, own ownSchedule) []Finding {
	last := described.GetInfo().GetCreateTime().AsTime()
	for _, action := range described.GetInfo().GetRecentActions() {
		if at := action.GetActualTime().AsTime(); at.After(last) {
			last = at
		}
	}
	since := time.Since(last)
	if since <= own.within {
		return nil
	}
	return []Finding{failure(fmt.Sprintf("The schedule %s has not run for %s: %s.", own.id, ago(since), own.meanwhile),
		"Start a worker, which moves the schedule's end. If one runs, its log says why it cannot, or Temporal's own workers stand still.")}
}
