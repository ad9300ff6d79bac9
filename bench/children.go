package main

import (
	"context"
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
)

const (
	parentWorkflow = "BenchParent"
	// childrenAtOnce is the size of the window that is fastest with Temporal's state in PostgreSQL: 10 to 20.
	childrenAtOnce = 16
)

// workflowEach is a Care Recipient Sync workflow for each person, as children of one parent: what most would write on Temporal.
var workflowEach = contender{name: "child each", start: startChildren, workflows: func(people int) int64 { return 1 + int64(people) }}

// parentInput is what the parent needs. The list of people stands in its history: with more than a few thousand it would not fit.
type parentInput struct {
	Queues protocol.TaskQueues
	People []care.Request
}

func startChildren(ctx context.Context, w *workplace) (contest, error) {
	parentQueue := w.queues.Prefix + "parent"
	parents := worker.New(w.temporal, parentQueue, worker.Options{DisableRegistrationAliasing: true})
	parents.RegisterWorkflowWithOptions(syncChildren, workflow.RegisterOptions{Name: parentWorkflow})
	stop, err := w.host(ctx, func(ctx context.Context) error { return temporal.RunWorker(ctx, parents) })
	if err != nil {
		return contest{}, err
	}
	return contest{stop: stop, sync: func(ctx context.Context, people []care.ID) error {
		input := parentInput{Queues: w.queues}
		for _, person := range people {
			input.People = append(input.People, w.request(person, care.TriggerBulk))
		}
		started, err := w.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: parentQueue, TaskQueue: parentQueue}, parentWorkflow, input)
		if err != nil {
			return err
		}
		return started.Get(ctx, nil)
	}}, nil
}

// syncChildren runs a child for each person, some at once.
func syncChildren(ctx workflow.Context, input parentInput) error {
	people := slices.Clone(input.People)
	var failed error
	group := workflow.NewWaitGroup(ctx)
	for range childrenAtOnce {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			for len(people) > 0 && failed == nil {
				next := people[0]
				people = people[1:]
				if err := syncChild(ctx, input.Queues, next); err != nil {
					failed = err
				}
			}
		})
	}
	group.Wait(ctx)
	return failed
}

func syncChild(ctx workflow.Context, queues protocol.TaskQueues, request care.Request) error {
	options, input := protocol.CareRecipientSyncStart(queues, request)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: options.ID, TaskQueue: options.TaskQueue})
	var result care.RunResult
	if err := workflow.ExecuteChildWorkflow(ctx, protocol.CareRecipientSyncWorkflow, input).Get(ctx, &result); err != nil {
		return fmt.Errorf("child workflow: %w", err)
	}
	return nil
}
