package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/protocol"
)

// RenewKeys renews the keys of PRODA's devices that are due (R36), each independently: one that fails holds up no other, and is tried again the
// next day. It is scheduled.
func RenewKeys(ctx workflow.Context, taskQueuePrefix string) (protocol.KeysRenewed, error) {
	queues := protocol.TaskQueues{Prefix: taskQueuePrefix}
	due, err := callOnDatabase[protocol.DueKeys](ctx, queues, shortly, "Find keys to renew", protocol.DueKeysActivity, protocol.DueKeysInput{})
	if err != nil {
		return protocol.KeysRenewed{}, err
	}
	result := protocol.KeysRenewed{Due: len(due.Connections)}
	renewing := workflow.NewWaitGroup(ctx)
	for _, key := range due.Connections {
		renewing.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer renewing.Done()
			came, err := call[protocol.KeyRenewal](ctx, readingFromService(queues.Upstream(key.Service)), "Renew a device's key", protocol.RenewKeyActivity, key)
			switch {
			case err != nil || came.Refused != "":
				result.Failed++
			case came.Renewed:
				result.Renewed++
			}
		})
	}
	renewing.Wait(ctx)
	return result, ctx.Err()
}
