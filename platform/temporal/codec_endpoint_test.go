package temporal_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
)

const (
	operatorToken = "an-operators-token-for-tests"
	uiAddress     = "http://127.0.0.1:8233"
)

type codecFixture struct {
	handler http.Handler
	logs    *observer.ObservedLogs
	body    string // a request to decode one encrypted payload
}

func newCodecFixture(t *testing.T, keyring *sealing.Keyring, ui string) codecFixture {
	core, logs := observer.New(zap.DebugLevel)
	handler, err := temporal.NewCodecEndpoint(temporal.CodecEndpointOptions{
		Keyring: keyring, Token: operatorToken, UI: ui, Logger: zap.New(core),
	})
	require.NoError(t, err)
	payloads, err := temporal.NewDataConverter(keyring).ToPayloads(person)
	require.NoError(t, err)
	body, err := protojson.Marshal(payloads)
	require.NoError(t, err)
	return codecFixture{handler, logs, string(body)}
}

// decode asks as the Temporal UI does, changed as the test wants.
func (f codecFixture) decode(change func(*http.Request)) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, "/codec/decode?preserveStorageRefs=true", strings.NewReader(f.body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Namespace", "caresync")
	request.Header.Set("Origin", uiAddress)
	change(request)
	return f.serve(request)
}

func (f codecFixture) serve(request *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	f.handler.ServeHTTP(recorder, request)
	return recorder
}

func (f codecFixture) openSession(query url.Values) *httptest.ResponseRecorder {
	return f.serve(httptest.NewRequest(http.MethodGet, "/codec/session?"+query.Encode(), nil))
}

func withBearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// decodedText reads the one string that an answer of the codec endpoint holds.
func decodedText(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	var payloads commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(answer.Body.Bytes(), &payloads))
	var text string
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(&payloads, &text))
	return text
}

func TestBearerMayDecode(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	answer := f.decode(withBearer(operatorToken))
	require.Equal(t, person, decodedText(t, answer))
	require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
	require.Empty(t, f.logs.All(), "nothing is logged about what is read")
}

func TestAnswerHasTheShapeThatTheUIReads(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	var answer struct {
		Payloads []struct {
			Metadata map[string][]byte
			Data     []byte
		}
	}
	require.NoError(t, json.Unmarshal(f.decode(withBearer(operatorToken)).Body.Bytes(), &answer))
	require.Len(t, answer.Payloads, 1)
	require.Equal(t, "json/plain", string(answer.Payloads[0].Metadata["encoding"]))
	require.Equal(t, `"`+person+`"`, string(answer.Payloads[0].Data))
}

func TestUIMayEncodeWhatAnOperatorTypes(t *testing.T) {
	keyring := newKeyring(t)
	f := newCodecFixture(t, keyring, uiAddress)
	clear, err := converter.GetDefaultDataConverter().ToPayloads(person)
	require.NoError(t, err)
	body, err := protojson.Marshal(clear)
	require.NoError(t, err)
	request := httptest.NewRequest(http.MethodPost, "/codec/encode", bytes.NewReader(body))
	withBearer(operatorToken)(request)

	answer := f.serve(request)

	require.Equal(t, http.StatusOK, answer.Code)
	var encrypted commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(answer.Body.Bytes(), &encrypted))
	require.NotContains(t, wire(t, &encrypted), "Wilhelmina")
	var text string
	require.NoError(t, temporal.NewDataConverter(keyring).FromPayloads(&encrypted, &text))
	require.Equal(t, person, text)
}

func TestWithoutValidTokenNothingIsDecoded(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	for name, change := range map[string]func(*http.Request){
		"no token":        func(*http.Request) {},
		"wrong token":     withBearer("an-operators-token-for-Tests"),
		"empty token":     withBearer(""),
		"other scheme":    func(r *http.Request) { r.SetBasicAuth("operator", operatorToken) },
		"made-up session": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "caresync_codec_session", Value: "AAAA"}) },
		"token as cookie": func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "caresync_codec_session", Value: operatorToken})
		},
		"token in the address": func(r *http.Request) { r.URL.RawQuery = "token=" + operatorToken },
	} {
		t.Run(name, func(t *testing.T) {
			answer := f.decode(change)
			require.Equal(t, http.StatusUnauthorized, answer.Code)
			require.Equal(t, "Bearer", answer.Header().Get("WWW-Authenticate"))
			require.NotContains(t, answer.Body.String(), operatorToken)
		})
	}
	for _, entry := range f.logs.All() {
		require.Equal(t, zap.WarnLevel, entry.Level)
		require.Equal(t, map[string]any{"path": "/codec/decode"}, entry.ContextMap())
	}
}

func TestSessionMayDecode(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	page := uiAddress + "/namespaces/caresync/workflows?query=%60WorkflowType%60%3D%22BulkSync%22"

	answer := f.openSession(url.Values{"token": {operatorToken}, "to": {page}})

	require.Equal(t, http.StatusSeeOther, answer.Code)
	require.Equal(t, page, answer.Header().Get("Location"))
	require.Equal(t, "no-referrer", answer.Header().Get("Referrer-Policy"))
	cookie := onlyCookie(t, answer)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	require.Equal(t, "/codec", cookie.Path)
	require.False(t, cookie.Secure, "the UI is reached without TLS")
	require.Equal(t, person, decodedText(t, f.decode(func(r *http.Request) { r.AddCookie(cookie) })))
}

func TestSessionLeadsToFirstPageOfUI(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	answer := f.openSession(url.Values{"token": {operatorToken}})
	require.Equal(t, uiAddress, answer.Header().Get("Location"))
}

func TestSessionCookieIsSecureBehindTLS(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), "https://temporal.example.org")
	require.True(t, onlyCookie(t, f.openSession(url.Values{"token": {operatorToken}})).Secure)
}

func TestNoSessionWithoutToken(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	for _, query := range []url.Values{{}, {"token": {"wrong"}}, {"token": {""}, "to": {uiAddress}}} {
		answer := f.openSession(query)
		require.Equal(t, http.StatusUnauthorized, answer.Code)
		require.Empty(t, answer.Result().Cookies())
		require.Empty(t, answer.Header().Get("Location"))
	}
}

func TestSessionLeadsNowhereElse(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	for _, to := range []string{
		"https://evil.example.org/",
		"//evil.example.org/",
		"/relative",
		"javascript:alert(1)",
		"https://127.0.0.1:8233/",
		"http://127.0.0.1:8234/",
		"http://127.0.0.1:8233@evil.example.org/",
		"http://user@127.0.0.1:8233/",
		"http://127.0.0.1:8233.evil.example.org/",
		`http://127.0.0.1:8233\@evil.example.org/`,
		"http:127.0.0.1:8233",
		" " + uiAddress,
	} {
		answer := f.openSession(url.Values{"token": {operatorToken}, "to": {to}})
		require.Equal(t, http.StatusBadRequest, answer.Code, to)
		require.Empty(t, answer.Result().Cookies(), to)
		require.Empty(t, answer.Header().Get("Location"), to)
	}
}

func TestUsualPortAndCapitalsAreTheSameOrigin(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), "https://Temporal.Example.org:443")
	answer := f.openSession(url.Values{"token": {operatorToken}, "to": {"https://temporal.example.org/namespaces"}})
	require.Equal(t, http.StatusSeeOther, answer.Code)
	answer = f.decode(func(r *http.Request) {
		withBearer(operatorToken)(r)
		r.Header.Set("Origin", "https://temporal.example.org")
	})
	require.Equal(t, person, decodedText(t, answer))
}

func TestOnlyTheUIsPageMayCall(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	cookie := onlyCookie(t, f.openSession(url.Values{"token": {operatorToken}}))
	for name, change := range map[string]func(*http.Request){
		"other site":               func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.org") },
		"other port of the site":   func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:9999") },
		"sandboxed page":           func(r *http.Request) { r.Header.Set("Origin", "null") },
		"no origin but cross-site": func(r *http.Request) { r.Header.Del("Origin"); r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		t.Run(name, func(t *testing.T) {
			answer := f.decode(func(r *http.Request) {
				r.AddCookie(cookie)
				change(r)
			})
			require.Equal(t, http.StatusForbidden, answer.Code)
			require.Empty(t, answer.Header().Get("Access-Control-Allow-Origin"))
		})
	}
}

func TestBrowserIsToldThatTheUIMayCall(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	preflight := func(origin string) http.Header {
		request := httptest.NewRequest(http.MethodOptions, "/codec/decode", nil)
		request.Header.Set("Origin", origin)
		request.Header.Set("Access-Control-Request-Method", http.MethodPost)
		request.Header.Set("Access-Control-Request-Headers", "authorization,authorization-extras,content-type,x-namespace")
		return f.serve(request).Header()
	}

	allowed := preflight(uiAddress)
	require.Equal(t, uiAddress, allowed.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", allowed.Get("Access-Control-Allow-Credentials"))
	require.Equal(t, http.MethodPost, allowed.Get("Access-Control-Allow-Methods"))
	require.Equal(t, "authorization,authorization-extras,content-type,x-namespace", allowed.Get("Access-Control-Allow-Headers"))

	require.Empty(t, preflight("https://evil.example.org").Get("Access-Control-Allow-Origin"))

	refused := f.decode(func(*http.Request) {})
	require.Equal(t, http.StatusUnauthorized, refused.Code)
	require.Equal(t, uiAddress, refused.Header().Get("Access-Control-Allow-Origin"), "so that the UI can show the refusal")
}

func TestOversizedRequestIsRefused(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	answer := f.decode(func(r *http.Request) {
		withBearer(operatorToken)(r)
		r.Body = io.NopCloser(io.LimitReader(endless{}, 100<<20))
	})
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
}

func TestBadRequests(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	foreign := newCodecFixture(t, newKeyring(t, newEntry(t, "lost")), uiAddress)
	for name, test := range map[string]struct{ body, want string }{
		"no JSON":     {"{", ""},
		"unknown key": {foreign.body, `sealed with key "lost"`},
	} {
		t.Run(name, func(t *testing.T) {
			answer := f.decode(func(r *http.Request) {
				withBearer(operatorToken)(r)
				r.Body = io.NopCloser(strings.NewReader(test.body))
			})
			require.Equal(t, http.StatusBadRequest, answer.Code)
			require.Contains(t, answer.Body.String(), test.want)
		})
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	f := newCodecFixture(t, newKeyring(t), uiAddress)
	for target, want := range map[string]int{
		"GET /codec/decode":    http.StatusMethodNotAllowed,
		"POST /codec/session":  http.StatusMethodNotAllowed,
		"POST /codec/download": http.StatusNotFound,
		"POST /decode":         http.StatusNotFound,
	} {
		method, path, _ := strings.Cut(target, " ")
		request := httptest.NewRequest(method, path, strings.NewReader(f.body))
		withBearer(operatorToken)(request)
		require.Equal(t, want, f.serve(request).Code, target)
	}
}

func TestCodecEndpointNeedsItsOptions(t *testing.T) {
	whole := temporal.CodecEndpointOptions{Keyring: newKeyring(t), Token: operatorToken, UI: uiAddress, Logger: zap.NewNop()}
	for name, remove := range map[string]func(*temporal.CodecEndpointOptions){
		"keyring":         func(o *temporal.CodecEndpointOptions) { o.Keyring = nil },
		"token":           func(o *temporal.CodecEndpointOptions) { o.Token = "" },
		"logger":          func(o *temporal.CodecEndpointOptions) { o.Logger = nil },
		"TEMPORAL_UI_URL": func(o *temporal.CodecEndpointOptions) { o.UI = "" },
		"http":            func(o *temporal.CodecEndpointOptions) { o.UI = "127.0.0.1:8233" },
	} {
		options := whole
		remove(&options)
		_, err := temporal.NewCodecEndpoint(options)
		require.ErrorContains(t, err, name)
	}
}

func onlyCookie(t *testing.T, answer *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := answer.Result().Cookies()
	require.Len(t, cookies, 1)
	return cookies[0]
}

// endless is a reader without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
