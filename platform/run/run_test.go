package run_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/platform/run"
)

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func TestSignalStopsAllParts(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			stopped := false
			err := run.UntilStopped(t.Context(),
				func(ctx context.Context) error {
					if err := syscall.Kill(syscall.Getpid(), signal); err != nil {
						return err
					}
					return untilDone(ctx)
				},
				func(ctx context.Context) error {
					<-ctx.Done()
					stopped = true
					return nil
				})
			require.NoError(t, err)
			require.True(t, stopped)
		})
	}
}

func TestFailureStopsTheOthersAndIsReturned(t *testing.T) {
	broken := errors.New("broken")
	err := run.UntilStopped(t.Context(), untilDone, func(context.Context) error { return broken })
	require.ErrorIs(t, err, broken)
}

func TestEndOfContextStopsAllParts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, run.UntilStopped(ctx, untilDone, func(context.Context) error {
		cancel()
		return nil
	}))
}

func TestHTTPFinishesRequestsUnderWay(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	underWay, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(underWay)
		<-finish
		_, _ = io.WriteString(w, "whole answer")
	})

	answers := make(chan string, 1)
	err = run.UntilStopped(t.Context(),
		run.HTTP(listener, handler, zap.NewNop()),
		func(context.Context) error {
			answer, err := get("http://" + listener.Addr().String())
			answers <- answer
			return err
		},
		func(context.Context) error {
			<-underWay
			return syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
		},
		func(ctx context.Context) error {
			<-ctx.Done()
			close(finish)
			return nil
		})

	require.NoError(t, err)
	require.Equal(t, "whole answer", <-answers)
	_, err = net.Dial("tcp", listener.Addr().String())
	require.Error(t, err, "the port is closed")
}

func TestHTTPReportsListenerThatFails(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	err = run.HTTP(listener, http.NotFoundHandler(), zap.NewNop())(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
}

func get(url string) (string, error) {
	response, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
