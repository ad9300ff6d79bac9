package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Parts of the stack that --without can leave out.
const (
	partPostgres = "postgres"
	partTemporal = "temporal"
	partUI       = "ui"
)

// Places where Temporal can keep its state.
const (
	storePostgres = "postgres"
	storeSQLite   = "sqlite"
)

const localhost = "127.0.0.1"

// Options say what to start and where. The flags of the same names explain them.
type Options struct {
	Dir              string
	Namespace        string
	SearchAttributes []string
	Retention        time.Duration
	TemporalPort     int
	UIPort           int
	PostgresPort     int
	TemporalStore    string
	Fast             bool
	PostgresURL      string
	CodecEndpoint    string
	Without          []string
}

func (o Options) withPostgres() bool { return !slices.Contains(o.Without, partPostgres) }
func (o Options) withTemporal() bool { return !slices.Contains(o.Without, partTemporal) }

// withUI: without Temporal its UI has nothing to show.
func (o Options) withUI() bool { return o.withTemporal() && !slices.Contains(o.Without, partUI) }

func (o Options) validate() error {
	for _, part := range o.Without {
		if !slices.Contains([]string{partPostgres, partTemporal, partUI}, part) {
			return fmt.Errorf("--without %s: there is no such part; choose postgres, temporal or ui", part)
		}
	}
	if o.TemporalStore != storePostgres && o.TemporalStore != storeSQLite {
		return fmt.Errorf("--temporal-store %s: choose postgres or sqlite", o.TemporalStore)
	}
	if !o.withPostgres() && !o.withTemporal() {
		return errors.New("--without postgres and --without temporal together leave nothing to start")
	}
	if !o.withPostgres() && o.withTemporal() && o.TemporalStore == storePostgres {
		return errors.New("--without postgres: Temporal has no place for its state; add --temporal-store sqlite, or give an existing PostgreSQL with --postgres-url")
	}
	if !o.withPostgres() && o.PostgresURL != "" {
		return errors.New("--postgres-url and --without postgres contradict each other")
	}
	if o.withTemporal() && o.Retention < time.Hour {
		return fmt.Errorf("--retention %s: Temporal keeps closed workflows for at least 1h", o.Retention)
	}
	if err := validateCodecEndpoint(o.CodecEndpoint); err != nil {
		return err
	}
	_, err := parseSearchAttributes(o.SearchAttributes)
	return err
}

func validateCodecEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("--codec-endpoint %s: not an http or https address", endpoint)
	}
	return nil
}

// Stack is a running set of parts.
type Stack struct {
	options  Options
	dir      *stateDir
	watchdog *watchdog
	postgres *postgresServer // nil for an existing PostgreSQL
	urls     databaseURLs
	temporal *temporalServer
	ui       *uiServer
	failed   chan error
}

// Start starts the parts one after the other and returns when each of them answers. A ctx that is cancelled ends the attempt.
// Whatever was started is stopped again if a later part fails.
func Start(ctx context.Context, options Options) (_ *Stack, err error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	s := &Stack{options: options, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()

	// A part that dies while others start ends their waiting.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	fail := func(err error) {
		cancel(err)
		select {
		case s.failed <- err:
		default: // the first reason is the one to tell
		}
	}

	if s.dir, err = openStateDir(ctx, options.Dir); err != nil {
		return nil, err
	}
	if s.watchdog, err = startWatchdog(s.dir); err != nil {
		return nil, err
	}
	if options.withPostgres() {
		if err := s.startPostgres(ctx, fail); err != nil {
			return nil, err
		}
	}
	if options.withTemporal() {
		if s.temporal, err = startTemporal(ctx, s.temporalConfig(), fail); err != nil {
			return nil, err
		}
	}
	if options.withUI() {
		if s.ui, err = startUI(ctx, s.temporal.address(), options, fail); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Stack) startPostgres(ctx context.Context, fail func(error)) (err error) {
	if s.options.PostgresURL != "" {
		s.urls, err = existingDatabases(ctx, s.options.PostgresURL)
		return err
	}
	if s.postgres, err = startPostgres(ctx, s.dir, s.options, s.watchdog, fail); err != nil {
		return err
	}
	s.urls, err = privateDatabases(ctx, s.postgres)
	return err
}

func (s *Stack) temporalConfig() temporalConfig {
	return temporalConfig{
		port:             s.options.TemporalPort,
		store:            s.options.TemporalStore,
		databases:        s.urls,
		logFile:          filepath.Join(s.dir.path, "temporal.log"),
		namespace:        s.options.Namespace,
		retention:        s.options.Retention,
		searchAttributes: s.options.SearchAttributes,
	}
}

// Failed says why a part ended unexpectedly.
func (s *Stack) Failed() <-chan error { return s.failed }

// Stop ends the parts in the reverse order of their start and removes a temporary directory. It returns when all is gone.
func (s *Stack) Stop() {
	if s.ui != nil {
		s.ui.stop()
	}
	if s.temporal != nil && s.keepsTemporalState() {
		s.temporal.stop()
	}
	if s.postgres != nil {
		s.postgres.stop()
	}
	if s.watchdog != nil {
		s.watchdog.release()
	}
	if s.dir != nil {
		s.dir.close()
	}
}

// keepsTemporalState reports whether there is anything to gain from ending Temporal in an orderly way, which takes a second.
func (s *Stack) keepsTemporalState() bool {
	return s.options.TemporalStore == storePostgres && (s.postgres == nil || !s.dir.temporary)
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Environment lists the addresses of the parts that run.
func (s *Stack) Environment() []Variable {
	var env []Variable
	if s.options.withPostgres() {
		env = append(env,
			Variable{"DATABASE_URL", s.urls.application.String()},
			Variable{"DATABASE_ADMIN_URL", s.urls.admin.String()})
	}
	if s.temporal != nil {
		env = append(env,
			Variable{"TEMPORAL_ADDRESS", s.temporal.address()},
			Variable{"TEMPORAL_NAMESPACE", s.options.Namespace})
	}
	if s.ui != nil {
		env = append(env, Variable{"TEMPORAL_UI_URL", s.ui.url()})
	}
	return env
}

// printAddresses writes the table that `up` shows.
func (s *Stack) printAddresses(w io.Writer, took time.Duration) {
	fmt.Fprintf(w, "devstack is ready after %s.\n\n", took.Round(100*time.Millisecond))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if s.ui != nil {
		fmt.Fprintf(table, "  Temporal UI\t%s\n", s.ui.url())
	}
	if s.temporal != nil {
		fmt.Fprintf(table, "  Temporal\t%s (namespace %s, state in %s)\n", s.temporal.address(), s.options.Namespace, s.options.TemporalStore)
	}
	if s.options.withPostgres() {
		fmt.Fprintf(table, "  PostgreSQL\t%s\n", s.urls.application)
		fmt.Fprintf(table, "  Its administrator\t%s\n", s.urls.admin)
	}
	fmt.Fprintf(table, "  Files\t%s (%s)\n", s.dir.path, s.dir.fate())
	table.Flush()
	fmt.Fprintln(w, "\nPress Ctrl-C to stop.")
}

// writeEnvFile writes the variables as KEY=VALUE lines. The file appears complete or not at all, and only its owner may read it:
// it holds passwords.
func writeEnvFile(path string, env []Variable) error {
	var text strings.Builder
	for _, v := range env {
		fmt.Fprintf(&text, "%s=%s\n", v.Name, v.Value)
	}
	draft := path + ".new"
	if err := os.WriteFile(draft, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write --env-file: %w", err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("write --env-file: %w", err)
	}
	return nil
}
