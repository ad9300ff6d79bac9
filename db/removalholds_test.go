package db_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// R5: a removal that was held back is accepted once, by someone of the organisation.
func TestAcceptHolds(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	other := stored.Organisation(t, r.Store, "banksia")
	run := r.Run(t, db.NewID(), r.Now)
	err := r.Store.AcceptHolds(t.Context(), r.Organisation.ID, run, "tests")
	require.ErrorIs(t, err, db.ErrNotFound)

	r.Execute(t, `INSERT INTO removal_hold (organisation_id, person_id, kind, run_id, records) VALUES ($1, $2, 'classification', $3, 2)`, r.Client.ID, run)
	err = r.Store.AcceptHolds(t.Context(), other.ID, run, "tests")
	require.ErrorIs(t, err, db.ErrNotFound)
	require.NoError(t, r.Store.AcceptHolds(t.Context(), r.Organisation.ID, run, "tests"))
	accepted, err := read.From(r.Store).RemovalHolds(t.Context(), r.Organisation.ID, r.Client.ID, run)
	require.NoError(t, err)
	require.Equal(t, "tests", accepted[0].AcceptedBy)
	err = r.Store.AcceptHolds(t.Context(), r.Organisation.ID, run, "tests")
	require.ErrorIs(t, err, db.ErrNotFound, "it was accepted before")
}

// R5: a pass that began to read before an operator accepted a removal, and holds it once more, does not undo the acceptance. More records
// than were accepted have to be accepted again.
func TestAnAcceptanceIsNotUndoneByAnOlderPass(t *testing.T) {
	r := stored.NewRecipient(t)
	sql := testkit.OpenSQL(t, r.Address)
	accepting, older := r.Run(t, db.NewID(), r.Now), r.Run(t, db.NewID(), r.Now)
	hold := func(run care.ID, chunk, records int) {
		sql.Exec(t, `SELECT record_step($1, $2, $3, 'summary', $4, '{"outcome":"succeeded"}', now(), '[]', '[]',
			jsonb_build_array(jsonb_build_object('kind', 'classification', 'records', $5::int)), true)`, r.Organisation.ID, run, r.Client.ID, chunk, records)
	}
	accepted := func() bool {
		return testkit.Value[bool](t, sql, "SELECT accepted_at IS NOT NULL FROM removal_hold WHERE closed_at IS NULL")
	}
	hold(accepting, 0, 2)
	err := r.Store.AcceptHolds(t.Context(), r.Organisation.ID, accepting, "tests")
	require.NoError(t, err)
	hold(older, 0, 2)
	require.True(t, accepted())
	hold(older, 1, 3)
	require.False(t, accepted(), "more than the operator has seen")
}
