package care

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"
)

// UsageLine is an amount that an invoice line drew from a budget: ours, where it names an invoice line of ours, or another
// provider's (Care Recipient Sync §Usage of other providers, R17).
type UsageLine struct {
	Row
	BudgetID          ID     `json:"budget_id"`
	UpstreamInvoiceID string `json:"upstream_invoice_id"`
	UpstreamItemID    string `json:"upstream_item_id"`
	// ExternalReferenceID is our own reference of the invoice line, where the claim carried one.
	ExternalReferenceID string `json:"external_reference_id"`
	ServiceProviderID   string `json:"service_provider_id"`
	ServiceCode         string `json:"service_code"`
	DeliveryDate        Date   `json:"delivery_date"`
	// Amount is positive where money was consumed and negative for a reversal (R4).
	Amount decimal.NullDecimal `json:"amount"`
	// InvoiceLineID is our own invoice line, empty for none. The government does not report it: Billing.LinkOf decides it.
	InvoiceLineID ID `json:"invoice_line_id,omitempty"`

	// continuedAs is the identity under which a line that was held without ids is reported now.
	continuedAs string
}

// Label names a usage line by its service and delivery date.
func (u *UsageLine) Label() Label {
	return Label{Kind: KindBudgetUsage, Code: u.ServiceCode, StartDate: u.DeliveryDate, EndDate: u.DeliveryDate}
}

// identity is the invoice line where the government names one; else everything that is known of the line (R17).
func (u *UsageLine) identity() string {
	switch {
	case u.continuedAs != "":
		return u.continuedAs
	case u.hasIDs():
		return identityOf(string(u.BudgetID), "invoice line", u.UpstreamInvoiceID, u.UpstreamItemID)
	default:
		return u.content()
	}
}

func (u *UsageLine) hasIDs() bool { return u.UpstreamInvoiceID != "" && u.UpstreamItemID != "" }

// content is everything that is known of a line but its ids.
func (u *UsageLine) content() string {
	amount := ""
	if u.Amount.Valid {
		amount = u.Amount.Decimal.StringFixed(moneyPlaces)
	}
	return identityOf(string(u.BudgetID), "line", u.ServiceProviderID, u.ServiceCode, u.DeliveryDate.String(), amount)
}

func (u *UsageLine) values() []Value {
	return []Value{
		{"upstream_invoice_id", text(u.UpstreamInvoiceID)}, {"upstream_item_id", text(u.UpstreamItemID)},
		{"external_reference_id", text(u.ExternalReferenceID)},
		{"service_provider_id", text(u.ServiceProviderID)}, {"service_code", text(u.ServiceCode)},
		{"delivery_date", dateText(u.DeliveryDate)}, {"amount", moneyText(u.Amount)},
	}
}

// UsageAmount is the sum of a budget's lines that are not removed (R17). Where there are lines and none has an amount, it is not provided
// (R3).
func UsageAmount(lines []UsageLine) decimal.NullDecimal {
	total := decimal.NewNullDecimal(decimal.Zero)
	current, provided := 0, 0
	for _, line := range lines {
		if line.Removed {
			continue
		}
		current++
		if line.Amount.Valid {
			provided++
			total.Decimal = total.Decimal.Add(line.Amount.Decimal)
		}
	}
	if current > 0 && provided == 0 {
		return decimal.NullDecimal{}
	}
	return total
}

// UsageMatches reports whether the sum of a budget's lines is the amount the government calls used (R17). Where that was not
// provided there is nothing to compare.
func UsageMatches(usageAmount, used decimal.NullDecimal) bool {
	return !used.Valid || !usageAmount.Valid || usageAmount.Decimal.Equal(used.Decimal)
}

// continued are a budget's held lines, of which those that were reported without ids continue as lines that have them now: those that are
// absent from the answer, where one arrives with the same content of which nothing is held; one to one, by ordinal (R17).
func continued(held, read []UsageLine) []UsageLine {
	held = slices.Clone(held)
	slices.SortStableFunc(held, func(a, b UsageLine) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	arrived, reported := arrivals(held, read)
	for i := range held {
		line := &held[i]
		content := line.content()
		switch {
		case line.hasIDs() || line.Removed:
		case reported[content] > 0:
			reported[content]--
		case len(arrived[content]) > 0:
			line.continuedAs, line.Ordinal = arrived[content][0], 0
			arrived[content] = arrived[content][1:]
		}
	}
	return held
}

// arrivals are the identities, by content and in order, of lines with ids that are reported once and of which nothing is held, and how many
// lines without ids are reported.
func arrivals(held, read []UsageLine) (arrived map[string][]string, reported map[string]int) {
	known, times := make(map[string]bool), make(map[string]int)
	for i := range held {
		known[held[i].identity()] = true
	}
	for i := range read {
		times[read[i].identity()]++
	}
	arrived, reported = make(map[string][]string), make(map[string]int)
	for i := range read {
		identity, content := read[i].identity(), read[i].content()
		switch {
		case !read[i].hasIDs():
			reported[content]++
		case !known[identity] && times[identity] == 1:
			arrived[content] = append(arrived[content], identity)
		}
	}
	for content := range arrived {
		slices.Sort(arrived[content])
	}
	return arrived, reported
}
