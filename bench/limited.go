package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/calls"
)

// limitedUpstream is a government that answers slowly and allows few calls, as the real one does.
type limitedUpstream struct {
	people  int
	latency time.Duration
	rate    int
}

const (
	// alone is how many syncs are timed with nothing beside them, and pause how long the allowance rests before each.
	alone, pause = 7, time.Second
	// onDemandEvery is how often one person is synced on demand during a bulk run.
	onDemandEvery = 4 * time.Second
)

func (l limitedUpstream) run(ctx context.Context, stage stage, atOnce int, out io.Writer) error {
	site, err := newSite(ctx, stage, population{people: l.people + 1, rate: l.rate, latency: l.latency})
	if err != nil {
		return err
	}
	defer site.close()
	fmt.Fprintf(out, "\nA limited upstream: %d people, %s a call, %d calls a second allowed and enforced; the first sync of everyone.\n\n", l.people, l.latency, l.rate)
	if err := l.compare(ctx, site, atOnce, out); err != nil {
		return err
	}
	return l.askMeanwhile(ctx, site, out)
}

// compare runs ours and the others once: no one can be faster than the government allows.
func (l limitedUpstream) compare(ctx context.Context, site *site, atOnce int, out io.Writer) error {
	people := site.clients[1:]
	results := newRounds()
	for _, contender := range []contender{ours, plain(atOnce), riverQueue(atOnce)} {
		m, err := site.race(ctx, contender, known, crowd{people: people})
		if err != nil {
			return err
		}
		results.add(contender.name, m)
	}
	return results.print(out, peopleColumn,
		column{"calls/s", "%.1f", func(m measured) float64 { return float64(m.calls) / m.elapsed.Seconds() }},
		column{"of the rate %", "%.1f", func(m measured) float64 { return 100 * float64(m.calls) / m.elapsed.Seconds() / float64(l.rate) }},
		column{"429s", "%.0f", func(m measured) float64 { return float64(m.tooMany) }})
}

// askMeanwhile repeatedly syncs one person on demand during a bulk run, and compares with how long that takes alone.
func (l limitedUpstream) askMeanwhile(ctx context.Context, site *site, out io.Writer) (err error) {
	w, err := site.newWorkplace(ctx, known)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	stop, err := w.host(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	person, people := site.clients[0], site.clients[1:]

	var quiet []time.Duration
	for range alone + 1 {
		time.Sleep(pause)
		took, err := timed(func() error { return w.syncDurably(ctx, person) })
		if err != nil {
			return err
		}
		quiet = append(quiet, took)
	}
	quiet = quiet[1:] // the first one logged in
	if err := w.forgetCalls(ctx); err != nil {
		return err
	}
	busy, elapsed, err := w.askWhileBulkRuns(ctx, person, people)
	if err != nil {
		return err
	}
	list, counts, err := w.calls(ctx)
	if err != nil {
		return err
	}
	l.printMeanwhile(out, quiet, busy, list, refused(counts), elapsed)
	return nil
}

func (w *workplace) askWhileBulkRuns(ctx context.Context, person care.ID, people []care.ID) (asked []time.Duration, elapsed time.Duration, err error) {
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- w.syncInBulk(ctx, people) }()
	next := time.NewTicker(onDemandEvery)
	defer next.Stop()
	for {
		select {
		case err := <-ended:
			return asked, time.Since(began), err
		case <-next.C:
			took, err := timed(func() error { return w.syncDurably(ctx, person) })
			if err != nil {
				return nil, 0, err
			}
			asked = append(asked, took)
		}
	}
}

func refused(counts map[string]calls.Count) (tooMany int) {
	for _, count := range counts {
		tooMany += count.Statuses[http.StatusTooManyRequests]
	}
	return tooMany
}

func (l limitedUpstream) printMeanwhile(out io.Writer, quiet, busy []time.Duration, list []calls.Call, tooMany int, elapsed time.Duration) {
	fmt.Fprintf(out, "\nOne person on demand, every %s while a bulk run is running: %s (longest %s, %d times); alone %s (longest %s). Longer by %s.\n",
		onDemandEvery, milliseconds(median(busy)), milliseconds(slices.Max(busy)), len(busy), milliseconds(median(quiet)), milliseconds(slices.Max(quiet)),
		milliseconds(median(busy)-median(quiet)))
	fmt.Fprintf(out, "Meanwhile %d calls in %s: %.1f %% of the rate; 429s: %d.\n",
		len(list), elapsed.Round(100*time.Millisecond), 100*float64(len(list))/elapsed.Seconds()/float64(l.rate), tooMany)
}
