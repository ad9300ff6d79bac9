package console_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/words"
)

// R18: budgets that were refused are not said to be none.
func TestBudgetsThatWereNeverReadAreNotSaidToBeNone(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "consent-refused")
	person := q.Request(t, "consent-refused").PersonID
	refused := v.get("/people/" + string(person) + "/plan").body
	require.Contains(t, refused, "Budgets have never been read")
	require.NotContains(t, refused, "has reported none")

	require.NoError(t, testkit.OpenSQL(t, q.DatabaseURL).Try(t, `INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of)
		SELECT organisation_id, id, 'budgets', 1, 0, now() FROM person WHERE id = $1`, person))
	read := v.get("/people/" + string(person) + "/plan").body
	require.NotContains(t, read, "Budgets have never been read")
	require.Contains(t, read, "has reported none")
}

// R3: without a total, nothing is drawn that a legend would call available.
func TestABudgetWithoutATotalHasNoBar(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	pages := q.pages(t, "several-open")
	plan, budget := pages[2], pages[3]
	for _, path := range []string{plan, budget} {
		require.Contains(t, v.get(path).body, `<svg class="bar"`, path)
	}
	require.NoError(t, testkit.OpenSQL(t, q.DatabaseURL).Try(t, "UPDATE budget SET total = NULL"))
	for _, path := range []string{plan, budget} {
		body := v.get(path).body
		require.NotContains(t, body, `<svg class="bar"`, path)
		require.Contains(t, body, "<dt>Total</dt>", path)
		require.Contains(t, body, "not provided", path)
	}
	require.NotContains(t, v.get(budget).body, "Colours of the bars")
}

// R11: an organisation may have several providers, and none of them is another.
func TestUsageUnderAnyOfOurProvidersIsOurs(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	budget := q.pages(t, "several-open")[3]
	sql := testkit.OpenSQL(t, q.DatabaseURL)
	require.NoError(t, sql.Try(t, "UPDATE usage_line SET invoice_line_id = NULL, service_provider_id = '4000088888'"))
	require.Contains(t, v.get(budget).body, "Other provider")

	organisation := q.Request(t, "several-open").OrganisationID
	connections, err := q.Store.Connections(t.Context(), organisation)
	require.NoError(t, err)
	second := connections[0]
	second.Service, second.Name, second.ServiceProviderID, second.DeviceName = care.ServicesAustralia, "second provider", "4000088888", "second"
	_, err = q.Store.CreateConnection(t.Context(), organisation, second)
	require.NoError(t, err)
	body := v.get(budget).body
	require.Zero(t, strings.Count(body, "Other provider"))
	require.Contains(t, body, "ours; its invoice has not been imported yet, or contradicts it")
}

// R17: what we billed stands beside what the lines drew. The difference is a figure that may be the person's contribution, and the
// government's figures are not compared with themselves.
func TestWhatWeBilledStandsBesideWhatItDrew(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	pages := q.pages(t, "several-open")
	budget, line := pages[3], pages[len(pages)-1]
	require.NotContains(t, v.get(budget).body, ">Difference<")
	for _, page := range []string{budget, line} {
		require.Contains(t, v.get(page).body, "Billed less drawn")
		require.NotContains(t, v.get(page).body, "it may be the person’s contribution", "there is no difference")
	}
	sql := testkit.OpenSQL(t, q.DatabaseURL)
	require.NoError(t, sql.Try(t, "UPDATE invoice_line SET amount = 200.00"))
	require.NoError(t, sql.Try(t, "UPDATE usage_line SET amount = 250.00 WHERE invoice_line_id IS NOT NULL"))
	require.Contains(t, v.get(budget).body, "it may be the person’s contribution")
	require.Contains(t, v.get(line).body, `<span class="money negative">−$50.00</span>`)
	lines := testkit.Value[int](t, sql, "SELECT count(*) FROM usage_line WHERE invoice_line_id IS NOT NULL AND budget_id = $1", path.Base(budget))
	require.Contains(t, v.get(budget).body, fmt.Sprintf(`<span class="money negative">−$%d.00</span>`, 50*lines))
}

// R6, R18: a budget whose details were refused says since when and why.
func TestABudgetWhoseDetailsWereRefusedSaysSo(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	budget := q.pages(t, "several-open")[3]
	require.NotContains(t, v.get(budget).body, "out of date")
	require.NoError(t, testkit.OpenSQL(t, q.DatabaseURL).Try(t, `
		INSERT INTO usage_refusal (organisation_id, budget_id, reason, since) SELECT organisation_id, id, 'consent_refused', now() + interval '1 hour' FROM budget`))
	refused := v.get(budget).body
	require.Contains(t, refused, "Entitlements and usage are out of date")
	require.Contains(t, refused, "Its entitlements and usage are as of ")
	require.Contains(t, refused, words.Reason(care.ReasonConsentRefused, care.ServicesAustralia))
	require.Contains(t, v.get(q.pages(t, "several-open")[2]).body, "usage out of date")
}
