package main

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
)

// No one holds a connection for ever, whichever of the services they call.
func TestADrippedCallIsCutOff(t *testing.T) {
	const patience, soon = time.Minute, 100 * time.Millisecond
	simulator, err := server.New(world.Options{})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- serveUntilDone(ctx, listener, simulator, deadlines{header: soon, request: soon, answer: patience, idle: soon}, zap.NewNop())
	}()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, simulator.Close())
	})
	for name, sent := range map[string]string{
		"headers": "GET /control/state HTTP/1.1\r\nHost: simulator\r\nX-Slow: ",
		"claims":  "POST /control/claims HTTP/1.1\r\nHost: simulator\r\nContent-Length: 50000\r\n\r\n",
		"PRODA":   "POST /mga/sps/oauth/oauth20/token HTTP/1.1\r\nHost: simulator\r\nContent-Length: 50000\r\n\r\n",
		"idle":    "GET /control/state HTTP/1.1\r\nHost: simulator\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", listener.Addr().String())
			require.NoError(t, err)
			t.Cleanup(func() { _ = connection.Close() })
			require.NoError(t, connection.SetDeadline(time.Now().Add(patience)))
			_, err = io.WriteString(connection, sent)
			require.NoError(t, err)
			if name != "idle" {
				go func() {
					for err := error(nil); err == nil; time.Sleep(soon / 10) {
						_, err = connection.Write([]byte("x"))
					}
				}()
			}
			_, err = io.ReadAll(connection)
			var slow net.Error
			require.False(t, errors.As(err, &slow) && slow.Timeout(), "the connection is still open")
		})
	}
}
