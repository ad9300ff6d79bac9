package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

const correlationID care.ID = "019a3b5e-0000-7000-8000-000000000001"

// tokens are the logins of one connection: replaced by counting on.
type tokens struct {
	mutex    sync.Mutex
	current  int
	replaced []string
	err      error
}

func (t *tokens) Token(context.Context) (string, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return fmt.Sprintf("token-%d", t.current), t.err
}

func (t *tokens) Replace(ctx context.Context, refused string) (string, error) {
	t.mutex.Lock()
	t.replaced = append(t.replaced, refused)
	t.current++
	t.mutex.Unlock()
	return t.Token(ctx)
}

// allowance counts what is taken and pushed back.
type allowance struct {
	mutex          sync.Mutex
	taken          int
	pushed         []time.Duration
	take, pushBack error
}

func (a *allowance) Take(context.Context) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.taken++
	return a.take
}

func (a *allowance) PushBack(_ context.Context, wait time.Duration) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.pushed = append(a.pushed, wait)
	return a.pushBack
}

func connectionTo(base string) care.Connection {
	return care.Connection{
		ID: "019a3b5e-0000-7000-8000-000000000002", Service: care.ServicesAustralia, BaseURL: base, RANumber: "RA0001",
		DeviceName: "caresync-1", APIKey: "api-key", ProductID: "CareSync 1.0",
	}
}

func sessionTo(base string, tokens *tokens, allowance *allowance) *transport.Session {
	return transport.NewSession(transport.NewClient(transport.Options{}), transport.Identification{}, connectionTo(base), correlationID, tokens, allowance)
}

func get(t *testing.T, session *transport.Session) error {
	t.Helper()
	_, err := session.Get(t.Context(), "budgets of a care recipient", "/budget/v1", url.Values{"careRecipientId": {"415056224"}})
	return err
}

func TestEveryCallCarriesTheHeaders(t *testing.T) {
	var requests []*http.Request
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r)
		if len(requests) == 2 {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	session := sessionTo(base+"/claiming/", &tokens{}, &allowance{})
	require.NoError(t, get(t, session))
	require.NoError(t, get(t, session))
	require.Len(t, requests, 3)
	messages := map[string]bool{}
	for i, request := range requests {
		require.Equal(t, "/claiming/budget/v1?careRecipientId=415056224", request.URL.String())
		for name, want := range map[string]string{
			"Authorization": fmt.Sprintf("Bearer token-%d", i/2), "X-IBM-Client-Id": "api-key", "Accept": "application/json",
			"dhs-auditId": "RA0001", "dhs-auditIdType": "http://ns.humanservices.gov.au/audit/type/proda/organisation",
			"dhs-subjectId": "caresync-1", "dhs-subjectIdType": "http://ns.humanservices.gov.au/audit/type/proda/device",
			"dhs-productId": "CareSync 1.0", "dhs-correlationId": "urn:uuid:" + string(correlationID),
		} {
			require.Equal(t, want, request.Header.Get(name), name)
		}
		require.Regexp(t, `^urn:uuid:[0-9a-f-]{36}$`, request.Header.Get("dhs-messageId"))
		messages[request.Header.Get("dhs-messageId")] = true
	}
	require.Len(t, messages, 3, "a message id for each attempt, the one after a 401 too")
}

func TestResendingByNetHTTPGetsItsOwnMessageID(t *testing.T) {
	var messages []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		messages = append(messages, r.Header.Get("dhs-messageId"))
		if len(messages) == 2 {
			reset(w, r) // on a connection that was used before, so that net/http repeats the request on its own
		}
	})
	session := sessionTo(base, &tokens{}, &allowance{})
	require.NoError(t, get(t, session))
	require.NoError(t, get(t, session))
	require.Len(t, messages, 3)
	require.NotEqual(t, messages[1], messages[2])
}

func TestIdentificationIsConfiguration(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("dhs-auditIdType") != "urn:audit" || r.Header.Get("dhs-subjectIdType") != "urn:subject" {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	identification := transport.Identification{AuditIDType: "urn:audit", SubjectIDType: "urn:subject"}
	client := transport.NewClient(transport.Options{})
	require.NoError(t, get(t, transport.NewSession(client, identification, connectionTo(base), correlationID, &tokens{}, &allowance{})))
}

func TestAHeaderThatCannotBeSentIsASetUpError(t *testing.T) {
	connection := connectionTo("http://127.0.0.1:1")
	connection.APIKey = "pasted with its line's end\n"
	session := transport.NewSession(transport.NewClient(transport.Options{}), transport.Identification{}, connection, correlationID, &tokens{}, &allowance{})
	failed := failure(t, get(t, session))
	require.Equal(t, transport.NotSetUp, failed.Kind)
	require.Equal(t, transport.CodeHeaderInvalid, failed.Code)
}

func TestA401ReplacesTheTokenOnce(t *testing.T) {
	var calls atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Authorization") == "Bearer token-0" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	logins, limit := &tokens{}, &allowance{}
	require.NoError(t, get(t, sessionTo(base, logins, limit)))
	require.Equal(t, []string{"token-0"}, logins.replaced)
	require.Equal(t, 2, limit.taken, "the second attempt draws on the allowance too")
	require.EqualValues(t, 2, calls.Load())
}

func TestASecond401IsAnAuthorisationError(t *testing.T) {
	var calls atomic.Int32
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	})
	logins := &tokens{}
	failed := failure(t, get(t, sessionTo(base, logins, &allowance{})))
	require.Equal(t, transport.NotAuthorised, failed.Kind)
	require.False(t, failed.Retryable())
	require.Len(t, logins.replaced, 1)
	require.EqualValues(t, 2, calls.Load())
}

func TestWithoutALoginNothingIsCalled(t *testing.T) {
	refused := &transport.Error{Service: "proda", Operation: "request a token", Kind: transport.LoginRefused, Status: 401, Code: "DE.5"}
	limit := &allowance{}
	err := get(t, sessionTo("http://127.0.0.1:1", &tokens{err: refused}, limit))
	require.ErrorIs(t, err, refused)
	require.Zero(t, limit.taken)
}

func TestRateLimitsHoldBackAllWorkers(t *testing.T) { // R9
	for _, test := range []struct {
		name       string
		status     int
		retryAfter string
		want       []time.Duration
	}{
		{"429 that says how long", 429, "7", []time.Duration{7 * time.Second}},
		{"429 that does not", 429, "", []time.Duration{5 * time.Second}},
		{"503 that says how long", 503, "30", []time.Duration{30 * time.Second}},
		{"503 that does not", 503, "", nil},
		{"400 with a header that means nothing", 400, "30", nil},
		{"200", 200, "30", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", test.retryAfter)
				w.WriteHeader(test.status)
			})
			limit := &allowance{}
			_ = get(t, sessionTo(base, &tokens{}, limit))
			require.Equal(t, test.want, limit.pushed)
		})
	}
}

func TestErrorsOfTheAllowanceArePassedOn(t *testing.T) {
	var calls atomic.Int32
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusTooManyRequests)
	})
	short := errors.New("short of allowance")
	require.ErrorIs(t, get(t, sessionTo(base, &tokens{}, &allowance{take: short})), short)
	require.Zero(t, calls.Load())

	away := errors.New("the database is away")
	err := get(t, sessionTo(base, &tokens{}, &allowance{pushBack: away}))
	require.ErrorIs(t, err, away)
	require.Equal(t, transport.RateLimited, failure(t, err).Kind, "what the service said is not lost")
}
