package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// theNote is that of PACE guide §Adjustment record, save for the gap before "b)": two ordinary spaces (R27).
const theNote = "NDIS PACE API Budget Adjustment record. Note: a) Only the Total Amount of services delivered to date for the Support Category have been provided in the PACE API record.  b) The Service Support Item used has been applied for budget adjustment purposes only."

func planBudget(category, spent string) care.PlanBudget {
	return care.PlanBudget{Row: care.Row{ID: care.ID("budget of " + category)}, ContractID: "contract", ReportedBudget: spentBudget(category, "1000", spent)}
}

func ownService(budget care.ID, claimed string, status care.InvoiceClaimStatus) care.DeliveredService {
	return care.DeliveredService{
		ID: care.ID("own " + claimed + string(status)), BudgetID: budget, Kind: care.DeliveredByUs, Amount: money(claimed), ClaimStatus: status, Claimable: true,
	}
}

func TestTheAdjustmentRecordToTheLetter(t *testing.T) { // PACE guide §Adjustment record, R27, R28
	for category, provider := range map[string]string{
		"Consumables": "NDIA refer to PACE", "Transport": "NDIA refer to PACE", "Something New": "NDIA refer to PACE",
		"Choice and Control": "Previous Plan Manager", "Improved Life Choices": "Previous Plan Manager", "CB_CHOICE_CONTROL": "Previous Plan Manager",
		"choice & control": "Previous Plan Manager",
	} {
		difference, issues := care.Adjust([]care.PlanBudget{planBudget(category, "240.00")}, nil, retrievalDay, freshIDs())
		require.Empty(t, issues)
		require.Len(t, difference.Write, 1)
		record := difference.Write[0]
		require.Equal(t, "240.00", record.Amount.StringFixed(2))
		record.Amount = money("0")
		require.Equal(t, care.DeliveredService{
			ID: "new-1", BudgetID: care.ID("budget of " + category), Kind: "pace_adjustment", DeliveredOn: retrievalDay, Amount: money("0"),
			SupportItemNumber:      "",
			SupportItemDescription: "NDIS PACE API Budget Adjustment Record",
			ServiceProviderName:    provider,
			Note:                   theNote,
			ClaimStatus:            "", Claimable: false, Removed: false,
		}, record, category)
		require.NotContains(t, record.Note, "\u00a0")
		require.Contains(t, record.Note, "record.  b) The")
		require.Equal(t, care.Count{Created: 1}, difference.Count)
	}
}

func TestWhatBecomesOfTheAdjustmentRecord(t *testing.T) { // R27
	budget := planBudget("Consumables", "")
	held := func(amount string) []care.DeliveredService {
		spent := budget
		spent.Spent = decimalOf(amount)
		difference, _ := care.Adjust([]care.PlanBudget{spent}, nil, day("2026-05-01"), func() care.ID { return "held" })
		return difference.After
	}
	removed := held("5")
	removed[0].Removed = true
	for _, test := range []struct {
		name    string
		spent   string
		held    []care.DeliveredService
		count   care.Count
		stands  string // the amount that stands afterwards, empty for none
		on      string
		warning bool
	}{
		{"spent by others", "240.00", nil, care.Count{Created: 1}, "240.00", "2026-06-15", false},
		{"nothing spent", "0.00", nil, care.Count{}, "", "", false},
		{"spent not provided", "", nil, care.Count{}, "", "", false},
		{"spent not provided, with a record", "", held("240"), care.Count{}, "240.00", "2026-05-01", false},
		{"more is spent", "300", held("240"), care.Count{Updated: 1}, "300.00", "2026-06-15", false},
		{"the same is spent", "240", held("240"), care.Count{Unchanged: 1}, "240.00", "2026-05-01", false},
		{"spent shrinks to zero", "0", held("240"), care.Count{Removed: 1}, "", "", false},
		{"zero stays zero", "0", removed, care.Count{}, "", "", false},
		{"spent again", "7", removed, care.Count{Updated: 1}, "7.00", "2026-06-15", false},
		{"the same as before is spent again", "5", removed, care.Count{Updated: 1}, "5.00", "2026-06-15", false},
		{"negative after a refund", "-12.50", nil, care.Count{Created: 1}, "-12.50", "2026-06-15", true},
		{"negative stays negative", "-12.50", held("-12.50"), care.Count{Unchanged: 1}, "-12.50", "2026-05-01", true},
		{"all of it is ours", "100", []care.DeliveredService{ownService(budget.ID, "60", "paid"), ownService(budget.ID, "30", "pending"), ownService(budget.ID, "10", "submitted")}, care.Count{}, "", "", false},
		{"part of it is ours", "100", []care.DeliveredService{ownService(budget.ID, "60", "paid")}, care.Count{Created: 1}, "40.00", "2026-06-15", false},
		{"what is not claimed does not count", "100", []care.DeliveredService{ownService(budget.ID, "60", "rejected"), ownService(budget.ID, "5", "cancelled"), ownService(budget.ID, "1", "not_claimed")}, care.Count{Created: 1}, "100.00", "2026-06-15", false},
		{"another budget's does not count", "100", []care.DeliveredService{ownService("other", "60", "paid")}, care.Count{Created: 1}, "100.00", "2026-06-15", false},
		{"we claimed more than is spent", "100", []care.DeliveredService{ownService(budget.ID, "160", "paid")}, care.Count{Created: 1}, "-60.00", "2026-06-15", true},
		{"our claim takes the record's place", "240", append(held("240"), ownService(budget.ID, "240", "paid")), care.Count{Removed: 1}, "", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			subject := budget
			subject.Spent = decimalOf(test.spent)
			difference, issues := care.Adjust([]care.PlanBudget{subject}, test.held, retrievalDay, freshIDs())
			require.Equal(t, test.count, difference.Count)
			require.Equal(t, test.warning, len(issues) == 1 && issues[0].Code == care.IssueNegativeAdjustment)
			require.Len(t, difference.Write, test.count.Created+test.count.Updated)
			require.Len(t, difference.Remove, test.count.Removed)

			var standing []care.DeliveredService
			for _, service := range difference.After {
				if service.Kind == care.PACEAdjustment && !service.Removed {
					standing = append(standing, service)
				}
			}
			if test.stands == "" {
				require.Empty(t, standing)
				return
			}
			require.Len(t, standing, 1)
			require.Equal(t, test.stands, standing[0].Amount.StringFixed(2))
			require.Equal(t, test.on, standing[0].DeliveredOn.String())
			require.False(t, standing[0].Claimable)
		})
	}
}

func TestTheAdjustmentIsDatedWithinTheBudgetsDates(t *testing.T) { // R27
	budget := planBudget("Consumables", "10")
	for retrieved, dated := range map[string]string{"2026-01-01": "2026-02-01", "2026-06-15": "2026-06-15", "2027-03-01": "2027-01-31"} {
		difference, _ := care.Adjust([]care.PlanBudget{budget}, nil, day(retrieved), freshIDs())
		require.Equal(t, day(dated), difference.Write[0].DeliveredOn)
	}
	first, _ := care.Adjust([]care.PlanBudget{budget}, nil, day("2026-06-15"), freshIDs())
	budget.EndDate = day("2026-05-31")
	moved, _ := care.Adjust([]care.PlanBudget{budget}, first.After, day("2026-07-15"), freshIDs())
	require.Equal(t, day("2026-05-31"), moved.Write[0].DeliveredOn, "the budget ended sooner")
	require.Equal(t, []string{"delivered_on"}, fieldsOf(moved.Changes))
}

func TestABudgetThatLeftPACEKeepsItsAdjustment(t *testing.T) { // R25
	budget := planBudget("Consumables", "10")
	first, _ := care.Adjust([]care.PlanBudget{budget}, nil, retrievalDay, freshIDs())
	budget.Removed, budget.Spent = true, amount("0")
	again, issues := care.Adjust([]care.PlanBudget{budget}, first.After, retrievalDay, freshIDs())
	require.Empty(t, issues)
	require.Equal(t, care.Count{}, again.Count)
	require.Equal(t, first.After, again.After)
}

func TestAdjustmentAndOwnClaimedAreSpent(t *testing.T) { // R27
	rapid.Check(t, func(t *rapid.T) {
		budget, newID := planBudget("Consumables", "0"), freshIDs()
		cents := func(name string) string {
			return money("0.01").Mul(money(rapid.StringMatching(`-?[0-9]{1,5}`).Draw(t, name))).StringFixed(2)
		}
		var delivered []care.DeliveredService
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			if rapid.Bool().Draw(t, "claim") {
				service := ownService(budget.ID, cents("claimed"), rapid.SampledFrom(care.InvoiceClaimStatuses).Draw(t, "status"))
				service.ID = newID()
				delivered = append(delivered, service)
			}
			budget.Spent = decimalOf(cents("spent"))
			difference, issues := care.Adjust([]care.PlanBudget{budget}, delivered, retrievalDay, newID)
			delivered = difference.After
			total, records := care.OwnClaimed(budget.ID, delivered), 0
			for _, service := range delivered {
				if service.Kind != care.PACEAdjustment {
					continue
				}
				records++
				if !service.Removed {
					require.False(t, service.Amount.IsZero())
					require.Equal(t, service.Amount.IsNegative(), len(issues) == 1)
					total = total.Add(service.Amount)
				}
			}
			require.LessOrEqual(t, records, 1)
			require.True(t, total.Equal(budget.Spent.Decimal), "%s is not %s", total, budget.Spent.Decimal)

			again, _ := care.Adjust([]care.PlanBudget{budget}, delivered, retrievalDay.AddDays(1), newID)
			require.Empty(t, again.Changes, "a second time changes nothing")
		}
	})
}

func TestABudgetThatEndsBeforeItBeginsIsAdjustedOnTheDayOfTheRetrieval(t *testing.T) { // R27
	budget := planBudget("Consumables", "240.00")
	budget.StartDate, budget.EndDate = day("2027-02-01"), day("2027-01-31")
	difference, _ := care.Adjust([]care.PlanBudget{budget}, nil, retrievalDay, freshIDs())
	require.Equal(t, retrievalDay, difference.Write[0].DeliveredOn, "neither date can be trusted")
}
