package proda_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/world"
)

const (
	ra       = "8000000101"
	device   = "BANKSIA-1"
	code     = "otac-banksia-1"
	audience = "https://service.example"
	grant    = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

var (
	firstKey  = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	secondKey = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
)

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// login is a PRODA under test, with a clock that the test moves.
type login struct {
	*proda.Service
	t      *testing.T
	url    string
	now    time.Time
	faults *faults.Set
	calls  *calls.Recorder
}

func newLogin(t *testing.T, options proda.Options) *login {
	l := &login{t: t, now: time.Date(2026, 5, 20, 1, 2, 3, 0, time.UTC), faults: &faults.Set{}, calls: &calls.Recorder{}}
	options.Audiences = []string{audience}
	options.Now = func() time.Time { return l.now }
	l.Service = proda.New(world.DefaultOrganisations(), options, l.faults, l.calls)
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}

type answer struct {
	status     int
	retryAfter string
	body       map[string]any
}

// code gives the error code of either form.
func (a answer) code() string {
	if code, given := a.body["error"].(string); given {
		return code
	}
	list, _ := a.body["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	code, _ := list[0].(map[string]any)["code"].(string)
	return code
}

func (l *login) do(method, path, contentType, bearer, body string) answer {
	l.t.Helper()
	request, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	require.NoError(l.t, err)
	request.Header.Set("Content-Type", contentType)
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(l.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(l.t, err)
	got := answer{status: response.StatusCode, retryAfter: response.Header.Get("Retry-After")}
	if bytes.HasPrefix(content, []byte("{")) {
		require.NoError(l.t, json.Unmarshal(content, &got.body))
	}
	return got
}

// publicKey gives the JWK of a key with the members that the contract demands, changed as the test wants.
func publicKey(t *testing.T, key any, alter func(*jose.JSONWebKey)) json.RawMessage {
	t.Helper()
	jwk := jose.JSONWebKey{Key: key, KeyID: device, Use: "sig", Algorithm: "RS256"}
	if alter != nil {
		alter(&jwk)
	}
	content, err := json.Marshal(jwk)
	require.NoError(t, err)
	return content
}

func (l *login) activate(name string, body map[string]any) answer {
	l.t.Helper()
	content, err := json.Marshal(body)
	require.NoError(l.t, err)
	return l.do(http.MethodPut, "/piaweb/api/b2b/v1/devices/"+name+"/jwk", "application/json", "", string(content))
}

func (l *login) activated() *login {
	l.t.Helper()
	got := l.activate(device, map[string]any{"orgId": ra, "otac": code, "key": publicKey(l.t, firstKey().Public(), nil)})
	require.Equal(l.t, http.StatusOK, got.status, got.body)
	return l
}

// claims are a right assertion at the login's time.
func (l *login) claims() map[string]any {
	return map[string]any{
		"iss": ra, "sub": device, "aud": proda.AssertionAudience, "token.aud": audience,
		"iat": l.now.Unix(), "exp": l.now.Add(10 * time.Minute).Unix(),
	}
}

func sign(t *testing.T, key any, algorithm jose.SignatureAlgorithm, kid string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	require.NoError(t, err)
	assertion, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(t, err)
	return assertion
}

func (l *login) token(form url.Values) answer {
	l.t.Helper()
	return l.do(http.MethodPost, "/mga/sps/oauth/oauth20/token", "application/x-www-form-urlencoded", "", form.Encode())
}

func (l *login) form(assertion string) url.Values {
	return url.Values{"grant_type": {grant}, "client_id": {proda.DefaultClientID}, "assertion": {assertion}}
}

func (l *login) rightToken() answer {
	l.t.Helper()
	return l.token(l.form(sign(l.t, firstKey(), jose.RS256, device, l.claims())))
}

func (l *login) renew(bearer string, key json.RawMessage) answer {
	l.t.Helper()
	return l.do(http.MethodPut, "/piaweb/api/b2b/v1/orgs/"+ra+"/devices/"+device+"/jwk", "application/json", bearer, string(key))
}

func TestADeviceIsActivatedOnceAndGetsTokens(t *testing.T) {
	l := newLogin(t, proda.Options{TokenLife: 30 * time.Minute}).activated()
	got := l.rightToken()
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Equal(t, "Bearer", got.body["token_type"])
	require.EqualValues(t, 1800, got.body["expires_in"])
	require.Equal(t, "2026-11-16T01:02:03Z", got.body["key_expiry"])
	require.Equal(t, "2028-05-19T01:02:03Z", got.body["device_expiry"])

	token := got.body["access_token"].(string)
	caller, valid := l.Caller(token, audience)
	require.True(t, valid)
	require.Equal(t, ra, caller.RANumber)
	require.Equal(t, device, caller.Device)
	require.Equal(t, []string{"4000012345"}, caller.ServiceProviders)
	_, valid = l.Caller(token, "https://another.example")
	require.False(t, valid, "a token is for one audience")

	l.now = l.now.Add(30 * time.Minute)
	_, valid = l.Caller(token, audience)
	require.False(t, valid, "a token expires")

	again := l.activate(device, map[string]any{"orgId": ra, "otac": code, "key": publicKey(t, secondKey().Public(), nil)})
	require.Equal(t, "DE.5", again.code())
	require.Equal(t, 1, l.calls.Counts()[proda.OperationToken].Calls)
	require.Equal(t, map[int]int{200: 1, 400: 1}, l.calls.Counts()[proda.OperationActivate].Statuses)
}

func TestActivationIsRefusedWithACode(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	right := publicKey(t, firstKey().Public(), nil)
	cases := map[string]struct {
		device string
		change map[string]any
		code   string
	}{
		"unknown organisation": {device, map[string]any{"orgId": "1"}, "DE.2"},
		"unknown device":       {"NOBODY", nil, "DE.4"},
		"wrong code":           {device, map[string]any{"otac": "guess"}, "DE.7"},
		"no key":               {device, map[string]any{"key": nil}, "JWK.1"},
		"nonsense key":         {device, map[string]any{"key": json.RawMessage(`{"kty":"RSA"}`)}, "JWK.1"},
		"elliptic key":         {device, map[string]any{"key": publicKey(t, elliptical.Public(), nil)}, "JWK.2"},
		"private key":          {device, map[string]any{"key": publicKey(t, firstKey(), nil)}, "JWK.2"},
		"other algorithm": {device, map[string]any{"key": publicKey(t, firstKey().Public(), func(k *jose.JSONWebKey) {
			k.Algorithm = "PS256"
		})}, "JWK.2"},
		"for encryption": {device, map[string]any{"key": publicKey(t, firstKey().Public(), func(k *jose.JSONWebKey) {
			k.Use = "enc"
		})}, "JWK.2"},
		"other key id": {device, map[string]any{"key": publicKey(t, firstKey().Public(), func(k *jose.JSONWebKey) {
			k.KeyID = "key-1"
		})}, "JWK.8"},
		"short key":     {device, map[string]any{"key": publicKey(t, newRSA(1024).Public(), nil)}, "JWK.9"},
		"unknown field": {device, map[string]any{"organisation": ra}, "REQUEST"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := newLogin(t, proda.Options{})
			body := map[string]any{"orgId": ra, "otac": code, "key": right}
			maps.Copy(body, c.change)
			got := l.activate(c.device, body)
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Equal(t, c.code, got.code())
			held, _ := l.Device(ra, device)
			require.Equal(t, proda.Pending, held.State)
		})
	}
	l := newLogin(t, proda.Options{})
	require.Equal(t, "REQUEST", l.do(http.MethodPut, "/piaweb/api/b2b/v1/devices/"+device+"/jwk", "text/plain", "", "{}").code())
	require.Equal(t, http.StatusNotFound, l.do(http.MethodGet, "/piaweb/anything", "text/plain", "", "").status)
	require.Equal(t, 1, l.calls.Counts()[proda.OperationUnknown].Calls)
}

func TestAssertionsAreVerified(t *testing.T) {
	cases := map[string]struct {
		claims map[string]any
		kid    string
		key    func() *rsa.PrivateKey
		code   string
		words  string
	}{
		"unknown organisation": {map[string]any{"iss": "1"}, device, firstKey, "device_error", "DE.2"},
		"unknown device":       {map[string]any{"sub": "NOBODY"}, device, firstKey, "device_error", "DE.4"},
		"device not activated": {map[string]any{"sub": "BANKSIA-2"}, "BANKSIA-2", firstKey, "device_error", "DE.5"},
		"other key id":         {nil, "key-1", firstKey, "mapping_error", "kid"},
		"other key":            {nil, device, secondKey, "mapping_error", "signature"},
		"other audience":       {map[string]any{"aud": "https://else.example"}, device, firstKey, "mapping_error", "aud"},
		"no token audience":    {map[string]any{"token.aud": nil}, device, firstKey, "mapping_error", "token.aud"},
		"issued in the future": {map[string]any{"iat": int64(4_000_000_000), "exp": int64(4_000_000_100)}, device, firstKey, "invalid_grant", "iat"},
		"no issue time":        {map[string]any{"iat": nil}, device, firstKey, "invalid_grant", "iat"},
		"expired":              {map[string]any{"iat": int64(1_700_000_000), "exp": int64(1_700_000_060)}, device, firstKey, "invalid_grant", "exp"},
		"valid for too long":   {map[string]any{"iat": int64(1_779_238_000)}, device, firstKey, "invalid_grant", "ten minutes"},
		"claims of other type": {map[string]any{"iss": 17}, device, firstKey, "invalid_request", "claims"},
	}
	l := newLogin(t, proda.Options{}).activated()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			claims := l.claims()
			maps.Copy(claims, c.claims)
			got := l.token(l.form(sign(t, c.key(), jose.RS256, c.kid, claims)))
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Equal(t, c.code, got.code())
			require.Contains(t, got.body["error_description"], c.words)
		})
	}
}

func TestTokenRequestsAreChecked(t *testing.T) {
	l := newLogin(t, proda.Options{}).activated()
	right := sign(t, firstKey(), jose.RS256, device, l.claims())
	cases := map[string]struct {
		change url.Values
		status int
		code   string
	}{
		"other grant type":  {url.Values{"grant_type": {"client_credentials"}}, 400, "unsupported_grant_type"},
		"other client":      {url.Values{"client_id": {"someone"}}, 401, "invalid_client"},
		"no assertion":      {url.Values{"assertion": nil}, 400, "invalid_request"},
		"nonsense":          {url.Values{"assertion": {"a.b.c"}}, 400, "invalid_request"},
		"other algorithm":   {url.Values{"assertion": {sign(t, firstKey(), jose.PS256, device, l.claims())}}, 400, "invalid_request"},
		"shared secret":     {url.Values{"assertion": {sign(t, []byte(strings.Repeat("k", 32)), jose.HS256, device, l.claims())}}, 400, "invalid_request"},
		"oversized request": {url.Values{"padding": {strings.Repeat("x", 100<<10)}}, 400, "invalid_request"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			form := l.form(right)
			maps.Copy(form, c.change)
			got := l.token(form)
			require.Equal(t, c.status, got.status)
			require.Equal(t, c.code, got.code())
		})
	}
	got := l.do(http.MethodPost, "/mga/sps/oauth/oauth20/token", "application/json", "", "{}")
	require.Equal(t, "invalid_request", got.code())
}

func TestReplacingATokenTooEarlyIsThrottled(t *testing.T) {
	l := newLogin(t, proda.Options{ThrottleWait: 5 * time.Second}).activated()
	first := l.rightToken()
	require.Equal(t, http.StatusOK, first.status)

	early := l.rightToken()
	require.Equal(t, http.StatusTooManyRequests, early.status)
	require.Equal(t, "5", early.retryAfter)
	l.now = l.now.Add(2 * time.Second)
	require.Equal(t, "3", l.rightToken().retryAfter, "asking again does not restart the wait")
	l.now = l.now.Add(3 * time.Second)
	require.Equal(t, http.StatusOK, l.rightToken().status, "whoever waited is served")
	require.Equal(t, http.StatusTooManyRequests, l.rightToken().status, "and then throttled again")

	l.now = l.now.Add(30 * time.Minute)
	replaced := l.rightToken()
	require.Equal(t, http.StatusOK, replaced.status, "half the life is used")

	l.Revoke(replaced.body["access_token"].(string))
	require.Equal(t, http.StatusOK, l.rightToken().status, "a token that is no longer valid may be replaced at once")

	free := newLogin(t, proda.Options{NoThrottle: true}).activated()
	require.Equal(t, http.StatusOK, free.rightToken().status)
	require.Equal(t, http.StatusOK, free.rightToken().status)
}

func TestKeysAreRenewed(t *testing.T) {
	l := newLogin(t, proda.Options{KeyLife: 100 * time.Hour, TokenLife: 200 * time.Hour}).activated()
	token := l.rightToken().body["access_token"].(string)
	next := publicKey(t, secondKey().Public(), nil)

	require.Equal(t, http.StatusUnauthorized, l.renew("", next).status)
	require.Equal(t, "TOKEN", l.renew("guess", next).code())
	require.Equal(t, "JWK.9", l.renew(token, publicKey(t, firstKey().Public(), nil)).code(), "the same key again")
	require.Equal(t, "JWK.2", l.renew(token, publicKey(t, secondKey(), nil)).code(), "a private key")
	require.Equal(t, "JWK.1", l.renew(token, json.RawMessage(`{}`)).code())
	require.Equal(t, http.StatusTooManyRequests, l.renew(token, next).status, "half the key's life is not used")

	l.now = l.now.Add(50 * time.Hour)
	got := l.renew(token, next)
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Equal(t, "2026-05-26T07:02:03Z", got.body["keyExpiry"])

	require.Equal(t, "mapping_error", l.rightToken().code(), "the old key no longer signs")
	l.Revoke(token)
	signed := sign(t, secondKey(), jose.RS256, device, l.claims())
	require.Equal(t, http.StatusOK, l.token(l.form(signed)).status)
}

func TestDevicesThatMayNotLogIn(t *testing.T) {
	cases := map[string]struct {
		change func(l *login) error
		words  string
	}{
		"suspended": {func(l *login) error {
			return l.Change(ra, device, func(d *proda.Device) { d.State = proda.Suspended })
		}, "DE.5"},
		"expired": {func(l *login) error {
			return l.Change(ra, device, func(d *proda.Device) { d.Expiry = l.now })
		}, "DE.5"},
		"key expired": {func(l *login) error {
			return l.Change(ra, device, func(d *proda.Device) { d.KeyExpiry = l.now })
		}, "JWK.9"},
		"reset":              {func(l *login) error { return l.Reset(ra, device, "again") }, "DE.5"},
		"expired by a fault": {func(l *login) error { return l.faults.Set(faults.Fault{Kind: faults.ExpiredDevice}) }, "DE.5"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := newLogin(t, proda.Options{}).activated()
			token, err := l.Grant(ra, device, audience)
			require.NoError(t, err)
			require.NoError(t, c.change(l))
			got := l.rightToken()
			require.Equal(t, "device_error", got.code())
			require.Contains(t, got.body["error_description"], c.words)
			require.Equal(t, c.words, l.renew(token, publicKey(t, secondKey().Public(), nil)).code(), "the device service says it in its own form")
		})
	}
	l := newLogin(t, proda.Options{})
	require.ErrorIs(t, l.Reset(ra, "NOBODY", "x"), proda.ErrNoSuchDevice)
	_, err := l.Grant(ra, "NOBODY", audience)
	require.ErrorIs(t, err, proda.ErrNoSuchDevice)
	require.NoError(t, l.faults.Set(faults.Fault{Kind: faults.Unavailable, Operation: proda.OperationToken, Count: 1}))
	require.Equal(t, http.StatusServiceUnavailable, l.rightToken().status)
}

func TestARestartKeepsKeysAndTokens(t *testing.T) {
	var records []proda.Record
	l := newLogin(t, proda.Options{OnChange: func(record proda.Record) error { records = append(records, record); return nil }}).activated()
	token := l.rightToken().body["access_token"].(string)
	require.Len(t, records, 2)

	content, err := json.Marshal(records)
	require.NoError(t, err)
	var kept []proda.Record
	require.NoError(t, json.Unmarshal(content, &kept))
	again := newLogin(t, proda.Options{})
	for _, record := range kept {
		require.NoError(t, again.Restore(record))
	}
	_, valid := again.Caller(token, audience)
	require.True(t, valid)
	require.Equal(t, http.StatusTooManyRequests, again.rightToken().status, "the token before the restart still counts")
	require.ErrorIs(t, again.Restore(proda.Record{Device: &proda.Device{Name: "NOBODY"}}), proda.ErrNoSuchDevice)
}

func TestWhatCannotBeRecordedDoesNotHappen(t *testing.T) {
	full := errors.New("disk full")
	l := newLogin(t, proda.Options{OnChange: func(proda.Record) error { return full }})
	got := l.activate(device, map[string]any{"orgId": ra, "otac": code, "key": publicKey(t, firstKey().Public(), nil)})
	require.Equal(t, http.StatusInternalServerError, got.status)
	held, _ := l.Device(ra, device)
	require.Equal(t, proda.Pending, held.State)
	_, err := l.Grant(ra, device, audience)
	require.ErrorIs(t, err, full)
}
