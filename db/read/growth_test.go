package read_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// A page reads the rows that it shows, however many other people and runs there are: what is read as a whole makes
// pages slower year by year.
func TestPagesReadAsManyRowsInALargeOrganisationAsInASmallOne(t *testing.T) {
	t.Parallel()
	const few, many, page = 30, 600, 10
	o := newGrowing(t)
	now := time.Now()
	organisation, person := o.organisation.ID, o.id(t, "person", 11) // early by name
	accepted := 0
	pages := map[string]func(*db.Store) error{
		"people": func(s *db.Store) error {
			_, _, err := read.From(s).People(t.Context(), organisation, read.PeopleFilter{Most: page}, now)
			return err
		},
		"people for programs": func(s *db.Store) error {
			_, _, err := read.From(s).PeopleAfter(t.Context(), o.organisation, "", page, now)
			return err
		},
		"people for programs, after one": func(s *db.Store) error {
			_, _, err := read.From(s).PeopleAfter(t.Context(), o.organisation, person, page, now)
			return err
		},
		"a person": func(s *db.Store) error {
			_, err := read.From(s).Person(t.Context(), o.organisation, person, now)
			return err
		},
		"a plan": func(s *db.Store) error {
			_, err := read.From(s).Plan(t.Context(), o.organisation, person, now)
			return err
		},
		"a run": func(s *db.Store) error {
			_, err := read.From(s).Run(t.Context(), organisation, o.id(t, "run", 1))
			return err
		},
		"people of a bulk run": func(s *db.Store) error {
			_, _, err := read.From(s).BulkItems(t.Context(), organisation, o.id(t, "bulk", 1), read.ItemFilter{Most: page})
			return err
		},
		"accepting what a run held back": func(s *db.Store) error {
			accepted++
			err := s.AcceptHolds(t.Context(), organisation, o.id(t, "run", accepted), "tests")
			return err
		},
	}
	for name, filter := range map[string]read.ConsoleRunFilter{
		"runs":                         {},
		"runs before one":              {RunFilter: read.RunFilter{Before: o.id(t, "run", 15)}},
		"runs of a person":             {RunFilter: read.RunFilter{PersonID: person}},
		"runs that were cancelled":     {RunFilter: read.RunFilter{Outcome: "cancelled"}},
		"runs that have not finished":  {RunFilter: read.RunFilter{Outcome: read.Unfinished}},
		"runs that a claim caused":     {Trigger: care.TriggerClaim},
		"runs that left something":     {Held: true},
		"runs that no one ever caused": {Trigger: care.TriggerNotification},
	} {
		filter.Most = page
		pages[name] = func(s *db.Store) error {
			_, _, err := read.From(s).ConsoleRuns(t.Context(), organisation, filter)
			return err
		}
		if filter.Trigger == "" && !filter.Held {
			pages[name+", for programs"] = func(s *db.Store) error {
				_, _, err := read.From(s).Runs(t.Context(), organisation, filter.RunFilter)
				return err
			}
		}
	}
	o.grow(t, 1, few)
	inFew := o.rowsRead(t, pages)
	require.Positive(t, inFew["people"])
	o.grow(t, few+1, many)
	inMany := o.rowsRead(t, pages)
	grown := make(map[string][]int)
	for name, rows := range inMany {
		if rows > inFew[name]+(many-few)/20 {
			grown[name] = []int{inFew[name], rows}
		}
	}
	require.Empty(t, grown)
}

// growing is an organisation that gets more people, each with a plan and the runs of ten nights.
type growing struct {
	address      string
	organisation care.Organisation
	sql          testkit.SQL
}

func newGrowing(t *testing.T) growing {
	t.Helper()
	o := growing{address: testkit.DatabaseURL(t)}
	store := testkit.Store(t, o.address)
	o.organisation = stored.Organisation(t, store, "wattle")
	store.Close()
	o.sql = testkit.OpenSQL(t, o.address)
	// Ids by kind and number. As people's do, they say nothing of their names.
	o.sql.Exec(t, `CREATE FUNCTION id_of(kind text, number int) RETURNS uuid LANGUAGE sql IMMUTABLE
	               RETURN md5(kind || '/' || number)::uuid`)
	stored.Execute(t, o.address, `INSERT INTO bulk_run (id, organisation_id, kind, requested_by, workflow_id, options)
	                       VALUES (id_of('bulk', 1), $1, 'care-recipient', 'tests', '', '{"kind": "care-recipient"}')`, o.organisation.ID)
	return o
}

// id is the one of a number: people count from 1, and their runs are their number and that plus whole hundred thousands.
func (o growing) id(t *testing.T, kind string, number int) care.ID {
	t.Helper()
	return testkit.Value[care.ID](t, o.sql, "SELECT id_of($1, $2::int)::text", kind, number)
}

// grow adds people from one number to another. The only runs that did not succeed, or that no bulk run caused, are of the first ones.
func (o growing) grow(t *testing.T, from, to int) {
	t.Helper()
	people := "generate_series(" + strconv.Itoa(from) + ", " + strconv.Itoa(to) + ") AS n"
	for _, statement := range []string{
		`INSERT INTO person (id, organisation_id, given_name, family_name, care_recipient_id)
		 SELECT id_of('person', n), $1, 'Given', 'Family ' || n * 7919 % 1000, n::text FROM ` + people,
		`INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id)
		 SELECT id_of('plan', n), $1, id_of('person', n), n::text FROM ` + people,
		`INSERT INTO classification (id, organisation_id, plan_id, code, name, funding_source, ordinal)
		 SELECT id_of('classification', n), $1, id_of('plan', n), 'ON_LEVEL_7', '', '', 0 FROM ` + people,
		`INSERT INTO contribution_set (id, organisation_id, plan_id, contributions, read_at, replaced_at)
		 SELECT id_of('set', n), $1, id_of('plan', n), '[]', now(), now() FROM ` + people,
		`INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, status, ordinal)
		 SELECT id_of('budget', n), $1, id_of('plan', n), n::text, '', '', '', '', 0 FROM ` + people,
		`INSERT INTO sync_run (id, organisation_id, person_id, kind, trigger, requested_by, all_budgets, workflow_id, requested_at, started_at,
		                       finished_at, outcome)
		 SELECT id_of('run', n + 100000 * night), $1, id_of('person', n), 'care-recipient', CASE n + night WHEN 3 THEN 'claim' ELSE 'bulk' END,
		        'tests', false, '', at, at, CASE WHEN n + night <> 5 THEN at END,
		        CASE n + night WHEN 4 THEN 'cancelled' WHEN 5 THEN NULL ELSE 'succeeded' END
		 FROM ` + people + `, generate_series(0, 9) AS night,
		      LATERAL (SELECT now() - make_interval(days => night, secs => n) AS at) AS started`,
		`INSERT INTO sync_step (organisation_id, run_id, area, chunk, outcome, reason, answer, as_of)
		 SELECT $1, id_of('run', n), area, 0, 'succeeded', '', '{}', now() FROM ` + people + `, unnest('{summary,budgets}'::text[]) AS area`,
		`INSERT INTO sync_issue (organisation_id, run_id, area, severity, code, words, kind, position)
		 SELECT $1, id_of('run', n), 'budgets', 'warning', '', '', '', 1 FROM ` + people,
		`INSERT INTO record_change (organisation_id, run_id, kind, record_id, action, field, position)
		 SELECT $1, id_of('run', n), 'budget', id_of('budget', n), 'created', '', 1 FROM ` + people,
		`INSERT INTO bulk_item (organisation_id, bulk_id, person_id, batch, chunk, outcome, settled_at, run_id)
		 SELECT $1, id_of('bulk', 1), id_of('person', n), 0, 0, 'succeeded', now(), id_of('run', n) FROM ` + people,
		`INSERT INTO removal_hold (organisation_id, person_id, kind, run_id, records, closed_at)
		 SELECT $1, id_of('person', n), 'budget', id_of('run', n), 3, CASE WHEN n > 2 THEN now() END FROM ` + people,
	} {
		stored.Execute(t, o.address, statement, o.organisation.ID)
	}
	stored.Execute(t, o.address, "VACUUM ANALYZE")
}

// rowsRead is how many rows PostgreSQL reads for each page, when it knows what its tables hold.
func (o growing) rowsRead(t *testing.T, pages map[string]func(*db.Store) error) map[string]int {
	t.Helper()
	rows := make(map[string]int, len(pages))
	for name, read := range pages {
		store := testkit.Store(t, o.address+testkit.OnceLarge+"&pool_max_conns=1")
		before := o.sql.RowsRead(t)
		require.NoError(t, read(store), name)
		store.Close()
		rows[name] = o.sql.RowsRead(t) - before
	}
	return rows
}
