package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

const pollInterval = 20 * time.Millisecond

// finalError is an error that waiting cannot resolve.
type finalError struct{ err error }

func (e finalError) Error() string { return e.err.Error() }
func (e finalError) Unwrap() error { return e.err }

// final marks an error as one that waiting cannot resolve; nil stays nil.
func final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

// waitUntil calls check repeatedly until it succeeds. It returns check's last error after the timeout, when that error is final or
// when ended is closed, and the cause of the cancellation when ctx is cancelled.
func waitUntil(ctx context.Context, timeout time.Duration, ended <-chan struct{}, check func(context.Context) error) error {
	deadline, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var telling error
	for {
		err := check(deadline)
		var last finalError
		switch {
		case err == nil:
			return nil
		case deadline.Err() != nil:
			// A check that is cut short says only that.
			return timeUp(ctx, timeout, cmp.Or(telling, err))
		case errors.As(err, &last):
			return last.err
		}
		telling = err
		select {
		case <-deadline.Done():
			return timeUp(ctx, timeout, err)
		case <-ended:
			return err
		case <-ticker.C:
		}
	}
}

func timeUp(ctx context.Context, timeout time.Duration, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("not after %s: %w", timeout, err)
}
