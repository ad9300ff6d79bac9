package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/time/rate"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/problems"
	"github.com/caresync/caresync/starter/web"
)

const (
	securityScheme = "token"
	// DefaultRequestsPerSecond is how many requests a token may make on average; for a moment it may be twice as many.
	DefaultRequestsPerSecond = 50
	tokenUnknown             = "The API token is unknown or was revoked."
)

type callerKey struct{}

func callerOf(ctx context.Context) db.Caller {
	caller, _ := ctx.Value(callerKey{}).(db.Caller)
	return caller
}

// authenticated lets only callers with an API token through, and notes whose it is (R11).
func authenticated(store *db.Store, logger *zap.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !given {
			unauthorised(w, "Send an organisation's API token as \"Authorization: Bearer\".")
			return
		}
		secret = strings.TrimSpace(secret)
		caller, err := store.Authenticate(r.Context(), secret)
		switch {
		case errors.Is(err, db.ErrNotFound):
			unauthorised(w, tokenUnknown)
		case err != nil:
			logger.Error("token lookup failed", web.RequestID(r.Context()), zap.Error(err))
			databaseAway(w, err)
		default:
			r = withCaller(r, caller)
			next.ServeHTTP(w, r.WithContext(web.WithCredential(r.Context(), func(ctx context.Context) error {
				_, err := store.Authenticate(ctx, secret)
				return err
			})))
		}
	})
}

// withCaller notes who makes a request, for its operation and for the log.
func withCaller(r *http.Request, caller db.Caller) *http.Request {
	noted := web.RequestOf(r.Context())
	noted.Organisation, noted.Token = caller.Organisation.ID, caller.TokenID
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, caller))
}

func databaseAway(w http.ResponseWriter, err error) {
	away, known := problems.Of(err)
	if !known {
		away, _ = problems.Of(db.ErrUnavailable)
	}
	w.Header().Set("Retry-After", retryAfter())
	writeProblem(w, away.Status, away.Code, away.Detail())
}

func unauthorised(w http.ResponseWriter, detail string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="caresync"`)
	writeProblem(w, http.StatusUnauthorized, "unauthorised", detail)
}

// limited bounds how many requests each token makes, so that one caller cannot starve the others.
func limited(perSecond float64, next http.Handler) http.Handler {
	if perSecond <= 0 {
		perSecond = DefaultRequestsPerSecond
	}
	limits := limiters{perSecond: rate.Limit(perSecond), byToken: map[care.ID]*rate.Limiter{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !limits.of(callerOf(r.Context()).TokenID).Allow() {
			w.Header().Set("Retry-After", "1")
			writeProblem(w, http.StatusTooManyRequests, "too_many_requests", "This token makes too many requests. Wait a second and send requests more slowly.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

type limiters struct {
	perSecond rate.Limit
	mu        sync.Mutex
	byToken   map[care.ID]*rate.Limiter
}

func (l *limiters) of(token care.ID) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.byToken[token]
	if limiter == nil {
		limiter = rate.NewLimiter(l.perSecond, max(1, int(2*l.perSecond)))
		l.byToken[token] = limiter
	}
	return limiter
}

// secured sets the headers that keep browsers from doing anything with an answer.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// refuseUnstorable answers a request whose address is not text.
func refuseUnstorable(w http.ResponseWriter, _ *http.Request) {
	unstorable, _ := problems.Of(web.ErrUnstorable)
	writeProblem(w, unstorable.Status, unstorable.Code, unstorable.Detail())
}

// storableFormats read bodies of text that can be kept, and refuse others.
func storableFormats(formats map[string]huma.Format) map[string]huma.Format {
	storable := make(map[string]huma.Format, len(formats))
	for name, format := range formats {
		unmarshal := format.Unmarshal
		format.Unmarshal = func(data []byte, value any) error {
			if _, validating := value.(*any); !validating { // a document that cannot be validated would be a 400
				if err := web.StorableJSON(data); err != nil {
					return err
				}
			}
			return unmarshal(data, value)
		}
		storable[name] = format
	}
	return storable
}

// panicked answers where a handler panicked.
func panicked(w http.ResponseWriter, _ *http.Request) {
	writeProblem(w, http.StatusInternalServerError, codeUnexpected, unexpectedDetail)
}

func isHealth(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" }

// routeOf is how a request is logged. Checks of health come every few seconds: they stay out of the usual log.
func routeOf(mux *http.ServeMux) func(*http.Request) (string, zapcore.Level) {
	return func(r *http.Request) (string, zapcore.Level) {
		if isHealth(r) {
			return r.URL.Path, zap.DebugLevel
		}
		if strings.HasPrefix(r.URL.Path, "/codec/") {
			return "/codec/", zap.InfoLevel
		}
		if _, pattern := mux.Handler(r); pattern != "" {
			return pattern, zap.InfoLevel
		}
		return "none", zap.InfoLevel
	}
}
