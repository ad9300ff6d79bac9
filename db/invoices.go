package db

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// ImportedInvoiceLine is a line of a file of invoices, from the provider's own billing.
type ImportedInvoiceLine struct {
	Line int
	// InvoiceID and ItemID are those under which the line was claimed from the government; the item id is unique in its invoice only.
	InvoiceID       string
	ItemID          string
	CareRecipientID string
	ServiceCode     string
	DeliveryDate    care.Date
	Amount          decimal.Decimal
	// ExternalReferenceID is our own reference, which the claim carried; empty where none did.
	ExternalReferenceID string
}

// InvoiceImportResult is what an import of invoices did. Linked is the number of usage lines that waited for an invoice line, Unlinked of
// those whose line the import contradicts (R17).
type InvoiceImportResult struct {
	ImportResult
	Linked   int
	Unlinked int
}

type invoiceRow struct {
	ID                care.ID `json:"id"`
	UpstreamInvoiceID string  `json:"upstream_invoice_id"`
}

type invoiceLineRow struct {
	ID                care.ID         `json:"id"`
	UpstreamInvoiceID string          `json:"upstream_invoice_id"`
	UpstreamItemID    string          `json:"upstream_item_id"`
	PersonID          care.ID         `json:"person_id"`
	ServiceCode       string          `json:"service_code"`
	DeliveryDate      care.Date       `json:"delivery_date"`
	Amount            decimal.Decimal `json:"amount"`
	ExternalReference string          `json:"external_reference_id"`
}

// ImportInvoices stores the invoice lines of a file, all or none, and decides the links of usage anew (R17). A line that we hold
// already is updated; none is removed. It fails with ImportError.
func (s *Store) ImportInvoices(ctx context.Context, organisation care.ID, file Import[ImportedInvoiceLine]) (InvoiceImportResult, error) {
	var result InvoiceImportResult
	err := s.inTransaction(ctx, "import invoices", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		lines, problems, err := checkInvoiceLines(ctx, queries, organisation, file.Rows)
		if err != nil {
			return err
		}
		if err := importError(append(file.Problems, problems...)); err != nil {
			return err
		}
		result, err = writeInvoiceLines(ctx, queries, organisation, lines)
		return err
	})
	return result, err
}

func checkInvoiceLines(ctx context.Context, queries *gen.Queries, organisation care.ID, imported []ImportedInvoiceLine) ([]invoiceLineRow, []LineError, error) {
	people, err := peopleOf(ctx, queries, organisation, imported)
	if err != nil {
		return nil, nil, err
	}
	var problems []LineError
	lines := make([]invoiceLineRow, 0, len(imported))
	firstLine := make(map[[2]string]int, len(imported))
	for _, line := range imported {
		if len(problems) >= MostProblems {
			break
		}
		key := [2]string{line.InvoiceID, line.ItemID}
		if first, twice := firstLine[key]; twice {
			problems = append(problems, LineError{Line: line.Line, Column: "item_id", Message: fmt.Sprintf("stands in line %d too, with the same invoice id", first)})
		} else {
			firstLine[key] = line.Line
		}
		person, known := people[line.CareRecipientID]
		if !known {
			problems = append(problems, LineError{Line: line.Line, Column: "care_recipient_id", Message: "is not that of any person of this organisation: import the person first"})
		}
		lines = append(lines, invoiceLineRow{
			ID: NewID(), UpstreamInvoiceID: line.InvoiceID, UpstreamItemID: line.ItemID, PersonID: person,
			ServiceCode: line.ServiceCode, DeliveryDate: line.DeliveryDate, Amount: line.Amount,
			ExternalReference: line.ExternalReferenceID,
		})
	}
	return lines, problems, nil
}

func peopleOf(ctx context.Context, queries *gen.Queries, organisation care.ID, imported []ImportedInvoiceLine) (map[string]care.ID, error) {
	ids := make([]string, 0, len(imported))
	for _, line := range imported {
		ids = append(ids, line.CareRecipientID)
	}
	slices.Sort(ids)
	rows, err := queries.PeopleByCareRecipientID(ctx, gen.PeopleByCareRecipientIDParams{
		OrganisationID: organisation, CareRecipientIds: slices.Compact(ids),
	})
	people := make(map[string]care.ID, len(rows))
	for _, row := range rows {
		people[row.CareRecipientID] = row.ID
	}
	return people, err
}

func writeInvoiceLines(ctx context.Context, queries *gen.Queries, organisation care.ID, lines []invoiceLineRow) (result InvoiceImportResult, err error) {
	for chunk := range slices.Chunk(lines, importChunk) {
		err := queries.WriteInvoices(ctx, gen.WriteInvoicesParams{OrganisationID: organisation, Invoices: list(invoicesOf(chunk))})
		if err != nil {
			return result, err
		}
		written, err := queries.WriteInvoiceLines(ctx, gen.WriteInvoiceLinesParams{OrganisationID: organisation, Lines: list(chunk)})
		if err != nil {
			return result, err
		}
		result.add(len(chunk), written)
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
func (r *InvoiceImportResult) relink(ctx context.Context, queries *gen.Queries, organisation care.ID, lines []invoiceLineRow) error {
	var named billingKeys
	for _, line := range lines {
		named.add(line.UpstreamInvoiceID, line.ExternalReference)
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

// add counts a statement's lines: those that it wrote, by whether it created them, and those that it left untouched.
func (r *ImportResult) add(lines int, written []bool) {
	for _, created := range written {
		if created {
			r.Created++
		} else {
			r.Updated++
		}
	}
	r.Unchanged += lines - len(written)
}

func invoicesOf(lines []invoiceLineRow) []invoiceRow {
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
