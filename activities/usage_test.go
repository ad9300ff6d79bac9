package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// usageLines are the current lines, "invoice/item amount ours" or without ids, in a stable order.
func (s *site) usageLines(t *testing.T) []string {
	t.Helper()
	return testkit.Column[string](t, s.sql, `
		SELECT u.upstream_invoice_id || '/' || u.upstream_item_id || ' ' || u.amount || CASE WHEN u.invoice_line_id IS NULL THEN '' ELSE ' ours' END
		FROM usage_line u WHERE NOT u.removed ORDER BY 1`)
}

// Our own lines are linked to our invoices; another provider's have none, and equal ones without ids stay two (seed 004, R17).
func TestUsageOfOursAndOfOthers(t *testing.T) {
	s := newSite(t, world.Options{})
	result := s.Sync(t, s.steps, "usage-by-others")
	require.Equal(t, care.RunSucceeded, result.Outcome)
	require.Equal(t, []string{"/ 31.15", "/ 640.00", "/ 78.40", "/ 78.40", "900000011/1 126.00 ours", "900000011/2 92.50 ours"}, s.usageLines(t))
	ids := testkit.Column[string](t, s.sql, "SELECT id::text FROM usage_line ORDER BY 1")

	s.move(t, "usage-by-others", world.Move{Name: world.ClaimByOther, Service: "SERV-0001", Date: "quarter-start+2d", Amount: dollars("78.40")})
	again := s.Sync(t, s.steps, "usage-by-others")
	require.Equal(t, care.Count{Created: 1, Unchanged: 6}, again.Counts[care.KindBudgetUsage], "a third equal line")
	require.Subset(t, testkit.Column[string](t, s.sql, "SELECT id::text FROM usage_line"), ids)
}

// A line whose invoice we do not hold yet is linked when the invoice is stored, or by a later sync (R17).
func TestUsageIsLinkedOnceTheInvoiceIsStored(t *testing.T) {
	s := newSite(t, world.Options{})
	person := s.Request(t, "invoice-not-stored")
	s.Sync(t, s.steps, "invoice-not-stored")
	require.Equal(t, []string{"900000041/1 132.75"}, s.usageLines(t))
	careRecipientID := testkit.Value[string](t, s.sql, "SELECT care_recipient_id FROM client WHERE id = $1", person.ClientID)
	imported, err := s.Store.ImportInvoices(t.Context(), person.OrganisationID, db.Import[db.ImportedInvoiceLine]{Rows: []db.ImportedInvoiceLine{
		{Line: 2, InvoiceID: "900000041", ItemID: "1", CareRecipientID: careRecipientID, Amount: dollars("132.75")},
	}})
	require.NoError(t, err)
	require.Equal(t, 1, imported.Linked)
	require.Equal(t, []string{"900000041/1 132.75 ours"}, s.usageLines(t))

	s.sql.Exec(t, "UPDATE usage_line SET invoice_line_id = NULL") // as if the sync had read while the import was under way
	changes := testkit.Value[int](t, s.sql, "SELECT count(*) FROM record_change")
	result := s.Sync(t, s.steps, "invoice-not-stored")
	require.Equal(t, []string{"900000041/1 132.75 ours"}, s.usageLines(t))
	require.Equal(t, care.Count{Unchanged: 1}, result.Counts[care.KindBudgetUsage], "the government reported nothing new")
	require.Equal(t, changes, testkit.Value[int](t, s.sql, "SELECT count(*) FROM record_change"))
}

// An invoice of another organisation with the same ids is not ours (R11).
func TestUsageIsNotLinkedToAnotherOrganisationsInvoice(t *testing.T) {
	s := newSite(t, world.Options{Scenarios: people(marjorie).Scenarios})
	s.sql.Exec(t, "DELETE FROM invoice_line")
	s.sql.Exec(t, "UPDATE invoice SET organisation_id = (SELECT id FROM organisation WHERE id <> $1)", s.Request(t, "marjorie").OrganisationID)
	s.sql.Exec(t, "INSERT INTO invoice_line (id, organisation_id, invoice_id, upstream_item_id) SELECT gen_random_uuid(), organisation_id, id, '1' FROM invoice")
	for range 2 { // neither the line's first writing nor the later search for waiting lines
		s.Sync(t, s.steps, "marjorie")
		require.Equal(t, []string{"900000011/1 126.00"}, s.usageLines(t))
	}
}

// A reversal is negative, an amended line changes, one that vanished is removed and leaves the sum (R4, R17).
func TestUsageFollowsTheInvoices(t *testing.T) {
	s := newSite(t, world.Options{})
	s.Sync(t, s.steps, "reversal")
	require.Equal(t, []string{
		"900000031/1 210.00 ours", "900000031/2 95.00 ours", "900000031/3 -95.00", "900000032/1 180.25 ours", "900000032/2 44.00 ours",
	}, s.usageLines(t))
	require.NoError(t, s.World.World.Advance(s.World.World.Today())) // amends one line and removes another
	result := s.Sync(t, s.steps, "reversal")
	require.Equal(t, care.Count{Updated: 1, Unchanged: 3, Removed: 1}, result.Counts[care.KindBudgetUsage])
	require.Equal(t, []string{
		"900000031/1 210.00 ours", "900000031/2 95.00 ours", "900000031/3 -95.00", "900000032/1 160.25 ours",
	}, s.usageLines(t))
	require.Equal(t, "370.25", testkit.Value[string](t, s.sql, "SELECT usage_amount::text FROM budget"))
	require.Equal(t, []string{"180.25", "160.25"}, testkit.Column[string](t, s.sql,
		"SELECT unnest(ARRAY[old_value, new_value]) FROM record_change WHERE run_id = $1 AND kind = 'budget_usage' AND field = 'amount'", result.RunID))
}

// Where the lines are not what the government calls used, both are kept and it is a warning (R17).
func TestUsageThatDiffersIsAWarning(t *testing.T) {
	s := newSite(t, world.Options{})
	result := s.Sync(t, s.steps, "used-without-line")
	require.Equal(t, []issue{{"usage", "warning", "usage_differs", ""}}, s.issues(t, result.RunID))
	require.Equal(t, "1065.00 990.00", testkit.Value[string](t, s.sql, "SELECT used || ' ' || usage_amount FROM budget"))
}
