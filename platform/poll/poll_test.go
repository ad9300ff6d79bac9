package poll_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/platform/poll"
)

func TestUntilAsksAtAnEvenPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, asked := time.Now(), 0
		answer, err := poll.Until(t.Context(), time.Hour, func() (string, bool, error) {
			asked++
			return "there", asked == 3, nil
		})
		require.NoError(t, err)
		require.Equal(t, "there", answer)
		require.Equal(t, 3, asked)
		require.Equal(t, 2*time.Hour, time.Since(began), "the first time is at once")
	})
}

func TestUntilReturnsTheErrorOfTheQuestion(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	_, err := poll.Until(t.Context(), time.Hour, func() (int, bool, error) { return 0, false, wrong })
	require.Equal(t, wrong, err)
}

func TestUntilEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	asked := 0
	answer, err := poll.Until(ctx, time.Hour, func() (int, bool, error) {
		asked++
		cancel(errors.New("the reason"))
		return asked, false, nil
	})
	require.Equal(t, context.Canceled, err)
	require.Equal(t, 1, asked)
	require.Equal(t, 1, answer)
}

// level is finished at ten.
type level int

func (l level) Finished() bool { return l == 10 }

// Only news is told, and the end even where a caller would continue.
func TestWatchYieldsNewsUntilTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, looks := time.Now(), []level{1, 1, 2, 10}
		var last level
		var told []level
		for found, err := range poll.Watch(t.Context(), time.Hour, func(context.Context) (level, bool, error) {
			found := looks[0]
			news := found != last
			looks, last = looks[1:], found
			return found, news, nil
		}) {
			require.NoError(t, err)
			told = append(told, found)
		}
		require.Equal(t, []level{1, 2, 10}, told)
		require.Equal(t, 3*time.Hour, time.Since(began), "the first look is at once")
	})
}

func TestWatchEndsWithAnErrorOrItsContext(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	for found, err := range poll.Watch(t.Context(), time.Hour, func(context.Context) (level, bool, error) { return 3, true, wrong }) {
		require.Equal(t, level(3), found)
		require.Equal(t, wrong, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var failed []error
	for _, err := range poll.Watch(ctx, time.Hour, func(context.Context) (level, bool, error) { return 3, true, nil }) {
		failed = append(failed, err)
		cancel()
	}
	require.Equal(t, []error{nil, context.Canceled}, failed)
	for range poll.Watch(t.Context(), time.Hour, func(context.Context) (level, bool, error) { return 3, true, nil }) {
		break
	}
}
