package imports

import (
	"context"
	"fmt"
	"io"
	"regexp"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/words"
)

const (
	invoiceID           = "invoice_id"
	itemID              = "item_id"
	serviceID           = "service_id"
	deliveryDate        = "delivery_date"
	amount              = "amount"
	externalReferenceID = "external_reference_id"
)

// longestReference is what a claim can carry.
const longestReference = 24

var invoiceColumns = []column{
	{invoiceID, true}, {itemID, true}, {careRecipientID, true}, {serviceID, true}, {deliveryDate, true}, {amount, true},
	{externalReferenceID, false},
}

// amountPattern is what fits into twelve digits and two places. More places are not rounded: whoever bills has none (R2).
var amountPattern = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,2})?$`)

// InvoiceLine is a line of a file of invoices, from the provider's own billing.
type InvoiceLine struct {
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

// Invoices reads a file of invoice lines.
func Invoices(ctx context.Context, file io.Reader) (File[InvoiceLine], error) {
	return read(ctx, file, invoiceColumns, readInvoiceLine)
}

func readInvoiceLine(line record) InvoiceLine {
	row := InvoiceLine{
		Line: line.line, InvoiceID: line.needed(invoiceID), ItemID: line.needed(itemID),
		CareRecipientID: line.needed(careRecipientID), ServiceCode: line.text(serviceID),
	}
	if row.CareRecipientID != "" && !care.ValidCareRecipientID(row.CareRecipientID) {
		line.refuse(careRecipientID, words.NumberRule(care.CareRecipientIDNumber))
	}
	row.DeliveryDate, _ = readDate(line, deliveryDate)
	row.Amount = readAmount(line, amount)
	row.ExternalReferenceID = line.text(externalReferenceID)
	if len(row.ExternalReferenceID) > longestReference {
		line.refuse(externalReferenceID, "is longer than 24 characters")
	}
	return row
}

func readAmount(line record, column string) decimal.Decimal {
	text := line.needed(column)
	if text == "" {
		return decimal.Decimal{}
	}
	if !amountPattern.MatchString(text) {
		line.refuse(column, "must be an amount such as 1234.50: digits, a point and at most two places, without a dollar sign or thousands separators")
		return decimal.Decimal{}
	}
	return decimal.RequireFromString(text)
}

// StoreInvoices stores the invoice lines of a file, all or none, and decides the links of usage again (R17). A line that we hold already is
// updated; none is removed. It fails with FileError or db.ErrImportRunning.
func StoreInvoices(ctx context.Context, store *db.Store, organisation care.ID, file File[InvoiceLine]) (db.InvoiceImport, error) {
	ids := make([]string, 0, len(file.Rows))
	for _, line := range file.Rows {
		ids = append(ids, line.CareRecipientID)
	}
	return store.ImportInvoices(ctx, organisation, ids, func(people map[string]care.ID) ([]db.InvoiceLine, error) {
		return DecideInvoices(file, people)
	})
}

// DecideInvoices makes the lines of a file into those that are stored. people are our ids of people by care recipient id. It fails with
// FileError.
func DecideInvoices(file File[InvoiceLine], people map[string]care.ID) ([]db.InvoiceLine, error) {
	var wrong problems
	lines := make([]db.InvoiceLine, 0, len(file.Rows))
	firstLine := make(map[[2]string]int, len(file.Rows))
	for _, line := range file.Rows {
		if wrong.enough() {
			break
		}
		key := [2]string{line.InvoiceID, line.ItemID}
		if first, twice := firstLine[key]; twice {
			wrong.refuse(line.Line, itemID, fmt.Sprintf("is also in line %d, with the same invoice id", first))
		} else {
			firstLine[key] = line.Line
		}
		person, known := people[line.CareRecipientID]
		if !known {
			wrong.refuse(line.Line, careRecipientID, unknownPerson)
		}
		lines = append(lines, db.InvoiceLine{Amount: line.Amount, InvoiceLine: care.InvoiceLine{
			ID: db.NewID(), PersonID: person, UpstreamInvoiceID: line.InvoiceID, UpstreamItemID: line.ItemID,
			ExternalReferenceID: line.ExternalReferenceID, ServiceCode: line.ServiceCode, DeliveryDate: line.DeliveryDate,
		}})
	}
	return lines, fileError(append(file.Problems, wrong...))
}
