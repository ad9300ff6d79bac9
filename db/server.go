package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is what PostgreSQL says of itself and of this database.
type Server struct {
	Version string
	// VersionNumber is 160004 for 16.4.
	VersionNumber int
	Encoding      string
	DatabaseBytes int64
	// MostConnections is how many the server admits for roles without privileges, of which Connections are in use, by whomever.
	MostConnections, Connections int
	// DatabaseLimit and RoleLimit are further limits, -1 where there are none; OfDatabase and OfRole are in use of them.
	DatabaseLimit, OfDatabase int
	RoleLimit, OfRole         int
	// Ahead is how much the server's clock is ahead of the program's, with an error of at most Within.
	Ahead, Within time.Duration
}

const aboutServer = `
SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_setting('server_encoding'), pg_database_size(current_database()),
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true), '0')::int,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database())::int,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = current_user)::int`

// Server asks PostgreSQL about itself. No privilege is needed for it.
func (s *Store) Server(ctx context.Context) (about Server, err error) {
	row := s.pool.QueryRow(ctx, aboutServer)
	if err := row.Scan(&about.Version, &about.VersionNumber, &about.Encoding, &about.DatabaseBytes, &about.MostConnections, &about.Connections,
		&about.DatabaseLimit, &about.OfDatabase, &about.RoleLimit, &about.OfRole); err != nil {
		return about, MapError("ask PostgreSQL about itself", err)
	}
	var shown time.Time
	asked := time.Now()
	if err := s.pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&shown); err != nil {
		return about, MapError("ask PostgreSQL for the time", err)
	}
	about.Within = time.Since(asked) / 2
	about.Ahead = shown.Sub(asked.Add(about.Within))
	return about, nil
}

// Sessions is what becomes of a session between the program and PostgreSQL.
type Sessions struct {
	// StatementTimeout is the one that holds; the program asks for WantedTimeout.
	StatementTimeout, WantedTimeout time.Duration
	// Shared: what is set in one session is seen, or lost, in another, as behind a pooler that gives a connection to each transaction.
	Shared bool
}

// sessionProbe is a setting that nothing else uses.
const sessionProbe = "caresync.probe"

// Sessions finds out whether two of the program's connections have a session each, with the settings that it asks for.
func (s *Store) Sessions(ctx context.Context) (Sessions, error) {
	found, err := s.sessions(ctx)
	return found, MapError("look at PostgreSQL's sessions", err)
}

const (
	// sessionRounds is how often it is tried to meet another session: what else uses a pooler may take the connection in between.
	sessionRounds = 10
	getProbe      = "SELECT coalesce(current_setting('" + sessionProbe + "', true), '')"
	setProbe      = "SELECT set_config('" + sessionProbe + "', $1, false)"
)

func (s *Store) sessions(ctx context.Context) (found Sessions, err error) {
	found.WantedTimeout = statementTimeout
	one, err := s.pool.Acquire(ctx)
	if err != nil {
		return found, err
	}
	defer one.Release()
	other, err := s.pool.Acquire(ctx)
	if err != nil {
		return found, err
	}
	defer other.Release()
	for round := 0; round < sessionRounds && !found.Shared && err == nil; round++ {
		found.Shared, err = shareSession(ctx, one.Conn(), other.Conn())
	}
	if err != nil {
		return found, err
	}
	timeout, err := askSimply(ctx, one.Conn(), "SELECT (extract(epoch FROM current_setting('statement_timeout')::interval) * 1000)::bigint::text")
	if err != nil {
		return found, err
	}
	if found.StatementTimeout, err = time.ParseDuration(timeout + "ms"); err != nil {
		return found, err
	}
	_, err = askSimply(ctx, one.Conn(), setProbe, "")
	return found, err
}

// shareSession reports whether what one connection sets is seen by another, or lost while that is in a transaction: a pooler gives the transaction
// the connection that was returned last.
func shareSession(ctx context.Context, one, other *pgx.Conn) (bool, error) {
	token := string(NewID())
	if _, err := askSimply(ctx, one, setProbe, token); err != nil {
		return false, err
	}
	transaction, err := other.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return false, err
	}
	defer func() { _ = transaction.Rollback(ctx) }()
	seen, err := askSimply(ctx, other, getProbe)
	if err != nil {
		return false, err
	}
	kept, err := askSimply(ctx, one, getProbe)
	return err == nil && (seen == token || kept != token), err
}

// askSimply asks for one text without preparing a statement, which a pooler may lose.
func askSimply(ctx context.Context, conn *pgx.Conn, question string, arguments ...any) (answer string, err error) {
	err = conn.QueryRow(ctx, question, append([]any{pgx.QueryExecModeSimpleProtocol}, arguments...)...).Scan(&answer)
	return answer, err
}
