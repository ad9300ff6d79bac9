package console

import (
	"fmt"
	"net/http"
	"net/url"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// contentSecurityPolicy lets pages load what this program serves, and nothing else: no inline script or style, no other site.
	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// largestForm is how many bytes someone may send, unless an address takes more.
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

// panicked answers where a page panicked.
func (c console) panicked(w http.ResponseWriter, r *http.Request) { c.fail(w, r, errPanicked) }

// routeOf is how a request is logged: by its pattern, never by its address or form (R10).
func routeOf(mux *http.ServeMux) func(*http.Request) (string, zapcore.Level) {
	return func(r *http.Request) (string, zapcore.Level) {
		_, pattern := mux.Handler(r)
		return pattern, zap.InfoLevel
	}
}
