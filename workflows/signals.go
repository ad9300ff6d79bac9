package workflows

import "go.temporal.io/sdk/workflow"

// drain takes all signals that have arrived. Each is decoded into a value of its own: a field that one leaves out must not be that of the
// one before.
func drain[T any](signals workflow.ReceiveChannel) (all []T) {
	for {
		var one T
		if !signals.ReceiveAsync(&one) {
			return all
		}
		all = append(all, one)
	}
}
