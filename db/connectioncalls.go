package db

import (
	"context"
	"sync"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	// answerInterval is how often it is recorded at most that a connection's service answers, failureInterval that it fails in the same way.
	answerInterval, failureInterval = 30 * time.Second, 5 * time.Second
	// recordTimeout bounds such a record, so that a database that is away delays no call for long.
	recordTimeout = 2 * time.Second
	// mostWords is how much is kept of the government's words, in characters.
	mostWords = 500
)

// CallRecorder records the results of the calls of connections: that the service answers, and how it fails. It is safe for use by many goroutines.
type CallRecorder struct {
	store    *Store
	mutex    sync.Mutex
	recorded map[care.ID]recordedCall
}

// recordedCall is what this process has recorded of a connection last.
type recordedCall struct {
	answered, failed time.Time
	kind             transport.Kind
}

// NewCallRecorder makes a process's recorder.
func (s *Store) NewCallRecorder() *CallRecorder {
	return &CallRecorder{store: s, recorded: make(map[care.ID]recordedCall)}
}

// Observe records an attempt, unless another one like it has been recorded just before. What cannot be recorded is left out. It is a
// transport.Options.Observe.
func (r *CallRecorder) Observe(ctx context.Context, attempt transport.Attempt) {
	if attempt.Connection == "" || attempt.Failure == nil && attempt.Status == 0 { // no call, or one that was given up here
		return
	}
	failed := attempt.Failure != nil && concernsConnection(attempt)
	if !r.isDue(attempt, failed) {
		return
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if !failed {
		_ = r.store.queries.RecordAnswer(bounded, gen.RecordAnswerParams{ConnectionID: attempt.Connection, At: r.store.Now()})
		return
	}
	_ = r.store.queries.RecordCallFailure(bounded, gen.RecordCallFailureParams{
		ConnectionID: attempt.Connection, At: r.store.Now(), FailedService: string(attempt.Service), Operation: attempt.Operation,
		Kind: string(attempt.Kind), Code: attempt.Failure.Code, Status: int32(attempt.Status), Words: transport.Storable(attempt.Failure.Words, mostWords),
	})
}

// concernsConnection reports whether a failure says something of the connection, and not only of the person who was asked about. All that PRODA
// refuses does.
func concernsConnection(attempt transport.Attempt) bool {
	return attempt.Service == proda.Service || attempt.Kind.Retryable() || attempt.Kind.OrganisationWide()
}

func (r *CallRecorder) isDue(attempt transport.Attempt, failed bool) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now, last := r.store.Now(), r.recorded[attempt.Connection]
	if failed {
		if attempt.Kind == last.kind && now.Sub(last.failed) < failureInterval {
			return false
		}
		last.failed, last.kind = now, attempt.Kind
	} else {
		if now.Sub(last.answered) < answerInterval && last.failed.Before(last.answered) {
			return false
		}
		last.answered = now
	}
	r.recorded[attempt.Connection] = last
	return true
}
