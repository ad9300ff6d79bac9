package api

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
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
	tokenUnknown             = "The API token is not known, or was revoked."
)

type contextKey int

const (
	callerKey contextKey = iota
	requestKey
)

// request is what is noted of a request for the log.
type request struct {
	id     string
	caller db.Caller
}

func callerOf(ctx context.Context) db.Caller {
	caller, _ := ctx.Value(callerKey).(db.Caller)
	return caller
}

func requestID(ctx context.Context) string {
	if noted, ok := ctx.Value(requestKey).(*request); ok {
		return noted.id
	}
	return ""
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
			logger.Error("token lookup failed", zap.String("request_id", requestID(r.Context())), zap.Error(err))
			databaseAway(w)
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
	if noted, ok := r.Context().Value(requestKey).(*request); ok {
		noted.caller = caller
	}
	return r.WithContext(context.WithValue(r.Context(), callerKey, caller))
}

func databaseAway(w http.ResponseWriter) {
	away, _ := problems.Of(db.ErrUnavailable)
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
			writeProblem(w, http.StatusTooManyRequests, "too_many_requests", "This token makes too many requests. Wait a second and go on more slowly.")
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

// recovered answers for a handler that panicked.
func recovered(logger *zap.Logger, next http.Handler) http.Handler {
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
			logger.Error("a request panicked", zap.String("request_id", requestID(r.Context())), zap.ByteString("stack", debug.Stack()))
			writeProblem(w, http.StatusInternalServerError, "unexpected_error", "Something unexpected went wrong. The log says more under the request id.")
		}()
		next.ServeHTTP(w, r)
	})
}

// logged gives each request an id and logs it by its pattern, never by its address or body (R10).
func logged(logger *zap.Logger, mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		noted := &request{id: uuid.NewString()}
		w.Header().Set("X-Request-Id", noted.id)
		answer := &answerWriter{ResponseWriter: w, status: http.StatusOK}
		r = r.WithContext(context.WithValue(r.Context(), requestKey, noted))
		next.ServeHTTP(answer, r)
		logger.Log(levelOf(r), "request", zap.String("request_id", noted.id), zap.String("method", methodOf(r)), zap.String("route", routeOf(mux, r)),
			zap.Int("status", answer.status), zap.Int64("bytes", answer.bytes), zap.Duration("took", time.Since(began)),
			zap.String("organisation", string(noted.caller.Organisation.ID)), zap.String("token", string(noted.caller.TokenID)))
	})
}

// levelOf keeps checks of health, which come every few seconds, out of the usual log.
func levelOf(r *http.Request) zapcore.Level {
	if isHealth(r) {
		return zap.DebugLevel
	}
	return zap.InfoLevel
}

func isHealth(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" }

// methodOf keeps invented methods out of the log.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

func routeOf(mux *http.ServeMux, r *http.Request) string {
	switch {
	case isHealth(r):
		return r.URL.Path
	case strings.HasPrefix(r.URL.Path, "/codec/"):
		return "/codec/"
	}
	if _, pattern := mux.Handler(r); pattern != "" {
		return pattern
	}
	return "none"
}

// answerWriter notes what was answered.
type answerWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (w *answerWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *answerWriter) Write(data []byte) (int, error) {
	n, err := w.ResponseWriter.Write(data)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
