package activities

import (
	"context"

	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// RegisterDueRefreshes registers the step that asks for refreshes on the days on which funding periods begin.
func (p *PaceContract) RegisterDueRefreshes(registry worker.ActivityRegistry, temporal Signaller) {
	register(registry, protocol.RequestDueRefreshesActivity, func(ctx context.Context, in protocol.DueRefreshesInput) (int, error) {
		return p.RequestDueRefreshes(ctx, temporal, in)
	})
}

// RequestDueRefreshes asks for the refresh of each contract that is due (R34), as many as the hour's budget calls allow, and returns how many
// those are. One that is asked for twice causes at most one more refresh (R7).
func (p *PaceContract) RequestDueRefreshes(ctx context.Context, temporal Signaller, in protocol.DueRefreshesInput) (int, error) {
	due, err := p.store.DueRefreshes(ctx, in.At, protocol.RefreshDuePartsOfAnHour)
	if err != nil {
		return 0, err
	}
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(signalsAtOnce)
	for _, one := range due {
		group.Go(func() error { return requestRefresh(groupContext, temporal, in, one) })
	}
	return len(due), group.Wait()
}

func requestRefresh(ctx context.Context, temporal Signaller, in protocol.DueRefreshesInput, due db.DueRefresh) error {
	request := care.Request{OrganisationID: due.OrganisationID, PersonID: due.PersonID, Trigger: care.TriggerDay, RequestedBy: "CareSync"}
	options, input := protocol.PaceContractSyncStart(protocol.TaskQueues{Prefix: in.TaskQueuePrefix}, request)
	_, err := temporal.SignalWithStartWorkflow(ctx, options.ID, protocol.RefreshRequested.Name,
		protocol.RefreshRequest{Trigger: request.Trigger, RequestedBy: request.RequestedBy}, options, protocol.PaceContractSyncWorkflow, input)
	return askError("ask for a refresh", err)
}
