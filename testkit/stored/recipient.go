package stored

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit"
)

// Recipient is a person with a plan and a budget, stored by hand.
type Recipient struct {
	Address      string
	Store        *db.Store
	Organisation care.Organisation
	Client       read.Person
	Plan         care.ID
	Budget       care.ID
	Now          time.Time
}

// NewRecipient stores the organisation "wattle" with Ada Wren.
func NewRecipient(t testing.TB) Recipient {
	t.Helper()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	r := Recipient{
		Address: address, Store: store, Organisation: Organisation(t, store, "wattle"), Plan: db.NewID(), Budget: db.NewID(),
		Now: time.Date(2026, time.May, 1, 2, 0, 0, 0, time.UTC),
	}
	testkit.AddPeople(t, store, r.Organisation.ID, Person("Ada", "Wren", "415056224"))
	r.Client = PersonOf(t, store, r.Organisation, "415056224")
	r.Execute(t, `INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id, start_date)
	              VALUES ($2, $1, $3, '415056224', '2025-11-01')`, r.Plan, r.Client.ID)
	r.Execute(t, `INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, start_date,
	                                  end_date, status, total, used, available, usage_amount, ordinal)
	              VALUES ($2, $1, $3, 'B1', '4000012345', 'ON', 'Home support ongoing', '2026-04-01', '2026-06-30', 'OPEN',
	                      16757.56, 50.00, NULL, 50.00, 0)`, r.Budget, r.Plan)
	return r
}

// Execute passes the organisation as $1.
func (r Recipient) Execute(t testing.TB, statement string, arguments ...any) {
	t.Helper()
	Execute(t, r.Address, statement, append([]any{r.Organisation.ID}, arguments...)...)
}

// Run writes the row of a run, which is under way unless started is zero.
func (r Recipient) Run(t testing.TB, id care.ID, started time.Time) care.ID {
	t.Helper()
	require.NoError(t, r.Store.RecordRun(t.Context(), db.RunStart{
		ID: id, Kind: care.RunCareRecipient, WorkflowID: protocol.CareRecipientSyncID(r.Client.ID), StartedAt: started,
		Request: care.Request{OrganisationID: r.Organisation.ID, PersonID: r.Client.ID, Trigger: care.TriggerOnDemand, RequestedBy: "tests"},
	}))
	return id
}

// Step writes the answer of a step.
func (r Recipient) Step(t testing.TB, run care.ID, area care.Area, chunk int, answer care.AreaResult) {
	t.Helper()
	encoded, err := json.Marshal(answer)
	require.NoError(t, err)
	r.Execute(t, `INSERT INTO sync_step (organisation_id, run_id, area, chunk, outcome, reason, answer, as_of)
	              VALUES ($1, $2, $3, $4, $5, $6, $7, now())`, run, area, chunk, answer.Outcome, answer.Reason, encoded)
}

// Progress reads how far a run has come.
func (r Recipient) Progress(t testing.TB, run care.ID) read.RunProgress {
	t.Helper()
	progress, err := read.From(r.Store).RunProgress(t.Context(), r.Organisation.ID, run)
	require.NoError(t, err)
	return progress
}

// Finish ends a run, as its last step does.
func (r Recipient) Finish(t testing.TB, run care.ID, areas map[care.Area]care.AreaResult, issues ...care.Issue) {
	t.Helper()
	result := care.Conclude(areas)
	result.RunID = run
	plan, err := r.Store.FinishRun(t.Context(), r.Organisation.ID, result, issues)
	require.NoError(t, err)
	require.Equal(t, r.Plan, plan)
}
