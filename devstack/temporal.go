package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	temporalStartTimeout = 5 * time.Minute
	temporalStopTimeout  = 15 * time.Second
)

// unlimited is far above what one machine can do: a benchmark must measure the machine, not a rate limit.
const unlimited = 1_000_000

type temporalConfig struct {
	port             int
	store            string
	databases        databaseURLs
	logFile          string
	namespace        string
	retention        time.Duration
	searchAttributes []string
}

// temporalServer is a Temporal server with all its services in this process.
type temporalServer struct {
	config temporalConfig
	port   int
	server temporal.Server
	client client.Client
	hold   *pgx.Conn // nil for SQLite

	building atomic.Bool
	stopping atomic.Bool
	fatal    chan struct{}
	once     sync.Once
	reason   error // set before fatal is closed
}

// startTemporal starts the server, creates the namespace and its search attributes and waits until all of it answers. fail is
// told if the server ends unexpectedly later.
func startTemporal(ctx context.Context, c temporalConfig, fail func(error)) (_ *temporalServer, err error) {
	var hold *pgx.Conn
	if c.store == storePostgres {
		if hold, err = holdDatabases(ctx, c.databases.admin); err != nil {
			return nil, err
		}
		if err = setUpTemporalDatabases(ctx, c.databases, newFileLog(c.logFile)); err != nil {
			release(hold)
			return nil, err
		}
	}
	var t *temporalServer
	err = onFreePort(c.port, "--temporal-port", func(port int) error {
		t = &temporalServer{config: c, port: port, hold: hold, fatal: make(chan struct{})}
		if err := t.launch(ctx); err != nil {
			t.stopServer()
			return err
		}
		return nil
	})
	if err != nil {
		release(hold)
		return nil, fmt.Errorf("start Temporal: %w; the end of %s:\n%s", err, c.logFile, tail(c.logFile))
	}
	go t.supervise(fail)
	return t, nil
}

func (t *temporalServer) address() string { return hostPort(t.port) }

func (t *temporalServer) launch(ctx context.Context) error {
	serverConfig, err := t.serverConfig()
	if err != nil {
		return err
	}
	if err := t.startServer(serverConfig); err != nil {
		return err
	}
	t.client, err = client.NewLazyClient(client.Options{
		HostPort: t.address(), Namespace: t.config.namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	err = prepareNamespace(ctx, t.client, t.config, t.fatal)
	return cmp.Or(t.fatalReason(), err)
}

// startServer runs in a goroutine of its own, so that a fatal error can end it.
func (t *temporalServer) startServer(c *config.Config) error {
	started := make(chan error, 1)
	go func() {
		err := errors.New("the server gave up")
		defer func() { started <- err }()
		var server temporal.Server
		if server, err = t.newServer(c); err == nil {
			t.server = server
			err = server.Start()
		}
	}()
	err := <-started
	return cmp.Or(t.fatalReason(), err)
}

// newServer puts the server together and reserves its ports.
func (t *temporalServer) newServer(c *config.Config) (_ temporal.Server, err error) {
	t.building.Store(true)
	defer t.building.Store(false)
	defer func() {
		if t.fatalReason() != nil {
			_ = recover()
			err = t.fatalReason()
		}
	}()
	return temporal.NewServer(
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithConfig(c),
		temporal.WithStaticHosts(staticHosts(c.Services)),
		temporal.WithDynamicConfigClient(serverSettingsForOneMachine()),
		temporal.WithLogger(serverLog{newFileLog(t.config.logFile), t.onFatal}),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
	)
}

// onFatal keeps the first fatal error and ends the goroutine that met it: while the server is built that is our own, which must be
// left by a panic since sync.Once allows nothing else; later it is one of the server's.
func (t *temporalServer) onFatal(err error) {
	t.once.Do(func() {
		t.reason = err
		close(t.fatal)
	})
	if t.building.Load() {
		panic(err)
	}
	runtime.Goexit()
}

func (t *temporalServer) fatalReason() error {
	select {
	case <-t.fatal:
		return t.reason
	default:
		return nil
	}
}

// supervise reports a server that ends without having been asked to.
func (t *temporalServer) supervise(fail func(error)) {
	<-t.fatal
	if !t.stopping.Load() {
		fail(fmt.Errorf("the Temporal server ended unexpectedly: %w; the end of %s:\n%s", t.reason, t.config.logFile, tail(t.config.logFile)))
	}
}

// stop ends the server and gives its databases free.
func (t *temporalServer) stop() {
	t.stopServer()
	release(t.hold)
}

// stopServer ends the server. One that has lost its database may not end in time; it then ends with this process.
func (t *temporalServer) stopServer() {
	t.stopping.Store(true)
	if t.client != nil {
		t.client.Close()
	}
	if t.server == nil {
		return
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = t.server.Stop() // writes its errors to its log
	}()
	select {
	case <-stopped:
	case <-time.After(temporalStopTimeout):
	}
}

// serverConfig describes a cluster of one machine.
func (t *temporalServer) serverConfig() (*config.Config, error) {
	services := map[string]config.Service{}
	for _, name := range []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		port := t.port
		if name != primitives.FrontendService {
			var err error
			if port, err = freePort(); err != nil {
				return nil, err
			}
		}
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: localhost}}
	}
	const clusterName = "active"
	return &config.Config{
		Persistence: persistenceConfig(t.config.store, t.config.databases),
		Services:    services,
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: t.address()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: t.address()},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}, nil
}

// staticHosts tells each service where the others are: there is one of each and no gossip to find it.
func staticHosts(services map[string]config.Service) map[primitives.ServiceName]static.Hosts {
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, service := range services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(hostPort(service.RPC.GRPCPort))
	}
	return hosts
}

// serverSettingsForOneMachine is Temporal's dynamic configuration; what is not here keeps its default.
func serverSettingsForOneMachine() dynamicconfig.Client {
	settings := dynamicconfig.StaticClient{
		// One node gains nothing from spreading a task queue.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		dynamicconfig.MatchingEnableFairness.Key():              true,
		// A new search attribute is usable at once.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		// Nothing here calls out of the machine.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
	for _, limit := range []dynamicconfig.Key{
		dynamicconfig.FrontendRPS.Key(),
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(),
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(),
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(),
		dynamicconfig.FrontendGlobalNamespaceNamespaceReplicationInducingAPIsRPS.Key(),
		dynamicconfig.FrontendNamespaceReplicationInducingAPIsRPS.Key(),
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(),
		dynamicconfig.HistoryRPS.Key(),
		dynamicconfig.MatchingRPS.Key(),
		dynamicconfig.FrontendPersistenceMaxQPS.Key(),
		dynamicconfig.HistoryPersistenceMaxQPS.Key(),
		dynamicconfig.MatchingPersistenceMaxQPS.Key(),
		// Each shard looks for new tasks at most 20 times a second by default. That is meant for hundreds of shards: with four, a
		// workflow whose steps are quick waits up to 50 ms for each.
		dynamicconfig.TransferProcessorMaxPollRPS.Key(),
		dynamicconfig.TimerProcessorMaxPollRPS.Key(),
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(),
	} {
		settings[limit] = unlimited
	}
	return settings
}
