package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/platform/telemetry"
)

func start(t *testing.T) *telemetry.Telemetry {
	started, err := telemetry.Start(t.Context(), "caresync-test", zap.NewNop())
	require.NoError(t, err)
	return started
}

func metricsOf(started *telemetry.Telemetry) string {
	recorder := httptest.NewRecorder()
	started.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return recorder.Body.String()
}

func TestMetricsAreServedForPrometheus(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	started := start(t)
	meter := started.Meter("test")
	runs, err := meter.Int64Counter("caresync_runs")
	require.NoError(t, err)
	runs.Add(t.Context(), 2)
	took, err := meter.Float64Histogram("caresync_run", metric.WithUnit("s"))
	require.NoError(t, err)
	took.Record(t.Context(), 0.02)

	served := metricsOf(started)

	require.Contains(t, served, "caresync_runs_total 2")
	require.Contains(t, served, `caresync_run_seconds_bucket{le="0.025"} 1`)
	require.Contains(t, served, `target_info{service_name="caresync-test"`)
	require.Contains(t, served, "go_goroutines")
	require.NoError(t, started.Shutdown(t.Context()))
}

func TestTwoProgramsInOneProcessDoNotMix(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	one, other := start(t), start(t)
	runs, err := one.Meter("test").Int64Counter("caresync_runs")
	require.NoError(t, err)
	runs.Add(t.Context(), 1)
	require.Contains(t, metricsOf(one), "caresync_runs_total")
	require.NotContains(t, metricsOf(other), "caresync_runs_total")
}

func TestNoTracesWithoutCollector(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	started := start(t)
	require.False(t, started.Tracing())
	_, span := started.TracerProvider().Tracer("test").Start(t.Context(), "work")
	require.False(t, span.IsRecording())
}

func TestTracesGoToCollector(t *testing.T) {
	var received atomic.Int32
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			received.Add(1)
		}
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	started := start(t)
	require.True(t, started.Tracing())

	_, span := started.TracerProvider().Tracer("test").Start(t.Context(), "work")
	span.End()
	require.NoError(t, started.Shutdown(t.Context()))

	require.EqualValues(t, 1, received.Load())
}

func TestOtherProtocolIsRefused(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	_, err := telemetry.Start(t.Context(), "caresync-test", zap.NewNop())
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_PROTOCOL")
	require.ErrorContains(t, err, "http/protobuf")
}

func TestTroubleIsLogged(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	core, logs := observer.New(zap.WarnLevel)
	_, err := telemetry.Start(t.Context(), "caresync-test", zap.New(core))
	require.NoError(t, err)
	otel.Handle(http.ErrHandlerTimeout)
	require.Equal(t, 1, logs.FilterMessage("telemetry lost").Len())
}
