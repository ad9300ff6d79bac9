// Package pace is what people and programs do with the NDIA's PACE API: they enable it, retrieve a person's plan, review the preview,
// create its service contract, refresh one, and pass on what the NDIA notifies of. Commands, the HTTP API and pages use it alike.
package pace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/words"
)

// busyInterval is how often a workflow that was busy is asked again.
const busyInterval = 500 * time.Millisecond

// ErrCheckFailed means that the PACE API was not enabled, since the connection does not work. The steps of the check say why.
var ErrCheckFailed = errors.New("the connection to the NDIA does not work, so the PACE API was not enabled")

// NotAdmitted means that a Create was not begun, and nothing was written.
type NotAdmitted struct{ Reason care.Reason }

func (e *NotAdmitted) Error() string { return fmt.Sprintf("not created: %s", e.Reason) }

// Explain says what happened and what to do, in plain words.
func (e *NotAdmitted) Explain() string { return words.Reason(e.Reason, care.NDIA) }

// Temporal is what is needed of a Temporal client.
type Temporal interface {
	NewWithStartWorkflowOperation(options client.StartWorkflowOptions, workflow any, args ...any) client.WithStartWorkflowOperation
	UpdateWithStartWorkflow(ctx context.Context, options client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error)
	UpdateWorkflow(ctx context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error)
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any, options client.StartWorkflowOptions,
		workflow any, workflowArgs ...any) (client.WorkflowRun, error)
}

// Checker tests a connection.
type Checker interface {
	Check(ctx context.Context, connection care.Connection) check.Result
}

// Service is safe for use by many goroutines.
type Service struct {
	store    *db.Store
	temporal Temporal
	queues   protocol.TaskQueues
	syncs    *syncs.Service
	checker  Checker
	// busy is how often a workflow that was busy is asked again.
	busy time.Duration
}

// New makes a service.
func New(store *db.Store, temporal Temporal, queues protocol.TaskQueues, syncs *syncs.Service, checker Checker) *Service {
	return &Service{store: store, temporal: temporal, queues: queues, syncs: syncs, checker: checker, busy: busyInterval}
}
