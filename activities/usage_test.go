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

// Our own lines are linked to our invoices; another provider's have none, and equal ones without ids stay two (Care Recipient Sync §Usage of other providers, R17).
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
	imported := testkit.AddInvoiceLines(t, s.Store, person.OrganisationID, db.InvoiceLine{Amount: dollars("132.75"), InvoiceLine: care.InvoiceLine{
		PersonID: person.PersonID, UpstreamInvoiceID: "900000041", UpstreamItemID: "1",
	}})
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

// A place in an invoice is no name: where items are numbered again, or another provider or person stands under our ids, nothing of ours is
// shown, until what we billed says the same (R17).
func TestALinkFollowsWhatIsBilled(t *testing.T) {
	s := newSite(t, people(`
people:
  - {key: rose}
  - key: june
    services: [{id: SERV-0012}, {id: SERV-0019}]
    budgets:
      - start: quarter-start
        end: quarter-end
        usage:
          - {invoice: "900000011", item: "1", service: SERV-0012, date: quarter-start, amount: 50.00}
          - {invoice: "900000011", item: "2", service: SERV-0019, date: quarter-start, amount: 80.00}
`))
	s.Sync(t, s.steps, "june")
	require.Equal(t, []string{"900000011/1 50.00 ours", "900000011/2 80.00 ours"}, s.usageLines(t))

	s.move(t, "june", world.Move{Name: world.RenumberInvoice, Invoice: "900000011", Item: "1"})
	s.move(t, "june", world.Move{Name: world.ClaimByOther, Invoice: "900000011", Item: "2", Service: "SERV-0019", Date: "quarter-start", Amount: dollars("5.00")})
	result := s.Sync(t, s.steps, "june")
	require.Equal(t, []string{"900000011/1 80.00", "900000011/2 5.00"}, s.usageLines(t))
	contradicts := issue{"usage", "warning", "invoice_line_contradicts", ""}
	require.Equal(t, []issue{contradicts, contradicts}, s.issues(t, result.RunID))

	day := testkit.Value[string](t, s.sql, "SELECT min(delivery_date)::text FROM usage_line")
	date, err := care.ParseDate(day)
	require.NoError(t, err)
	invoice := func(person, service, reference string) db.InvoiceImport {
		t.Helper()
		request := s.Request(t, person)
		return testkit.AddInvoiceLines(t, s.Store, request.OrganisationID, db.InvoiceLine{Amount: dollars("80.00"), InvoiceLine: care.InvoiceLine{
			PersonID: request.PersonID, UpstreamInvoiceID: "900000011", UpstreamItemID: "1", ServiceCode: service, DeliveryDate: date, ExternalReferenceID: reference,
		}})
	}
	require.Equal(t, 1, invoice("june", "SERV-0019", "").Linked)
	require.Equal(t, []string{"900000011/1 80.00 ours", "900000011/2 5.00"}, s.usageLines(t))
	require.Equal(t, 1, invoice("rose", "SERV-0019", "").Unlinked, "of another person")
	require.Equal(t, 1, invoice("june", "SERV-0019", "REF-1").Linked)
	require.Zero(t, invoice("june", "SERV-0019", "").Unlinked)
	require.Equal(t, "REF-1", testkit.Value[string](t, s.sql, "SELECT external_reference_id FROM invoice_line WHERE external_reference_id <> ''"), "a file without it leaves it")
	s.Sync(t, s.steps, "june")
	require.Equal(t, []string{"900000011/1 80.00 ours", "900000011/2 5.00"}, s.usageLines(t))
}

// A line without ids that gets them stays the record that it was, with its history; a reference links it before (R17).
func TestALineThatGetsItsIDsIsTheSameRecord(t *testing.T) {
	s := newSite(t, people(`
people:
  - key: june
    budgets:
      - start: quarter-start
        end: quarter-end
        usage: [{invoice: "900000011", item: "1", date: quarter-start, amount: 50.00, reference: CARESYNC-0000000000000001}]
`))
	s.sql.Exec(t, "UPDATE invoice_line SET external_reference_id = 'CARESYNC-0000000000000001'")
	s.move(t, "june", world.Move{Name: world.WithdrawIDs})
	s.Sync(t, s.steps, "june")
	require.Equal(t, []string{"/ 50.00 ours"}, s.usageLines(t))

	s.move(t, "june", world.Move{Name: world.GiveIDs})
	result := s.Sync(t, s.steps, "june")
	require.Equal(t, care.Count{Updated: 1}, result.Counts[care.KindBudgetUsage])
	require.Equal(t, []string{"900000011/1 50.00 ours"}, s.usageLines(t))
	require.Equal(t, []string{"created", "updated", "updated"}, testkit.Column[string](t, s.sql,
		"SELECT action FROM record_change WHERE record_id = (SELECT id FROM usage_line) ORDER BY changed_at, position"))
}

// An import and a sync that store the two sides of a link at the same moment do not miss one another (R17).
func TestAnImportDuringASyncLinks(t *testing.T) {
	s := newSite(t, people(`
people:
  - {key: june, budgets: [{start: quarter-start, end: quarter-end, usage: [{invoice: "900000011", item: "1", amount: 50.00}]}]}
`))
	request := s.Request(t, "june")
	billed := func(map[string]care.ID) ([]db.InvoiceLine, error) {
		return []db.InvoiceLine{{Amount: dollars("50.00"), InvoiceLine: care.InvoiceLine{
			ID: db.NewID(), PersonID: request.PersonID, UpstreamInvoiceID: "900000011", UpstreamItemID: "1",
		}}}, nil
	}
	for _, moment := range []string{"PassUsageFences", "ApplyUsage"} {
		s.sql.ForgetSyncs(t)
		s.sql.Exec(t, "TRUNCATE invoice CASCADE")
		reached, proceed := s.statements.HoldBefore(moment)
		synced := make(chan error, 1)
		go func() {
			_, err := s.steps.Sync(t.Context(), db.NewID(), request)
			synced <- err
		}()
		<-reached
		imported := make(chan error, 1)
		go func() {
			_, err := s.Store.ImportInvoices(t.Context(), request.OrganisationID, nil, billed)
			imported <- err
		}()
		if moment == "PassUsageFences" {
			require.NoError(t, <-imported)
		}
		proceed()
		require.NoError(t, <-synced)
		if moment != "PassUsageFences" {
			require.NoError(t, <-imported)
		}
		require.Equal(t, []string{"900000011/1 50.00 ours"}, s.usageLines(t), moment)
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
