package db

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// InvoiceLine is a line of the provider's own billing. Its names in JSON are columns.
type InvoiceLine struct {
	care.InvoiceLine
	Amount decimal.Decimal `json:"amount"`
}

// InvoiceImport is what an import of invoice lines did. Linked is the number of usage lines that waited for an invoice line, Unlinked of
// those whose line the import contradicts (R17).
type InvoiceImport struct {
	care.Count
	Linked   int
	Unlinked int
}

type invoiceRow struct {
	ID                care.ID `json:"id"`
	UpstreamInvoiceID string  `json:"upstream_invoice_id"`
}

// ImportInvoices writes the invoice lines that decide makes for the people we hold, by care recipient id, all or none, and decides
// the links of usage again (R17). A line that we hold already, by invoice and item, becomes what is written; none is removed. It fails
// with ErrImportRunning, or with the error of decide.
func (s *Store) ImportInvoices(
	ctx context.Context, organisation care.ID, careRecipientIDs []string, decide func(people map[string]care.ID) ([]InvoiceLine, error),
) (result InvoiceImport, err error) {
	err = s.inTransaction(ctx, "import invoices", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		people, err := peopleByCareRecipientID(ctx, queries, organisation, careRecipientIDs)
		if err != nil {
			return err
		}
		lines, err := decide(people)
		if err != nil {
			return err
		}
		result, err = writeInvoiceLines(ctx, queries, organisation, lines)
		return err
	})
	return result, err
}

func peopleByCareRecipientID(ctx context.Context, queries *gen.Queries, organisation care.ID, ids []string) (map[string]care.ID, error) {
	rows, err := queries.PeopleByCareRecipientID(ctx, gen.PeopleByCareRecipientIDParams{OrganisationID: organisation, CareRecipientIds: once(ids)})
	people := make(map[string]care.ID, len(rows))
	for _, row := range rows {
		people[row.CareRecipientID] = row.ID
	}
	return people, err
}

func writeInvoiceLines(ctx context.Context, queries *gen.Queries, organisation care.ID, lines []InvoiceLine) (result InvoiceImport, err error) {
	for chunk := range slices.Chunk(lines, importChunk) {
		err := queries.WriteInvoices(ctx, gen.WriteInvoicesParams{OrganisationID: organisation, Invoices: list(invoicesOf(chunk))})
		if err != nil {
			return result, err
		}
		written, err := queries.WriteInvoiceLines(ctx, gen.WriteInvoiceLinesParams{OrganisationID: organisation, Lines: list(chunk)})
		if err != nil {
			return result, err
		}
		result.Count = result.Plus(countOf(len(chunk), written))
	}
	if err := queries.LockUsageLinks(ctx, organisation); err != nil {
		return result, err
	}
	for chunk := range slices.Chunk(lines, importChunk) {
		if err := result.relink(ctx, queries, organisation, chunk); err != nil {
			return result, err
		}
	}
	return result, nil
}

// relink decides the links of the usage that the imported lines concern, as a sync does (R17).
func (r *InvoiceImport) relink(ctx context.Context, queries *gen.Queries, organisation care.ID, lines []InvoiceLine) error {
	var named billingKeys
	for _, line := range lines {
		named.add(line.UpstreamInvoiceID, line.ExternalReferenceID)
	}
	rows, err := queries.UsageOfBilling(ctx, gen.UsageOfBillingParams{
		OrganisationID: organisation, InvoiceIds: texts(named.invoices), ReferenceIds: texts(named.references),
	})
	if err != nil {
		return err
	}
	usage := make(map[care.ID][]care.UsageLine)
	for _, row := range rows {
		var line care.UsageLine
		if err := json.Unmarshal(row.Line, &line); err != nil {
			return err
		}
		usage[row.PersonID] = append(usage[row.PersonID], line)
	}
	billing, err := billingOf(ctx, queries, organisation, slices.Concat(slices.Collect(maps.Values(usage))...))
	if err != nil {
		return err
	}
	var links []care.UsageLink
	for person, lines := range usage {
		links = append(links, billing.Relink(lines, person)...)
	}
	for _, link := range links {
		if link.InvoiceLineID == "" {
			r.Unlinked++
		} else {
			r.Linked++
		}
	}
	return queries.LinkUsage(ctx, gen.LinkUsageParams{OrganisationID: organisation, Links: list(links)})
}

// billingKeys are the invoice ids and references by which billing and usage find each other.
type billingKeys struct{ invoices, references []string }

func (k *billingKeys) add(invoice, reference string) {
	if invoice != "" {
		k.invoices = append(k.invoices, invoice)
	}
	if reference != "" {
		k.references = append(k.references, reference)
	}
}

// billingOf is our own billing that usage can be linked to.
func billingOf(ctx context.Context, queries *gen.Queries, organisation care.ID, usage []care.UsageLine) (care.Billing, error) {
	var named billingKeys
	for _, line := range usage {
		named.add(line.UpstreamInvoiceID, line.ExternalReferenceID)
	}
	if len(named.invoices)+len(named.references) == 0 {
		return care.Billing{}, nil
	}
	stored, err := queries.BillingOf(ctx, gen.BillingOfParams{
		OrganisationID: organisation, InvoiceIds: texts(named.invoices), ReferenceIds: texts(named.references),
	})
	if err != nil {
		return care.Billing{}, err
	}
	var billing struct {
		Providers []string           `json:"providers"`
		Lines     []care.InvoiceLine `json:"lines"`
	}
	err = json.Unmarshal(stored, &billing)
	return care.NewBilling(billing.Providers, billing.Lines), err
}

func invoicesOf(lines []InvoiceLine) []invoiceRow {
	seen := make(map[string]bool, len(lines))
	var invoices []invoiceRow
	for _, line := range lines {
		if !seen[line.UpstreamInvoiceID] {
			seen[line.UpstreamInvoiceID] = true
			invoices = append(invoices, invoiceRow{ID: NewID(), UpstreamInvoiceID: line.UpstreamInvoiceID})
		}
	}
	return invoices
}
