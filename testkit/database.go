// Package testkit provides the real parts that tests need: databases of their own on a real PostgreSQL, and more.
package testkit

import (
	"cmp"
	"context"
	"database/sql"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/peterldowns/pgtestdb"
	"github.com/peterldowns/pgtestdb/migrators/common"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
)

// oddTimeZone is that of sessions in tests: far from UTC and from Sydney, and not on the hour, so that a date that is taken from a
// session's clock by mistake shows (R1).
const oddTimeZone = "Pacific/Chatham"

// Database opens a store on a new database of the test's own.
func Database(t testing.TB) *db.Store {
	t.Helper()
	return Store(t, DatabaseURL(t))
}

// Store opens another store on a test's database, with the test's keyring.
func Store(t testing.TB, databaseURL string) *db.Store {
	t.Helper()
	return storeAt(t, databaseURL, db.Options{Now: clock()})
}

func storeAt(t testing.TB, databaseURL string, options db.Options) *db.Store {
	t.Helper()
	store, err := db.Open(t.Context(), databaseURL, Keyring(), options)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// DatabaseURL makes a new database with the current schema for the test, cloned from a template that is made once. It is dropped
// after the test, unless the test failed. PostgreSQL is the one that DATABASE_ADMIN_URL names (or DATABASE_URL, if
// its role may create databases and roles).
func DatabaseURL(t testing.TB) string {
	t.Helper()
	server := cmp.Or(os.Getenv("DATABASE_ADMIN_URL"), os.Getenv("DATABASE_URL"))
	if server == "" {
		t.Fatal("DATABASE_ADMIN_URL is not set: tests need a real PostgreSQL, run them with `devstack exec -- go test ...`")
	}
	config := pgtestdb.Custom(t, configOf(t, server), migrator{})
	return config.URL()
}

func configOf(t testing.TB, server string) pgtestdb.Config {
	address, err := url.Parse(server)
	require.NoError(t, err)
	password, _ := address.User.Password()
	options := url.Values{"sslmode": {"disable"}, "timezone": {oddTimeZone}}
	return pgtestdb.Config{
		DriverName: "pgx", Host: address.Hostname(), Port: address.Port(), User: address.User.Username(), Password: password,
		Database: address.Path[1:], Options: options.Encode(), ForceTerminateConnections: true,
	}
}

// MovableClock returns the address of a test's database with a clock of its own for sessions that use it: it is the server's until it is moved,
// forward or back.
func MovableClock(t testing.TB, databaseURL string) (address string, move func(time.Duration)) {
	t.Helper()
	sql := OpenSQL(t, databaseURL)
	sql.Exec(t, "CREATE SCHEMA clock")
	sql.Exec(t, "CREATE TABLE clock.moved (by interval NOT NULL)")
	sql.Exec(t, "INSERT INTO clock.moved VALUES ('0')")
	for _, name := range []string{"now", "clock_timestamp"} { // they hide PostgreSQL's from whatever does not name their schema
		sql.Exec(t, "CREATE FUNCTION clock."+name+"() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT pg_catalog."+name+"() + by FROM clock.moved'")
	}
	moved, err := url.Parse(databaseURL)
	require.NoError(t, err)
	query := moved.Query()
	query.Set("search_path", "clock,pg_catalog,public")
	moved.RawQuery = query.Encode()
	return moved.String(), func(by time.Duration) {
		sql.Exec(t, "UPDATE clock.moved SET by = make_interval(secs => $1)", by.Seconds())
	}
}

// CopyOf makes another database with what a test's database holds at the moment, as a restored backup does. Sessions of the original are ended for it.
func CopyOf(t testing.TB, databaseURL string) string {
	t.Helper()
	address, err := url.Parse(databaseURL)
	require.NoError(t, err)
	original, admin := address.Path[1:], OpenSQL(t, cmp.Or(os.Getenv("DATABASE_ADMIN_URL"), os.Getenv("DATABASE_URL")))
	copied := original + "_copy"
	admin.Exec(t, "ALTER DATABASE "+original+" ALLOW_CONNECTIONS false")
	admin.Exec(t, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", original)
	admin.Exec(t, "CREATE DATABASE "+copied+" TEMPLATE "+original+" OWNER "+address.User.Username())
	admin.Exec(t, "ALTER DATABASE "+original+" ALLOW_CONNECTIONS true")
	t.Cleanup(func() {
		_, _ = admin.pool.Exec(context.Background(), "DROP DATABASE "+copied+" WITH (FORCE)")
	})
	address.Path = "/" + copied
	return address.String()
}

// migrator makes the template with the program's own migrations.
type migrator struct{}

// Hash implements pgtestdb.Migrator: another schema gets another template.
func (migrator) Hash() (string, error) { return common.HashDirs(db.MigrationFiles(), "*.sql", ".") }

// Migrate implements pgtestdb.Migrator.
func (migrator) Migrate(ctx context.Context, _ *sql.DB, config pgtestdb.Config) error {
	_, err := db.Migrate(ctx, config.URL())
	return err
}

// Keyring is the one that all tests share.
func Keyring() *sealing.Keyring { return testKeyring }

// KeyringText is the keyring as programs read it from CARESYNC_KEYRING.
const KeyringText = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

var testKeyring = func() *sealing.Keyring {
	keyring, err := sealing.Parse(KeyringText)
	if err != nil {
		panic(err)
	}
	return keyring
}()
