package care_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestBudgetTypeAndManagementAreReadFromTheComponentWhereTheyAreAbsent(t *testing.T) {
	for _, test := range []struct {
		budgetType, management, component string
		wantType                          care.BudgetType
		wantManagement                    care.Management
	}{
		{"Flexible", "Plan-managed", "", care.BudgetFlexible, care.PlanManaged},
		{"STATED", "Plan Managed", "", care.BudgetStated, care.PlanManaged},
		{" flexible ", "self-managed", "", care.BudgetFlexible, care.SelfManaged},
		{"Stated", "Agency-managed", "", care.BudgetStated, care.AgencyManaged},
		{"Stated", "NDIA-managed", "", care.BudgetStated, care.AgencyManaged},
		{"", "", "Core Flexible (Plan-managed)", care.BudgetFlexible, care.PlanManaged},
		{"", "", "Capital Stated (Agency managed)", care.BudgetStated, care.AgencyManaged},
		{"Stated", "Self-managed", "Core Flexible (Plan-managed)", care.BudgetStated, care.SelfManaged},
		{"", "", "", care.BudgetTypeUnknown, care.ManagementUnknown},
		{"", "", "Core", care.BudgetTypeUnknown, care.ManagementUnknown},
		{"", "", "Flexible or stated (Plan-managed, Self-managed)", care.BudgetTypeUnknown, care.ManagementUnknown},
		{"Unknown", "unknown", "Core Flexible (Plan-managed)", care.BudgetTypeUnknown, care.ManagementUnknown},
		{" Semi-flexible ", "Nominee-managed", "", "Semi-flexible", "Nominee-managed"},
	} {
		require.Equal(t, test.wantType, care.ReadBudgetType(test.budgetType, test.component), "%+v", test)
		require.Equal(t, test.wantManagement, care.ReadManagement(test.management, test.component), "%+v", test)
	}
}

func TestAPlanBudgetComesBackFromJSONAsItWas(t *testing.T) {
	held, _ := created(care.HeldContracts{}, readOf(aPlan, with(spentBudget("Consumables", "78000", "22.5"), func(b *care.ReportedBudget) {
		b.StatedItems = []care.StatedItem{{SupportItemNumber: "03_040919_0103_1_1", SupportItemText: "Pads", Approved: amount("10")}}
		b.FundingPeriods = []care.FundingPeriod{{FundingPeriodID: "1", StartDate: day("2026-02-01"), EndDate: day("2026-04-30"), Amount: amount("19500"), Released: new(true)}}
	})), freshIDs())
	encoded, err := json.Marshal(held)
	require.NoError(t, err)
	var back care.HeldContracts
	require.NoError(t, json.Unmarshal(encoded, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(encoded), string(again))

	var row map[string]any
	encoded, err = json.Marshal(held.Budgets[0])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, &row))
	for _, column := range []string{
		"id", "ordinal", "removed", "contract_id", "identity", "budget_type", "management", "support_type", "category", "category_number", "funding_component",
		"approved", "released", "spent", "remaining", "start_date", "end_date", "instalment_type", "stated_items", "funding_periods", "excluded_from_totals",
	} {
		require.Contains(t, row, column)
		delete(row, column)
	}
	require.Empty(t, row)
}
