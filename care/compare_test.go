package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

// oxygen is a supplement that we hold or that was read.
func oxygen(id care.ID, ordinal int, end care.Date) care.Supplement {
	return care.Supplement{
		Row:  care.Row{ID: id, Ordinal: ordinal},
		Code: "OXY_NORM", Name: "Oxygen supplement", StartDate: day("2025-11-01"), EndDate: end,
	}
}

func compareSupplements(held, read []care.Supplement) care.Difference[care.Supplement] {
	return care.Compare(care.KindSupplement, held, read, care.Guard{}, freshIDs())
}

func TestCompare(t *testing.T) { // R5, R6, Identities
	open, ended := noDate, day("2026-01-31")
	removed := func(supplement care.Supplement) care.Supplement {
		supplement.Removed = true
		return supplement
	}
	change := func(id care.ID, action string) care.Change {
		return care.Change{Kind: care.KindSupplement, RecordID: id, Action: action}
	}
	endChange := func(id care.ID, from, to *string) care.Change {
		return care.Change{Kind: care.KindSupplement, RecordID: id, Action: care.ActionUpdated, Field: "end_date", Old: from, New: to}
	}
	type list = []care.Supplement
	for _, test := range []struct {
		name       string
		held, read list
		want       care.Difference[care.Supplement]
	}{
		{"a new record", nil, list{oxygen("", 0, open)}, care.Difference[care.Supplement]{
			Write: list{oxygen("new-1", 0, open)}, After: list{oxygen("new-1", 0, open)},
			Count: care.Count{Created: 1}, Changes: []care.Change{change("new-1", care.ActionCreated)},
		}},
		{"the same record", list{oxygen("1", 0, open)}, list{oxygen("", 0, open)}, care.Difference[care.Supplement]{
			After: list{oxygen("1", 0, open)}, Count: care.Count{Unchanged: 1},
		}},
		{"a changed record", list{oxygen("1", 0, open)}, list{oxygen("", 0, ended)}, care.Difference[care.Supplement]{
			Write: list{oxygen("1", 0, ended)}, After: list{oxygen("1", 0, ended)},
			Count: care.Count{Updated: 1}, Changes: []care.Change{endChange("1", nil, texts("2026-01-31"))},
		}},
		{"a record that is gone", list{oxygen("1", 0, open)}, nil, care.Difference[care.Supplement]{
			Remove: []care.ID{"1"}, After: list{removed(oxygen("1", 0, open))},
			Count: care.Count{Removed: 1}, Changes: []care.Change{change("1", care.ActionRemoved)},
		}},
		{"a removed record that is still not there", list{removed(oxygen("1", 0, open))}, nil, care.Difference[care.Supplement]{
			After: list{removed(oxygen("1", 0, open))},
		}},
		{"a removed record returns", list{removed(oxygen("1", 0, open))}, list{oxygen("", 0, open)}, care.Difference[care.Supplement]{
			Write: list{oxygen("1", 0, open)}, After: list{oxygen("1", 0, open)},
			Count: care.Count{Updated: 1}, Changes: []care.Change{change("1", care.ActionRevived)},
		}},
		{"a removed record returns with another end", list{removed(oxygen("1", 0, ended))}, list{oxygen("", 0, open)}, care.Difference[care.Supplement]{
			Write: list{oxygen("1", 0, open)}, After: list{oxygen("1", 0, open)},
			Count: care.Count{Updated: 1}, Changes: []care.Change{change("1", care.ActionRevived), endChange("1", texts("2026-01-31"), nil)},
		}},
		{"a second equal record", list{oxygen("1", 0, open)}, list{oxygen("", 0, open), oxygen("", 0, open)}, care.Difference[care.Supplement]{
			Write: list{oxygen("new-1", 1, open)}, After: list{oxygen("1", 0, open), oxygen("new-1", 1, open)},
			Count: care.Count{Created: 1, Unchanged: 1}, Changes: []care.Change{change("new-1", care.ActionCreated)},
		}},
		{"the first of two equal ones goes", list{oxygen("1", 0, open), oxygen("2", 1, ended)}, list{oxygen("", 0, ended)}, care.Difference[care.Supplement]{
			Remove: []care.ID{"1"}, After: list{oxygen("2", 1, ended), removed(oxygen("1", 0, open))},
			Count: care.Count{Unchanged: 1, Removed: 1}, Changes: []care.Change{change("1", care.ActionRemoved)},
		}},
		{"a new one never takes a removed one's ordinal", list{oxygen("1", 0, open), removed(oxygen("2", 1, open))},
			list{oxygen("", 0, open), oxygen("", 0, open), oxygen("", 0, open)}, care.Difference[care.Supplement]{
				Write: list{oxygen("2", 1, open), oxygen("new-1", 2, open)},
				After: list{oxygen("1", 0, open), oxygen("2", 1, open), oxygen("new-1", 2, open)},
				Count: care.Count{Created: 1, Updated: 1, Unchanged: 1}, Changes: []care.Change{change("2", care.ActionRevived), change("new-1", care.ActionCreated)},
			}},
		{"a current record changes rather than making way for a removed one", list{oxygen("1", 0, open), removed(oxygen("2", 1, ended))},
			list{oxygen("", 0, ended)}, care.Difference[care.Supplement]{
				Write: list{oxygen("1", 0, ended)}, After: list{oxygen("1", 0, ended), removed(oxygen("2", 1, ended))},
				Count: care.Count{Updated: 1}, Changes: []care.Change{endChange("1", nil, texts("2026-01-31"))},
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, compareSupplements(test.held, test.read))
		})
	}
}

func TestEachKindIsToldApartByItsIdentity(t *testing.T) { // Identities
	t.Run("classification: code and start", func(t *testing.T) {
		one := care.Classification{Code: "ON_LEVEL_5", Name: "Level 5", FundingSource: "ON", StartDate: day("2025-11-01")}
		otherCode, otherStart, otherValues := one, one, one
		otherCode.Code, otherStart.StartDate = "ON_LEVEL_6", day("2025-12-01")
		otherValues.Name, otherValues.FundingSource, otherValues.EndDate = "Support at Home Level 5", "CHSP", day("2026-03-31")
		requireNew(t, care.KindClassification, one, otherCode, otherStart)
		requireChanged(t, care.KindClassification, one, otherValues, "name", "funding_source", "end_date")
	})
	t.Run("supplement: code and start", func(t *testing.T) {
		one := oxygen("", 0, noDate)
		otherCode, otherStart, otherValues := one, one, one
		otherCode.Code, otherStart.StartDate = "ENT_NNBO", day("2025-12-01")
		otherValues.Name, otherValues.EndDate = "Oxygen", day("2026-03-31")
		requireNew(t, care.KindSupplement, one, otherCode, otherStart)
		requireChanged(t, care.KindSupplement, one, otherValues, "name", "end_date")
	})
	t.Run("approved service: group, type, service and start", func(t *testing.T) {
		one := care.ApprovedService{GroupCode: "SERG-0001", TypeCode: "SERT-0004", ServiceCode: "SERV-0012", Name: "Nursing care", StartDate: day("2025-11-01")}
		otherGroup, otherType, otherService, otherStart, otherValues := one, one, one, one, one
		otherGroup.GroupCode, otherType.TypeCode, otherService.ServiceCode, otherStart.StartDate = "SERG-0002", "SERT-0005", "SERV-0013", day("2025-12-01")
		otherValues.Name, otherValues.EndDate = "Nursing", day("2026-03-31")
		requireNew(t, care.KindApprovedService, one, otherGroup, otherType, otherService, otherStart)
		requireChanged(t, care.KindApprovedService, one, otherValues, "name", "end_date")
	})
	t.Run("budget: the government's budget id alone", func(t *testing.T) {
		one := care.Budget{UpstreamBudgetID: "254415056224", TypeCode: "AT", StartDate: day("2025-11-01"), EndDate: day("2026-10-31"), Total: amount("0.00")}
		other, otherValues := one, one
		other.UpstreamBudgetID = "254415056225"
		otherValues.StartDate, otherValues.Total = day("2025-12-01"), amount("500.00")
		requireNew(t, care.KindBudget, one, other)
		requireChanged(t, care.KindBudget, one, otherValues, "start_date", "total")
	})
	t.Run("entitlement: budget and code", func(t *testing.T) {
		one := care.Entitlement{BudgetID: "budget-1", Code: "ON_RATE_7", Amount: amount("13047.49")}
		otherBudget, otherCode, otherValues := one, one, one
		otherBudget.BudgetID, otherCode.Code, otherValues.Amount = "budget-2", "OXY_NORM", amount("13000.00")
		requireNew(t, care.KindEntitlement, one, otherBudget, otherCode)
		requireChanged(t, care.KindEntitlement, one, otherValues, "amount")
	})
	t.Run("usage line with ids: budget, invoice and item", func(t *testing.T) { // R17
		one := care.UsageLine{
			BudgetID: "budget-1", UpstreamInvoiceID: "900000123", UpstreamItemID: "1", ServiceProviderID: ours, ServiceCode: "SERV-0012",
			DeliveryDate: day("2026-04-03"), Amount: amount("50.00"),
		}
		otherBudget, otherInvoice, otherItem, otherValues := one, one, one, one
		otherBudget.BudgetID, otherInvoice.UpstreamInvoiceID, otherItem.UpstreamItemID = "budget-2", "900000124", "2"
		otherValues.DeliveryDate, otherValues.Amount = day("2026-04-04"), amount("-50.00")
		requireNew(t, care.KindBudgetUsage, one, otherBudget, otherInvoice, otherItem)
		requireChanged(t, care.KindBudgetUsage, one, otherValues, "delivery_date", "amount")
	})
	t.Run("usage line without ids: everything that is known of it", func(t *testing.T) { // R17
		one := care.UsageLine{BudgetID: "budget-1", ServiceProviderID: theirs, ServiceCode: "SERV-0012", DeliveryDate: day("2026-04-03"), Amount: amount("50.00")}
		otherBudget, otherProvider, otherService, otherDay, otherAmount, noAmount := one, one, one, one, one, one
		otherBudget.BudgetID, otherProvider.ServiceProviderID, otherService.ServiceCode = "budget-2", ours, "SERV-0013"
		otherDay.DeliveryDate, otherAmount.Amount, noAmount.Amount = day("2026-04-04"), amount("50.01"), notProvided
		requireNew(t, care.KindBudgetUsage, one, otherBudget, otherProvider, otherService, otherDay, otherAmount, noAmount)
	})
	t.Run("usage line with an invoice but no item: as one without ids", func(t *testing.T) { // R17
		one := care.UsageLine{BudgetID: "budget-1", UpstreamInvoiceID: "900000123", DeliveryDate: day("2026-04-03"), Amount: amount("50.00")}
		otherAmount, otherInvoice := one, one
		otherAmount.Amount, otherInvoice.UpstreamInvoiceID = amount("60.00"), "900000124"
		requireNew(t, care.KindBudgetUsage, one, otherAmount)
		requireChanged(t, care.KindBudgetUsage, one, otherInvoice, "upstream_invoice_id")
	})
	t.Run("fields do not run into one another", func(t *testing.T) {
		requireNew(t, care.KindApprovedService, care.ApprovedService{GroupCode: "A", TypeCode: "BC"}, care.ApprovedService{GroupCode: "AB", TypeCode: "C"},
			care.ApprovedService{GroupCode: "A\x1fBC"}, care.ApprovedService{TypeCode: "A", ServiceCode: "BC"})
	})
}

// requireNew requires that each of the others is another record than one.
func requireNew[T any, P care.ComparedRecord[T]](t *testing.T, kind care.Kind, one T, others ...T) {
	t.Helper()
	for i, other := range others {
		difference := care.Compare[T, P](kind, []T{one}, []T{other}, care.Guard{}, freshIDs())
		require.Equal(t, care.Count{Created: 1, Removed: 1}, difference.Count, "number %d", i)
	}
}

// requireChanged requires that other is the same record as one, with changes in the fields.
func requireChanged[T any, P care.ComparedRecord[T]](t *testing.T, kind care.Kind, one, other T, fields ...string) {
	t.Helper()
	difference := care.Compare[T, P](kind, []T{one}, []T{other}, care.Guard{}, freshIDs())
	require.Equal(t, care.Count{Updated: 1}, difference.Count)
	var changed []string
	for _, change := range difference.Changes {
		changed = append(changed, change.Field)
	}
	require.Equal(t, fields, changed)
}

func TestAbsentAndZeroAreDifferentAmounts(t *testing.T) { // R3
	held := []care.Entitlement{{Row: care.Row{ID: "1"}, Code: "ON_RATE_7"}}
	read := []care.Entitlement{{Code: "ON_RATE_7", Amount: amount("0")}}
	difference := care.Compare(care.KindEntitlement, held, read, care.Guard{}, freshIDs())
	require.Equal(t, []care.Change{{
		Kind: care.KindEntitlement, RecordID: "1", Action: care.ActionUpdated, Field: "amount", Old: nil, New: texts("0.00"),
	}}, difference.Changes)
}

func TestAnAmountIsTheSameHoweverItIsWritten(t *testing.T) { // R2
	held := []care.Entitlement{{Row: care.Row{ID: "1"}, Code: "ON_RATE_7", Amount: amount("13047.5")}}
	for _, written := range []string{"13047.5", "13047.50", "1.30475e4"} {
		difference := care.Compare(care.KindEntitlement, held, []care.Entitlement{{Code: "ON_RATE_7", Amount: amount(written)}}, care.Guard{}, freshIDs())
		require.Equal(t, care.Count{Unchanged: 1}, difference.Count, written)
	}
}

// supplements are some records with different starts.
func supplements(count int) (list []care.Supplement) {
	for i := range count {
		one := oxygen(care.ID("held-"+string(rune('a'+i))), 0, noDate)
		one.StartDate = one.StartDate.AddDays(i)
		list = append(list, one)
	}
	return list
}

func TestTheGuardHoldsRemovals(t *testing.T) { // R5
	strict := care.Guard{NeverEmpty: true}
	for _, test := range []struct {
		name          string
		guard         care.Guard
		held, keep    int
		created       int
		removed, kept int
	}{
		{"2 of 5 may go", care.Guard{}, 5, 3, 0, 2, 0},
		{"3 of 5 are more than half", care.Guard{}, 5, 2, 0, 0, 3},
		{"half of 6 may go", care.Guard{}, 6, 3, 0, 3, 0},
		{"4 of 6 are more than half", care.Guard{}, 6, 2, 0, 0, 4},
		{"all of 5", care.Guard{}, 5, 0, 0, 0, 5},
		{"all of 4 may go where the list may be empty", care.Guard{}, 4, 0, 0, 4, 0},
		{"new records do not make up for those that go", care.Guard{}, 5, 2, 3, 0, 3},
		{"an empty answer for 1 classification or budget", strict, 1, 0, 0, 0, 1},
		{"an empty answer for 4", strict, 4, 0, 0, 0, 4},
		{"an answer with another record is not empty", strict, 1, 0, 1, 1, 0},
		{"3 of 4 may go", strict, 4, 1, 0, 3, 0},
		{"nothing held, nothing read", strict, 0, 0, 0, 0, 0},
		{"an operator accepted the empty answer", care.Guard{NeverEmpty: true, Accepted: 6}, 6, 0, 0, 6, 0},
		{"an operator accepted that most go", care.Guard{Accepted: 5}, 6, 1, 0, 5, 0},
		{"more than an operator accepted", care.Guard{Accepted: 4}, 6, 1, 0, 0, 5},
		{"what waits is held, however much else there is", care.Guard{Waiting: true}, 6, 5, 6, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			held := supplements(test.held)
			read := append([]care.Supplement{}, held[:test.keep]...)
			for i := range test.created {
				read = append(read, care.Supplement{Code: "ENT_NNBO", StartDate: day("2026-01-01").AddDays(i)})
			}
			difference := care.Compare(care.KindSupplement, held, read, test.guard, freshIDs())
			require.Equal(t, care.Count{Created: test.created, Unchanged: test.keep, Removed: test.removed}, difference.Count)
			require.Equal(t, test.kept, difference.Held)
			require.Len(t, difference.Remove, test.removed)
		})
	}
}

func TestOnlyTheRemovalsAreHeld(t *testing.T) { // R5: other records of the same read are applied
	held := supplements(5)
	changed := held[0]
	changed.EndDate = day("2026-03-31")
	difference := compareSupplements(held, []care.Supplement{changed, {Code: "ENT_NNBO"}})

	require.Equal(t, care.Count{Created: 1, Updated: 1}, difference.Count)
	require.Equal(t, 4, difference.Held)
	require.Empty(t, difference.Remove)
	require.Len(t, difference.After, 6)
	for _, supplement := range difference.After {
		require.False(t, supplement.Removed)
	}
}

func TestRemovedRecordsDoNotCountForTheGuard(t *testing.T) { // R5
	held := supplements(6)
	for i := range 2 {
		held[i].Removed = true
	}
	difference := compareSupplements(held, held[5:])
	require.Equal(t, care.Count{Unchanged: 1, Removed: 3}, difference.Count, "3 of 4 current ones may go")

	empty := care.Compare(care.KindClassification, []care.Classification{{Row: care.Row{ID: "1", Removed: true}}}, nil, care.Guard{NeverEmpty: true}, freshIDs())
	require.Zero(t, empty.Held, "there is no current record to protect")
}

func TestCompareLeavesItsArgumentsAlone(t *testing.T) {
	held := append(supplements(3), oxygen("1", 1, noDate))
	held[1].Removed = true
	read := []care.Supplement{oxygen("", 0, day("2026-01-31")), oxygen("", 0, noDate), {Code: "ENT_NNBO"}}
	heldBefore, readBefore := append([]care.Supplement{}, held...), append([]care.Supplement{}, read...)

	difference := compareSupplements(held, read)
	for i := range difference.After {
		difference.After[i].Name = "changed by the caller"
	}
	require.Equal(t, heldBefore, held)
	require.Equal(t, readBefore, read)
}

func TestCounts(t *testing.T) { // R6
	one, two := care.Count{Created: 1, Updated: 2, Unchanged: 3, Removed: 4}, care.Count{Created: 10, Updated: 20, Unchanged: 30, Removed: 40}
	require.Equal(t, 6, one.Synced(), "removed records are not what the government reported")
	require.Equal(t, care.Count{Created: 11, Updated: 22, Unchanged: 33, Removed: 44}, one.Plus(two))

	counts := care.Counts{care.KindBudget: one}
	counts.Add(care.Counts{care.KindBudget: two, care.KindSupplement: two})
	counts.Add(nil)
	require.Equal(t, care.Counts{care.KindBudget: one.Plus(two), care.KindSupplement: two}, counts)
}

func TestTheKindsOfTheSuccessMessageAreCountedFirst(t *testing.T) { // Care Recipient Sync §Success message, R6
	require.Equal(t, []care.Kind{
		care.KindBudget, care.KindBudgetUsage, care.KindApprovedService, care.KindClassification, care.KindContribution, care.KindSupplement,
		care.KindEntitlement,
	}, care.CountedKinds)
}
