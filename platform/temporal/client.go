package temporal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/caresync/caresync/platform/logging"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/telemetry"
)

// DefaultNamespace is used where TEMPORAL_NAMESPACE is not set.
const DefaultNamespace = "caresync"

// What makes a client well again within seconds of an outage, however long that was.
const (
	// keepAliveTime and keepAliveTimeout are when a silent connection is asked whether it is still there, and how long it gets to answer. The
	// server allows no shorter time.
	keepAliveTime    = 10 * time.Second
	keepAliveTimeout = 5 * time.Second
	// passthrough leaves looking up the server's name to each attempt to connect. gRPC's own resolver waits for up to two minutes after a name
	// was not found, as the name of a container that is being restarted.
	passthrough = "passthrough:///"
)

// reconnecting is how a lost connection is made again.
var reconnecting = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 3 * time.Second},
	MinConnectTimeout: 5 * time.Second,
}

// resolvedByTheSystem is an address that names no resolver of its own, with the system's.
func resolvedByTheSystem(address string) string {
	if strings.Contains(address, "://") || strings.HasPrefix(address, "unix:") || strings.HasPrefix(address, "dns:") {
		return address
	}
	return passthrough + address
}

const instrumentation = "temporal-sdk-go"

// Options are what a program brings along. Address, namespace, TLS and API key come from TEMPORAL_ADDRESS,
// TEMPORAL_NAMESPACE, TEMPORAL_TLS_* and TEMPORAL_API_KEY, or from a profile in Temporal's own configuration file.
type Options struct {
	Keyring   *sealing.Keyring     // required
	Logger    *zap.Logger          // required
	Telemetry *telemetry.Telemetry // nil: nothing is measured
}

// Dial connects with the Temporal server and fails if it cannot be reached. Close the client when done.
func Dial(ctx context.Context, options Options) (client.Client, error) {
	clientOptions, err := ClientOptions(options)
	if err != nil {
		return nil, err
	}
	connected, err := client.DialContext(ctx, clientOptions)
	if err != nil {
		return nil, fmt.Errorf("no Temporal server answers at %s (TEMPORAL_ADDRESS); start it or correct the address: %w",
			strings.TrimPrefix(clientOptions.HostPort, passthrough), err)
	}
	return connected, nil
}

// DialLazily makes a client that connects when it is first used, and again whenever the connection was lost. It fails only where the settings
// are wrong.
func DialLazily(options Options) (client.Client, error) {
	clientOptions, err := ClientOptions(options)
	if err != nil {
		return nil, err
	}
	connected, err := client.NewLazyClient(clientOptions)
	if err != nil {
		return nil, fmt.Errorf("the TEMPORAL_* settings are wrong: %w", err)
	}
	return connected, nil
}

// Configured reports whether the settings name a Temporal server, rather than leave it to the default.
func Configured() bool {
	loaded, err := envconfig.LoadDefaultClientOptions()
	return err == nil && loaded.HostPort != ""
}

// Namespace is the one that the settings name.
func Namespace() (string, error) {
	loaded, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return "", fmt.Errorf("reading the TEMPORAL_* settings: %w", err)
	}
	return cmp.Or(loaded.Namespace, DefaultNamespace), nil
}

// ClientOptions are the options that Dial uses.
func ClientOptions(options Options) (client.Options, error) {
	if options.Keyring == nil || options.Logger == nil {
		return client.Options{}, errors.New("connecting to Temporal needs a keyring and a logger")
	}
	clientOptions, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return client.Options{}, fmt.Errorf("read the TEMPORAL_* settings: %w", err)
	}
	clientOptions.HostPort = resolvedByTheSystem(cmp.Or(clientOptions.HostPort, client.DefaultHostPort))
	clientOptions.ConnectionOptions.KeepAliveTime, clientOptions.ConnectionOptions.KeepAliveTimeout = keepAliveTime, keepAliveTimeout
	clientOptions.ConnectionOptions.DialOptions = append(clientOptions.ConnectionOptions.DialOptions, grpc.WithConnectParams(reconnecting))
	clientOptions.Namespace = cmp.Or(clientOptions.Namespace, DefaultNamespace)
	clientOptions.Logger = logging.ForTemporal(options.Logger)
	clientOptions.DataConverter = NewDataConverter(options.Keyring)
	clientOptions.FailureConverter = NewFailureConverter(options.Keyring)
	if options.Telemetry != nil {
		if err := measure(&clientOptions, options.Telemetry, options.Logger); err != nil {
			return client.Options{}, err
		}
	}
	return clientOptions, nil
}

// Reachable returns a check for whether the Temporal server answers.
func Reachable(connected client.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := connected.CheckHealth(ctx, &client.CheckHealthRequest{})
		return err
	}
}

// RunWorker runs a worker until ctx ends, then lets it finish what it has in hand, for as long as its
// WorkerStopTimeout allows.
func RunWorker(ctx context.Context, w worker.Worker) error {
	stop := make(chan any)
	forget := context.AfterFunc(ctx, func() { close(stop) })
	defer forget()
	return w.Run(stop)
}

// measure adds metrics, and tracing where traces are sent at all: its headers cost space in every history.
func measure(clientOptions *client.Options, measured *telemetry.Telemetry, logger *zap.Logger) error {
	clientOptions.MetricsHandler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter:                measured.Meter(instrumentation),
		UseMonotonicCounters: true,
		OnError:              func(err error) { logger.Warn("Temporal metric lost", zap.Error(err)) },
	})
	if !measured.Tracing() {
		return nil
	}
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: measured.TracerProvider().Tracer(instrumentation),
		// Trace headers are not encrypted. Baggage could carry anything, so it stays out of them.
		DisableBaggage:    true,
		TextMapPropagator: propagation.TraceContext{},
		// A caller's broken trace header must not break a sync.
		AllowInvalidParentSpans: true,
	})
	if err != nil {
		return fmt.Errorf("set up tracing for Temporal: %w", err)
	}
	clientOptions.Interceptors = append(clientOptions.Interceptors, tracing)
	return nil
}
