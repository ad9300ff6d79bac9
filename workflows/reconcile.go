package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/protocol"
)

// Reconcile closes the runs and bulk runs that a workflow left open which was terminated or lost, and asks again for the syncs that were lost
// with one. It is scheduled.
func Reconcile(ctx workflow.Context, taskQueuePrefix string) (protocol.Reconciled, error) {
	queues := protocol.TaskQueues{Prefix: taskQueuePrefix}
	return call[protocol.Reconciled](ctx, reconciling(queues.CareSync()), "Close abandoned runs", protocol.ReconcileActivity,
		protocol.ReconcileInput{TaskQueuePrefix: taskQueuePrefix})
}
