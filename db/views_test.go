package db_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit"
)

func execute(t *testing.T, address, statement string, arguments ...any) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer connection.Close(t.Context())
	_, err = connection.Exec(t.Context(), statement, arguments...)
	require.NoError(t, err)
}

// recipient is a person with a plan and a budget, stored by hand.
type recipient struct {
	address      string
	store        *db.Store
	organisation care.Organisation
	client       read.Person
	plan         care.ID
	budget       care.ID
	now          time.Time
}

func newRecipient(t *testing.T) recipient {
	t.Helper()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	r := recipient{
		address: address, store: store, organisation: newOrganisation(t, store, "wattle"), plan: db.NewID(), budget: db.NewID(),
		now: time.Date(2026, time.May, 1, 2, 0, 0, 0, time.UTC),
	}
	importPeople(t, store, r.organisation, person(2, "Ada", "Wren", "415056224"))
	r.client = clientOf(t, store, r.organisation, "415056224")
	r.execute(t, `INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id, start_date)
	              VALUES ($2, $1, $3, '415056224', '2025-11-01')`, r.plan, r.client.ID)
	r.execute(t, `INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, start_date,
	                                  end_date, status, total, used, available, usage_amount, ordinal)
	              VALUES ($2, $1, $3, 'B1', '4000012345', 'ON', 'Home support ongoing', '2026-04-01', '2026-06-30', 'OPEN',
	                      16757.56, 50.00, NULL, 50.00, 0)`, r.budget, r.plan)
	return r
}

// execute passes the organisation as $1.
func (r recipient) execute(t *testing.T, statement string, arguments ...any) {
	t.Helper()
	execute(t, r.address, statement, append([]any{r.organisation.ID}, arguments...)...)
}

func (r recipient) run(t *testing.T, id care.ID, started time.Time) care.ID {
	t.Helper()
	require.NoError(t, r.store.RecordRun(t.Context(), db.RunStart{
		ID: id, Kind: care.RunCareRecipient, WorkflowID: protocol.CareRecipientSyncID(r.client.ID), StartedAt: started,
		Request: care.Request{OrganisationID: r.organisation.ID, PersonID: r.client.ID, Trigger: care.TriggerOnDemand, RequestedBy: "tests"},
	}))
	return id
}

func (r recipient) step(t *testing.T, run care.ID, area care.Area, chunk int, answer care.AreaResult) {
	t.Helper()
	encoded, err := json.Marshal(answer)
	require.NoError(t, err)
	r.execute(t, `INSERT INTO sync_step (organisation_id, run_id, area, chunk, outcome, reason, answer, as_of)
	              VALUES ($1, $2, $3, $4, $5, $6, $7, now())`, run, area, chunk, answer.Outcome, answer.Reason, encoded)
}

func (r recipient) progress(t *testing.T, run care.ID) read.RunProgress {
	t.Helper()
	progress, err := read.From(r.store).RunProgress(t.Context(), r.organisation.ID, run)
	require.NoError(t, err)
	return progress
}

func statesOf(progress read.RunProgress) (states []read.AreaState) {
	for _, area := range progress.Areas {
		states = append(states, area.State)
	}
	return states
}

func TestProgressFollowsTheStory(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	run := r.run(t, db.NewID(), time.Time{})
	require.Equal(t, read.RunQueued, r.progress(t, run).State)
	require.Equal(t, []read.AreaState{read.AreaWaiting, read.AreaWaiting, read.AreaWaiting, read.AreaWaiting}, statesOf(r.progress(t, run)))

	r.run(t, run, r.now)
	require.Equal(t, read.RunRunning, r.progress(t, run).State)
	require.Equal(t, []read.AreaState{read.AreaRunning, read.AreaWaiting, read.AreaWaiting, read.AreaWaiting}, statesOf(r.progress(t, run)))

	r.step(t, run, care.AreaSummary, 0, care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindClassification: {Created: 2}}})
	require.Equal(t, []read.AreaState{read.AreaDone, read.AreaRunning, read.AreaRunning, read.AreaWaiting}, statesOf(r.progress(t, run)))
	require.Equal(t, 2, r.progress(t, run).Counts[care.KindClassification].Synced)

	open := make([]care.ID, care.UsageChunk+1)
	r.step(t, run, care.AreaBudgets, 0, care.AreaResult{Outcome: care.AreaSucceeded, OpenBudgets: open})
	r.step(t, run, care.AreaUsage, 0, care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindBudgetUsage: {Created: 3}}})
	progress := r.progress(t, run)
	require.Equal(t, []read.AreaState{read.AreaDone, read.AreaRunning, read.AreaDone, read.AreaRunning}, statesOf(progress))
	require.Equal(t, care.UsageChunk, progress.Areas[3].BudgetsRead)
	require.Equal(t, care.UsageChunk+1, progress.Areas[3].BudgetsToRead)

	r.step(t, run, care.AreaUsage, 1, care.AreaResult{
		Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused, Counts: care.Counts{care.KindBudgetUsage: {Created: 1}}})
	usage := r.progress(t, run).Areas[3]
	require.Equal(t, read.AreaDone, usage.State)
	require.Equal(t, care.AreaRefused, usage.Outcome, "the chunk that went wrong stands for the area")
	require.Equal(t, 4, usage.Counts[care.KindBudgetUsage].Created)
	require.NotEmpty(t, usage.Explanation)
}

func TestRunViewShowsIssuesChangesAndHolds(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	run := r.run(t, db.NewID(), r.now)
	r.execute(t, `INSERT INTO sync_issue (organisation_id, run_id, area, severity, code, words, kind, details, position)
	              VALUES ($1, $2, 'budgets', 'error', 'consent_refused', 'Care recipient has not provided consent', '', NULL, 1)`, run)
	r.execute(t, `INSERT INTO record_change (organisation_id, run_id, kind, record_id, action, field, old_value, new_value, position)
	              VALUES ($1, $2, 'budget', $3, 'updated', 'total', '1.00', '2.00', 1)`, run, r.budget)
	r.execute(t, `INSERT INTO removal_hold (organisation_id, person_id, kind, run_id, records) VALUES ($1, $2, 'classification', $3, 2)`, r.client.ID, run)

	view, err := read.From(r.store).Run(t.Context(), r.organisation.ID, run)
	require.NoError(t, err)
	require.Equal(t, "Care recipient has not provided consent", view.Issues[0].Words)
	require.Equal(t, "Home support ongoing", view.Changes[0].Label)
	require.Equal(t, "2026-04-01", view.Changes[0].Since.String())
	require.Equal(t, 2, view.Holds[0].Records)
	require.Equal(t, r.plan, *view.PlanID)
}

// R5: a removal that was held back is accepted once, by someone in the organisation.
func TestAcceptHolds(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	other := newOrganisation(t, r.store, "banksia")
	run := r.run(t, db.NewID(), r.now)
	err := r.store.AcceptHolds(t.Context(), r.organisation.ID, run, "tests")
	require.ErrorIs(t, err, db.ErrNotFound)

	r.execute(t, `INSERT INTO removal_hold (organisation_id, person_id, kind, run_id, records) VALUES ($1, $2, 'classification', $3, 2)`, r.client.ID, run)
	err = r.store.AcceptHolds(t.Context(), other.ID, run, "tests")
	require.ErrorIs(t, err, db.ErrNotFound)
	require.NoError(t, r.store.AcceptHolds(t.Context(), r.organisation.ID, run, "tests"))
	accepted, err := read.From(r.store).RemovalHolds(t.Context(), r.organisation.ID, r.client.ID, run)
	require.NoError(t, err)
	require.Equal(t, "tests", accepted[0].AcceptedBy)
	err = r.store.AcceptHolds(t.Context(), r.organisation.ID, run, "tests")
	require.ErrorIs(t, err, db.ErrNotFound, "it was accepted before")
}

func TestRunsArePagedAndFiltered(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	other := newOrganisation(t, r.store, "banksia")
	var ids []care.ID
	for range 5 {
		ids = append([]care.ID{r.run(t, db.NewID(), r.now)}, ids...)
	}
	_, err := r.store.FinishRun(t.Context(), r.organisation.ID, care.RunResult{RunID: ids[2], Outcome: care.RunPartial, Counts: care.Counts{}}, nil)
	require.NoError(t, err)

	var seen []care.ID
	filter := read.RunFilter{Most: 2}
	for more := true; more; {
		var page []read.RunSummary
		page, more, err = read.From(r.store).Runs(t.Context(), r.organisation.ID, filter)
		require.NoError(t, err)
		for _, run := range page {
			seen = append(seen, run.ID)
			filter.Before = run.ID
		}
	}
	require.Equal(t, ids, seen)

	partial, _, err := read.From(r.store).Runs(t.Context(), r.organisation.ID, read.RunFilter{Outcome: string(care.RunPartial), Most: 10})
	require.NoError(t, err)
	require.Len(t, partial, 1)
	require.Equal(t, ids[2], partial[0].ID)
	unfinished, _, err := read.From(r.store).Runs(t.Context(), r.organisation.ID, read.RunFilter{Outcome: "unfinished", PersonID: r.client.ID, Most: 10})
	require.NoError(t, err)
	require.Len(t, unfinished, 4)
	theirs, _, err := read.From(r.store).Runs(t.Context(), other.ID, read.RunFilter{Most: 10})
	require.NoError(t, err)
	require.Empty(t, theirs)
	_, err = read.From(r.store).Run(t.Context(), other.ID, ids[0])
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestPlanView(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	run := r.run(t, db.NewID(), r.now)
	r.step(t, run, care.AreaSummary, 0, care.AreaResult{Outcome: care.AreaSucceeded})
	r.step(t, run, care.AreaUsage, 0, care.AreaResult{Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused})
	r.execute(t, `INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of) VALUES ($1, $2, 'summary', 1, 0, now())`, r.client.ID)
	r.execute(t, `INSERT INTO usage_fence (organisation_id, budget_id, ticket, previous_ticket, as_of) VALUES ($1, $2, 1, 0, now())`, r.budget)
	r.execute(t, `INSERT INTO classification (id, organisation_id, plan_id, code, name, funding_source, start_date, ordinal)
	              VALUES (gen_random_uuid(), $1, $2, 'ON_LEVEL_7', 'Level 7', 'ON', '2025-11-01', 0)`, r.plan)
	r.execute(t, `INSERT INTO contribution (organisation_id, plan_id, position, category, percentage, start_date, status)
	              VALUES ($1, $2, 1, 'EVERYDAY_LIVING', 17.5, '2025-11-01', 'DETERMINED'), ($1, $2, 2, 'CLINICAL', NULL, '2025-11-01', 'PENDING')`, r.plan)
	r.execute(t, `INSERT INTO entitlement (id, organisation_id, budget_id, code, amount, ordinal) VALUES (gen_random_uuid(), $1, $2, 'ON_RATE_7', 13047.49, 0)`, r.budget)
	r.execute(t, `INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, delivery_date, amount, ordinal)
	              VALUES (gen_random_uuid(), $1, $2, '900000123', '1', '4000012345', 'SERV-0012', '2026-04-03', 50.00, 0)`, r.budget)

	view, err := read.From(r.store).Plan(t.Context(), r.organisation, r.client.ID, r.now)
	require.NoError(t, err)
	require.True(t, view.Person.Plan.Active)
	require.Equal(t, "2026-05-01", view.Today.String())
	require.Len(t, view.Classifications, 1)
	require.False(t, view.Areas[0].Stale)
	require.True(t, view.Areas[3].Stale, "refused (R18)")
	require.NotNil(t, view.Areas[3].AsOf)
	require.Nil(t, view.Areas[1].AsOf, "never read")

	budget := view.Budgets[0]
	require.True(t, budget.Open)
	require.Len(t, budget.Entitlements, 1)
	require.Len(t, budget.Usage, 1)
	require.Nil(t, budget.Available, "absent is not zero (R3)")

	require.Equal(t, "16757.56", budget.Total.StringFixed(2))
	require.Equal(t, "50.00", budget.Used.StringFixed(2))
	require.Len(t, view.Contributions, 2)
	require.Nil(t, view.Contributions[0].Percentage, "absent is not zero (R3)")
	require.Equal(t, "17.5000", view.Contributions[1].Percentage.StringFixed(4))

	other := newOrganisation(t, r.store, "banksia")
	_, err = read.From(r.store).Plan(t.Context(), other, r.client.ID, r.now)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestPlanViewOfSomeoneNeverSynced(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	importPeople(t, store, organisation, person(2, "Ada", "Wren", "415056224"))
	view, err := read.From(store).Plan(t.Context(), organisation, clientOf(t, store, organisation, "415056224").ID, time.Now())
	require.NoError(t, err)
	require.Nil(t, view.Person.Plan)
	require.Empty(t, view.Budgets)
	require.NotNil(t, view.Budgets)
}

// R16: what was in force when stays readable.
func TestContributionsOnADay(t *testing.T) {
	t.Parallel()
	sydney, err := time.LoadLocation(care.DefaultTimeZone)
	require.NoError(t, err)
	at := func(day, hour int) time.Time { return time.Date(2026, time.April, day, hour, 0, 0, 0, sydney) }
	replaced := at(5, 10)
	view := read.Plan{History: []read.ContributionSet{{ReadAt: at(5, 10)}, {ReadAt: at(2, 23), ReplacedAt: &replaced}}}

	_, known := view.ContributionsOn(care.NewDate(2026, time.April, 1), sydney)
	require.False(t, known)
	set, known := view.ContributionsOn(care.NewDate(2026, time.April, 2), sydney)
	require.True(t, known)
	require.Equal(t, at(2, 23), set.ReadAt)
	set, known = view.ContributionsOn(care.NewDate(2026, time.April, 5), sydney)
	require.True(t, known)
	require.Equal(t, at(5, 10), set.ReadAt)
}

// R17: usage that was read before its invoice was stored is linked when the invoice comes.
func TestImportInvoicesLinksWaitingUsage(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	_, err := r.store.CreateConnection(t.Context(), r.organisation.ID, exampleConnection("4000012345"))
	require.NoError(t, err)
	for item, provider := range map[string]string{"1": "4000012345", "2": "4000012345", "": "4000099999"} {
		invoice := "900000123"
		if item == "" {
			invoice = ""
		}
		r.execute(t, `INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, delivery_date, amount, ordinal)
		              VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, 'SERV-0012', '2026-04-03', 50.00, 0)`, r.budget, invoice, item, provider)
	}
	line := func(number int, item string) db.ImportedInvoiceLine {
		return db.ImportedInvoiceLine{Line: number, InvoiceID: "900000123", ItemID: item, CareRecipientID: "415056224", ServiceCode: "SERV-0012",
			DeliveryDate: care.NewDate(2026, time.April, 3), Amount: decimal.RequireFromString("50.00")}
	}
	file := db.Import[db.ImportedInvoiceLine]{Rows: []db.ImportedInvoiceLine{line(2, "1"), line(3, "2"), line(4, "3")}}

	result, err := r.store.ImportInvoices(t.Context(), r.organisation.ID, file)
	require.NoError(t, err)
	require.Equal(t, db.InvoiceImportResult{ImportResult: db.ImportResult{Created: 3}, Linked: 2}, result)

	file.Rows[1].Amount = decimal.RequireFromString("49.95")
	result, err = r.store.ImportInvoices(t.Context(), r.organisation.ID, file)
	require.NoError(t, err)
	require.Equal(t, db.InvoiceImportResult{ImportResult: db.ImportResult{Updated: 1, Unchanged: 2}}, result)

	view, err := read.From(r.store).Plan(t.Context(), r.organisation, r.client.ID, r.now)
	require.NoError(t, err)
	for _, usage := range view.Budgets[0].Usage {
		require.Equal(t, usage.UpstreamInvoiceID != "", usage.InvoiceLineID != nil)
		require.Equal(t, usage.InvoiceLineID != nil, usage.Billed != nil)
		require.Equal(t, usage.InvoiceLineID != nil, usage.Drawn != nil)
	}
	billing := *view.Budgets[0].Billing
	require.Equal(t, []string{"99.95", "100.00", "-0.05"}, []string{
		billing.Billed.StringFixed(2), billing.Drawn.StringFixed(2), billing.Difference.StringFixed(2),
	}, "other providers' lines are not in it")
}

func TestImportInvoicesIsAllOrNothing(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	row := db.ImportedInvoiceLine{Line: 2, InvoiceID: "900000123", ItemID: "1", CareRecipientID: "415056224", Amount: decimal.NewFromInt(5)}
	twice, stranger := row, row
	twice.Line, stranger.Line, stranger.ItemID, stranger.CareRecipientID = 3, 4, "2", "999"

	_, err := r.store.ImportInvoices(t.Context(), r.organisation.ID, db.Import[db.ImportedInvoiceLine]{Rows: []db.ImportedInvoiceLine{row, twice, stranger}})
	var refused *db.ImportError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Problems, 2)

	result, err := r.store.ImportInvoices(t.Context(), r.organisation.ID, db.Import[db.ImportedInvoiceLine]{Rows: []db.ImportedInvoiceLine{row}})
	require.NoError(t, err)
	require.Equal(t, 1, result.Created, "nothing of the refused file was kept")
}

// R5: a pass that began to read before an operator accepted a removal, and holds it once more, does not undo the acceptance. More records
// than were accepted have to be accepted again.
func TestAnAcceptanceIsNotUndoneByAnOlderPass(t *testing.T) {
	r := newRecipient(t)
	sql := testkit.OpenSQL(t, r.address)
	accepting, older := r.run(t, db.NewID(), r.now), r.run(t, db.NewID(), r.now)
	hold := func(run care.ID, chunk, records int) {
		sql.Exec(t, `SELECT record_step($1, $2, $3, 'summary', $4, '{"outcome":"succeeded"}', now(), '[]', '[]',
			jsonb_build_array(jsonb_build_object('kind', 'classification', 'records', $5::int)))`, r.organisation.ID, run, r.client.ID, chunk, records)
	}
	accepted := func() bool {
		return testkit.Value[bool](t, sql, "SELECT accepted_at IS NOT NULL FROM removal_hold WHERE closed_at IS NULL")
	}
	hold(accepting, 0, 2)
	err := r.store.AcceptHolds(t.Context(), r.organisation.ID, accepting, "tests")
	require.NoError(t, err)
	hold(older, 0, 2)
	require.True(t, accepted())
	hold(older, 1, 3)
	require.False(t, accepted(), "more than the operator has seen")
}
