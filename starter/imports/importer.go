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

// People imports a file of people. by is who imports. It fails with FileError or db.ErrImportRunning.
func (i Importer) People(ctx context.Context, organisation care.Organisation, file io.Reader, by string) (care.Count, error) {
	return imported(i, organisation,
		func() (File[Person], error) { return People(ctx, file, organisation.Today(i.store.Now())) },
		func(rows File[Person]) (care.Count, error) {
			return StorePeople(ctx, i.store, organisation.ID, rows, by)
		})
}

// Invoices imports a file of invoice lines. It fails with FileError or db.ErrImportRunning.
func (i Importer) Invoices(ctx context.Context, organisation care.Organisation, file io.Reader) (db.InvoiceImport, error) {
	return imported(i, organisation,
		func() (File[InvoiceLine], error) { return Invoices(ctx, file) },
		func(rows File[InvoiceLine]) (db.InvoiceImport, error) {
			return StoreInvoices(ctx, i.store, organisation.ID, rows)
		})
}

// DeliveredServices imports a file of the provider's own delivered services. by is who imports. It fails with FileError or
// db.ErrImportRunning.
func (i Importer) DeliveredServices(ctx context.Context, organisation care.Organisation, file io.Reader, by string) (DeliveredServicesResult, error) {
	return imported(i, organisation,
		func() (File[DeliveredService], error) { return DeliveredServices(ctx, file) },
		func(rows File[DeliveredService]) (DeliveredServicesResult, error) {
			return StoreDeliveredServices(ctx, i.store, organisation.ID, rows, by)
		})
}

// Contracts imports a file of manually entered service contracts. It fails with FileError or db.ErrImportRunning.
func (i Importer) Contracts(ctx context.Context, organisation care.Organisation, file io.Reader) (care.Count, error) {
	return imported(i, organisation,
		func() (File[Contract], error) { return Contracts(ctx, file) },
		func(rows File[Contract]) (care.Count, error) {
			return StoreContracts(ctx, i.store, organisation.ID, rows)
		})
}

// imported reads a file and stores its rows, unless the organisation has a file on its way already.
func imported[T, R any](i Importer, organisation care.Organisation, read func() (File[T], error), store func(File[T]) (R, error)) (R, error) {
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
