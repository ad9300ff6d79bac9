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
	handler := health.Handler(metrics, zap.NewNop(), health.Check{"database", ok}, health.Check{"temporal", ok})
	answer := ask(handler, http.MethodGet, "/readyz")
	require.Equal(t, http.StatusOK, answer.Code)
	require.JSONEq(t, `{"status":"ok","checks":{"database":"ok","temporal":"ok"}}`, answer.Body.String())
}

func TestNotReadyNamesTheCheckAndLogsItsError(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	away := func(context.Context) error { return errors.New("dial tcp db.internal: refused") }
	handler := health.Handler(metrics, zap.New(core), health.Check{"database", away}, health.Check{"temporal", ok})

	answer := ask(handler, http.MethodGet, "/readyz")

	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.JSONEq(t, `{"status":"unavailable","checks":{"database":"unavailable","temporal":"ok"}}`, answer.Body.String())
	require.Equal(t, 1, logs.Len())
	require.Equal(t, "dial tcp db.internal: refused", logs.All()[0].ContextMap()["error"])
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
	handler := health.Handler(metrics, zap.NewNop(), health.Check{"one", meet}, health.Check{"other", meet})
	require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/readyz").Code)
}

func TestAliveEvenIfNotReady(t *testing.T) {
	away := func(context.Context) error { return errors.New("away") }
	handler := health.Handler(metrics, zap.NewNop(), health.Check{"database", away})
	require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/healthz").Code)
}

func TestMetricsAndNothingElse(t *testing.T) {
	handler := health.Handler(metrics, zap.NewNop())
	require.Equal(t, "runs_total 1", ask(handler, http.MethodGet, "/metrics").Body.String())
	require.Equal(t, http.StatusNotFound, ask(handler, http.MethodGet, "/").Code)
	require.Equal(t, http.StatusMethodNotAllowed, ask(handler, http.MethodPost, "/readyz").Code)
}
