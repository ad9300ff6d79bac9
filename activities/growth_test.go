package activities_test

import (
	"testing"

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
	c := newCrowd(t, world.Options{People: many, Seed: 5, Organisations: world.SingleProvider()})
	var keys []string
	for _, person := range c.World.World.People(world.Holder{}) {
		keys = append(keys, person.Key)
	}
	c.sync(t, keys[:few]...)
	inFew := c.rowsRead(t, func() { c.sync(t, keys[0]) })
	c.sync(t, keys[few:]...)
	inMany := c.rowsRead(t, func() { c.sync(t, keys[0]) })
	requireAsManyRows(t, inFew, inMany, (many-few)/2)
}

// The same for a contract: created, and refreshed automatically.
func TestOneContractSyncReadsAsManyRowsInALargeCrowdAsInASmallOne(t *testing.T) {
	const few, many = 10, 50
	c := newCrowd(t, world.Options{People: 1, Participants: many, Seed: 5, Organisations: world.SingleProvider()})
	var keys []string
	for _, participant := range c.World.World.HeldParticipants(world.Holder{}) {
		keys = append(keys, participant.Key)
	}
	c.contracts(t, keys[:few]...)
	inFew := c.rowsRead(t, func() { c.contracts(t, keys[0]) })
	c.contracts(t, keys[few:]...)
	require.Greater(t, testkit.Value[int](t, c.sql, "SELECT count(*)::int FROM service_contract"), 2*few)
	inMany := c.rowsRead(t, func() { c.contracts(t, keys[0]) })
	requireAsManyRows(t, inFew, inMany, (many-few)/2)
}

// requireAsManyRows requires that the rows that were read in two crowds differ by fewer than a crowd would make.
func requireAsManyRows(t *testing.T, inFew, inMany map[string]int, fewer int) {
	t.Helper()
	more, grown := 0, map[string]int{}
	for table, rows := range inMany {
		if more += rows - inFew[table]; rows != inFew[table] {
			grown[table] = rows - inFew[table]
		}
	}
	require.Less(t, more, fewer, "more rows by table: %v", grown)
}

// crowd is many people whose rows are in a database.
type crowd struct {
	*testkit.World
	sql testkit.SQL
}

func newCrowd(t *testing.T, options world.Options) crowd {
	t.Helper()
	c := crowd{World: testkit.NewWorld(t, options)}
	c.sql = testkit.OpenSQL(t, c.DatabaseURL)
	c.Store.Close()
	c.DatabaseURL += testkit.OnceLarge
	return c
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
}

// contracts creates the contracts of participants, or brings them up to date, and refreshes them.
func (c crowd) contracts(t *testing.T, keys ...string) {
	t.Helper()
	t.Run("contracts", func(t *testing.T) {
		s := &site{World: c.World, sql: c.sql}
		s.process = s.newProcess(t)
		s.Store = testkit.Store(t, c.DatabaseURL)
		for _, key := range keys {
			if _, staged := s.retrieve(t, key); staged.Waiting != nil { // others refuse us, or have no plan yet
				s.create(t, key)
				s.refresh(t, key)
			}
		}
	})
}

// rowsRead is how many rows of each table PostgreSQL reads for one person's sync, when it knows what its tables hold.
func (c crowd) rowsRead(t *testing.T, sync func()) map[string]int {
	t.Helper()
	c.sql.Exec(t, "VACUUM ANALYZE")
	before := c.sql.RowsReadByTable(t)
	sync()
	read := c.sql.RowsReadByTable(t)
	for table := range read {
		read[table] -= before[table]
	}
	return read
}
