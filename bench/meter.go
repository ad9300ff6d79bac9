package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/caresync/caresync/platform/temporal"
)

// measured is what a run took.
type measured struct {
	people  int
	elapsed time.Duration
	cpu     cpu
	// statements are those of this process, transactions those that Temporal made in its databases.
	statements, transactions int64
	// wal is what PostgreSQL wrote to its log for all of its databases, in bytes.
	wal int64
	// memory is the most that this process had in memory, in bytes; what the benchmark itself holds is in it.
	memory int64
	calls  int
	// received is the length of the government's answers, in bytes.
	received int64
	// tooMany are calls that the government refused since they came too fast.
	tooMany int
	history history
}

// history is that of all workflows of a run.
type history struct {
	workflows, events, bytes int64
	// mostEvents and mostBytes are those of the longest one.
	mostEvents, mostBytes int64
}

// since leaves out what was there before; the longest one is that of all.
func (h history) since(before history) history {
	h.workflows, h.events, h.bytes = h.workflows-before.workflows, h.events-before.events, h.bytes-before.bytes
	return h
}

func (m measured) peoplePerSecond() float64 { return float64(m.people) / m.elapsed.Seconds() }

func (m measured) perPerson(number int64) float64 { return float64(number) / float64(m.people) }

func (m measured) cpuPerPerson(spent time.Duration) float64 {
	return float64(spent) / float64(time.Millisecond) / float64(m.people)
}

// cpuOfAll is the CPU time a person of all processes that took part, in milliseconds.
func (m measured) cpuOfAll() float64 { return m.cpuPerPerson(m.cpu.total()) }

// othersBusy is how many of the machine's processors worked on something else meanwhile: the more, the noisier.
func (m measured) othersBusy() float64 {
	return max(0, (m.cpu.machine-m.cpu.total()).Seconds()) / m.elapsed.Seconds()
}

// counters are readings that only grow.
type counters struct {
	cpu          cpu
	wal          int64
	transactions int64
}

// measure runs work and says what it took.
func (w *workplace) measure(ctx context.Context, people int, work func(context.Context) error) (measured, error) {
	if err := w.forgetCalls(ctx); err != nil {
		return measured{}, err
	}
	if err := forgetPeakMemory(); err != nil {
		return measured{}, err
	}
	statements := w.statements.sent.Load()
	before, err := w.read(ctx)
	if err != nil {
		return measured{}, err
	}
	began := time.Now()
	if err := work(ctx); err != nil {
		return measured{}, err
	}
	m := measured{people: people, elapsed: time.Since(began), memory: peakMemory(), statements: w.statements.sent.Load() - statements}
	after, err := w.read(ctx)
	if err != nil {
		return measured{}, err
	}
	m.cpu, m.wal, m.transactions = after.cpu.minus(before.cpu), after.wal-before.wal, after.transactions-before.transactions
	_, counts, err := w.calls(ctx)
	for _, count := range counts {
		m.calls += count.Calls
		m.received += count.Bytes
		m.tooMany += count.Statuses[http.StatusTooManyRequests]
	}
	return m, err
}

func (w *workplace) read(ctx context.Context) (now counters, err error) {
	conn := w.databases.conn
	if now.cpu, err = readCPU(ctx, conn, w.process.Process.Pid); err != nil {
		return now, err
	}
	err = conn.QueryRow(ctx, `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,
		(SELECT coalesce(sum(xact_commit), 0)::bigint FROM pg_stat_database WHERE datname LIKE 'temporal%')`).Scan(&now.wal, &now.transactions)
	return now, err
}

const (
	// historyAppears is how long Temporal may take to list workflows that have ended.
	historyAppears = 30 * time.Second
	// looksAgainAfter is the pause between two looks at the Temporal server.
	looksAgainAfter = 50 * time.Millisecond
)

// histories sums up the histories of the workflows on the workplace's queues, all of which have ended.
func (w *workplace) histories(ctx context.Context, workflows int64) (history, error) {
	deadline := time.Now().Add(historyAppears)
	for {
		found, err := w.listHistories(ctx)
		if err != nil || found.workflows >= workflows {
			return found, err
		}
		if time.Now().After(deadline) {
			return found, fmt.Errorf("list workflows: %[2]d of %[1]d have appeared", workflows, found.workflows)
		}
		time.Sleep(looksAgainAfter)
	}
}

func (w *workplace) listHistories(ctx context.Context) (sum history, err error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: temporal.DefaultNamespace, PageSize: 1000,
		Query: fmt.Sprintf("TaskQueue STARTS_WITH %q AND ExecutionStatus != 'Running'", w.queues.Prefix),
	}
	for {
		page, err := w.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return history{}, err
		}
		for _, one := range page.GetExecutions() {
			sum.workflows++
			sum.events += one.GetHistoryLength()
			sum.bytes += one.GetHistorySizeBytes()
			sum.mostEvents, sum.mostBytes = max(sum.mostEvents, one.GetHistoryLength()), max(sum.mostBytes, one.GetHistorySizeBytes())
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return sum, nil
		}
	}
}
