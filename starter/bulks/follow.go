package bulks

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
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/waits"
)

// Update is where a followed bulk run stands. What it waits for is what its rows and Temporal tell together.
type Update struct{ Bulk read.BulkSummary }

// Finished reports whether there is nothing more to follow.
func (u Update) Finished() bool { return u.Bulk.State == read.BulkFinished }

// Follow yields where a bulk run stands, at once and whenever something changes, until it has finished. A database that is away for a
// while is waited for. It yields an error and ends where the bulk run is unknown (db.ErrNotFound), was abandoned (ErrAbandoned), or ctx
// ends.
func (s *Service) Follow(ctx context.Context, organisation, bulk care.ID) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		follower := follower{service: s, organisation: organisation, bulk: bulk}
		poll.Watch(ctx, s.poll, follower.look)(yield)
	}
}

// follower remembers what was seen last.
type follower struct {
	service            *Service
	organisation, bulk care.ID
	last               Update
	seen               bool
	described          time.Time
	// temporal is what Temporal knew when it was asked last.
	temporal waits.Seen
}

// look reads where the bulk run stands, and whether that is news.
func (f *follower) look(ctx context.Context) (update Update, changed bool, err error) {
	update = f.last
	progress, err := read.From(f.service.store).BulkProgress(ctx, f.organisation, f.bulk)
	switch {
	case db.Away(err):
		update.Bulk = waitingFor(update.Bulk, care.Wait{Cause: care.WaitsForDatabase, Trouble: db.TroubleOf(err)})
	case err != nil:
		return update, false, err
	default:
		if err = f.askTemporal(ctx, progress); err != nil {
			return update, false, err
		}
		update.Bulk = waitingFor(progress, f.temporal.Beside(progress.Wait))
	}
	changed = !f.seen || isNews(f.last, update)
	if changed {
		f.last, f.seen = update, true
	}
	return update, changed, nil
}

// isNews leaves out how large the estimates are: they change all the time.
func isNews(before, now Update) bool {
	if (before.Bulk.PerMinute == nil) == (now.Bulk.PerMinute == nil) {
		before.Bulk.PerMinute, before.Bulk.EstimatedEnd = now.Bulk.PerMinute, now.Bulk.EstimatedEnd
	}
	return !reflect.DeepEqual(before, now)
}

// waitingFor is a bulk run that waits for something. Whatever keeps it from going on makes estimates of its speed wrong (R38).
func waitingFor(bulk read.BulkSummary, wait care.Wait) read.BulkSummary {
	if bulk.State == read.BulkFinished {
		return bulk
	}
	bulk.Wait = wait
	if wait.Known() {
		bulk.PerMinute, bulk.EstimatedEnd = nil, nil
	}
	return bulk
}

// askTemporal asks Temporal now and then about the workflow of a bulk run that has not finished. Temporal being away is no error: the rows say
// enough.
func (f *follower) askTemporal(ctx context.Context, progress read.BulkSummary) error {
	if f.described.IsZero() {
		f.described = time.Now()
	}
	if progress.State == read.BulkFinished || time.Since(f.described) < f.service.describe {
		return nil
	}
	f.described = time.Now()
	at, err := f.service.look(ctx, progress.WorkflowID)
	if err != nil {
		f.temporal = syncs.Unseen(err)
		return nil
	}
	if at.running || !at.known && time.Since(progress.RequestedAt) < startsWithin {
		f.temporal = f.service.seen(ctx, progress, at)
		return nil
	}
	f.temporal = waits.Seen{}
	if err := f.service.abandoned(ctx, f.organisation, f.bulk); !errors.Is(err, ErrFinished) && !errors.Is(err, db.ErrUnavailable) {
		return err
	}
	return nil // the next look shows the end
}

// seen is what Temporal knows of what a bulk run waits for.
func (s *Service) seen(ctx context.Context, bulk read.BulkSummary, at found) waits.Seen {
	seen, err := waits.Of(ctx, s.temporal, s.queues, bulk.Kind.Service(), at.described)
	if err != nil {
		return syncs.Unseen(syncs.TemporalError("look at what the bulk run waits for", err))
	}
	return seen
}

// Wait is a bulk run with what it waits for, as its rows and Temporal tell (R38).
func (s *Service) Wait(ctx context.Context, bulk read.BulkSummary) read.BulkSummary {
	if bulk.State == read.BulkFinished {
		return bulk
	}
	bounded, cancel := context.WithTimeout(ctx, waits.AnswersWithin)
	defer cancel()
	at, err := s.look(bounded, bulk.WorkflowID)
	switch {
	case err != nil:
		return waitingFor(bulk, syncs.Unseen(err).Beside(bulk.Wait))
	case at.running:
		return waitingFor(bulk, s.seen(bounded, bulk, at).Beside(bulk.Wait))
	default:
		return waitingFor(bulk, bulk.Wait)
	}
}

// AddWaits adds to the bulk runs of a list what Temporal knows of those that have not finished: there are few of them at a time.
func (s *Service) AddWaits(ctx context.Context, bulks []read.BulkSummary) {
	bounded, cancel := context.WithTimeout(ctx, waits.AnswersWithin)
	defer cancel()
	for i := range bulks {
		bulks[i] = s.Wait(bounded, bulks[i])
	}
}

// HasBegun waits until a scheduled bulk run's row is there, which its first step writes. It fails when ctx ends.
func (s *Service) HasBegun(ctx context.Context, organisation, bulk care.ID) error {
	_, err := poll.Until(ctx, s.poll, func() (read.BulkSummary, bool, error) {
		progress, err := read.From(s.store).BulkProgress(ctx, organisation, bulk)
		if errors.Is(err, db.ErrNotFound) || errors.Is(err, db.ErrUnavailable) {
			return progress, false, nil
		}
		return progress, true, err
	})
	return err
}
