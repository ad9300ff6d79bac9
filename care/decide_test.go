package care_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

var today = day("2026-04-15")

// level is a classification that was read.
// answered is a complete answer with these records.
func answered[T any](records []T) care.Read[T] { return care.Read[T]{Records: records} }

func level(code, start, end string) care.Classification {
	one := care.Classification{Code: code, Name: "Support at Home " + code, FundingSource: "ON", StartDate: day(start)}
	if end != "" {
		one.EndDate = day(end)
	}
	return one
}

// acceptedHold lets any number of records of a kind go.
func acceptedHold(kind care.Kind) care.OpenRemovalHold {
	return care.OpenRemovalHold{RemovalHold: care.RemovalHold{Kind: kind, Records: anyNumber}, Accepted: true}
}

// syncPlan decides what a summary changes, and what we hold afterwards.
func syncPlan(held care.HeldPlan, summary care.Summary, accepted ...care.Kind) (care.PlanDecision, care.HeldPlan) {
	for _, kind := range accepted {
		held.Holds = append(held.Holds, acceptedHold(kind))
	}
	return syncRows(held, []care.Summary{summary})
}

// syncRows decides what the rows of a summary change, and what we hold afterwards.
func syncRows(held care.HeldPlan, rows []care.Summary) (care.PlanDecision, care.HeldPlan) {
	decision := care.DecidePlan(held, rows, nil, today, freshIDs())
	person := held.Person
	person.EntryDate, person.DepartureDate, person.NotInCareSince = decision.Stay.EntryDate, decision.Stay.DepartureDate, decision.Stay.NotInCareSince
	person.Entries, person.ReportedGivenName = decision.Entries, decision.ReportedGivenName
	return decision, care.HeldPlan{
		Plan: &decision.Plan, Person: person, Connections: held.Connections, Classifications: decision.Classifications.After,
		ApprovedServices: decision.ApprovedServices.After, Supplements: decision.Supplements.After,
	}
}

func wholeSummary() care.Summary {
	return care.Summary{
		Entry:            care.Entry{EntryDate: day("2025-11-01")},
		Classifications:  []care.Classification{level("ON_LEVEL_7", "2025-11-01", "")},
		ApprovedServices: []care.ApprovedService{{GroupCode: "SERG-0001", TypeCode: "SERT-0004", ServiceCode: "SERV-0012", Name: "Nursing care", StartDate: day("2025-11-01")}},
		Supplements:      []care.Supplement{oxygen("", 0, noDate)},
	}
}

func TestTheFirstSummaryCreatesThePlan(t *testing.T) { // Care Recipient Sync §Plan record, R6, R12
	decision, _ := syncPlan(care.HeldPlan{}, wholeSummary())

	require.Equal(t, care.Plan{ID: decision.Plan.ID, StartDate: day("2025-11-01")}, decision.Plan)
	require.NotEmpty(t, decision.Plan.ID)
	require.Contains(t, decision.Changes, care.Change{Kind: care.KindPlan, RecordID: decision.Plan.ID, Action: care.ActionCreated})
	require.Empty(t, decision.Issues)
	require.Equal(t, care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{
		care.KindClassification: {Created: 1}, care.KindApprovedService: {Created: 1}, care.KindSupplement: {Created: 1},
	}}, decision.Answer)
	require.Equal(t, []care.RemovalHold{{Kind: care.KindClassification}, {Kind: care.KindApprovedService}, {Kind: care.KindSupplement}}, decision.Holds,
		"nothing is held, and earlier holds are closed")
}

func TestTheSameSummaryAgainChangesNothing(t *testing.T) {
	_, held := syncPlan(care.HeldPlan{}, wholeSummary())
	decision, _ := syncPlan(held, wholeSummary())

	require.Empty(t, decision.Changes)
	require.Equal(t, *held.Plan, decision.Plan)
	require.Equal(t, care.Counts{
		care.KindClassification: {Unchanged: 1}, care.KindApprovedService: {Unchanged: 1}, care.KindSupplement: {Unchanged: 1},
	}, decision.Answer.Counts)
}

func TestOnePlanForEver(t *testing.T) { // R12, R13
	summary := func(classifications ...care.Classification) care.Summary {
		return care.Summary{Classifications: classifications}
	}
	first, held := syncPlan(care.HeldPlan{}, summary(level("ON_LEVEL_5", "2025-11-01", "")))

	allEnded, held := syncPlan(held, summary(level("ON_LEVEL_5", "2025-11-01", "2026-01-31")))
	require.Equal(t, care.Plan{ID: first.Plan.ID, StartDate: day("2025-11-01"), EndDate: day("2026-01-31")}, allEnded.Plan)
	require.Contains(t, allEnded.Changes, care.Change{
		Kind: care.KindPlan, RecordID: first.Plan.ID, Action: care.ActionUpdated, Field: "end_date", New: texts("2026-01-31"),
	})

	reopened, held := syncPlan(held, summary(level("ON_LEVEL_5", "2025-11-01", "2026-01-31"), level("ON_LEVEL_6", "2026-03-01", "")))
	require.Equal(t, care.Plan{ID: first.Plan.ID, StartDate: day("2025-11-01")}, reopened.Plan)

	retroDated, held := syncPlan(held, summary(
		level("ON_LEVEL_4", "2025-07-01", "2025-10-31"), level("ON_LEVEL_5", "2025-11-01", "2026-01-31"), level("ON_LEVEL_6", "2026-03-01", "2026-06-30")))
	require.Equal(t, care.Plan{ID: first.Plan.ID, StartDate: day("2025-07-01"), EndDate: day("2026-06-30")}, retroDated.Plan)

	none, held := syncPlan(held, summary(), care.KindClassification)
	require.Equal(t, care.Plan{ID: first.Plan.ID}, none.Plan, "both dates are empty, and there is no second plan")

	again, _ := syncPlan(held, summary(level("ON_LEVEL_5", "2025-11-01", "")))
	require.Equal(t, care.Plan{ID: first.Plan.ID, StartDate: day("2025-11-01")}, again.Plan)
	require.Equal(t, care.Count{Updated: 1}, again.Answer.Counts[care.KindClassification], "the same classification is revived (R5)")
}

func TestNoClassificationIsAWarning(t *testing.T) { // R13
	decision, held := syncPlan(care.HeldPlan{}, care.Summary{})
	require.Equal(t, []care.IssueCode{care.IssueNoClassification}, issueCodes(decision.Issues))
	require.Equal(t, 1, decision.Answer.Warnings)
	require.True(t, decision.Plan.StartDate.IsZero() && decision.Plan.EndDate.IsZero())

	again, _ := syncPlan(held, care.Summary{})
	require.Equal(t, []care.IssueCode{care.IssueNoClassification}, issueCodes(again.Issues))

	withoutStart, _ := syncPlan(care.HeldPlan{}, care.Summary{Classifications: []care.Classification{{Code: "ON_LEVEL_5"}}})
	require.Empty(t, withoutStart.Issues, "a classification without dates is one")
}

func TestWhatGoesWithoutAnEndIsNamed(t *testing.T) { // R5
	summary := wholeSummary()
	summary.Classifications = []care.Classification{
		level("ON_LEVEL_7", "2025-11-01", ""), level("ON_LEVEL_5", "2025-07-01", "2025-10-31"), level("AT_LOW", "2026-05-01", ""), level("HM_LOW", "2025-11-01", "2026-06-30"),
	}
	_, held := syncPlan(care.HeldPlan{}, summary)
	summary.Classifications, summary.ApprovedServices, summary.Supplements = summary.Classifications[3:], nil, nil
	decision, after := syncPlan(held, summary)

	var named []string
	for _, issue := range decision.Issues {
		require.Equal(t, care.IssueGoneWhileCurrent, issue.Code)
		require.Contains(t, slices.Concat(decision.Classifications.Remove, decision.ApprovedServices.Remove, decision.Supplements.Remove), issue.RecordID)
		named = append(named, saidRecord(issue))
	}
	require.Equal(t, []string{
		"classification Support at Home ON_LEVEL_7 (ON_LEVEL_7), from 01 Nov 2025", "approved service Nursing care (SERV-0012), from 01 Nov 2025",
		"supplement Oxygen supplement (OXY_NORM), from 01 Nov 2025",
	}, named, "what had ended, or has not started, may go without a word")
	again, _ := syncPlan(after, summary)
	require.Empty(t, again.Issues, "said once")
}

func TestAnEmptySummaryIsHeld(t *testing.T) { // R5
	_, held := syncPlan(care.HeldPlan{}, wholeSummary())
	decision, after := syncPlan(held, care.Summary{Entry: care.Entry{EntryDate: day("2025-11-01")}})

	require.Equal(t, []care.IssueCode{care.IssueRemovalHeld, care.IssueGoneWhileCurrent, care.IssueGoneWhileCurrent}, issueCodes(decision.Issues))
	require.Equal(t, care.KindClassification, decision.Issues[0].Kind)
	require.Contains(t, said(decision.Issues[0]), "1 classification is missing")
	require.Equal(t, []care.RemovalHold{{Kind: care.KindClassification, Records: 1}, {Kind: care.KindApprovedService}, {Kind: care.KindSupplement}}, decision.Holds)
	require.Equal(t, *held.Plan, decision.Plan, "the plan keeps its dates")
	require.Equal(t, care.Count{Removed: 1}, decision.Answer.Counts[care.KindSupplement], "supplements and services may be empty")
	require.Zero(t, decision.Answer.Counts[care.KindClassification])

	accepted, _ := syncPlan(after, care.Summary{Entry: care.Entry{EntryDate: day("2025-11-01")}}, care.KindClassification)
	require.Equal(t, care.Count{Removed: 1}, accepted.Answer.Counts[care.KindClassification])
	require.Equal(t, []care.IssueCode{care.IssueNoClassification}, issueCodes(accepted.Issues))
	require.Contains(t, accepted.Holds, care.RemovalHold{Kind: care.KindClassification}, "the hold is closed")
}

func TestAReplacedClassificationIsNotAnEmptyAnswer(t *testing.T) { // R5: the level was corrected
	_, held := syncPlan(care.HeldPlan{}, care.Summary{Classifications: []care.Classification{level("ON_LEVEL_5", "2025-11-01", "")}})
	decision, _ := syncPlan(held, care.Summary{Classifications: []care.Classification{level("ON_LEVEL_6", "2025-12-01", "")}})

	require.Equal(t, care.Count{Created: 1, Removed: 1}, decision.Answer.Counts[care.KindClassification])
	require.Equal(t, day("2025-12-01"), decision.Plan.StartDate)
	require.Equal(t, []care.IssueCode{care.IssueGoneWhileCurrent}, issueCodes(decision.Issues), "the one that went is named")
}

func TestDeparture(t *testing.T) { // R19
	for _, test := range []struct {
		name                 string
		held                 care.Person
		departure, notInCare care.Date
		warnings             []care.IssueCode
		changed              []string
	}{
		{"in care", care.Person{}, noDate, noDate, []care.IssueCode{}, []string{"entry_date"}},
		{"departs later", care.Person{}, day("2026-04-30"), noDate, []care.IssueCode{}, []string{"entry_date", "departure_date"}},
		{"departs today", care.Person{}, today, noDate, []care.IssueCode{}, []string{"entry_date", "departure_date"}},
		{"departed yesterday", care.Person{}, day("2026-04-14"), day("2026-04-14"), []care.IssueCode{care.IssueNotInCare},
			[]string{"entry_date", "departure_date", "not_in_care_since"}},
		{"the departure explains an absence that was noticed later",
			care.Person{EntryDate: day("2025-11-01"), NotInCareSince: day("2026-04-10")}, day("2026-03-31"), day("2026-03-31"),
			[]care.IssueCode{care.IssueNotInCare}, []string{"departure_date", "not_in_care_since"}},
		{"came back", care.Person{EntryDate: day("2025-11-01"), DepartureDate: day("2026-01-31"), NotInCareSince: day("2026-01-31")}, noDate, noDate,
			[]care.IssueCode{}, []string{"departure_date", "not_in_care_since"}},
		{"nothing new", care.Person{EntryDate: day("2025-11-01"), DepartureDate: day("2026-01-31"), NotInCareSince: day("2026-01-31")},
			day("2026-01-31"), day("2026-01-31"), []care.IssueCode{care.IssueNotInCare}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			summary := wholeSummary()
			summary.DepartureDate = test.departure
			test.held.ID = "client"
			decision, _ := syncPlan(care.HeldPlan{Person: test.held}, summary)

			require.Equal(t, day("2025-11-01"), decision.Stay.EntryDate)
			require.Equal(t, test.departure, decision.Stay.DepartureDate)
			require.Equal(t, test.notInCare, decision.Stay.NotInCareSince)
			require.Equal(t, test.warnings, issueCodes(decision.Issues))
			var changed []string
			for _, change := range decision.Changes {
				if change.Kind == care.KindPerson && change.Field != "entries" {
					require.Equal(t, care.ID("client"), change.RecordID)
					changed = append(changed, change.Field)
				}
			}
			require.Equal(t, test.changed, changed)
		})
	}
}

func TestWhatWasOddAboutAReadStaysOnTheRun(t *testing.T) { // R6
	odd := []care.Issue{care.Warning(care.AreaSummary, care.IssueOddValue)}
	decision := care.DecidePlan(care.HeldPlan{}, []care.Summary{wholeSummary()}, odd, today, freshIDs())
	require.Equal(t, odd, decision.Issues)
	require.Equal(t, 1, decision.Answer.Warnings)

	refusal := care.RefusalIssue(care.AreaSummary, care.ReasonRequestRefused, "")
	decision = care.DecidePlan(care.HeldPlan{}, []care.Summary{wholeSummary()}, []care.Issue{refusal}, today, freshIDs())
	require.Zero(t, decision.Answer.Warnings, "only warnings are counted as such")
}

func TestContributionsAreRecreated(t *testing.T) { // Care Recipient Sync §Contributions, R16
	everyday := care.Contribution{Category: "EVERYDAY_LIVING", Percentage: amount("17.5"), StartDate: day("2025-11-01"), Status: "DETERMINED"}
	clinical := care.Contribution{Category: "CLINICAL", Percentage: amount("0"), StartDate: day("2025-11-01")}
	type set = []care.Contribution

	t.Run("an identical set is written again and adds no history", func(t *testing.T) {
		decision := care.DecideContributions(care.HeldContributions{Contributions: set{everyday, clinical}}, answered(set{clinical, everyday}), care.LoseContributions, freshIDs())
		require.Equal(t, set{clinical, everyday}, decision.Contributions)
		require.False(t, decision.Changed)
		require.Empty(t, decision.SetID)
		require.Empty(t, decision.Changes)
		require.Equal(t, care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindContribution: {Unchanged: 2}}}, decision.Answer)
	})
	t.Run("another set makes the old one history", func(t *testing.T) {
		raised := everyday
		raised.Percentage = amount("20")
		decision := care.DecideContributions(care.HeldContributions{Contributions: set{everyday}}, answered(set{raised}), care.LoseContributions, freshIDs())
		require.Equal(t, set{raised}, decision.Contributions)
		require.True(t, decision.Changed)
		require.NotEmpty(t, decision.SetID)
		require.Equal(t, care.Counts{care.KindContribution: {Created: 1, Removed: 1}}, decision.Answer.Counts)

		require.Len(t, decision.Changes, 1)
		change := decision.Changes[0]
		require.Equal(t, decision.SetID, change.RecordID)
		var before, after set
		require.NoError(t, json.Unmarshal([]byte(*change.Old), &before))
		require.NoError(t, json.Unmarshal([]byte(*change.New), &after))
		require.False(t, care.CompareContributions(before, set{everyday}).Changed)
		require.False(t, care.CompareContributions(after, set{raised}).Changed)
	})
	t.Run("a clean none removes them, with a warning", func(t *testing.T) {
		decision := care.DecideContributions(care.HeldContributions{Contributions: set{everyday, clinical}}, answered[care.Contribution](nil), care.LoseContributions, freshIDs())
		require.Empty(t, decision.Contributions)
		require.True(t, decision.Changed)
		require.Equal(t, []care.IssueCode{care.IssueContributionsCleared}, issueCodes(decision.Issues))
		require.Contains(t, said(decision.Issues[0]), "2 contributions were removed")
		require.Equal(t, 1, decision.Answer.Warnings)
		require.Nil(t, decision.Changes[0].New)
	})
	t.Run("none before and none now is nothing to speak of", func(t *testing.T) {
		decision := care.DecideContributions(care.HeldContributions{Contributions: nil}, answered[care.Contribution](nil), care.LoseContributions, freshIDs())
		require.False(t, decision.Changed)
		require.Empty(t, decision.Issues)
	})
}

// allocation is a budget that was read, which adds up.
func allocation(upstreamID, start, end string) care.Budget {
	one := care.Budget{
		UpstreamBudgetID: upstreamID, ServiceProviderID: ours, TypeCode: "ON", TypeName: "Home support ongoing", Status: "OPEN",
		Total: amount("16757.56"), Used: amount("50.00"), WriteOff: amount("0.00"), Rollover: amount("0.00"), Available: amount("16707.56"),
		StartDate: day(start),
	}
	if end != "" {
		one.EndDate = day(end)
	}
	return one
}

// idOf finds our id of a budget.
func idOf(budgets []care.Budget, upstreamID string) care.ID {
	for _, budget := range budgets {
		if budget.UpstreamBudgetID == upstreamID {
			return budget.ID
		}
	}
	return ""
}

func TestTheOpenBudgetsUsageIsRead(t *testing.T) { // Care Recipient Sync §Open budgets, R15; today is 2026-04-15
	read := []care.Budget{
		allocation("ended 90 days ago", "2025-10-01", "2026-01-15"),
		allocation("ended 91 days ago", "2025-10-01", "2026-01-14"),
		allocation("current", "2026-04-01", "2026-06-30"),
		allocation("future", "2026-07-01", "2026-09-30"),
		allocation("without end", "2025-11-01", ""),
	}
	held := care.HeldBudgets{Budgets: []care.Budget{{Row: care.Row{ID: "gone", Removed: true}, UpstreamBudgetID: "removed"}}}
	for _, test := range []struct {
		name       string
		allBudgets bool
		open       []string
	}{
		{"open ones only", false, []string{"ended 90 days ago", "current", "future", "without end"}},
		{"all that stand upstream", true, []string{"ended 90 days ago", "ended 91 days ago", "current", "future", "without end"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			decision := care.DecideBudgets(held, answered(read), care.RunScope{Today: today, AllBudgets: test.allBudgets}, freshIDs())
			var want []care.ID
			for _, upstreamID := range test.open {
				want = append(want, idOf(decision.Budgets.After, upstreamID))
			}
			require.ElementsMatch(t, want, decision.Answer.OpenBudgets)
			require.Equal(t, care.Counts{care.KindBudget: {Created: 5}}, decision.Answer.Counts)
			require.Empty(t, decision.Issues)
		})
	}
}

func TestTheOrderOfTheAnswerDoesNotDecideTheChunks(t *testing.T) {
	read := []care.Budget{allocation("1", "2026-04-01", ""), allocation("2", "2026-04-01", ""), allocation("3", "2026-04-01", "")}
	first := care.DecideBudgets(care.HeldBudgets{}, answered(read), care.RunScope{Today: today}, freshIDs())
	slices.Reverse(read)
	again := care.DecideBudgets(care.HeldBudgets{Budgets: first.Budgets.After}, answered(read), care.RunScope{Today: today}, freshIDs())
	require.Equal(t, first.Answer.OpenBudgets, again.Answer.OpenBudgets)
}

func TestBudgetsThatDoNotAddUpAreStoredAsReported(t *testing.T) { // R4
	wrong := allocation("wrong", "2026-04-01", "2026-06-30")
	wrong.Available = amount("16707.57")
	decision := care.DecideBudgets(care.HeldBudgets{}, answered([]care.Budget{wrong, allocation("right", "2026-04-01", "2026-06-30")}), care.RunScope{Today: today}, freshIDs())

	require.Equal(t, []care.IssueCode{care.IssueBudgetDoesNotAddUp}, issueCodes(decision.Issues))
	require.Equal(t, idOf(decision.Budgets.After, "wrong"), decision.Issues[0].RecordID)
	require.Equal(t, amount("16707.57"), decision.Budgets.After[0].Available)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
	require.Equal(t, 1, decision.Answer.Warnings)
}

func TestNoBudgets(t *testing.T) { // R5
	subject := care.RunScope{Today: today}
	current := care.Budget{Row: care.Row{ID: "1"}, UpstreamBudgetID: "254415056224"}
	removed := current
	removed.Removed = true
	type budgets = []care.Budget
	for _, test := range []struct {
		name     string
		held     care.HeldBudgets
		issues   []care.IssueCode
		open     []care.ID
		removing int
	}{
		{"and never any", care.HeldBudgets{}, []care.IssueCode{care.IssueEntryNotRegistered}, nil, 0},
		{"where we hold one: held", care.HeldBudgets{Budgets: budgets{current}}, []care.IssueCode{care.IssueRemovalHeld}, []care.ID{"1"}, 0},
		{"where we hold one, accepted", care.HeldBudgets{Budgets: budgets{current}, Holds: []care.OpenRemovalHold{acceptedHold(care.KindBudget)}},
			[]care.IssueCode{care.IssueEntryNotRegistered}, nil, 1},
		{"accepted for another kind only", care.HeldBudgets{Budgets: budgets{current}, Holds: []care.OpenRemovalHold{acceptedHold(care.KindClassification)}},
			[]care.IssueCode{care.IssueRemovalHeld}, []care.ID{"1"}, 0},
		{"and all were removed earlier", care.HeldBudgets{Budgets: budgets{removed}}, []care.IssueCode{care.IssueEntryNotRegistered}, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			decision := care.DecideBudgets(test.held, answered[care.Budget](nil), subject, freshIDs())
			require.Equal(t, test.issues, issueCodes(decision.Issues))
			require.Equal(t, test.open, decision.Answer.OpenBudgets)
			require.Len(t, decision.Budgets.Remove, test.removing)
		})
	}
}

// R5: an open budget that goes is named, although the list is too short for the guard.
func TestAnOpenBudgetThatGoesIsNamed(t *testing.T) {
	read := []care.Budget{
		allocation("closed", "2025-10-01", "2026-01-14"), allocation("open", "2026-01-01", "2026-03-31"), allocation("current", "2026-04-01", "2026-06-30"),
	}
	first := care.DecideBudgets(care.HeldBudgets{}, answered(read), care.RunScope{Today: today}, freshIDs())
	held := care.HeldBudgets{Budgets: first.Budgets.After}
	decision := care.DecideBudgets(held, answered(read[2:]), care.RunScope{Today: today}, freshIDs())
	require.Len(t, decision.Budgets.Remove, 2)
	require.Equal(t, []care.IssueCode{care.IssueGoneWhileCurrent}, issueCodes(decision.Issues))
	require.Equal(t, idOf(first.Budgets.After, "open"), decision.Issues[0].RecordID)
	require.Contains(t, said(decision.Issues[0]), "01 Jan 2026 – 31 Mar 2026")
}

// R17: the used amount of a closed budget can move, for instance by a late reversal; its usage is not read without being asked for.
func TestAClosedBudgetWhoseUsedAmountMoves(t *testing.T) {
	closed, open := allocation("closed", "2025-10-01", "2026-01-14"), allocation("open", "2026-04-01", "2026-06-30")
	closed.Used, open.Used = amount("500.00"), amount("500.00")
	closed.Available, open.Available = decimal.NullDecimal{}, decimal.NullDecimal{}
	first := care.DecideBudgets(care.HeldBudgets{}, answered([]care.Budget{closed, open}), care.RunScope{Today: today}, freshIDs())
	require.Empty(t, first.Issues)
	held := care.HeldBudgets{Budgets: first.Budgets.After}
	closed.Used, open.Used = amount("620.00"), amount("620.00")

	decision := care.DecideBudgets(held, answered([]care.Budget{closed, open}), care.RunScope{Today: today}, freshIDs())
	require.Equal(t, []care.IssueCode{care.IssueClosedBudgetMoved}, issueCodes(decision.Issues))
	require.Equal(t, idOf(first.Budgets.After, "closed"), decision.Issues[0].RecordID)
	require.Contains(t, said(decision.Issues[0]), "with all budgets")

	everything := care.DecideBudgets(held, answered([]care.Budget{closed, open}), care.RunScope{Today: today, AllBudgets: true}, freshIDs())
	require.Empty(t, everything.Issues, "its usage is read")
	require.Len(t, everything.Answer.OpenBudgets, 2)
}

// R6: whatever an incomplete answer lacks, nothing is removed, moves to someone else, or opens or closes a hold.
func TestAnIncompleteAnswerRemovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var held care.HeldBudgets
		var read []care.Budget
		for i := range rapid.IntRange(0, 8).Draw(t, "budgets") {
			budget := allocation(strconv.Itoa(i), "2026-04-01", "2026-06-30")
			budget.ID = care.ID("budget-" + strconv.Itoa(i))
			held.Budgets = append(held.Budgets, budget)
			if rapid.Bool().Draw(t, "listed by another") {
				held.ListedByOthers = append(held.ListedByOthers, care.SharedBudget{UpstreamBudgetID: budget.UpstreamBudgetID, PersonID: "rose"})
			}
			if rapid.Bool().Draw(t, "read") {
				read = append(read, budget)
			}
		}
		decision := care.DecideBudgets(held, care.Read[care.Budget]{Records: read, Incomplete: true}, care.RunScope{Today: today, Identified: true}, freshIDs())
		require.Empty(t, decision.Budgets.Remove)
		require.Empty(t, decision.Holds)
		require.ElementsMatch(t, held.Budgets, decision.Budgets.After)
		require.Len(t, decision.Answer.OpenBudgets, len(held.Budgets), "the usage of those that were not read is read all the same")
	})
}

// R6, R16: the contributions that may be among what was not read stay.
func TestContributionsOfAnIncompleteAnswer(t *testing.T) {
	everyday := care.Contribution{Category: "EVERYDAY", StartDate: day("2025-11-01"), Percentage: amount("17.5")}
	clinical := care.Contribution{Category: "CLINICAL", StartDate: day("2025-11-01"), Percentage: amount("5")}
	raised := everyday
	raised.Percentage = amount("20")
	held := care.HeldContributions{Contributions: []care.Contribution{everyday, clinical}}
	decide := func(read ...care.Contribution) care.ContributionsDecision {
		return care.DecideContributions(held, care.Read[care.Contribution]{Records: read, Incomplete: true}, care.LoseContributions, freshIDs())
	}
	require.ElementsMatch(t, []care.Contribution{raised, clinical}, decide(raised).Contributions)
	none := decide()
	require.ElementsMatch(t, held.Contributions, none.Contributions)
	require.False(t, none.Changed)
	require.Empty(t, none.Issues)
	require.Empty(t, none.Holds)
	require.False(t, held.WouldLose(care.Read[care.Contribution]{Incomplete: true}))
}

func TestTheConnectionIsLearnedFromTheBudgets(t *testing.T) { // R11
	connections := []care.Connection{{ID: "connection-1", ServiceProviderID: ours}, {ID: "connection-2", ServiceProviderID: theirs}}
	read := []care.Budget{allocation("1", "2026-04-01", "")}
	learn := func(known care.ID, read []care.Budget) care.ID {
		held := care.HeldBudgets{Person: care.Person{ConnectionID: known}, Connections: connections}
		return care.DecideBudgets(held, answered(read), care.RunScope{Today: today}, freshIDs()).LearnedConnection
	}
	require.Equal(t, care.ID("connection-1"), learn("", read))
	require.Empty(t, learn("connection-1", read), "known already")
	require.Empty(t, learn("connection-2", read), "what someone has chosen stands, though an earlier provider's budgets are ours too")

	other := allocation("2", "2026-04-01", "")
	other.ServiceProviderID = theirs
	require.Empty(t, learn("", append(read, other)), "several are possible")
}

func TestUsageOfOtherProviders(t *testing.T) { // Care Recipient Sync §Usage of other providers, R17
	budget := care.Budget{Row: care.Row{ID: "budget-1"}, Used: amount("125.50")}
	read := map[care.ID]care.BudgetDetails{"budget-1": {Usage: []care.UsageLine{
		{UpstreamInvoiceID: "900000123", UpstreamItemID: "1", ServiceProviderID: ours, ServiceCode: "SERV-0012", DeliveryDate: day("2026-04-03"), Amount: amount("50.00")},
		{ServiceProviderID: theirs, ServiceCode: "SERV-0012", DeliveryDate: day("2026-04-01"), Amount: amount("25.50")},
		{ServiceProviderID: theirs, ServiceCode: "SERV-0012", DeliveryDate: day("2026-04-01"), Amount: amount("25.50")},
		{ServiceProviderID: theirs, ServiceCode: "SERV-0012", DeliveryDate: day("2026-04-01"), Amount: amount("24.50")},
	}}}
	decision := care.DecideUsage(care.HeldUsage{Budgets: []care.Budget{budget}}, read, nil, freshIDs())

	require.Equal(t, care.Count{Created: 4}, decision.Answer.Counts[care.KindBudgetUsage], "equal lines are lines of their own")
	require.Equal(t, []int{0, 0, 1, 0}, []int{
		decision.Usage.Write[0].Ordinal, decision.Usage.Write[1].Ordinal, decision.Usage.Write[2].Ordinal, decision.Usage.Write[3].Ordinal,
	})
	for _, line := range decision.Usage.Write {
		require.Equal(t, care.ID("budget-1"), line.BudgetID)
	}
	require.Equal(t, "125.50", decision.Amounts[0].Amount.Decimal.StringFixed(2))
	require.Empty(t, decision.Issues)

	again := care.DecideUsage(care.HeldUsage{Budgets: []care.Budget{budget}, Usage: decision.Usage.After}, read, nil, freshIDs())
	require.Equal(t, care.Count{Unchanged: 4}, again.Answer.Counts[care.KindBudgetUsage])
	require.Empty(t, again.Changes)
}

func TestAnAmendedInvoice(t *testing.T) { // R4, R17
	line := care.UsageLine{
		Row: care.Row{ID: "line-1"}, BudgetID: "budget-1", UpstreamInvoiceID: "900000123", UpstreamItemID: "1", DeliveryDate: day("2026-04-03"), Amount: amount("50.00"),
	}
	held := care.HeldUsage{Budgets: []care.Budget{{Row: care.Row{ID: "budget-1"}, Used: amount("-50.00")}}, Usage: []care.UsageLine{line}}
	details := func(lines ...care.UsageLine) map[care.ID]care.BudgetDetails {
		return map[care.ID]care.BudgetDetails{"budget-1": {Usage: lines}}
	}

	reversed := line
	reversed.Row, reversed.Amount = care.Row{}, amount("-50.00")
	decision := care.DecideUsage(held, details(reversed), nil, freshIDs())
	require.Equal(t, care.Count{Updated: 1}, decision.Answer.Counts[care.KindBudgetUsage], "the same line turns negative")
	require.Equal(t, care.ID("line-1"), decision.Usage.Write[0].ID)
	require.Equal(t, "-50.00", decision.Amounts[0].Amount.Decimal.StringFixed(2))
	require.Empty(t, decision.Issues)

	decision = care.DecideUsage(held, details(), nil, freshIDs())
	require.Equal(t, []care.ID{"line-1"}, decision.Usage.Remove, "the line vanished")
	require.Equal(t, "0.00", decision.Amounts[0].Amount.Decimal.StringFixed(2))
	require.Equal(t, []care.IssueCode{care.IssueUsageDiffers}, issueCodes(decision.Issues))
	require.Equal(t, care.ID("budget-1"), decision.Issues[0].RecordID)
}

func TestEachBudgetsListsStandByThemselves(t *testing.T) { // R5, R17
	var held care.HeldUsage
	details := make(map[care.ID]care.BudgetDetails)
	for _, budget := range []care.ID{"budget-1", "budget-2", "not read"} {
		held.Budgets = append(held.Budgets, care.Budget{Row: care.Row{ID: budget}})
		for i := range 5 {
			code := string(rune('A' + i))
			held.Entitlements = append(held.Entitlements, care.Entitlement{Row: care.Row{ID: budget + care.ID(code)}, BudgetID: budget, Code: code, Amount: amount("1.00")})
			held.Usage = append(held.Usage, care.UsageLine{Row: care.Row{ID: budget + care.ID(code)}, BudgetID: budget, ServiceCode: code, Amount: amount("1.00")})
		}
	}
	details["budget-1"] = care.BudgetDetails{
		Entitlements: []care.Entitlement{{Code: "A", Amount: amount("1.00")}},
		Usage:        []care.UsageLine{{ServiceCode: "A", Amount: amount("1.00")}, {ServiceCode: "B", Amount: amount("1.00")}, {ServiceCode: "C", Amount: amount("1.00")}},
	}
	details["budget-2"] = care.BudgetDetails{
		Entitlements: []care.Entitlement{{Code: "A", Amount: amount("1.00")}, {Code: "B", Amount: amount("2.00")}, {Code: "C"}},
	}
	decision := care.DecideUsage(held, details, nil, freshIDs())

	require.Equal(t, care.Counts{
		care.KindEntitlement: {Unchanged: 2, Updated: 2, Removed: 2}, care.KindBudgetUsage: {Unchanged: 3, Removed: 2},
	}, decision.Answer.Counts)
	require.ElementsMatch(t, []care.RemovalHold{
		{Kind: care.KindEntitlement, BudgetID: "budget-1", Records: 4}, {Kind: care.KindBudgetUsage, BudgetID: "budget-1"},
		{Kind: care.KindEntitlement, BudgetID: "budget-2"}, {Kind: care.KindBudgetUsage, BudgetID: "budget-2", Records: 5},
	}, decision.Holds, "each budget's lists are guarded separately")
	require.Equal(t, []care.IssueCode{care.IssueRemovalHeld, care.IssueRemovalHeld}, issueCodes(decision.Issues))
	require.Len(t, decision.Amounts, 2, "a budget that was not read keeps its amount")
	require.Equal(t, "3.00", decision.Amounts[0].Amount.Decimal.StringFixed(2))
	require.Equal(t, "5.00", decision.Amounts[1].Amount.Decimal.StringFixed(2), "held lines still count")

	held.Holds = []care.OpenRemovalHold{{RemovalHold: care.RemovalHold{Kind: care.KindEntitlement, BudgetID: "budget-1", Records: 4}, Accepted: true}}
	accepted := care.DecideUsage(held, details, nil, freshIDs())
	require.Equal(t, care.Counts{
		care.KindEntitlement: {Unchanged: 2, Updated: 2, Removed: 6}, care.KindBudgetUsage: {Unchanged: 3, Removed: 2},
	}, accepted.Answer.Counts, "what was accepted for one budget's list holds for that list alone")
	require.Contains(t, accepted.Holds, care.RemovalHold{Kind: care.KindEntitlement, BudgetID: "budget-1"}, "the hold is closed")
}

func TestUsageThatIsNotWhatTheGovernmentCallsUsed(t *testing.T) { // R17
	for _, test := range []struct {
		name     string
		used     decimal.NullDecimal
		warnings int
	}{
		{"equal", amount("10.00"), 0}, {"a cent off", amount("10.01"), 1}, {"not provided", notProvided, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			held := care.HeldUsage{Budgets: []care.Budget{{Row: care.Row{ID: "budget-1"}, Used: test.used}}}
			read := map[care.ID]care.BudgetDetails{"budget-1": {Usage: []care.UsageLine{{Amount: amount("10.00")}}}}
			decision := care.DecideUsage(held, read, nil, freshIDs())
			require.Equal(t, test.warnings, decision.Answer.Warnings)
			require.Equal(t, "10.00", decision.Amounts[0].Amount.Decimal.StringFixed(2), "both are kept")
		})
	}
}

// aUsageLine is drawn from so few values that equal lines, with and without ids, are common.
var aUsageLine = rapid.Custom(func(t *rapid.T) care.UsageLine {
	ids := rapid.SampledFrom([][2]string{{"", ""}, {"900000123", ""}, {"900000123", "1"}, {"900000123", "2"}}).Draw(t, "ids")
	return care.UsageLine{
		UpstreamInvoiceID: ids[0], UpstreamItemID: ids[1], ServiceProviderID: rapid.SampledFrom([]string{ours, theirs}).Draw(t, "provider"),
		Amount: decimal.NewNullDecimal(decimal.New(rapid.SampledFrom([]int64{-5000, 0, 5000}).Draw(t, "cents"), -2)),
	}
})

func TestABudgetsUsageIsWhatWasReadLast(t *testing.T) { // R17
	rapid.Check(t, func(t *rapid.T) {
		held := care.HeldUsage{Budgets: []care.Budget{{Row: care.Row{ID: "budget-1"}}}, Holds: []care.OpenRemovalHold{
			{RemovalHold: care.RemovalHold{Kind: care.KindBudgetUsage, BudgetID: "budget-1", Records: anyNumber}, Accepted: true},
		}}
		newID := freshIDs()
		for range rapid.IntRange(1, 4).Draw(t, "reads") {
			lines := rapid.SliceOfN(aUsageLine, 0, 8).Draw(t, "lines")
			decision := care.DecideUsage(held, map[care.ID]care.BudgetDetails{"budget-1": {Usage: lines}}, nil, newID)

			require.Equal(t, care.UsageAmount(lines), decision.Amounts[0].Amount)
			require.Equal(t, len(lines), decision.Answer.Counts[care.KindBudgetUsage].Synced())
			require.ElementsMatch(t, usageContents(lines), usageContents(decision.Usage.After))
			held.Usage = decision.Usage.After
		}
	})
}

// usageContents are the contents of lines that are not removed.
func usageContents(lines []care.UsageLine) []string {
	contents := []string{}
	for _, line := range lines {
		if !line.Removed {
			contents = append(contents, line.UpstreamInvoiceID+" "+line.UpstreamItemID+" "+line.ServiceProviderID+" "+line.Amount.Decimal.StringFixed(2))
		}
	}
	return contents
}

// R9: contributions that would all go because of a bulk run's answer are kept until an operator accepts that; what comes back closes the hold.
func TestContributionsThatAreHeld(t *testing.T) {
	one := care.Contribution{Category: "EVERYDAY_LIVING"}
	held := []care.Contribution{one}
	hold := func(accepted bool) []care.OpenRemovalHold {
		return []care.OpenRemovalHold{{RemovalHold: care.RemovalHold{Kind: care.KindContribution, Records: 1}, Accepted: accepted}}
	}
	for name, test := range map[string]struct {
		open    []care.OpenRemovalHold
		read    []care.Contribution
		lost    care.LostContributions
		kept    bool
		records []int
	}{
		"a single sync removes them":      {nil, nil, care.LoseContributions, false, nil},
		"a bulk run holds them":           {nil, nil, care.HoldContributions, true, []int{1}},
		"what waits keeps waiting":        {hold(false), nil, care.LoseContributions, true, []int{1}},
		"what was accepted goes":          {hold(true), nil, care.LoseContributions, false, []int{0}},
		"accepted, also in a bulk run":    {hold(true), nil, care.HoldContributions, false, []int{0}},
		"what comes back closes the hold": {hold(false), held, care.LoseContributions, true, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			decision := care.DecideContributions(care.HeldContributions{Contributions: held, Holds: test.open}, answered(test.read), test.lost, freshIDs())
			require.Equal(t, test.kept, len(decision.Contributions) == 1)
			require.Equal(t, !test.kept, decision.Changed)
			var records []int
			for _, hold := range decision.Holds {
				records = append(records, hold.Records)
			}
			require.Equal(t, test.records, records)
		})
	}
	require.True(t, care.HeldContributions{Contributions: held}.WouldLose(answered[care.Contribution](nil)))
	require.False(t, care.HeldContributions{Contributions: held}.WouldLose(answered(held)))
	require.False(t, care.HeldContributions{Contributions: held, Holds: hold(false)}.WouldLose(answered[care.Contribution](nil)), "that is decided already")
}

func TestAListThatDidNotComeRemovesNothing(t *testing.T) { // R5
	held := care.HeldPlan{
		Classifications:  []care.Classification{{Row: care.Row{ID: "c1"}, Code: "L1", StartDate: day("2026-01-01")}},
		ApprovedServices: []care.ApprovedService{{Row: care.Row{ID: "s1"}, ServiceCode: "A", StartDate: day("2026-01-01")}},
		Supplements:      []care.Supplement{{Row: care.Row{ID: "u1"}, Code: "OXY", StartDate: day("2026-01-01")}},
		Holds:            []care.OpenRemovalHold{{RemovalHold: care.RemovalHold{Kind: care.KindSupplement, Records: 1}}},
	}
	summary := care.Summary{Unread: care.Unread{care.KindClassification, care.KindApprovedService, care.KindSupplement}}
	decision := care.DecidePlan(held, []care.Summary{summary}, nil, today, freshIDs())
	require.Empty(t, decision.Holds, "a removal that is held back stays so")
	require.Equal(t, day("2026-01-01"), decision.Plan.StartDate)
	for _, count := range decision.Answer.Counts {
		require.Zero(t, count)
	}
	summary.Unread = nil
	require.Len(t, care.DecidePlan(held, []care.Summary{summary}, nil, today, freshIDs()).ApprovedServices.Remove, 1, "a list that came and is empty")

	budget := care.Budget{Row: care.Row{ID: "b1"}}
	usage := care.HeldUsage{
		Budgets: []care.Budget{budget}, Entitlements: []care.Entitlement{{Row: care.Row{ID: "e1"}, BudgetID: "b1", Code: "ON"}},
		Usage: []care.UsageLine{{Row: care.Row{ID: "l1"}, BudgetID: "b1", Amount: amount("6.00")}},
	}
	details := map[care.ID]care.BudgetDetails{"b1": {Unread: care.Unread{care.KindEntitlement, care.KindBudgetUsage}}}
	unread := care.DecideUsage(usage, details, nil, freshIDs())
	require.Empty(t, unread.Changes)
	require.Empty(t, unread.Amounts, "the usage amount stays")
	details["b1"] = care.BudgetDetails{}
	require.Equal(t, "0", care.DecideUsage(usage, details, nil, freshIDs()).Amounts[0].Amount.Decimal.String())
}

// Whichever budgets' details are refused, the others come out as if they were alone (R6, R18).
func TestARefusedBudgetLeavesTheOthersAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var everything, answered care.HeldUsage
		read := map[care.ID]care.BudgetDetails{}
		var refused []care.BudgetRefusal
		for i := range rapid.IntRange(1, 6).Draw(t, "budgets") {
			id := care.ID("b" + strconv.Itoa(i))
			budget := care.Budget{Row: care.Row{ID: id}}
			line := care.UsageLine{Row: care.Row{ID: "old-" + id}, BudgetID: id, ServiceCode: "A", Amount: amount("1.00")}
			everything.Budgets, everything.Usage = append(everything.Budgets, budget), append(everything.Usage, line)
			if rapid.Bool().Draw(t, "refused") {
				refused = append(refused, care.BudgetRefusal{BudgetID: id, Reason: care.ReasonConsentRefused})
				continue
			}
			answered.Budgets, answered.Usage = append(answered.Budgets, budget), append(answered.Usage, line)
			read[id] = care.BudgetDetails{Usage: []care.UsageLine{{ServiceCode: "B", Amount: amount("2.00")}}}
		}
		decision := care.DecideUsage(everything, read, nil, freshIDs()).Refusing(refused)
		alone := care.DecideUsage(answered, read, nil, freshIDs())
		require.Equal(t, len(refused), decision.Answer.BudgetsRefused)
		require.Equal(t, len(refused) > 0, decision.Answer.Outcome == care.AreaRefused)
		decision.Answer.Outcome, decision.Answer.Reason, decision.Answer.BudgetsRefused = alone.Answer.Outcome, alone.Answer.Reason, 0
		require.Equal(t, alone, decision)
	})
}
