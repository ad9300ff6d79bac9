package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"

	"github.com/caresync/caresync/care"
)

// bulkSync compares a bulk run with other ways to sync many people.
type bulkSync struct {
	people, warmUp, rounds, atOnce int
	children                       childrenRuns
	limited                        limitedUpstream
	delta                          deltaRuns
	growth                         []int
	// profile is a file for a CPU profile of our runs, empty for none.
	profile string
}

// childrenRuns are fewer, and of fewer people, since they take long.
type childrenRuns struct{ people, rounds int }

func (b bulkSync) run(ctx context.Context, stage stage, out io.Writer) error {
	if b.rounds > 0 {
		if err := b.compare(ctx, stage, out); err != nil {
			return err
		}
	}
	if b.limited.people > 0 {
		if err := b.limited.run(ctx, stage, b.atOnce, out); err != nil {
			return err
		}
	}
	if b.delta.people > 0 {
		if err := b.delta.run(ctx, stage, out); err != nil {
			return err
		}
	}
	return printGrowth(ctx, stage, b.growth, out)
}

// compare runs the contenders without latency: what they cost on their own.
func (b bulkSync) compare(ctx context.Context, stage stage, out io.Writer) error {
	site, err := newSite(ctx, stage, population{people: b.people + b.warmUp})
	if err != nil {
		return err
	}
	defer site.close()
	if err := site.makeSynced(ctx, b.atOnce); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nA bulk run of %d people, no latency; encryption on, Temporal's state in PostgreSQL; medians of %d interleaved runs.\n"+
		"Before each run, %d other people are synced, which opens and warms the connections.\n", b.people, b.rounds, b.warmUp)
	for _, state := range []string{known, synced} {
		fmt.Fprintf(out, "\n%s\n\n", descriptions[state])
		if err := b.compareFrom(ctx, site, state, out); err != nil {
			return err
		}
	}
	if b.children.people == 0 {
		return nil
	}
	return b.compareChildren(ctx, site, out)
}

var descriptions = map[string]string{
	known:  "The first sync of everyone: all records are created.",
	synced: "The second one, of unchanged data: the ordinary night.",
}

func (b bulkSync) compareFrom(ctx context.Context, site *site, state string, out io.Writer) error {
	contenders := []contender{b.profiled(ours), plainOnce(b.atOnce), plain(b.atOnce), riverQueue(b.atOnce)}
	results, err := site.interleave(ctx, contenders, state, b.crowd(site), b.rounds)
	if err != nil {
		return err
	}
	if err := results.print(out, append([]column{peopleColumn}, costColumns...)...); err != nil {
		return err
	}
	fmt.Fprintln(out)
	results.printRatios(out, "plain-once", "plain", "river")
	return nil
}

func (b bulkSync) crowd(site *site) crowd {
	return crowd{warmUp: site.clients[b.people:], people: site.clients[:b.people]}
}

// compareChildren sets ours beside a workflow for each person.
func (b bulkSync) compareChildren(ctx context.Context, site *site, out io.Writer) error {
	people := min(b.children.people, b.people)
	fmt.Fprintf(out, "\nBeside a workflow for each person, of unchanged data: %d people, medians of %d interleaved runs.\n\n", people, b.children.rounds)
	results, err := site.interleave(ctx, []contender{ours, workflowEach}, synced, crowd{people: site.clients[:people]}, b.children.rounds)
	if err != nil {
		return err
	}
	if err := results.print(out, append([]column{peopleColumn}, costColumns...)...); err != nil {
		return err
	}
	fmt.Fprintln(out)
	results.printRatios(out, workflowEach.name)
	return nil
}

// interleave runs the contenders in turns, each round with another first.
func (s *site) interleave(ctx context.Context, contenders []contender, state string, crowd crowd, number int) (*rounds, error) {
	results := newRounds()
	for _, contender := range contenders {
		results.order = append(results.order, contender.name)
	}
	for round := range number {
		for turn := range contenders {
			contender := contenders[(round+turn)%len(contenders)]
			m, err := s.race(ctx, contender, state, crowd)
			if err != nil {
				return nil, err
			}
			results.add(contender.name, m)
		}
	}
	return results, nil
}

// makeSynced makes the state in which everyone was synced a moment ago.
func (s *site) makeSynced(ctx context.Context, atOnce int) error {
	return s.databases.derive(ctx, synced, known, func(url string) (err error) {
		w, err := s.openWorkplace(ctx, url)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.close()) }()
		contest, err := plain(atOnce).start(ctx, w)
		if err != nil {
			return err
		}
		return contest.sync(ctx, s.clients)
	})
}

// profiled is the contender under a profiler, if there is to be a profile. A later run replaces that of an earlier one.
func (b bulkSync) profiled(c contender) contender {
	if b.profile == "" {
		return c
	}
	start := c.start
	c.start = func(ctx context.Context, w *workplace) (contest, error) {
		contest, err := start(ctx, w)
		sync := contest.sync
		contest.sync = func(ctx context.Context, people []care.ID) error {
			file, err := os.Create(b.profile)
			if err != nil {
				return err
			}
			if err := pprof.StartCPUProfile(file); err != nil {
				return err
			}
			err = sync(ctx, people)
			pprof.StopCPUProfile()
			return errors.Join(err, file.Close())
		}
		return contest, err
	}
	return c
}
