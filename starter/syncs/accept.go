package syncs

import (
	"context"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// Accept lets the removals that a run held back through and starts a sync that makes them (R5). It fails with db.ErrNotFound where the
// run holds none back.
func (s *Service) Accept(ctx context.Context, organisation care.Organisation, run care.ID, by string) ([]read.Hold, StartResult, error) {
	progress, err := read.From(s.store).RunProgress(ctx, organisation.ID, run)
	if err != nil {
		return nil, StartResult{}, err
	}
	if err := s.store.AcceptHolds(ctx, organisation.ID, run, by); err != nil {
		return nil, StartResult{}, err
	}
	holds, err := read.From(s.store).RemovalHolds(ctx, organisation.ID, progress.Person.ID, run)
	if err != nil {
		return nil, StartResult{}, err
	}
	// A run that is under way may have read before the removal was accepted.
	request := Request{Organisation: organisation, Person: progress.Person.ID, AllBudgets: progress.AllBudgets, RequestedBy: by, Fresh: true}
	started, err := s.Start(ctx, request)
	return holds, started, err
}

// ConfirmSamePerson keeps that the person of a run's doubt about a given name is the same (R8), and starts a sync that asks no more. It
// fails with db.ErrNotFound where the run has no such doubt, and with care.InvalidError without a reason.
func (s *Service) ConfirmSamePerson(ctx context.Context, organisation care.Organisation, run care.ID, by, why string) (StartResult, error) {
	progress, err := read.From(s.store).RunProgress(ctx, organisation.ID, run)
	if err != nil {
		return StartResult{}, err
	}
	if err := s.store.ConfirmSamePerson(ctx, organisation.ID, run, by, why); err != nil {
		return StartResult{}, err
	}
	return s.Start(ctx, Request{Organisation: organisation, Person: progress.Person.ID, AllBudgets: progress.AllBudgets, RequestedBy: by, Fresh: true})
}
