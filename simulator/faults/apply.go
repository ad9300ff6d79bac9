package faults

import (
	"bytes"
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Serve answers a call as the verdict says: next is called unless a fault answers in its place. A call whose client went
// away, or whose connection is to break, ends with http.ErrAbortHandler.
func (v Verdict) Serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	if v.delay > 0 && !wait(r.Context(), v.delay, nil) {
		panic(http.ErrAbortHandler)
	}
	if v.fault == nil {
		next(w, r)
		return
	}
	v.answer(w, r, next)
}

func (v Verdict) answer(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	fault := v.fault
	switch fault.Kind {
	case TooManyRequests:
		setRetryAfter(w.Header(), fault)
		body(w, http.StatusTooManyRequests, "application/json", `{"message":"Rate limit exceeded"}`)
	case Unavailable:
		setRetryAfter(w.Header(), fault)
		body(w, http.StatusServiceUnavailable, "application/json", `{"errors":[{"code":"503","message":"Service is unavailable","field":""}]}`)
	case InternalError:
		body(w, http.StatusInternalServerError, "application/json", `{"message":"Internal server error"}`)
	case BadGateway:
		body(w, http.StatusBadGateway, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>")
	case ConnectionReset:
		reset(w)
	case Hang:
		hang(r.Context(), v)
	case HTML:
		body(w, http.StatusOK, "text/html; charset=utf-8", "<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1></body></html>")
	case EmptyBody:
		body(w, http.StatusOK, "application/json", "")
	case TruncatedJSON:
		truncate(w, r, next)
	case HugeBody:
		stream(w, max(1, fault.Megabytes))
	default:
		next(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, fault)))
	}
}

type contextKey struct{}

// Of returns the fault that a service should simulate for a call, if it is of the given kind.
func Of(r *http.Request, kind Kind) (Fault, bool) {
	fault, given := r.Context().Value(contextKey{}).(*Fault)
	if !given || fault.Kind != kind {
		return Fault{}, false
	}
	return *fault, true
}

// wait reports whether the time passed before the request ended or the channel was closed.
func wait(ctx context.Context, delay time.Duration, released <-chan struct{}) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-released:
		return false
	}
}

func hang(ctx context.Context, v Verdict) {
	delay := v.fault.Delay
	if delay == 0 {
		delay = math.MaxInt64
	}
	wait(ctx, delay, v.released)
	panic(http.ErrAbortHandler)
}

func setRetryAfter(header http.Header, fault *Fault) {
	switch seconds := int64(math.Ceil(fault.RetryAfter.Seconds())); {
	case seconds == 0:
	case fault.RetryAfterDate:
		// A date has whole seconds: one more keeps the wait from being shorter than asked.
		header.Set("Retry-After", time.Now().Add(time.Duration(seconds+1)*time.Second).UTC().Format(http.TimeFormat))
	default:
		header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
}

func body(w http.ResponseWriter, status int, contentType, text string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a client that went away needs no answer
}

// reset closes the connection so that the client's side sees a reset rather than an orderly end.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // at worst the connection ends in an orderly way
	}
	_ = connection.Close()
}

// truncate sends the first half of the service's answer as if it were all.
func truncate(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	held := &bufferedAnswer{header: http.Header{}, status: http.StatusOK}
	next(held, r)
	for name, values := range held.header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	half := held.body.String()[:held.body.Len()/2]
	w.Header().Set("Content-Length", strconv.Itoa(len(half)))
	w.WriteHeader(held.status)
	_, _ = io.WriteString(w, half)
}

type bufferedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *bufferedAnswer) Header() http.Header               { return h.header }
func (h *bufferedAnswer) WriteHeader(status int)            { h.status = status }
func (h *bufferedAnswer) Write(content []byte) (int, error) { return h.body.Write(content) }

// stream sends a valid JSON array of about that many megabytes, until the client has had enough.
func stream(w http.ResponseWriter, megabytes int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	const perRow = 1024
	row := `{"padding":"` + strings.Repeat("x", perRow-15) + `"}`
	opening := "["
	for range megabytes * 1024 {
		if _, err := io.WriteString(w, opening+row); err != nil {
			return
		}
		opening = ","
	}
	_, _ = io.WriteString(w, "]")
}
