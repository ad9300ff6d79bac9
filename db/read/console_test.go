package read_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// listed is an organisation with people to list.
type listed struct {
	stored.Recipient
	sql testkit.SQL
}

func newListed(t *testing.T) listed {
	t.Helper()
	l := listed{Recipient: stored.NewRecipient(t)}
	l.sql = testkit.OpenSQL(t, l.Address)
	return l
}

func (l listed) add(t *testing.T, given, family, careRecipientID, ndisNumber string) {
	t.Helper()
	testkit.AddPeople(t, l.Store, l.Organisation.ID, db.PersonRecord{
		NDISNumber: ndisNumber,
		Identity:   care.Identity{CareRecipientID: careRecipientID, GivenName: given, FamilyName: family, BirthDate: care.NewDate(1940, time.May, 1)},
	})
}

// names are the given names of people who match a filter.
func (l listed) names(t *testing.T, filter read.PeopleFilter) []string {
	t.Helper()
	if filter.Most == 0 {
		filter.Most = 50
	}
	people, _, err := read.From(l.Store).People(t.Context(), l.Organisation.ID, filter, time.Now())
	require.NoError(t, err)
	names := []string{}
	for _, person := range people {
		names = append(names, person.GivenName)
	}
	return names
}

func TestPeopleAreFound(t *testing.T) {
	l := newListed(t)
	require.NoError(t, l.sql.Try(t, "UPDATE person SET given_name = 'Ada', family_name = 'Wren'"))
	l.add(t, "Zoë", "de Groot", "0770001", "")
	l.add(t, "Ben_50%", "Lark", "", "430000001")
	require.Equal(t, []string{"Zoë", "Ben_50%", "Ada"}, l.names(t, read.PeopleFilter{}), "by name, whatever its case")
	for search, want := range map[string][]string{
		"wren": {"Ada"}, "zoë GROOT": {"Zoë"}, "de groot, zoë": {"Zoë"}, "0770": {"Zoë"}, "770": {}, "43": {"Ben_50%"}, "%": {"Ben_50%"}, "_": {"Ben_50%"},
		`\`: {}, "x\x00": {}, "nobody": {}, " ": {"Zoë", "Ben_50%", "Ada"}, "\xff": {"Zoë", "Ben_50%", "Ada"}, strings.Repeat("o ", 6000): {"Zoë"},
	} {
		require.Equal(t, want, l.names(t, read.PeopleFilter{Search: search}), "%.20q", search)
	}
	require.Equal(t, []string{"Zoë", "Ada"}, l.names(t, read.PeopleFilter{Funding: read.FundingSupportAtHome}))
	require.Equal(t, []string{"Ben_50%"}, l.names(t, read.PeopleFilter{Funding: read.FundingNDIS}))
	require.Empty(t, l.names(t, read.PeopleFilter{NotInCare: true}))
	require.NoError(t, l.sql.Try(t, "UPDATE person SET not_in_care_since = '2026-01-01' WHERE family_name = 'Wren'"))
	require.Equal(t, []string{"Ada"}, l.names(t, read.PeopleFilter{NotInCare: true}))
}

// R11: another organisation's people are not there.
func TestPeopleAreOfOneOrganisation(t *testing.T) {
	l := newListed(t)
	people, _, err := read.From(l.Store).People(t.Context(), stored.Organisation(t, l.Store, "banksia").ID, read.PeopleFilter{Most: 50}, time.Now())
	require.NoError(t, err)
	require.Empty(t, people)
}

func TestPeopleByTheirLastSync(t *testing.T) {
	l := newListed(t)
	require.NoError(t, l.sql.Try(t, "UPDATE person SET given_name = 'Ada'"))
	all := []string{"Ada"}
	require.Equal(t, all, l.names(t, read.PeopleFilter{Outcome: "never"}))
	require.Equal(t, all, l.names(t, read.PeopleFilter{Stale: true}), "never synced")

	l.Run(t, db.NewID(), l.Now)
	now := time.Now()
	for _, state := range []struct {
		set, outcome string
		stale        bool
	}{
		{"outcome = NULL, finished_at = NULL, requested_at = now()", "unfinished", false},
		{"outcome = 'succeeded', finished_at = now()", "succeeded", false},
		{"outcome = 'succeeded_with_warnings', finished_at = now()", "succeeded_with_warnings", false},
		{"outcome = 'partial', reason = 'superseded'", "partial", false},
		{"outcome = 'partial', reason = 'consent_refused'", "partial", true},
		{"outcome = 'failed'", "failed", true},
		{"outcome = 'cancelled'", "cancelled", true},
		{"outcome = 'succeeded', reason = '', finished_at = now() - interval '8 days'", "succeeded", true},
	} {
		require.NoError(t, l.sql.Try(t, "UPDATE sync_run SET "+state.set))
		require.Equal(t, all, l.names(t, read.PeopleFilter{Outcome: state.outcome}), state.set)
		require.Empty(t, l.names(t, read.PeopleFilter{Outcome: "never"}), state.set)
		require.Equal(t, state.stale, len(l.names(t, read.PeopleFilter{Stale: true})) == 1, state.set)
		people, _, err := read.From(l.Store).People(t.Context(), l.Organisation.ID, read.PeopleFilter{Most: 1}, now)
		require.NoError(t, err)
		require.Equal(t, state.stale, people[0].Stale, state.set)
	}
}

// A sync of one kind hides nothing of the other, and a preview that no one used is no sync.
func TestPeopleByTheirLastSyncOfEachKind(t *testing.T) {
	l := newListed(t)
	require.NoError(t, l.sql.Try(t, "UPDATE person SET ndis_number = '430000001'"))
	now := time.Now()
	for _, test := range []struct {
		name    string
		runs    []pastRun
		outcome string
		kind    care.RunKind
		stale   bool
	}{
		{"a failure behind a refresh", []pastRun{{care.RunCareRecipient, "failed", "unavailable", 2}, {care.RunPACEContract, "succeeded", "", 1}},
			"failed", care.RunCareRecipient, true},
		{"a refresh's failure behind a sync", []pastRun{{care.RunPACEContract, "partial", "", 2}, {care.RunCareRecipient, "succeeded", "", 1}},
			"partial", care.RunPACEContract, true},
		{"the newer of two failures", []pastRun{{care.RunCareRecipient, "failed", "unavailable", 2}, {care.RunPACEContract, "cancelled", "", 1}},
			"cancelled", care.RunPACEContract, true},
		{"a failure that was made good", []pastRun{{care.RunCareRecipient, "failed", "unavailable", 3}, {care.RunCareRecipient, "succeeded", "", 2}, {care.RunPACEContract, "succeeded", "", 1}},
			"succeeded", care.RunPACEContract, false},
		{"an old sync behind a refresh", []pastRun{{care.RunCareRecipient, "succeeded_with_warnings", "", 8 * 24}, {care.RunPACEContract, "succeeded", "", 1}},
			"succeeded_with_warnings", care.RunCareRecipient, true},
		{"a preview that no one used", []pastRun{{care.RunCareRecipient, "succeeded", "", 1}, {care.RunPACEContract, "cancelled", "preview_expired", 0}},
			"succeeded", care.RunCareRecipient, false},
		{"a preview that no one used after a refresh", []pastRun{{care.RunPACEContract, "failed", "unavailable", 1}, {care.RunPACEContract, "cancelled", "preview_expired", 0}},
			"failed", care.RunPACEContract, true},
		{"a plan that has not started", []pastRun{{care.RunPACEContract, "failed", "plan_in_future", 1}}, "failed", care.RunPACEContract, false},
		{"a failure behind a plan that has not started", []pastRun{{care.RunCareRecipient, "failed", "unavailable", 2}, {care.RunPACEContract, "failed", "plan_in_future", 1}},
			"failed", care.RunCareRecipient, true},
		{"nothing but such a preview", []pastRun{{care.RunPACEContract, "cancelled", "preview_expired", 0}}, "never", "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.NoError(t, l.sql.Try(t, "DELETE FROM sync_run"))
			for _, run := range test.runs {
				l.ran(t, run)
			}
			require.Len(t, l.names(t, read.PeopleFilter{Outcome: test.outcome}), 1)
			require.Equal(t, test.stale, len(l.names(t, read.PeopleFilter{Stale: true})) == 1)
			people, _, err := read.From(l.Store).People(t.Context(), l.Organisation.ID, read.PeopleFilter{Most: 1}, now)
			require.NoError(t, err)
			require.Equal(t, test.stale, people[0].Stale)
			if test.kind == "" {
				require.Nil(t, people[0].LastRun)
				return
			}
			require.Equal(t, test.kind, people[0].LastRun.Kind)
			require.Equal(t, care.RunOutcome(test.outcome), people[0].LastRun.Outcome)
		})
	}
}

// pastRun is a run that ended some hours ago.
type pastRun struct {
	kind            care.RunKind
	outcome, reason string
	hoursAgo        int
}

func (l listed) ran(t *testing.T, run pastRun) {
	t.Helper()
	l.Execute(t, `INSERT INTO sync_run (id, organisation_id, person_id, kind, trigger, requested_by, all_budgets, workflow_id, requested_at, finished_at, outcome, reason)
		SELECT gen_random_uuid(), $1, $2, $3, 'on-demand', 'tests', false, 'any', ended, ended, $4, $5 FROM (SELECT now() - make_interval(hours => $6) AS ended) past`,
		l.Client.ID, run.kind, run.outcome, run.reason, run.hoursAgo)
}

func TestPagesOfPeople(t *testing.T) {
	l := newListed(t)
	for i := range 5 {
		l.add(t, "Given", "Z"+string(rune('a'+i)), fmt.Sprint(9000+i), "")
	}
	var seen []care.ID
	for page := 1; ; page++ {
		people, more, err := read.From(l.Store).People(t.Context(), l.Organisation.ID, read.PeopleFilter{Page: page, Most: 2}, time.Now())
		require.NoError(t, err)
		for _, person := range people {
			require.NotContains(t, seen, person.ID)
			seen = append(seen, person.ID)
		}
		if !more {
			break
		}
	}
	require.Len(t, seen, 6)
	people, more, err := read.From(l.Store).People(t.Context(), l.Organisation.ID, read.PeopleFilter{Page: 1 << 40, Most: 200}, time.Now())
	require.NoError(t, err)
	require.Empty(t, people)
	require.False(t, more)
}

func TestConsoleRunsAreNarrowed(t *testing.T) {
	l := newListed(t)
	l.Run(t, db.NewID(), l.Now)
	count := func(filter read.ConsoleRunFilter) int {
		filter.Most = 10
		runs, _, err := read.From(l.Store).ConsoleRuns(t.Context(), l.Organisation.ID, filter)
		require.NoError(t, err)
		return len(runs)
	}
	require.Equal(t, 1, count(read.ConsoleRunFilter{}))
	require.Equal(t, 1, count(read.ConsoleRunFilter{Kind: care.RunCareRecipient}))
	require.Zero(t, count(read.ConsoleRunFilter{Kind: care.RunPACEContract}))
	require.Zero(t, count(read.ConsoleRunFilter{Trigger: care.TriggerClaim}))
	require.Zero(t, count(read.ConsoleRunFilter{Held: true}))
	require.NoError(t, l.sql.Try(t, `INSERT INTO removal_hold (organisation_id, person_id, kind, run_id, records)
		SELECT organisation_id, person_id, 'classification', id, 3 FROM sync_run`))
	require.Equal(t, 1, count(read.ConsoleRunFilter{Held: true}))
	require.NoError(t, l.sql.Try(t, "UPDATE removal_hold SET accepted_at = now(), accepted_by = 'tests'"))
	require.Zero(t, count(read.ConsoleRunFilter{Held: true}), "nothing waits for anyone (R5)")
}

// R17: an invoice line shows which budgets it drew on.
func TestAnInvoiceLineShowsWhatItDrewOn(t *testing.T) {
	l := newListed(t)
	testkit.AddInvoiceLines(t, l.Store, l.Organisation.ID, db.InvoiceLine{Amount: stored.Dollars("12.50"), InvoiceLine: care.InvoiceLine{
		PersonID: l.Client.ID, UpstreamInvoiceID: "900", UpstreamItemID: "1", ServiceCode: "SERV-0012",
	}})
	line := testkit.Value[care.ID](t, l.sql, "SELECT id FROM invoice_line")
	view, err := read.From(l.Store).InvoiceLine(t.Context(), l.Organisation.ID, line)
	require.NoError(t, err)
	require.Equal(t, "900", view.InvoiceID)
	require.Equal(t, l.Client.ID, view.Person.ID)
	require.Empty(t, view.Usage)

	require.NoError(t, l.sql.Try(t, `INSERT INTO usage_line (id, organisation_id, budget_id, invoice_line_id, upstream_invoice_id, upstream_item_id,
		service_provider_id, service_code, amount, ordinal) SELECT gen_random_uuid(), organisation_id, id, $1, '900', '1', '', '', 12.50, 0 FROM budget`, line))
	view, err = read.From(l.Store).InvoiceLine(t.Context(), l.Organisation.ID, line)
	require.NoError(t, err)
	require.Len(t, view.Usage, 1)
	require.Equal(t, l.Client.ID, view.Usage[0].PersonID)
	require.Equal(t, []string{"12.50", "0.00"}, []string{view.Drawn.StringFixed(2), view.Difference.StringFixed(2)})

	require.NoError(t, l.sql.Try(t, "UPDATE usage_line SET amount = 15.00"))
	view, err = read.From(l.Store).InvoiceLine(t.Context(), l.Organisation.ID, line)
	require.NoError(t, err)
	require.Equal(t, "-2.50", view.Difference.StringFixed(2), "what we billed less what it drew")
	_, err = read.From(l.Store).InvoiceLine(t.Context(), stored.Organisation(t, l.Store, "banksia").ID, line)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
}

// A plan without what lies under its budgets, and one budget with it, are parts of the whole.
func TestPartsOfAPlanAreThoseOfTheWhole(t *testing.T) {
	l := newListed(t)
	require.NoError(t, l.sql.Try(t, `INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, status, ordinal)
		SELECT gen_random_uuid(), organisation_id, id, 'B2', '', 'AT', 'Assistive technology', '', 0 FROM support_plan`))
	require.NoError(t, l.sql.Try(t, `INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id,
		service_code, amount, ordinal) SELECT gen_random_uuid(), organisation_id, id, '900', n::text, '', '', n, 0 FROM budget, generate_series(1, 3) n`))
	require.NoError(t, l.sql.Try(t, `INSERT INTO entitlement (id, organisation_id, budget_id, code, amount, ordinal)
		SELECT gen_random_uuid(), organisation_id, id, 'OXY', 5, 0 FROM budget`))
	whole, err := read.From(l.Store).Plan(t.Context(), l.Organisation, l.Client.ID, l.Now)
	require.NoError(t, err)
	require.Len(t, whole.Budgets, 2)
	for _, budget := range whole.Budgets {
		require.Len(t, budget.Usage, 3)
		require.Len(t, budget.Entitlements, 1)
		person, alone, err := read.From(l.Store).PlanBudget(t.Context(), l.Organisation, l.Client.ID, budget.ID, l.Now)
		require.NoError(t, err)
		require.Equal(t, budget, alone)
		require.Equal(t, whole.Person, person)
	}

	outline, err := read.From(l.Store).PlanOutline(t.Context(), l.Organisation, l.Client.ID, l.Now)
	require.NoError(t, err)
	for i := range whole.Budgets {
		whole.Budgets[i].Usage, whole.Budgets[i].Entitlements = []read.UsageLine{}, []read.Entitlement{}
	}
	require.Equal(t, whole, outline)

	_, _, err = read.From(l.Store).PlanBudget(t.Context(), l.Organisation, l.Client.ID, db.NewID(), l.Now)
	require.ErrorIs(t, err, db.ErrNotFound)
	_, _, err = read.From(l.Store).PlanBudget(t.Context(), stored.Organisation(t, l.Store, "banksia"), l.Client.ID, l.Budget, l.Now)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
}
