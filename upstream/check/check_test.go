package check_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/transport"
)

var connection = care.Connection{ID: "0198c5a0-0000-7000-8000-000000000001", Service: care.NDIA, DeviceName: "wattle-1", RANumber: "1234567890"}

// login is PRODA, which answers each request for a token in this way.
func login(t *testing.T, status int, body string) (*proda.Tokens, care.Connection) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	store := &prodatest.Store{}
	key, err := proda.NewKey()
	require.NoError(t, err)
	store.SetPrivateKey(connection.ID, key)
	at := connection
	at.TokenBaseURL = server.URL
	client := proda.NewClient(transport.NewClient(transport.Options{}), proda.Options{})
	return proda.NewTokens(client, store, store), at
}

func token(keyExpiry time.Time) string {
	return fmt.Sprintf(`{"access_token":"t","token_type":"Bearer","expires_in":3600,"key_expiry":%q,"device_expiry":%q}`,
		keyExpiry.Format(time.RFC3339), time.Now().AddDate(1, 0, 0).Format(time.RFC3339))
}

func explain(err error) string { return "explained: " + err.Error() }

func TestAllWell(t *testing.T) {
	tokens, connection := login(t, 200, token(time.Now().AddDate(1, 0, 0)))
	result := check.Connection(t.Context(), connection, tokens, check.Service{
		Step: "Ask", Explain: explain, Call: func(context.Context) (string, error) { return "It answers.", nil },
	})
	require.Equal(t, check.Result{Steps: []check.Step{
		{Name: "Log in at PRODA", OK: true, Says: "Logged in."},
		{Name: "Ask", OK: true, Says: "It answers."},
	}}, result)
}

func TestAKeyThatExpiresSoonIsAWarning(t *testing.T) {
	tokens, connection := login(t, 200, token(time.Now().AddDate(0, 0, 6)))
	result := check.Connection(t.Context(), connection, tokens, check.Service{
		Step: "Ask", Explain: explain, Call: func(context.Context) (string, error) { return "It answers.", nil },
	})
	require.NoError(t, result.Err)
	require.Len(t, result.Warnings, 1)
	require.Contains(t, result.Warnings[0], "The PRODA key expires on")
}

func TestARefusedCallIsExplainedWithTheGovernmentsOwnWords(t *testing.T) {
	tokens, connection := login(t, 200, token(time.Now().AddDate(1, 0, 0)))
	refused := &transport.Error{Service: care.NDIA, Operation: "test", Kind: transport.Refused, Words: "No such page"}
	result := check.Connection(t.Context(), connection, tokens, check.Service{
		Step: "Ask", Explain: explain, Call: func(context.Context) (string, error) { return "", refused },
	})
	require.Equal(t, refused, result.Err)
	require.Equal(t, check.Step{Name: "Ask", Says: "explained: " + refused.Error(), Words: "No such page"}, result.Steps[1])

	broken := errors.New("database away")
	result = check.Connection(t.Context(), connection, tokens, check.Service{
		Step: "Ask", Explain: explain, Call: func(context.Context) (string, error) { return "", broken },
	})
	require.Equal(t, check.Step{Name: "Ask", Says: "explained: database away"}, result.Steps[1], "a fault of ours has no words of theirs")
}

func TestWithoutALoginNothingIsCalled(t *testing.T) {
	tokens, connection := login(t, 400, `{"errors":[{"code":"DE.5","message":"Device is locked"}]}`)
	result := check.Connection(t.Context(), connection, tokens, check.Service{
		Step: "Ask", Explain: explain, Call: func(context.Context) (string, error) {
			t.Error("called")
			return "", nil
		},
	})
	require.Len(t, result.Steps, 1)
	require.False(t, result.Steps[0].OK)
	require.Equal(t, "Device is locked", result.Steps[0].Words)
	require.True(t, transport.IsKind(result.Err, transport.LoginRefused))
}
