// Package poll asks again, at a steady pace, until there is an answer, or for as long as there is news.
package poll

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/cenkalti/backoff/v5"
)

var errNotYet = errors.New("not yet")

// Until calls ask at once and then every interval until it returns an error or reports that it is done, and returns what ask returned last.
// When ctx ends first, it returns the error of ctx; ask is called at least once.
func Until[T any](ctx context.Context, every time.Duration, ask func() (answer T, done bool, err error)) (T, error) {
	answer, err := backoff.Retry(ctx, func() (T, error) {
		answer, done, err := ask()
		switch {
		case err != nil:
			return answer, backoff.Permanent(err)
		case !done:
			return answer, errNotYet
		default:
			return answer, nil
		}
	}, backoff.WithBackOff(backoff.NewConstantBackOff(every)), backoff.WithMaxElapsedTime(0))
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return answer, ctx.Err() // callers tell a cancellation from other errors by it, whatever its cause
	}
	return answer, err
}

// Watch yields what look finds, at once and then at each interval where that is news, until it is finished. It yields an error and ends where
// look fails, or ctx ends.
func Watch[T interface{ Finished() bool }](ctx context.Context, every time.Duration, look func(context.Context) (found T, news bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			found, news, err := look(ctx)
			if err != nil {
				yield(found, err)
				return
			}
			if news && !yield(found, nil) || found.Finished() {
				return
			}
			select {
			case <-ctx.Done():
				yield(found, ctx.Err())
				return
			case <-ticks.C:
			}
		}
	}
}
