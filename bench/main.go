// Command bench measures CareSync beside what a user would write or pick instead: one sync beside a plain Go program, and a bulk run beside
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
		Short:         "Measure CareSync beside what one would use instead",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			return errors.Join(single.run(command.Context(), stage, command.OutOrStdout()), bulk.run(command.Context(), stage, command.OutOrStdout()))
		},
	}
	root.PersistentFlags().StringVar(&stage.simulator, "simulator", stage.simulator, "the program caresync-simulator")
	singleCommand := newPart(&stage, single, "single", "Measure one sync through Temporal beside a plain program")
	singleCommand.Flags().IntVar(&single.pairs, "pairs", 30, "interleaved pairs for each latency")
	singleCommand.Flags().DurationSliceVar(&single.latencies, "latency", []time.Duration{150 * time.Millisecond, 0}, "latencies of an upstream call")

	bulkCommand := newPart(&stage, bulk, "bulk", "Measure a bulk run beside a plain program, river, and a workflow for each person")
	flags := bulkCommand.Flags()
	flags.IntVar(&bulk.people, "people", 1000, "people of a bulk run")
	flags.IntVar(&bulk.warmUp, "warm-up", 300, "people who are synced before each run: a worker's connections have long been open, and PostgreSQL has planned its statements")
	flags.IntVar(&bulk.rounds, "rounds", 7, "interleaved runs of each; their medians are printed; 0 leaves them out")
	flags.IntVar(&bulk.atOnce, "at-once", 32, "people whom the plain program and river sync at once; ours has as many in hand")
	flags.IntVar(&bulk.children.people, "children", 150, "people of a run with a workflow for each person; 0 leaves that out")
	flags.IntVar(&bulk.children.rounds, "children-rounds", 3, "interleaved runs of it")
	flags.IntVar(&bulk.limited.people, "limited-people", 400, "people of a run with a limited upstream; 0 leaves that out")
	flags.DurationVar(&bulk.limited.latency, "limited-latency", 100*time.Millisecond, "latency of a call of the limited upstream")
	flags.IntVar(&bulk.limited.rate, "limited-rate", 50, "calls a second that the limited upstream allows")
	flags.IntVar(&bulk.delta.people, "delta-people", 5000, "people of whom a few change before a delta run; 0 leaves that out")
	flags.IntVar(&bulk.delta.percent, "delta-percent", 2, "how many of a hundred of them change")
	flags.IntSliceVar(&bulk.growth, "growth", []int{100, 1000}, "numbers of people to see how costs grow; 10000 takes some minutes more, 0 leaves that out")
	flags.StringVar(&bulk.profile, "cpu-profile", "", "write a CPU profile of our runs to that file")
	root.AddCommand(singleCommand, bulkCommand)
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
