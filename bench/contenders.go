package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	upstreamproda "github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
)

// contender is a way to sync many people.
type contender struct {
	name string
	// start gets everything ready that runs all the time in production, such as workers that poll.
	start func(ctx context.Context, w *workplace) (contest, error)
	// workflows is how many workflows a run of a number of people has.
	workflows func(people int) int64
}

// contest is a contender that is ready on a workplace.
type contest struct {
	// sync syncs people. It is what is measured.
	sync func(ctx context.Context, people []care.ID) error
	stop func() error
}

// ours is a bulk run through the worker.
var ours = contender{name: "ours", start: startOurs, workflows: func(people int) int64 {
	return 1 + int64((people+protocol.PeoplePerBatch-1)/protocol.PeoplePerBatch)
}}

func startOurs(ctx context.Context, w *workplace) (contest, error) {
	stop, err := w.host(ctx)
	return contest{stop: stop, sync: w.syncInBulk}, err
}

// syncInBulk syncs people in a bulk run. Everyone is selected by naming no one.
func (w *workplace) syncInBulk(ctx context.Context, people []care.ID) error {
	request := care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}}
	if len(people) < len(w.clients) {
		request.People = people
	}
	return w.runBulk(ctx, request, len(people))
}

// runBulk starts a bulk run and waits for its end, by which a number of people have been synced.
func (w *workplace) runBulk(ctx context.Context, request care.BulkRequest, people int) error {
	bulk := db.Bulk{ID: db.NewID(), OrganisationID: w.organisation.ID, RequestedBy: "bench", Request: request}
	if err := w.store.RecordBulk(ctx, bulk); err != nil {
		return err
	}
	options, input := protocol.BulkSyncStart(w.queues, bulk.ID, bulk.OrganisationID, bulk.Request.Kind, bulk.RequestedBy)
	run, err := w.temporal.ExecuteWorkflow(ctx, options, protocol.BulkSyncWorkflow, input)
	if err != nil {
		return err
	}
	var result protocol.BulkResult
	if err := run.Get(ctx, &result); err != nil {
		return err
	}
	if result.Counts.Processed != people || result.Counts.Escalated > 0 {
		return fmt.Errorf("bulk run of %d people ended as %s (%s): %+v", people, result.Outcome, result.Reason, result.Counts)
	}
	return nil
}

// plain is a Go program that calls the workflow's steps with the same concurrency, and loses everything if it is killed.
func plain(atOnce int) contender {
	return direct("plain", atOnce, (*activities.CareRecipient).Sync)
}

// plainOnce is plain with passes that write once, as a bulk run makes them: the upper limit.
func plainOnce(atOnce int) contender {
	return direct("plain-once", atOnce, (*activities.CareRecipient).SyncOnce)
}

func direct(name string, atOnce int, sync func(*activities.CareRecipient, context.Context, care.ID, care.Request) (care.RunResult, error)) contender {
	return contender{name: name, workflows: noWorkflows, start: func(_ context.Context, w *workplace) (contest, error) {
		steps := w.bulkSteps()
		return contest{stop: func() error { return nil }, sync: func(ctx context.Context, people []care.ID) error {
			group, ctx := errgroup.WithContext(ctx)
			group.SetLimit(atOnce)
			for _, person := range people {
				group.Go(func() error { return mustSucceed(sync(steps, ctx, db.NewID(), w.request(person, care.TriggerBulk))) })
			}
			return group.Wait()
		}}, nil
	}}
}

func noWorkflows(int) int64 { return 0 }

// bulkSteps are the steps as a bulk run's chunks have them: patient where the upstream's rate is used up.
func (w *workplace) bulkSteps() *activities.CareRecipient {
	tokens := upstreamproda.NewTokens(upstreamproda.NewClient(w.http, upstreamproda.Options{}), w.store.ProdaTokens(), w.store.DeviceKeys())
	return activities.NewCareRecipient(w.store, servicesaustralia.NewClient(w.http, tokens, servicesaustralia.Options{}), w.store.NewBulkAllowances())
}

func mustSucceed(result care.RunResult, err error) error {
	if err == nil && result.Outcome != care.RunSucceeded && result.Outcome != care.RunSucceededWithWarnings {
		return fmt.Errorf("sync ended as %s (%s)", result.Outcome, result.Reason)
	}
	return err
}

// crowd is who is synced in a run: first, unmeasured, the warm-up, then the people.
type crowd struct{ warmUp, people []care.ID }

// race has a contender sync a crowd on a copy of a state and returns what its people took.
func (s *site) race(ctx context.Context, c contender, state string, crowd crowd) (m measured, err error) {
	w, err := s.newWorkplace(ctx, state)
	if err != nil {
		return measured{}, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return w.race(ctx, c, crowd)
}

func (w *workplace) race(ctx context.Context, c contender, crowd crowd) (m measured, err error) {
	contest, err := c.start(ctx, w)
	if err != nil {
		return measured{}, err
	}
	m, err = w.runContest(ctx, c, contest, crowd)
	if err := errors.Join(err, contest.stop()); err != nil {
		return measured{}, fmt.Errorf("%s: %w", c.name, err)
	}
	return m, nil
}

func (w *workplace) runContest(ctx context.Context, c contender, contest contest, crowd crowd) (measured, error) {
	var warming history
	workflows := c.workflows(len(crowd.people))
	if len(crowd.warmUp) > 0 {
		if err := contest.sync(ctx, crowd.warmUp); err != nil {
			return measured{}, err
		}
		var err error
		if warming, err = w.histories(ctx, c.workflows(len(crowd.warmUp))); err != nil {
			return measured{}, err
		}
		if err := analyse(ctx, w.url); err != nil {
			return measured{}, err
		}
	}
	before, _, err := w.finished(ctx)
	if err != nil {
		return measured{}, err
	}
	m, err := w.measure(ctx, len(crowd.people), func(ctx context.Context) error { return contest.sync(ctx, crowd.people) })
	if err != nil {
		return measured{}, err
	}
	if err := w.check(ctx, len(crowd.people), before); err != nil {
		return measured{}, err
	}
	m.history, err = w.histories(ctx, warming.workflows+workflows)
	m.history = m.history.since(warming)
	return m, err
}
