package pace

import (
	"context"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

// RefreshRequest asks for an unattended refresh of a person's contracts (R31).
type RefreshRequest struct {
	Organisation care.Organisation
	Person       care.ID
	// Trigger is care.TriggerBulk or care.TriggerNotification.
	Trigger     care.Trigger
	RequestedBy string
}

// Refresh starts an unattended refresh, or asks for one after what is under way with the person (R31). It fails with db.ErrNotFound or
// syncs.ErrUnavailable. What a rule or the NDIA refuses is told by the run.
func (s *Service) Refresh(ctx context.Context, request RefreshRequest) (syncs.StartResult, error) {
	person, err := read.From(s.store).Person(ctx, request.Organisation, request.Person, s.store.Now())
	if err != nil {
		return syncs.StartResult{}, err
	}
	request.Person = person.ID // the workflow is named after it: an id can be written in several ways (R7)
	before, err := s.syncs.Running(ctx, protocol.PaceContractSyncID(request.Person))
	if err != nil {
		return syncs.StartResult{}, err
	}
	run, err := s.signal(ctx, request)
	joined := run != "" && run == before
	return syncs.StartResult{RunID: run, Joined: joined, AnotherPass: joined}, err
}

// signal says that the person's plan may have changed, and returns our id of the run that was told.
func (s *Service) signal(ctx context.Context, request RefreshRequest) (care.ID, error) {
	wanted := care.Request{
		OrganisationID: request.Organisation.ID, PersonID: request.Person, Trigger: request.Trigger, RequestedBy: request.RequestedBy,
	}
	options, input := protocol.PaceContractSyncStart(s.queues, wanted)
	run, err := s.temporal.SignalWithStartWorkflow(ctx, options.ID, protocol.RefreshRequested.Name,
		protocol.RefreshRequest{Trigger: request.Trigger, RequestedBy: request.RequestedBy}, options, protocol.PaceContractSyncWorkflow, input)
	if err != nil {
		return "", syncs.TemporalError("ask for a refresh", err)
	}
	return s.record(ctx, wanted, run.GetRunID())
}

// notifiedBy is the requester of a refresh after a notification.
const notifiedBy = "ndia"

// Notify records what the NDIA notified of at one time, and requests one refresh of each person who needs it (R30, R31). What is
// sent again is taken for news all the same: notifications say nothing but "read again", and two that are told alike may be about two
// changes. After an error they are to be sent again.
func (s *Service) Notify(ctx context.Context, organisation care.Organisation, notifications ...db.Notification) ([]db.NotificationResult, error) {
	all, refresh := make([]db.NotificationResult, 0, len(notifications)), map[care.ID]bool{}
	for _, notification := range notifications {
		noted, err := s.store.NoteNotification(ctx, organisation, notification, s.store.Now())
		if err != nil {
			return nil, err
		}
		all = append(all, noted)
		refresh[noted.PersonID] = noted.Refresh // the last word on the person's endorsements counts
	}
	for person, wanted := range refresh {
		if !wanted {
			continue
		}
		if _, err := s.signal(ctx, RefreshRequest{
			Organisation: organisation, Person: person, Trigger: care.TriggerNotification, RequestedBy: notifiedBy,
		}); err != nil {
			return nil, err
		}
	}
	return all, nil
}
