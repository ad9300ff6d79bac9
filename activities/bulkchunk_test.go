package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// plannedChunk is the first chunk of a bulk run, beside a simulated government.
type plannedChunk struct {
	*testkit.World
	steps *activities.Steps
	input protocol.BulkChunkInput
}

// newPlannedChunk plans a bulk run of one chunk.
func newPlannedChunk(t *testing.T, people int) plannedChunk {
	t.Helper()
	return newPlannedChunks(t, 1, people)
}

// newPlannedChunks plans a bulk run of several chunks with as many people each.
func newPlannedChunks(t *testing.T, chunks, perChunk int) plannedChunk {
	t.Helper()
	people := chunks * perChunk
	s := plannedChunk{World: testkit.NewWorld(t, world.Options{People: people, Seed: 11, Organisations: world.SingleProvider()})}
	s.steps = s.Steps(t, db.Options{MaxConnections: 20})
	organisations, err := s.Store.Organisations(t.Context())
	require.NoError(t, err)
	s.input.BulkPart = protocol.BulkPart{
		BulkID: db.NewID(), OrganisationID: organisations[0].ID, RequestedBy: "a test", Options: care.BulkOptions{Kind: care.RunCareRecipient},
	}
	bulk := db.Bulk{ID: s.input.BulkID, OrganisationID: s.input.OrganisationID, RequestedBy: "a test", Request: care.BulkRequest{BulkOptions: s.input.Options}}
	require.NoError(t, s.Store.RecordBulk(t.Context(), bulk))
	_, _, err = s.Store.PlanBulk(t.Context(), bulk, db.BulkSize{PerBatch: people, PerChunk: perChunk}, nil, s.Now())
	require.NoError(t, err)
	return s
}

// trouble makes calls for some of the people fail for good.
func (s plannedChunk) trouble(t *testing.T, kind faults.Kind, people int) (troubled []care.ID) {
	t.Helper()
	for _, person := range s.World.World.People(world.Holder{})[:people] {
		require.NoError(t, s.Faults.Add(faults.Fault{Kind: kind, Operation: "care-recipient-summary", CareRecipientID: person.CareRecipientID}))
		troubled = append(troubled, s.Request(t, person.Key).PersonID)
	}
	return troubled
}

func (s plannedChunk) counts(t *testing.T) care.BulkCounts {
	t.Helper()
	counts, err := s.Store.CountItems(t.Context(), s.input.OrganisationID, s.input.BulkID, nil)
	require.NoError(t, err)
	return counts
}

// However many chunks a process holds, it has no more than 32 people in progress: the next chunk starts people as others end.
func TestPeopleInHandAreBoundedOverAllSlices(t *testing.T) {
	s := newPlannedChunks(t, 6, 8)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Latency, Operation: "care-recipient-summary", Delay: 300 * time.Millisecond}))
	var held errgroup.Group
	for number := range 6 {
		chunk := s.input
		chunk.Chunk = number
		held.Go(func() error {
			_, err := s.steps.SyncBulkChunk(t.Context(), chunk)
			return err
		})
	}
	require.NoError(t, held.Wait())
	require.Equal(t, 48, s.counts(t).Processed)
	most := testkit.Value[int](t, testkit.OpenSQL(t, s.DatabaseURL), `SELECT max(
		(SELECT count(*) FROM sync_run other WHERE other.started_at <= r.started_at AND other.finished_at > r.started_at)) FROM sync_run r`)
	require.LessOrEqual(t, most, 32)
	require.Greater(t, most, 8, "chunks run beside each other")
}

// A few people whose calls always fail are no outage, also where no one else is in the chunk, as in a retry.
func TestAFewWhoFailAmongThemselvesGetTheirOwnSync(t *testing.T) {
	s := newPlannedChunk(t, 3)
	troubled := s.trouble(t, faults.InternalError, 3)
	result, err := s.steps.SyncBulkChunk(t.Context(), s.input)
	require.NoError(t, err)
	require.ElementsMatch(t, troubled, result.Escalated)
	require.Zero(t, result.Left)
}

// An attempt whose answer was lost has escalated people; the next attempt returns them.
func TestALaterAttemptAnswersWithThoseWhoWereEscalatedBefore(t *testing.T) {
	s := newPlannedChunk(t, 12)
	troubled := s.trouble(t, faults.InternalError, 2)
	lost, err := s.steps.SyncBulkChunk(t.Context(), s.input)
	require.NoError(t, err)
	require.Equal(t, 10, lost.Settled)
	again, err := s.steps.SyncBulkChunk(t.Context(), s.input)
	require.NoError(t, err)
	require.Zero(t, again.Settled)
	require.ElementsMatch(t, troubled, again.Escalated)
}

// R9: many failures in a row are an outage, which is waited for, but not for more than two hours.
func TestAnOutageIsNotWaitedForEver(t *testing.T) {
	s := newPlannedChunk(t, 12)
	s.trouble(t, faults.InternalError, 12)
	s.input.Since = time.Now().Add(-time.Hour)
	_, err := s.steps.SyncBulkChunk(t.Context(), s.input)
	require.Error(t, err)
	require.Zero(t, s.counts(t).Processed, "no one is settled for an outage")
	s.input.Since = time.Now().Add(-3 * time.Hour)
	_, err = s.steps.SyncBulkChunk(t.Context(), s.input)
	require.NoError(t, err)
	require.Equal(t, 12, s.counts(t).Failed)
}

// R9: what is refused to a second person is refused to everyone.
func TestASecondPersonWhoIsNotAuthorisedStopsTheRun(t *testing.T) {
	s := newPlannedChunk(t, 40)
	s.trouble(t, faults.Forbidden, 2)
	result, err := s.steps.SyncBulkChunk(t.Context(), s.input)
	require.NoError(t, err)
	require.Equal(t, care.ReasonNotAuthorised, result.Stop)

	s = newPlannedChunk(t, 12)
	s.trouble(t, faults.Forbidden, 1)
	result, err = s.steps.SyncBulkChunk(t.Context(), s.input)
	require.NoError(t, err)
	require.Empty(t, result.Stop)
	require.Equal(t, 12, result.Settled)
}

// Whoever is gone by the time of their turn counts as failed, in the chunk as in the row, so that the failure threshold sees it.
func TestSomeoneWhoIsGoneCountsAsFailed(t *testing.T) {
	s := newPlannedChunk(t, 12)
	gone := s.Request(t, s.World.World.People(world.Holder{})[3].Key).PersonID
	sql := testkit.OpenSQL(t, s.DatabaseURL)
	sql.Exec(t, "ALTER TABLE bulk_item DROP CONSTRAINT bulk_item_organisation_id_person_id_fkey")
	sql.Exec(t, "DELETE FROM invoice_line WHERE person_id = $1", gone)
	sql.Exec(t, "DELETE FROM person WHERE id = $1", gone)
	result, err := s.steps.SyncBulkChunk(t.Context(), s.input)
	require.NoError(t, err)
	require.Equal(t, 12, result.Settled)
	require.Equal(t, 1, result.Failed)
	require.Equal(t, 1, s.counts(t).Failed)
}
