package db_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// R17: usage that was read before its invoice was stored is linked when the invoice comes.
func TestImportInvoicesLinksWaitingUsage(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	_, err := r.Store.CreateConnection(t.Context(), r.Organisation.ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	for item, provider := range map[string]string{"1": "4000012345", "2": "4000012345", "": "4000099999"} {
		invoice := "900000123"
		if item == "" {
			invoice = ""
		}
		r.Execute(t, `INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, delivery_date, amount, ordinal)
		              VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, 'SERV-0012', '2026-04-03', 50.00, 0)`, r.Budget, invoice, item, provider)
	}
	line := func(item string) db.InvoiceLine {
		return db.InvoiceLine{Amount: stored.Dollars("50.00"), InvoiceLine: care.InvoiceLine{
			PersonID: r.Client.ID, UpstreamInvoiceID: "900000123", UpstreamItemID: item, ServiceCode: "SERV-0012", DeliveryDate: stored.Day("2026-04-03"),
		}}
	}
	lines := []db.InvoiceLine{line("1"), line("2"), line("3")}
	require.Equal(t, db.InvoiceImport{Count: care.Count{Created: 3}, Linked: 2}, testkit.AddInvoiceLines(t, r.Store, r.Organisation.ID, lines...))
	lines[1].Amount = stored.Dollars("49.95")
	require.Equal(t, db.InvoiceImport{Count: care.Count{Updated: 1, Unchanged: 2}}, testkit.AddInvoiceLines(t, r.Store, r.Organisation.ID, lines...))

	view, err := read.From(r.Store).Plan(t.Context(), r.Organisation, r.Client.ID, r.Now)
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
