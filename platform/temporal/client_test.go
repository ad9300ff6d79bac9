package temporal_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/baggage"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/caresync/caresync/platform/telemetry"
	"github.com/caresync/caresync/platform/temporal"
)

// frontend stands for a Temporal server: it keeps the requests to start a workflow.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	health *health.Server
	starts chan *workflowservice.StartWorkflowExecutionRequest
}

func (f *frontend) GetSystemInfo(
	context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (f *frontend) StartWorkflowExecution(
	_ context.Context, request *workflowservice.StartWorkflowExecutionRequest,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f.starts <- request
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "run"}, nil
}

// newFrontend serves a frontend, to which the TEMPORAL_* variables point.
func newFrontend(t *testing.T) *frontend {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &frontend{health: health.NewServer(), starts: make(chan *workflowservice.StartWorkflowExecutionRequest, 1)}
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	healthpb.RegisterHealthServer(server, f.health)
	f.health.SetServingStatus("temporal.api.workflowservice.v1.WorkflowService", healthpb.HealthCheckResponse_SERVING)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	onlyTheseSettings(t, listener.Addr().String())
	return f
}

// onlyTheseSettings keeps the settings of whoever runs the tests out of them.
func onlyTheseSettings(t *testing.T, address string) {
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
	t.Setenv("TEMPORAL_ADDRESS", address)
	t.Setenv("TEMPORAL_NAMESPACE", "")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
}

func dial(t *testing.T, measured *telemetry.Telemetry) client.Client {
	connected, err := temporal.Dial(t.Context(), temporal.Options{
		Keyring: newKeyring(t), Logger: zap.NewNop(), Telemetry: measured,
	})
	require.NoError(t, err)
	t.Cleanup(connected.Close)
	return connected
}

func startTelemetry(t *testing.T) *telemetry.Telemetry {
	measured, err := telemetry.Start(t.Context(), "caresync-test", zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() { _ = measured.Shutdown(context.WithoutCancel(t.Context())) })
	return measured
}

func TestNothingAboutAPersonLeavesTheClientInClear(t *testing.T) {
	server := newFrontend(t)

	_, err := dial(t, nil).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID:            "care-recipient-sync/0199",
		TaskQueue:     "care-sync",
		StaticSummary: "plan of " + person,
		StaticDetails: "details of " + person,
		Memo:          map[string]any{"name": person},
	}, "CareRecipientSync", input{Client: person})

	require.NoError(t, err)
	start := <-server.starts
	require.NotContains(t, wire(t, start), "Wilhelmina")
	require.Equal(t, "caresync", start.Namespace)
	for _, payload := range append(start.Input.Payloads,
		start.UserMetadata.Summary, start.UserMetadata.Details, start.Memo.Fields["name"]) {
		require.Equal(t, "binary/encrypted", string(payload.Metadata["encoding"]))
	}
	require.Empty(t, start.Header.GetFields(), "no trace headers where no traces are sent")
}

func TestClientsEncryptFailures(t *testing.T) {
	onlyTheseSettings(t, "127.0.0.1:7233")
	options, err := temporal.ClientOptions(temporal.Options{Keyring: newKeyring(t), Logger: zap.NewNop()})
	require.NoError(t, err)
	require.NotContains(t, wire(t, options.FailureConverter.ErrorToFailure(errors.New("no plan for "+person))), "Wilhelmina")
}

func TestNamespaceComesFromItsVariable(t *testing.T) {
	onlyTheseSettings(t, "temporal.example.org:7233")
	t.Setenv("TEMPORAL_NAMESPACE", "other")
	options, err := temporal.ClientOptions(temporal.Options{Keyring: newKeyring(t), Logger: zap.NewNop()})
	require.NoError(t, err)
	require.Equal(t, "other", options.Namespace)
	require.Equal(t, "passthrough:///temporal.example.org:7233", options.HostPort, "each attempt looks the name up")
}

func TestAddressDefaultsToThisMachine(t *testing.T) {
	onlyTheseSettings(t, "")
	options, err := temporal.ClientOptions(temporal.Options{Keyring: newKeyring(t), Logger: zap.NewNop()})
	require.NoError(t, err)
	require.Equal(t, "passthrough:///"+client.DefaultHostPort, options.HostPort)
	onlyTheseSettings(t, "dns:///temporal.example.org:7233")
	options, err = temporal.ClientOptions(temporal.Options{Keyring: newKeyring(t), Logger: zap.NewNop()})
	require.NoError(t, err)
	require.Equal(t, "dns:///temporal.example.org:7233", options.HostPort, "who names a resolver gets it")
}

func TestUnreachableServerIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	onlyTheseSettings(t, listener.Addr().String())

	_, err = temporal.Dial(t.Context(), temporal.Options{Keyring: newKeyring(t), Logger: zap.NewNop()})

	require.ErrorContains(t, err, listener.Addr().String())
	require.ErrorContains(t, err, "TEMPORAL_ADDRESS")
}

func TestBrokenSettingsAreNamed(t *testing.T) {
	onlyTheseSettings(t, "127.0.0.1:7233")
	t.Setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", filepath.Join(t.TempDir(), "missing.pem"))
	_, err := temporal.Dial(t.Context(), temporal.Options{Keyring: newKeyring(t), Logger: zap.NewNop()})
	require.ErrorContains(t, err, "TEMPORAL_*")
	require.ErrorContains(t, err, "missing.pem")
}

func TestKeyringAndLoggerAreRequired(t *testing.T) {
	onlyTheseSettings(t, "127.0.0.1:7233")
	_, err := temporal.Dial(t.Context(), temporal.Options{Logger: zap.NewNop()})
	require.ErrorContains(t, err, "keyring")
	_, err = temporal.Dial(t.Context(), temporal.Options{Keyring: newKeyring(t)})
	require.ErrorContains(t, err, "logger")
}

func TestReachable(t *testing.T) {
	server := newFrontend(t)
	reachable := temporal.Reachable(dial(t, nil))
	require.NoError(t, reachable(t.Context()))

	server.health.Shutdown()
	require.Error(t, reachable(t.Context()))
}

func TestRequestsAreMeasured(t *testing.T) {
	newFrontend(t)
	measured := startTelemetry(t)
	require.NoError(t, temporal.Reachable(dial(t, measured))(t.Context()))

	recorder := httptest.NewRecorder()
	measured.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))

	require.Contains(t, recorder.Body.String(), `temporal_request_total{`)
	require.Contains(t, recorder.Body.String(), `temporal_request_latency_seconds_bucket{`)
}

func TestTraceHeadersCarryNoBaggage(t *testing.T) {
	server := newFrontend(t)
	collector := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	measured := startTelemetry(t)
	connected := dial(t, measured)
	member, err := baggage.NewMemberRaw("name", person)
	require.NoError(t, err)
	carried, err := baggage.New(member)
	require.NoError(t, err)

	ctx, span := measured.TracerProvider().Tracer("test").Start(baggage.ContextWithBaggage(t.Context(), carried), "request")
	defer span.End()

	_, err = connected.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "care-sync"}, "CareRecipientSync")

	require.NoError(t, err)
	start := <-server.starts
	require.Contains(t, string(start.Header.Fields["_tracer-data"].GetData()), "traceparent")
	require.NotContains(t, wire(t, start), "Wilhelmina")
}

// stubWorker is a worker that runs until it is told to stop, or fails.
type stubWorker struct {
	worker.Worker
	broken error
}

func (w stubWorker) Run(stop <-chan any) error {
	if w.broken != nil {
		return w.broken
	}
	<-stop
	return nil
}

func TestRunWorkerStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, temporal.RunWorker(ctx, stubWorker{}))
}

func TestRunWorkerReportsAFatalError(t *testing.T) {
	broken := errors.New("namespace not found")
	require.ErrorIs(t, temporal.RunWorker(t.Context(), stubWorker{broken: broken}), broken)
}
