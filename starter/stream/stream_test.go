package stream_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/starter/stream"
	"github.com/caresync/caresync/testkit"
)

func TestEventsAreWrittenAsTheStandardSays(t *testing.T) {
	t.Parallel()
	w := testkit.NewDeadlines()
	events := stream.Open(w)
	require.NoError(t, events.Reconnect(time.Second))
	require.NoError(t, events.Send("", "progress", "<p>one</p>\r\n<p>two</p>"))
	require.NoError(t, events.Beat())
	require.NoError(t, events.Send("a1", "end", "now"))
	require.Equal(t, stream.ContentType, w.Header().Get("Content-Type"))
	require.Equal(t, "retry: 1000\n\nevent: progress\ndata: <p>one</p>\ndata: <p>two</p>\n\n: still here\n\nid: a1\nevent: end\ndata: now\n\n", w.Body.String())
	require.True(t, w.Flushed)
}

func numbers(until int, failure error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for number := range until {
			if !yield(number, nil) {
				return
			}
		}
		if failure != nil {
			yield(0, failure)
		}
	}
}

// endless has no update until no one follows.
func endless(ctx context.Context) iter.Seq2[int, error] {
	return func(func(int, error) bool) { <-ctx.Done() }
}

func TestFollowTellsOfEveryUpdateUntilTheyEnd(t *testing.T) {
	t.Parallel()
	lost := errors.New("the database is away")
	var told []int
	var failed error
	ended := stream.Follow(t.Context(), numbers(3, lost), time.Hour, func(number int, err error) error {
		if err != nil {
			failed = err
			return nil
		}
		told = append(told, number)
		return nil
	}, nil)
	require.True(t, ended)
	require.Equal(t, []int{0, 1, 2}, told)
	require.Equal(t, lost, failed)
}

func TestFollowEndsWhenNoOneListens(t *testing.T) {
	t.Parallel()
	gone := errors.New("the connection is closed")
	calls := 0
	ended := stream.Follow(t.Context(), numbers(3, nil), time.Hour, func(int, error) error {
		calls++
		return gone
	}, nil)
	require.False(t, ended)
	require.Equal(t, 1, calls)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	beats := 0
	ended = stream.Follow(ctx, endless(ctx), time.Millisecond, nil, func() error {
		if beats++; beats == 3 {
			return gone
		}
		return nil
	})
	require.False(t, ended)
	require.Equal(t, 3, beats)

	cancel()
	require.False(t, stream.Follow(ctx, endless(ctx), time.Hour, nil, nil))
}
