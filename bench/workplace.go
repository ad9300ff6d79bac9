package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/worker/hosting"
)

// workplace is a database for one run, with the steps of a worker process on it.
type workplace struct {
	*site
	url        string
	store      *db.Store
	steps      *activities.Steps
	queues     protocol.TaskQueues
	statements *statements
	drop       func() error
}

// newWorkplace opens a copy of a state.
func (s *site) newWorkplace(ctx context.Context, state string) (*workplace, error) {
	url, drop, err := s.databases.copy(ctx, state)
	if err != nil {
		return nil, err
	}
	w, err := s.openWorkplace(ctx, url)
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	w.drop = drop
	return w, nil
}

// onWorkplace runs work on a government of its own, and a database in which its people are known.
func onWorkplace(ctx context.Context, stage stage, living population, work func(*workplace) error) (err error) {
	site, err := newSite(ctx, stage, living)
	if err != nil {
		return err
	}
	defer site.close()
	w, err := site.newWorkplace(ctx, known)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return work(w)
}

// whileHosting runs work while the worker takes tasks.
func (w *workplace) whileHosting(ctx context.Context, work func() error) error {
	stop, err := w.host(ctx)
	if err != nil {
		return err
	}
	return errors.Join(work(), stop())
}

// openWorkplace opens a database that someone else drops.
func (s *site) openWorkplace(ctx context.Context, url string) (*workplace, error) {
	w := &workplace{site: s, url: url, statements: &statements{}, drop: func() error { return nil },
		queues: protocol.TaskQueues{Prefix: "bench-" + string(db.NewID()) + "-"}}
	store, err := db.Open(ctx, url, s.keyring, db.Options{MaxConnections: db.WorkerConnections, Tracer: w.statements})
	if err != nil {
		return nil, err
	}
	w.store, w.steps = store, hosting.Steps(store, s.http, nil)
	return w, nil
}

func (w *workplace) close() error {
	w.store.Close()
	return w.drop()
}

// host runs the worker in this process, as the worker program does, with further parts, and returns when it takes work.
func (w *workplace) host(ctx context.Context, more ...run.Part) (stop func() error, err error) {
	stop = w.runWorker(more)
	if err := w.awaitPollers(ctx); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

func (w *workplace) runWorker(more []run.Part) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	parts := append(hosting.Workers(w.temporal, w.queues, w.steps, nil), more...)
	go func() { ended <- run.UntilStopped(ctx, parts...) }()
	return func() error {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
}

// pollersAppear is how long a worker may take to ask for work.
const pollersAppear = 30 * time.Second

func (w *workplace) awaitPollers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollersAppear)
	defer cancel()
	for _, queue := range w.queues.Polled() {
		for {
			answer, err := w.temporal.DescribeTaskQueue(ctx, queue.Name, queue.Kind)
			if err != nil {
				return fmt.Errorf("worker does not poll: %w", err)
			}
			if len(answer.GetPollers()) > 0 {
				break
			}
			time.Sleep(looksAgainAfter)
		}
	}
	return nil
}

// check makes sure that everyone who should have been synced was.
func (w *workplace) check(ctx context.Context, people int, before int) error {
	done, good, err := w.finished(ctx)
	if err != nil {
		return err
	}
	if done-before != people || good != done {
		return fmt.Errorf("%d people to sync, but %d runs finished and %d of all %d succeeded", people, done-before, good, done)
	}
	return nil
}

// finished counts the runs that ended, and those of them that succeeded.
func (w *workplace) finished(ctx context.Context) (done, good int, err error) {
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, "SELECT count(outcome), count(*) FILTER (WHERE outcome LIKE 'succeeded%') FROM sync_run").Scan(&done, &good)
	return done, good, err
}

// statements counts what a pool sends: statements, and the begin and commit of transactions.
type statements struct{ sent atomic.Int64 }

// TraceQueryStart implements pgx.QueryTracer.
func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.sent.Add(1)
	return ctx
}

// TraceBatchStart implements pgx.BatchTracer.
func (*statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery counts a statement that was sent with others.
func (s *statements) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {
	s.sent.Add(1)
}

// TraceBatchEnd does nothing.
func (*statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceQueryEnd implements pgx.QueryTracer.
func (*statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
