package pace

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/syncs"
)

const (
	// patience is how long a retrieval or a create continues when whoever asked for it has left: longer than the NDIA may be away before the run
	// gives up.
	patience = 20 * time.Minute
	// takenUpWithin is how long the run that answers may be unknown: the Temporal server says so, at the latest, after a long poll.
	takenUpWithin = 30 * time.Second
)

// Detached returns a context for work that continues when its requester has left. It ends when the program stops, or after a time.
func Detached(ctx, stopping context.Context) (context.Context, context.CancelFunc) {
	going, end := context.WithTimeout(context.WithoutCancel(ctx), patience)
	stop := context.AfterFunc(stopping, end)
	return going, func() { stop(); end() }
}

// BeginDetached begins a retrieval that continues when its requester has left.
func (s *Service) BeginDetached(ctx, stopping context.Context, request Request) *PreviewJob {
	going, end := Detached(ctx, stopping)
	job := s.Begin(going, request)
	go func() {
		<-job.Done()
		end()
	}()
	return job
}

// TakenUp waits until it is known which run answers a retrieval, or the answer is there; then no run may have been needed. A refresh that is
// under way is waited for, since the retrieval follows it. It fails with syncs.ErrUnavailable where no run is known in time.
func (s *Service) TakenUp(ctx context.Context, organisation care.Organisation, job *PreviewJob) (run care.ID, err error) {
	timer := time.NewTimer(takenUpWithin)
	defer timer.Stop()
	for {
		select {
		case next, more := <-job.Run():
			if !more {
				found, err := job.Wait(ctx)
				return found.RunID, err
			}
			progress, err := read.From(s.store).RunProgress(ctx, organisation.ID, next)
			if run = next; err != nil || progress.Trigger.Attended() {
				return run, err
			}
		case <-timer.C:
			if run == "" {
				return "", syncs.ErrUnavailable
			}
			return run, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
