package read

import (
	"cmp"
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// InvoiceLine is a line of one of our own invoices, and the budgets that funded it.
type InvoiceLine struct {
	ID           care.ID
	InvoiceID    string
	ItemID       string
	ServiceCode  string
	DeliveryDate care.Date
	Amount       *Money
	// ExternalReferenceID is our own reference, which the claim carried; empty where none did.
	ExternalReferenceID string
	// Drawn is what the line drew in all, and Difference what we billed less that: it may be the person's contribution. Both are nil as
	// long as it drew nothing that is known.
	Drawn, Difference *Money
	// Person is nil for a line that names no one in the organisation.
	Person *PersonRef
	Usage  []InvoiceLineUsage
}

// InvoiceLineUsage is an amount that an invoice line drew from a budget (R17).
type InvoiceLineUsage struct {
	BudgetID  care.ID
	PersonID  care.ID
	Budget    string
	StartDate care.Date
	EndDate   care.Date
	Amount    *Money
	RemovedAt *time.Time
}

// compare puts what we billed beside what the line drew.
func (v *InvoiceLine) compare() {
	for _, one := range v.Usage {
		if one.RemovedAt != nil || one.Amount == nil {
			continue
		}
		if v.Drawn == nil {
			v.Drawn = &Money{}
		}
		v.Drawn.Decimal = v.Drawn.Add(one.Amount.Decimal)
	}
	if v.Drawn != nil && v.Amount != nil {
		v.Difference = &Money{v.Amount.Sub(v.Drawn.Decimal)}
	}
}

// InvoiceLine returns a line of one of our own invoices, or ErrNotFound.
func (s Store) InvoiceLine(ctx context.Context, organisation, line care.ID) (InvoiceLine, error) {
	var view InvoiceLine
	err := s.store.Snapshot(ctx, "load the invoice line", func(queries *gen.Queries) error {
		row, err := queries.ViewInvoiceLine(ctx, gen.ViewInvoiceLineParams{OrganisationID: organisation, InvoiceLineID: line})
		if err != nil {
			return err
		}
		view = InvoiceLine{
			ID: row.ID, InvoiceID: row.UpstreamInvoiceID, ItemID: row.UpstreamItemID, ServiceCode: row.ServiceCode,
			DeliveryDate: row.DeliveryDate, Amount: money(row.Amount), ExternalReferenceID: row.ExternalReferenceID,
		}
		if row.PersonID != nil {
			view.Person = &PersonRef{ID: *row.PersonID, GivenName: row.GivenName, FamilyName: row.FamilyName}
		}
		usage, err := queries.ViewInvoiceLineUsage(ctx, gen.ViewInvoiceLineUsageParams{OrganisationID: organisation, InvoiceLineID: line})
		for _, one := range usage {
			view.Usage = append(view.Usage, InvoiceLineUsage{
				BudgetID: one.BudgetID, PersonID: one.PersonID, Budget: cmp.Or(one.TypeName, one.TypeCode),
				StartDate: one.StartDate, EndDate: one.EndDate, Amount: money(one.Amount), RemovedAt: one.RemovedAt,
			})
		}
		view.compare()
		return err
	})
	return view, err
}
