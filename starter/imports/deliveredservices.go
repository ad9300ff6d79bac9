package imports

import (
	"context"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

const (
	reference              = "reference"
	budgetID               = "budget_id"
	category               = "category"
	management             = "management"
	deliveredOn            = "delivered_on"
	supportItemNumber      = "support_item_number"
	supportItemDescription = "support_item_description"
	note                   = "note"
	claimStatus            = "claim_status"
)

var deliveredServiceColumns = []column{
	{reference, true}, {ndisNumber, true}, {budgetID, false}, {category, false}, {management, false}, {deliveredOn, true}, {amount, true},
	{supportItemNumber, true}, {supportItemDescription, false}, {note, false}, {claimStatus, true},
}

// DeliveredServices reads a file of the provider's own delivered services with their claim status.
func DeliveredServices(ctx context.Context, file io.Reader) (db.Import[db.ImportedDeliveredService], error) {
	return read(ctx, file, deliveredServiceColumns, readDeliveredService)
}

func readDeliveredService(line record) db.ImportedDeliveredService {
	row := db.ImportedDeliveredService{
		Line: line.line, Reference: line.needed(reference), NDISNumber: readNDISNumber(line), BudgetID: readBudgetID(line),
		Category: line.text(category), Management: line.text(management), SupportItemNumber: line.needed(supportItemNumber),
		SupportItemDescription: line.text(supportItemDescription), Note: line.text(note), ClaimStatus: readClaimStatus(line),
	}
	if line.text(budgetID) == "" && row.Category == "" {
		line.refuse(category, "is empty: give the category of the support, or the budget_id")
	}
	row.DeliveredOn, _ = readDate(line, deliveredOn)
	row.Amount = readAmount(line, amount)
	return row
}

func readNDISNumber(line record) string {
	number := line.needed(ndisNumber)
	if number != "" {
		checkNDISNumber(line, number)
	}
	return number
}

func checkNDISNumber(line record, number string) {
	if !care.ValidNDISNumber(number) {
		line.refuse(ndisNumber, "has nine digits and begins with 43")
	}
}

func readBudgetID(line record) care.ID {
	text := line.text(budgetID)
	if text == "" {
		return ""
	}
	id, err := uuid.Parse(text)
	if err != nil {
		line.refuse(budgetID, "is not an id of CareSync, such as 01890a5d-ac96-774b-bcce-b302099a8057")
		return ""
	}
	return care.ID(id.String())
}

func readClaimStatus(line record) care.InvoiceClaimStatus {
	text := strings.ToLower(line.needed(claimStatus))
	known := make([]string, len(care.InvoiceClaimStatuses))
	for i, status := range care.InvoiceClaimStatuses {
		if known[i] = string(status); text == known[i] {
			return status
		}
	}
	if text != "" {
		line.refuse(claimStatus, "is not one of: "+strings.Join(known, ", "))
	}
	return ""
}
