package imports_test

import (
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
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// delivered is a line about work for Ada's consumables on 1 March 2026.
func delivered(line int, reference, amount string, status care.InvoiceClaimStatus) imports.DeliveredService {
	return imports.DeliveredService{
		Line: line, Reference: reference, NDISNumber: stored.AdasNumber, Category: "Consumables", DeliveredOn: stored.Day("2026-03-01"), Amount: stored.Dollars(amount),
		SupportItemNumber: "03_040919_0103_1_1", ClaimStatus: status,
	}
}

// participant is an NDIS participant whose work is imported.
type participant struct{ stored.Participant }

func newParticipant(t *testing.T) participant {
	t.Helper()
	return participant{stored.NewParticipant(t)}
}

func (p participant) tryImport(t *testing.T, lines ...imports.DeliveredService) (imports.DeliveredServicesResult, error) {
	t.Helper()
	return imports.StoreDeliveredServices(t.Context(), p.Store, p.Organisation.ID, imports.File[imports.DeliveredService]{Rows: lines}, "tests")
}

func (p participant) imported(t *testing.T, lines ...imports.DeliveredService) imports.DeliveredServicesResult {
	t.Helper()
	result, err := p.tryImport(t, lines...)
	require.NoError(t, err)
	require.Empty(t, p.Unbalanced(t))
	return result
}

// sums are own claimed and adjustment of a contract's budgets, by category.
func (p participant) sums(t *testing.T, contract care.ID) map[string]string {
	t.Helper()
	sums := make(map[string]string)
	for _, budget := range p.Contract(t, contract).Budgets {
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
	contract := p.Create(t, p.Client, stored.Read(stored.Plan,
		stored.Budget(stored.Plan, "Consumables", "1000", "100"), stored.Budget(stored.Plan, "Transport", "500", "0"), stored.Budget(stored.Plan, "Relationships", "50", "")))
	require.Equal(t, map[string]string{"Consumables": "0.00 + 100.00", "Transport": "0.00 + none", "Relationships": "0.00 + none"}, p.sums(t, contract))

	lines := []imports.DeliveredService{delivered(2, "W1", "30", care.ClaimPaid), delivered(3, "W2", "20.5", care.NotClaimed)}
	require.Equal(t, imports.DeliveredServicesResult{Count: care.Count{Created: 2}, Adjusted: 1, Warnings: []string{}}, p.imported(t, lines...))
	require.Equal(t, "30.00 + 70.00", p.sums(t, contract)["Consumables"])

	before := p.SQL.Snapshot(t)
	require.Equal(t, imports.DeliveredServicesResult{Count: care.Count{Unchanged: 2}, Warnings: []string{}}, p.imported(t, lines...))
	require.Equal(t, before, p.SQL.Snapshot(t), "importing again changes nothing")

	lines[1].ClaimStatus = care.ClaimSubmitted
	require.Equal(t, 1, p.imported(t, lines...).Adjusted)
	require.Equal(t, "50.50 + 49.50", p.sums(t, contract)["Consumables"])

	lines[0].Amount = stored.Dollars("79.5")
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

	p.Refresh(t, p.Client, stored.Read(stored.Plan,
		stored.Budget(stored.Plan, "Consumables", "1000", "120"), stored.Budget(stored.Plan, "Transport", "500", "79.50"), stored.Budget(stored.Plan, "Relationships", "50", "5")))
	require.Empty(t, p.Unbalanced(t))
	require.Equal(t, map[string]string{"Consumables": "20.50 + 99.50", "Transport": "79.50 + none", "Relationships": "0.00 + 5.00"}, p.sums(t, contract))
}

func TestWhatAnImportChangedIsRecorded(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	contract := p.Create(t, p.Client, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "1000", "100"), stored.Budget(stored.Plan, "Transport", "500", "0")))
	p.SQL.Exec(t, "TRUNCATE outbox")
	line := delivered(2, "W1", "30", care.ClaimPaid)
	p.imported(t, line)
	line.Category, line.ClaimStatus, line.Note = "Transport", care.ClaimRejected, "by bus"
	p.imported(t, line)

	changes, more, err := read.From(p.Store).ContractHistory(t.Context(), p.Organisation.ID, contract, time.Time{}, 100)
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
	require.Equal(t, []string{"pace-contract.contract.changed " + string(p.Client), "pace-contract.contract.changed " + string(p.Client)},
		testkit.Column[string](t, p.SQL, "SELECT topic || ' ' || (payload ->> 'person_id') FROM outbox"))
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
	contract := p.Create(t, p.Client, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "1000", "0"), stored.Budget(stored.Plan, "Improved Life Choices", "500", "0")))
	choice := delivered(3, "W2", "10", care.ClaimPaid)
	choice.Category = "Choice & Control"
	p.imported(t, delivered(2, "W1", "30", care.ClaimPaid), choice)
	for i, provider := range []string{"NDIA refer to PACE", "Previous Plan Manager"} {
		record := p.Contract(t, contract).Budgets[i].DeliveredServices[0]
		require.Equal(t, care.PACEAdjustment, record.Kind)
		require.Equal(t, "", record.SupportItemNumber)
		require.Equal(t, "NDIS PACE API Budget Adjustment Record", record.SupportItemDescription)
		require.Equal(t, provider, record.ServiceProviderName)
		require.Equal(t, "NDIS PACE API Budget Adjustment record. Note: a) Only the Total Amount of services delivered to date for the Support "+
			"Category have been provided in the PACE API record.  b) The Service Support Item used has been applied for budget adjustment purposes only.", record.Note)
		require.Equal(t, stored.Day("2026-06-15"), record.DeliveredOn, "the day of the retrieval")
		require.False(t, record.Claimable)
	}
}

func TestAnImportOfDeliveredServicesIsAllOrNothing(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	bens := delivered(3, "W2", "10", care.ClaimPaid)
	bens.NDISNumber = stored.BensNumber
	p.Create(t, p.Client, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "1000", "100")))
	before := p.SQL.Snapshot(t)
	_, err := imports.StoreDeliveredServices(t.Context(), p.Store, p.Organisation.ID, imports.File[imports.DeliveredService]{
		Rows:     []imports.DeliveredService{delivered(2, "W1", "30", care.ClaimPaid), bens, delivered(5, "W1", "30", care.ClaimPaid)},
		Problems: []imports.LineError{{Line: 4, Column: "amount", Message: "is empty"}},
	}, "tests")
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Problems, 3)
	require.Contains(t, refused.Problems[0].String(), "line 3, ndis_number: is that of a person who has no service contract from PACE yet: retrieve and create it first")
	require.Equal(t, "line 5, reference: is also in line 2", refused.Problems[2].String())
	require.Equal(t, before, p.SQL.Snapshot(t))

	other := stored.Organisation(t, p.Store, "banksia")
	_, err = imports.StoreDeliveredServices(t.Context(), p.Store, other.ID, imports.File[imports.DeliveredService]{
		Rows: []imports.DeliveredService{delivered(2, "W1", "30", care.ClaimPaid)}}, "tests")
	require.ErrorAs(t, err, &refused, "another organisation's person (R11)")
}

// Work stays where it is while its budget matches, also once that has left PACE; after a reassessment it moves to the contract whose
// dates cover it.
func TestWorkStaysWhereItWas(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	open := stored.Plan
	open.EndDate = care.Date{}
	two := []care.ReportedBudget{stored.Budget(open, "Consumables", "10", "5"), stored.Budget(open, "Transport", "10", "0")}
	first := p.Create(t, p.Client, stored.Read(open, two...))
	late := delivered(2, "W1", "3", care.ClaimPaid)
	late.DeliveredOn = stored.Day("2026-06-10")
	p.imported(t, late)

	p.Create(t, p.Client, stored.Read(open, two[1]))
	require.True(t, p.Contract(t, first).Budgets[1].NoLongerInPACE)
	require.Equal(t, 1, p.imported(t, late).Unchanged)
	again := late
	again.Reference = "W2"
	_, err := p.tryImport(t, again)
	require.ErrorContains(t, err, "matches no plan budget", "new work is not put under a budget that is no longer in PACE")
	p.Create(t, p.Client, stored.Read(open, two...))
	require.Equal(t, 1, p.imported(t, late).Unchanged)

	reassessed := open
	reassessed.StartDate = stored.Day("2026-06-01")
	second := p.Create(t, p.Client, stored.Read(reassessed, stored.Budget(reassessed, "Consumables", "10", "4")))
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
	people := map[string]care.ID{stored.AdasNumber: p.Client, stored.BensNumber: p.ClientOf(t, stored.BensNumber)}
	cents := func(r *rapid.T, label string) decimal.Decimal {
		return decimal.New(rapid.Int64Range(-300, 900).Draw(r, label), -2)
	}
	read := func(r *rapid.T) care.ContractRead {
		var budgets []care.ReportedBudget
		for _, category := range categories {
			budget := stored.Budget(stored.Plan, category, "100", "")
			if rapid.IntRange(0, 4).Draw(r, "provided") > 0 {
				budget.Spent = decimal.NewNullDecimal(cents(r, "spent"))
			}
			budgets = append(budgets, budget)
		}
		return stored.Read(stored.Plan, budgets...)
	}
	for _, person := range people {
		p.Create(t, person, stored.Read(stored.Plan, stored.Budget(stored.Plan, categories[0], "100", "1"), stored.Budget(stored.Plan, categories[1], "100", "0"), stored.Budget(stored.Plan, categories[2], "100", "")))
	}
	rapid.Check(t, func(r *rapid.T) {
		for step := range rapid.IntRange(1, 4).Draw(r, "steps") {
			if rapid.IntRange(0, 2).Draw(r, "what") == 0 {
				p.Refresh(t, people[rapid.SampledFrom([]string{stored.AdasNumber, stored.BensNumber}).Draw(r, "person")], read(r))
			} else {
				var lines []imports.DeliveredService
				for i := range rapid.IntRange(1, 4).Draw(r, "lines") {
					line := delivered(i+2, fmt.Sprintf("W%d", i+step), "1", rapid.SampledFrom(care.InvoiceClaimStatuses).Draw(r, "status"))
					line.Amount = cents(r, "amount")
					line.Category = rapid.SampledFrom(categories).Draw(r, "category")
					line.NDISNumber = rapid.SampledFrom([]string{stored.AdasNumber, stored.BensNumber}).Draw(r, "whose")
					lines = append(lines, line)
				}
				_, err := p.tryImport(t, lines...)
				require.NoError(r, err)
			}
			require.Empty(r, p.Unbalanced(t))
		}
	})
}

// An import and a refresh of one contract at the same moment: whoever comes second sees what the first has written.
func TestAnImportAndARefreshAtOnce(t *testing.T) {
	t.Parallel()
	for _, second := range []string{"WriteDeliveredServices", "ApplyContract"} {
		t.Run("before "+second, func(t *testing.T) {
			p := newParticipant(t)
			contract := p.Create(t, p.Client, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "1000", "100")))
			reached, release := p.Statements.HoldBefore(second)
			defer release()
			var group sync.WaitGroup
			imports := func() {
				group.Go(func() {
					_, err := p.tryImport(t, delivered(2, "W1", "30", care.ClaimPaid))
					assert.NoError(t, err)
				})
			}
			refreshes := func() {
				step := p.Run(t, p.Client, care.TriggerNotification, stored.Day("2026-06-15"))
				begun, err := p.Store.BeginContract(t.Context(), step)
				require.NoError(t, err)
				group.Go(func() {
					decision, err := p.Store.RefreshContract(t.Context(), step, begun, func(held care.HeldContracts) care.ContractDecision {
						return care.RefreshUnattended(held, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "1000", "150")), db.NewID)
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
				return testkit.Value[int](t, p.SQL, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1
			}, 10*time.Second, time.Millisecond, "it waits")
			release()
			group.Wait()
			require.Empty(t, p.Unbalanced(t))
			require.Equal(t, "30.00 + 120.00", p.sums(t, contract)["Consumables"])
		})
	}
}
