package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// One person's sync reads that person's rows, however many others there are: a table that is read as a whole makes a bulk run of twice the
// people take four times as long.
func TestOneSyncReadsAsManyRowsInALargeCrowdAsInASmallOne(t *testing.T) {
	const few, many = 10, 100
	c := crowd{World: testkit.NewWorld(t, world.Options{People: many, Seed: 5, Organisations: world.SingleProvider()})}
	c.sql = testkit.OpenSQL(t, c.DatabaseURL)
	c.Store.Close()
	// A table that is small as yet is not read as a whole, as it would not be once it is large.
	c.DatabaseURL += "&enable_seqscan=off"
	var keys []string
	for _, person := range c.World.World.People(world.Holder{}) {
		keys = append(keys, person.Key)
	}
	c.sync(t, keys[:few]...)
	inFew := c.rowsRead(t, keys[0])
	c.sync(t, keys[few:]...)
	inMany := c.rowsRead(t, keys[0])
	require.Less(t, inMany, inFew+(many-few)/2)
}

// crowd is many people whose rows are in a database.
type crowd struct {
	*testkit.World
	sql testkit.SQL
}

// sync syncs people beside each other, on connections of their own: PostgreSQL counts what they have read when they close.
func (c crowd) sync(t *testing.T, keys ...string) {
	t.Helper()
	t.Run("sync", func(t *testing.T) {
		steps := c.Steps(t, db.Options{MaxConnections: 8})
		var group errgroup.Group
		group.SetLimit(8)
		for _, key := range keys {
			request := c.Request(t, key)
			group.Go(func() error {
				_, err := steps.Sync(t.Context(), db.NewID(), request)
				return err
			})
		}
		require.NoError(t, group.Wait())
	})
	require.Eventually(t, func() bool {
		return testkit.Value[int](t, c.sql, `SELECT count(*)::int FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`) == 0
	}, 10*time.Second, time.Millisecond)
}

// rowsRead is how many rows PostgreSQL reads for one person's sync, when it knows what its tables hold.
func (c crowd) rowsRead(t *testing.T, key string) int {
	t.Helper()
	c.sql.Exec(t, "VACUUM ANALYZE")
	read := func() int {
		return testkit.Value[int](t, c.sql, "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_user_tables")
	}
	before := read()
	c.sync(t, key)
	return read() - before
}
