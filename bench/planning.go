package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// planning measures how a bulk run over very many people is planned: however many there are, no statement may take long.
type planning struct{ people int }

func (p planning) run(ctx context.Context, stage stage, out io.Writer) error {
	return onWorkplace(ctx, stage, population{people: 1}, func(w *workplace) error {
		if err := p.addCrowd(ctx, w); err != nil {
			return err
		}
		return p.print(ctx, w, out)
	})
}

func (p planning) print(ctx context.Context, w *workplace, out io.Writer) error {
	slowest := &slowest{longest: map[string]time.Duration{}}
	store, err := db.Open(ctx, w.url, w.keyring, db.Options{MaxConnections: db.WorkerConnections, Tracer: slowest})
	if err != nil {
		return err
	}
	defer store.Close()
	fmt.Fprintf(out, "\nPlanning a bulk run of an organisation with %d people.\n\n", p.people)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "who\tplanned\tseconds\tstatements\tslowest statement\tseconds\t")
	for _, selection := range []struct {
		name    string
		options care.BulkOptions
		moved   db.ChangedPeople
	}{
		{"everyone", care.BulkOptions{}, nil},
		{"not synced for a day", care.BulkOptions{NotSyncedFor: care.Timespan(24 * time.Hour)}, nil},
		{"failed last time", care.BulkOptions{FailedLastTime: true}, nil},
		{"delta", care.BulkOptions{Delta: true}, db.ChangedPeople{w.clients[0]: {"1"}}},
	} {
		slowest.forget()
		began := time.Now()
		planned, err := planBulk(ctx, store, w.organisation.ID, selection.options, selection.moved)
		if err != nil {
			return err
		}
		took := time.Since(began)
		sent, name, longest := slowest.statement()
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%d\t%s\t%.2f\t\n", selection.name, planned, took.Seconds(), sent, name, longest.Seconds())
	}
	return table.Flush()
}

// planBulk records a bulk run and plans its people, and returns how many there are.
func planBulk(ctx context.Context, store *db.Store, organisation care.ID, options care.BulkOptions, moved db.ChangedPeople) (people int, err error) {
	options.Kind = care.RunCareRecipient
	bulk := db.Bulk{ID: db.NewID(), OrganisationID: organisation, RequestedBy: "bench", Request: care.BulkRequest{BulkOptions: options}}
	if err := store.RecordBulk(ctx, bulk); err != nil {
		return 0, err
	}
	people, _, err = store.PlanBulk(ctx, bulk, db.BulkSize{PerBatch: protocol.PeoplePerBatch, PerChunk: protocol.PeoplePerChunk}, moved, time.Now())
	return people, err
}

// addCrowd stores the people, each with a bulk run's last sync; one in a hundred did not succeed.
func (p planning) addCrowd(ctx context.Context, w *workplace) error {
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{
		`INSERT INTO person (id, organisation_id, given_name, family_name, birth_date, care_recipient_id, verified_at)
			SELECT gen_random_uuid(), $1, 'Ada', 'Wren', date '1940-01-01' + n % 9000, (5000000000 + n)::text, now() FROM generate_series(1, $2::int) n`,
		`INSERT INTO sync_run (id, organisation_id, person_id, kind, trigger, requested_by, all_budgets, workflow_id, started_at, finished_at, outcome, areas)
			SELECT gen_random_uuid(), organisation_id, id, 'care-recipient', 'bulk', 'bench', false, 'bulk-sync/1', now(), now(),
				CASE WHEN row_number() OVER () % 100 = 0 THEN 'partial' ELSE 'succeeded' END,
				'{"budgets": {"outcome": "succeeded"}, "contributions": {"outcome": "succeeded"}}'
			FROM person WHERE organisation_id = $1 LIMIT $2`,
		`INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of)
			SELECT organisation_id, id, 'summary', 1, 0, now() FROM person WHERE organisation_id = $1 LIMIT $2`,
	} {
		if _, err := conn.Exec(ctx, statement, w.organisation.ID, p.people); err != nil {
			return err
		}
	}
	return analyse(ctx, w.url)
}

// slowest keeps how long statements took, by their names.
type slowest struct {
	mu      sync.Mutex
	sent    int
	longest map[string]time.Duration
}

type sentStatement struct {
	name string
	at   time.Time
}

type sentKey struct{}

// TraceQueryStart implements pgx.QueryTracer.
func (s *slowest) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	name, _, _ := strings.Cut(strings.TrimPrefix(data.SQL, "-- name: "), " ")
	return context.WithValue(ctx, sentKey{}, sentStatement{name, time.Now()})
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *slowest) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	sent, _ := ctx.Value(sentKey{}).(sentStatement)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
	s.longest[sent.name] = max(s.longest[sent.name], time.Since(sent.at))
}

func (s *slowest) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = 0
	clear(s.longest)
}

// statement is the one that took longest, of how many.
func (s *slowest) statement() (sent int, name string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for of, longest := range s.longest {
		if longest > took {
			name, took = of, longest
		}
	}
	return s.sent, name, took
}
