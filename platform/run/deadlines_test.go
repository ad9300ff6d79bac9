package run_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/platform/run"
)

const (
	// patience is how long something may take on a busy machine.
	patience = time.Minute
	// soon is a deadline that a test waits for.
	soon = 100 * time.Millisecond
)

// never is longer than any test: a deadline that does not strike.
var never = run.Deadlines{Header: time.Hour, Body: time.Hour, Answer: time.Hour, Idle: time.Hour}

// serve serves handler until the test ends, and is the server's address.
func serve(t *testing.T, deadlines run.Deadlines, handler http.HandlerFunc) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- deadlines.HTTP(listener, handler, zap.NewNop())(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return listener.Addr().String()
}

// connect sends the beginning of a request.
func connect(t *testing.T, address, sent string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	require.NoError(t, connection.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(connection, sent)
	require.NoError(t, err)
	return connection
}

// drip sends a byte again and again until the server has closed the connection.
func drip(connection net.Conn) {
	for {
		if _, err := connection.Write([]byte("x")); err != nil {
			return
		}
		time.Sleep(soon / 10)
	}
}

// requireClosed waits until the server has closed a connection, and returns what it answered before.
func requireClosed(t *testing.T, connection net.Conn) string {
	t.Helper()
	answer, err := io.ReadAll(connection)
	var slow net.Error
	require.False(t, errors.As(err, &slow) && slow.Timeout(), "the connection is still open")
	return string(answer)
}

const post = "POST / HTTP/1.1\r\nHost: caresync\r\nContent-Length: 100000\r\n\r\n"

func TestDrippedHeadersAreCutOff(t *testing.T) {
	t.Parallel()
	deadlines := never
	deadlines.Header = soon
	connection := connect(t, serve(t, deadlines, func(http.ResponseWriter, *http.Request) {}), "GET / HTTP/1.1\r\nHost: caresync\r\nX-Slow: ")
	go drip(connection)
	requireClosed(t, connection)
}

func TestADrippedBodyIsCutOff(t *testing.T) {
	t.Parallel()
	deadlines := never
	deadlines.Body = soon
	read := make(chan error, 1)
	handlers := map[string]http.HandlerFunc{
		"that a handler reads": func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			read <- err
		},
		"that a handler reads and closes": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
		},
		"that a handler leaves": func(http.ResponseWriter, *http.Request) {},
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			connection := connect(t, serve(t, deadlines, handler), post)
			go drip(connection)
			require.Contains(t, requireClosed(t, connection), "200 OK")
		})
	}
	var slow net.Error
	require.ErrorAs(t, <-read, &slow)
	require.True(t, slow.Timeout())
}

func TestAConnectionIsNotKeptForEver(t *testing.T) {
	t.Parallel()
	deadlines := never
	deadlines.Idle = soon
	connection := connect(t, serve(t, deadlines, func(http.ResponseWriter, *http.Request) {}), "GET / HTTP/1.1\r\nHost: caresync\r\n\r\n")
	require.Contains(t, requireClosed(t, connection), "200 OK")
}

func TestAnAnswerThatNoOneReadsIsCutOff(t *testing.T) {
	t.Parallel()
	deadlines := never
	deadlines.Answer = soon
	written := make(chan error, 1)
	connect(t, serve(t, deadlines, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				written <- err
				return
			}
		}
	}), "GET / HTTP/1.1\r\nHost: caresync\r\n\r\n")
	select {
	case err := <-written:
		require.Error(t, err)
	case <-time.After(patience):
		t.Fatal("the answer is still being written")
	}
}

// Work that takes longer than a body may take to arrive is not cancelled, whoever set the deadline.
func TestADeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	deadlines := never
	deadlines.Body = soon
	address := serve(t, deadlines, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own" {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(soon))
		}
		_, err := io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
			err = r.Context().Err()
		case <-time.After(5 * soon):
		}
		if err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
		}
	})
	for name, request := range map[string]string{
		"with a body":    "POST / HTTP/1.1\r\nHost: caresync\r\nContent-Length: 5\r\n\r\nhello",
		"without a body": "POST /own HTTP/1.1\r\nHost: caresync\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, err := bufio.NewReader(connect(t, address, request)).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "200 OK", strings.TrimSpace(strings.TrimPrefix(status, "HTTP/1.1 ")))
		})
	}
}
