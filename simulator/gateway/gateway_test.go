package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
)

// oneToken knows one token, as long as it was not revoked.
type oneToken struct{ revoked bool }

func (o *oneToken) Caller(token, audience string) (gateway.Caller, bool) {
	return gateway.Caller{RANumber: "RA", Device: "DEVICE", ServiceProviders: []string{"1"}}, token == "token" && audience == "audience" && !o.revoked
}

func (o *oneToken) Revoke(string) { o.revoked = true }

// behind is a gateway with one operation, whose refusals consist of their code.
type behind struct {
	handler http.Handler
	unknown http.Handler
	faults  *faults.Set
	calls   *calls.Recorder
	served  int
}

func newBehind(audience string) *behind {
	b := &behind{faults: &faults.Set{}, calls: &calls.Recorder{}}
	refuse := func(w http.ResponseWriter, status int, code, _ string) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(code))
	}
	g := gateway.New(gateway.Settings{Audience: audience, ClientID: "client", ProductID: "product"}, &oneToken{}, b.faults, b.calls, refuse)
	b.unknown = g.Unknown()
	b.handler = g.Handler(gateway.Operation{
		Name:      "operation",
		Recipient: func(r *http.Request) string { return r.URL.Query().Get("person") },
		Serve: func(w http.ResponseWriter, _ *http.Request, caller gateway.Caller) {
			b.served++
			_, _ = w.Write([]byte(caller.Device))
		},
	})
	return b
}

func request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/?person=17", nil)
	for name, value := range map[string]string{
		"Authorization": "Bearer token", "X-IBM-Client-Id": "client", "Accept": "application/json",
		"dhs-auditId": "RA", "dhs-auditIdType": "http://ns.humanservices.gov.au/audit/type/proda/organisation",
		"dhs-subjectId": "DEVICE", "dhs-subjectIdType": "http://ns.humanservices.gov.au/audit/type/proda/device",
		"dhs-productId": "product", "dhs-messageId": "urn:uuid:" + uuid.NewString(), "dhs-correlationId": "urn:uuid:" + uuid.NewString(),
	} {
		r.Header.Set(name, value)
	}
	return r
}

func (b *behind) serve(r *http.Request) (int, string) {
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, r)
	return recorder.Code, recorder.Body.String()
}

func TestARightCallIsServedAndRecorded(t *testing.T) {
	b := newBehind("audience")
	r := request()
	status, body := b.serve(r)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "DEVICE", body)
	require.Equal(t, 1, b.served)
	call := b.calls.List()[0]
	require.Equal(t, "operation", call.Operation)
	require.Equal(t, r.Header.Get("dhs-messageId"), call.MessageID)
	require.Equal(t, r.Header.Get("dhs-correlationId"), call.CorrelationID)
	require.Positive(t, call.Duration)

	status, body = b.serve(r)
	require.Equal(t, http.StatusBadRequest, status, "the message id was used")
	require.Equal(t, gateway.CodeHeader, body)
	require.Equal(t, 1, b.served)
}

func TestATokenForAnotherAudienceIsRefused(t *testing.T) {
	b := newBehind("another audience")
	status, body := b.serve(request())
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, gateway.CodeUnauthorised, body)
	require.Zero(t, b.served)
}

func TestARefusedTokenIsRevoked(t *testing.T) {
	b := newBehind("audience")
	require.NoError(t, b.faults.Set(faults.Fault{Kind: faults.Unauthorised, CareRecipientID: "17", Count: 1}))
	for range 2 {
		status, _ := b.serve(request())
		require.Equal(t, http.StatusUnauthorized, status)
	}
	require.Equal(t, "unauthorised", b.calls.List()[0].Fault)
	require.Empty(t, b.calls.List()[1].Fault)
}

func TestABrokenConnectionIsRecordedWithoutAStatus(t *testing.T) {
	b := newBehind("audience")
	require.NoError(t, b.faults.Set(faults.Fault{Kind: faults.ConnectionReset}))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { b.serve(request()) }, "a recorder cannot be hijacked")
	require.Equal(t, map[int]int{0: 1}, b.calls.Counts()["operation"].Statuses)
	require.Zero(t, b.served)
}

func TestUnknownPathsAreCounted(t *testing.T) {
	b := newBehind("audience")
	recorder := httptest.NewRecorder()
	b.unknown.ServeHTTP(recorder, request())
	require.Equal(t, http.StatusNotFound, recorder.Code)
	require.Equal(t, 1, b.calls.Counts()[gateway.UnknownOperation].Calls)
}
