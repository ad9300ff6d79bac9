package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// rounds are the runs of some contenders, one after the other in each round.
type rounds struct {
	order []string
	runs  map[string][]measured
}

func newRounds() *rounds { return &rounds{runs: make(map[string][]measured)} }

func (r *rounds) add(name string, m measured) {
	if !slices.Contains(r.order, name) {
		r.order = append(r.order, name)
	}
	r.runs[name] = append(r.runs[name], m)
}

// median is that of one figure of a contender's runs.
func (r *rounds) median(name string, figure func(measured) float64) float64 {
	var values []float64
	for _, m := range r.runs[name] {
		values = append(values, figure(m))
	}
	return median(values)
}

// ratio is the median of a figure of a contender divided by another's in the same round, with the smallest and the largest.
func (r *rounds) ratio(name, than string, figure func(measured) float64) (middle, least, most float64) {
	var ratios []float64
	for i, m := range r.runs[name] {
		ratios = append(ratios, figure(m)/figure(r.runs[than][i]))
	}
	return median(ratios), slices.Min(ratios), slices.Max(ratios)
}

// column is a figure of a table.
type column struct {
	heading string
	format  string
	of      func(measured) float64
}

var (
	peopleColumn = column{"people/s", "%.1f", measured.peoplePerSecond}
	costColumns  = []column{
		{"calls", "%.1f", func(m measured) float64 { return m.perPerson(int64(m.calls)) }},
		{"events", "%.3f", func(m measured) float64 { return m.perPerson(m.history.events) }},
		{"statements", "%.1f", func(m measured) float64 { return m.perPerson(m.statements) }},
		{"Temporal's transactions", "%.2f", func(m measured) float64 { return m.perPerson(m.transactions) }},
		{"WAL KB", "%.1f", func(m measured) float64 { return m.perPerson(m.wal) / 1024 }},
		{"CPU ms: all", "%.1f", measured.cpuOfAll},
		{"program", "%.1f", func(m measured) float64 { return m.cpuPerPerson(m.cpu.program) }},
		{"PostgreSQL", "%.1f", func(m measured) float64 { return m.cpuPerPerson(m.cpu.postgres) }},
		{"of that for Temporal", "%.2f", func(m measured) float64 { return m.cpuPerPerson(m.cpu.postgresForTemporal) }},
		{"Temporal", "%.2f", func(m measured) float64 { return m.cpuPerPerson(m.cpu.temporal) }},
		{"simulator", "%.1f", func(m measured) float64 { return m.cpuPerPerson(m.cpu.government) }},
		{"peak MB", "%.0f", func(m measured) float64 { return float64(m.memory) / (1 << 20) }},
		{"others' CPUs", "%.1f", measured.othersBusy},
	}
)

// print writes a table with a line for each contender, and figures as medians. All are for each person but
// people a second, the peak, and how many processors others kept busy.
func (r *rounds) print(out io.Writer, columns ...column) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "\t")
	for _, column := range columns {
		fmt.Fprintf(table, "%s\t", column.heading)
	}
	fmt.Fprintln(table)
	for _, name := range r.order {
		fmt.Fprintf(table, "%s\t", name)
		for _, column := range columns {
			fmt.Fprintf(table, column.format+"\t", r.median(name, column.of))
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// printRatios writes how fast ours was beside others, and how much CPU time a person took, which other work on the machine disturbs less.
func (r *rounds) printRatios(out io.Writer, others ...string) {
	for _, other := range others {
		speed, least, most := r.ratio(ours.name, other, measured.peoplePerSecond)
		cpu, leastCPU, mostCPU := r.ratio(ours.name, other, measured.cpuOfAll)
		fmt.Fprintf(out, "%s / %s: people a second %.2f (%.2f to %.2f), CPU time a person %.2f (%.2f to %.2f)\n",
			ours.name, other, speed, least, most, cpu, leastCPU, mostCPU)
	}
}

func median[T int64 | float64 | time.Duration](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}
