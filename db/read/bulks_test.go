package read_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

func TestABulkRunIsCountedFromItsRows(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 6, stored.EveryCareRecipient)
	require.Equal(t, care.BulkCounts{Selected: 6}, b.View(t).Counts)
	require.Equal(t, read.BulkRunning, b.View(t).State)
	require.Nil(t, b.View(t).EstimatedEnd, "no one is done yet")

	b.Run(t, b.People[0], care.RunSucceeded, "")
	refused := b.Run(t, b.People[1], care.RunPartial, care.ReasonConsentRefused, care.Issue{
		Severity: care.SeverityError, Area: care.AreaBudgets, Code: "consent_refused", Words: "Consent not provided"})
	b.Run(t, b.People[2], care.RunFailed, care.ReasonServiceUnavailable)
	require.NoError(t, b.Store.EscalateItems(t.Context(), b.Organisation.ID, b.ID, b.People[3:4]))

	view := b.View(t)
	require.Equal(t, care.BulkCounts{Selected: 6, Processed: 3, Succeeded: 1, Partial: 1, Failed: 1, Escalated: 1}, view.Counts)
	require.Greater(t, *view.PerMinute, 0.0)
	require.True(t, view.EstimatedEnd.After(view.RequestedAt))
	require.Len(t, view.Reasons, 2)
	require.NotEmpty(t, view.Reasons[0].Explanation)

	require.Len(t, b.Items(t, ""), 6)
	require.Len(t, b.Items(t, read.Unfinished), 3)
	require.Len(t, b.Items(t, read.Unsuccessful), 2)
	partly := b.Items(t, string(care.RunPartial))
	require.Len(t, partly, 1)
	require.Equal(t, b.People[1], partly[0].Person.ID)
	require.Equal(t, []string{"Consent not provided"}, partly[0].Words)
	require.Equal(t, refused, *partly[0].RunID)
	require.Equal(t, 2, partly[0].Warnings)
	require.Contains(t, partly[0].Explanation, "has not consented")

	_, _, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, b.ID, care.ReasonCancelled)
	require.NoError(t, err)
	view = b.View(t)
	require.Equal(t, read.BulkFinished, view.State)
	require.Equal(t, care.RunCancelled, view.Outcome)
	require.Equal(t, 3, view.Counts.Skipped)
	require.Equal(t, 6, view.Counts.Processed)
	require.Nil(t, view.PerMinute)
}

func TestABulkRunSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 2, stored.EveryCareRecipient)
	require.NoError(t, b.Store.NoteBulkWaiting(t.Context(), b.Organisation.ID, b.ID, care.Wait{Cause: care.WaitsForService, Words: "Planned outage until 4 am"}))
	view := b.View(t)
	require.Equal(t, read.BulkWaiting, view.State)
	require.False(t, view.Wait.Since.IsZero())
	require.Equal(t, care.Wait{Cause: care.WaitsForService, Service: care.ServicesAustralia, Words: "Planned outage until 4 am", Since: view.Wait.Since}, view.Wait)

	require.NoError(t, b.Store.NoteBulkWaiting(t.Context(), b.Organisation.ID, b.ID, care.Wait{Cause: care.WaitsForDatabase, Trouble: care.DatabaseFull}))
	locked := b.View(t).Wait
	require.Equal(t, care.WaitsForDatabase, locked.Cause, "our own trouble is not the government's (R38)")
	require.Equal(t, care.DatabaseFull, locked.Trouble)
	require.Empty(t, locked.Words)
	require.True(t, locked.Since.After(view.Wait.Since), "it waits for that since now")

	require.NoError(t, b.Store.SetBulkPaused(t.Context(), b.Organisation.ID, b.ID, true))
	require.NoError(t, b.Store.NoteBulkPausedBy(t.Context(), b.Organisation.ID, b.ID, "cli: mary"))
	paused := b.View(t)
	require.Equal(t, read.BulkPaused, paused.State, "what an operator did comes first")
	require.Equal(t, care.Wait{Cause: care.WaitsForPerson, By: "cli: mary", Since: *paused.PausedAt}, paused.Wait)
	require.NoError(t, b.Store.SetBulkPaused(t.Context(), b.Organisation.ID, b.ID, false))
	require.NoError(t, b.Store.ClearBulkWaiting(t.Context(), b.Organisation.ID, b.ID))
	require.False(t, b.View(t).Wait.Known())
}

// Whose plan has not started has not failed, and neither has who was not reached.
func TestWhoHasNotFailedIsNotCountedAsFailed(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 4, stored.EveryCareRecipient)
	sql := testkit.OpenSQL(t, b.Address)
	sql.Exec(t, `UPDATE bulk_item SET outcome = 'failed', settled_at = now(), reason = CASE WHEN i.place = 1 THEN 'plan_in_future' ELSE 'no_plan' END
		FROM (SELECT person_id, row_number() OVER (ORDER BY person_id) AS place FROM bulk_item) i WHERE i.person_id = bulk_item.person_id AND i.place <= 2`)
	counts, _, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, b.ID, care.ReasonBulkLost)
	require.NoError(t, err)
	require.Equal(t, care.BulkCounts{Selected: 4, Processed: 4, Failed: 1, NotStarted: 1, Skipped: 2}, counts)
	require.Equal(t, counts, b.View(t).Counts)
}

// R38: a bulk run that stands still has no speed and no end, however well it went before.
func TestABulkRunThatStandsStillHasNoSpeed(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 3, stored.EveryCareRecipient)
	sql := testkit.OpenSQL(t, b.Address)
	sql.Exec(t, "UPDATE bulk_run SET planned_at = now() - interval '4 minutes'")
	settle := func(ago string) {
		sql.Exec(t, "UPDATE bulk_item SET outcome = 'succeeded', settled_at = now() - $1::interval WHERE person_id IN (SELECT person_id FROM bulk_item ORDER BY person_id LIMIT 2)", ago)
	}
	settle("5 seconds")
	require.NotNil(t, b.View(t).EstimatedEnd)
	settle("250 seconds") // no one for longer than two others took
	require.NotNil(t, b.View(t).PerMinute, "its people take as long as that")
	sql.Exec(t, "UPDATE bulk_run SET planned_at = now() - interval '40 seconds'")
	settle("70 seconds")
	require.Nil(t, b.View(t).PerMinute)
	require.Nil(t, b.View(t).EstimatedEnd)
}

func TestBulkRunsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 2, stored.EveryCareRecipient)
	first := b.ID
	_, _, err := b.Store.FinishBulk(t.Context(), b.Organisation.ID, first, "")
	require.NoError(t, err)
	b.ID = db.NewID()
	b.Plan(t, stored.EveryCareRecipient)

	page, more, err := read.From(b.Store).Bulks(t.Context(), b.Organisation.ID, read.BulkFilter{Most: 1})
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, b.ID, page[0].ID)
	page, more, err = read.From(b.Store).Bulks(t.Context(), b.Organisation.ID, read.BulkFilter{Most: 1, Before: b.ID})
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, first, page[0].ID)
	page, _, err = read.From(b.Store).Bulks(t.Context(), b.Organisation.ID, read.BulkFilter{Most: 10, Outcome: read.Unfinished})
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, b.ID, page[0].ID)
	page, err = read.From(b.Store).BulksByID(t.Context(), b.Organisation.ID, []care.ID{first, db.NewID()})
	require.NoError(t, err)
	require.Len(t, page, 1)
}

func TestPeopleOfABulkRunArePaged(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 5, stored.EveryCareRecipient)
	var seen []care.ID
	for after, more := care.ID(""), true; more; {
		var page []read.BulkItem
		var err error
		page, more, err = read.From(b.Store).BulkItems(t.Context(), b.Organisation.ID, b.ID, read.ItemFilter{After: after, Most: 2})
		require.NoError(t, err)
		for _, item := range page {
			seen = append(seen, item.Person.ID)
			after = item.Person.ID
		}
	}
	require.Equal(t, b.People, seen)
}

// A report has more people than a page.
func TestAReportHasEveryoneOnce(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 2100, stored.EveryCareRecipient)
	seen := map[care.ID]bool{}
	b.Statements.Reset()
	for item, err := range read.From(b.Store).AllBulkItems(t.Context(), b.Organisation.ID, b.View(t).BulkSummary) {
		require.NoError(t, err)
		seen[item.Person.ID] = true
	}
	require.Len(t, seen, 2100)
	require.Equal(t, []string{"ListBulks", "CountBulkReasons", "ListUnknown", "ListBulkItems", "ListBulkItems", "ListBulkItems"}, b.Statements.Names())
}

func TestUnknownPeopleAreListed(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 1, stored.EveryCareRecipient)
	listed := db.ListedPeople{People: []care.Identity{{CareRecipientID: "77"}, {CareRecipientID: "415000000"}, {CareRecipientID: "66"}}}
	require.NoError(t, b.Store.ReportUnknown(t.Context(), b.Organisation.ID, b.ID, listed))
	view := b.View(t)
	require.Equal(t, 2, view.Unknown)
	require.Equal(t, []read.UnknownPerson{{CareRecipientID: "66"}, {CareRecipientID: "77"}}, view.UnknownPeople, "who is known is not among them")
	require.Equal(t, view.UnknownPeople, allUnknown(t, b))
}

func allUnknown(t *testing.T, b stored.BulkRun) (all []read.UnknownPerson) {
	t.Helper()
	for listed, err := range read.From(b.Store).AllUnknown(t.Context(), b.Organisation.ID, b.ID) {
		require.NoError(t, err)
		all = append(all, listed)
	}
	return all
}

// R33: whoever is listed under an unknown number with the name and birth date of someone who is gone stands beside that person.
func TestWhoIsGoneAndListedAgainStandSideBySide(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 3, stored.EveryCareRecipient) // Ada Wren 0, 1, 2: digits are no letters, so that they are namesakes
	sql := testkit.OpenSQL(t, b.Address)
	sql.Exec(t, "UPDATE person SET family_name = 'Lark' WHERE care_recipient_id = '415000001'")
	sql.Exec(t, "UPDATE person SET family_name = 'Crake' WHERE care_recipient_id = '415000002'")
	connection, err := b.Store.CreateConnection(t.Context(), b.Organisation.ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	named := func(family, careRecipientID string) care.Identity {
		return care.Identity{GivenName: "Ada", FamilyName: family, BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: careRecipientID}
	}
	listed := db.ListedPeople{
		People:       []care.Identity{named("Lark", "99"), named("Wren", "415000000"), named("Wren", "66"), {CareRecipientID: "77"}},
		ByConnection: map[care.ID]int{connection.ID: 4},
	}
	report := func(listed db.ListedPeople) []read.UnknownPerson {
		require.NoError(t, b.Store.ReportUnknown(t.Context(), b.Organisation.ID, b.ID, listed))
		require.Equal(t, allUnknown(t, b), b.View(t).UnknownPeople)
		return b.View(t).UnknownPeople
	}
	none := []read.UnknownPerson{{CareRecipientID: "66"}, {CareRecipientID: "77"}, {CareRecipientID: "99"}}

	updates := listed
	updates.ByConnection = nil
	require.Equal(t, none, report(updates), "absence from a list of updates proves nothing (R5)")
	unread := listed
	unread.ByConnection = map[care.ID]int{}
	require.Equal(t, none, report(unread), "a list was not read")

	lark := stored.PersonOf(t, b.Store, b.Organisation, "415000001")
	gone := &read.PersonRef{ID: lark.ID, CareRecipientID: "415000001", GivenName: "Ada", FamilyName: "Lark"}
	require.Equal(t, []read.UnknownPerson{{CareRecipientID: "99", MayBe: gone}, {CareRecipientID: "66"}, {CareRecipientID: "77"}}, report(listed),
		"the Wren who is listed is not gone; who is unknown by name is no one's")
	other := stored.Organisation(t, b.Store, "banksia")
	testkit.AddPeople(t, b.Store, other.ID, stored.Person("Ada", "Wren", "415000000"))
	require.Equal(t, lark.ID, report(listed)[0].MayBe.ID, "another organisation's people are not looked at (R11)")

	require.NoError(t, b.Store.ChangeNumber(t.Context(), b.Organisation.ID, db.NumberChange{
		Person: lark.ID, Kind: care.CareRecipientIDNumber, Number: "99", RequestedBy: "tests", Note: "the letter of August",
	}))
	require.Equal(t, "99", b.View(t).UnknownPeople[0].MayBe.CareRecipientID, "what became of it is seen")
}

// R38: a bulk run that no worker begins says so, and one that a worker has started does not.
func TestABulkRunThatNoWorkerBegins(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 1, stored.EveryCareRecipient)
	sql := testkit.OpenSQL(t, b.Address)
	sql.Exec(t, "UPDATE bulk_run SET planned_at = NULL")
	require.False(t, b.View(t).Wait.Known(), "a worker may yet begin it")
	sql.Exec(t, "UPDATE bulk_run SET requested_at = now() - interval '2 minutes'")
	require.Equal(t, care.WaitsToBegin, b.View(t).Wait.Cause)
	require.Nil(t, b.View(t).StartedAt)

	options, err := b.Store.BeginBulk(t.Context(), b.Organisation.ID, b.ID)
	require.NoError(t, err)
	require.Equal(t, care.RunCareRecipient, options.Kind)
	require.Empty(t, b.View(t).Explanation, "it reads the lists, which takes its time")
	begun := b.View(t).StartedAt
	require.NotNil(t, begun)
	_, err = b.Store.BeginBulk(t.Context(), b.Organisation.ID, b.ID)
	require.NoError(t, err)
	require.Equal(t, begun, b.View(t).StartedAt, "it begins once")
	_, err = b.Store.BeginBulk(t.Context(), db.NewID(), b.ID)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
}

// R9, R38: who waits for the end of the run is counted, until they are settled.
func TestWhoIsSetAsideIsCounted(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 4, stored.EveryCareRecipient)
	require.Zero(t, b.View(t).SetAside)
	for i, cause := range []care.AsideCause{care.AsideUnavailable, care.AsideUnavailable, care.AsideContributions} {
		_, err := b.Store.SetItemAside(t.Context(), b.Organisation.ID, b.ID, b.People[i], cause, time.Now(), care.AreaBudgets)
		require.NoError(t, err)
	}
	require.Equal(t, read.SetAside{Unavailable: 2, Contributions: 1}, b.View(t).SetAside)
	b.Run(t, b.People[0], care.RunSucceeded, "")
	require.NoError(t, b.Store.EscalateItems(t.Context(), b.Organisation.ID, b.ID, b.People[1:2]))
	require.Equal(t, read.SetAside{Contributions: 1}, b.View(t).SetAside)
}

// R11: one organisation can never read another's.
func TestAnotherOrganisationsBulkRunsAreNotFound(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 1, stored.EveryCareRecipient)
	other := stored.Organisation(t, b.Store, "banksia").ID
	_, err := read.From(b.Store).Bulk(t.Context(), other, b.ID)
	require.ErrorIs(t, err, db.ErrNotFound)
	_, _, err = read.From(b.Store).BulkItems(t.Context(), other, b.ID, read.ItemFilter{Most: 1})
	require.ErrorIs(t, err, db.ErrNotFound)
	bulks, _, err := read.From(b.Store).Bulks(t.Context(), other, read.BulkFilter{Most: 10})
	require.NoError(t, err)
	require.Empty(t, bulks)
	people, err := read.From(b.Store).ResolvePeople(t.Context(), other, care.RunCareRecipient, []string{string(b.People[0]), "415000000"})
	require.NoError(t, err)
	require.Equal(t, []care.ID{"", ""}, people)
}

// A number can be one person's care recipient id and another's NDIS number.
func TestPeopleAreFoundByAnyOfTheirNumbers(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 1, stored.EveryCareRecipient)
	recipient := stored.Person("Ben", "Lark", "430000001")
	participant := db.PersonRecord{NDISNumber: "430000001", Identity: stored.Person("Cat", "Finch", "").Identity}
	testkit.AddPeople(t, b.Store, b.Organisation.ID, recipient, participant)
	ben := stored.PersonOf(t, b.Store, b.Organisation, "430000001").ID
	cat, err := read.From(b.Store).PersonByNDISNumber(t.Context(), b.Organisation, "430000001", time.Now())
	require.NoError(t, err)

	for kind, expected := range map[care.RunKind]care.ID{care.RunCareRecipient: ben, care.RunPACEContract: cat.ID} {
		people, err := read.From(b.Store).ResolvePeople(t.Context(), b.Organisation.ID, kind, []string{"430000001", "nobody", string(b.People[0])})
		require.NoError(t, err)
		require.Equal(t, []care.ID{expected, "", b.People[0]}, people)
	}
}

func TestOptionsAreShownByWhatPeopleKnow(t *testing.T) {
	t.Parallel()
	b := stored.NewBulkRun(t, 1, stored.EveryCareRecipient)
	connection, err := b.Store.CreateConnection(t.Context(), b.Organisation.ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	b.ID = db.NewID()
	b.Plan(t, care.BulkRequest{People: b.People, BulkOptions: care.BulkOptions{
		Kind: care.RunCareRecipient, Only: care.AreaContributions, Window: 3, ServiceProviderID: connection.ServiceProviderID, NotSyncedFor: care.Timespan(24 * time.Hour),
	}})
	options := b.View(t).Options
	require.Equal(t, "4000012345", options.ServiceProviderID)
	require.Equal(t, 1, *options.People)
	require.Equal(t, "24h0m0s", options.NotSyncedFor.String())
	require.Equal(t, care.AreaContributions, options.Only)
}
