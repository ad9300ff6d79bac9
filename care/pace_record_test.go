package care

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoReportedFieldOfAPlanBudgetIsForgottenInComparing(t *testing.T) { // R22
	budget := ReportedBudget{
		BudgetType: "t", Management: "m", SupportType: "s", Category: "c", FundingComponent: "f",
		Amounts: Amounts{Approved: someAmount, Released: someAmount, Spent: someAmount, Remaining: someAmount}, StartDate: someDate, EndDate: someDate,
		InstalmentType: "i",
		StatedItems:    []StatedItem{{SupportItemNumber: "n", SupportItemText: "t", Approved: someAmount}},
		FundingPeriods: []FundingPeriod{{FundingPeriodID: "1", StartDate: someDate, EndDate: someDate, Amount: someAmount, Released: new(true)}},
		CategoryNumber: 0, // follows from the category
	}
	before := valuesKey(budget.values())
	require.Len(t, budget.values(), reflect.TypeFor[ReportedBudget]().NumField()-2+reflect.TypeFor[Amounts]().NumField(),
		"all but the category's number, and the amounts one by one")
	everyFieldCounts(t, reflect.ValueOf(&budget).Elem(), before, func() string { return valuesKey(budget.values()) })
}

// everyFieldCounts clears one field after the other and expects to see it.
func everyFieldCounts(t *testing.T, record reflect.Value, before string, key func() string) {
	for i := range record.NumField() {
		field, name := record.Field(i), record.Type().Field(i).Name
		switch {
		case name == "CategoryNumber":
			continue
		case field.Type() == reflect.TypeFor[Amounts]():
			everyFieldCounts(t, field, before, key)
			continue
		case field.Kind() == reflect.Slice:
			everyFieldCounts(t, field.Index(0), before, key)
		}
		full := reflect.New(field.Type()).Elem()
		full.Set(field)
		field.SetZero()
		require.NotEqual(t, before, key(), "%s goes unnoticed", name)
		field.Set(full)
		require.Equal(t, before, key())
	}
}
