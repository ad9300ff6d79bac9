// Package db keeps CareSync's records in PostgreSQL: migrations, queries (sqlc) and the store that wraps them. It answers in
// care's types; generated rows never leave it.
package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	pgxdecimal "github.com/jackc/pgx-shopspring-decimal"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// The sizes of the programs' pools, unless DATABASE_URL says otherwise with pool_max_conns.
const (
	// WorkerConnections is enough for every database step at once and for a share of the others, which hold a connection only while they read or
	// write and not while they wait for the government.
	WorkerConnections = 48
	// CallerConnections is enough for the short queries of many callers at once.
	CallerConnections = 16
)

const (
	// statementTimeout ends a statement that hangs; idleTimeout a transaction whose program hangs. Both free the locks.
	// lockTimeout ends the wait for a lock before a step's own time is over, so that the step can say what it waited for (R38).
	statementTimeout = 30 * time.Second
	lockTimeout      = 8 * time.Second
	idleTimeout      = 3 * time.Minute // a login holds its token's row for as long as PRODA takes to answer
	// closeTimeout is how long Close waits for connections: one to a PostgreSQL that does not answer says goodbye for longer.
	closeTimeout = 3 * time.Second
)

// Sealer encrypts what must not stand in clear in the database: tokens and private keys. The additional data ties a sealed value
// to its place.
type Sealer interface {
	Seal(plaintext, additionalData []byte) []byte
	Open(sealed, additionalData []byte) ([]byte, error)
}

// Store reads and writes all of CareSync's records. It is safe for use by many goroutines.
type Store struct {
	pool    *pgxpool.Pool
	queries *gen.Queries
	sealer  Sealer
	now     func() time.Time
	// importing are the organisations into which this program is importing a file.
	importing sync.Map
	// sized: the address says how large the pool is.
	sized bool
}

// Options tune a store.
type Options struct {
	// MaxConnections is the size of the pool; 0 takes pgx's default.
	MaxConnections int32
	// Tracer, if set, sees every statement.
	Tracer pgx.QueryTracer
	// Now is the clock of Store.Now, time.Now if nil.
	Now func() time.Time
}

// errBadDatabaseURL does not quote the URL, which may hold a password.
var errBadDatabaseURL = errors.New("DATABASE_URL is not a PostgreSQL address: use postgres://user:password@host:port/database")

// Open connects to PostgreSQL. The error does not hold the URL, which may hold a password.
func Open(ctx context.Context, databaseURL string, sealer Sealer, options Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, errBadDatabaseURL
	}
	sized := sizedByAddress(databaseURL)
	if options.MaxConnections > 0 && !sized {
		config.MaxConns = options.MaxConnections
	}
	config.ConnConfig.Tracer = options.Tracer
	config.ConnConfig.RuntimeParams["application_name"] = "caresync"
	config.ConnConfig.RuntimeParams["statement_timeout"] = milliseconds(statementTimeout)
	config.ConnConfig.RuntimeParams["lock_timeout"] = milliseconds(lockTimeout)
	config.ConnConfig.RuntimeParams["jit"] = "off" // compiling takes longer than any of the statements
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(idleTimeout)
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgxdecimal.Register(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, MapError("connect", err)
	}
	store := &Store{pool: pool, queries: gen.New(pool), sealer: sealer, now: options.Now, sized: sized}
	if store.now == nil {
		store.now = time.Now
	}
	return store, nil
}

// sizedByAddress reports whether the address says how large the pool is.
func sizedByAddress(databaseURL string) bool {
	parsed, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return false
	}
	_, sized := parsed.RuntimeParams["pool_max_conns"]
	return sized
}

// PoolSize is how many connections the address allows a program's pool, and false where it leaves that to the program.
func (s *Store) PoolSize() (int, bool) { return int(s.pool.Config().MaxConns), s.sized }

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// Close ends all connections, and waits for those in use as long as that takes a database that answers.
func (s *Store) Close() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.pool.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
}

// Now is the product's clock: whatever depends on the day takes the day from it (R1), so that a test can set it for the whole product. How
// long something takes is measured with the machine's own.
func (s *Store) Now() time.Time { return s.now() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return MapError("ping", s.pool.Ping(ctx)) }

// NewID makes one of our ids: a UUID that sorts by time.
func NewID() care.ID { return care.ID(uuid.Must(uuid.NewV7()).String()) }

// inTransaction runs work in one transaction; an error leaves nothing behind.
func (s *Store) inTransaction(ctx context.Context, name string, work func(*gen.Queries) error) error {
	return s.inTx(ctx, name, func(tx pgx.Tx) error { return work(s.queries.WithTx(tx)) })
}

// inTx is inTransaction for work that needs the transaction itself.
func (s *Store) inTx(ctx context.Context, name string, work func(pgx.Tx) error) error {
	return MapError(name, pgx.BeginFunc(ctx, s.pool, work))
}

// Queries are the queries outside any transaction, for the reading packages below db.
func (s *Store) Queries() *gen.Queries { return s.queries }

// Snapshot lets several reading queries all see the same moment.
func (s *Store) Snapshot(ctx context.Context, name string, read func(*gen.Queries) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return MapError(name, pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error { return read(s.queries.WithTx(tx)) }))
}
