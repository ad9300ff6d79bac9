// Package syncs starts, joins, follows and cancels syncs for those that people and programs use: commands, the HTTP API and pages.
package syncs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/waits"
)

var (
	// ErrNoCareRecipientID means that the person cannot be synced before the id is known.
	ErrNoCareRecipientID = errors.New("this person has no care recipient id")
	// ErrFinished means that the run has ended already, so that there is nothing to cancel.
	ErrFinished = errors.New("the run has already finished")
	// ErrUnavailable means that the Temporal server could not be reached. Trying again may help.
	ErrUnavailable = errors.New("the Temporal server is unavailable")
)

// Temporal is what is needed of a Temporal client.
type Temporal interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any, options client.StartWorkflowOptions,
		workflow any, workflowArgs ...any) (client.WorkflowRun, error)
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	TerminateWorkflow(ctx context.Context, workflowID, runID, reason string, details ...any) error
	waits.Temporal
}

// Service is safe for use by many goroutines.
type Service struct {
	store    *db.Store
	temporal Temporal
	queues   protocol.TaskQueues
	// How often a followed run's rows are read, Temporal is asked about it, and a closing run is tried again.
	poll, describe, closing time.Duration
}

// New makes a service. It reads progress from the store, so that following works while workers are away.
func New(store *db.Store, temporal Temporal, queues protocol.TaskQueues) *Service {
	return &Service{store: store, temporal: temporal, queues: queues, poll: pollInterval, describe: describeInterval, closing: closingInterval}
}

// TemporalError keeps what the server says out of reach of people: its texts are for operators of Temporal.
func TemporalError(operation string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if temporal.Away(err) {
		return fmt.Errorf("%s: %w", operation, ErrUnavailable)
	}
	return fmt.Errorf("%s: %w", operation, err)
}
