package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/protocol"
)

// RefreshDue asks for the refresh of each contract that a day has brought money, and of each person whose next plan begins: the NDIA tells
// nothing of either (R34). It is scheduled, and returns how many it asked for.
func RefreshDue(ctx workflow.Context, taskQueuePrefix string) (int, error) {
	return callOnDatabase[int](ctx, protocol.TaskQueues{Prefix: taskQueuePrefix}, shortly, "Request due refreshes", protocol.RequestDueRefreshesActivity,
		protocol.DueRefreshesInput{At: workflow.Now(ctx), TaskQueuePrefix: taskQueuePrefix})
}
