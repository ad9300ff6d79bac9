package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func plan(start, end string) care.ParticipantPlan {
	dates := days(start, end)
	return care.ParticipantPlan{IsPACE: true, FirstStartDate: day("2024-02-01"), StartDate: dates.StartDate, EndDate: dates.EndDate}
}

func treeDated(start, end string) care.BudgetTree {
	return care.BudgetTree{Groups: []care.BudgetGroup{{DateRange: days(start, end)}}}
}

func TestWhichPlan(t *testing.T) { // R23; today is 15 June 2026
	previous, current, future := plan("2025-02-01", "2026-01-31"), plan("2026-02-01", "2027-01-31"), plan("2027-02-01", "2028-01-31")
	for _, test := range []struct {
		name    string
		plans   []care.ParticipantPlan
		wanted  care.Date
		plan    care.ParticipantPlan
		source  care.TreeSource
		refusal care.Reason
	}{
		{"the one that covers today", []care.ParticipantPlan{previous, current}, noDate, current, care.TreeCurrent, ""},
		{"beside a future one", []care.ParticipantPlan{future, current}, noDate, current, care.TreeCurrent, ""},
		{"on its first day", []care.ParticipantPlan{plan("2026-06-15", "2027-06-14"), plan("2025-06-15", "2026-06-14")}, noDate, plan("2026-06-15", "2027-06-14"), care.TreeCurrent, ""},
		{"on its last day", []care.ParticipantPlan{plan("2025-06-16", "2026-06-15"), plan("2026-06-16", "2027-06-15")}, noDate, plan("2025-06-16", "2026-06-15"), care.TreeCurrent, ""},
		{"without an end", []care.ParticipantPlan{plan("2026-02-01", "")}, noDate, plan("2026-02-01", ""), care.TreeCurrent, ""},
		{"listed twice", []care.ParticipantPlan{current, current}, noDate, current, care.TreeCurrent, ""},
		{"an ended one, where none covers today", []care.ParticipantPlan{previous, plan("2024-02-01", "2025-01-31")}, noDate, previous, care.TreeHistorical, ""},
		{"an ended one before a future one", []care.ParticipantPlan{future, previous}, noDate, previous, care.TreeHistorical, ""},
		{"an ended one that is wanted", []care.ParticipantPlan{previous, current}, previous.StartDate, previous, care.TreeHistorical, ""},
		{"a future one that is wanted", []care.ParticipantPlan{future, current}, future.StartDate, future, care.TreeNone, ""},
		{"only a future one", []care.ParticipantPlan{plan("2028-02-01", "2029-01-31"), future}, noDate, future, care.TreeNone, ""},
		{"one that is wanted and not listed", []care.ParticipantPlan{current}, previous.StartDate, care.ParticipantPlan{}, "", care.ReasonNoPlan},
		{"none", nil, noDate, care.ParticipantPlan{}, "", care.ReasonNoPlan},
		{"none from PACE", []care.ParticipantPlan{{StartDate: current.StartDate, EndDate: current.EndDate}}, noDate, care.ParticipantPlan{}, "", care.ReasonNotPACE},
		{"beside one that is not from PACE", []care.ParticipantPlan{{StartDate: current.StartDate, EndDate: current.EndDate}, current}, noDate, current, care.TreeCurrent, ""},
		{"without a start date", []care.ParticipantPlan{plan("", "2027-01-31")}, noDate, care.ParticipantPlan{}, "", care.ReasonPlanUndated},
		{"without a first start date", []care.ParticipantPlan{{IsPACE: true, StartDate: current.StartDate, EndDate: current.EndDate}}, noDate, care.ParticipantPlan{}, "", care.ReasonPlanUndated},
	} {
		t.Run(test.name, func(t *testing.T) {
			choice := care.ChoosePlan(test.plans, test.wanted, retrievalDay)
			require.Equal(t, test.plan, choice.Plan)
			require.Equal(t, test.source, choice.Source)
			require.Equal(t, test.refusal, choice.Refusal)
			require.Empty(t, choice.Candidates)
			require.NotContains(t, choice.Others, test.plan)
		})
	}
	require.Equal(t, []care.ParticipantPlan{previous, future}, care.ChoosePlan([]care.ParticipantPlan{future, previous, current}, noDate, retrievalDay).Others)
}

func TestTheTreesStartDecidesAmongSeveralPlans(t *testing.T) { // R23
	shorter, longer := plan("2026-02-01", "2026-07-31"), plan("2026-05-01", "2027-04-30")
	choice := care.ChoosePlan([]care.ParticipantPlan{longer, shorter}, noDate, retrievalDay)
	require.Equal(t, []care.ParticipantPlan{shorter, longer}, choice.Candidates)
	require.Empty(t, choice.Refusal)
	for _, test := range []struct {
		tree    care.BudgetTree
		plan    care.ParticipantPlan
		refusal care.Reason
	}{
		{treeDated("2026-02-01", "2026-07-31"), shorter, ""},
		{treeDated("2026-05-01", "2027-04-30"), longer, ""},
		{treeDated("2026-05-01", ""), longer, ""},
		{treeDated("2026-02-01", "2027-04-30"), shorter, ""},
		{treeDated("", "2026-07-31"), care.ParticipantPlan{}, care.ReasonPlanAmbiguous},
		{treeDated("2020-02-01", "2021-04-30"), care.ParticipantPlan{}, care.ReasonPlanAmbiguous},
		{treeDated("", ""), care.ParticipantPlan{}, care.ReasonPlanAmbiguous},
		{care.BudgetTree{}, care.ParticipantPlan{}, care.ReasonPlanAmbiguous},
	} {
		settled := choice.Settle(test.tree)
		require.Equal(t, test.plan, settled.Plan)
		require.Equal(t, test.refusal, settled.Refusal)
		if test.refusal != "" {
			require.Len(t, settled.Candidates, 2, "they are shown")
			continue
		}
		require.Equal(t, care.TreeCurrent, settled.Source)
		require.Empty(t, settled.Candidates)
		require.Len(t, settled.Others, 1)
	}

	sameStart := care.ChoosePlan([]care.ParticipantPlan{plan("2026-02-01", "2026-07-31"), plan("2026-02-01", "2027-01-31")}, day("2026-02-01"), retrievalDay)
	require.Equal(t, plan("2026-02-01", "2027-01-31"), sameStart.Settle(treeDated("2026-02-01", "2027-01-31")).Plan, "extended: both are listed")
	require.Equal(t, plan("2026-02-01", "2027-01-31"), sameStart.Settle(treeDated("2026-02-01", "2026-07-31")).Plan, "whatever the tree's end")
	single := care.ChoosePlan([]care.ParticipantPlan{shorter}, noDate, retrievalDay)
	require.Equal(t, single, single.Settle(treeDated("2020-01-01", "2020-12-31")), "nothing to settle")
}

func TestAnEndedPlanIsReadFromTheHistoricalTree(t *testing.T) { // R23
	ended := plan("2025-02-01", "2026-01-31")
	year, before := treeDated("2025-02-01", "2026-01-31"), treeDated("2024-02-01", "2025-01-31")
	for _, test := range []struct {
		name    string
		trees   []care.BudgetTree
		tree    care.BudgetTree
		refusal care.Reason
	}{
		{"the plan's dates", []care.BudgetTree{before, year}, year, ""},
		{"the only one that overlaps", []care.BudgetTree{before, treeDated("2025-02-01", "2025-12-31")}, treeDated("2025-02-01", "2025-12-31"), ""},
		{"the plan's start, whatever its end", []care.BudgetTree{treeDated("2025-08-01", "2025-12-31"), treeDated("2025-02-01", "2025-07-31")}, treeDated("2025-02-01", "2025-07-31"), ""},
		{"two that overlap", []care.BudgetTree{treeDated("2025-03-01", "2025-07-31"), treeDated("2025-08-01", "2025-12-31")}, care.BudgetTree{}, care.ReasonHistoryNotFound},
		{"another period", []care.BudgetTree{before}, care.BudgetTree{}, care.ReasonHistoryNotFound},
		{"none", nil, care.BudgetTree{}, care.ReasonHistoryNotFound},
	} {
		tree, refusal := care.ChooseHistory(ended, test.trees)
		require.Equal(t, test.tree, tree, test.name)
		require.Equal(t, test.refusal, refusal, test.name)
	}
}

var aListedPlan = rapid.Custom(func(t *rapid.T) care.ParticipantPlan {
	optional := func(name string) care.Date {
		return rapid.SampledFrom([]care.Date{noDate, day("2024-02-01"), day("2025-02-01"), day("2026-02-01"), day("2026-06-15"), day("2027-02-01")}).Draw(t, name)
	}
	return care.ParticipantPlan{
		IsPACE: rapid.IntRange(0, 4).Draw(t, "kind") > 0, FirstStartDate: optional("first start"), StartDate: optional("start"), EndDate: optional("end"),
	}
})

func TestThePlanThatIsChosenIsListedAndDatedAndOrderDoesNotMatter(t *testing.T) { // R23
	rapid.Check(t, func(t *rapid.T) {
		listed := rapid.SliceOfN(aListedPlan, 0, 4).Draw(t, "plans")
		choice := care.ChoosePlan(listed, noDate, retrievalDay)
		require.Equal(t, choice, care.ChoosePlan(rapid.Permutation(listed).Draw(t, "shuffled"), noDate, retrievalDay))

		settled := choice.Settle(treeDated("2026-02-01", "2027-02-01"))
		if settled.Refusal != "" {
			require.Empty(t, settled.Plan)
			return
		}
		require.Contains(t, listed, settled.Plan)
		require.True(t, settled.Plan.IsPACE)
		require.False(t, settled.Plan.StartDate.IsZero() || settled.Plan.FirstStartDate.IsZero())
		require.Equal(t, settled.Source == care.TreeCurrent, settled.Plan.Dates().Covers(retrievalDay))
		require.Equal(t, settled.Source == care.TreeNone, care.PlanRefusal(settled.Plan, retrievalDay) == care.ReasonPlanInFuture)
	})
}

func TestPlansThatEndedAShortTimeAgoAreReadFromTheHistory(t *testing.T) { // R23
	contract := func(id care.ID, p care.ParticipantPlan, end string) care.ServiceContract {
		return care.ServiceContract{
			ID: id, Origin: care.OriginPACE, PlanFirstStartDate: p.FirstStartDate, PlanStartDate: p.StartDate, PlanEndDate: p.EndDate,
			DateRange: days(p.StartDate.String(), end),
		}
	}
	current, before := plan("2026-05-01", "2027-04-30"), plan("2025-05-01", "2026-06-30")
	for _, test := range []struct {
		name    string
		held    care.ServiceContract
		listed  []care.ParticipantPlan
		earlier []care.ParticipantPlan
	}{
		{"superseded, and no longer listed", contract("old", before, "2026-04-30"), nil, []care.ParticipantPlan{before}},
		{"not superseded yet, and listed with its new end", contract("old", before, "2026-06-30"), []care.ParticipantPlan{plan("2025-05-01", "2026-04-30")},
			[]care.ParticipantPlan{plan("2025-05-01", "2026-04-30")}},
		{"90 days ago", contract("old", before, "2026-03-17"), nil, []care.ParticipantPlan{before}},
		{"91 days ago", contract("old", before, "2026-03-16"), nil, nil},
		{"today is its last day", contract("old", before, "2026-06-15"), nil, nil},
		{"the chosen one", contract("current", current, "2026-06-10"), nil, nil},
		{"without an end", contract("old", before, ""), nil, nil},
		{"entered manually", byHand("hand", "2025-05-01", "2026-04-30"), nil, nil},
	} {
		earlier := care.EarlierPlans([]care.ServiceContract{test.held}, current, append(test.listed, current), retrievalDay)
		require.Equal(t, test.earlier, earlier, test.name)
	}
}
