package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// bulkRun is a bulk run, with what only the store's tests ask of it.
type bulkRun struct{ stored.BulkRun }

func newBulkRun(t *testing.T, people int, request care.BulkRequest) bulkRun {
	t.Helper()
	return bulkRun{stored.NewBulkRun(t, people, request)}
}

// again is who is in a further bulk run.
func (b bulkRun) again(t *testing.T, request care.BulkRequest) []care.ID {
	t.Helper()
	further := b
	further.ID = db.NewID()
	request.Kind = care.RunCareRecipient
	further.Plan(t, request)
	people := []care.ID{}
	for _, item := range further.Items(t, "") {
		people = append(people, item.Person.ID)
	}
	return people
}

// R19: whoever left care long ago is left out, unless someone asks for them.
func TestWhoLeftCareLongAgoIsLeftOut(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 4, stored.EveryCareRecipient)
	sql := testkit.OpenSQL(t, b.Address)
	leave := func(person care.ID, days int) {
		sql.Exec(t, "UPDATE person SET not_in_care_since = current_date - $2::int WHERE id = $1", person, days)
	}
	leave(b.People[0], 200)
	leave(b.People[1], 10)
	require.Equal(t, b.People[1:], b.again(t, care.BulkRequest{}))
	require.Equal(t, b.People[2:], b.again(t, care.BulkRequest{BulkOptions: care.BulkOptions{InCare: true}}))
	require.Equal(t, b.People[:1], b.again(t, care.BulkRequest{People: b.People[:1]}))

	sql.Exec(t, "INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id) SELECT gen_random_uuid(), organisation_id, id, care_recipient_id FROM person WHERE id = $1", b.People[0])
	sql.Exec(t, `INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, status, ordinal, end_date)
		SELECT gen_random_uuid(), organisation_id, id, 'B1', '', 'ON', '', '', 0, current_date - 80 FROM support_plan`)
	require.Equal(t, b.People, b.again(t, care.BulkRequest{}), "a budget of theirs is not closed yet (R15)")
	sql.Exec(t, "UPDATE budget SET end_date = current_date - 100")
	require.Equal(t, b.People[1:], b.again(t, care.BulkRequest{}))
}

// One retry processes everyone who was not processed, including people whom the lost run had found to have left care long ago.
func TestARetryReachesEveryoneWhoDidNotSucceed(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 5, stored.EveryCareRecipient)
	b.Run(t, b.People[0], care.RunSucceeded, "")
	b.Run(t, b.People[1], care.RunSucceededWithWarnings, "")
	b.Run(t, b.People[2], care.RunPartial, care.ReasonConsentRefused)
	b.Run(t, b.People[3], care.RunFailed, care.ReasonServiceUnavailable)
	_, _, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, b.ID, care.ReasonBulkLost)
	require.NoError(t, err)
	testkit.OpenSQL(t, b.Address).Exec(t, "UPDATE person SET not_in_care_since = $1", time.Now().AddDate(-1, 0, 0))
	require.Equal(t, b.People[2:], b.again(t, care.BulkRequest{RetryOf: b.ID}))
}

// connection is a connection to Services Australia whose device is activated.
func (b bulkRun) connection(t *testing.T) care.ID {
	t.Helper()
	created, err := b.Store.CreateConnection(t.Context(), b.Organisation.ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	testkit.OpenSQL(t, b.Address).Exec(t, "UPDATE connection SET activated_at = now() WHERE id = $1", created.ID)
	return created.ID
}

// listed notes that a bulk run has read a connection's list of budgets.
func (b bulkRun) listed(t *testing.T, connection care.ID, mark time.Time) {
	t.Helper()
	for _, mark := range []time.Time{mark, mark.Add(time.Hour)} { // the first attempt's stands
		require.NoError(t, b.Store.NoteBulkLists(t.Context(), b.Organisation.ID, b.ID, []db.ListMark{
			{ConnectionID: connection, List: care.AreaBudgets, Mark: mark, Listed: []string{"77"}},
		}))
	}
}

// covered is up to when the list of budgets is covered.
func (b bulkRun) covered(t *testing.T) (mark db.ListMark) {
	t.Helper()
	marks, err := b.Store.ListMarks(t.Context(), b.Organisation.ID)
	require.NoError(t, err)
	require.Len(t, marks, 3, "one for each list")
	for _, one := range marks {
		if one.List == care.AreaBudgets {
			mark = one
		}
	}
	return mark
}

// R35: the lists that a run has read are covered once everyone was reached, also those to whom the government said no; not by a run over some
// areas only, and not while someone was left out, cancelled, or lost to an outage.
func TestWhatARunCovers(t *testing.T) {
	t.Parallel()
	sunday := time.Now().AddDate(0, 0, -1).Truncate(time.Second)
	for name, test := range map[string]struct {
		only    care.Area
		outcome care.ItemOutcome
		reason  care.Reason
		covers  bool
	}{
		"everyone succeeded":       {"", care.RunSucceeded, "", true},
		"the government said no":   {"", care.RunFailed, care.ReasonNotFound, true},
		"a person's own 503":       {"", care.RunFailed, care.ReasonUnavailableForPerson, true},
		"consent refused":          {"", care.RunPartial, care.ReasonConsentRefused, true},
		"some areas only":          {care.AreaContributions, care.RunSucceeded, "", false},
		"lost to an outage":        {"", care.RunFailed, care.ReasonServiceUnavailable, false},
		"lost to our own database": {"", care.RunFailed, care.ReasonDatabaseUnavailable, false},
		"cancelled":                {"", care.RunCancelled, care.ReasonCancelled, false},
		"not reached":              {"", care.ItemSkipped, care.ReasonBatchLost, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBulkRun(t, 2, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, Only: test.only}})
			connection := b.connection(t)
			b.listed(t, connection, sunday)
			require.True(t, b.covered(t).Mark.IsZero(), "nothing is covered before the run has ended")
			require.NoError(t, b.Store.SettleItem(t.Context(), b.Organisation.ID, b.ID, b.People[0], test.outcome, test.reason))
			require.NoError(t, b.Store.SettleItems(t.Context(), b.Organisation.ID, b.ID, nil, care.RunSucceeded, ""))
			_, _, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, b.ID, "")
			require.NoError(t, err)
			mark := b.covered(t)
			require.Equal(t, test.covers, mark.Mark.Equal(sunday), mark)
			if test.covers {
				require.Equal(t, []string{"77"}, mark.Listed)
			}
		})
	}
}

// No list names again what was not read of someone last time.
func TestWhoDidNotSucceedLastTimeIsReadAsAWhole(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 5, stored.EveryCareRecipient)
	testkit.OpenSQL(t, b.Address).Exec(t, "UPDATE person SET verified_at = now() WHERE id = ANY ($1)", b.People[:4])
	b.Run(t, b.People[0], care.RunSucceeded, "")
	b.Run(t, b.People[1], care.RunSucceededWithWarnings, "")
	b.Run(t, b.People[2], care.RunPartial, care.ReasonServiceUnavailable)
	b.Run(t, b.People[3], care.RunPartial, care.ReasonServiceUnavailable)

	delta := db.Bulk{ID: db.NewID(), OrganisationID: b.Organisation.ID, RequestedBy: "tests", Request: care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}}}
	require.NoError(t, b.Store.RecordBulk(t.Context(), delta))
	moved := db.ChangedPeople{b.People[1]: {"B1"}, b.People[3]: {"B3"}}
	_, _, err := b.Store.PlanBulk(t.Context(), delta, db.BulkSize{PerBatch: 100, PerChunk: 10}, moved, time.Now())
	require.NoError(t, err)
	items, err := b.Store.OpenItems(t.Context(), db.BulkChunk{OrganisationID: b.Organisation.ID, BulkID: delta.ID})
	require.NoError(t, err)
	require.Equal(t, []db.OpenItem{
		{PersonID: b.People[1], MovedBudgets: []string{"B1"}},
		{PersonID: b.People[2], MovedBudgets: []string{}, Whole: true},
		{PersonID: b.People[3], MovedBudgets: []string{"B3"}, Whole: true},
		{PersonID: b.People[4], MovedBudgets: []string{}, Whole: true},
	}, items)
}

// A later run that reads other areas only does not make good for what failed.
func TestARunOverSomeAreasHidesNoFailure(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 3, stored.EveryCareRecipient)
	failed := care.BulkRequest{BulkOptions: care.BulkOptions{FailedLastTime: true}}
	b.Run(t, b.People[0], care.RunSucceeded, "")
	b.Run(t, b.People[1], care.RunPartial, care.ReasonServiceUnavailable)
	require.Equal(t, b.People[1:2], b.again(t, failed))

	later := func(person care.ID, outcome care.RunOutcome, areas ...care.Area) {
		id := db.NewID()
		require.NoError(t, b.Store.RecordRun(t.Context(), db.RunStart{
			ID: id, Kind: care.RunCareRecipient, WorkflowID: protocol.CareRecipientSyncID(person), StartedAt: time.Now(),
			Request: care.Request{OrganisationID: b.Organisation.ID, PersonID: person, Trigger: care.TriggerOnDemand, Areas: areas},
		}))
		_, err := b.Store.FinishRun(t.Context(), b.Organisation.ID, care.RunResult{
			RunID: id, Outcome: outcome, Counts: care.Counts{}, Areas: stored.Ended(append(areas, care.AreaSummary)...),
		}, nil)
		require.NoError(t, err)
	}
	for _, person := range b.People[:2] {
		later(person, care.RunSucceeded, care.AreaContributions)
	}
	require.Equal(t, b.People[1:2], b.again(t, failed))
	later(b.People[0], care.RunFailed, care.AreaContributions)
	require.Equal(t, b.People[:2], b.again(t, failed))
	for _, person := range b.People[:2] {
		later(person, care.RunSucceeded, care.AreaContributions, care.AreaBudgets, care.AreaUsage)
	}
	require.Empty(t, b.again(t, failed))
}

// A scheduled bulk run's workflow has an id of the schedule's; the passes of its chunks are over with it all the same.
func TestPassesOfAScheduledBulkRunAreClosedWithIt(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 2, stored.EveryCareRecipient)
	sql := testkit.OpenSQL(t, b.Address)
	sql.Exec(t, "UPDATE bulk_run SET workflow_id = 'bulk-sync/scheduled/nightly-2026-05-01T03:30:00Z'")
	for i, workflow := range []string{protocol.BulkSyncID(b.ID), protocol.CareRecipientSyncID(b.People[1])} {
		require.NoError(t, b.Store.RecordRun(t.Context(), db.RunStart{
			ID: db.BulkRunID(b.ID, b.People[i]), Kind: care.RunCareRecipient, WorkflowID: workflow, StartedAt: time.Now(),
			Request: care.Request{OrganisationID: b.Organisation.ID, PersonID: b.People[i], Trigger: care.TriggerBulk, BulkID: b.ID},
		}))
	}
	_, _, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, b.ID, care.ReasonBulkLost)
	require.NoError(t, err)
	require.Equal(t, []care.ID{b.People[1]}, testkit.Column[care.ID](t, sql, "SELECT person_id::text FROM sync_run WHERE outcome IS NULL"),
		"their own sync continues")
}

func TestTheOutcomeOfABulkRunIsRecordedOnce(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 2, stored.EveryCareRecipient)
	b.Run(t, b.People[0], care.RunSucceeded, "")
	for _, stop := range []care.Reason{care.ReasonCancelled, ""} {
		_, outcome, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, b.ID, stop)
		require.NoError(t, err)
		require.Equal(t, care.RunCancelled, outcome)
	}
	view := b.View(t)
	require.Equal(t, care.RunCancelled, view.Outcome)
	require.Equal(t, care.ReasonCancelled, view.Reason)
	_, outcome, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, db.NewID(), care.ReasonBulkLost)
	require.NoError(t, err, "one that could not even be recorded is over, too")
	require.Equal(t, care.RunFailed, outcome)
}

// absences are an organisation with two connections, the first of which holds six people and the second three.
func absences(t *testing.T) (b bulkRun, sql testkit.SQL, connections [2]care.ID) {
	t.Helper()
	b = newBulkRun(t, 9, stored.EveryCareRecipient)
	sql = testkit.OpenSQL(t, b.Address)
	for i, provider := range []string{"4000012345", "4000012346"} {
		created, err := b.Store.CreateConnection(t.Context(), b.Organisation.ID, stored.Connection(provider))
		require.NoError(t, err)
		connections[i] = created.ID
	}
	sql.Exec(t, "UPDATE person SET verified_at = now(), connection_id = $1", connections[0])
	sql.Exec(t, "UPDATE person SET connection_id = $1 WHERE id = ANY ($2)", connections[1], b.People[6:])
	return b, sql, connections
}

// numbered are people of whom only the care recipient id is known.
func numbered(ids []string) (people []care.Identity) {
	for _, id := range ids {
		people = append(people, care.Identity{CareRecipientID: id})
	}
	return people
}

// R5, R19: absence is told from all lists, each of which is to be believed.
func TestWhoIsAbsentIsMarkedOnlyAfterEveryListWasRead(t *testing.T) {
	t.Parallel()
	b, sql, connections := absences(t)
	known := numbered(testkit.Column[string](t, sql, "SELECT care_recipient_id FROM person ORDER BY id"))
	today := care.NewDate(2026, time.May, 1)
	for _, test := range []struct {
		name         string
		listed       db.ListedPeople
		accepted     bool
		absent, held int
	}{
		{"a list was not read", db.ListedPeople{People: known[:6], ByConnection: map[care.ID]int{connections[0]: 6}}, true, 0, 3},
		{"an empty list", db.ListedPeople{People: known[:5], ByConnection: map[care.ID]int{connections[0]: 5, connections[1]: 0}}, false, 0, 4},
		{"a list without more than half", db.ListedPeople{People: append(known[:2:2], known[6:]...), ByConnection: map[care.ID]int{connections[0]: 2, connections[1]: 3}}, false, 0, 4},
		{"all lists", db.ListedPeople{People: append(known[:5:5], known[6:8]...), ByConnection: map[care.ID]int{connections[0]: 5, connections[1]: 2}}, false, 2, 0},
		{"an empty list that someone has accepted", db.ListedPeople{People: known[:5], ByConnection: map[care.ID]int{connections[0]: 5, connections[1]: 0}}, true, 2, 0},
	} {
		b.ID = db.NewID()
		b.Plan(t, stored.EveryCareRecipient)
		require.NoError(t, b.Store.MarkAbsent(t.Context(), b.Organisation.ID, b.ID, test.listed, test.accepted, today), test.name)
		require.Equal(t, test.absent, b.View(t).Absent, test.name)
		require.Equal(t, test.held, b.View(t).AbsentHeld, test.name)
	}
	require.ElementsMatch(t, b.People[5:], testkit.Column[care.ID](t, sql, "SELECT id::text FROM person WHERE not_in_care_since = '2026-05-01'"))
}

func TestReadingTheListsAgainKeepsHowManyWereMarked(t *testing.T) {
	t.Parallel()
	b, sql, connections := absences(t)
	known := numbered(testkit.Column[string](t, sql, "SELECT care_recipient_id FROM person ORDER BY id"))
	listed := db.ListedPeople{People: known[:8], ByConnection: map[care.ID]int{connections[0]: 6, connections[1]: 2}}
	for range 2 {
		require.NoError(t, b.Store.MarkAbsent(t.Context(), b.Organisation.ID, b.ID, listed, false, care.NewDate(2026, time.May, 1)))
		require.Equal(t, 1, b.View(t).Absent)
	}
}

// A run from before someone was given a sync of their own says nothing about that.
func TestOnlyALaterRunSettlesWhoJoinedIt(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 1, stored.EveryCareRecipient)
	workflow := protocol.CareRecipientSyncID(b.People[0])
	ended := func() {
		id := db.NewID()
		require.NoError(t, b.Store.RecordRun(t.Context(), db.RunStart{
			ID: id, Kind: care.RunCareRecipient, WorkflowID: workflow, StartedAt: time.Now(),
			Request: care.Request{OrganisationID: b.Organisation.ID, PersonID: b.People[0], Trigger: care.TriggerClaim},
		}))
		_, err := b.Store.FinishRun(t.Context(), b.Organisation.ID, care.RunResult{RunID: id, Outcome: care.RunSucceeded, Counts: care.Counts{}}, nil)
		require.NoError(t, err)
	}
	settle := func() int {
		require.NoError(t, b.Store.SettleJoined(t.Context(), b.Organisation.ID, b.ID, b.People[0], workflow))
		return b.View(t).Counts.Processed
	}
	ended()
	require.NoError(t, b.Store.EscalateItems(t.Context(), b.Organisation.ID, b.ID, b.People))
	require.Zero(t, settle())
	ended()
	require.Equal(t, 1, settle())
}

// Whoever is given a sync of their own is marked with the end of the pass that failed, in one statement.
func TestAPassThatEscalatesMarksThePerson(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 1, stored.EveryCareRecipient)
	id := db.BulkRunID(b.ID, b.People[0])
	require.NoError(t, b.Store.RecordRun(t.Context(), db.RunStart{
		ID: id, Kind: care.RunCareRecipient, WorkflowID: protocol.BulkSyncID(b.ID), StartedAt: time.Now(),
		Request: care.Request{OrganisationID: b.Organisation.ID, PersonID: b.People[0], Trigger: care.TriggerBulk, BulkID: b.ID},
	}))
	require.NoError(t, b.Store.EscalateRun(t.Context(), b.Organisation.ID,
		care.RunResult{RunID: id, Outcome: care.RunFailed, Reason: care.ReasonServiceUnavailable, Counts: care.Counts{}}, nil))
	require.Equal(t, care.BulkCounts{Selected: 1, Escalated: 1}, b.View(t).Counts)
	escalated, err := b.Store.EscalatedItems(t.Context(), b.Organisation.ID, b.ID, 0)
	require.NoError(t, err)
	require.Equal(t, b.People, escalated)
	unsettled, setAside, err := b.Store.UnsettledOfChunk(t.Context(), db.BulkChunk{OrganisationID: b.Organisation.ID, BulkID: b.ID})
	require.NoError(t, err)
	require.Equal(t, b.People, unsettled)
	require.Zero(t, setAside)
}

// The ledger's indexes grow at their end: the runs of a bulk run stand after those of the one before.
func TestRunIDsOfABulkRunSortByItsTime(t *testing.T) {
	t.Parallel()
	const later = "0198a3c0-0000-7000-8000-000000000000"
	const before = "01986cd0-0000-7000-8000-000000000000"
	ids := map[care.ID]bool{}
	for range 100 {
		person := db.NewID()
		require.Less(t, db.BulkRunID(before, person), db.BulkRunID(later, person))
		require.Equal(t, db.BulkRunID(before, person), db.BulkRunID(before, person), "an attempt which is made again answers from the ledger")
		ids[db.BulkRunID(before, person)] = true
	}
	require.Len(t, ids, 100)
	require.NotEqual(t, db.BulkRunID(before, before), db.BulkRunID("01986cd0-0000-7000-8000-000000000001", before), "bulk runs of the same moment")
}
