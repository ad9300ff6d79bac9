package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/deployment"
	"github.com/caresync/caresync/platform/config"
	"github.com/caresync/caresync/platform/health"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/telemetry"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/upstreams"
)

const (
	defaultListen     = "127.0.0.1:8080"
	defaultHealthPort = 8082
)

// serveFlags are the settings of the server alone.
type serveFlags struct {
	listen config.Address
	health config.Health
	codec  config.Codec
	// notificationHeader is the header in which the NDIA sends the shared secret.
	notificationHeader string
	// notice is shown on the console's first page.
	notice string
}

func (a *app) serveCommand() *cobra.Command {
	serve := serveFlags{listen: defaultListen}
	command := a.command("serve", "Serve the console and the HTTP API", func(ctx context.Context, _ []string) error { return a.serve(ctx, serve) })
	command.Long = `Serve the console and, under /v1, the HTTP API. On SIGTERM, requests in progress are finished first. People sign in to the console with an API
token of their organisation, or with a link from "caresync console link". API calls need a token, too, except for /healthz and /readyz, and
the NDIA's notifications, which have a secret of their own. With --codec-token, /codec/ shows encrypted payloads to operators in the Temporal UI.`
	command.Flags().Var(&serve.listen, "listen", "the address on which to listen")
	command.Flags().StringVar(&serve.notificationHeader, "ndia-notification-header", api.DefaultNotificationHeader,
		"the header in which the NDIA sends the secret of its notifications")
	command.Flags().StringVar(&serve.notice, "notice", "", "a notice on the console's first page: a heading, then one point per line")
	serve.health.AddFlags(command.Flags(), defaultHealthPort)
	serve.codec.AddFlags(command.Flags())
	return command
}

func (a *app) serve(ctx context.Context, flags serveFlags) error {
	logger := a.logging.Logger()
	defer func() { _ = logger.Sync() }()
	keyring, err := a.encryption.OpenKeyring()
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	codec, err := a.codec(flags.codec, keyring, logger)
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	measured, err := telemetry.Start(ctx, "caresync", logger)
	if err != nil {
		return err
	}
	defer func() { _ = measured.Shutdown(context.WithoutCancel(ctx)) }()
	store, err := a.openStore(ctx, keyring)
	if err != nil {
		return err
	}
	defer store.Close()
	keyringChecked, err := run.Startup(ctx, func(ctx context.Context) error { return store.CheckKeyring(ctx, keyring) }, db.Away)
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	unguarded, err := temporal.DialLazily(temporal.Options{Keyring: keyring, Logger: logger, Telemetry: measured})
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	defer unguarded.Close()
	guard := deployment.New(store, deployment.Connected(unguarded), "caresync serve")
	connected := guard.Client(unguarded)
	checks := guard.Readiness(store, keyring, unguarded, protocol.SearchAttributes, true)
	queues := a.taskQueues()
	following := syncs.New(store, connected, queues)
	options := api.Options{
		Store: store, Syncs: following, PACE: pace.New(store, connected, queues, following, upstreams.New(store, guard.Check)), Admit: guard.Check,
		Claims: claims.NewClient(connected, claims.Options{TaskQueuePrefix: queues.Prefix}),
		Logger: logger, Checks: checks, Codec: codec, NotificationHeader: flags.notificationHeader,
	}
	options.Bulks, options.Schedules = newBulks(store, connected, keyring, queues)
	return a.serveUntilStopped(ctx, flags, options, health.Handler(measured.Handler(), logger, checks...), keyringChecked, store.NoteKeyUse(keyring))
}

// codec is nil where no operator's token is set: then no one can read payloads in the Temporal UI.
func (a *app) codec(flags config.Codec, keyring *sealing.Keyring, logger *zap.Logger) (http.Handler, error) {
	if !flags.Token.IsSet() {
		return nil, nil
	}
	token, err := flags.OperatorToken()
	if err != nil {
		return nil, err
	}
	return temporal.NewCodecEndpoint(temporal.CodecEndpointOptions{
		Keyring: keyring, Token: token, UI: a.links.TemporalUI.String(), Logger: logger,
	})
}

func (a *app) serveUntilStopped(ctx context.Context, flags serveFlags, options api.Options, private http.Handler, more ...run.Part) error {
	public, err := net.Listen("tcp", flags.listen.String())
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	internal, err := net.Listen("tcp", flags.health.Address.String())
	if err != nil {
		return fmt.Errorf("listen for health checks and metrics: %w", err)
	}
	options.Logger.Info("the API is ready", zap.String("address", public.Addr().String()), zap.String("health", internal.Addr().String()))
	return run.UntilStopped(ctx, append(more,
		func(ctx context.Context) error {
			options.Stopping = ctx
			handler, err := a.withConsole(options, flags.notice)
			if err != nil {
				return err
			}
			return run.HTTP(public, handler, options.Logger)(ctx)
		},
		run.HTTP(internal, private, options.Logger))...)
}

func (a *app) openAPICommand() *cobra.Command {
	return a.command("openapi", "Print the HTTP API's OpenAPI document", func(context.Context, []string) error {
		document, err := api.Document()
		if err != nil {
			return err
		}
		_, err = a.out.Write(document)
		return err
	})
}
