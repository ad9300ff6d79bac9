// Command bench measures what durability costs: one Care Recipient Sync through Temporal beside a plain Go program that makes the
// same calls and writes with the same concurrency. It runs on the stack that DATABASE_URL and TEMPORAL_ADDRESS name, and prints ratios
// of interleaved pairs, since machines differ and are noisy.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	settings := singleSync{}
	command := &cobra.Command{
		Use:           "bench",
		Short:         "Measure one sync through Temporal beside a plain program",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return settings.run(ctx, command.OutOrStdout())
		},
	}
	command.Flags().IntVar(&settings.pairs, "pairs", 30, "interleaved pairs for each latency")
	command.Flags().DurationSliceVar(&settings.latencies, "latency", defaultLatencies, "latencies of an upstream call")
	return command
}
