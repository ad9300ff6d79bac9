package care

// FieldKind says what the values of a record's field are, so that whoever shows a change knows an amount from a date.
type FieldKind string

// What a field's values can be.
const (
	FieldText           FieldKind = "text"
	FieldMoney          FieldKind = "money"
	FieldDate           FieldKind = "date"
	FieldContributions  FieldKind = "contributions"
	FieldEntries        FieldKind = "entries"
	FieldStatedItems    FieldKind = "stated_items"
	FieldFundingPeriods FieldKind = "funding_periods"
	// FieldContract is our id of a service contract.
	FieldContract FieldKind = "contract"
)

// fieldKinds are the fields of all records that are no plain texts. A field's name means the same in every record.
var fieldKinds = map[string]FieldKind{
	"total": FieldMoney, "used": FieldMoney, "write_off": FieldMoney, "rollover": FieldMoney, "available": FieldMoney, "amount": FieldMoney,
	"approved": FieldMoney, "released": FieldMoney, "spent": FieldMoney, "remaining": FieldMoney,
	"total_funding": FieldMoney, "allocation_total": FieldMoney,
	"start_date": FieldDate, "end_date": FieldDate, "entry_date": FieldDate, "departure_date": FieldDate, "not_in_care_since": FieldDate,
	"delivery_date": FieldDate, "delivered_on": FieldDate, "birth_date": FieldDate,
	"plan_first_start_date": FieldDate, "plan_start_date": FieldDate, "plan_end_date": FieldDate,
	"contributions": FieldContributions, "entries": FieldEntries, "stated_items": FieldStatedItems, "funding_periods": FieldFundingPeriods,
	"superseded_by": FieldContract,
}

// FieldKindOf says what the values of a field are.
func FieldKindOf(field string) FieldKind {
	if kind, known := fieldKinds[field]; known {
		return kind
	}
	return FieldText
}

// IsList reports whether a value is a list: it stands in a change as JSON.
func (k FieldKind) IsList() bool {
	switch k {
	case FieldContributions, FieldEntries, FieldStatedItems, FieldFundingPeriods:
		return true
	default:
		return false
	}
}
