// Command devstack runs what CareSync needs around it on one machine: a private PostgreSQL, a real Temporal server and the
// Temporal UI. It knows nothing of the product but the names of its database and its namespace.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes of devstack itself, as `docker run` and `env` use them, so that they can be told apart from COMMAND's own.
const (
	exitStackFailed     = 125
	exitCommandNotRun   = 126
	exitCommandNotFound = 127
	exitSignalled       = 128 // plus the number of the signal
)

// Every flag can be given as an environment variable with this prefix.
const environmentPrefix = "DEVSTACK_"

func main() {
	os.Exit(run(os.Args[1:]))
}

// run executes the command line and returns the exit code of the program.
func run(args []string) int {
	code := 0
	root := newRootCommand(&code)
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "devstack:", err)
		return exitStackFailed
	}
	return code
}

func newRootCommand(code *int) *cobra.Command {
	root := &cobra.Command{
		Use:           "devstack",
		Short:         "A private PostgreSQL, a real Temporal server and the Temporal UI on this machine",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return flagsFromEnvironment(cmd.Flags())
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newUpCommand(code), newExecCommand(code), newWatchdogCommand())
	return root
}

func newUpCommand(code *int) *cobra.Command {
	var options Options
	var envFile string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the stack, print its addresses and run it until a signal",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) (err error) {
			*code, err = up(options, envFile)
			return err
		},
	}
	addStackFlags(cmd.Flags(), &options)
	cmd.Flags().StringVar(&envFile, "env-file", "", "write the addresses to this file as KEY=VALUE once the stack is ready; removed at the end")
	return cmd
}

func newExecCommand(code *int) *cobra.Command {
	var options Options
	cmd := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGUMENT…]",
		Short: "Start the stack, run COMMAND with its addresses in the environment, then stop it",
		Long: "Start the stack, run COMMAND with its addresses in the environment, then stop it.\n\n" +
			"The environment has DATABASE_URL, DATABASE_ADMIN_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TEMPORAL_UI_URL.\n" +
			"The exit code is COMMAND's; 125 means that the stack failed, 126 that COMMAND could not be run, 127 that it was not found.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no COMMAND: devstack exec [flags] -- COMMAND [ARGUMENT…]")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) (err error) {
			*code, err = execute(options, args)
			return err
		},
	}
	// What follows COMMAND belongs to COMMAND, also without "--".
	cmd.Flags().SetInterspersed(false)
	addStackFlags(cmd.Flags(), &options)
	return cmd
}

func addStackFlags(flags *pflag.FlagSet, o *Options) {
	flags.StringVar(&o.Dir, "dir", "", "keep the state in this directory across restarts (default: a temporary one that is removed)")
	flags.StringVar(&o.Namespace, "namespace", "caresync", "Temporal namespace to create")
	flags.StringSliceVar(&o.SearchAttributes, "search-attribute", nil, "search attribute of the namespace as Name=Type; repeatable; types: "+strings.Join(searchAttributeTypes(), ", "))
	flags.DurationVar(&o.Retention, "retention", 24*time.Hour, "how long Temporal keeps closed workflows, at least 1h")
	flags.IntVar(&o.TemporalPort, "temporal-port", 0, "port of the Temporal server (default: a free one)")
	flags.IntVar(&o.UIPort, "ui-port", 0, "port of the Temporal UI (default: a free one)")
	flags.IntVar(&o.PostgresPort, "postgres-port", 0, "port of the private PostgreSQL (default: a free one)")
	flags.StringVar(&o.TemporalStore, "temporal-store", storePostgres, "where Temporal keeps its state: postgres, or sqlite (in memory: faster, lost at the end even with --dir)")
	flags.BoolVar(&o.Fast, "fast", false, "private PostgreSQL without fsync, for tests; a crash of the machine may lose data")
	flags.StringVar(&o.PostgresURL, "postgres-url", "", "use this PostgreSQL instead of a private one; its role must be allowed to create databases")
	flags.StringVar(&o.CodecEndpoint, "codec-endpoint", "", "codec endpoint at which the Temporal UI decrypts payloads, with its cookies")
	flags.StringSliceVar(&o.Without, "without", nil, "part to leave out: postgres, temporal (and the UI) or ui; repeatable")
}

// flagsFromEnvironment fills every flag that was not given from DEVSTACK_<FLAG>, such as DEVSTACK_POSTGRES_URL.
func flagsFromEnvironment(flags *pflag.FlagSet) error {
	var failures []error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := environmentName(flag.Name)
		value, given := os.LookupEnv(name)
		if flag.Changed || !given {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			failures = append(failures, fmt.Errorf("environment variable %s: %w", name, err))
		}
	})
	return errors.Join(failures...)
}

func environmentName(flag string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// up runs the stack until a signal asks it to end.
func up(options Options, envFile string) (int, error) {
	signals := make(chan os.Signal, 1)
	listen(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	begun := time.Now()
	if envFile != "" {
		// One from a stack that was killed would look like ours.
		if err := os.Remove(envFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return exitStackFailed, fmt.Errorf("--env-file: %w", err)
		}
	}
	stack, interrupted, err := startInterruptibly(options, signals)
	if interrupted != nil {
		return exitCodeOf(interrupted), nil
	}
	if err != nil {
		return exitStackFailed, err
	}
	defer stack.Stop()

	if envFile != "" {
		if err := writeEnvFile(envFile, stack.Environment()); err != nil {
			return exitStackFailed, err
		}
		defer os.Remove(envFile)
	}
	stack.printAddresses(os.Stdout, time.Since(begun))

	select {
	case err := <-stack.Failed():
		return exitStackFailed, err
	case <-signals:
		// A second signal does not wait: it ends this program at once, and the watchdog cleans up.
		signal.Reset()
		return 0, nil
	}
}
