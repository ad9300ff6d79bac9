package db_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
)

func TestMigrationsCanBeAppliedTwice(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t) // migrated already

	applied, err := db.Migrate(t.Context(), address)
	require.NoError(t, err)
	require.Empty(t, applied)

	status, err := db.MigrationStatus(t.Context(), address)
	require.NoError(t, err)
	require.NotEmpty(t, status)
	for _, migration := range status {
		require.NotNil(t, migration.AppliedAt, migration.Name)
	}
}

func TestMigrateRefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	_, err := db.Migrate(t.Context(), "postgres://user:secret@host:port/x")
	require.ErrorContains(t, err, "DATABASE_URL")
	require.NotContains(t, err.Error(), "secret")
}
