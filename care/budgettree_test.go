package care_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

// amounts reads approved, released, spent and remaining; an empty text is not provided.
func amounts(approved, released, spent, remaining string) care.Amounts {
	return care.Amounts{Approved: decimalOf(approved), Released: decimalOf(released), Spent: decimalOf(spent), Remaining: decimalOf(remaining)}
}

func group(own care.Amounts, categories ...care.Amounts) care.BudgetGroup {
	g := care.BudgetGroup{BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", Amounts: own}
	for _, category := range categories {
		g.Budgets = append(g.Budgets, care.ReportedBudget{
			BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", Category: "Consumables", Amounts: category,
		})
	}
	return g
}

func approved(text string) care.Amounts { return amounts(text, "", "", "") }

func TestTotalFunding(t *testing.T) { // R29, R3
	selfManaged := group(approved("1000"), approved("1000"))
	selfManaged.Management = care.SelfManaged
	for _, test := range []struct {
		name   string
		groups []care.BudgetGroup
		total  decimal.NullDecimal
	}{
		{"the support types'", []care.BudgetGroup{group(approved("78000"), approved("70000"), approved("8000")), group(approved("5000.10"))}, amount("83000.10")},
		{"not the categories', where they differ", []care.BudgetGroup{group(approved("78000"), approved("1"))}, amount("78000")},
		{"the categories' where a support type has none", []care.BudgetGroup{group(approved(""), approved("10"), approved("20")), group(approved("5"))}, amount("35")},
		{"whatever the management", []care.BudgetGroup{group(approved("78000")), selfManaged}, amount("79000")},
		{"negative ones too", []care.BudgetGroup{group(approved(""), approved("10"), approved("-20"))}, amount("-10")},
		{"what was not provided adds nothing", []care.BudgetGroup{group(approved(""), approved(""), approved("20"))}, amount("20")},
		{"zero is an amount", []care.BudgetGroup{group(approved("0"))}, amount("0")},
		{"nothing was provided", []care.BudgetGroup{group(approved(""), approved(""))}, notProvided},
		{"nothing at all", nil, notProvided},
	} {
		tree := care.BudgetTree{Groups: test.groups}
		total := tree.TotalFunding()
		require.Equal(t, test.total.Valid, total.Valid, test.name)
		require.True(t, test.total.Decimal.Equal(total.Decimal), "%s: %s", test.name, total.Decimal)
		require.Equal(t, strings.Contains(test.name, "not provided") || test.name == "nothing was provided", tree.FundingIncomplete(), test.name)
	}
	tree := care.BudgetTree{Groups: []care.BudgetGroup{group(approved("78000"))}, Incomplete: true}
	require.True(t, tree.FundingIncomplete(), "something was left out")
}

func TestOnlyPlanManagedMoneyCountsInTheAllocationTotal(t *testing.T) { // R29, R25
	managed := func(management care.Management, approved string) care.ReportedBudget {
		return with(spentBudget("Transport", approved, "0"), func(b *care.ReportedBudget) { b.Management = management })
	}
	held, decision := created(care.HeldContracts{}, readOf(aPlan,
		managed(care.PlanManaged, "100"), managed(care.SelfManaged, "20"), managed(care.AgencyManaged, "3"), managed(care.ManagementUnknown, "0.4"), managed("Nominee", "0.05"),
	), freshIDs())
	for i, excluded := range []bool{false, true, true, true, true} {
		require.Equal(t, excluded, held.Budgets[i].ExcludedFromTotals, held.Budgets[i].Management)
	}
	require.Equal(t, "123.45", decision.Contract.TotalFunding.Decimal.StringFixed(2))
	require.Equal(t, "100.00", decision.Contract.AllocationTotal.Decimal.StringFixed(2))
	require.False(t, care.AllocationTotal(held.Budgets[1:]).Valid, "nothing that counts was provided (R3)")
	require.False(t, care.AllocationIncomplete(held.Budgets))
	held.Budgets[1].Approved = notProvided
	require.False(t, care.AllocationIncomplete(held.Budgets), "what does not count is not missed")
	held.Budgets[0].Approved = notProvided
	require.True(t, care.AllocationIncomplete(held.Budgets))
	held.Budgets[0].Removed = true
	require.False(t, care.AllocationTotal(held.Budgets).Valid, "no longer in PACE")
	require.False(t, care.AllocationIncomplete(held.Budgets))
}

func TestAmountsThatDoNotAddUpAreWarnings(t *testing.T) { // R4
	for _, test := range []struct {
		name     string
		tree     care.BudgetTree
		messages []string
	}{
		{"all adds up", care.BudgetTree{Amounts: amounts("", "30", "5", "25"), Groups: []care.BudgetGroup{
			group(amounts("100", "30", "5", "25"), amounts("60", "20", "5", "15"), amounts("40", "10", "0", "10")),
		}}, nil},
		{"a flexible category is overspent while the group has money", care.BudgetTree{Groups: []care.BudgetGroup{
			group(amounts("100", "30", "5", "25"), amounts("100", "30", "-5", "35"), amounts("0", "0", "10", "-10")),
		}}, nil},
		{"within a category", care.BudgetTree{Groups: []care.BudgetGroup{group(amounts("", "", "", ""), amounts("60", "20", "5", "16"))}},
			[]string{"Plan budget Consumables (flexible, plan-managed): Remaining is 16.00, but released less spent is 15.00. The amounts are saved as reported."}},
		{"between a support type and its categories", care.BudgetTree{Groups: []care.BudgetGroup{
			group(amounts("100", "30", "5", "25"), amounts("60", "20", "5", "15"), amounts("30", "10", "0", "10")),
		}}, []string{"Core (flexible, plan-managed): approved is 100.00, but its categories add up to 90.00. The amounts are saved as reported."}},
		{"between the plan and its support types", care.BudgetTree{Amounts: amounts("", "40", "5", "35"), Groups: []care.BudgetGroup{group(amounts("100", "30", "5", "25"))}},
			[]string{
				"The plan: released is 40.00, but its support types add up to 30.00. The amounts are saved as reported.",
				"The plan: remaining is 35.00, but its support types add up to 25.00. The amounts are saved as reported.",
			}},
		{"what was not provided cannot be checked (R3)", care.BudgetTree{Amounts: amounts("", "40", "", "35"), Groups: []care.BudgetGroup{
			group(amounts("100", "", "5", ""), amounts("", "20", "", ""), amounts("30", "", "", "10")),
		}}, nil},
		{"where support types have no amounts, their categories are compared", care.BudgetTree{Amounts: amounts("", "", "48", "40"), Groups: []care.BudgetGroup{
			group(care.Amounts{}, amounts("100", "60", "40.66", "19.34"), amounts("30", "28", "7", "21")),
		}}, []string{
			"The plan: spent is 48.00, but its categories add up to 47.66. The amounts are saved as reported.",
			"The plan: remaining is 40.00, but its categories add up to 40.34. The amounts are saved as reported.",
		}},
		{"in the historical tree", care.BudgetTree{Groups: []care.BudgetGroup{{
			BudgetType: care.BudgetStated, Management: care.PlanManaged, Amounts: amounts("", "", "7", ""), Budgets: []care.ReportedBudget{{Amounts: amounts("", "", "5", "")}},
		}}}, []string{"All of stated, plan-managed: spent is 7.00, but its categories add up to 5.00. The amounts are saved as reported."}},
		{"an empty tree", care.BudgetTree{Amounts: amounts("", "40", "5", "35")}, nil},
	} {
		var messages []string
		for _, issue := range test.tree.Check() {
			require.Equal(t, care.IssueAmountsDoNotAddUp, issue.Code)
			require.Equal(t, care.SeverityWarning, issue.Severity)
			require.Equal(t, care.AreaContract, issue.Area)
			messages = append(messages, said(issue))
		}
		require.Equal(t, test.messages, messages, test.name)
	}
}

func TestTheTreesDates(t *testing.T) { // R23
	tree := treeOf(spentBudget("Transport", "1", "0"), with(spentBudget("Consumables", "1", "0"), func(b *care.ReportedBudget) { b.EndDate = day("2028-01-01") }))
	require.Equal(t, aPlan.Dates(), tree.Dates(), "the budget types' dates")
	tree.Groups[0].DateRange = care.DateRange{}
	require.Equal(t, care.DateRange{StartDate: aPlan.StartDate, EndDate: day("2028-01-01")}, tree.Dates(), "else the categories'")
	require.Equal(t, care.DateRange{}, (&care.BudgetTree{}).Dates())
}
