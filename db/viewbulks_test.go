package db_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/words"
)

// bulkRun is an organisation with people and a planned bulk run over them.
type bulkRun struct {
	address      string
	statements   *testkit.Statements
	store        *db.Store
	organisation care.Organisation
	id           care.ID
	people       []care.ID
}

var everyCareRecipient = care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}}

func newBulkRun(t *testing.T, people int, request care.BulkRequest) bulkRun {
	t.Helper()
	b := bulkRun{address: testkit.DatabaseURL(t), statements: &testkit.Statements{}, id: db.NewID()}
	store, err := db.Open(t.Context(), b.address, testkit.Keyring(), db.Options{Tracer: b.statements})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	b.store, b.organisation = store, newOrganisation(t, store, "wattle")
	var rows []db.ImportedPerson
	for i := range people {
		rows = append(rows, person(i+2, "Ada", fmt.Sprintf("Wren %d", i), fmt.Sprint(415000000+i)))
	}
	importPeople(t, store, b.organisation, rows...)
	b.plan(t, request)
	items, _, err := read.From(store).BulkItems(t.Context(), b.organisation.ID, b.id, read.ItemFilter{Most: people})
	require.NoError(t, err)
	for _, item := range items {
		b.people = append(b.people, item.Person.ID)
	}
	return b
}

func (b bulkRun) plan(t *testing.T, request care.BulkRequest) {
	t.Helper()
	bulk := db.Bulk{ID: b.id, OrganisationID: b.organisation.ID, RequestedBy: "tests", Request: request}
	require.NoError(t, b.store.RecordBulk(t.Context(), bulk))
	_, _, err := b.store.PlanBulk(t.Context(), bulk, db.BulkSize{PerBatch: 100, PerChunk: 10}, nil, time.Now())
	require.NoError(t, err)
}

// run lets a person's run end, which settles the person.
func (b bulkRun) run(t *testing.T, person care.ID, outcome care.RunOutcome, reason care.Reason, issues ...care.Issue) care.ID {
	t.Helper()
	id := db.BulkRunID(b.id, person)
	require.NoError(t, b.store.RecordRun(t.Context(), db.RunStart{
		ID: id, Kind: care.RunCareRecipient, WorkflowID: protocol.BulkSyncID(b.id), StartedAt: time.Now(),
		Request: care.Request{OrganisationID: b.organisation.ID, PersonID: person, Trigger: care.TriggerBulk, BulkID: b.id},
	}))
	_, err := b.store.FinishRun(t.Context(), b.organisation.ID, care.RunResult{
		RunID: id, Outcome: outcome, Reason: reason, Counts: care.Counts{}, Warnings: 2, Areas: ended(care.Areas...),
	}, issues)
	require.NoError(t, err)
	return id
}

// ended are areas that a run has read.
func ended(areas ...care.Area) map[care.Area]care.AreaResult {
	all := make(map[care.Area]care.AreaResult)
	for _, area := range areas {
		all[area] = care.AreaResult{Outcome: care.AreaSucceeded}
	}
	return all
}

func (b bulkRun) view(t *testing.T) read.Bulk {
	t.Helper()
	view, err := read.From(b.store).Bulk(t.Context(), b.organisation.ID, b.id)
	require.NoError(t, err)
	return view
}

func (b bulkRun) items(t *testing.T, outcome string) []read.BulkItem {
	t.Helper()
	items, more, err := read.From(b.store).BulkItems(t.Context(), b.organisation.ID, b.id, read.ItemFilter{Outcome: outcome, Most: read.MostPerPage})
	require.NoError(t, err)
	require.False(t, more)
	return items
}

func TestABulkRunIsCountedFromItsRows(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 6, everyCareRecipient)
	require.Equal(t, care.BulkCounts{Selected: 6}, b.view(t).Counts)
	require.Equal(t, read.BulkRunning, b.view(t).State)
	require.Nil(t, b.view(t).EstimatedEnd, "no one is done yet")

	b.run(t, b.people[0], care.RunSucceeded, "")
	refused := b.run(t, b.people[1], care.RunPartial, care.ReasonConsentRefused, care.Issue{
		Severity: care.SeverityError, Area: care.AreaBudgets, Code: "consent_refused", Words: "Consent not provided"})
	b.run(t, b.people[2], care.RunFailed, care.ReasonServiceUnavailable)
	require.NoError(t, b.store.EscalateItems(t.Context(), b.organisation.ID, b.id, b.people[3:4]))

	view := b.view(t)
	require.Equal(t, care.BulkCounts{Selected: 6, Processed: 3, Succeeded: 1, Partial: 1, Failed: 1, Escalated: 1}, view.Counts)
	require.Greater(t, *view.PerMinute, 0.0)
	require.True(t, view.EstimatedEnd.After(view.RequestedAt))
	require.Len(t, view.Reasons, 2)
	require.NotEmpty(t, view.Reasons[0].Explanation)

	require.Len(t, b.items(t, ""), 6)
	require.Len(t, b.items(t, read.Unfinished), 3)
	require.Len(t, b.items(t, read.Unsuccessful), 2)
	partly := b.items(t, string(care.RunPartial))
	require.Len(t, partly, 1)
	require.Equal(t, b.people[1], partly[0].Person.ID)
	require.Equal(t, []string{"Consent not provided"}, partly[0].Words)
	require.Equal(t, refused, *partly[0].RunID)
	require.Equal(t, 2, partly[0].Warnings)
	require.Contains(t, partly[0].Explanation, "has not consented")

	_, _, err := b.store.FinishBulk(t.Context(), b.organisation.ID, b.id, care.ReasonCancelled)
	require.NoError(t, err)
	view = b.view(t)
	require.Equal(t, read.BulkFinished, view.State)
	require.Equal(t, care.RunCancelled, view.Outcome)
	require.Equal(t, 3, view.Counts.Skipped)
	require.Equal(t, 6, view.Counts.Processed)
	require.Nil(t, view.PerMinute)
}

func TestABulkRunSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 2, everyCareRecipient)
	require.NoError(t, b.store.NoteBulkWaiting(t.Context(), b.organisation.ID, b.id, "Planned outage until 4 am"))
	view := b.view(t)
	require.Equal(t, read.BulkWaiting, view.State)
	require.NotNil(t, view.WaitingSince)
	require.Equal(t, "Planned outage until 4 am", view.WaitingWords)

	require.NoError(t, b.store.SetBulkPaused(t.Context(), b.organisation.ID, b.id, true))
	require.Equal(t, read.BulkPaused, b.view(t).State, "what an operator did comes first")
}

func TestBulkRunsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 2, everyCareRecipient)
	first := b.id
	_, _, err := b.store.FinishBulk(t.Context(), b.organisation.ID, first, "")
	require.NoError(t, err)
	b.id = db.NewID()
	b.plan(t, everyCareRecipient)

	page, more, err := read.From(b.store).Bulks(t.Context(), b.organisation.ID, read.BulkFilter{Most: 1})
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, b.id, page[0].ID)
	page, more, err = read.From(b.store).Bulks(t.Context(), b.organisation.ID, read.BulkFilter{Most: 1, Before: b.id})
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, first, page[0].ID)
	page, _, err = read.From(b.store).Bulks(t.Context(), b.organisation.ID, read.BulkFilter{Most: 10, Outcome: read.Unfinished})
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, b.id, page[0].ID)
	page, err = read.From(b.store).BulksByID(t.Context(), b.organisation.ID, []care.ID{first, db.NewID()})
	require.NoError(t, err)
	require.Len(t, page, 1)
}

func TestPeopleOfABulkRunArePaged(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 5, everyCareRecipient)
	var seen []care.ID
	for after, more := care.ID(""), true; more; {
		var page []read.BulkItem
		var err error
		page, more, err = read.From(b.store).BulkItems(t.Context(), b.organisation.ID, b.id, read.ItemFilter{After: after, Most: 2})
		require.NoError(t, err)
		for _, item := range page {
			seen = append(seen, item.Person.ID)
			after = item.Person.ID
		}
	}
	require.Equal(t, b.people, seen)
}

// A report has more people than a page.
func TestAReportHasEveryoneOnce(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 2100, everyCareRecipient)
	seen := map[care.ID]bool{}
	b.statements.Reset()
	for item, err := range read.From(b.store).AllBulkItems(t.Context(), b.organisation.ID, b.view(t).BulkSummary) {
		require.NoError(t, err)
		seen[item.Person.ID] = true
	}
	require.Len(t, seen, 2100)
	require.Equal(t, []string{"ListBulks", "CountBulkReasons", "ListUnknown", "ListBulkItems", "ListBulkItems", "ListBulkItems"}, b.statements.Names())
}

func TestUnknownPeopleAreListed(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 1, everyCareRecipient)
	listed := db.ListedPeople{People: []care.Identity{{CareRecipientID: "77"}, {CareRecipientID: "415000000"}, {CareRecipientID: "66"}}}
	require.NoError(t, b.store.ReportUnknown(t.Context(), b.organisation.ID, b.id, listed))
	view := b.view(t)
	require.Equal(t, 2, view.Unknown)
	require.Equal(t, []read.UnknownPerson{{CareRecipientID: "66"}, {CareRecipientID: "77"}}, view.UnknownPeople, "who is known is not among them")
	require.Equal(t, view.UnknownPeople, b.allUnknown(t))
}

func (b bulkRun) allUnknown(t *testing.T) (all []read.UnknownPerson) {
	t.Helper()
	for listed, err := range read.From(b.store).AllUnknown(t.Context(), b.organisation.ID, b.id) {
		require.NoError(t, err)
		all = append(all, listed)
	}
	return all
}

// R33: whoever is listed under an unknown number with the name and birth date of someone who is gone stands beside that person.
func TestWhoIsGoneAndListedAgainStandSideBySide(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 3, everyCareRecipient) // Ada Wren 0, 1, 2: digits are no letters, so that they are namesakes
	sql := testkit.OpenSQL(t, b.address)
	sql.Exec(t, "UPDATE person SET family_name = 'Lark' WHERE care_recipient_id = '415000001'")
	sql.Exec(t, "UPDATE person SET family_name = 'Crake' WHERE care_recipient_id = '415000002'")
	connection, err := b.store.CreateConnection(t.Context(), b.organisation.ID, exampleConnection("4000012345"))
	require.NoError(t, err)
	named := func(family, careRecipientID string) care.Identity {
		return care.Identity{GivenName: "Ada", FamilyName: family, BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: careRecipientID}
	}
	listed := db.ListedPeople{
		People:       []care.Identity{named("Lark", "99"), named("Wren", "415000000"), named("Wren", "66"), {CareRecipientID: "77"}},
		ByConnection: map[care.ID]int{connection.ID: 4},
	}
	report := func(listed db.ListedPeople) []read.UnknownPerson {
		require.NoError(t, b.store.ReportUnknown(t.Context(), b.organisation.ID, b.id, listed))
		require.Equal(t, b.allUnknown(t), b.view(t).UnknownPeople)
		return b.view(t).UnknownPeople
	}
	none := []read.UnknownPerson{{CareRecipientID: "66"}, {CareRecipientID: "77"}, {CareRecipientID: "99"}}

	updates := listed
	updates.ByConnection = nil
	require.Equal(t, none, report(updates), "absence from a list of updates proves nothing (R5)")
	unread := listed
	unread.ByConnection = map[care.ID]int{}
	require.Equal(t, none, report(unread), "a list was not read")

	lark := clientOf(t, b.store, b.organisation, "415000001")
	gone := &read.PersonRef{ID: lark.ID, CareRecipientID: "415000001", GivenName: "Ada", FamilyName: "Lark"}
	require.Equal(t, []read.UnknownPerson{{CareRecipientID: "99", MayBe: gone}, {CareRecipientID: "66"}, {CareRecipientID: "77"}}, report(listed),
		"the Wren who is listed is not gone; who is unknown by name is no one's")
	other := newOrganisation(t, b.store, "banksia")
	importPeople(t, b.store, other, person(2, "Ada", "Wren", "415000000"))
	require.Equal(t, lark.ID, report(listed)[0].MayBe.ID, "another organisation's people are not looked at (R11)")

	require.NoError(t, b.store.ChangeNumber(t.Context(), b.organisation.ID, db.NumberChange{
		Person: lark.ID, Kind: care.CareRecipientIDNumber, Number: "99", RequestedBy: "tests", Note: "the letter of August",
	}))
	require.Equal(t, "99", b.view(t).UnknownPeople[0].MayBe.CareRecipientID, "what became of it is seen")
}

// R38: a bulk run that no worker begins says so, and one that a worker has started does not.
func TestABulkRunThatNoWorkerBegins(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 1, everyCareRecipient)
	sql := testkit.OpenSQL(t, b.address)
	sql.Exec(t, "UPDATE bulk_run SET planned_at = NULL")
	require.Empty(t, b.view(t).Explanation, "a worker may yet begin it")
	sql.Exec(t, "UPDATE bulk_run SET requested_at = now() - interval '2 minutes'")
	require.Equal(t, words.NotBegun, b.view(t).Explanation)
	require.Nil(t, b.view(t).StartedAt)

	options, err := b.store.BeginBulk(t.Context(), b.organisation.ID, b.id)
	require.NoError(t, err)
	require.Equal(t, care.RunCareRecipient, options.Kind)
	require.Empty(t, b.view(t).Explanation, "it reads the lists, which takes its time")
	begun := b.view(t).StartedAt
	require.NotNil(t, begun)
	_, err = b.store.BeginBulk(t.Context(), b.organisation.ID, b.id)
	require.NoError(t, err)
	require.Equal(t, begun, b.view(t).StartedAt, "it begins once")
	_, err = b.store.BeginBulk(t.Context(), db.NewID(), b.id)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
}

// R9, R38: who waits for the end of the run is counted, until they are settled.
func TestWhoIsSetAsideIsCounted(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 4, everyCareRecipient)
	require.Zero(t, b.view(t).SetAside)
	for i, cause := range []care.AsideCause{care.AsideUnavailable, care.AsideUnavailable, care.AsideContributions} {
		_, err := b.store.SetItemAside(t.Context(), b.organisation.ID, b.id, b.people[i], cause, time.Now(), care.AreaBudgets)
		require.NoError(t, err)
	}
	require.Equal(t, read.SetAside{Unavailable: 2, Contributions: 1}, b.view(t).SetAside)
	b.run(t, b.people[0], care.RunSucceeded, "")
	require.NoError(t, b.store.EscalateItems(t.Context(), b.organisation.ID, b.id, b.people[1:2]))
	require.Equal(t, read.SetAside{Contributions: 1}, b.view(t).SetAside)
}

// R11: one organisation can never read another's.
func TestAnotherOrganisationsBulkRunsAreNotFound(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 1, everyCareRecipient)
	other := newOrganisation(t, b.store, "banksia").ID
	_, err := read.From(b.store).Bulk(t.Context(), other, b.id)
	require.ErrorIs(t, err, db.ErrNotFound)
	_, _, err = read.From(b.store).BulkItems(t.Context(), other, b.id, read.ItemFilter{Most: 1})
	require.ErrorIs(t, err, db.ErrNotFound)
	bulks, _, err := read.From(b.store).Bulks(t.Context(), other, read.BulkFilter{Most: 10})
	require.NoError(t, err)
	require.Empty(t, bulks)
	people, err := read.From(b.store).ResolvePeople(t.Context(), other, care.RunCareRecipient, []string{string(b.people[0]), "415000000"})
	require.NoError(t, err)
	require.Equal(t, []care.ID{"", ""}, people)
}

// A number can be one person's care recipient id and another's NDIS number.
func TestPeopleAreFoundByAnyOfTheirNumbers(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 1, everyCareRecipient)
	recipient := person(2, "Ben", "Lark", "430000001")
	participant := db.ImportedPerson{Line: 3, NDISNumber: "430000001", Identity: person(3, "Cat", "Finch", "").Identity}
	importPeople(t, b.store, b.organisation, recipient, participant)
	ben := clientOf(t, b.store, b.organisation, "430000001").ID
	cat, err := read.From(b.store).PersonByNDISNumber(t.Context(), b.organisation, "430000001", time.Now())
	require.NoError(t, err)

	for kind, expected := range map[care.RunKind]care.ID{care.RunCareRecipient: ben, care.RunPACEContract: cat.ID} {
		people, err := read.From(b.store).ResolvePeople(t.Context(), b.organisation.ID, kind, []string{"430000001", "nobody", string(b.people[0])})
		require.NoError(t, err)
		require.Equal(t, []care.ID{expected, "", b.people[0]}, people)
	}
}

func TestOptionsAreShownByWhatPeopleKnow(t *testing.T) {
	t.Parallel()
	b := newBulkRun(t, 1, everyCareRecipient)
	connection, err := b.store.CreateConnection(t.Context(), b.organisation.ID, exampleConnection("4000012345"))
	require.NoError(t, err)
	b.id = db.NewID()
	b.plan(t, care.BulkRequest{People: b.people, BulkOptions: care.BulkOptions{
		Kind: care.RunCareRecipient, Only: care.AreaContributions, Window: 3, ServiceProviderID: connection.ServiceProviderID, NotSyncedFor: care.Timespan(24 * time.Hour),
	}})
	options := b.view(t).Options
	require.Equal(t, "4000012345", options.ServiceProviderID)
	require.Equal(t, 1, *options.People)
	require.Equal(t, "24h0m0s", options.NotSyncedFor.String())
	require.Equal(t, care.AreaContributions, options.Only)
}
