package read_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

func statesOf(progress read.RunProgress) (states []read.AreaState) {
	for _, area := range progress.Areas {
		states = append(states, area.State)
	}
	return states
}

func TestProgressFollowsTheStory(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	run := r.Run(t, db.NewID(), time.Time{})
	require.Equal(t, read.RunQueued, r.Progress(t, run).State)
	require.Equal(t, []read.AreaState{read.AreaWaiting, read.AreaWaiting, read.AreaWaiting, read.AreaWaiting}, statesOf(r.Progress(t, run)))

	r.Run(t, run, r.Now)
	require.Equal(t, read.RunRunning, r.Progress(t, run).State)
	require.Equal(t, []read.AreaState{read.AreaRunning, read.AreaWaiting, read.AreaWaiting, read.AreaWaiting}, statesOf(r.Progress(t, run)))

	r.Step(t, run, care.AreaSummary, 0, care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindClassification: {Created: 2}}})
	require.Equal(t, []read.AreaState{read.AreaDone, read.AreaRunning, read.AreaRunning, read.AreaWaiting}, statesOf(r.Progress(t, run)))
	require.Equal(t, 2, r.Progress(t, run).Counts[care.KindClassification].Synced)

	open := make([]care.ID, care.UsageChunk+1)
	r.Step(t, run, care.AreaBudgets, 0, care.AreaResult{Outcome: care.AreaSucceeded, OpenBudgets: open})
	r.Step(t, run, care.AreaUsage, 0, care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindBudgetUsage: {Created: 3}}})
	progress := r.Progress(t, run)
	require.Equal(t, []read.AreaState{read.AreaDone, read.AreaRunning, read.AreaDone, read.AreaRunning}, statesOf(progress))
	require.Equal(t, care.UsageChunk, progress.Areas[3].BudgetsRead)
	require.Equal(t, care.UsageChunk+1, progress.Areas[3].BudgetsToRead)

	r.Step(t, run, care.AreaUsage, 1, care.AreaResult{
		Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused, Counts: care.Counts{care.KindBudgetUsage: {Created: 1}}})
	usage := r.Progress(t, run).Areas[3]
	require.Equal(t, read.AreaDone, usage.State)
	require.Equal(t, care.AreaRefused, usage.Outcome, "the chunk that went wrong stands for the area")
	require.Equal(t, 4, usage.Counts[care.KindBudgetUsage].Created)
	require.NotEmpty(t, usage.Explanation)
}

func TestRunViewShowsIssuesChangesAndHolds(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	run := r.Run(t, db.NewID(), r.Now)
	r.Execute(t, `INSERT INTO sync_issue (organisation_id, run_id, area, severity, code, words, kind, details, position)
	              VALUES ($1, $2, 'budgets', 'error', 'consent_refused', 'Care recipient has not provided consent', '', NULL, 1)`, run)
	r.Execute(t, `INSERT INTO record_change (organisation_id, run_id, kind, record_id, action, field, old_value, new_value, position)
	              VALUES ($1, $2, 'budget', $3, 'updated', 'total', '1.00', '2.00', 1)`, run, r.Budget)
	r.Execute(t, `INSERT INTO removal_hold (organisation_id, person_id, kind, run_id, records) VALUES ($1, $2, 'classification', $3, 2)`, r.Client.ID, run)

	view, err := read.From(r.Store).Run(t.Context(), r.Organisation.ID, run)
	require.NoError(t, err)
	require.Equal(t, "Care recipient has not provided consent", view.Issues[0].Words)
	require.Equal(t, "Home support ongoing", view.Changes[0].Label)
	require.Equal(t, "2026-04-01", view.Changes[0].Since.String())
	require.Equal(t, 2, view.Holds[0].Records)
	require.Equal(t, r.Plan, *view.PlanID)
}

func TestRunsArePagedAndFiltered(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	other := stored.Organisation(t, r.Store, "banksia")
	var ids []care.ID
	for range 5 {
		ids = append([]care.ID{r.Run(t, db.NewID(), r.Now)}, ids...)
	}
	_, err := r.Store.FinishRun(t.Context(), r.Organisation.ID, care.RunResult{RunID: ids[2], Outcome: care.RunPartial, Counts: care.Counts{}}, nil)
	require.NoError(t, err)

	var seen []care.ID
	filter := read.RunFilter{Most: 2}
	for more := true; more; {
		var page []read.RunSummary
		page, more, err = read.From(r.Store).Runs(t.Context(), r.Organisation.ID, filter)
		require.NoError(t, err)
		for _, run := range page {
			seen = append(seen, run.ID)
			filter.Before = run.ID
		}
	}
	require.Equal(t, ids, seen)

	partial, _, err := read.From(r.Store).Runs(t.Context(), r.Organisation.ID, read.RunFilter{Outcome: string(care.RunPartial), Most: 10})
	require.NoError(t, err)
	require.Len(t, partial, 1)
	require.Equal(t, ids[2], partial[0].ID)
	unfinished, _, err := read.From(r.Store).Runs(t.Context(), r.Organisation.ID, read.RunFilter{Outcome: "unfinished", PersonID: r.Client.ID, Most: 10})
	require.NoError(t, err)
	require.Len(t, unfinished, 4)
	theirs, _, err := read.From(r.Store).Runs(t.Context(), other.ID, read.RunFilter{Most: 10})
	require.NoError(t, err)
	require.Empty(t, theirs)
	_, err = read.From(r.Store).Run(t.Context(), other.ID, ids[0])
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestPlanView(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	run := r.Run(t, db.NewID(), r.Now)
	r.Step(t, run, care.AreaSummary, 0, care.AreaResult{Outcome: care.AreaSucceeded})
	r.Step(t, run, care.AreaUsage, 0, care.AreaResult{Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused})
	r.Execute(t, `INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of) VALUES ($1, $2, 'summary', 1, 0, now())`, r.Client.ID)
	r.Execute(t, `INSERT INTO usage_fence (organisation_id, budget_id, ticket, previous_ticket, as_of) VALUES ($1, $2, 1, 0, now())`, r.Budget)
	r.Execute(t, `INSERT INTO classification (id, organisation_id, plan_id, code, name, funding_source, start_date, ordinal)
	              VALUES (gen_random_uuid(), $1, $2, 'ON_LEVEL_7', 'Level 7', 'ON', '2025-11-01', 0)`, r.Plan)
	r.Execute(t, `INSERT INTO contribution (organisation_id, plan_id, position, category, percentage, start_date, status)
	              VALUES ($1, $2, 1, 'EVERYDAY_LIVING', 17.5, '2025-11-01', 'DETERMINED'), ($1, $2, 2, 'CLINICAL', NULL, '2025-11-01', 'PENDING')`, r.Plan)
	r.Execute(t, `INSERT INTO entitlement (id, organisation_id, budget_id, code, amount, ordinal) VALUES (gen_random_uuid(), $1, $2, 'ON_RATE_7', 13047.49, 0)`, r.Budget)
	r.Execute(t, `INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, delivery_date, amount, ordinal)
	              VALUES (gen_random_uuid(), $1, $2, '900000123', '1', '4000012345', 'SERV-0012', '2026-04-03', 50.00, 0)`, r.Budget)

	view, err := read.From(r.Store).Plan(t.Context(), r.Organisation, r.Client.ID, r.Now)
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

	other := stored.Organisation(t, r.Store, "banksia")
	_, err = read.From(r.Store).Plan(t.Context(), other, r.Client.ID, r.Now)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestPlanViewOfSomeoneNeverSynced(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	testkit.AddPeople(t, store, organisation.ID, stored.Person("Ada", "Wren", "415056224"))
	view, err := read.From(store).Plan(t.Context(), organisation, stored.PersonOf(t, store, organisation, "415056224").ID, time.Now())
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

func TestClientsArePagedByName(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	var rows []db.PersonRecord
	for i := range 7 {
		rows = append(rows, stored.Person("Ada", fmt.Sprintf("Wren %d", i), fmt.Sprint(415056220+i)))
	}
	testkit.AddPeople(t, store, organisation.ID, rows...)

	var seen []string
	var after care.ID
	for more := true; more; {
		var page []read.Person
		var err error
		page, more, err = read.From(store).PeopleAfter(t.Context(), organisation, after, 3, time.Now())
		require.NoError(t, err)
		for _, client := range page {
			seen = append(seen, client.FamilyName)
			after = client.ID
		}
	}
	require.Equal(t, []string{"Wren 0", "Wren 1", "Wren 2", "Wren 3", "Wren 4", "Wren 5", "Wren 6"}, seen)
}
