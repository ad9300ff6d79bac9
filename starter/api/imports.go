package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/imports"
)

const (
	tagImports = "Imports"
	// uploadTimeout is how long a file may take to arrive, importTimeout how long it may take from then on until it is answered.
	uploadTimeout = time.Minute
	importTimeout = 15 * time.Minute
)

type importInput struct {
	RawBody []byte `contentType:"text/csv" doc:"CSV with a header, UTF-8, comma delimited"`
}

type importOutput struct{ Body db.ImportResult }

type deliveredServicesOutput struct{ Body db.DeliveredServicesResult }

type invoiceImportOutput struct{ Body db.InvoiceImportResult }

func (a api) registerImports(served huma.API) {
	huma.Register(served, importOperation("import-people", "/v1/imports/people", "Import people from CSV",
		"Columns: given_name, family_name, birth_date, care_recipient_id, and if needed service_provider_id, ndis_number, pace_participant and "+
			"pace_api_access (yes or no)."), a.importPeople)
	huma.Register(served, importOperation("import-invoices", "/v1/imports/invoices", "Import invoice lines from CSV",
		"Columns: invoice_id, item_id, care_recipient_id, service_id, delivery_date, amount. Budget usage that waits for its line is linked."), a.importInvoices)
	huma.Register(served, importOperation("import-delivered-services", "/v1/imports/delivered-services", "Import the provider's own delivered services from CSV",
		"Columns: reference, ndis_number, budget_id or category (with management where needed), delivered_on, amount, support_item_number, claim_status, and "+
			"if wanted support_item_description and note. Adjustment records are brought in line."), a.importDeliveredServices)
	huma.Register(served, importOperation("import-contracts", "/v1/imports/contracts", "Import service contracts made by hand from CSV",
		"Columns: ndis_number, reference, start_date, and if wanted end_date and total_funding."), a.importContracts)
}

func (a api) importDeliveredServices(ctx context.Context, in *importInput) (*deliveredServicesOutput, error) {
	caller := callerOf(ctx)
	result, err := a.store.ImportDeliveredServices(ctx, caller.Organisation, imports.DeliveredServices(in.RawBody), by(caller))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &deliveredServicesOutput{Body: result}, nil
}

func (a api) importContracts(ctx context.Context, in *importInput) (*importOutput, error) {
	result, err := a.store.ImportContracts(ctx, callerOf(ctx).Organisation.ID, imports.Contracts(in.RawBody))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &importOutput{Body: result}, nil
}

func importOperation(id, path, summary, columns string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Tags: []string{tagImports}, Summary: summary,
		Description:  "All or nothing; importing again updates. Errors are listed by line. " + columns,
		MaxBodyBytes: imports.MaxSize, BodyReadTimeout: uploadTimeout,
		Middlewares: huma.Middlewares{patiently},
		Errors:      []int{http.StatusConflict},
	}
}

// patiently gives an import its time once the file has arrived: the deadline of the upload would cancel it.
func patiently(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	r.Body = arriving{ReadCloser: r.Body, control: http.NewResponseController(w)}
	next(ctx)
}

// arriving is a file on its way.
type arriving struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (a arriving) Read(part []byte) (int, error) {
	n, err := a.ReadCloser.Read(part)
	if errors.Is(err, io.EOF) { // a recorder in a test has no deadlines
		_ = a.control.SetReadDeadline(time.Time{})
		_ = a.control.SetWriteDeadline(time.Now().Add(importTimeout))
	}
	return n, err
}

func (a api) importPeople(ctx context.Context, in *importInput) (*importOutput, error) {
	organisation := callerOf(ctx).Organisation
	result, err := a.store.ImportPeople(ctx, organisation.ID, imports.People(in.RawBody, organisation.Today(a.store.Now())), by(callerOf(ctx)))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &importOutput{Body: result}, nil
}

func (a api) importInvoices(ctx context.Context, in *importInput) (*invoiceImportOutput, error) {
	result, err := a.store.ImportInvoices(ctx, callerOf(ctx).Organisation.ID, imports.Invoices(in.RawBody))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &invoiceImportOutput{Body: result}, nil
}
