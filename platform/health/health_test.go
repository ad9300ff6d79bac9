package health_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/platform/health"
)

var metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "runs_total 1") })

func ok(context.Context) error { return nil }

func ask(handler http.Handler, method, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	return recorder
}

func TestReadyWhenAllChecksSucceed(t *testing.T) {
	handler := health.Handler(metrics, zap.NewNop(), health.Check{Name: "database", Probe: ok}, health.Check{Name: "temporal", Probe: ok})
	answer := ask(handler, http.MethodGet, "/readyz")
	require.Equal(t, http.StatusOK, answer.Code)
	require.JSONEq(t, `{"status":"ok","checks":{"database":{"status":"ok"},"temporal":{"status":"ok"}}}`, answer.Body.String())
}

func TestNotReadyNamesTheCheckAndLogsItsError(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	away := func(context.Context) error { return errors.New("dial tcp db.internal: refused") }
	says := func(error) string { return "Start it." }
	handler := health.Handler(metrics, zap.New(core), health.Check{Name: "database", Probe: away, Explain: says}, health.Check{Name: "temporal", Probe: ok})

	answer := ask(handler, http.MethodGet, "/readyz")

	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.JSONEq(t, `{"status":"unavailable","checks":{"database":{"status":"unavailable","detail":"Start it."},"temporal":{"status":"ok"}}}`, answer.Body.String())
	require.Equal(t, 1, logs.Len())
	require.Equal(t, "dial tcp db.internal: refused", logs.All()[0].ContextMap()["error"])
}

// A program that is of use without something stays ready, and says what is missing.
func TestReadyWithoutWhatIsOptional(t *testing.T) {
	away := func(context.Context) error { return errors.New("away") }
	handler := health.Handler(metrics, zap.NewNop(), health.Check{Name: "database", Probe: ok}, health.Check{Name: "temporal", Probe: away, Optional: true})
	tolerated := func(context.Context) error { return health.Tolerable(errors.New("newer")) }
	require.Equal(t, http.StatusOK, ask(health.Handler(metrics, zap.NewNop(), health.Check{Name: "schema", Probe: tolerated}), http.MethodGet, "/readyz").Code)
	answer := ask(handler, http.MethodGet, "/readyz")
	require.Equal(t, http.StatusOK, answer.Code)
	require.JSONEq(t, `{"status":"degraded","checks":{"database":{"status":"ok"},"temporal":{"status":"unavailable"}}}`, answer.Body.String())
}

func TestProbingOftenCostsOneProbe(t *testing.T) {
	probes := 0
	handler := health.Handler(metrics, zap.NewNop(), health.Check{Name: "database", Probe: func(context.Context) error { probes++; return nil }})
	for range 10 {
		require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/readyz").Code)
	}
	require.Equal(t, 1, probes)
}

func TestChecksRunSideBySideWithDeadline(t *testing.T) {
	met := make(chan struct{})
	meet := func(ctx context.Context) error {
		if _, limited := ctx.Deadline(); !limited {
			return errors.New("no deadline")
		}
		select {
		case met <- struct{}{}:
		case <-met:
		}
		return nil
	}
	handler := health.Handler(metrics, zap.NewNop(), health.Check{Name: "one", Probe: meet}, health.Check{Name: "other", Probe: meet})
	require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/readyz").Code)
}

func TestAliveEvenIfNotReady(t *testing.T) {
	away := func(context.Context) error { return errors.New("away") }
	handler := health.Handler(metrics, zap.NewNop(), health.Check{Name: "database", Probe: away})
	require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/healthz").Code)
}

func TestMetricsAndNothingElse(t *testing.T) {
	handler := health.Handler(metrics, zap.NewNop())
	require.Equal(t, "runs_total 1", ask(handler, http.MethodGet, "/metrics").Body.String())
	require.Equal(t, http.StatusNotFound, ask(handler, http.MethodGet, "/").Code)
	require.Equal(t, http.StatusMethodNotAllowed, ask(handler, http.MethodPost, "/readyz").Code)
}
