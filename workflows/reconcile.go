package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// Reconcile closes the runs and bulk runs that a workflow left open which was terminated or lost. It is scheduled.
func Reconcile(ctx workflow.Context, taskQueuePrefix string) (protocol.Reconciled, error) {
	queues := protocol.TaskQueues{Prefix: taskQueuePrefix}
	options := readingFromService(queues.Upstream(care.ServicesAustralia))
	return call[protocol.Reconciled](ctx, options, "Close what was left open", protocol.ReconcileActivity, nil)
}
