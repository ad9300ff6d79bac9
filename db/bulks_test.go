package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
)

// again is who is in a further bulk run.
func (b bulkRun) again(t *testing.T, selection care.BulkSelection) []care.ID {
	t.Helper()
	further := b
	further.id = db.NewID()
	further.plan(t, care.BulkOptions{Kind: care.RunCareRecipient, Selection: selection})
	people := []care.ID{}
	for _, item := range further.items(t, "") {
		people = append(people, item.Person.ID)
	}
	return people
}

// R19: whoever left care long ago is left out, unless somebody asks for them.
func TestWhoLeftCareLongAgoIsLeftOut(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 4, everyCareRecipient)
	sql := testkit.OpenSQL(t, b.address)
	leave := func(person care.ID, days int) {
		sql.Exec(t, "UPDATE client SET not_in_care_since = current_date - $2::int WHERE id = $1", person, days)
	}
	leave(b.people[0], 200)
	leave(b.people[1], 10)
	require.Equal(t, b.people[1:], b.again(t, care.BulkSelection{}))
	require.Equal(t, b.people[2:], b.again(t, care.BulkSelection{InCare: true}))
	require.Equal(t, b.people[:1], b.again(t, care.BulkSelection{Clients: b.people[:1]}))
}

// One retry reaches everybody who was not reached, also those of whom the run that was lost has learned that they left care long ago.
func TestARetryReachesEverybodyWhoDidNotSucceed(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 5, everyCareRecipient)
	b.run(t, b.people[0], care.RunSucceeded, "")
	b.run(t, b.people[1], care.RunSucceededWithWarnings, "")
	b.run(t, b.people[2], care.RunPartial, care.ReasonConsentRefused)
	b.run(t, b.people[3], care.RunFailed, care.ReasonServiceUnavailable)
	_, _, err := b.store.FinishBulk(t.Context(), b.organisation.ID, b.id, care.ReasonBulkLost)
	require.NoError(t, err)
	testkit.OpenSQL(t, b.address).Exec(t, "UPDATE client SET not_in_care_since = $1", time.Now().AddDate(-1, 0, 0))
	require.Equal(t, b.people[2:], b.again(t, care.BulkSelection{RetryOf: b.id}))
}
