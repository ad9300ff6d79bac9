package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
)

// A holder that died while PostgreSQL's clock was ahead does not keep its lease until that time.
func TestALeaseOfAWrongClock(t *testing.T) {
	address, move := testkit.MovableClock(t, testkit.DatabaseURL(t))
	store := testkit.Store(t, address)
	move(90 * time.Minute)
	taken, err := store.TakeLease(t.Context(), "schedules", db.NewID(), time.Minute)
	require.NoError(t, err)
	require.True(t, taken)
	move(0)
	next := db.NewID()
	for _, attempt := range []struct {
		holder care.ID
		taken  bool
	}{{next, true}, {db.NewID(), false}, {next, true}} {
		taken, err := store.TakeLease(t.Context(), "schedules", attempt.holder, time.Minute)
		require.NoError(t, err)
		require.Equal(t, attempt.taken, taken)
	}
}

func TestALeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	one, other := db.NewID(), db.NewID()
	take := func(holder care.ID, length time.Duration) bool {
		t.Helper()
		taken, err := store.TakeLease(t.Context(), "schedules", holder, length)
		require.NoError(t, err)
		return taken
	}
	require.True(t, take(one, time.Hour))
	require.True(t, take(one, time.Hour), "renewed")
	require.False(t, take(other, time.Hour))
	require.NoError(t, store.ReleaseLease(t.Context(), "schedules", other))
	require.False(t, take(other, time.Hour), "only its holder releases it")
	require.NoError(t, store.ReleaseLease(t.Context(), "schedules", one))
	require.True(t, take(other, time.Nanosecond))
	require.True(t, take(one, time.Hour), "it has run out")
}

// What one program does alone is done by no other at the same time, and by any afterwards, whatever became of it.
func TestWorkIsDoneAlone(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	failed := errors.New("failed")
	inside := func(context.Context) error {
		done, err := store.Alone(t.Context(), "work", time.Hour, func(context.Context) error { return errors.New("done by two") })
		require.NoError(t, err)
		require.False(t, done)
		return failed
	}
	for range 2 {
		done, err := store.Alone(t.Context(), "work", time.Hour, inside)
		require.ErrorIs(t, err, failed)
		require.True(t, done)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done, err := store.Alone(ctx, "work", time.Hour, func(context.Context) error { cancel(); return ctx.Err() })
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, done)
	done, err = store.Alone(t.Context(), "work", time.Hour, func(context.Context) error { return nil })
	require.NoError(t, err)
	require.True(t, done, "the lease was given up although the caller had gone")
}
