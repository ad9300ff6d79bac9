// Package health answers an operator's questions about a program: is it alive, is it ready, how is it doing.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// probeTimeout is how long one check may take.
	probeTimeout = 3 * time.Second
	// probedFor is how long what the checks found is told, so that probing often costs little.
	probedFor = 2 * time.Second
)

// Check asks whether something that the program needs is there and as it should be. Its error is only logged, since it may name hosts and
// users.
type Check struct {
	// Name is shown to whoever asks.
	Name  string
	Probe func(ctx context.Context) error
	// Explain says in a sentence what an error of the probe means and what to do; nil says nothing.
	Explain func(err error) string
	// Optional: the program is of use without it, and so is ready.
	Optional bool
}

// Tolerable marks an error with which the program is of use all the same: it is told, and the program is ready.
func Tolerable(err error) error { return tolerable{err} }

type tolerable struct{ error }

func (t tolerable) Unwrap() error { return t.error }

// What a check, and all of them, can find.
const (
	statusOK          = "ok"
	statusUnavailable = "unavailable"
	// statusDegraded: what is unavailable is optional.
	statusDegraded = "degraded"
)

// finding is what a check found.
type finding struct {
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// readiness is what all checks found.
type readiness struct {
	Status string             `json:"status"`
	Checks map[string]finding `json:"checks"`
}

// Handler serves
//   - /healthz: 200 as long as the process answers;
//   - /readyz: 200 if all checks succeed that are not optional, else 503, with what each found as JSON;
//   - /metrics: the given handler.
//
// It asks for no authentication and belongs on a private address.
func Handler(metrics http.Handler, logger *zap.Logger, checks ...Check) http.Handler {
	prober := &prober{checks: checks, logger: logger}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": statusOK})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		found := prober.readiness(r.Context())
		code := http.StatusOK
		if found.Status == statusUnavailable {
			code = http.StatusServiceUnavailable
		}
		answer(w, code, found)
	})
	mux.Handle("GET /metrics", metrics)
	return mux
}

// prober makes the checks, and remembers for a moment what they found.
type prober struct {
	checks []Check
	logger *zap.Logger

	mu     sync.Mutex
	probed time.Time
	found  readiness
}

func (p *prober) readiness(ctx context.Context) readiness {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.probed.IsZero() && time.Since(p.probed) < probedFor {
		return p.found
	}
	// Whoever asks may leave; others are told the same.
	p.found = p.read(probeAll(context.WithoutCancel(ctx), p.checks))
	p.probed = time.Now()
	return p.found
}

// read says what the errors of the checks mean, in the same order.
func (p *prober) read(failures []error) readiness {
	found := readiness{Status: statusOK, Checks: make(map[string]finding, len(p.checks))}
	for i, check := range p.checks {
		err := failures[i]
		if err == nil {
			found.Checks[check.Name] = finding{Status: statusOK}
			continue
		}
		p.logger.Warn("not ready", zap.String("check", check.Name), zap.Error(err))
		failed := finding{Status: statusUnavailable}
		if check.Explain != nil {
			failed.Detail = check.Explain(err)
		}
		found.Checks[check.Name] = failed
		switch {
		case !check.Optional && !errors.As(err, new(tolerable)):
			found.Status = statusUnavailable
		case found.Status == statusOK:
			found.Status = statusDegraded
		}
	}
	return found
}

// probeAll runs the checks side by side and returns their errors in the same order.
func probeAll(ctx context.Context, checks []Check) []error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	failures := make([]error, len(checks))
	var running sync.WaitGroup
	for i, check := range checks {
		running.Go(func() { failures[i] = check.Probe(ctx) })
	}
	running.Wait()
	return failures
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
