// Package bulks starts, commands and follows bulk runs for those that people and programs use: commands, the HTTP API and pages.
package bulks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/waits"
)

const (
	// pollInterval is how often a followed bulk run's rows are read.
	pollInterval = 500 * time.Millisecond
	// describeInterval is how often Temporal is asked whether a followed bulk run's workflow still runs.
	describeInterval = 2 * time.Second
	// answersWithin is how long a worker gets to answer a command.
	answersWithin = 20 * time.Second
	// startsWithin is how long a bulk run that was recorded may have no workflow yet.
	startsWithin = time.Minute
)

var (
	// ErrFinished means that the bulk run has ended already, so that there is nothing to command.
	ErrFinished = errors.New("the bulk run has already finished")
	// ErrUnfinished means that the bulk run is in progress, so that its people cannot be retried yet.
	ErrUnfinished = errors.New("the bulk run has not finished yet: wait until it ends, or cancel it, then retry")
	// ErrNothingToRetry means that everyone in the bulk run succeeded.
	ErrNothingToRetry = errors.New("everyone in the bulk run succeeded: there is no one to retry")
	// ErrAbandoned means that the workflow ended without finishing the bulk run, for instance because an operator terminated it.
	ErrAbandoned = errors.New("the workflow ended without finishing the bulk run; see the Temporal UI for the reason. Cancel the bulk run to close it, then retry it")
	// ErrNoAnswer means that no worker took up the command in time. It may still take effect.
	ErrNoAnswer = errors.New("no worker answered in time. Start a worker and try again")
	// ErrStarting means that the bulk run is recorded, and its workflow is about to start.
	ErrStarting = errors.New("the bulk run is still starting; try again in a moment")
	// ErrIDTaken means that a bulk run of this id was asked for otherwise.
	ErrIDTaken = errors.New("a bulk run with this id was requested with different options: use another id for another bulk run")
)

// UnknownPeopleError says which of the people listed the organisation does not have, by their place in the list, from 1. It never repeats
// their numbers (R10).
type UnknownPeopleError struct{ Places []int }

func (e *UnknownPeopleError) Error() string {
	if len(e.Places) == 1 {
		return fmt.Sprintf("the organisation does not have the person at place %d of the list", e.Places[0])
	}
	return fmt.Sprintf("the organisation does not have %d of the people listed; the first of them is at place %d of the list", len(e.Places), e.Places[0])
}

// Temporal is what is needed of a Temporal client.
type Temporal interface {
	// Admit fails where nothing may be started.
	Admit(ctx context.Context) error
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	UpdateWorkflow(ctx context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error)
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	TerminateWorkflow(ctx context.Context, workflowID, runID, reason string, details ...any) error
	waits.Temporal
}

// Service is safe for use by many goroutines.
type Service struct {
	store    *db.Store
	temporal Temporal
	queues   protocol.TaskQueues
	// How often a followed bulk run's rows are read and Temporal is asked about it, and how long a worker gets to answer a command.
	poll, describe, answers time.Duration
}

// New makes a service. It reads progress from the store, so that following works while workers are away.
func New(store *db.Store, temporal Temporal, queues protocol.TaskQueues) *Service {
	return &Service{store: store, temporal: temporal, queues: queues, poll: pollInterval, describe: describeInterval, answers: answersWithin}
}
