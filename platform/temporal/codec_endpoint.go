package temporal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"

	"github.com/caresync/caresync/platform/sealing"
)

const (
	// maxCodecBody has room for the largest answer of the server, 4 MiB, in base64.
	maxCodecBody = 8 << 20
	// preflightSeconds is how long a browser need not ask again whether it may call.
	preflightSeconds = 600
)

// CodecEndpointOptions are all required.
type CodecEndpointOptions struct {
	Keyring *sealing.Keyring
	Token   string // the operator's token
	UI      string // address of the Temporal UI, the only page that may call
	Logger  *zap.Logger
}

// NewCodecEndpoint serves what the Temporal UI and the Temporal CLI need to show encrypted payloads to an operator:
//   - POST /codec/decode, and /codec/encode for what an operator types into the UI (signals, updates, queries);
//   - GET /codec/session?token=…&to=…: checks the operator's token, gives the browser a session cookie for twelve
//     hours, and continues to the given page of the Temporal UI, or to its first page.
//
// Whoever calls needs the token as "Authorization: Bearer" or the session cookie. Point the UI at <address>/codec with
// credentials included. The cookie is SameSite=Strict, so both must be reached under the same scheme and site: with
// the UI at http://127.0.0.1:8233, this endpoint at http://127.0.0.1:8080 works and at http://localhost:8080 does not.
func NewCodecEndpoint(options CodecEndpointOptions) (http.Handler, error) {
	if options.Keyring == nil || options.Token == "" || options.Logger == nil {
		return nil, errors.New("the codec endpoint needs a keyring, an operator's token and a logger")
	}
	ui, err := url.Parse(options.UI)
	if err != nil || (ui.Scheme != "http" && ui.Scheme != "https") || ui.Hostname() == "" {
		return nil, errors.New("the codec endpoint needs the address of the Temporal UI (TEMPORAL_UI_URL), " +
			"such as http://127.0.0.1:8233")
	}
	onlyUI := http.NewCrossOriginProtection()
	if err := onlyUI.AddTrustedOrigin(originOf(ui)); err != nil {
		return nil, fmt.Errorf("the address of the Temporal UI (TEMPORAL_UI_URL): %w", err)
	}
	endpoint := &codecEndpoint{
		ui:       ui,
		sessions: sessions{keyring: options.Keyring, token: options.Token},
		logger:   options.Logger,
	}
	codec := converter.NewPayloadCodecHTTPHandler(encryptionCodec{keyring: options.Keyring})
	guarded := onlyUI.Handler(endpoint.authenticated(withLimitedBody(codec)))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /codec/session", endpoint.startSession)
	mux.Handle("POST /codec/decode", guarded)
	mux.Handle("POST /codec/encode", guarded)
	return allowBrowserCalls(originOf(ui)).Handler(mux), nil
}

type codecEndpoint struct {
	ui       *url.URL
	sessions sessions
	logger   *zap.Logger
}

func (e *codecEndpoint) startSession(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	w.Header().Set("Cache-Control", "no-store")
	if !e.sessions.isToken(r.URL.Query().Get("token")) {
		e.refuse(w, r)
		return
	}
	page, err := e.pageOfUI(r.URL.Query().Get("to"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.SetCookie(w, e.sessions.newCookie(e.ui.Scheme == "https"))
	e.logger.Info("an operator opened a codec session")
	http.Redirect(w, r, page, http.StatusSeeOther)
}

// pageOfUI follows nothing but pages of the Temporal UI, so that the endpoint is no open redirect.
func (e *codecEndpoint) pageOfUI(to string) (string, error) {
	if to == "" {
		return e.ui.String(), nil
	}
	page, err := url.Parse(to)
	if err != nil || page.User != nil || originOf(page) != originOf(e.ui) {
		return "", fmt.Errorf("\"to\" must be a page of the Temporal UI at %s", originOf(e.ui))
	}
	return page.String(), nil
}

func (e *codecEndpoint) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.sessions.allow(r) {
			e.refuse(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (e *codecEndpoint) refuse(w http.ResponseWriter, r *http.Request) {
	e.logger.Warn("the codec endpoint refused a request without a valid token or session",
		zap.String("path", r.URL.Path))
	w.Header().Set("WWW-Authenticate", "Bearer")
	http.Error(w, "a valid operator's token or session is needed: open /codec/session?token=… first",
		http.StatusUnauthorized)
}

func withLimitedBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCodecBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			http.Error(w, fmt.Sprintf("at most %d bytes at once", maxCodecBody), http.StatusRequestEntityTooLarge)
			return
		}
		if slow := (net.Error)(nil); errors.As(err, &slow) && slow.Timeout() {
			http.Error(w, "the request did not arrive in time", http.StatusRequestTimeout)
			return
		}
		if err != nil {
			http.Error(w, "the request could not be read", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// allowBrowserCalls answers browsers that ask whether the UI's page may call, with the headers that the UI sends.
func allowBrowserCalls(origin string) *cors.Cors {
	return cors.New(cors.Options{
		AllowOriginFunc:  func(asking string) bool { return asking == origin },
		AllowedMethods:   []string{http.MethodPost},
		AllowedHeaders:   []string{"Authorization", "Authorization-Extras", "Content-Type", "X-Namespace"},
		AllowCredentials: true,
		MaxAge:           preflightSeconds,
	})
}

// originOf writes a page's origin as browsers do: in lower case, without the scheme's usual port.
func originOf(page *url.URL) string {
	usualPort := map[string]string{"http": ":80", "https": ":443"}[page.Scheme]
	return page.Scheme + "://" + strings.TrimSuffix(strings.ToLower(page.Host), usualPort)
}
