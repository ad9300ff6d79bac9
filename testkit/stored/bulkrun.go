package stored

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
)

// BulkRun is an organisation with people and a planned bulk run over them.
type BulkRun struct {
	Address      string
	Statements   *testkit.Statements
	Store        *db.Store
	Organisation care.Organisation
	ID           care.ID
	People       []care.ID
}

// EveryCareRecipient asks for a bulk run over everyone who has a care recipient id.
var EveryCareRecipient = care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}}

// NewBulkRun stores the organisation "wattle" with that many people, and plans a bulk run.
func NewBulkRun(t testing.TB, people int, request care.BulkRequest) BulkRun {
	t.Helper()
	b := BulkRun{Address: testkit.DatabaseURL(t), Statements: &testkit.Statements{}, ID: db.NewID()}
	store, err := db.Open(t.Context(), b.Address, testkit.Keyring(), db.Options{Tracer: b.Statements})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	b.Store, b.Organisation = store, Organisation(t, store, "wattle")
	var rows []db.PersonRecord
	for i := range people {
		rows = append(rows, Person("Ada", fmt.Sprintf("Wren %d", i), fmt.Sprint(415000000+i)))
	}
	testkit.AddPeople(t, store, b.Organisation.ID, rows...)
	b.Plan(t, request)
	items, _, err := read.From(store).BulkItems(t.Context(), b.Organisation.ID, b.ID, read.ItemFilter{Most: people})
	require.NoError(t, err)
	for _, item := range items {
		b.People = append(b.People, item.Person.ID)
	}
	return b
}

// Plan records a bulk run, and who is in it.
func (b BulkRun) Plan(t testing.TB, request care.BulkRequest) {
	t.Helper()
	bulk := db.Bulk{ID: b.ID, OrganisationID: b.Organisation.ID, RequestedBy: "tests", Request: request}
	require.NoError(t, b.Store.RecordBulk(t.Context(), bulk))
	_, _, err := b.Store.PlanBulk(t.Context(), bulk, db.BulkSize{PerBatch: 100, PerChunk: 10}, nil, time.Now())
	require.NoError(t, err)
}

// Run lets a person's run end, which settles the person.
func (b BulkRun) Run(t testing.TB, person care.ID, outcome care.RunOutcome, reason care.Reason, issues ...care.Issue) care.ID {
	t.Helper()
	id := db.BulkRunID(b.ID, person)
	require.NoError(t, b.Store.RecordRun(t.Context(), db.RunStart{
		ID: id, Kind: care.RunCareRecipient, WorkflowID: protocol.BulkSyncID(b.ID), StartedAt: time.Now(),
		Request: care.Request{OrganisationID: b.Organisation.ID, PersonID: person, Trigger: care.TriggerBulk, BulkID: b.ID},
	}))
	_, err := b.Store.FinishRun(t.Context(), b.Organisation.ID, care.RunResult{
		RunID: id, Outcome: outcome, Reason: reason, Counts: care.Counts{}, Warnings: 2, Areas: Ended(care.Areas...),
	}, issues)
	require.NoError(t, err)
	return id
}

// Ended are areas that a run has read.
func Ended(areas ...care.Area) map[care.Area]care.AreaResult {
	all := make(map[care.Area]care.AreaResult)
	for _, area := range areas {
		all[area] = care.AreaResult{Outcome: care.AreaSucceeded}
	}
	return all
}

// View reads the bulk run.
func (b BulkRun) View(t testing.TB) read.Bulk {
	t.Helper()
	view, err := read.From(b.Store).Bulk(t.Context(), b.Organisation.ID, b.ID)
	require.NoError(t, err)
	return view
}

// Items reads its people who have an outcome; an empty one is everyone.
func (b BulkRun) Items(t testing.TB, outcome string) []read.BulkItem {
	t.Helper()
	items, more, err := read.From(b.Store).BulkItems(t.Context(), b.Organisation.ID, b.ID, read.ItemFilter{Outcome: outcome, Most: read.MostPerPage})
	require.NoError(t, err)
	require.False(t, more)
	return items
}
