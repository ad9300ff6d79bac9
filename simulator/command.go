package main

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/ndia"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
)

// environmentPrefix and a flag's name in capitals make the environment variable that sets the flag.
const environmentPrefix = "CARESYNC_SIMULATOR_"

// Values of --scenarios other than a folder.
const (
	builtInScenarios = "built-in"
	noScenarios      = "none"
)

// settings are the flags of the program.
type settings struct {
	listen       string
	people       int
	participants int
	seed         uint64
	today        string
	scenarios    string
	state        string
	oneProvider  bool
	latency      time.Duration
	rate         int
	noThrottle   bool
	budgetCalls  int
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "caresync-simulator",
		Short:         "Simulates PRODA, Services Australia and the NDIA",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newServeCommand())
	return root
}

func newServeCommand() *cobra.Command {
	var given settings
	command := &cobra.Command{
		Use:   "serve",
		Short: "Serve the simulated services and their control API until SIGINT or SIGTERM",
		Long: "Serve the simulated services and their control API until SIGINT or SIGTERM.\n" +
			"Every flag is an environment variable too: --listen is " + environmentPrefix + "LISTEN, and so on.",
		Args:    cobra.NoArgs,
		PreRunE: func(command *cobra.Command, _ []string) error { return fromEnvironment(command.Flags()) },
		RunE: func(command *cobra.Command, _ []string) error {
			log, err := zap.NewProduction()
			if err != nil {
				return fmt.Errorf("start logging: %w", err)
			}
			defer func() { _ = log.Sync() }() // standard error cannot always be synced
			return serve(command.Context(), given, log)
		},
	}
	flags := command.Flags()
	flags.StringVar(&given.listen, "listen", "127.0.0.1:8090", "address to listen on; port 0 takes a free one")
	flags.IntVar(&given.people, "people", 12, "number of generated people, in addition to those of the scenarios")
	flags.IntVar(&given.participants, "participants", 12, "number of generated NDIS participants, in addition to those of the scenarios")
	flags.Uint64Var(&given.seed, "seed", 1, "random seed; the same seed and flags give the same world")
	flags.StringVar(&given.today, "today", "", "first day of the simulated world, YYYY-MM-DD (default: today in Sydney, or that of the state file)")
	flags.StringVar(&given.scenarios, "scenarios", builtInScenarios, "folder of scenario files, or "+builtInScenarios+", or "+noScenarios)
	flags.StringVar(&given.state, "state", "", "file that keeps changes, keys and tokens across restarts (default: none)")
	flags.BoolVar(&given.oneProvider, "one-provider", false, "one organisation with one service provider holds all generated people")
	flags.DurationVar(&given.latency, "latency", 0, "delay of every answer of Services Australia and the NDIA")
	flags.IntVar(&given.rate, "rate", 0, "calls a second that Services Australia and the NDIA each allow an organisation; 0: no limit")
	flags.BoolVar(&given.noThrottle, "no-throttle", false, "do not throttle callers that replace tokens or keys before half their life is over")
	flags.IntVar(&given.budgetCalls, "budget-calls-per-hour", 0, "budget calls per hour that the NDIA allows an organisation; 0: no limit")
	return command
}

// fromEnvironment sets the flags that were not given on the command line from the environment.
func fromEnvironment(flags *pflag.FlagSet) error {
	var problem error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := environmentPrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value, given := os.LookupEnv(name)
		if !given || flag.Changed || problem != nil {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			problem = fmt.Errorf("environment variable %s: %w", name, err)
		}
	})
	return problem
}

// newSimulator makes the simulator that the settings describe.
func newSimulator(given settings) (*server.Simulator, error) {
	if given.people < 0 || given.participants < 0 || given.rate < 0 || given.budgetCalls < 0 || given.latency < 0 {
		return nil, fmt.Errorf("--people, --participants, --rate, --budget-calls-per-hour and --latency must not be negative")
	}
	var today world.Date
	if err := today.UnmarshalText([]byte(given.today)); err != nil {
		return nil, fmt.Errorf("--today: %w", err)
	}
	files, err := scenarioFiles(given.scenarios)
	if err != nil {
		return nil, err
	}
	options := world.Options{Seed: given.seed, People: given.people, Participants: given.participants, Today: today, Scenarios: files}
	if given.oneProvider {
		options.Organisations = world.SingleProvider()
	}
	simulator, err := server.New(options, server.WithState(given.state),
		server.WithPRODA(proda.Options{NoThrottle: given.noThrottle}),
		server.WithServicesAustralia(gateway.Settings{RatePerSecond: given.rate}),
		server.WithNDIA(ndia.Settings{Settings: gateway.Settings{RatePerSecond: given.rate}, BudgetCallsPerHour: given.budgetCalls}))
	if err != nil {
		return nil, err
	}
	return simulator, addLatency(simulator, given.latency)
}

func scenarioFiles(source string) (fs.FS, error) {
	switch source {
	case builtInScenarios:
		return scenarios.FS, nil
	case noScenarios, "":
		return nil, nil
	}
	if about, err := os.Stat(source); err != nil || !about.IsDir() {
		return nil, fmt.Errorf("--scenarios: %q is not a folder: use a folder, %s or %s", source, builtInScenarios, noScenarios)
	}
	return os.DirFS(source), nil
}

// addLatency delays every operation of Services Australia and the NDIA, none of PRODA's.
func addLatency(simulator *server.Simulator, latency time.Duration) error {
	if latency == 0 {
		return nil
	}
	for _, operation := range []string{"care-recipient-*", "individual-*", "budget-*", "ndia-*"} {
		if err := simulator.Faults.Add(faults.Fault{Kind: faults.Latency, Operation: operation, Delay: latency}); err != nil {
			return err
		}
	}
	return nil
}
