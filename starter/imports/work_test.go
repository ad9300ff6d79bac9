package imports_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/testkit/stored"
)

// underContract is a budget of a person as the store holds it, under a contract with the dates of the plan.
func underContract(person, budget care.ID, plan care.ParticipantPlan, reported care.ReportedBudget) db.ContractBudget {
	return db.ContractBudget{
		PlanBudget: care.PlanBudget{Row: care.Row{ID: budget}, ReportedBudget: reported}, PersonID: person, ContractDates: plan.Dates(), RetrievedOn: stored.Day("2026-06-15"),
	}
}

func TestWhichBudgetALineDrewOn(t *testing.T) {
	earlier := care.ParticipantPlan{IsPACE: true, FirstStartDate: stored.Day("2024-02-01"), StartDate: stored.Day("2025-02-01"), EndDate: stored.Day("2026-06-30")}
	superseded := earlier
	superseded.EndDate = stored.Day("2026-01-31") // the day before the second contract begins (R24)
	inPlan := func(category, spent string) care.ReportedBudget {
		return stored.Budget(stored.Plan, category, "20", spent)
	}
	stated := inPlan("Relationships", "0")
	stated.BudgetType = care.BudgetStated
	held := db.HeldWork{
		People: map[string]care.ID{stored.AdasNumber: "ada", stored.BensNumber: "ben"},
		Budgets: []db.ContractBudget{
			underContract("ada", "first Consumables", superseded, stored.Budget(earlier, "Consumables", "10", "0")),
			underContract("ada", "second Consumables", stored.Plan, inPlan("Consumables", "0")),
			underContract("ada", "second Transport of the agency", stored.Plan, stored.AgencyManaged(inPlan("Transport", "0"))),
			underContract("ada", "second Transport", stored.Plan, inPlan("Transport", "0")),
			underContract("ada", "second Relationships", stored.Plan, inPlan("Relationships", "0")),
			underContract("ada", "stated Relationships", stored.Plan, stated),
			underContract("ada", "second Wool and Yarn", stored.Plan, inPlan("Wool and Yarn", "0")),
			underContract("ben", "bens Consumables", stored.Plan, inPlan("Consumables", "0")),
		},
	}
	const flexible, managedByAgency = care.ID("second Transport"), care.ID("second Transport of the agency")
	for name, test := range map[string]struct {
		change func(*imports.DeliveredService)
		want   care.ID
		column string // of the error, where there is no budget
	}{
		"by category":                        {func(*imports.DeliveredService) {}, "second Consumables", ""},
		"in the earlier contract":            {func(l *imports.DeliveredService) { l.DeliveredOn = stored.Day("2026-01-31") }, "first Consumables", ""},
		"by another name of the category":    {func(l *imports.DeliveredService) { l.Category = "03" }, "second Consumables", ""},
		"by a name that is not known":        {func(l *imports.DeliveredService) { l.Category = "wool & yarn" }, "second Wool and Yarn", ""},
		"by management":                      {func(l *imports.DeliveredService) { l.Category, l.Management = "Transport", "Plan Managed" }, flexible, ""},
		"by the agency's management":         {func(l *imports.DeliveredService) { l.Category, l.Management = "Transport", "NDIA-managed" }, managedByAgency, ""},
		"by id":                              {func(l *imports.DeliveredService) { l.Category, l.BudgetID = "", managedByAgency }, managedByAgency, ""},
		"several of one category":            {func(l *imports.DeliveredService) { l.Category = "Transport" }, "", "category"},
		"several of category and management": {func(l *imports.DeliveredService) { l.Category, l.Management = "Relationships", "plan-managed" }, "", "category"},
		"no such category":                   {func(l *imports.DeliveredService) { l.Category = "Home Modifications" }, "", "category"},
		"no such management":                 {func(l *imports.DeliveredService) { l.Management = "self-managed" }, "", "category"},
		"before any contract":                {func(l *imports.DeliveredService) { l.DeliveredOn = stored.Day("2024-12-31") }, "", "category"},
		"after the contract":                 {func(l *imports.DeliveredService) { l.DeliveredOn = stored.Day("2027-02-01") }, "", "category"},
		"another person's budget":            {func(l *imports.DeliveredService) { l.BudgetID = "bens Consumables" }, "", "budget_id"},
		"no such budget":                     {func(l *imports.DeliveredService) { l.BudgetID = db.NewID() }, "", "budget_id"},
		"an id that is none":                 {func(l *imports.DeliveredService) { l.BudgetID = "x" }, "", "budget_id"},
		"someone unknown":                    {func(l *imports.DeliveredService) { l.NDISNumber = "430000009" }, "", "ndis_number"},
		"three places":                       {func(l *imports.DeliveredService) { l.Amount = stored.Dollars("1.005") }, "", "amount"},
		"too much money":                     {func(l *imports.DeliveredService) { l.Amount = stored.Dollars("1000000000000") }, "", "amount"},
		"no such claim status":               {func(l *imports.DeliveredService) { l.ClaimStatus = "Paid" }, "", "claim_status"},
		"no reference":                       {func(l *imports.DeliveredService) { l.Reference = "" }, "", "reference"},
		"no day": {func(l *imports.DeliveredService) {
			l.DeliveredOn, l.BudgetID = care.Date{}, flexible
		}, "", "delivered_on"},
	} {
		t.Run(name, func(t *testing.T) {
			line := delivered(7, name, "1.50", care.ClaimPaid)
			test.change(&line)
			write, result, err := imports.DecideDeliveredServices(imports.File[imports.DeliveredService]{Rows: []imports.DeliveredService{line}}, held)
			if test.column != "" {
				var refused *imports.FileError
				require.ErrorAs(t, err, &refused)
				require.Len(t, refused.Problems, 1)
				require.Equal(t, 7, refused.Problems[0].Line)
				require.Equal(t, test.column, refused.Problems[0].Column)
				require.NotContains(t, err.Error(), line.NDISNumber, "R10")
				require.Empty(t, write)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []int{1, 1}, []int{result.Created, result.Adjusted})
			require.Equal(t, []care.ID{"ada"}, write.People)
			require.Len(t, write.Delivered, 2, "the work, and the record that stands for what others delivered (R27)")
			for i, amount := range []string{"1.50", "-1.50"} {
				require.Equal(t, test.want, write.Delivered[i].BudgetID)
				require.Equal(t, amount, write.Delivered[i].Amount.StringFixed(2))
			}
		})
	}
}

func TestClaimsThatAddUpToTooMuchAreRefused(t *testing.T) {
	held := db.HeldWork{
		People:  map[string]care.ID{stored.AdasNumber: "ada"},
		Budgets: []db.ContractBudget{underContract("ada", "budget", stored.Plan, stored.Budget(stored.Plan, "Consumables", "1000", "100"))},
	}
	file := imports.File[imports.DeliveredService]{Rows: []imports.DeliveredService{
		delivered(2, "W1", "999999999999.99", care.ClaimPaid), delivered(3, "W2", "999999999999.99", care.ClaimPaid),
	}}
	write, _, err := imports.DecideDeliveredServices(file, held)
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Problems, 1)
	require.Contains(t, refused.Problems[0].String(), "its claims add up to more than can be stored")
	require.Empty(t, write)
}

func TestContractsThatCannotBeStored(t *testing.T) {
	row := imports.Contract{Line: 2, NDISNumber: stored.AdasNumber, Reference: "SC-1", StartDate: stored.Day("2026-01-01"), EndDate: stored.Day("2026-12-31")}
	stranger, backwards, twice := row, row, row
	stranger.Line, stranger.NDISNumber = 3, "430000009"
	backwards.Line, backwards.Reference, backwards.EndDate = 4, "SC-3", stored.Day("2025-12-31")
	twice.Line = 5
	file := imports.File[imports.Contract]{Rows: []imports.Contract{row, stranger, backwards, twice}}
	_, err := imports.DecideContracts(file, map[string]care.ID{stored.AdasNumber: "ada"})
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	var problems []string
	for _, problem := range refused.Problems {
		problems = append(problems, problem.String())
	}
	require.Equal(t, []string{
		"line 3, ndis_number: is not that of any person of this organisation: import the person first",
		"line 4, end_date: is before start_date",
		"line 5, reference: is also in line 2, for the same person",
	}, problems)
}
