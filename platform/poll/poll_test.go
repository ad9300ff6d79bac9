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
