// Command bench compares CareSync with what a user would write or choose instead: one sync with a plain Go program, and a bulk run with
// a plain program, riverqueue/river, and a workflow for each person. It runs on the stack that DATABASE_ADMIN_URL and
// TEMPORAL_ADDRESS name, and prints ratios of interleaved runs, since machines differ and are noisy. docs/benchmarks.md explains the figures.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// part is one of the benchmarks.
type part interface {
	run(ctx context.Context, stage stage, out io.Writer) error
}

func newCommand() *cobra.Command {
	stage := stage{simulator: besideThisProgram("caresync-simulator")}
	single, bulk := &singleSync{}, &bulkSync{}
	root := &cobra.Command{
		Use:           "bench",
		Short:         "Compare CareSync with its alternatives",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			return errors.Join(single.run(command.Context(), stage, command.OutOrStdout()), bulk.run(command.Context(), stage, command.OutOrStdout()))
		},
	}
	root.PersistentFlags().StringVar(&stage.simulator, "simulator", stage.simulator, "path of the program caresync-simulator")
	singleCommand := newPart(&stage, single, "single", "Measure one sync through Temporal beside a plain program")
	singleCommand.Flags().IntVar(&single.pairs, "pairs", 30, "number of interleaved pairs for each latency")
	singleCommand.Flags().DurationSliceVar(&single.latencies, "latency", []time.Duration{150 * time.Millisecond, 0}, "latencies of an upstream call")

	bulkCommand := newPart(&stage, bulk, "bulk", "Measure a bulk run beside a plain program, river, and a workflow for each person")
	flags := bulkCommand.Flags()
	flags.IntVar(&bulk.people, "people", 1000, "number of people in a bulk run")
	flags.IntVar(&bulk.warmUp, "warm-up", 300, "number of people synced before each run, so that connections are open and PostgreSQL has planned its statements")
	flags.IntVar(&bulk.rounds, "rounds", 7, "number of interleaved runs of each, whose medians are printed; 0: none")
	flags.IntVar(&bulk.atOnce, "at-once", 32, "number of people synced at once, by each contender")
	flags.IntVar(&bulk.children.people, "children", 150, "number of people in a run with a workflow for each person; 0: no such run")
	flags.IntVar(&bulk.children.rounds, "children-rounds", 3, "number of interleaved runs with a workflow for each person")
	flags.IntVar(&bulk.limited.people, "limited-people", 400, "number of people in a run with a limited upstream; 0: no such run")
	flags.DurationVar(&bulk.limited.latency, "limited-latency", 100*time.Millisecond, "latency of a call to the limited upstream")
	flags.IntVar(&bulk.limited.rate, "limited-rate", 50, "calls per second that the limited upstream allows")
	flags.IntVar(&bulk.delta.people, "delta-people", 5000, "number of people in a delta run; 0: no such run")
	flags.IntVar(&bulk.delta.percent, "delta-percent", 2, "percentage of them that change before it")
	flags.IntSliceVar(&bulk.growth, "growth", []int{100, 1000}, "numbers of people to see how costs grow; 10000 takes some minutes more, 0 leaves that out")
	flags.StringVar(&bulk.profile, "cpu-profile", "", "write a CPU profile of CareSync's runs to this file")
	planning := &planning{}
	planningCommand := newPart(&stage, planning, "planning", "Measure how a bulk run over very many people is planned; not part of the others")
	planningCommand.Flags().IntVar(&planning.people, "people", 1_000_000, "number of people")
	root.AddCommand(singleCommand, bulkCommand, planningCommand)
	return root
}

func newPart(stage *stage, measured part, use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return measured.run(command.Context(), *stage, command.OutOrStdout())
		},
	}
}

// besideThisProgram is a program in this one's directory, where `make build` puts them all.
func besideThisProgram(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}
