package syncs

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/waits"
)

const (
	// looksFrom is from which age a run in a list is looked at: most have ended by then.
	looksFrom = 30 * time.Second
	// mostLooks is how many runs of a list are looked at, looksAtOnce how many at the same time.
	mostLooks, looksAtOnce = 20, 5
)

// Wait is what a run waits for, as its rows and Temporal tell (R38).
func (s *Service) Wait(ctx context.Context, run read.RunSummary) care.Wait {
	if run.State == read.RunFinished || ofBulk(run) {
		return run.Wait
	}
	bounded, cancel := context.WithTimeout(ctx, waits.AnswersWithin)
	defer cancel()
	newest, err := s.current(bounded, run.WorkflowID, run.Kind)
	switch {
	case err != nil:
		return Unseen(err).Beside(run.Wait)
	case newest.running && newest.original == run.ID:
		return newest.seen.Beside(run.Wait)
	default:
		return run.Wait
	}
}

// AddWait is Wait for a run that is shown as a whole.
func (s *Service) AddWait(ctx context.Context, run read.RunProgress) read.RunProgress {
	return waitingFor(run, s.Wait(ctx, run.RunSummary))
}

// waitingFor is a run that waits for something. Where its rows tell of another cause, that is over.
func waitingFor(run read.RunProgress, wait care.Wait) read.RunProgress {
	if run.Wait.Known() && wait.Cause != run.Wait.Cause {
		run.Areas = slices.Clone(run.Areas)
		for i := range run.Areas {
			run.Areas[i].Retry = nil
		}
	}
	run.Wait = wait
	return run
}

// AddWaits adds to the runs of a list what Temporal knows of those that take long.
func (s *Service) AddWaits(ctx context.Context, runs []read.RunSummary) {
	ctx, cancel := context.WithTimeout(ctx, waits.AnswersWithin)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(looksAtOnce)
	looks := 0
	for i, run := range runs {
		if run.State == read.RunFinished || ofBulk(run) || time.Since(run.RequestedAt) < looksFrom || looks == mostLooks {
			continue
		}
		looks++
		group.Go(func() error {
			runs[i].Wait = s.Wait(ctx, run)
			return nil
		})
	}
	_ = group.Wait() // no look fails
}

// Unseen is what is known where Temporal could not be asked: that it is away, or that the database belongs to another deployment. Any other
// error leaves it to the rows.
func Unseen(err error) waits.Seen {
	switch {
	case db.OfAnotherDeployment(err):
		return waits.Seen{Wait: care.Wait{Cause: care.WaitsForDeployment}}
	case errors.Is(err, ErrUnavailable):
		return waits.Seen{Wait: care.Wait{Cause: care.WaitsForTemporal}}
	default:
		return waits.Seen{}
	}
}

// ofBulk reports whether a run is a pass within a bulk run, which has no workflow of its own.
func ofBulk(run read.RunSummary) bool { return protocol.OfBulkSync(run.WorkflowID) }
