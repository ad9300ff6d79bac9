package bulks

import (
	"cmp"
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
)

// What a bulk run can wait for beyond what its row says.
const (
	waitsForWorker   = "waiting for a free worker"
	waitsForTemporal = "Temporal is not responding; the bulk run continues when it does"
)

// Update is where a followed bulk run stands.
type Update struct {
	Bulk read.BulkSummary
	// Waiting says in words what the bulk run waits for beyond what Bulk says: a worker, Temporal, our database. Empty if nothing is known.
	Waiting string
}

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
}

// look reads where the bulk run stands, and whether that is news.
func (f *follower) look(ctx context.Context) (update Update, changed bool, err error) {
	update = f.last
	progress, err := read.From(f.service.store).BulkProgress(ctx, f.organisation, f.bulk)
	switch {
	case errors.Is(err, db.ErrUnavailable):
		update.Waiting = syncs.WaitsForDatabase
	case err != nil:
		return update, false, err
	default:
		update.Bulk = progress
		if update.Waiting, err = f.waiting(ctx, progress); err != nil {
			return update, false, err
		}
	}
	changed = !f.seen || isNews(f.last, update)
	if changed {
		f.last, f.seen = update, true
	}
	return update, changed, nil
}

// isNews leaves out the estimates: they change all the time.
func isNews(before, now Update) bool {
	before.Bulk.PerMinute, before.Bulk.EstimatedEnd = now.Bulk.PerMinute, now.Bulk.EstimatedEnd
	return !reflect.DeepEqual(before, now)
}

// NotBegun says that no worker has started a bulk run although one should have by now, with what to do; empty if there is nothing to say.
func NotBegun(bulk read.BulkSummary) string {
	if bulk.State != read.BulkQueued {
		return ""
	}
	return bulk.Explanation
}

// waiting asks Temporal now and then about the workflow of a bulk run that has not finished. Temporal being away is no error: the rows say
// enough.
func (f *follower) waiting(ctx context.Context, progress read.BulkSummary) (string, error) {
	if progress.State == read.BulkFinished {
		return "", nil
	}
	notBegun := NotBegun(progress)
	if f.described.IsZero() {
		f.described = time.Now()
		f.last.Waiting = notBegun
	}
	if time.Since(f.described) < f.service.describe {
		return f.last.Waiting, nil
	}
	f.described = time.Now()
	at, err := f.service.look(ctx, progress.WorkflowID)
	if err != nil {
		return waitsForTemporal, nil
	}
	switch {
	case at.running && at.idle:
		return cmp.Or(notBegun, waitsForWorker), nil
	case at.running, !at.known && time.Since(progress.RequestedAt) < startsWithin:
		return notBegun, nil
	}
	if err := f.service.abandoned(ctx, f.organisation, f.bulk); !errors.Is(err, ErrFinished) && !errors.Is(err, db.ErrUnavailable) {
		return "", err
	}
	return "", nil // the next look shows the end
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
