package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const pollInterval = 20 * time.Millisecond

// finalError is one that waiting does not mend.
type finalError struct{ err error }

func (e finalError) Error() string { return e.err.Error() }
func (e finalError) Unwrap() error { return e.err }

// final marks an error as one that waiting does not mend; nil stays nil.
func final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

// waitUntil asks again and again until check succeeds. It gives up with check's last error after the timeout or when that error
// is final, and with the reason of the cancellation when ctx is cancelled. When ended is closed it checks a last time.
func waitUntil(ctx context.Context, timeout time.Duration, ended <-chan struct{}, check func(context.Context) error) error {
	deadline, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := check(deadline)
		var last finalError
		if err == nil {
			return nil
		} else if errors.As(err, &last) {
			return last.err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline.Done():
			return fmt.Errorf("not after %s: %w", timeout, err)
		case <-ended:
			return err
		case <-ticker.C:
		}
	}
}
