package imports

import (
	"context"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
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

// DeliveredService is a line of a file of our own delivered services, from the provider's own billing.
type DeliveredService struct {
	Line int
	// Reference is the provider's own id of the work.
	Reference  string
	NDISNumber string
	// BudgetID names the plan budget. Where it is empty, the budget is found by Category and, if given, Management.
	BudgetID               care.ID
	Category               string
	Management             string
	DeliveredOn            care.Date
	Amount                 decimal.Decimal
	SupportItemNumber      string
	SupportItemDescription string
	Note                   string
	ClaimStatus            care.InvoiceClaimStatus
}

// DeliveredServices reads a file of the provider's own delivered services with their claim status.
func DeliveredServices(ctx context.Context, file io.Reader) (File[DeliveredService], error) {
	return read(ctx, file, deliveredServiceColumns, readDeliveredService)
}

func readDeliveredService(line record) DeliveredService {
	row := DeliveredService{
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
		line.refuse(ndisNumber, words.NumberRule(care.NDISNumber))
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
		line.refuse(claimStatus, "must be one of: "+strings.Join(known, ", "))
	}
	return ""
}
