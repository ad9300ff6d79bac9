package console_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/testkit"
)

// wholeServer is everything that `caresync serve` shows to the public, behind the server that it runs, and its address. What it sends
// stays with it until someone reads it.
func wholeServer(t *testing.T, store *db.Store, temporalServer *temporaltest.Server, deadlines run.Deadlines, logger *zap.Logger) string {
	t.Helper()
	codec, err := temporal.NewCodecEndpoint(temporal.CodecEndpointOptions{
		Keyring: testkit.Keyring(), Token: "operator", UI: "http://127.0.0.1:8233", Logger: zap.NewNop(),
	})
	require.NoError(t, err)
	stopping, stop := context.WithCancel(context.Background())
	following, lots := syncs.New(store, temporalServer, protocol.TaskQueues{}), bulks.New(store, temporalServer, protocol.TaskQueues{})
	pages, err := console.New(console.Options{Store: store, Syncs: following, Bulks: lots, Logger: logger, Stopping: stopping})
	require.NoError(t, err)
	handler := console.Beside(api.New(api.Options{Store: store, Syncs: following, Bulks: lots, Codec: codec, Logger: logger, Stopping: stopping}), pages)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- deadlines.HTTP(unbuffered{listener}, handler, zap.NewNop())(stopping) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return listener.Addr().String()
}

// unbuffered listens for connections that keep little of what is sent.
type unbuffered struct{ net.Listener }

func (l unbuffered) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if tcp, isTCP := connection.(*net.TCPConn); isTCP {
		err = tcp.SetWriteBuffer(16 << 10)
	}
	return connection, err
}

// Whoever drips a body is answered in the end, and does not hold the connection, with a credential or without.
func TestADrippedBodyIsCutOffEverywhere(t *testing.T) {
	store := testkit.Database(t)
	organisation, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	_, token, err := store.CreateAPIToken(t.Context(), organisation.ID, "tests")
	require.NoError(t, err)
	session, err := store.OpenConsoleSession(t.Context(), db.SignIn{OrganisationID: organisation.ID, Name: "Robin Ellery", ExpiresAt: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	address := wholeServer(t, store, temporaltest.New(), run.Deadlines{Header: patience, Body: 200 * time.Millisecond, Answer: patience, Idle: patience}, zap.NewNop())
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	for name, test := range map[string]struct{ request, header, status string }{
		"API without a token":          {"POST /v1/bulk-runs", "", "401"},
		"API":                          {"POST /v1/bulk-runs", "Content-Type: application/json\r\nAuthorization: Bearer " + token + "\r\n", "408"},
		"payloads without a token":     {"POST /codec/decode", "", "401"},
		"payloads":                     {"POST /codec/decode", "Content-Type: application/json\r\nAuthorization: Bearer operator\r\n", "408"},
		"health":                       {"GET /healthz", "", "200"},
		"sign-in":                      {"POST /sign-in", form, "408"},
		"console without a session":    {"POST /people/syncs", form, "303"},
		"console":                      {"POST /people/syncs", form + "Cookie: caresync-session=" + session + "\r\n", "408"},
		"an address that is not there": {"POST /nowhere", "", "404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection, err := net.Dial("tcp", address)
			require.NoError(t, err)
			t.Cleanup(func() { _ = connection.Close() })
			require.NoError(t, connection.SetDeadline(time.Now().Add(patience)))
			_, err = io.WriteString(connection, test.request+" HTTP/1.1\r\nHost: caresync\r\nContent-Length: 50000\r\n"+test.header+"\r\n")
			require.NoError(t, err)
			go func() {
				for err := error(nil); err == nil; time.Sleep(20 * time.Millisecond) {
					_, err = connection.Write([]byte(" "))
				}
			}()
			answer, err := io.ReadAll(connection)
			var timeout net.Error
			require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the connection is still open")
			require.Regexp(t, "^HTTP/1.1 "+test.status, string(answer))
		})
	}
}
