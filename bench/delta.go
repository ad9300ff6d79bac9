package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/world"
)

// deltaRuns are runs after a full one, for which a few people have changed.
type deltaRuns struct{ people, percent int }

// changes are what happens to people between two nights; they take turns.
var changes = []world.MoveName{world.Claim, world.ClaimByOther, world.ChangeContribution}

// run compares what a full run and a delta run ask of the government.
func (d deltaRuns) run(ctx context.Context, stage stage, out io.Writer) error {
	living := population{people: d.people}
	return onWorkplace(ctx, stage, living, func(w *workplace) error {
		return w.whileHosting(ctx, func() error { return d.measure(ctx, w, living, out) })
	})
}

func (d deltaRuns) measure(ctx context.Context, w *workplace, living population, out io.Writer) error {
	full, err := w.measure(ctx, d.people, func(ctx context.Context) error { return w.syncInBulk(ctx, w.clients) })
	if err != nil {
		return err
	}
	changed, err := d.change(ctx, w.government, living)
	if err != nil {
		return err
	}
	delta, err := w.measure(ctx, changed, func(ctx context.Context) error {
		return w.runBulk(ctx, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}}, changed)
	})
	if err != nil {
		return err
	}
	return d.print(out, full, delta)
}

// change applies a move to one person in each group: the first for whom it succeeds. It returns how many people changed.
func (d deltaRuns) change(ctx context.Context, government *government, living population) (changed int, err error) {
	people, err := living.held()
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(people, 100/d.percent) {
		move := changes[changed%len(changes)]
		if err := changeOne(ctx, government, some, move); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

func changeOne(ctx context.Context, government *government, some []world.HeldPerson, move world.MoveName) (err error) {
	for _, person := range some {
		path := "/control/person/" + url.PathEscape(person.Key) + "/" + string(move)
		if err = government.control(ctx, http.MethodPost, path, world.Move{}, nil); err == nil {
			return nil
		}
	}
	return err
}

func (d deltaRuns) print(out io.Writer, full, delta measured) error {
	fmt.Fprintf(out, "\nA delta run: %d people, of whom %d %% have changed since a full run; pages of at most 1,000 rows.\n\n", d.people, d.percent)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tsynced\tcalls\tMB of answers\tseconds\t")
	for _, run := range []struct {
		name string
		measured
	}{{"full", full}, {"delta", delta}} {
		fmt.Fprintf(table, "%s\t%d\t%d\t%.2f\t%.1f\t\n", run.name, run.people, run.calls, float64(run.received)/(1<<20), run.elapsed.Round(time.Millisecond).Seconds())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThe full run's calls are %.0f times, its answers' bytes %.0f times those of the delta run.\n",
		float64(full.calls)/float64(delta.calls), float64(full.received)/float64(delta.received))
	return nil
}
