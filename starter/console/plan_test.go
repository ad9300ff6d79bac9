package console

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
)

func day(text string) care.Date {
	if text == "" {
		return care.Date{}
	}
	date, err := care.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return date
}

func money(text string) *read.Money {
	if text == "" {
		return nil
	}
	return &read.Money{Decimal: decimal.RequireFromString(text)}
}

// plan has classifications with these starts and ends.
func plan(dates ...string) read.Plan {
	view := read.Plan{Person: read.Person{Plan: &read.PlanHeader{}}, Today: day("2026-11-22")}
	for i := 0; i < len(dates); i += 2 {
		view.Classifications = append(view.Classifications, read.Classification{
			ID: db.NewID(), Name: "Level " + string(rune('1'+i/2)), StartDate: day(dates[i]), EndDate: day(dates[i+1]),
		})
	}
	return view
}

// The table of Care Recipient Sync §Plan dates, and why the dates are so (R13).
func TestWhyAPlanHasItsDates(t *testing.T) {
	for _, test := range []struct {
		plan       read.Plan
		start, end string
	}{
		{plan("2025-01-01", "2025-12-31"), "The earliest start among 1 classification: Level 1.", "All classifications end; this is the latest: Level 1."},
		{plan("2025-07-01", "2025-12-31", "2025-01-01", "2025-06-30"), "The earliest start among 2 classifications: Level 2.", "All classifications end; this is the latest: Level 1."},
		{plan("2025-01-01", "2025-06-30", "2025-07-01", ""), "The earliest start among 2 classifications: Level 1.", "Open-ended, since this classification has no end: Level 2."},
		{plan("", "2025-06-30"), "No classification with a start date is reported, so there is none.", "All classifications end; this is the latest: Level 1."},
		{plan(), "No classification with a start date is reported, so there is none.", "No classification is reported, so there is none."},
	} {
		require.Equal(t, test.start, whyStart(test.plan))
		require.Equal(t, test.end, whyEnd(test.plan))
	}
	gone := plan("2025-01-01", "2025-06-30", "2025-07-01", "")
	now := time.Now()
	gone.Classifications[1].RemovedAt = &now
	require.Equal(t, "All classifications end; this is the latest: Level 1.", whyEnd(gone), "a removed one does not count (R5)")
}

func TestWhyAPlanIsActive(t *testing.T) { // R14
	require.Equal(t, "A plan without a classification is not active.", whyActive(plan()))
	open := plan("2025-01-01", "")
	require.Equal(t, "Ongoing classification.", whyActive(open))
	ended := plan("2025-01-01", "2025-12-31")
	ended.Person.Plan.EndDate = day("2025-12-31")
	require.Equal(t, "Its end date has passed.", whyActive(ended))
	ended.Person.Plan.Active = true
	require.Equal(t, "Its end date has not passed.", whyActive(ended))
}

func TestBudgetsStandUnderTheirQuarter(t *testing.T) {
	budget := func(kind, start, end string) read.Budget {
		return read.Budget{ID: db.NewID(), TypeName: kind, StartDate: day(start), EndDate: day(end)}
	}
	groups := budgetGroups([]read.Budget{
		budget("Ongoing", "2026-10-01", "2026-12-31"), budget("AT", "2026-10-15", "2026-12-31"), budget("AT", "2026-07-25", "2027-07-24"),
		budget("Ongoing", "2026-07-01", "2026-09-30"), budget("Odd", "", "2026-09-30"), budget("Open", "2026-10-01", ""),
	}, day("2026-11-22"))
	var titles []string
	for _, group := range groups {
		titles = append(titles, group.title)
	}
	require.Equal(t, []string{"October – December 2026", "July – September 2026", otherPeriods}, titles)
	require.True(t, groups[0].current)
	require.False(t, groups[1].current)
	require.Equal(t, "AT", groups[0].budgets[0].TypeName, "by kind within a quarter")
	require.Len(t, groups[2].budgets, 3)
}

// Whatever the government reports, a bar is never longer than its place, and what was overdrawn shows.
func TestBudgetBars(t *testing.T) {
	require.Empty(t, budgetSegments(read.Budget{Used: money("5")}), "no total, no bar (R3)")
	over := budgetSegments(read.Budget{Total: money("100"), Used: money("150")})
	require.Len(t, over, 2)
	require.Equal(t, "over", over[1].Class)
	require.InDelta(t, 1.0/3, over[1].Share, 1e-9)
	rapid.Check(t, func(t *rapid.T) {
		amount := func(name string) *read.Money {
			if rapid.Bool().Draw(t, name+" provided") {
				return &read.Money{Decimal: decimal.New(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, name), -2)}
			}
			return nil
		}
		sum := 0.0
		for _, part := range budgetSegments(read.Budget{Total: amount("total"), Used: amount("used"), WriteOff: amount("written off"), Rollover: amount("rolled over")}) {
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

// Whatever the dates are, everything lies within the picture.
func TestTimelinesStayInTheirPicture(t *testing.T) {
	dates := rapid.Custom(func(t *rapid.T) care.Date {
		if rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
			return care.Date{}
		}
		return care.NewDate(2026, time.January, 1).AddDays(rapid.IntRange(-9000, 9000).Draw(t, "day"))
	})
	rapid.Check(t, func(t *rapid.T) {
		var classifications []read.Classification
		for range rapid.IntRange(1, 6).Draw(t, "classifications") {
			classifications = append(classifications, read.Classification{Name: "Level", StartDate: dates.Draw(t, "start"), EndDate: dates.Draw(t, "end")})
		}
		line := classificationTimeline(classifications, day("2026-11-22"))
		if len(line.spans) != len(classifications) || len(line.ticks) > mostTicks || line.today < 0 || line.today > 1 {
			t.Fatalf("odd: %+v", line)
		}
		for _, one := range line.spans {
			if one.start < 0 || one.size <= 0 || one.start+one.size > 1+1e-9 {
				t.Fatalf("outside: %+v", one)
			}
		}
	})
}

func TestTimelineSaysWhatIsOdd(t *testing.T) {
	line := classificationTimeline(plan("2025-01-01", "2025-12-31", "2026-12-22", "", "2026-10-03", "2026-09-23", "", "", "2026-01-01", "").Classifications, day("2026-11-22"))
	var notes []string
	for _, one := range line.spans {
		notes = append(notes, one.note)
	}
	require.Equal(t, []string{"ended", "in the future", "ends before it starts", "no start date", ""}, notes)
	require.Empty(t, classificationTimeline(nil, day("2026-11-22")).spans)
}

func usage(date, amount string) read.UsageLine {
	return read.UsageLine{ID: db.NewID(), DeliveryDate: day(date), Amount: money(amount)}
}

func TestConsumptionIsDrawnAsSteps(t *testing.T) {
	budget := read.Budget{StartDate: day("2026-10-01"), EndDate: day("2026-12-31"), Total: money("100"), UsageAmount: money("40"),
		Usage: []read.UsageLine{usage("2026-11-01", "30"), usage("2026-10-01", "20"), usage("", "-10")}}
	picture, drawn := consumption(budget, day("2026-11-22"))
	require.True(t, drawn)
	require.Equal(t, "$40.00 consumed of $100.00, 40 %; 53 of 92 days gone.", picture.summary)
	require.True(t, picture.hasToday)
	require.Regexp(t, `^M0 300\.0H0\.0V300\.0H10\.9V\d+\.\dH347\.8V\d+\.\dH576\.1$`, picture.line, "a line without date comes first, below zero is the ground")

	budget.Usage, budget.UsageAmount = nil, money("0")
	_, drawn = consumption(budget, day("2026-11-22"))
	require.False(t, drawn, "nothing was consumed")
	budget.UsageAmount = nil
	_, drawn = consumption(budget, day("2026-11-22"))
	require.False(t, drawn, "usage was never read (R15)")
}

// The picture and the words count the same days: the first is 1 of them, and so is the only one.
func TestThePictureOfABudgetBeginsWithItsFirstDay(t *testing.T) {
	for _, test := range []struct {
		from, to, today, words string
		at                     float64
	}{
		{"2026-10-01", "2026-12-30", "2026-10-01", "1 of 91 days gone", 1000.0 / 91},
		{"2026-10-01", "2026-12-30", "2026-12-30", "91 of 91 days gone", 1000},
		{"2026-10-01", "2026-10-01", "2026-10-01", "1 of 1 day gone", 1000},
	} {
		budget := read.Budget{StartDate: day(test.from), EndDate: day(test.to), Total: money("100"), UsageAmount: money("5"), Usage: []read.UsageLine{usage(test.from, "5")}}
		picture, drawn := consumption(budget, day(test.today))
		require.True(t, drawn)
		require.Contains(t, picture.summary, test.words)
		require.True(t, picture.hasToday)
		require.InDelta(t, test.at, picture.today, 1e-9)
	}
}

// Budgets without end or start, lines outside the period and removed lines are drawn all the same, or left out (R5).
func TestConsumptionOfOddBudgets(t *testing.T) {
	now := time.Now()
	gone := usage("2026-10-05", "1000")
	gone.RemovedAt = &now
	picture, drawn := consumption(read.Budget{UsageAmount: money("5"), Usage: []read.UsageLine{usage("2026-12-24", "5"), gone}}, day("2026-11-22"))
	require.True(t, drawn)
	require.Equal(t, day("2026-12-24"), picture.period.StartDate)
	require.Equal(t, "$5.00", dollarsOf(picture.consumed))
	require.False(t, picture.hasLimit, "there is no total (R3)")
	require.NotContains(t, picture.line, "NaN")
	require.NotContains(t, picture.line, "Inf")
}

func dollarsOf(amount *read.Money) string { return "$" + amount.StringFixed(2) }

// R17: whose usage it is, and the difference between our sum and the government's.
func TestBudgetSums(t *testing.T) {
	line, now := db.NewID(), time.Now()
	mine, other, unlinked, second, gone, unknown := usage("", "10"), usage("", "20"), usage("", "4"), usage("", "1"), usage("", "99"), usage("", "")
	mine.InvoiceLineID, gone.RemovedAt = &line, &now
	unlinked.ServiceProviderID, second.ServiceProviderID, other.ServiceProviderID = "400", "401", "500"
	view := budgetView{
		providers: []string{"400", "401"},
		budget:    read.Budget{Usage: []read.UsageLine{mine, other, unlinked, second, gone, unknown}, UsageAmount: money("35"), Used: money("30")},
	}
	require.Equal(t, "15", view.sums().ours.String())
	require.Equal(t, "20", view.sums().others.String())
	require.Equal(t, "5", view.difference().String())
	require.True(t, usageDiffers(view.budget))
	view.budget.Used = nil
	require.Nil(t, view.difference(), "not provided is not zero (R3)")
	require.False(t, usageDiffers(view.budget))
	require.Equal(t, "0", view.entitled().String())
	view.budget.Entitlements = []read.Entitlement{{Amount: money("3")}, {Amount: nil}}
	require.Nil(t, view.entitled())
}

// R15, R17: the page of a closed budget says which figure is old, and does not advise a sync that would not read it.
func TestAClosedBudgetSaysWhichFigureIsOld(t *testing.T) {
	readAt := time.Date(2026, time.May, 20, 3, 30, 0, 0, time.UTC)
	view := budgetView{budget: read.Budget{UsageAmount: money("500"), Used: money("620"), UsageAsOf: &readAt, UsageIncomplete: true}, zone: time.UTC}
	shown := func() string {
		var page strings.Builder
		require.NoError(t, budgetComparison(view).Render(t.Context(), &page))
		return strings.Join(strings.Fields(page.String()), " ")
	}
	require.Contains(t, shown(), "the usage lines were last read on 20 May 2026")
	require.Contains(t, shown(), "include budgets that have ended")
	require.Contains(t, shown(), "incomplete: an amount was not provided")
	view.budget.Open, view.budget.UsageIncomplete = true, false
	require.Contains(t, shown(), "Sync again in a day or two")
	require.NotContains(t, shown(), "incomplete")
}

func TestChangesArePutTogetherByRecord(t *testing.T) {
	budget, line := db.NewID(), db.NewID()
	old, new := "1.00", "2.00"
	records := changesByRecord([]read.Change{
		{Kind: care.KindBudget, RecordID: budget, Label: "Home support ongoing", Since: day("2026-10-01"), Action: "updated", Field: "used", Old: &old, New: &new},
		{Kind: care.KindBudgetUsage, RecordID: line, Action: "created"},
		{Kind: care.KindBudget, RecordID: budget, Action: "updated", Field: "available", Old: &new, New: &old},
	})
	require.Len(t, records, 2)
	require.Equal(t, "Budget · Home support ongoing · 01 Oct 2026", records[0].title)
	require.Len(t, records[0].fields, 2)
	require.Equal(t, "created", records[1].action)
}

func TestHoldsAreSaidInWords(t *testing.T) { // R5
	hold := read.Hold{Kind: care.KindBudgetUsage, Records: 7, Budget: "Home support ongoing", BudgetFrom: day("2026-10-01")}
	require.Equal(t, "7 usage lines of the budget Home support ongoing from 01 Oct 2026", heldRecords(hold))
	require.Equal(t, "1 classification", heldRecords(read.Hold{Kind: care.KindClassification, Records: 1}))
}

// Two budgets of the same name and period are told apart by the government's id.
func TestBudgetsThatCouldBeMistaken(t *testing.T) {
	one := read.Budget{ID: db.NewID(), TypeName: "Assistive technology", StartDate: day("2026-10-01"), EndDate: day("2027-09-30")}
	same, later := one, one
	same.ID, later.ID, later.StartDate = db.NewID(), db.NewID(), day("2026-11-01")
	group := budgetGroup{budgets: []read.Budget{one, same, later}}
	require.True(t, group.mistakable(one))
	require.True(t, group.mistakable(same))
	require.False(t, group.mistakable(later))
}
