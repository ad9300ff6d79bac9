package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/faults"
)

var defaultLatencies = []time.Duration{150 * time.Millisecond, 0}

// singleSync compares one person's sync through a workflow with the same steps called directly.
type singleSync struct {
	pairs     int
	latencies []time.Duration
}

func (b singleSync) run(ctx context.Context, out io.Writer) error {
	site, err := newSite(ctx)
	if err != nil {
		return err
	}
	defer site.close()
	fmt.Fprintf(out, "One Care Recipient Sync: %d budgets with details, critical path of three calls; encryption on; medians of %d interleaved pairs.\n\n",
		site.details, b.pairs)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "latency of a call\tplain\tTemporal\tmore\ttimes\t")
	for _, latency := range b.latencies {
		measured, err := b.measure(ctx, site, latency)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.2f\t\n", latency, milliseconds(measured.plain), milliseconds(measured.durable),
			milliseconds(measured.durable-measured.plain), measured.ratio)
	}
	return table.Flush()
}

// medians are of the pairs: the ratio is that of each pair, not of the medians.
type medians struct {
	plain, durable time.Duration
	ratio          float64
}

func (b singleSync) measure(ctx context.Context, site *site, latency time.Duration) (medians, error) {
	site.simulator.Faults.Clear()
	if latency > 0 {
		if err := site.simulator.Faults.Add(faults.Fault{Kind: faults.Latency, Delay: latency}); err != nil {
			return medians{}, err
		}
	}
	var plain, durable []time.Duration
	var ratios []float64
	const warmUp = 2
	for pair := range b.pairs + warmUp {
		direct, through, err := b.pair(ctx, site, pair%2 == 0)
		if err != nil {
			return medians{}, err
		}
		if pair < warmUp {
			continue
		}
		plain, durable = append(plain, direct), append(durable, through)
		ratios = append(ratios, through.Seconds()/direct.Seconds())
	}
	return medians{plain: median(plain), durable: median(durable), ratio: median(ratios)}, nil
}

// pair takes one time of each, in turns first.
func (b singleSync) pair(ctx context.Context, site *site, plainFirst bool) (plain, durable time.Duration, err error) {
	if plainFirst {
		if plain, err = timed(func() error { return site.syncPlainly(ctx) }); err != nil {
			return 0, 0, err
		}
	}
	if durable, err = timed(func() error { return site.syncDurably(ctx) }); err != nil {
		return 0, 0, err
	}
	if !plainFirst {
		plain, err = timed(func() error { return site.syncPlainly(ctx) })
	}
	return plain, durable, err
}

func timed(do func() error) (time.Duration, error) {
	began := time.Now()
	err := do()
	return time.Since(began), err
}

func (s *site) syncPlainly(ctx context.Context) error {
	result, err := s.steps.Sync(ctx, db.NewID(), s.request)
	return mustSucceed(result, err)
}

func (s *site) syncDurably(ctx context.Context) error {
	run, err := s.start(ctx)
	if err != nil {
		return err
	}
	var result care.RunResult
	err = run.Get(ctx, &result)
	return mustSucceed(result, err)
}

func mustSucceed(result care.RunResult, err error) error {
	if err == nil && result.Outcome != care.RunSucceeded {
		return fmt.Errorf("a sync ended %s (%s)", result.Outcome, result.Reason)
	}
	return err
}

func median[T int64 | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}
