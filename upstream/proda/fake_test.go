package proda_test

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/transport"
)

// firstKey is a device's key; one serves all tests, since making one is slow.
var firstKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := proda.NewKey()
	if err != nil {
		panic(err)
	}
	return key
})

// clock is a time that tests move.
type clock struct {
	mutex sync.Mutex
	now   time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(by)
}

// fakePRODA gives numbered tokens to devices whose assertion is signed with the key it knows.
type fakePRODA struct {
	*httptest.Server
	clock *clock

	mutex    sync.Mutex
	known    *rsa.PublicKey
	code     string
	issued   int
	requests []*http.Request
	bodies   []map[string]any
	claims   []map[string]any
	// answer, if set, answers instead.
	answer http.HandlerFunc
}

func startPRODA(t *testing.T) *fakePRODA {
	t.Helper()
	fake := &fakePRODA{clock: newClock(), code: "otac-1"}
	fake.Server = httptest.NewServer(fake)
	t.Cleanup(fake.Close)
	return fake
}

func (f *fakePRODA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.requests = append(f.requests, r)
	switch {
	case f.answer != nil:
		f.answer(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/mga/sps/oauth/oauth20/token":
		f.token(w, r)
	case r.Method == http.MethodPut && r.URL.EscapedPath() == "/piaweb/api/b2b/v1/devices/caresync%201/jwk":
		f.takeKey(w, r, true)
	case r.Method == http.MethodPut && r.URL.EscapedPath() == "/piaweb/api/b2b/v1/orgs/RA0001/devices/caresync%201/jwk":
		f.takeKey(w, r, false)
	default:
		http.NotFound(w, r)
	}
}

func (f *fakePRODA) token(w http.ResponseWriter, r *http.Request) {
	parsed, err := jwt.ParseSigned(r.FormValue("assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || r.FormValue("client_id") != "client-1" {
		refuse(w, http.StatusBadRequest, `{"error":"invalid_request"}`)
		return
	}
	claims := map[string]any{}
	if f.known == nil || parsed.Claims(f.known, &claims) != nil {
		refuse(w, http.StatusUnauthorized, `{"errors":[{"code":"JWK.8","message":"Key is not the device's"}]}`)
		return
	}
	claims["kid"] = parsed.Headers[0].KeyID
	f.claims = append(f.claims, claims)
	f.issued++
	fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600,"key_expiry":"2026-08-01T00:00:00Z","device_expiry":"2027-01-31T09:30:00+1100"}`, f.issued)
}

func (f *fakePRODA) takeKey(w http.ResponseWriter, r *http.Request, activation bool) {
	body := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, `{"message":"not JSON"}`)
		return
	}
	f.bodies = append(f.bodies, body)
	described := any(body)
	if activation {
		described = body["key"]
		if body["otac"] != f.code {
			refuse(w, http.StatusBadRequest, `{"errors":[{"code":"DE.7","message":"Activation code is invalid"}]}`)
			return
		}
		f.code = "used"
	} else if r.Header.Get("Authorization") != "Bearer token-"+strconv.Itoa(f.issued) {
		refuse(w, http.StatusUnauthorized, "")
		return
	}
	encoded, _ := json.Marshal(described)
	var jwk jose.JSONWebKey
	if err := json.Unmarshal(encoded, &jwk); err != nil {
		refuse(w, http.StatusBadRequest, `{"errors":[{"code":"JWK.1","message":"Not a key"}]}`)
		return
	}
	f.known = jwk.Key.(*rsa.PublicKey)
}

func refuse(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// set changes what the fake does while it runs.
func (f *fakePRODA) set(change func(*fakePRODA)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	change(f)
}

func (f *fakePRODA) calls() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return len(f.requests)
}

// tokens is how many were issued.
func (f *fakePRODA) tokens() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.issued
}

func (f *fakePRODA) connection() care.Connection {
	return care.Connection{
		ID: "019a3b5e-0000-7000-8000-000000000002", Service: care.ServicesAustralia, TokenBaseURL: f.URL, DeviceBaseURL: f.URL + "/",
		RANumber: "RA0001", DeviceName: "caresync 1", ClientID: "client-1", Audience: "https://audience.example",
	}
}

func (f *fakePRODA) client() *proda.Client {
	return proda.NewClient(transport.NewClient(transport.Options{}), proda.Options{Now: f.clock.Now})
}

// process is what a worker process holds.
type process struct {
	tokens  *proda.Tokens
	devices *proda.Devices
}

func (f *fakePRODA) process(store *prodatest.Store) process {
	client := f.client()
	tokens := proda.NewTokens(client, store, store)
	return process{tokens: tokens, devices: proda.NewDevices(client, tokens, store)}
}

// activated is a store that holds the key that the fake knows.
func (f *fakePRODA) activated() *prodatest.Store {
	store := &prodatest.Store{}
	store.SetPrivateKey(f.connection().ID, firstKey())
	f.set(func(f *fakePRODA) { f.known = &firstKey().PublicKey })
	return store
}

func failure(t *testing.T, err error) *transport.Error {
	t.Helper()
	var failed *transport.Error
	require.ErrorAs(t, err, &failed)
	return failed
}
