package testkit

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// Statements watches what one store sends to PostgreSQL, by the names of the queries; give it to the store as db.Options.Tracer. It can
// act before a statement. It is safe for concurrent use.
type Statements struct {
	mu           sync.Mutex
	names        []string
	transactions int
	before       map[string]func(process uint32)
}

var queryName = regexp.MustCompile(`^-- name: (\w+)`)

// nameOf is a query's name, or the first word of a statement that has none: begin, commit, rollback.
func nameOf(sql string) string {
	if named := queryName.FindStringSubmatch(sql); named != nil {
		return named[1]
	}
	return strings.ToLower(strings.Fields(sql)[0])
}

// TraceQueryStart implements pgx.QueryTracer. Preparing a statement is not traced by it.
func (s *Statements) TraceQueryStart(ctx context.Context, connection *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	name := nameOf(data.SQL)
	if stepIn := s.note(name); stepIn != nil {
		stepIn(connection.PgConn().PID())
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*Statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer: a statement that is sent with others counts like any other.
func (*Statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery notes a statement of a batch.
func (s *Statements) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	s.note(nameOf(data.SQL))
}

// TraceBatchEnd does nothing.
func (*Statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func (s *Statements) note(name string) (stepIn func(process uint32)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stepIn = s.before[name]
	delete(s.before, name)
	switch name {
	case "begin":
		s.transactions++
	case "commit", "rollback", "TakeAllowance", "PushBackAllowance", "--":
	default:
		s.names = append(s.names, name)
	}
	return stepIn
}

// Before calls a function before the next statement of that name, with the id of the server's process that is about to run it.
// Other statements continue meanwhile.
func (s *Statements) Before(name string, do func(process uint32)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before == nil {
		s.before = make(map[string]func(uint32))
	}
	s.before[name] = do
}

// HoldBefore stops the next statement of that name. reached is closed when it is about to be sent; release sends it.
func (s *Statements) HoldBefore(name string) (reached <-chan struct{}, release func()) {
	arrived, open := make(chan struct{}), make(chan struct{})
	s.Before(name, func(uint32) {
		close(arrived)
		<-open
	})
	return arrived, sync.OnceFunc(func() { close(open) })
}

// Names are the statements so far in their order, without BEGIN, COMMIT and ROLLBACK, pings and the upstream allowance's.
func (s *Statements) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.names...)
}

// Transactions is the number of transactions that were started. A statement on its own is none.
func (s *Statements) Transactions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transactions
}

// Reset forgets the statements so far.
func (s *Statements) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names, s.transactions = nil, 0
}

// SQL asks a test's database directly, beside the store.
type SQL struct{ pool *pgxpool.Pool }

// OpenSQL connects to a test's database until the test ends.
func OpenSQL(t testing.TB, databaseURL string) SQL {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), databaseURL)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return SQL{pool}
}

// Exec runs a statement.
func (s SQL) Exec(t testing.TB, statement string, arguments ...any) {
	t.Helper()
	require.NoError(t, s.Try(t, statement, arguments...))
}

// Try runs a statement and returns its error.
func (s SQL) Try(t testing.TB, statement string, arguments ...any) error {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), statement, arguments...)
	return err
}

// AtEnd runs a statement when the test's own context is over, for its cleanup.
func (s SQL) AtEnd(statement string) error {
	_, err := s.pool.Exec(context.Background(), statement)
	return err
}

// Begin begins a transaction.
func (s SQL) Begin(ctx context.Context) (pgx.Tx, error) { return s.pool.Begin(ctx) }

// Terminate ends a process of the server and waits until it is gone, as a crash or an administrator would.
func (s SQL) Terminate(t testing.TB, process uint32) {
	t.Helper()
	require.True(t, Value[bool](t, s, "SELECT pg_terminate_backend($1::int)", process))
	require.Eventually(t, func() bool {
		return Value[int](t, s, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1::int", process) == 0
	}, 10*time.Second, time.Millisecond)
}

// OnceLarge at the end of a database's address keeps PostgreSQL from scanning a whole table only because it is still small.
const OnceLarge = "&enable_seqscan=off&enable_bitmapscan=off&enable_hashjoin=off&enable_mergejoin=off"

// RowsRead is how many rows of tables have been read so far.
func (s SQL) RowsRead(t testing.TB) (read int) {
	t.Helper()
	for _, rows := range s.RowsReadByTable(t) {
		read += rows
	}
	return read
}

// RowsReadByTable is how many rows of each table have been read so far. PostgreSQL counts what a connection has read when it closes, so that all
// others are waited for; what the test itself has asked is counted now and not some seconds later, in the middle of what is measured.
func (s SQL) RowsReadByTable(t testing.TB) map[string]int {
	t.Helper()
	require.Eventually(t, func() bool {
		return Value[int](t, s, `SELECT count(*)::int FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`) == 0
	}, 10*time.Second, time.Millisecond)
	s.Exec(t, "SELECT pg_stat_force_next_flush()")
	rows, err := s.pool.Query(t.Context(), "SELECT relname::text, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_user_tables")
	require.NoError(t, err)
	read := make(map[string]int)
	var table string
	var number int
	_, err = pgx.ForEachRow(rows, []any{&table, &number}, func() error {
		read[table] = number
		return nil
	})
	require.NoError(t, err)
	return read
}

// Column returns a query's only column.
func Column[T any](t testing.TB, s SQL, query string, arguments ...any) []T {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), query, arguments...)
	require.NoError(t, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	require.NoError(t, err)
	return values
}

// Value returns the only value of a query that has exactly one row.
func Value[T any](t testing.TB, s SQL, query string, arguments ...any) T {
	t.Helper()
	values := Column[T](t, s, query, arguments...)
	require.Len(t, values, 1, query)
	return values[0]
}

// Row is a row as it stands: its columns as JSON, and a version that every update changes, even to the same values.
type Row struct{ Content, Version string }

// Snapshot are all rows of a database by table.
type Snapshot map[string][]Row

// Snapshot reads every table.
func (s SQL) Snapshot(t testing.TB) Snapshot {
	t.Helper()
	snapshot := make(Snapshot)
	for _, table := range Column[string](t, s, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'") {
		rows, err := s.pool.Query(t.Context(), "SELECT to_jsonb(r)::text, r.ctid::text || '/' || r.xmin::text FROM "+pgx.Identifier{table}.Sanitize()+" r ORDER BY 1")
		require.NoError(t, err)
		snapshot[table], err = pgx.CollectRows(rows, pgx.RowToStructByPos[Row])
		require.NoError(t, err)
	}
	return snapshot
}

// PlanTables are the tables that hold what a sync reads of a person. The person's own row is not one of them.
var PlanTables = []string{
	"support_plan", "classification", "approved_service", "supplement", "contribution", "contribution_set", "budget", "entitlement", "usage_line",
}

// Of returns the snapshot of some tables.
func (s Snapshot) Of(tables ...string) Snapshot {
	narrowed := make(Snapshot, len(tables))
	for _, table := range tables {
		narrowed[table] = s[table]
	}
	return narrowed
}

// Plans are what syncs stored, by organisation and care recipient, one line a record in a stable order. Our ids, times and removed
// records are left out, so that two ways to the same data give the same lines.
func (s SQL) Plans(t testing.TB) map[string][]string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), plansQuery)
	require.NoError(t, err)
	plans := make(map[string][]string)
	var person, line string
	_, err = pgx.ForEachRow(rows, []any{&person, &line}, func() error {
		plans[person] = append(plans[person], line)
		return nil
	})
	require.NoError(t, err)
	return plans
}

const plansQuery = `
WITH record AS (
    SELECT c.id AS person_id, 'client' AS kind, jsonb_build_object('entry_date', c.entry_date, 'departure_date', c.departure_date,
        'not_in_care_since', c.not_in_care_since, 'verified', c.verified_at IS NOT NULL, 'provider', n.service_provider_id) AS content
    FROM person c LEFT JOIN connection n ON n.id = c.connection_id
    UNION ALL SELECT p.person_id, 'plan', to_jsonb(p) FROM support_plan p
    UNION ALL SELECT p.person_id, 'classification', to_jsonb(r) FROM classification r JOIN support_plan p ON p.id = r.plan_id WHERE NOT r.removed
    UNION ALL SELECT p.person_id, 'approved service', to_jsonb(r) FROM approved_service r JOIN support_plan p ON p.id = r.plan_id WHERE NOT r.removed
    UNION ALL SELECT p.person_id, 'supplement', to_jsonb(r) FROM supplement r JOIN support_plan p ON p.id = r.plan_id WHERE NOT r.removed
    UNION ALL SELECT p.person_id, 'contribution', to_jsonb(r) FROM contribution r JOIN support_plan p ON p.id = r.plan_id
    UNION ALL SELECT p.person_id, 'contributions in force', s.contributions FROM contribution_set s JOIN support_plan p ON p.id = s.plan_id WHERE s.replaced_at IS NULL
    UNION ALL SELECT p.person_id, 'budget', to_jsonb(r) FROM budget r JOIN support_plan p ON p.id = r.plan_id WHERE NOT r.removed
    UNION ALL SELECT p.person_id, 'entitlement', to_jsonb(r) || jsonb_build_object('budget', b.upstream_budget_id)
        FROM entitlement r JOIN budget b ON b.id = r.budget_id JOIN support_plan p ON p.id = b.plan_id WHERE NOT r.removed AND NOT b.removed
    UNION ALL SELECT p.person_id, 'usage', to_jsonb(r) || jsonb_build_object('budget', b.upstream_budget_id, 'invoice line', i.upstream_invoice_id || '/' || l.upstream_item_id)
        FROM usage_line r JOIN budget b ON b.id = r.budget_id JOIN support_plan p ON p.id = b.plan_id
        LEFT JOIN invoice_line l ON l.id = r.invoice_line_id LEFT JOIN invoice i ON i.id = l.invoice_id WHERE NOT r.removed AND NOT b.removed
)
SELECT o.slug || '/' || coalesce(c.care_recipient_id, c.id::text),
       r.kind || ' ' || CASE jsonb_typeof(r.content) WHEN 'object' THEN r.content - ARRAY['id', 'organisation_id', 'person_id', 'plan_id', 'budget_id',
           'invoice_line_id', 'ordinal', 'position', 'created_at', 'removed_at', 'removed'] ELSE r.content END
FROM record r JOIN person c ON c.id = r.person_id JOIN organisation o ON o.id = c.organisation_id
ORDER BY 1, 2`

// ForgetSyncs removes everything that was synced. Connections, logins, people and invoices stay.
func (s SQL) ForgetSyncs(t testing.TB) {
	t.Helper()
	s.Exec(t, "TRUNCATE support_plan, sync_run, area_fence, budget_listed_twice, outbox CASCADE")
	s.Exec(t, "UPDATE person SET entry_date = NULL, departure_date = NULL, not_in_care_since = NULL, verified_at = NULL")
}
