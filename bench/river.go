package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

const (
	// riverFetches is how often river may look for further jobs: as often as it can, rather than its default of ten times a second.
	riverFetches = time.Millisecond
	// riverConnections are for river's own statements; its jobs use the steps' pool.
	riverConnections = 8
	// riverInserts is how many jobs one statement inserts.
	riverInserts = 1000
)

// riverQueue is a riverqueue/river job for each person, in the same database: what a user would pick instead. Jobs are inserted with
// InsertManyFast, and completed by river in batches, as it does by default.
func riverQueue(atOnce int) contender {
	return contender{name: "river", workflows: noWorkflows, start: func(ctx context.Context, w *workplace) (contest, error) {
		return startRiver(ctx, w, atOnce)
	}}
}

func startRiver(ctx context.Context, w *workplace, atOnce int) (contest, error) {
	config, err := pgxpool.ParseConfig(w.url)
	if err != nil {
		return contest{}, err
	}
	config.MaxConns, config.ConnConfig.Tracer = riverConnections, w.statements
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return contest{}, err
	}
	queue, err := newRiver(ctx, w, pool, atOnce)
	if err != nil {
		pool.Close()
		return contest{}, err
	}
	events, cancel := queue.SubscribeConfig(&river.SubscribeConfig{ChanSize: 2 * len(w.clients), Kinds: []river.EventKind{
		river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled,
	}})
	return contest{
		sync: func(ctx context.Context, people []care.ID) error {
			if err := insertJobs(ctx, queue, people); err != nil {
				return err
			}
			return awaitJobs(ctx, events, len(people))
		},
		stop: func() error {
			defer pool.Close()
			cancel()
			return queue.Stop(context.Background())
		},
	}, nil
}

type pgxRiver = river.Client[pgx.Tx]

func newRiver(ctx context.Context, w *workplace, pool *pgxpool.Pool, atOnce int) (*pgxRiver, error) {
	driver := riverpgxv5.New(pool)
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &syncWorker{workplace: w, steps: w.bulkSteps()})
	queue, err := river.NewClient(driver, &river.Config{
		Logger: logger, Workers: workers, FetchCooldown: riverFetches, FetchPollInterval: time.Second,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: atOnce}},
	})
	if err != nil {
		return nil, err
	}
	return queue, queue.Start(context.WithoutCancel(ctx))
}

// syncJob is one person's sync. The run's id is given with the job, so that an attempt which is made again answers from the ledger.
type syncJob struct {
	RunID    care.ID `json:"run_id"`
	PersonID care.ID `json:"person_id"`
}

// Kind implements river.JobArgs.
func (syncJob) Kind() string { return "sync" }

type syncWorker struct {
	river.WorkerDefaults[syncJob]
	workplace *workplace
	steps     *activities.CareRecipient
}

// Work implements river.Worker.
func (s *syncWorker) Work(ctx context.Context, job *river.Job[syncJob]) error {
	return mustSucceed(s.steps.Sync(ctx, job.Args.RunID, s.workplace.request(job.Args.PersonID, care.TriggerBulk)))
}

func insertJobs(ctx context.Context, queue *pgxRiver, people []care.ID) error {
	for first := 0; first < len(people); first += riverInserts {
		var jobs []river.InsertManyParams
		for _, person := range people[first:min(first+riverInserts, len(people))] {
			jobs = append(jobs, river.InsertManyParams{Args: syncJob{RunID: db.NewID(), PersonID: person}})
		}
		if _, err := queue.InsertManyFast(ctx, jobs); err != nil {
			return err
		}
	}
	return nil
}

func awaitJobs(ctx context.Context, events <-chan *river.Event, people int) error {
	for range people {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event, open := <-events:
			if !open {
				return errors.New("river stopped")
			}
			if event.Kind != river.EventKindJobCompleted {
				return fmt.Errorf("river job: %s", event.Kind)
			}
		}
	}
	return nil
}
