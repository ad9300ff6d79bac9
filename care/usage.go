package care

import "github.com/shopspring/decimal"

// UsageLine is an amount that an invoice line drew from a budget: ours, where it names an invoice line of ours, or another
// provider's (seed 004, R17).
type UsageLine struct {
	Row
	BudgetID          ID     `json:"budget_id"`
	UpstreamInvoiceID string `json:"upstream_invoice_id"`
	UpstreamItemID    string `json:"upstream_item_id"`
	ServiceProviderID string `json:"service_provider_id"`
	ServiceCode       string `json:"service_code"`
	DeliveryDate      Date   `json:"delivery_date"`
	// Amount is positive where money was consumed and negative for a reversal (R4).
	Amount decimal.NullDecimal `json:"amount"`
}

// identity is the invoice line where the government names one; else everything that is known of the line (R17).
func (u *UsageLine) identity() string {
	if u.UpstreamInvoiceID != "" && u.UpstreamItemID != "" {
		return identityOf(string(u.BudgetID), "invoice line", u.UpstreamInvoiceID, u.UpstreamItemID)
	}
	amount := ""
	if u.Amount.Valid {
		amount = u.Amount.Decimal.StringFixed(moneyPlaces)
	}
	return identityOf(string(u.BudgetID), "line", u.ServiceProviderID, u.ServiceCode, u.DeliveryDate.String(), amount)
}

func (u *UsageLine) values() []Value {
	return []Value{
		{"upstream_invoice_id", text(u.UpstreamInvoiceID)}, {"upstream_item_id", text(u.UpstreamItemID)},
		{"service_provider_id", text(u.ServiceProviderID)}, {"service_code", text(u.ServiceCode)},
		{"delivery_date", dateText(u.DeliveryDate)}, {"amount", moneyText(u.Amount)},
	}
}

// UsageAmount is the sum of a budget's lines that are not removed (R17).
func UsageAmount(lines []UsageLine) decimal.Decimal {
	total := decimal.Zero
	for _, line := range lines {
		if !line.Removed {
			total = total.Add(line.Amount.Decimal)
		}
	}
	return total
}

// UsageMatches reports whether the sum of a budget's lines is the amount the government calls used (R17). Where that was not
// provided there is nothing to compare.
func UsageMatches(usageAmount decimal.Decimal, used decimal.NullDecimal) bool {
	return !used.Valid || usageAmount.Equal(used.Decimal)
}
