// Package telemetry measures what a program does: metrics for Prometheus, always, and traces over OTLP where a
// collector is configured. Metrics and traces carry nothing that identifies a person (R10).
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	prometheusexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

const (
	endpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"
	protocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL"
	protocol         = "http/protobuf"
)

// secondBuckets reach from a quick database step to the two hours after which a bulk run gives up on an area (R9).
var secondBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 7200}

// Telemetry gives out meters and tracers, and serves the metrics.
type Telemetry struct {
	registry *prometheus.Registry
	metrics  *sdkmetric.MeterProvider
	traces   *sdktrace.TracerProvider // nil without a collector
}

// Start sets up the telemetry of the named service. Traces are sent only if OTEL_EXPORTER_OTLP_ENDPOINT is set; the
// other OTEL_EXPORTER_OTLP_* and OTEL_TRACES_SAMPLER variables have their usual meaning. Trouble with sending is
// logged as a warning and never stops the program.
func Start(ctx context.Context, service string, logger *zap.Logger) (*Telemetry, error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		logger.Warn("telemetry lost", zap.Error(err))
	}))
	described, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", service)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe the service to OpenTelemetry: check OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	telemetry := &Telemetry{registry: newRegistry()}
	if telemetry.metrics, err = newMetrics(telemetry.registry, described); err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	if telemetry.traces, err = newTraces(ctx, described); err != nil {
		return nil, fmt.Errorf("set up traces: %w", err)
	}
	return telemetry, nil
}

// Meter returns the meter with which the named package counts and measures.
func (t *Telemetry) Meter(name string) metric.Meter { return t.metrics.Meter(name) }

// Tracing tells whether traces are sent anywhere.
func (t *Telemetry) Tracing() bool { return t.traces != nil }

// TracerProvider gives out tracers; without a collector they do nothing.
func (t *Telemetry) TracerProvider() trace.TracerProvider {
	if !t.Tracing() {
		return noop.NewTracerProvider()
	}
	return t.traces
}

// Handler serves the metrics in Prometheus' format.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}

// shutdownTimeout is how long a program that ends waits for a collector that does not answer.
const shutdownTimeout = 3 * time.Second

// Shutdown sends what has not been sent yet, for as long as that takes a collector that answers.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err := t.metrics.Shutdown(ctx)
	if t.Tracing() {
		err = errors.Join(err, t.traces.Shutdown(ctx))
	}
	return err
}

func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

func newMetrics(registry *prometheus.Registry, described *resource.Resource) (*sdkmetric.MeterProvider, error) {
	exporter, err := prometheusexporter.New(
		prometheusexporter.WithRegisterer(registry),
		prometheusexporter.WithoutScopeInfo())
	if err != nil {
		return nil, err
	}
	secondsView := sdkmetric.NewView(
		sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram, Unit: "s"},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: secondBuckets}})
	return sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(exporter),
		sdkmetric.WithResource(described),
		sdkmetric.WithView(secondsView)), nil
}

func newTraces(ctx context.Context, described *resource.Resource) (*sdktrace.TracerProvider, error) {
	if os.Getenv(endpointVariable) == "" {
		return nil, nil
	}
	if wanted := os.Getenv(protocolVariable); wanted != "" && wanted != protocol {
		return nil, fmt.Errorf("%s is %q: only %s is supported (port 4318 of most collectors)",
			protocolVariable, wanted, protocol)
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", endpointVariable, err)
	}
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described)), nil
}
