package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// severalWindows are more people than one statement looks at.
const severalWindows = 25_000

// newCrowd stores that many people, and begins a bulk run over them.
func newCrowd(t *testing.T) (bulkRun, db.Bulk, db.BulkSize) {
	t.Helper()
	b := newBulkRun(t, 0, stored.EveryCareRecipient)
	testkit.OpenSQL(t, b.Address).Exec(t, `INSERT INTO person (id, organisation_id, given_name, family_name, care_recipient_id)
		SELECT gen_random_uuid(), $1, 'Ada', 'Wren', (415000000 + n)::text FROM generate_series(1, $2::int) n`, b.Organisation.ID, severalWindows)
	bulk := db.Bulk{ID: db.NewID(), OrganisationID: b.Organisation.ID, RequestedBy: "tests", Request: stored.EveryCareRecipient}
	require.NoError(t, b.Store.RecordBulk(t.Context(), bulk))
	return b, bulk, db.BulkSize{PerBatch: 1000, PerChunk: 100}
}

// requireEveryonePlanned requires that everyone is planned once, in the order of the ids, and in full chunks.
func requireEveryonePlanned(t *testing.T, sql testkit.SQL, bulk care.ID) {
	t.Helper()
	require.Equal(t, severalWindows, testkit.Value[int](t, sql, "SELECT count(*)::int FROM bulk_item WHERE bulk_id = $1", bulk))
	require.Equal(t, severalWindows/100, testkit.Value[int](t, sql, `SELECT count(*)::int FROM (
		SELECT count(*) AS people FROM bulk_item WHERE bulk_id = $1 GROUP BY batch, chunk) c WHERE people = 100`, bulk))
	require.Zero(t, testkit.Value[int](t, sql, `SELECT count(*)::int FROM (
		SELECT batch * 10 + chunk AS place, lag(batch * 10 + chunk) OVER (ORDER BY person_id) AS before FROM bulk_item WHERE bulk_id = $1
	) i WHERE place < before`, bulk))
}

// However many people there are, they are planned window by window, and an attempt resumes where the one before it was cut off.
func TestManyPeopleArePlannedInWindows(t *testing.T) {
	t.Parallel()
	b, bulk, size := newCrowd(t)
	sql := testkit.OpenSQL(t, b.Address)
	b.Statements.Before("PlanCareRecipients", func(uint32) {
		b.Statements.Before("PlanCareRecipients", func(process uint32) { sql.Terminate(t, process) }) // the second window's
	})
	_, _, err := b.Store.PlanBulk(t.Context(), bulk, size, nil, time.Now())
	require.ErrorIs(t, err, db.ErrUnavailable)
	planned := testkit.Value[int](t, sql, "SELECT count(*)::int FROM bulk_item WHERE bulk_id = $1", bulk.ID)
	require.Positive(t, planned)
	require.Less(t, planned, severalWindows)

	for range 2 { // planning again plans the same
		total, batches, err := b.Store.PlanBulk(t.Context(), bulk, size, nil, time.Now())
		require.NoError(t, err)
		require.Equal(t, severalWindows, total)
		require.Equal(t, severalWindows/size.PerBatch, batches)
		requireEveryonePlanned(t, sql, bulk.ID)
	}
}

// A bulk run that ends while its people are planned leaves no one without an outcome.
func TestNoOneIsPlannedInABulkRunThatIsOver(t *testing.T) {
	t.Parallel()
	b, bulk, size := newCrowd(t)
	reached, release := b.Statements.HoldBefore("EndOfWindow")
	planned := make(chan error, 1)
	go func() {
		_, _, err := b.Store.PlanBulk(t.Context(), bulk, size, nil, time.Now())
		planned <- err
	}()
	<-reached
	finished := make(chan error, 1)
	go func() {
		_, _, err := b.Store.FinishBulk(t.Context(), bulk.OrganisationID, bulk.ID, care.ReasonBulkLost)
		finished <- err
	}()
	release()
	require.NoError(t, <-planned)
	require.NoError(t, <-finished)
	require.Zero(t, testkit.Value[int](t, testkit.OpenSQL(t, b.Address), "SELECT count(*)::int FROM bulk_item WHERE bulk_id = $1 AND outcome IS NULL", bulk.ID))
}
