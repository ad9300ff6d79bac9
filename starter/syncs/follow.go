package syncs

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/starter/waits"
)

const (
	// pollInterval is how often a followed run's rows are read.
	pollInterval = 250 * time.Millisecond
	// describeInterval is how often Temporal is asked what a followed run waits for.
	describeInterval = 2 * time.Second
	// closingInterval and closingTries are how long a workflow gets to close after its run has recorded its outcome.
	closingInterval = 50 * time.Millisecond
	closingTries    = 100
)

// ErrAbandoned means that the workflow ended without finishing its run, for instance because an operator terminated it.
var ErrAbandoned = errors.New("the workflow ended without finishing the run; see the Temporal UI for the reason. Start the sync again")

// Update is where a followed run stands. What the run waits for is what its rows and Temporal tell together.
type Update struct{ Run read.RunProgress }

// Finished reports whether there is nothing more to follow.
func (u Update) Finished() bool { return u.Run.State == read.RunFinished }

// Follow yields where a run stands, at once and whenever something changes, until it has finished. A database that is away for a while
// is waited for. It yields an error and ends where the run is unknown (db.ErrNotFound), was abandoned (ErrAbandoned), or ctx ends.
func (s *Service) Follow(ctx context.Context, organisation, run care.ID) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		follower := follower{service: s, organisation: organisation, run: run}
		poll.Watch(ctx, s.poll, follower.look)(yield)
	}
}

// FollowAll follows a run and, where the request asked for more than that run did, the pass after it (R7).
func (s *Service) FollowAll(ctx context.Context, organisation care.Organisation, started StartResult) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		var last Update
		for update, err := range s.Follow(ctx, organisation.ID, started.RunID) {
			if last = update; !yield(update, err) || err != nil {
				return
			}
		}
		if !started.AnotherPass || last.Run.AllBudgets || !last.Finished() {
			return
		}
		next, err := s.nextPass(ctx, organisation, last.Run)
		if err != nil {
			yield(last, err)
			return
		}
		if next == "" {
			return
		}
		for update, err := range s.Follow(ctx, organisation.ID, next) {
			if !yield(update, err) {
				return
			}
		}
	}
}

// nextPass waits until a finished run's workflow has gone on with another pass, or has ended without one.
func (s *Service) nextPass(ctx context.Context, organisation care.Organisation, run read.RunProgress) (care.ID, error) {
	return poll.Until(ctx, s.poll, func() (next care.ID, ended bool, err error) {
		newest, err := s.current(ctx, run.WorkflowID, run.Kind)
		if err != nil {
			return "", true, err
		}
		if newest.original != "" && newest.original != run.ID {
			return newest.original, true, s.recordNextPass(ctx, organisation, run, newest.original)
		}
		return "", !newest.running, nil
	})
}

// recordNextPass writes the row of the pass after a run, unless its first step has been quicker.
func (s *Service) recordNextPass(ctx context.Context, organisation care.Organisation, before read.RunProgress, next care.ID) error {
	request := care.Request{
		OrganisationID: organisation.ID, PersonID: before.Person.ID, Trigger: care.TriggerOnDemand, AllBudgets: true, RequestedBy: before.RequestedBy,
	}
	if before.Kind == care.RunPACEContract { // what follows a session that someone attended is a refresh (R31)
		request.AllBudgets, request.Trigger = false, care.TriggerBulk
	}
	return s.RecordRun(ctx, db.RunStart{ID: next, Kind: before.Kind, WorkflowID: before.WorkflowID, Request: request})
}

// follower remembers what was seen last.
type follower struct {
	service           *Service
	organisation, run care.ID
	last              Update
	seen              bool
	described         time.Time
	// temporal is what Temporal knew when it was asked last.
	temporal waits.Seen
}

// look reads where the run stands, and whether that is news.
func (f *follower) look(ctx context.Context) (update Update, changed bool, err error) {
	update = f.last
	progress, err := read.From(f.service.store).RunProgress(ctx, f.organisation, f.run)
	switch {
	case db.Away(err):
		update.Run.Wait = care.Wait{Cause: care.WaitsForDatabase, Trouble: db.TroubleOf(err)}
	case err != nil:
		return update, false, err
	default:
		wait, err := f.wait(ctx, progress)
		if err != nil {
			return update, false, err
		}
		update.Run = waitingFor(progress, wait)
	}
	changed = !f.seen || !reflect.DeepEqual(update, f.last)
	f.last, f.seen = update, true
	return update, changed, nil
}

// wait asks Temporal now and then what an unfinished run waits for. Temporal being away is no error: the rows say enough.
func (f *follower) wait(ctx context.Context, progress read.RunProgress) (care.Wait, error) {
	if progress.State == read.RunFinished {
		return care.Wait{}, nil
	}
	if f.described.IsZero() {
		f.described = time.Now()
	}
	if time.Since(f.described) < f.service.describe {
		return f.temporal.Beside(progress.Wait), nil
	}
	f.described = time.Now()
	newest, err := f.service.current(ctx, progress.WorkflowID, progress.Kind)
	switch {
	case err != nil:
		f.temporal = Unseen(err)
	case newest.running && newest.original == f.run:
		f.temporal = newest.seen
	default:
		return care.Wait{}, f.abandoned(ctx)
	}
	return f.temporal.Beside(progress.Wait), nil
}

// abandoned looks at the row once more, since the run may have finished after it was read.
func (f *follower) abandoned(ctx context.Context) error {
	progress, err := read.From(f.service.store).RunProgress(ctx, f.organisation, f.run)
	if err == nil && progress.State != read.RunFinished {
		return ErrAbandoned
	}
	return nil // the next look shows the end, or what is wrong with the database
}
