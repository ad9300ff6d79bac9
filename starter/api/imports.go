package api

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/web"
)

const tagImports = "Imports"

// importInput is a file that is read as it arrives.
type importInput struct{ file io.Reader }

// Resolve implements huma.Resolver.
func (in *importInput) Resolve(ctx huma.Context) []error {
	in.file = ctx.BodyReader()
	return nil
}

// importRequest documents a file.
func importRequest() *huma.RequestBody {
	return &huma.RequestBody{Required: true, Description: "CSV with a header, UTF-8, comma delimited", Content: map[string]*huma.MediaType{
		"text/csv": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
}

type importOutput struct{ Body views.ImportResult }

type deliveredServicesOutput struct{ Body views.DeliveredServicesResult }

type invoiceImportOutput struct{ Body views.InvoiceImportResult }

func (a api) registerImports(served huma.API) {
	huma.Register(served, importOperation("import-people", "/v1/imports/people", "Import people from CSV",
		"Columns: given_name, family_name, birth_date, care_recipient_id, and optionally service_provider_id, ndis_number, pace_participant, "+
			"pace_api_access and new_person (yes or no). A missing number is filled in, but a number is never changed: such a line is refused, with "+
			"both values next to the error. new_person says that a line is about a different person from the existing one with the same details."), a.importPeople)
	huma.Register(served, importOperation("import-invoices", "/v1/imports/invoices", "Import invoice lines from CSV",
		"Columns: invoice_id, item_id, care_recipient_id, service_id, delivery_date, amount. Budget usage that is waiting for its line is linked."), a.importInvoices)
	huma.Register(served, importOperation("import-delivered-services", "/v1/imports/delivered-services", "Import the provider's own delivered services from CSV",
		"Columns: reference, ndis_number, budget_id or category (with management where needed), delivered_on, amount, support_item_number, claim_status, and "+
			"optionally support_item_description and note. Adjustment records are updated."), a.importDeliveredServices)
	huma.Register(served, importOperation("import-contracts", "/v1/imports/contracts", "Import manually entered service contracts from CSV",
		"Columns: ndis_number, reference, start_date, and optionally end_date and total_funding."), a.importContracts)
}

func (a api) importDeliveredServices(ctx context.Context, in *importInput) (*deliveredServicesOutput, error) {
	caller := callerOf(ctx)
	result, err := imports.NewImporter(a.store).DeliveredServices(ctx, caller.Organisation, in.file, by(caller))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &deliveredServicesOutput{Body: views.FromDeliveredServicesResult(result)}, nil
}

func (a api) importContracts(ctx context.Context, in *importInput) (*importOutput, error) {
	result, err := imports.NewImporter(a.store).Contracts(ctx, callerOf(ctx).Organisation, in.file)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &importOutput{Body: views.FromImportResult(result)}, nil
}

func importOperation(id, path, summary, columns string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Tags: []string{tagImports}, Summary: summary,
		Description: "If any row has an error, nothing is imported. Importing again updates. Errors are listed by line, up to the first 1,000. Only one import at a time per organisation: a second gets 409. " + columns,
		RequestBody: importRequest(), Middlewares: huma.Middlewares{patiently}, Errors: []int{http.StatusConflict},
	}
}

// patiently gives a file its time to arrive, and the import more than other answers have.
func patiently(ctx huma.Context, next func(huma.Context)) {
	_, w := humago.Unwrap(ctx)
	web.AllowImport(w)
	next(ctx)
}

func (a api) importPeople(ctx context.Context, in *importInput) (*importOutput, error) {
	caller := callerOf(ctx)
	result, err := imports.NewImporter(a.store).People(ctx, caller.Organisation, in.file, by(caller))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &importOutput{Body: views.FromImportResult(result)}, nil
}

func (a api) importInvoices(ctx context.Context, in *importInput) (*invoiceImportOutput, error) {
	result, err := imports.NewImporter(a.store).Invoices(ctx, callerOf(ctx).Organisation, in.file)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &invoiceImportOutput{Body: views.FromInvoiceImportResult(result)}, nil
}
