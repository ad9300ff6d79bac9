package hosting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// crowd is one organisation with many generated people.
func crowd(people int) world.Options {
	return world.Options{People: people, Seed: 11, Organisations: world.SingleProvider()}
}

// organisationOf is the organisation of a world that has one.
func organisationOf(t *testing.T, store *db.Store) care.ID {
	t.Helper()
	organisations, err := store.Organisations(t.Context())
	require.NoError(t, err)
	require.Len(t, organisations, 1)
	return organisations[0].ID
}

var careRecipients = care.BulkOptions{Kind: care.RunCareRecipient}

func TestABulkRunWritesTheSameRowsAsSingleSyncs(t *testing.T) {
	bulk, single := testkit.NewWorld(t, crowd(120)), testkit.NewWorld(t, crowd(120))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, bulk.Steps(t, db.Options{MaxConnections: 20}))
	id, run := temporal.Bulk(t, bulk.Store, organisationOf(t, bulk.Store), careRecipients)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, id, result.BulkID)
	require.Equal(t, 120, result.Counts.Selected)
	require.Equal(t, 120, result.Counts.Processed)

	steps := single.Steps(t, db.Options{})
	counts := care.BulkCounts{}
	for _, key := range everybody(single) {
		counts.Add(single.Sync(t, steps, key).Outcome, 1)
	}
	require.Equal(t, counts, result.Counts, "everybody ended as alone")
	require.Equal(t, testkit.Records(t, single.DatabaseURL), testkit.Records(t, bulk.DatabaseURL))
}

// One whose data makes a fault of its own is given a sync of their own; the others do not notice (R9).
func TestOnePersonsTroubleIsTheirOwn(t *testing.T) {
	w := testkit.NewWorld(t, crowd(60))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	troubled := w.World.People(world.Holder{})[7]
	require.NoError(t, w.Faults.Add(faults.Fault{
		Kind: faults.InternalError, Operation: "care-recipient-summary", CareRecipientID: troubled.CareRecipientID, Count: 3,
	}))
	organisation := organisationOf(t, w.Store)
	_, run := temporal.Bulk(t, w.Store, organisation, careRecipients)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, 1, result.Counts.Escalated)
	require.Equal(t, 60, result.Counts.Processed)
	require.Zero(t, result.Counts.Failed, "the person's own sync tried again, and succeeded")
	runs, _, err := w.Store.Runs(t.Context(), organisation, db.RunFilter{ClientID: w.Request(t, troubled.Key).ClientID, Most: 10})
	require.NoError(t, err)
	require.Len(t, runs, 2)
}

// An outage is waited for, and makes no thousands of single syncs (R9).
func TestAnOutageIsWaitedFor(t *testing.T) {
	w := testkit.NewWorld(t, crowd(60))
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, w.Steps(t, db.Options{MaxConnections: 20}))
	require.NoError(t, w.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: "care-recipient-summary", Count: 30, RetryAfter: time.Second}))
	_, run := temporal.Bulk(t, w.Store, organisationOf(t, w.Store), careRecipients)
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, 60, result.Counts.Processed)
	require.Zero(t, result.Counts.Escalated)
	require.Zero(t, result.Counts.Failed)
}
