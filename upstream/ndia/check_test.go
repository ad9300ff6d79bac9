package ndia_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
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
		{"all well", says(404, notFound), "", "The NDIA answers this organisation.", ""},
		{"all well, in another form", says(200, `{"success":false,"errors":["`+notFound+`"]}`), "", "The NDIA answers this organisation.", ""},
		{"wrong address", says(404, "No such page"), transport.Refused, "Check the base address", "No such page"},
		{"a page instead", says(200, "<html>"), transport.Unreadable, "not the NDIA's own", ""},
		{"wrong API key", says(403, `{"success":false,"errors":["Client id not registered"]}`), transport.NotAuthorised, "Check the API key", "Client id not registered"},
		{"away", says(503, ""), transport.Unavailable, "is not available at the moment", ""},
		{"busy", says(429, ""), transport.RateLimited, "is limiting calls", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := startService(t, test.answer)
			connection := connectionTo(service.URL)
			budgets := &allowance{}
			result := loggedIn(t, connection).Check(t.Context(), connection, ndia.Allowances{Calls: &allowance{}, Budgets: budgets})
			require.Len(t, service.asked, 1, "one cheap call")
			require.Zero(t, budgets.taken, "which is none of the scarce ones")
			require.Equal(t, "430000000", service.asked[0].URL.Query().Get("participant"), "no one's number")
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
		})
	}
}

func TestAConnectionTestStopsAtTheLogin(t *testing.T) {
	service := startService(t, succeeds(`{}`))
	connection := connectionTo(service.URL)
	calls := transport.NewClient(transport.Options{})
	store := &prodatest.Store{}
	client := ndia.NewClient(calls, proda.NewTokens(proda.NewClient(calls, proda.Options{}), store, store), ndia.Options{})
	result := client.Check(t.Context(), connection, unlimited())
	require.Len(t, result.Steps, 1)
	require.Contains(t, result.Steps[0].Says, "PRODA device has not been activated")
	require.Empty(t, service.asked)
}

func TestEveryKindOfFailureIsExplained(t *testing.T) {
	for _, kind := range []transport.Kind{
		transport.RateLimited, transport.Unavailable, transport.Timeout, transport.Connection, transport.Unreadable, transport.TooLarge,
		transport.NotAuthorised, transport.NotFound, transport.Refused, transport.InvalidRecord, transport.NotSetUp,
		transport.LoginRefused, transport.LoginUnavailable, transport.ConsentRefused,
	} {
		for _, service := range []care.Service{care.NDIA, proda.Service} {
			require.Regexp(t, `^[A-Z].{20,}\.$`, ndia.Explain(&transport.Error{Service: service, Kind: kind}), kind)
		}
	}
	for code, words := range map[string]string{
		transport.CodeAddressInvalid: "https://", transport.CodeHeaderInvalid: "line break", transport.CodeNameNotFound: "does not exist",
		transport.CodeConnectionRefused: "Nothing answers", transport.CodeCertificate: "certificate",
	} {
		require.Contains(t, ndia.Explain(&transport.Error{Service: care.NDIA, Kind: transport.Connection, Code: code}), words)
	}
	missing := &transport.Error{Service: care.NDIA, Kind: transport.NotAuthorised, Status: 403, Words: noAuthority}
	require.Contains(t, ndia.Explain(missing), "Only the participant or nominee can give it")
	require.Contains(t, ndia.Explain(errors.New("pq: gone")), "CareSync itself")
	notFoundSays := ndia.Explain(&transport.Error{Service: care.NDIA, Kind: transport.NotFound})
	require.Contains(t, notFoundSays, "date of birth", "both causes are named")
	require.Contains(t, notFoundSays, "endorsed")
}
