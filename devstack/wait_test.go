package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWaitUntil(t *testing.T) {
	telling := errors.New("not yet")
	always := func(context.Context) error { return telling }
	closed := make(chan struct{})
	close(closed)

	t.Run("succeeds after some attempts", func(t *testing.T) {
		attempts := 0
		require.NoError(t, waitUntil(t.Context(), time.Minute, nil, func(context.Context) error {
			if attempts++; attempts < 3 {
				return telling
			}
			return nil
		}))
		require.Equal(t, 3, attempts)
	})
	t.Run("a final error ends it", func(t *testing.T) {
		err := waitUntil(t.Context(), time.Minute, nil, func(context.Context) error { return final(telling) })
		require.Equal(t, telling, err)
		require.NoError(t, final(nil))
	})
	t.Run("the end of what it waits for ends it", func(t *testing.T) {
		require.Equal(t, telling, waitUntil(t.Context(), time.Minute, closed, always))
	})
	t.Run("the time-out tells the last error", func(t *testing.T) {
		require.EqualError(t, waitUntil(t.Context(), time.Millisecond, nil, always), "not after 1ms: not yet")
	})
	t.Run("a check that is cut short does not hide the error before", func(t *testing.T) {
		attempts := 0
		err := waitUntil(t.Context(), 2*pollInterval, nil, func(ctx context.Context) error {
			if attempts++; attempts == 1 {
				return telling
			}
			<-ctx.Done()
			return final(ctx.Err())
		})
		require.ErrorIs(t, err, telling)
	})
	t.Run("a cancellation tells its reason", func(t *testing.T) {
		reason := errors.New("PostgreSQL died")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		require.Equal(t, reason, waitUntil(ctx, time.Minute, nil, always))
	})
}
