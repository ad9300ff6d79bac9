package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
)

var deviceKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func options() world.Options {
	return world.Options{Seed: 1, People: 6, Scenarios: scenarios.FS, Today: world.MustDate("2026-05-20")}
}

// client is a caller of the simulators who knows nothing but the connection.
type client struct {
	t          *testing.T
	connection server.Connection
	token      string
}

func connect(t *testing.T, simulator *server.Simulator, provider string) *client {
	t.Helper()
	ts := httptest.NewServer(simulator)
	t.Cleanup(func() {
		require.NoError(t, simulator.Close())
		ts.Close()
	})
	connection, err := simulator.Connection(ts.URL, provider)
	require.NoError(t, err)
	return &client{t: t, connection: connection}
}

func (c *client) send(request *http.Request) (int, string) {
	c.t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return response.StatusCode, string(content)
}

func (c *client) do(method, url, contentType, body string) (int, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, url, strings.NewReader(body))
	require.NoError(c.t, err)
	request.Header.Set("Content-Type", contentType)
	return c.send(request)
}

func (c *client) activate() {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{
		"orgId": c.connection.RANumber, "otac": c.connection.ActivationCode,
		"key": jose.JSONWebKey{Key: deviceKey().Public(), KeyID: c.connection.DeviceName, Use: "sig", Algorithm: "RS256"},
	})
	require.NoError(c.t, err)
	status, answer := c.do(http.MethodPut, c.connection.DeviceBaseURL+"/piaweb/api/b2b/v1/devices/"+c.connection.DeviceName+"/jwk", "application/json", string(body))
	require.Equal(c.t, http.StatusOK, status, answer)
}

func (c *client) login() int {
	c.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: deviceKey()},
		(&jose.SignerOptions{}).WithHeader("kid", c.connection.DeviceName))
	require.NoError(c.t, err)
	assertion, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": c.connection.RANumber, "sub": c.connection.DeviceName, "aud": proda.AssertionAudience,
		"token.aud": c.connection.ServicesAustraliaAudience, "iat": time.Now().Unix(), "exp": time.Now().Add(9 * time.Minute).Unix(),
	}).Serialize()
	require.NoError(c.t, err)
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {c.connection.ClientID}, "assertion": {assertion}}
	status, answer := c.do(http.MethodPost, c.connection.TokenBaseURL+"/mga/sps/oauth/oauth20/token", "application/x-www-form-urlencoded", form.Encode())
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(c.t, json.Unmarshal([]byte(answer), &token))
	c.token = token.AccessToken
	return status
}

func (c *client) get(path string) (int, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.connection.ServicesAustraliaBaseURL+servicesaustralia.Root+path, nil)
	require.NoError(c.t, err)
	for name, value := range map[string]string{
		"Authorization": "Bearer " + c.token, "X-IBM-Client-Id": c.connection.IBMClientID, "Accept": "application/json",
		"dhs-auditId": c.connection.RANumber, "dhs-auditIdType": "http://ns.humanservices.gov.au/audit/type/proda/organisation",
		"dhs-subjectId": c.connection.DeviceName, "dhs-subjectIdType": "http://ns.humanservices.gov.au/audit/type/proda/device",
		"dhs-productId": c.connection.ProductID, "dhs-messageId": "urn:uuid:" + uuid.NewString(), "dhs-correlationId": "urn:uuid:" + uuid.NewString(),
	} {
		request.Header.Set(name, value)
	}
	return c.send(request)
}

func (c *client) control(method, path, body string) (int, string) {
	c.t.Helper()
	return c.do(method, c.connection.TokenBaseURL+"/control"+path, "application/json", body)
}

func TestALoginAndACall(t *testing.T) {
	simulator := server.MustNew(options())
	c := connect(t, simulator, "banksia")
	c.activate()
	require.Equal(t, http.StatusOK, c.login())
	status, body := c.get("/care-recipient-summary/v1?careRecipientId=415056224&limit=100")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "ON_LEVEL_7")

	counts := simulator.Counts()
	require.Equal(t, 1, counts[proda.OperationActivate].Calls)
	require.Equal(t, 1, counts[proda.OperationToken].Calls)
	require.Equal(t, map[int]int{200: 1}, counts[servicesaustralia.OperationSummary].Statuses)
	require.Len(t, simulator.Calls(), 3)
	simulator.ResetCalls()
	require.Empty(t, simulator.Calls())

	// A refused token may be replaced at once: PRODA does not throttle it.
	require.NoError(t, simulator.Faults.Set(faults.Fault{Kind: faults.Unauthorised, Count: 1}))
	status, _ = c.get("/care-recipient-summary/v1?careRecipientId=415056224")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, http.StatusOK, c.login())
	status, _ = c.get("/care-recipient-summary/v1?careRecipientId=415056224")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, http.StatusTooManyRequests, c.login())
}

func TestTokensCanBeHadWithoutALogin(t *testing.T) {
	simulator := server.MustNew(options())
	c := connect(t, simulator, "4000054321")
	var err error
	c.token, err = simulator.Token("wattle")
	require.NoError(t, err)
	status, _ := c.get("/care-recipient-summary/v1?serviceProviderId=4000054321")
	require.Equal(t, http.StatusOK, status)
	_, err = simulator.Token("nobody")
	require.ErrorContains(t, err, "nobody")
}

func TestValuesThatTheClientMustSendCanBeChosen(t *testing.T) {
	simulator := server.MustNew(options(),
		server.WithPRODA(proda.Options{ClientID: "software-7"}),
		server.WithServicesAustralia(gateway.Settings{Audience: "https://other.example", ClientID: "ibm-7", ProductID: "product-7"}))
	c := connect(t, simulator, "banksia")
	require.Equal(t, []string{"software-7", "ibm-7", "product-7", "https://other.example"},
		[]string{c.connection.ClientID, c.connection.IBMClientID, c.connection.ProductID, c.connection.ServicesAustraliaAudience})
	c.activate()
	require.Equal(t, http.StatusOK, c.login())
	status, body := c.get("/care-recipient-summary/v1?careRecipientId=415056224")
	require.Equal(t, http.StatusOK, status, body)
}

func TestOptionsThatCannotBe(t *testing.T) {
	broken := options()
	broken.Scenarios = fstest.MapFS{"broken.yaml": &fstest.MapFile{Data: []byte("people: [{key: a, hobby: chess}]")}}
	_, err := server.New(broken)
	require.ErrorContains(t, err, "broken.yaml")
	require.Panics(t, func() { server.MustNew(broken) })
	_, err = server.New(options(), server.WithState(filepath.Join(t.TempDir(), "missing", "state")))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestControlMovesTheWorld(t *testing.T) {
	simulator := server.MustNew(options())
	c := connect(t, simulator, "banksia")
	cases := []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"GET", "/health", "", 200, `"ok"`},
		{"GET", "/world", "", 200, `"today":"2026-05-20"`},
		{"GET", "/connections", "", 200, `"otac-wattle-1"`},
		{"GET", "/people?organisation=8000000202", "", 200, `"equipment-only"`},
		{"GET", "/people.csv?provider=banksia", "", 200, "given_name,family_name,birth_date,care_recipient_id,service_provider_id\n"},
		{"GET", "/invoices.csv?provider=4000012345", "", 200, "900000011,2,062948113,SERV-0001,2026-04-06,92.50,\n"},
		{"GET", "/person/several-open", "", 200, "Whitlock"},
		{"GET", "/person/nobody", "", 404, "no such person"},
		{"POST", "/person/several-open/claim", `{"amount":"12.30","times":2}`, 200, `"itemIds":["1","2"]`},
		{"POST", "/person/415056224/withdraw-consent", "", 200, "{}"},
		{"POST", "/person/415056224/dance", "", 400, "there is no move"},
		{"POST", "/person/nobody/claim", "", 404, "no such person"},
		{"POST", "/person/several-open/claim", `{"colour":"red"}`, 400, "colour"},
		{"POST", "/person/several-open/claim", `{"amount":`, 400, "read the body"},
		{"POST", "/person/reversal/remove-invoice-line", `{"invoice":"900000032","item":"1"}`, 200, `"itemIds":["1"]`},
		{"POST", "/advance", `{"days":1}`, 200, `"skipped":["person \"reversal\": move amend-invoice`},
		{"POST", "/advance", "", 200, `"today":"2026-05-21"`},
		{"POST", "/advance", `{"quarters":1}`, 200, `"today":"2026-07-01"`},
		{"POST", "/advance", `{"to":"2026-07-15"}`, 200, `"today":"2026-07-15"`},
		{"POST", "/advance", `{"to":"2026-07-01"}`, 400, "cannot go back"},
		{"POST", "/advance", `{"to":"2026-08-01","days":2}`, 400, "not both"},
		{"POST", "/advance", `{"days":-1}`, 400, "between 0"},
		{"POST", "/advance", `{"to":"soon"}`, 400, "soon"},
		{"POST", "/device/8000000101/BANKSIA-1/suspend", "", 204, ""},
		{"POST", "/device/8000000101/BANKSIA-1/resume", "", 204, ""},
		{"POST", "/device/8000000101/BANKSIA-1/expire", "", 204, ""},
		{"POST", "/device/8000000101/BANKSIA-1/reset", `{"activationCode":"again"}`, 204, ""},
		{"POST", "/device/8000000101/BANKSIA-1/reset", "", 400, "activationCode"},
		{"POST", "/device/8000000101/BANKSIA-1/paint", "", 400, "unknown action"},
		{"POST", "/device/8000000101/NOBODY/suspend", "", 404, "no such organisation or device"},
		{"GET", "/nothing", "", 404, "not found"},
	}
	for _, step := range cases {
		status, body := c.control(step.method, step.path, step.body)
		require.Equal(t, step.status, status, "%s %s %s", step.method, step.path, body)
		require.Contains(t, body, step.words, "%s %s", step.method, step.path)
	}
	person, _ := simulator.World.Find("several-open")
	require.Equal(t, world.ConsentRefused, person.Consent)
}

func TestControlSetsFaultsAndListsCalls(t *testing.T) {
	simulator := server.MustNew(options())
	c := connect(t, simulator, "banksia")
	var err error
	c.token, err = simulator.Token("banksia")
	require.NoError(t, err)

	status, body := c.control("PUT", "/faults", `[{"kind":"too-many-requests","operation":"budget-*","retryAfter":"2s","count":1},{"kind":"latency","delay":"1ms"}]`)
	require.Equal(t, http.StatusOK, status, body)
	status, _ = c.get("/budget/v1/care-recipient?careRecipientId=415056224")
	require.Equal(t, http.StatusTooManyRequests, status)
	_, body = c.control("GET", "/faults", "")
	require.Contains(t, body, `"hits":1`)
	require.Contains(t, body, `"retryAfter":"2s"`)

	status, _ = c.control("PUT", "/faults", `{"kind":"internal-error"}`)
	require.Equal(t, http.StatusOK, status)
	status, _ = c.get("/budget/v1/care-recipient?careRecipientId=415056224")
	require.Equal(t, http.StatusInternalServerError, status)
	status, body = c.control("PUT", "/faults", `{"kind":"earthquake"}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "earthquake")
	status, _ = c.control("DELETE", "/faults", "")
	require.Equal(t, http.StatusNoContent, status)
	status, _ = c.get("/budget/v1/care-recipient?careRecipientId=415056224")
	require.Equal(t, http.StatusOK, status)

	_, body = c.control("GET", "/calls", "")
	var listed struct {
		Counts map[string]struct{ Calls int }
		Calls  []struct {
			Status        int
			CorrelationID string `json:"correlationId"`
			Fault         string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &listed))
	require.Equal(t, 3, listed.Counts[servicesaustralia.OperationBudgetsOfRecipient].Calls)
	require.Equal(t, []int{429, 500, 200}, []int{listed.Calls[0].Status, listed.Calls[1].Status, listed.Calls[2].Status})
	require.Equal(t, "too-many-requests", listed.Calls[0].Fault)
	require.NotContains(t, body, "415056224", "calls hold no person's data (R10)")
	status, _ = c.control("DELETE", "/calls", "")
	require.Equal(t, http.StatusNoContent, status)
	require.Empty(t, simulator.Calls())
}

func TestARestartGoesOnWhereItStopped(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state.jsonl")
	first := server.MustNew(options(), server.WithState(state))
	c := connect(t, first, "banksia")
	c.activate()
	require.Equal(t, http.StatusOK, c.login())
	_, err := first.World.Move("several-open", world.Move{Name: world.Claim})
	require.NoError(t, err)
	require.NoError(t, first.World.NextQuarter())
	path := "/budget/v1/care-recipient?careRecipientId=415056224&limit=100&sort-fields=budgetId"
	_, before := c.get(path)

	// A kill in the middle of a write leaves half a line.
	file, err := os.OpenFile(state, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(`{"world":{"at":"2026-`)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	later := options()
	later.Today = world.NoDate // a restart on another day takes the day on which the world began from the file
	for range 2 {
		again, err := server.New(later, server.WithState(state))
		require.NoError(t, err)
		c2 := connect(t, again, "banksia")
		c2.token = c.token
		_, after := c2.get(path)
		require.Equal(t, before, after)
		require.Equal(t, first.World.Recipients(), again.World.Recipients())
		require.Equal(t, http.StatusTooManyRequests, c2.login(), "the key and the token are known")
	}
	content, err := os.ReadFile(state)
	require.NoError(t, err)
	require.Equal(t, 5, strings.Count(string(content), "\n"), "origin, activation, token, claim, quarter")
}

func TestAStateFileOfAnotherWorldIsRefused(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state.jsonl")
	simulator := server.MustNew(options(), server.WithState(state))
	require.NoError(t, simulator.Close())

	changes := map[string]func(*world.Options){
		"seed":          func(o *world.Options) { o.Seed = 2 },
		"people":        func(o *world.Options) { o.People = 7 },
		"today":         func(o *world.Options) { o.Today++ },
		"scenarios":     func(o *world.Options) { o.Scenarios = nil },
		"organisations": func(o *world.Options) { o.Organisations = world.SingleProvider() },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			other := options()
			change(&other)
			_, err := server.New(other, server.WithState(state))
			require.ErrorContains(t, err, "belongs to another world")
		})
	}
	for content, words := range map[string]string{
		"nonsense\n":       "line 1",
		"{\"world\":{}}\n": "first line",
		"{}\n":             "first line",
	} {
		broken := filepath.Join(t.TempDir(), "broken")
		require.NoError(t, os.WriteFile(broken, []byte(content), 0o600))
		_, err := server.New(options(), server.WithState(broken))
		require.ErrorContains(t, err, words)
	}
}

func TestStateGoesTogetherWithOtherListeners(t *testing.T) {
	refused := errors.New("no")
	listening := options()
	listening.OnChange = func(world.Change) error { return refused }
	state := filepath.Join(t.TempDir(), "state.jsonl")
	simulator := server.MustNew(listening, server.WithState(state))
	require.ErrorIs(t, simulator.World.NextQuarter(), refused)
	require.NoError(t, simulator.Close())
	content, err := os.ReadFile(state)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(content), "\n"), "what did not happen is not written down")
}

func TestManyCallersAndAMovingWorld(t *testing.T) {
	simulator := server.MustNew(options())
	c := connect(t, simulator, "banksia")
	var err error
	c.token, err = simulator.Token("banksia")
	require.NoError(t, err)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 20 {
				status, body := c.get("/budget/v1/summary?serviceProviderId=4000012345&limit=1000&sort-fields=budgetId")
				if status != http.StatusOK || !json.Valid([]byte(body)) {
					t.Errorf("status %d", status)
				}
			}
		})
	}
	for range 20 {
		_, err := simulator.World.Move("several-open", world.Move{Name: world.Claim})
		require.NoError(t, err)
	}
	require.NoError(t, simulator.World.NextQuarter())
	callers.Wait()
	count := simulator.Counts()[servicesaustralia.OperationBudgetSummary]
	require.Equal(t, 160, count.Calls)
	require.LessOrEqual(t, count.MostAtOnce, 8)
}
