package imports

import (
	"context"
	"io"
	"regexp"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
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

// Invoices reads a file of invoice lines.
func Invoices(ctx context.Context, file io.Reader) (db.Import[db.ImportedInvoiceLine], error) {
	return read(ctx, file, invoiceColumns, readInvoiceLine)
}

func readInvoiceLine(line record) db.ImportedInvoiceLine {
	row := db.ImportedInvoiceLine{
		Line: line.line, InvoiceID: line.needed(invoiceID), ItemID: line.needed(itemID),
		CareRecipientID: line.needed(careRecipientID), ServiceCode: line.text(serviceID),
	}
	if row.CareRecipientID != "" && !care.ValidCareRecipientID(row.CareRecipientID) {
		line.refuse(careRecipientID, "has 1 to 10 digits and nothing else")
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
		line.refuse(column, "is not an amount such as 1234.50: digits, a point and at most two places, without signs for dollars or thousands")
		return decimal.Decimal{}
	}
	return decimal.RequireFromString(text)
}
