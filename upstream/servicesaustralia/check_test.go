package servicesaustralia_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

func TestAConnectionTestSaysInWordsWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		kind   transport.Kind
		says   string
		words  string
	}{
		{"all well", says(200, `[{"careRecipientId":"1"}]`), "", "The provider's care recipients can be read.", ""},
		{"no one yet", says(404, notFound), "", "The service answers; it lists no care recipients for this provider.", ""},
		{"wrong address", says(404, "No such page"), transport.Refused, "Check the base address", "No such page"},
		{"a page instead", says(200, "<html>"), transport.Unreadable, "not the service's own", ""},
		{"not linked", says(403, `{"code":"AUTH","message":"Provider is not linked"}`), transport.NotAuthorised, "the provider's delegation to the device in PRODA", "Provider is not linked"},
		{"away", says(503, ""), transport.Unavailable, "is not available at the moment", ""},
		{"busy", says(429, ""), transport.RateLimited, "is limiting calls", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := startService(t, test.answer)
			connection := connectionTo(service.URL)
			result := loggedIn(t, connection, servicesaustralia.Options{}).Check(t.Context(), connection, unlimited{})
			require.Len(t, service.asked, 1, "one cheap call")
			require.Equal(t, "1", service.asked[0].Query().Get("limit"))
			require.Len(t, result.Steps, 2)
			require.Equal(t, check.Step{Name: "Log in at PRODA", OK: true, Says: "Logged in."}, result.Steps[0])
			require.Contains(t, result.Steps[1].Says, test.says)
			require.Equal(t, test.words, result.Steps[1].Words)
			require.Equal(t, test.kind == "", result.Steps[1].OK)
			require.Equal(t, test.kind == "", result.Err == nil)
			if test.kind != "" {
				require.Equal(t, test.kind, failure(t, result.Err).Kind)
			}
			require.Len(t, result.Warnings, 1, "the key expires within 30 days")
			require.Contains(t, result.Warnings[0], "The PRODA key expires on")
		})
	}
}

func TestAConnectionTestStopsAtTheLogin(t *testing.T) {
	service := startService(t, says(200, "[]"))
	connection := connectionTo(service.URL)
	calls := transport.NewClient(transport.Options{})
	store := &prodatest.Store{}
	client := servicesaustralia.NewClient(calls, proda.NewTokens(proda.NewClient(calls, proda.Options{}), store, store), servicesaustralia.Options{})
	result := client.Check(t.Context(), connection, unlimited{})
	require.Len(t, result.Steps, 1)
	require.Equal(t, "The connection's PRODA device has not been activated. Activate it with the one-time code from PRODA.", result.Steps[0].Says)
	require.Empty(t, service.asked)

	key, err := proda.NewKey()
	require.NoError(t, err)
	store.SetPrivateKey(connection.ID, key)
	connection.TokenBaseURL = startService(t, says(400, `{"errors":[{"code":"DE.5","message":"Device is locked"}]}`)).URL
	result = client.Check(t.Context(), connection, unlimited{})
	require.Equal(t, proda.Explain("DE.5"), result.Steps[0].Says)
	require.Equal(t, "Device is locked", result.Steps[0].Words)
}

func TestEveryKindOfFailureIsExplained(t *testing.T) {
	for _, kind := range []transport.Kind{
		transport.RateLimited, transport.Unavailable, transport.Timeout, transport.Connection, transport.Unreadable, transport.TooLarge,
		transport.NotAuthorised, transport.ConsentRefused, transport.NotFound, transport.Refused, transport.InvalidRecord,
		transport.IdentityMismatch, transport.AnotherBudget, transport.LoginRefused, transport.LoginUnavailable, transport.NotSetUp,
	} {
		for _, service := range []care.Service{care.ServicesAustralia, proda.Service} {
			said := servicesaustralia.Explain(&transport.Error{Service: service, Kind: kind})
			require.Regexp(t, `^[A-Z].{20,}\.$`, said, kind)
		}
	}
	unreachable := func(code string, status int) string {
		return servicesaustralia.Explain(&transport.Error{Service: proda.Service, Kind: transport.LoginUnavailable, Code: code, Status: status})
	}
	require.Contains(t, unreachable(transport.CodeNameNotFound, 0), "does not exist")
	require.Contains(t, unreachable(transport.CodeConnectionRefused, 0), "Nothing answers")
	require.Contains(t, unreachable(transport.CodeCertificate, 0), "certificate")
	require.Contains(t, unreachable(string(transport.Timeout), 0), "PRODA did not answer in time")
	require.Contains(t, unreachable(string(transport.RateLimited), 429), "PRODA delays the login")
	require.Contains(t, unreachable("not_found", 404), "The server at the address of PRODA")
	require.Contains(t, unreachable("server_error", 500), "PRODA is not available at the moment")
	require.Contains(t, servicesaustralia.Explain(errors.New("pq: gone")), "CareSync itself")
}
