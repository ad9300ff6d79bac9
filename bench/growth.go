package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/caresync/caresync/care"
)

// printGrowth shows how the costs of our bulk run grow with the number of people: first and second run on the same database.
func printGrowth(ctx context.Context, stage stage, sizes []int, out io.Writer) error {
	sizes = slices.DeleteFunc(slices.Clone(sizes), func(size int) bool { return size < 1 })
	if len(sizes) == 0 {
		return nil
	}
	site, err := newSite(ctx, stage, population{people: slices.Max(sizes)})
	if err != nil {
		return err
	}
	defer site.close()
	fmt.Fprintf(out, "\nHow a bulk run grows, no latency.\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "people\trun\tpeople/s\tworkflows\tevents a person\tlongest: events\tKB\tCPU ms a person\tWAL KB a person\tpeak MB\t")
	for _, size := range sizes {
		if err := site.grow(ctx, site.clients[:size], table); err != nil {
			return err
		}
	}
	return table.Flush()
}

func (s *site) grow(ctx context.Context, people []care.ID, table io.Writer) (err error) {
	w, err := s.newWorkplace(ctx, known)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	for _, run := range []string{"first", "second"} {
		again, err := s.openWorkplace(ctx, w.url) // with queues of its own, so that its histories are told apart
		if err != nil {
			return err
		}
		m, err := again.race(ctx, ours, crowd{people: people})
		if err := errors.Join(err, again.close()); err != nil {
			return err
		}
		fmt.Fprintf(table, "%d\t%s\t%.1f\t%d\t%.3f\t%d\t%.0f\t%.1f\t%.1f\t%.0f\t\n", m.people, run, m.peoplePerSecond(), m.history.workflows,
			m.perPerson(m.history.events), m.history.mostEvents, float64(m.history.mostBytes)/1024, m.cpuOfAll(),
			m.perPerson(m.wal)/1024, float64(m.memory)/(1<<20))
	}
	return nil
}
