package db_test

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
)

// role makes a role for a test that may log in to the test's database, and is the URL with which it does.
func role(t *testing.T, databaseURL, options string) string {
	t.Helper()
	admin, name := testkit.OpenSQL(t, cmp.Or(os.Getenv("DATABASE_ADMIN_URL"), os.Getenv("DATABASE_URL"))), "r"+strings.ReplaceAll(string(db.NewID()), "-", "")
	admin.Exec(t, "CREATE ROLE "+name+" LOGIN PASSWORD 'right' "+options)
	t.Cleanup(func() { require.NoError(t, admin.AtEnd("DROP ROLE "+name)) })
	address, err := url.Parse(databaseURL)
	require.NoError(t, err)
	address.User = url.UserPassword(name, "right")
	return address.String()
}

func changed(t *testing.T, databaseURL string, change func(*url.URL)) string {
	t.Helper()
	address, err := url.Parse(databaseURL)
	require.NoError(t, err)
	change(address)
	return address.String()
}

// pinged is what a program finds that opens a database.
func pinged(t *testing.T, databaseURL string) error {
	t.Helper()
	store, err := db.Open(t.Context(), databaseURL, testkit.Keyring(), db.Options{MaxConnections: 1})
	if err != nil {
		return err
	}
	t.Cleanup(store.Close)
	bounded, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return store.Ping(bounded)
}

// R38: what keeps a program from its database is told apart, on a real server, and all of it may pass.
func TestWhatKeepsAProgramFromItsDatabase(t *testing.T) {
	databaseURL := testkit.DatabaseURL(t)
	limited := role(t, databaseURL, "CONNECTION LIMIT 0")
	for trouble, address := range map[care.DatabaseTrouble]string{
		care.DatabaseUnreachable: changed(t, databaseURL, func(u *url.URL) { u.Host = testkit.FreeAddress(t) }),
		care.DatabaseHostUnknown: changed(t, databaseURL, func(u *url.URL) { u.Host = "no-such-host.invalid:5432" }),
		care.DatabaseTLS:         changed(t, databaseURL, func(u *url.URL) { u.RawQuery = "sslmode=require" }),
		care.DatabaseMissing:     changed(t, databaseURL, func(u *url.URL) { u.Path = "/no_such_database" }),
		care.DatabasePassword: changed(t, role(t, databaseURL, ""), func(u *url.URL) {
			u.User = url.UserPassword(u.User.Username(), "wrong")
		}),
		care.DatabaseConnectionsUsed: limited,
	} {
		t.Run(string(trouble), func(t *testing.T) {
			err := pinged(t, address)
			require.ErrorIs(t, err, db.ErrUnavailable)
			require.Equal(t, trouble, db.TroubleOf(err), "%v", err)
			require.True(t, db.Away(err))
			require.NotContains(t, err.Error(), "wrong", "the error holds no password")
		})
	}
}

// A table that another session keeps locked is named as that, before the step's own time is over.
func TestALockedTable(t *testing.T) {
	databaseURL := testkit.DatabaseURL(t)
	store, other := testkit.Store(t, databaseURL), testkit.OpenSQL(t, databaseURL)
	holding, err := other.Begin(t.Context())
	require.NoError(t, err)
	defer holding.Rollback(context.Background()) // or the test's pool would wait for it
	_, err = holding.Exec(t.Context(), "LOCK TABLE organisation")
	require.NoError(t, err)
	began := time.Now()
	_, err = store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", "Australia/Sydney")
	require.Equal(t, care.DatabaseLocked, db.TroubleOf(err), "%v", err)
	require.Less(t, time.Since(began), 10*time.Second)
}

func TestAReadOnlyDatabase(t *testing.T) {
	databaseURL := testkit.DatabaseURL(t)
	store := testkit.Store(t, changed(t, databaseURL, func(u *url.URL) {
		values := u.Query()
		values.Set("default_transaction_read_only", "on")
		u.RawQuery = values.Encode()
	}))
	_, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", "Australia/Sydney")
	require.Equal(t, care.DatabaseReadOnly, db.TroubleOf(err), "%v", err)
}

// What cannot be brought about in a test is told apart by PostgreSQL's code.
func TestCodesOfPostgreSQL(t *testing.T) {
	for code, trouble := range map[string]care.DatabaseTrouble{
		pgerrcode.DiskFull:                          care.DatabaseFull,
		pgerrcode.OutOfMemory:                       care.DatabaseMemory,
		pgerrcode.DuplicatePreparedStatement:        care.DatabasePooler,
		pgerrcode.InvalidSQLStatementName:           care.DatabasePooler,
		pgerrcode.ProtocolViolation:                 care.DatabasePooler,
		pgerrcode.QueryCanceled:                     care.DatabaseSlow,
		pgerrcode.CannotConnectNow:                  care.DatabaseStarting,
		pgerrcode.AdminShutdown:                     care.DatabaseStarting,
		pgerrcode.InvalidAuthorizationSpecification: care.DatabaseNotAdmitted,
		pgerrcode.InsufficientPrivilege:             care.DatabasePermission,
		pgerrcode.SerializationFailure:              care.DatabaseOther,
		pgerrcode.ConfigurationLimitExceeded:        care.DatabaseOther,
		pgerrcode.UndefinedTable:                    care.DatabaseSchema,
	} {
		err := db.MapError("write", &pgconn.PgError{Code: code})
		require.Equal(t, trouble, db.TroubleOf(err), code)
		require.True(t, db.Away(err), code)
	}
	for _, code := range []string{pgerrcode.UniqueViolation, pgerrcode.CheckViolation, pgerrcode.SyntaxError} {
		require.Empty(t, db.TroubleOf(db.MapError("write", &pgconn.PgError{Code: code})), code)
	}
	require.Empty(t, db.TroubleOf(errors.New("something else")))
}
