package console

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/present"
)

// cents is an amount; an empty text was not provided.
func cents(text string) *read.Money {
	if text == "" {
		return nil
	}
	return &read.Money{Decimal: decimal.RequireFromString(text)}
}

var november = care.NewDate(2026, time.November, 22)

func TestChangedValuesArePutAsPeopleReadThem(t *testing.T) {
	text := func(value string) *string { return &value }
	for _, test := range []struct {
		field, want string
		value       *string
	}{
		{"spent", "$17,384.62", text("17384.62")},
		{"remaining", "−$166.81", text("-166.81")},
		{"spent", "not provided", nil},
		{"spent", "odd", text("odd")},
		{"plan_end_date", "29 Jul 2027", text("2027-07-29")},
		{"superseded_by", "a later contract", text("0199")},
		{"end_date", "none", nil},
		{"funding_periods", "30 Jul 2026 – 29 Oct 2026, $15,312.50, released\n30 Oct 2026 – 29 Jan 2027, $15,312.50, not released",
			text(`[{"start_date":"2026-07-30","end_date":"2026-10-29","amount":"15312.5","released":true},{"start_date":"2026-10-30","end_date":"2027-01-29","amount":"15312.5","released":false}]`)},
	} {
		require.Equal(t, test.want, pageStyle.Value(test.field, test.value))
	}
}

func TestOfAListOnlyWhatDiffersIsShown(t *testing.T) {
	text := func(value string) *string { return &value }
	const both, second = "no dates, $1.00, released\nno dates, $2.00, released", "no dates, $2.00, released"
	for _, test := range []struct {
		field, before, after string
		old, new             *string
	}{
		{"funding_periods", "no dates, $2.00, not released", second,
			text(`[{"amount":"1","released":true},{"amount":"2","released":false}]`), text(`[{"amount":"1","released":true},{"amount":"2","released":true}]`)},
		{"funding_periods", "none", second, text(`[{"amount":"1","released":true}]`), text(`[{"amount":"1","released":true},{"amount":"2","released":true}]`)},
		{"funding_periods", both, "none", text(`[{"amount":"1","released":true},{"amount":"2","released":true}]`), nil},
		{"spent", "$1.00", "$2.00", text("1"), text("2")},
	} {
		before, after := changedValues(read.Change{Field: test.field, Old: test.old, New: test.new})
		require.Equal(t, []string{test.before, test.after}, []string{before, after})
	}
}

func TestWhenMoneyIsReleased(t *testing.T) {
	period := func(month time.Month, released bool) read.FundingPeriod {
		return read.FundingPeriod{StartDate: care.NewDate(2026, month, 1), Amount: cents("500"), Released: &released}
	}
	require.Equal(t, "Released up front", periodWords(nil, november))
	require.Equal(t, "Released up front", periodWords([]read.FundingPeriod{period(10, true)}, november))
	require.Equal(t, "2 funding periods, all released", periodWords([]read.FundingPeriod{period(9, true), period(10, true)}, november))
	require.Equal(t, "2 funding periods, next $500.00 on 01 Dec 2026", periodWords([]read.FundingPeriod{period(10, true), period(12, false)}, november))
	unknown := []read.FundingPeriod{period(9, true), {StartDate: care.NewDate(2026, 10, 1)}}
	require.Equal(t, "2 funding periods, release of 1 not stated", periodWords(unknown, november), "absent is not false (R3)")
	require.Equal(t, "2 funding periods, 1 not released", periodWords([]read.FundingPeriod{period(10, false), period(9, true)}, november), "it is late")
}

// Whatever the NDIA reports, a bar is never longer than its place, and what was overspent shows.
func TestPlanBudgetBars(t *testing.T) {
	require.Empty(t, planSegments(read.PlanBudget{Spent: cents("5")}), "nothing approved was provided, so no bar (R3)")
	over := planSegments(read.PlanBudget{Approved: cents("1200"), Released: cents("1200"), Spent: cents("1800")})
	require.Len(t, over, 2)
	require.Equal(t, "over", over[1].Class)
	require.InDelta(t, 1.0/3, over[1].Share, 1e-9)
	require.True(t, overspent(read.PlanBudget{Approved: cents("1200"), Spent: cents("1800")}))
	require.False(t, overspent(read.PlanBudget{Approved: cents("1200")}))
	rapid.Check(t, func(t *rapid.T) {
		amount := func(name string) *read.Money {
			if rapid.Bool().Draw(t, name+" provided") {
				return &read.Money{Decimal: decimal.New(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, name), -2)}
			}
			return nil
		}
		sum := 0.0
		for _, part := range planSegments(read.PlanBudget{Approved: amount("approved"), Released: amount("released"), Spent: amount("spent")}) {
			if part.Share <= 0 {
				t.Fatalf("an empty part is drawn: %v", part)
			}
			sum += part.Share
		}
		if sum > 1+1e-9 {
			t.Fatalf("the bar is %f long", sum)
		}
	})
}

// Whatever the dates are, every period lies within the picture.
func TestFundingPeriodsStayInTheirPicture(t *testing.T) {
	dates := rapid.Custom(func(t *rapid.T) care.Date {
		if rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
			return care.Date{}
		}
		return november.AddDays(rapid.IntRange(-900, 900).Draw(t, "day"))
	})
	rapid.Check(t, func(t *rapid.T) {
		budget := read.PlanBudget{Approved: cents("10")}
		for range rapid.IntRange(2, 12).Draw(t, "periods") {
			budget.FundingPeriods = append(budget.FundingPeriods, read.FundingPeriod{StartDate: dates.Draw(t, "start"), EndDate: dates.Draw(t, "end")})
		}
		view := contractView{today: november, contract: read.Contract{Budgets: []read.PlanBudget{budget}}}
		for _, row := range view.periods().rows {
			for _, one := range row.spans {
				if one.start < 0 || one.size <= 0 || one.start+one.size > 1+1e-9 {
					t.Fatalf("outside: %+v", one)
				}
			}
		}
	})
}

// R25: what is no longer in PACE is in no total; R3: an amount that one budget lacks is not known for all.
func TestTotalsOfAContract(t *testing.T) {
	view := contractView{contract: read.Contract{Budgets: []read.PlanBudget{
		{Approved: cents("10"), Spent: cents("-2.50")}, {Approved: cents("5"), Spent: cents("1")}, {Approved: cents("99"), NoLongerInPACE: true},
	}}}
	require.Equal(t, "15", view.totals().approved.String())
	require.Equal(t, "-1.5", view.totals().spent.String())
	require.Nil(t, view.totals().released)
	require.Len(t, view.groups()[0].budgets, 2)
	require.Len(t, view.gone(), 1)
}

// R27: an adjustment record that is not needed is not shown.
func TestDeliveredServicesThatCount(t *testing.T) {
	now := time.Now()
	view := contractView{contract: read.Contract{Budgets: []read.PlanBudget{{DeliveredServices: []read.DeliveredService{
		{Kind: care.PACEAdjustment, RemovedAt: &now}, {Kind: care.DeliveredByUs, Reference: "R1", DeliveredOn: november},
		{Kind: care.DeliveredByUs, Reference: "R2", DeliveredOn: november.AddDays(1)},
	}}}}}
	require.Len(t, view.delivered(), 2)
	require.Equal(t, "R2", view.delivered()[0].Reference, "the newest first")
}

func TestHistoryIsPutTogetherByMoment(t *testing.T) {
	run, first, second := db.NewID(), time.Now(), time.Now().Add(time.Hour)
	bulk := read.ChangeCause{ChangedAt: second, RunID: &run, Trigger: care.TriggerBulk}
	imported := read.ChangeCause{ChangedAt: first, Source: care.SourceImportPeople, RequestedBy: "api: roster"}
	moments := momentsOf(contractCauses([]read.ContractChange{
		{ChangeCause: bulk, RecordID: "b", Kind: care.KindPlanBudget, Subject: "Consumables", Action: "updated", Field: "spent"},
		{ChangeCause: bulk, RecordID: "b", Kind: care.KindPlanBudget, Subject: "Consumables", Action: "updated", Field: "remaining"},
		{ChangeCause: imported, RecordID: "c", Kind: care.KindServiceContract, Subject: "The contract", Action: "created"},
	}))
	require.Len(t, moments, 2)
	require.Equal(t, "bulk run", present.Cause(moments[0].ChangeCause))
	require.Equal(t, "Consumables", moments[0].records[0].title)
	require.Len(t, moments[0].records[0].fields, 2)
	require.Equal(t, "import of people, api: roster", present.Cause(moments[1].ChangeCause))
}

// Many records of which there is no more to say than that they were created stand apart.
func TestManyAlikeRecordsStandApart(t *testing.T) {
	few := []changedRecord{{action: "created"}, {action: "removed"}}
	told, alike := alikeRecords(few)
	require.Equal(t, few, told)
	require.Empty(t, alike)
	many := append(few, changedRecord{action: "updated", fields: []read.Change{{Field: "spent"}}})
	for range manyAlike {
		many = append(many, changedRecord{action: "created"})
	}
	told, alike = alikeRecords(many)
	require.Len(t, told, 2)
	require.Len(t, alike[0], manyAlike+1)
}

func TestWhatHappensToAnAdjustmentRecord(t *testing.T) { // R27
	require.Empty(t, adjustmentWords(pace.AdjustmentPreviewView{}))
	require.Equal(t, "Adjustment record of −$118.00 (NDIA refer to PACE) will be created.",
		adjustmentWords(pace.AdjustmentPreviewView{Action: care.ActionRevived, After: cents("-118"), ServiceProviderName: "NDIA refer to PACE"}))
	require.Equal(t, "Its adjustment record of $5.00 will be removed.", adjustmentWords(pace.AdjustmentPreviewView{Action: care.ActionRemoved, Before: cents("5")}))
}
