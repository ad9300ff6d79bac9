package care

import "github.com/shopspring/decimal"

// DaysOpenAfterEnd is how long after its end date a budget's usage is still read (Care Recipient Sync §Open budgets, R15).
const DaysOpenAfterEnd = 90

// Budget is an allocation of money for a period. Identity: the government's budget id, which is opaque.
// Used, WriteOff and Rollover are positive where money was consumed (R4).
type Budget struct {
	Row
	UpstreamBudgetID  string              `json:"upstream_budget_id"`
	ServiceProviderID string              `json:"service_provider_id"`
	TypeCode          string              `json:"type_code"`
	TypeName          string              `json:"type_name"`
	EntryDate         Date                `json:"entry_date"`
	StartDate         Date                `json:"start_date"`
	EndDate           Date                `json:"end_date"`
	Status            string              `json:"status"`
	Total             decimal.NullDecimal `json:"total"`
	Used              decimal.NullDecimal `json:"used"`
	WriteOff          decimal.NullDecimal `json:"write_off"`
	Rollover          decimal.NullDecimal `json:"rollover"`
	Available         decimal.NullDecimal `json:"available"`
}

// Label is what people know the budget by: its type and dates.
func (b *Budget) Label() Label {
	return Label{Kind: KindBudget, Name: b.TypeName, Code: b.TypeCode, StartDate: b.StartDate, EndDate: b.EndDate}
}

func (b *Budget) identity() string { return b.UpstreamBudgetID }
func (b *Budget) values() []Value {
	return []Value{
		{"service_provider_id", text(b.ServiceProviderID)}, {"type_code", text(b.TypeCode)}, {"type_name", text(b.TypeName)},
		{"entry_date", dateText(b.EntryDate)}, {"start_date", dateText(b.StartDate)}, {"end_date", dateText(b.EndDate)},
		{"status", text(b.Status)}, {"total", moneyText(b.Total)}, {"used", moneyText(b.Used)},
		{"write_off", moneyText(b.WriteOff)}, {"rollover", moneyText(b.Rollover)}, {"available", moneyText(b.Available)},
	}
}

// OpenOn reports whether a budget's usage is read on that day: it has no end date, or ended at most 90 days ago (Care
// Recipient Sync §Open budgets, R15). The government's status does not decide it, and budgets that start in the future are open. A removed one is not (R5).
func (b *Budget) OpenOn(today Date) bool {
	if b.Removed {
		return false
	}
	return b.EndDate.IsZero() || !today.After(b.EndDate.AddDays(DaysOpenAfterEnd))
}

// AddsUp reports whether available = total - used - write-off - rollover (R4). Where one of them was not provided there is
// nothing to check.
func (b *Budget) AddsUp() bool {
	consumed, complete := sum(b.Used, b.WriteOff, b.Rollover)
	if !complete || !b.Total.Valid || !b.Available.Valid {
		return true
	}
	return b.Total.Decimal.Sub(consumed).Equal(b.Available.Decimal)
}

// Entitlement is a part of what a budget is made of. Identity: budget and code.
type Entitlement struct {
	Row
	BudgetID ID                  `json:"budget_id"`
	Code     string              `json:"code"`
	Amount   decimal.NullDecimal `json:"amount"`
}

func (e *Entitlement) identity() string { return identityOf(string(e.BudgetID), e.Code) }
func (e *Entitlement) values() []Value  { return []Value{{"amount", moneyText(e.Amount)}} }

// BudgetDetails is what the government says a budget is made of and what drew on it.
type BudgetDetails struct {
	UpstreamBudgetID string
	Entitlements     []Entitlement
	Usage            []UsageLine
	Unread           Unread
}
