package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// signalsAtOnce is how many people of a claim are signalled at the same time.
const signalsAtOnce = 8

// errTemporalUnavailable: a workflow could not be signalled or looked at. Trying again helps.
var errTemporalUnavailable = errors.New("the Temporal server did not respond")

// Signaller is what the steps need of a Temporal client to ask for syncs.
type Signaller interface {
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any, options client.StartWorkflowOptions,
		workflow any, workflowArgs ...any) (client.WorkflowRun, error)
}

// Claims are the steps of a claim's follow-up (R20).
type Claims struct{ store *db.Store }

// NewClaims makes the steps for a process.
func NewClaims(store *db.Store) *Claims { return &Claims{store: store} }

// RegisterClaimSteps registers the steps; syncs are asked for through the client.
func (c *Claims) RegisterClaimSteps(registry worker.ActivityRegistry, temporal Signaller) {
	register(registry, protocol.RecordClaimEventActivity, c.RecordClaimEvent)
	register(registry, protocol.RequestClaimSyncsActivity, func(ctx context.Context, in protocol.ClaimSyncsInput) (int, error) {
		return c.RequestClaimSyncs(ctx, temporal, in)
	})
}

// RecordClaimEvent records an event once, with the syncs that it causes. One that breaks the contract is answered with its refusal:
// whoever sent it has gone on, and sending it again would change nothing.
func (c *Claims) RecordClaimEvent(ctx context.Context, in protocol.ClaimEventInput) (care.ClaimAnswer, error) {
	event := in.Event.ClaimEvent
	if in.Event.Version != protocol.ClaimEventVersion {
		return care.ClaimAnswer{Refusal: care.RefusedVersion}, nil
	}
	if err := event.Check(); err != nil {
		return care.ClaimAnswer{Refusal: care.RefusedInvalid, Problem: err.Error()}, nil
	}
	event.ClaimID = protocol.CanonicalClaimID(event.ClaimID)
	if event.OrganisationID != in.OrganisationID || event.ClaimID != protocol.CanonicalClaimID(in.ClaimID) {
		return care.ClaimAnswer{Refusal: care.RefusedMisdirected}, nil
	}
	return c.store.RecordClaimEvent(ctx, event)
}

// RequestClaimSyncs requests each sync that the claim has triggered, and then records the request. After a crash between the two, the
// sync is requested again, which causes at most one more pass (R7). It returns the number of syncs requested.
func (c *Claims) RequestClaimSyncs(ctx context.Context, temporal Signaller, in protocol.ClaimSyncsInput) (int, error) {
	people, err := c.store.DueClaimSyncs(ctx, in.OrganisationID, in.ClaimID)
	if err != nil {
		return 0, err
	}
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(signalsAtOnce)
	for _, due := range people {
		group.Go(func() error {
			if err := requestSync(groupContext, temporal, in, due.PersonID); err != nil {
				return err
			}
			return c.store.ClaimSyncRequested(groupContext, in.OrganisationID, in.ClaimID, due)
		})
	}
	return len(people), group.Wait()
}

func requestSync(ctx context.Context, temporal Signaller, in protocol.ClaimSyncsInput, person care.ID) error {
	request := care.Request{
		OrganisationID: in.OrganisationID, PersonID: person, Trigger: care.TriggerClaim, RequestedBy: "claim " + string(in.ClaimID),
	}
	options, input := protocol.CareRecipientSyncStart(protocol.TaskQueues{Prefix: in.TaskQueuePrefix}, request)
	_, err := temporal.SignalWithStartWorkflow(ctx, options.ID, protocol.SyncRequested.Name,
		protocol.SyncRequest{Trigger: request.Trigger, RequestedBy: request.RequestedBy}, options, protocol.CareRecipientSyncWorkflow, input)
	return askError("ask for a sync", err)
}

// askError keeps what the server says out of a step's error, and lets what is no trouble of the server's through.
func askError(operation string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || db.OfAnotherDeployment(err) {
		return err
	}
	return fmt.Errorf("%s: %w (%T)", operation, errTemporalUnavailable, err)
}
