package db_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
)

// delivered is a line about work for Ada's consumables on 1 March 2026.
func delivered(line int, reference, amount string, status care.InvoiceClaimStatus) db.ImportedDeliveredService {
	return db.ImportedDeliveredService{
		Line: line, Reference: reference, NDISNumber: adasNumber, Category: "Consumables", DeliveredOn: day("2026-03-01"), Amount: dollars(amount),
		SupportItemNumber: "03_040919_0103_1_1", ClaimStatus: status,
	}
}

func (p participant) tryImport(t *testing.T, lines ...db.ImportedDeliveredService) (db.DeliveredServicesResult, error) {
	t.Helper()
	return p.store.ImportDeliveredServices(t.Context(), p.organisation, db.Import[db.ImportedDeliveredService]{Rows: lines}, "tests")
}

func (p participant) imported(t *testing.T, lines ...db.ImportedDeliveredService) db.DeliveredServicesResult {
	t.Helper()
	result, err := p.tryImport(t, lines...)
	require.NoError(t, err)
	require.Empty(t, p.unbalanced(t))
	return result
}

// sums are own claimed and adjustment of a contract's budgets, by category.
func (p participant) sums(t *testing.T, contract care.ID) map[string]string {
	t.Helper()
	sums := make(map[string]string)
	for _, budget := range p.contract(t, contract).Budgets {
		adjustment := "none"
		if budget.Adjustment != nil {
			adjustment = budget.Adjustment.StringFixed(2)
		}
		sums[budget.Category] = budget.OwnClaimed.StringFixed(2) + " + " + adjustment
	}
	return sums
}

func TestOwnClaimedAndAdjustmentAreWhatWasSpent(t *testing.T) { // R27
	t.Parallel()
	p := newParticipant(t)
	contract := p.create(t, p.client, readOf(aPlan,
		reported(aPlan, "Consumables", "1000", "100"), reported(aPlan, "Transport", "500", "0"), reported(aPlan, "Relationships", "50", "")))
	require.Equal(t, map[string]string{"Consumables": "0.00 + 100.00", "Transport": "0.00 + none", "Relationships": "0.00 + none"}, p.sums(t, contract))

	lines := []db.ImportedDeliveredService{delivered(2, "W1", "30", care.ClaimPaid), delivered(3, "W2", "20.5", care.NotClaimed)}
	require.Equal(t, db.DeliveredServicesResult{ImportResult: db.ImportResult{Created: 2}, Adjusted: 1, Warnings: []string{}}, p.imported(t, lines...))
	require.Equal(t, "30.00 + 70.00", p.sums(t, contract)["Consumables"])

	before := p.sql.Snapshot(t)
	require.Equal(t, db.DeliveredServicesResult{ImportResult: db.ImportResult{Unchanged: 2}, Warnings: []string{}}, p.imported(t, lines...))
	require.Equal(t, before, p.sql.Snapshot(t), "importing again changes nothing")

	lines[1].ClaimStatus = care.ClaimSubmitted
	require.Equal(t, 1, p.imported(t, lines...).Adjusted)
	require.Equal(t, "50.50 + 49.50", p.sums(t, contract)["Consumables"])

	lines[0].Amount = dollars("79.5")
	p.imported(t, lines[0])
	require.Equal(t, "100.00 + none", p.sums(t, contract)["Consumables"], "the record is not needed")

	lines[0].Category = "CONSUMABLES "
	require.Equal(t, 2, p.imported(t, lines...).Unchanged, "the same category by another name")

	moved := lines[0]
	moved.Category = "Transport"
	result := p.imported(t, moved)
	require.Equal(t, 2, result.Adjusted, "both budgets")
	require.Len(t, result.Warnings, 1, "more was claimed than spent")
	require.Contains(t, result.Warnings[0], "Transport")
	require.Equal(t, map[string]string{"Consumables": "20.50 + 79.50", "Transport": "79.50 + -79.50", "Relationships": "0.00 + none"}, p.sums(t, contract))

	p.refresh(t, p.client, readOf(aPlan,
		reported(aPlan, "Consumables", "1000", "120"), reported(aPlan, "Transport", "500", "79.50"), reported(aPlan, "Relationships", "50", "5")))
	require.Empty(t, p.unbalanced(t))
	require.Equal(t, map[string]string{"Consumables": "20.50 + 99.50", "Transport": "79.50 + none", "Relationships": "0.00 + 5.00"}, p.sums(t, contract))
}

func TestWhatAnImportChangedIsRecorded(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	contract := p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "1000", "100"), reported(aPlan, "Transport", "500", "0")))
	p.sql.Exec(t, "TRUNCATE outbox")
	line := delivered(2, "W1", "30", care.ClaimPaid)
	p.imported(t, line)
	line.Category, line.ClaimStatus, line.Note = "Transport", care.ClaimRejected, "by bus"
	p.imported(t, line)

	changes, more, err := read.From(p.store).ContractHistory(t.Context(), p.organisation.ID, contract, time.Time{}, 100)
	require.NoError(t, err)
	require.False(t, more)
	var words []string
	for _, change := range changes {
		if change.RunID == nil {
			require.Equal(t, care.SourceImportDeliveredServices, change.Source)
			require.Equal(t, "tests", change.RequestedBy)
			require.Nil(t, change.RunID)
			words = append(words, strings.TrimSpace(strings.Join([]string{change.Subject, change.Action, change.FieldLabel, value(change.Old), value(change.New)}, "|")))
		}
	}
	from := " (flexible, plan-managed) of the contract from 2026-02-01"
	require.Equal(t, []string{
		"Delivered service W1, Transport (flexible, plan-managed)|updated|budget|Consumables" + from + "|Transport" + from,
		"Delivered service W1, Transport (flexible, plan-managed)|updated|note||by bus",
		"Delivered service W1, Transport (flexible, plan-managed)|updated|claim status|paid|rejected",
		"Adjustment record of Consumables (flexible, plan-managed)|updated|amount|70.00|100.00",
		"Delivered service W1, Transport (flexible, plan-managed)|created|||",
		"Adjustment record of Consumables (flexible, plan-managed)|updated|amount|100.00|70.00",
	}, words)
	require.Equal(t, []string{"pace-contract.contract.changed " + string(p.client), "pace-contract.contract.changed " + string(p.client)},
		testkit.Column[string](t, p.sql, "SELECT topic || ' ' || (payload ->> 'person_id') FROM outbox"))
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// The four values of an adjustment record that an import makes are those of PACE guide §Adjustment record, as ever.
func TestAnImportMakesAdjustmentRecordsToTheLetter(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	contract := p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "1000", "0"), reported(aPlan, "Improved Life Choices", "500", "0")))
	choice := delivered(3, "W2", "10", care.ClaimPaid)
	choice.Category = "Choice & Control"
	p.imported(t, delivered(2, "W1", "30", care.ClaimPaid), choice)
	for i, provider := range []string{"NDIA refer to PACE", "Previous Plan Manager"} {
		record := p.contract(t, contract).Budgets[i].DeliveredServices[0]
		require.Equal(t, care.PACEAdjustment, record.Kind)
		require.Equal(t, "", record.SupportItemNumber)
		require.Equal(t, "NDIS PACE API Budget Adjustment Record", record.SupportItemDescription)
		require.Equal(t, provider, record.ServiceProviderName)
		require.Equal(t, "NDIS PACE API Budget Adjustment record. Note: a) Only the Total Amount of services delivered to date for the Support "+
			"Category have been provided in the PACE API record.  b) The Service Support Item used has been applied for budget adjustment purposes only.", record.Note)
		require.Equal(t, day("2026-06-15"), record.DeliveredOn, "the day of the retrieval")
		require.False(t, record.Claimable)
	}
}

func TestWhichBudgetALineDrewOn(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	earlier := care.ParticipantPlan{IsPACE: true, FirstStartDate: day("2024-02-01"), StartDate: day("2025-02-01"), EndDate: day("2026-06-30")}
	stated := reported(aPlan, "Relationships", "30", "0")
	stated.BudgetType = care.BudgetStated
	first := p.create(t, p.client, readOf(earlier, reported(earlier, "Consumables", "10", "0")))
	second := p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "20", "0"), agencyManaged(reported(aPlan, "Transport", "5", "0")),
		reported(aPlan, "Transport", "20", "0"), reported(aPlan, "Relationships", "30", "0"), stated, reported(aPlan, "Wool and Yarn", "1", "0")))
	p.create(t, p.clientOf(t, bensNumber), readOf(aPlan, reported(aPlan, "Consumables", "20", "0")))
	budget := func(contract care.ID, name string) care.ID {
		for _, budget := range p.contract(t, contract).Budgets {
			if budget.Name() == name {
				return budget.ID
			}
		}
		t.Fatal("no budget " + name)
		return ""
	}
	bens := testkit.Value[care.ID](t, p.sql, "SELECT b.id::text FROM plan_budget b JOIN service_contract c ON c.id = b.contract_id WHERE c.person_id = $1", p.clientOf(t, bensNumber))
	flexible, managedByAgency := "Transport (flexible, plan-managed)", "Transport (flexible, agency-managed)"
	for name, test := range map[string]struct {
		change func(*db.ImportedDeliveredService)
		want   care.ID
		column string // of the error, where there is no budget
	}{
		"by category":                        {func(*db.ImportedDeliveredService) {}, budget(second, "Consumables (flexible, plan-managed)"), ""},
		"in the earlier contract":            {func(l *db.ImportedDeliveredService) { l.DeliveredOn = day("2026-01-31") }, budget(first, "Consumables (flexible, plan-managed)"), ""},
		"by another name of the category":    {func(l *db.ImportedDeliveredService) { l.Category = "03" }, budget(second, "Consumables (flexible, plan-managed)"), ""},
		"by a name that is not known":        {func(l *db.ImportedDeliveredService) { l.Category = "wool & yarn" }, budget(second, "Wool and Yarn (flexible, plan-managed)"), ""},
		"by management":                      {func(l *db.ImportedDeliveredService) { l.Category, l.Management = "Transport", "Plan Managed" }, budget(second, flexible), ""},
		"by the agency's management":         {func(l *db.ImportedDeliveredService) { l.Category, l.Management = "Transport", "NDIA-managed" }, budget(second, managedByAgency), ""},
		"by id":                              {func(l *db.ImportedDeliveredService) { l.Category, l.BudgetID = "", budget(second, managedByAgency) }, budget(second, managedByAgency), ""},
		"several of one category":            {func(l *db.ImportedDeliveredService) { l.Category = "Transport" }, "", "category"},
		"several of category and management": {func(l *db.ImportedDeliveredService) { l.Category, l.Management = "Relationships", "plan-managed" }, "", "category"},
		"no such category":                   {func(l *db.ImportedDeliveredService) { l.Category = "Home Modifications" }, "", "category"},
		"no such management":                 {func(l *db.ImportedDeliveredService) { l.Management = "self-managed" }, "", "category"},
		"before any contract":                {func(l *db.ImportedDeliveredService) { l.DeliveredOn = day("2024-12-31") }, "", "category"},
		"after the contract":                 {func(l *db.ImportedDeliveredService) { l.DeliveredOn = day("2027-02-01") }, "", "category"},
		"another person's budget":            {func(l *db.ImportedDeliveredService) { l.BudgetID = bens }, "", "budget_id"},
		"no such budget":                     {func(l *db.ImportedDeliveredService) { l.BudgetID = db.NewID() }, "", "budget_id"},
		"an id that is none":                 {func(l *db.ImportedDeliveredService) { l.BudgetID = "x" }, "", "budget_id"},
		"someone unknown":                    {func(l *db.ImportedDeliveredService) { l.NDISNumber = "430000009" }, "", "ndis_number"},
		"three places":                       {func(l *db.ImportedDeliveredService) { l.Amount = dollars("1.005") }, "", "amount"},
		"too much money":                     {func(l *db.ImportedDeliveredService) { l.Amount = dollars("1000000000000") }, "", "amount"},
		"no such claim status":               {func(l *db.ImportedDeliveredService) { l.ClaimStatus = "Paid" }, "", "claim_status"},
		"no reference":                       {func(l *db.ImportedDeliveredService) { l.Reference = "" }, "", "reference"},
		"no day": {func(l *db.ImportedDeliveredService) {
			l.DeliveredOn, l.BudgetID = care.Date{}, budget(second, flexible)
		}, "", "delivered_on"},
	} {
		line := delivered(7, name, "1.50", care.ClaimPaid)
		test.change(&line)
		_, err := p.tryImport(t, line)
		if test.column != "" {
			var refused *db.ImportError
			require.ErrorAs(t, err, &refused, name)
			require.Len(t, refused.Problems, 1, name)
			require.Equal(t, 7, refused.Problems[0].Line, name)
			require.Equal(t, test.column, refused.Problems[0].Column, name)
			require.NotContains(t, err.Error(), line.NDISNumber, "R10")
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, test.want, testkit.Value[care.ID](t, p.sql, "SELECT budget_id::text FROM delivered_service WHERE reference = $1", name), name)
	}
	require.Empty(t, p.unbalanced(t))
}

func TestAnImportOfDeliveredServicesIsAllOrNothing(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	bens := delivered(3, "W2", "10", care.ClaimPaid)
	bens.NDISNumber = bensNumber
	p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "1000", "100")))
	before := p.sql.Snapshot(t)
	_, err := p.store.ImportDeliveredServices(t.Context(), p.organisation, db.Import[db.ImportedDeliveredService]{
		Rows:     []db.ImportedDeliveredService{delivered(2, "W1", "30", care.ClaimPaid), bens, delivered(5, "W1", "30", care.ClaimPaid)},
		Problems: []db.LineError{{Line: 4, Column: "amount", Message: "is empty"}},
	}, "tests")
	var refused *db.ImportError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Problems, 3)
	require.Contains(t, refused.Problems[0].String(), "line 3, ndis_number: is that of a person who has no service contract from PACE yet: retrieve and create it first")
	require.Equal(t, "line 5, reference: stands in line 2 too", refused.Problems[2].String())
	require.Equal(t, before, p.sql.Snapshot(t))

	other := newOrganisation(t, p.store, "banksia")
	_, err = p.store.ImportDeliveredServices(t.Context(), other, db.Import[db.ImportedDeliveredService]{
		Rows: []db.ImportedDeliveredService{delivered(2, "W1", "30", care.ClaimPaid)}}, "tests")
	require.ErrorAs(t, err, &refused, "another organisation's person (R11)")
}

func TestClaimsThatAddUpToTooMuchAreRefused(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "1000", "100")))
	before := p.sql.Snapshot(t)
	_, err := p.tryImport(t, delivered(2, "W1", "999999999999.99", care.ClaimPaid), delivered(3, "W2", "999999999999.99", care.ClaimPaid))
	var refused *db.ImportError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Problems, 1)
	require.Contains(t, refused.Problems[0].String(), "its claims add up to more than can be stored")
	require.Equal(t, before, p.sql.Snapshot(t))
}

// Work stays where it is while its budget matches, also once that has left PACE; after a reassessment it moves to the contract whose
// dates cover it.
func TestWorkStaysWhereItWas(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	open := aPlan
	open.EndDate = care.Date{}
	two := []care.ReportedBudget{reported(open, "Consumables", "10", "5"), reported(open, "Transport", "10", "0")}
	first := p.create(t, p.client, readOf(open, two...))
	late := delivered(2, "W1", "3", care.ClaimPaid)
	late.DeliveredOn = day("2026-06-10")
	p.imported(t, late)

	p.create(t, p.client, readOf(open, two[1]))
	require.True(t, p.contract(t, first).Budgets[1].NoLongerInPACE)
	require.Equal(t, 1, p.imported(t, late).Unchanged)
	again := late
	again.Reference = "W2"
	_, err := p.tryImport(t, again)
	require.ErrorContains(t, err, "matches no plan budget", "new work is not put under a budget that is no longer in PACE")
	p.create(t, p.client, readOf(open, two...))
	require.Equal(t, 1, p.imported(t, late).Unchanged)

	reassessed := open
	reassessed.StartDate = day("2026-06-01")
	second := p.create(t, p.client, readOf(reassessed, reported(reassessed, "Consumables", "10", "4")))
	result := p.imported(t, late)
	require.Equal(t, 1, result.Updated)
	require.Equal(t, 2, result.Adjusted)
	require.Equal(t, "0.00 + 5.00", p.sums(t, first)["Consumables"])
	require.Equal(t, "3.00 + 1.00", p.sums(t, second)["Consumables"])
}

// Any imports, with refreshes between them, keep adjustment + own claimed = spent, with one adjustment record for a budget at most (R27).
func TestAnySequenceOfImportsIsBalanced(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	categories := []string{"Consumables", "Transport", "Relationships"}
	people := map[string]care.ID{adasNumber: p.client, bensNumber: p.clientOf(t, bensNumber)}
	cents := func(r *rapid.T, label string) decimal.Decimal {
		return decimal.New(rapid.Int64Range(-300, 900).Draw(r, label), -2)
	}
	read := func(r *rapid.T) care.ContractRead {
		var budgets []care.ReportedBudget
		for _, category := range categories {
			budget := reported(aPlan, category, "100", "")
			if rapid.IntRange(0, 4).Draw(r, "provided") > 0 {
				budget.Spent = decimal.NewNullDecimal(cents(r, "spent"))
			}
			budgets = append(budgets, budget)
		}
		return readOf(aPlan, budgets...)
	}
	for _, person := range people {
		p.create(t, person, readOf(aPlan, reported(aPlan, categories[0], "100", "1"), reported(aPlan, categories[1], "100", "0"), reported(aPlan, categories[2], "100", "")))
	}
	rapid.Check(t, func(r *rapid.T) {
		for step := range rapid.IntRange(1, 4).Draw(r, "steps") {
			if rapid.IntRange(0, 2).Draw(r, "what") == 0 {
				p.refresh(t, people[rapid.SampledFrom([]string{adasNumber, bensNumber}).Draw(r, "person")], read(r))
			} else {
				var lines []db.ImportedDeliveredService
				for i := range rapid.IntRange(1, 4).Draw(r, "lines") {
					line := delivered(i+2, fmt.Sprintf("W%d", i+step), "1", rapid.SampledFrom(care.InvoiceClaimStatuses).Draw(r, "status"))
					line.Amount = cents(r, "amount")
					line.Category = rapid.SampledFrom(categories).Draw(r, "category")
					line.NDISNumber = rapid.SampledFrom([]string{adasNumber, bensNumber}).Draw(r, "whose")
					lines = append(lines, line)
				}
				_, err := p.tryImport(t, lines...)
				require.NoError(r, err)
			}
			require.Empty(r, p.unbalanced(t))
		}
	})
}

// An import and a refresh of one contract at the same moment: whoever comes second sees what the first has written.
func TestAnImportAndARefreshAtOnce(t *testing.T) {
	t.Parallel()
	for _, second := range []string{"WriteDeliveredServices", "ApplyContract"} {
		t.Run("before "+second, func(t *testing.T) {
			p := newParticipant(t)
			contract := p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "1000", "100")))
			reached, release := p.statements.HoldBefore(second)
			defer release()
			var group sync.WaitGroup
			imports := func() {
				group.Go(func() {
					_, err := p.tryImport(t, delivered(2, "W1", "30", care.ClaimPaid))
					assert.NoError(t, err)
				})
			}
			refreshes := func() {
				step := p.run(t, p.client, care.TriggerNotification, day("2026-06-15"))
				begun, err := p.store.BeginContract(t.Context(), step)
				require.NoError(t, err)
				group.Go(func() {
					decision, err := p.store.RefreshContract(t.Context(), step, begun, func(held care.HeldContracts) care.ContractDecision {
						return care.RefreshUnattended(held, readOf(aPlan, reported(aPlan, "Consumables", "1000", "150")), db.NewID)
					})
					assert.NoError(t, err)
					assert.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
				})
			}
			first, then := imports, refreshes
			if second == "ApplyContract" {
				first, then = refreshes, imports
			}
			first()
			<-reached
			then()
			require.Eventually(t, func() bool {
				return testkit.Value[int](t, p.sql, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1
			}, 10*time.Second, time.Millisecond, "it waits")
			release()
			group.Wait()
			require.Empty(t, p.unbalanced(t))
			require.Equal(t, "30.00 + 120.00", p.sums(t, contract)["Consumables"])
		})
	}
}

func TestContractsMadeByHand(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	row := db.ImportedContract{Line: 2, NDISNumber: adasNumber, Reference: "SC-1", StartDate: day("2026-01-01"), EndDate: day("2026-12-31"), TotalFunding: optional("1234.50")}
	open := db.ImportedContract{Line: 3, NDISNumber: bensNumber, Reference: "SC-1", StartDate: day("2026-01-01")}
	imports := func(rows ...db.ImportedContract) (db.ImportResult, error) {
		return p.store.ImportContracts(t.Context(), p.organisation.ID, db.Import[db.ImportedContract]{Rows: rows})
	}
	result, err := imports(row, open)
	require.NoError(t, err)
	require.Equal(t, db.ImportResult{Created: 2}, result)
	before := p.sql.Snapshot(t)
	result, err = imports(row, open)
	require.NoError(t, err)
	require.Equal(t, db.ImportResult{Unchanged: 2}, result)
	require.Equal(t, before, p.sql.Snapshot(t), "importing again changes nothing")
	row.EndDate, row.TotalFunding = care.Date{}, optional("")
	result, err = imports(row)
	require.NoError(t, err)
	require.Equal(t, db.ImportResult{Updated: 1}, result)

	contracts, err := read.From(p.store).Contracts(t.Context(), p.organisation, p.client, p.now)
	require.NoError(t, err)
	require.Len(t, contracts, 1)
	require.Equal(t, care.OriginHand, contracts[0].Origin)
	require.Equal(t, "SC-1", contracts[0].Reference)
	require.Nil(t, contracts[0].TotalFunding, "absent is not zero (R3)")
	require.True(t, contracts[0].Current)
	held, err := p.store.HeldContracts(t.Context(), p.organisation.ID, p.client)
	require.NoError(t, err)
	preview := care.Stage(db.NewID(), held, readOf(aPlan, reported(aPlan, "Consumables", "10", "5")), p.now, db.NewID)
	require.Len(t, preview.Overlaps, 1, "it takes part in the rules (R24)")

	stranger, backwards, twice, fraction, negative := row, row, row, row, row
	stranger.NDISNumber, stranger.Reference = "430000009", "SC-2"
	backwards.EndDate, backwards.Reference = day("2025-12-31"), "SC-3"
	fraction.TotalFunding, fraction.Reference = optional("1.005"), "SC-4"
	negative.TotalFunding, negative.Reference = optional("-1"), "SC-5"
	_, err = imports(row, stranger, backwards, twice, fraction, negative)
	var refused *db.ImportError
	require.True(t, errors.As(err, &refused))
	var columns []string
	for _, problem := range refused.Problems {
		columns = append(columns, problem.Column)
	}
	require.Equal(t, []string{"ndis_number", "end_date", "reference", "total_funding", "total_funding"}, columns)
	require.NotContains(t, fmt.Sprint(refused.Problems), stranger.NDISNumber, "R10")
	_, err = p.tryImport(t, delivered(2, "W1", "30", care.ClaimPaid))
	require.ErrorContains(t, err, "no service contract from PACE", "a manually entered one has no budgets")
}

func TestImportPeopleTicksTheBoxes(t *testing.T) { // PACE guide, step 2, R21
	t.Parallel()
	p := newParticipant(t)
	boxes := func() care.PACEFlags {
		person, err := read.From(p.store).Person(t.Context(), p.organisation, p.client, p.now)
		require.NoError(t, err)
		return care.PACEFlags{PACEParticipant: person.PACEParticipant, PACEAPIAccess: person.PACEAPIAccess}
	}
	ada := ndisPerson(2, "Ada", "Wren", adasNumber)
	ada.FlagChange = care.FlagChange{}
	require.Equal(t, db.ImportResult{Unchanged: 1}, importPeople(t, p.store, p.organisation, ada), "what the file leaves empty stays")
	require.Equal(t, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, boxes())
	ada.PACEParticipant = ptr(false)
	require.Equal(t, db.ImportResult{Updated: 1}, importPeople(t, p.store, p.organisation, ada))
	require.Equal(t, care.PACEFlags{}, boxes(), "unticking participant clears API access")
	ada.PACEParticipant, ada.PACEAPIAccess = nil, ptr(true)
	_, err := p.store.ImportPeople(t.Context(), p.organisation.ID, people(ada), "tests")
	require.ErrorContains(t, err, "line 2, pace_api_access")
	ada.PACEParticipant = ptr(true)
	require.Equal(t, db.ImportResult{Updated: 1}, importPeople(t, p.store, p.organisation, ada))
	require.Equal(t, db.ImportResult{Unchanged: 1}, importPeople(t, p.store, p.organisation, ada))
	require.Equal(t, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, boxes())
}
