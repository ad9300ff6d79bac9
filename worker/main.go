// Command worker hosts CareSync's workflows and their steps.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/exaring/otelpgx"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/deployment"
	"github.com/caresync/caresync/platform/config"
	"github.com/caresync/caresync/platform/health"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/platform/telemetry"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/scheduling"
	"github.com/caresync/caresync/upstream/transport"
	"github.com/caresync/caresync/worker/hosting"
)

const defaultHealthPort = 8081

type settings struct {
	database   config.Database
	encryption config.Encryption
	queues     config.TaskQueues
	logging    config.Logging
	health     config.Health
}

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "caresync-worker:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var s settings
	command := &cobra.Command{
		Use:           "caresync-worker",
		Short:         "Run CareSync's workflows and activities",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(command *cobra.Command, _ []string) error { return serve(command.Context(), s) },
	}
	flags := command.Flags()
	s.database.AddFlags(flags)
	s.encryption.AddFlags(flags)
	s.queues.AddFlags(flags)
	s.logging.AddFlags(flags)
	s.health.AddFlags(flags, defaultHealthPort)
	config.Bind(command)
	return command
}

// serve runs until it is told to stop, then lets the steps in hand finish.
func serve(ctx context.Context, s settings) error {
	logger := s.logging.Logger()
	defer func() { _ = logger.Sync() }()
	measured, err := telemetry.Start(ctx, "caresync-worker", logger)
	if err != nil {
		return err
	}
	defer func() { _ = measured.Shutdown(context.WithoutCancel(ctx)) }()
	keyring, err := s.encryption.OpenKeyring()
	if err != nil {
		return err
	}
	databaseURL, err := s.database.ConnectionURL()
	if err != nil {
		return err
	}
	tracer := otelpgx.NewTracer(otelpgx.WithTracerProvider(measured.TracerProvider()))
	store, err := db.Open(ctx, databaseURL, keyring, db.Options{MaxConnections: db.WorkerConnections, Tracer: tracer})
	if err != nil {
		return err
	}
	defer store.Close()
	connected, err := temporal.DialLazily(temporal.Options{Keyring: keyring, Logger: logger, Telemetry: measured})
	if err != nil {
		return err
	}
	defer connected.Close()

	observe, err := observeCalls(measured.Meter("caresync"), logger)
	if err != nil {
		return err
	}
	if err := observeExpiry(measured.Meter("caresync"), store); err != nil {
		return err
	}
	guard := deployment.New(store, deployment.Connected(connected), "caresync-worker")
	calls := transport.NewClient(transport.Options{Admit: guard.Check, Observe: also(observe, store.NewCallRecorder().Observe)})
	defer calls.CloseIdle()
	listener, err := net.Listen("tcp", s.health.Address.String())
	if err != nil {
		return fmt.Errorf("listen for health checks: %w", err)
	}
	queues := protocol.TaskQueues{Prefix: s.queues.Prefix.String()}
	applier := scheduling.New(store, guard.Client(connected).ScheduleClient(), keyring, queues, logger)
	host := hosting.NewHost(connected, queues, hosting.Steps(store, calls, warnOfExpiry(logger)), guard, func(ctx context.Context) error {
		if err := store.CheckSchema(ctx); errors.Is(err, db.ErrSchemaMissing) {
			return err
		}
		return store.CheckKeyring(ctx, keyring)
	}, logger, applier.Run, store.NoteKeyUse(keyring))
	checks := health.Handler(measured.Handler(), logger,
		append(guard.Readiness(store, keyring, connected, protocol.SearchAttributes, false), host.Readiness())...)
	logger.Info("the worker has started", zap.String("queue", queues.CareSync()), zap.String("health", listener.Addr().String()))
	return run.UntilStopped(ctx, host.Run, run.HTTP(listener, checks, logger))
}
