// Package health answers an operator's questions about a program: is it alive, is it ready, how is it doing.
package health

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

// probeTimeout is how long one check may take.
const probeTimeout = 3 * time.Second

// Check asks whether something that the program needs can be reached. Its name is shown to whoever asks; its error is
// only logged, since it may name hosts and users.
type Check struct {
	Name  string
	Probe func(ctx context.Context) error
}

// Handler serves
//   - /healthz: 200 as long as the process answers;
//   - /readyz: 200 if all checks succeed, else 503, with each check's state as JSON;
//   - /metrics: the given handler.
//
// It asks for no authentication and belongs on a private address.
func Handler(metrics http.Handler, logger *zap.Logger, checks ...Check) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		readiness(w, r, logger, checks)
	})
	mux.Handle("GET /metrics", metrics)
	return mux
}

func readiness(w http.ResponseWriter, r *http.Request, logger *zap.Logger, checks []Check) {
	failures := probeAll(r.Context(), checks)
	states := make(map[string]string, len(checks))
	code, status := http.StatusOK, "ok"
	for i, check := range checks {
		states[check.Name] = "ok"
		if err := failures[i]; err != nil {
			logger.Warn("not ready", zap.String("check", check.Name), zap.Error(err))
			states[check.Name] = "unavailable"
			code, status = http.StatusServiceUnavailable, "unavailable"
		}
	}
	answer(w, code, map[string]any{"status": status, "checks": states})
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
