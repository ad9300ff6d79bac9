package web

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caresync/caresync/care"
)

type requestKey struct{}

// Request is what is noted of a request for the log.
type Request struct {
	// ID is given to the requester, so that the request can be found in the log.
	ID string
	// Organisation is whose records are asked for, Token the API token with which; both are empty until they are known.
	Organisation, Token care.ID
}

// RequestOf returns what is noted of the request to which a context belongs. What is noted of no request is lost.
func RequestOf(ctx context.Context) *Request {
	if noted, ok := ctx.Value(requestKey{}).(*Request); ok {
		return noted
	}
	return &Request{}
}

// RequestID is the field of a log line that names the request to which a context belongs.
func RequestID(ctx context.Context) zap.Field { return zap.String("request_id", RequestOf(ctx).ID) }

// Logged gives each request an id and logs it by its route, never by its address or content (R10). message begins the line; route names the
// route, with the level of its line.
func Logged(logger *zap.Logger, message string, route func(*http.Request) (string, zapcore.Level), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		noted := &Request{ID: uuid.NewString()}
		w.Header().Set("X-Request-Id", noted.ID)
		answer := &answerWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), requestKey{}, noted)))
		name, level := route(r)
		logger.Log(level, message, zap.String("request_id", noted.ID), zap.String("method", methodOf(r)), zap.String("route", name),
			zap.Int("status", answer.status), zap.Int64("bytes", answer.bytes), zap.Duration("took", time.Since(began)),
			zap.String("organisation", string(noted.Organisation)), zap.String("token", string(noted.Token)))
	})
}

// methodOf keeps invented methods out of the log.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// Recovered lets fail answer where a handler panicked.
func Recovered(logger *zap.Logger, fail http.HandlerFunc, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, isError := cause.(error); isError && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			// The cause may quote a value; the stack tells where it happened (R10).
			logger.Error("a request panicked", RequestID(r.Context()), zap.ByteString("stack", debug.Stack()))
			fail(w, r)
		}()
		next.ServeHTTP(w, r)
	})
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
