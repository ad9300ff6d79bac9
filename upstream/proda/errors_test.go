package proda_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

func TestOnlyCodedErrorsAreTerminal(t *testing.T) { // R9
	coded := func(code string) string {
		return `{"errors":[{"code":"` + code + `","message":"The device of RA0001"}]}`
	}
	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   transport.Kind
		code   string
	}{
		{"organisation not found", 404, coded("DE.2"), transport.LoginRefused, "DE.2"},
		{"device not found", 404, coded("DE.4"), transport.LoginRefused, "DE.4"},
		{"device in invalid state", 400, coded("DE.5"), transport.LoginRefused, "DE.5"},
		{"organisation not active", 403, coded("DE.9"), transport.LoginRefused, "DE.9"},
		{"key problem", 401, coded("JWK.9"), transport.LoginRefused, "JWK.9"},
		{"coded with a 500", 500, coded("DE.5"), transport.LoginRefused, "DE.5"},
		{"mapping", 400, `{"error":"mapping_error","error_description":"No mapping"}`, transport.LoginRefused, "mapping_error"},
		{"device", 400, `{"error":"device_error"}`, transport.LoginRefused, "device_error"},
		{"OAuth's own", 401, `{"error":"invalid_client"}`, transport.LoginRefused, "invalid_client"},
		{"OAuth's not now", 400, `{"error":"temporarily_unavailable"}`, transport.LoginUnavailable, "temporarily_unavailable"},
		{"rate limit", 429, `{"error":"slow_down"}`, transport.LoginUnavailable, "slow_down"},
		{"rate limit with a code", 429, coded("DE.5"), transport.LoginUnavailable, "DE.5"},
		{"failure", 500, `{"error":"server_error"}`, transport.LoginUnavailable, "server_error"},
		{"maintenance", 503, "<html>", transport.LoginUnavailable, "unavailable"},
		{"nothing of PRODA's", 404, coded("1"), transport.LoginUnavailable, "1"},
		{"no such page", 404, "<html>", transport.LoginUnavailable, "not_found"},
		{"a gateway's refusal", 403, "<html>", transport.LoginUnavailable, "not_authorised"},
		{"HTML", 200, "<html>", transport.LoginUnavailable, "unreadable"},
		{"empty", 200, "", transport.LoginUnavailable, "unreadable"},
		{"no token", 200, `{"token_type":"Bearer"}`, transport.LoginUnavailable, "unreadable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := startPRODA(t)
			store := fake.activated()
			fake.answer = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "20")
				refuse(w, test.status, test.body)
			}
			_, err := fake.process(store).tokens.Current(t.Context(), fake.connection())
			failed := failure(t, err)
			require.Equal(t, test.kind, failed.Kind)
			require.Equal(t, test.code, failed.Code)
			require.Equal(t, proda.Service, failed.Service)
			require.Equal(t, test.kind == transport.LoginUnavailable, failed.Retryable())
			require.Equal(t, test.kind == transport.LoginRefused, failed.OrganisationWide())
			if test.status != 200 {
				require.Equal(t, 20*time.Second, failed.RetryAfter)
			}
			require.NotContains(t, err.Error(), "RA0001", "the words stay out of the text")
			require.Equal(t, 1, fake.calls())
		})
	}
}

func TestTimeoutsAndBrokenConnectionsToPRODAAreRetried(t *testing.T) {
	fake := startPRODA(t)
	connection := fake.connection()
	fake.answer = func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that the caller went only after it has read the body
		<-r.Context().Done()
	}
	hasty := proda.NewClient(transport.NewClient(transport.Options{Timeout: 20 * time.Millisecond}), proda.Options{})
	_, err := hasty.RequestToken(t.Context(), connection, firstKey())
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind)
	require.Equal(t, "timeout", failure(t, err).Code)

	fake.Close()
	_, err = fake.client().RequestToken(t.Context(), connection, firstKey())
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind)
	require.Equal(t, transport.CodeConnectionRefused, failure(t, err).Code)

	connection.TokenBaseURL = ""
	_, err = fake.client().RequestToken(t.Context(), connection, firstKey())
	require.Equal(t, transport.NotSetUp, failure(t, err).Kind)
}

func TestEveryCodeOfTheContractIsExplained(t *testing.T) {
	unknown := proda.Explain("XY.1")
	require.NotEmpty(t, unknown)
	for _, code := range []string{"DE.2", "DE.4", "DE.5", "DE.7", "DE.9", "JWK.1", "JWK.2", "JWK.8", "JWK.9", "mapping_error", "device_error"} {
		require.NotEqual(t, unknown, proda.Explain(code), code)
		require.NotEmpty(t, proda.Explain(code), code)
	}
}
