package views

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/imports"
)

// ImportResult is what an import did.
type ImportResult struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
}

// DeliveredServicesResult is what an import of delivered services did.
type DeliveredServicesResult struct {
	ImportResult
	// Adjusted is the number of adjustment records that were created, changed or removed (R27).
	Adjusted int `json:"adjusted" doc:"How many adjustment records were created, changed or removed"`
	// Warnings say what is odd about the file's budgets as they stand now.
	Warnings []string `json:"warnings" doc:"What is unusual about the budgets at present, such as more claimed than spent"`
}

// InvoiceImportResult is what an import of invoice lines did.
type InvoiceImportResult struct {
	ImportResult
	Linked   int `json:"linked"`
	Unlinked int `json:"unlinked"`
}

// FromImportResult shows the count of an import.
func FromImportResult(count care.Count) ImportResult {
	return ImportResult{Created: count.Created, Updated: count.Updated, Unchanged: count.Unchanged}
}

// FromDeliveredServicesResult shows an imports.DeliveredServicesResult.
func FromDeliveredServicesResult(result imports.DeliveredServicesResult) DeliveredServicesResult {
	return DeliveredServicesResult{ImportResult: FromImportResult(result.Count), Adjusted: result.Adjusted, Warnings: result.Warnings}
}

// FromInvoiceImportResult shows a db.InvoiceImport.
func FromInvoiceImportResult(result db.InvoiceImport) InvoiceImportResult {
	return InvoiceImportResult{ImportResult: FromImportResult(result.Count), Linked: result.Linked, Unlinked: result.Unlinked}
}
