package care

import "github.com/shopspring/decimal"

// DeliveredServiceKind says what a delivered service stands for.
type DeliveredServiceKind string

// The kinds of delivered service.
const (
	// DeliveredByUs is work that we claim for.
	DeliveredByUs DeliveredServiceKind = "own"
	// PACEAdjustment stands for everything that others have drawn from a budget (PACE guide §Adjustment record, R27).
	PACEAdjustment DeliveredServiceKind = "pace_adjustment"
)

// InvoiceClaimStatus is how far the claim for a delivered service of ours has come.
type InvoiceClaimStatus string

// The claim statuses of a delivered service. Submitted, pending and paid ones count as claimed (R27).
const (
	NotClaimed     InvoiceClaimStatus = "not_claimed"
	ClaimSubmitted InvoiceClaimStatus = "submitted"
	ClaimPending   InvoiceClaimStatus = "pending"
	ClaimPaid      InvoiceClaimStatus = "paid"
	ClaimRejected  InvoiceClaimStatus = "rejected"
	ClaimCancelled InvoiceClaimStatus = "cancelled"
)

// InvoiceClaimStatuses are all claim statuses.
var InvoiceClaimStatuses = []InvoiceClaimStatus{NotClaimed, ClaimSubmitted, ClaimPending, ClaimPaid, ClaimRejected, ClaimCancelled}

func (s InvoiceClaimStatus) claimed() bool {
	return s == ClaimSubmitted || s == ClaimPending || s == ClaimPaid
}

// DeliveredService is work that drew on a plan budget.
type DeliveredService struct {
	ID       ID                   `json:"id"`
	BudgetID ID                   `json:"budget_id"`
	Kind     DeliveredServiceKind `json:"kind"`
	// DeliveredOn is the day of the work; for an adjustment record, that of the retrieval within the budget's dates.
	DeliveredOn            Date            `json:"delivered_on"`
	Amount                 decimal.Decimal `json:"amount"`
	SupportItemNumber      string          `json:"support_item_number"`
	SupportItemDescription string          `json:"support_item_description"`
	ServiceProviderName    string          `json:"service_provider_name"`
	Note                   string          `json:"note"`
	// InvoiceClaimStatus is empty for an adjustment record, which can never be claimed.
	ClaimStatus InvoiceClaimStatus `json:"claim_status"`
	Claimable   bool               `json:"claimable"`
	// Removed is set while an adjustment record is not needed (R27).
	Removed bool `json:"removed"`
}

func (d *DeliveredService) values() []Value {
	amount := d.Amount.StringFixed(moneyPlaces)
	return []Value{
		{"amount", &amount}, {"delivered_on", dateText(d.DeliveredOn)}, {"support_item_number", text(d.SupportItemNumber)},
		{"support_item_description", text(d.SupportItemDescription)}, {"service_provider_name", text(d.ServiceProviderName)},
		{"note", text(d.Note)},
	}
}

// OwnClaimed is the sum of our own delivered services of a budget that are submitted, pending or paid (R27).
func OwnClaimed(budget ID, delivered []DeliveredService) decimal.Decimal {
	claimed := decimal.Zero
	for _, service := range delivered {
		if service.BudgetID == budget && service.Kind == DeliveredByUs && !service.Removed && service.ClaimStatus.claimed() {
			claimed = claimed.Add(service.Amount)
		}
	}
	return claimed
}
