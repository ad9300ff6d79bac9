package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// person is who is synced alone: someone with a common number of open budgets.
const person = "first-year"

// singleSync compares one person's sync through a workflow with the same steps called directly.
type singleSync struct {
	pairs     int
	latencies []time.Duration
}

func (b singleSync) run(ctx context.Context, stage stage, out io.Writer) error {
	return onWorkplace(ctx, stage, population{scenario: person}, func(w *workplace) error {
		return w.whileHosting(ctx, func() error { return b.print(ctx, w, out) })
	})
}

func (b singleSync) print(ctx context.Context, w *workplace, out io.Writer) error {
	details, err := w.countDetails(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "One Care Recipient Sync: %d budgets with details, critical path of three calls; encryption on; medians of %d interleaved pairs.\n\n",
		details, b.pairs)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "latency of a call\tplain\tTemporal\tmore\ttimes\t")
	for _, latency := range b.latencies {
		measured, err := b.measure(ctx, w, latency)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.2f\t\n", latency, milliseconds(measured.plain), milliseconds(measured.durable),
			milliseconds(measured.durable-measured.plain), measured.ratio)
	}
	return table.Flush()
}

// countDetails syncs once, so that the login is warm, and counts the budgets whose details are read.
func (w *workplace) countDetails(ctx context.Context) (int, error) {
	if err := w.syncPlainly(ctx); err != nil {
		return 0, err
	}
	_, counts, err := w.calls(ctx)
	return counts["budget-details"].Calls, err
}

// medians are of the pairs: the ratio is that of each pair, not of the medians.
type medians struct {
	plain, durable time.Duration
	ratio          float64
}

func (b singleSync) measure(ctx context.Context, w *workplace, latency time.Duration) (medians, error) {
	if err := w.setLatency(ctx, latency); err != nil {
		return medians{}, err
	}
	var plain, durable []time.Duration
	var ratios []float64
	const warmUp = 2
	for pair := range b.pairs + warmUp {
		direct, through, err := b.pair(ctx, w, pair%2 == 0)
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
func (b singleSync) pair(ctx context.Context, w *workplace, plainFirst bool) (plain, durable time.Duration, err error) {
	if plainFirst {
		if plain, err = timed(func() error { return w.syncPlainly(ctx) }); err != nil {
			return 0, 0, err
		}
	}
	if durable, err = timed(func() error { return w.syncDurably(ctx, w.clients[0]) }); err != nil {
		return 0, 0, err
	}
	if !plainFirst {
		plain, err = timed(func() error { return w.syncPlainly(ctx) })
	}
	return plain, durable, err
}

func timed(do func() error) (time.Duration, error) {
	began := time.Now()
	err := do()
	return time.Since(began), err
}

func (w *workplace) syncPlainly(ctx context.Context) error {
	return mustSucceed(w.steps.Sync(ctx, db.NewID(), w.request(w.clients[0], care.TriggerOnDemand)))
}

// syncDurably syncs one person through a workflow.
func (w *workplace) syncDurably(ctx context.Context, person care.ID) error {
	options, input := protocol.CareRecipientSyncStart(w.queues, w.request(person, care.TriggerOnDemand))
	run, err := w.temporal.ExecuteWorkflow(ctx, options, protocol.CareRecipientSyncWorkflow, input)
	if err != nil {
		return err
	}
	var result care.RunResult
	err = run.Get(ctx, &result)
	return mustSucceed(result, err)
}
