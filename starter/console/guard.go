package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
)

const (
	// contentSecurityPolicy lets pages load what this program serves, and nothing else: no inline script or style, no other site.
	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// largestForm is how many bytes somebody may send, unless an address takes more.
	largestForm = 64 << 10
)

// crossOrigin refuses forms that another site sends in a visitor's name. Browsers say themselves where a request comes from
// (Sec-Fetch-Site, else Origin), so that no form needs a token that could be forgotten; the session's SameSite cookie keeps it from
// browsers that say neither.
func (c console) crossOrigin(publicURL string) (*http.CrossOriginProtection, error) {
	protection := http.NewCrossOriginProtection()
	if address, err := url.Parse(publicURL); err == nil && address.Host != "" { // a proxy may show us another host
		if err := protection.AddTrustedOrigin(address.Scheme + "://" + address.Host); err != nil {
			return nil, fmt.Errorf("the public URL cannot be the console's address: %w", err)
		}
	}
	protection.SetDenyHandler(c.open(func(http.ResponseWriter, *http.Request) error { return errForged }))
	return protection, nil
}

// secured sets the headers that keep other sites and scripts away from pages, and bounds what a request may send.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentSecurityPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, largestBody(r))
		next.ServeHTTP(w, r)
	})
}

// recovered answers for a page that panicked.
func (c console) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			// The cause may quote a value; the stack tells where it happened (R10).
			c.logger.Error("a page panicked", zap.String("request_id", requestOf(r.Context()).id), zap.ByteString("stack", debug.Stack()))
			c.fail(w, r, errPanicked)
		}()
		next.ServeHTTP(w, r)
	})
}

type contextKey int

const requestKey contextKey = iota

// request is what is noted of a request for the log.
type request struct {
	id           string
	organisation care.ID
}

func requestOf(ctx context.Context) *request {
	if noted, ok := ctx.Value(requestKey).(*request); ok {
		return noted
	}
	return &request{}
}

// logged gives each request an id and logs it by its pattern, never by its address or form (R10).
func (c console) logged(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		noted := &request{id: uuid.NewString()}
		w.Header().Set("X-Request-Id", noted.id)
		answer := &answerWriter{ResponseWriter: w, status: http.StatusOK}
		_, pattern := mux.Handler(r)
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), requestKey, noted)))
		c.logger.Info("page", zap.String("request_id", noted.id), zap.String("route", pattern), zap.Int("status", answer.status),
			zap.Duration("took", time.Since(began)), zap.String("organisation", string(noted.organisation)))
	})
}

// answerWriter notes what was answered.
type answerWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *answerWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
