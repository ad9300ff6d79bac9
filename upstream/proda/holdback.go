package proda

import (
	"errors"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

// heldBack is a login that PRODA put off, and until when.
type heldBack struct {
	because *transport.Error
	until   time.Time
}

// retryAfter is how long PRODA wants to be left alone.
func retryAfter(err error) time.Duration {
	var failure *transport.Error
	if errors.As(err, &failure) {
		return failure.RetryAfter
	}
	return 0
}

// holdBack remembers a failure with which PRODA said how long it wants to be left alone.
func (t *Tokens) holdBack(connection care.Connection, err error) {
	var failure *transport.Error
	if !errors.As(err, &failure) || failure.Kind != transport.LoginUnavailable || failure.RetryAfter == 0 {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.held[placeOf(connection)] = heldBack{because: failure, until: t.now().Add(failure.RetryAfter)}
}

// stillHeldBack repeats that failure, with the time that is left, until it has passed.
func (t *Tokens) stillHeldBack(connection care.Connection) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	held, ok := t.held[placeOf(connection)]
	left := held.until.Sub(t.now())
	if !ok || left <= 0 {
		return nil
	}
	again := *held.because
	again.RetryAfter = left
	return &again
}
