package imports

import (
	"context"
	"io"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

// Importer reads files and stores what they hold, all or nothing, one file at a time for an organisation.
type Importer struct{ store *db.Store }

// NewImporter makes an importer into a store.
func NewImporter(store *db.Store) Importer { return Importer{store} }

// People imports a file of people. by is who imports. It fails with db.ImportError or db.ErrImportRunning.
func (i Importer) People(ctx context.Context, organisation care.Organisation, file io.Reader, by string) (db.ImportResult, error) {
	return imported(i, organisation,
		func() (db.Import[db.ImportedPerson], error) {
			return People(ctx, file, organisation.Today(i.store.Now()))
		},
		func(rows db.Import[db.ImportedPerson]) (db.ImportResult, error) {
			return i.store.ImportPeople(ctx, organisation.ID, rows, by)
		})
}

// Invoices imports a file of invoice lines. It fails with db.ImportError or db.ErrImportRunning.
func (i Importer) Invoices(ctx context.Context, organisation care.Organisation, file io.Reader) (db.InvoiceImportResult, error) {
	return imported(i, organisation,
		func() (db.Import[db.ImportedInvoiceLine], error) { return Invoices(ctx, file) },
		func(rows db.Import[db.ImportedInvoiceLine]) (db.InvoiceImportResult, error) {
			return i.store.ImportInvoices(ctx, organisation.ID, rows)
		})
}

// DeliveredServices imports a file of the provider's own delivered services. by is who imports. It fails with db.ImportError or
// db.ErrImportRunning.
func (i Importer) DeliveredServices(ctx context.Context, organisation care.Organisation, file io.Reader, by string) (db.DeliveredServicesResult, error) {
	return imported(i, organisation,
		func() (db.Import[db.ImportedDeliveredService], error) { return DeliveredServices(ctx, file) },
		func(rows db.Import[db.ImportedDeliveredService]) (db.DeliveredServicesResult, error) {
			return i.store.ImportDeliveredServices(ctx, organisation, rows, by)
		})
}

// Contracts imports a file of manually entered service contracts. It fails with db.ImportError or db.ErrImportRunning.
func (i Importer) Contracts(ctx context.Context, organisation care.Organisation, file io.Reader) (db.ImportResult, error) {
	return imported(i, organisation,
		func() (db.Import[db.ImportedContract], error) { return Contracts(ctx, file) },
		func(rows db.Import[db.ImportedContract]) (db.ImportResult, error) {
			return i.store.ImportContracts(ctx, organisation.ID, rows)
		})
}

// imported reads a file and stores its rows, unless the organisation has a file on its way already.
func imported[T, R any](i Importer, organisation care.Organisation, read func() (db.Import[T], error), store func(db.Import[T]) (R, error)) (R, error) {
	var none R
	end, err := i.store.BeginImport(organisation.ID)
	if err != nil {
		return none, err
	}
	defer end()
	rows, err := read()
	if err != nil {
		return none, err
	}
	return store(rows)
}
