package db_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
)

// A program tells a schema that is missing or older, which has to be migrated, from one that is newer, which it can work with for a while.
func TestTheSchemasVersionIsChecked(t *testing.T) {
	address := testkit.DatabaseURL(t)
	store, sql := testkit.Store(t, address), testkit.OpenSQL(t, address)
	require.NoError(t, store.CheckSchema(t.Context()))

	sql.Exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	var found *db.SchemaError
	err := store.CheckSchema(t.Context())
	require.ErrorAs(t, err, &found)
	require.True(t, found.Newer())
	require.NotErrorIs(t, err, db.ErrSchemaMissing)

	sql.Exec(t, "DELETE FROM goose_db_version WHERE version_id > 1")
	err = store.CheckSchema(t.Context())
	require.ErrorAs(t, err, &found)
	require.False(t, found.Newer())
	require.EqualValues(t, 1, found.Version)
	require.ErrorIs(t, err, db.ErrSchemaMissing)

	sql.Exec(t, "DROP TABLE goose_db_version")
	err = store.CheckSchema(t.Context())
	require.ErrorIs(t, err, db.ErrSchemaMissing)
	require.EqualError(t, err, "the database has no schema: run `caresync migrate`")
}
