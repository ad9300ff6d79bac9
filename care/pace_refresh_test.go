package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// nextPlan follows aPlan after a reassessment, and endedPlan is aPlan as it is listed then.
var (
	nextPlan  = plan("2026-06-15", "2027-06-14")
	endedPlan = plan("2026-02-01", "2026-06-14")
)

// beginning is a read whose tree begins on another day than its plan.
func beginning(read care.ContractRead, start string) care.ContractRead {
	read.Tree.Groups[0].StartDate = days(start, "").StartDate
	return read
}

func TestATreeIsRecognisedByItsStart(t *testing.T) { // R23, R31
	for _, test := range []struct {
		name, start string
		words       []string // what an unattended refresh leaves to people
		written     bool
		refusal     care.Reason
		warning     care.IssueCode // of a preview
	}{
		{"the plan's", "2026-02-01", nil, true, "", ""},
		{"none at all", "", nil, true, "", care.IssueTreeUndated},
		{"inside the plan", "2026-03-01", []string{
			"The budget that the NDIA reports starts on 01 Mar 2026, but this plan starts on 01 Feb 2026. None of it was applied, including amounts.",
			"Consumables (flexible, plan-managed): spent would change from 22.50 to 30.00.",
			"Consumables (flexible, plan-managed): remaining would change from 77,977.50 to 77,970.00.",
		}, false, "", care.IssueTreeStartsLater},
		{"inside the plan, and another listed one's", "2026-04-01", []string{
			"The budget that the NDIA reports starts on 01 Apr 2026, but this plan starts on 01 Feb 2026. None of it was applied, including amounts.",
		}, false, care.ReasonTreeOfAnotherPlan, ""},
		{"the next plan's", "2026-06-15", []string{
			"The budget that the NDIA reports starts on 15 Jun 2026, but this plan starts on 01 Feb 2026. None of it was applied, including amounts.",
		}, false, care.ReasonTreeOfAnotherPlan, ""},
		{"before the plan", "2025-06-15", []string{
			"The budget that the NDIA reports starts on 15 Jun 2025, but this plan starts on 01 Feb 2026. None of it was applied, including amounts.",
		}, false, care.ReasonTreeOfAnotherPlan, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			newID := freshIDs()
			held, _ := created(care.HeldContracts{}, readOf(aPlan, consumables(), transport()), newID)
			read := beginning(readOf(aPlan, spent(consumables(), "30"), transport()), test.start)
			read.Others = []care.ParticipantPlan{nextPlan, plan("2026-04-01", "2026-05-31")}
			if test.start == "" {
				for i := range read.Tree.Groups[0].Budgets {
					read.Tree.Groups[0].Budgets[i].StartDate = noDate
				}
			}
			decision := care.RefreshUnattended(held, read, newID)
			require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
			if test.written {
				require.Contains(t, fieldsOf(decision.Changes), "spent")
			} else {
				require.Equal(t, held, written(held, decision), "nothing is written, amounts neither")
				require.Equal(t, test.words, reviewWords(decision.Review))
				require.Equal(t, []care.IssueCode{care.IssueHeldForReview}, issueCodes(decision.Issues))
			}

			preview := care.Stage("retrieval", held, read, retrievalTime, newID)
			require.Equal(t, test.refusal, preview.Refusal)
			if test.warning != "" {
				require.Contains(t, issueCodes(preview.Issues), test.warning)
			}
			if test.refusal == "" {
				accepted := care.DecideCreate(held, preview, preview.SelectAll(), read, retrievalTime, newID)
				require.Equal(t, care.AreaSucceeded, accepted.Answer.Outcome, "a person may accept it")
			}
		})
	}
}

func reviewWords(items []care.ReviewItem) (words []string) {
	for _, item := range items {
		words = append(words, saidReview(item))
	}
	return words
}

func TestSpentThatIsGoneFromMostBudgetsIsHeldWhole(t *testing.T) { // R31
	newID := freshIDs()
	reported := func(amounts ...string) care.ContractRead {
		var budgets []care.ReportedBudget
		for i, amount := range amounts {
			budgets = append(budgets, spentBudget(care.CategoryName(i+1), "1000", amount))
		}
		return readOf(aPlan, budgets...)
	}
	held, _ := created(care.HeldContracts{}, reported("1", "2", "3", "4", "5", "0"), newID)
	gone := reported("0", "0", "0", "40", "50", "60")
	decision := care.RefreshUnattended(held, gone, newID)
	require.Equal(t, held, written(held, decision))
	require.Equal(t, care.ReviewSpent, decision.Review[0].Kind)
	require.Equal(t, "Spent would fall to 0.00 in 3 budgets at once. Nothing was applied: ask the NDIA whether this is right.", saidReview(decision.Review[0]))
	require.Contains(t, reviewWords(decision.Review)[1], "spent would change from 1.00 to 0.00")

	after, _ := created(held, gone, newID)
	require.NotEqual(t, held, after, "a person may accept it")
	require.NotEmpty(t, care.RefreshUnattended(held, reported("0", "0", "3", "4", "5", "0"), newID).Changes, "not more than half")
	few, _ := created(care.HeldContracts{}, reported("1", "2", "3", "4", "0"), newID)
	require.NotEmpty(t, care.RefreshUnattended(few, reported("0", "0", "0", "0", "0"), newID).Changes, "fewer than five with something spent")
	absent := gone
	absent.Tree = treeOf(spentBudget(care.CategoryName(1), "1000", ""), spentBudget(care.CategoryName(2), "1000", ""), spentBudget(care.CategoryName(3), "1000", ""),
		spentBudget(care.CategoryName(4), "1000", "4"), spentBudget(care.CategoryName(5), "1000", "5"), spentBudget(care.CategoryName(6), "1000", "0"))
	require.NotEmpty(t, care.RefreshUnattended(held, absent, newID).Changes, "absent is not zero (R3)")
}

// The plan is reassessed. Until the next one has its contract, and for 90 days after, the one before is refreshed from the history: what was
// claimed late arrives, and what a wrong tree had overwritten is mended.
func TestAPlanThatEndedIsRefreshedFromTheHistory(t *testing.T) { // R23
	newID := freshIDs()
	unfunded := spentBudget("Relationships", "0", "0")
	held, _ := created(care.HeldContracts{}, readOf(aPlan, consumables(), transport(), unfunded), newID)
	ended := readOf(endedPlan, spent(consumables(), "31"), spent(transport(), "2"))
	ended.Tree = historical(ended.Tree)
	for i := range ended.Tree.Groups[0].Budgets {
		ended.Tree.Groups[0].Budgets[i].EndDate = endedPlan.EndDate
	}
	ended.Others = []care.ParticipantPlan{nextPlan}
	next := readOf(nextPlan, spentBudget("Consumables", "500", "0"))
	next.Others, next.Earlier = []care.ParticipantPlan{endedPlan}, []care.ContractRead{ended}

	decision := care.RefreshUnattended(held, next, newID)
	require.Equal(t, []string{"The plan that starts on 15 Jun 2026 has no service contract yet."}, reviewWords(decision.Review), "nothing else is asked")
	require.Equal(t, []care.IssueCode{care.IssueHeldForReview}, issueCodes(decision.Issues))
	held = written(held, decision)
	require.Equal(t, map[string]string{"Consumables": "31.00", "Transport": "2.00"}, adjustments(held))
	require.Equal(t, aPlan.EndDate, held.Contracts[0].EndDate, "its end follows from the next contract")
	require.False(t, held.Budgets[2].Removed, "the history lists funded supports only")

	next.Earlier = nil
	held, _ = created(held, next, newID)
	next.Earlier = []care.ContractRead{ended}
	held = written(held, care.RefreshUnattended(held, next, newID))
	old := contractFrom(held, "2026-02-01")
	require.Equal(t, endedPlan.EndDate, old.EndDate)
	require.Equal(t, endedPlan.EndDate, old.PlanEndDate, "who created the next contract has agreed to it")
	again := care.RefreshUnattended(held, next, newID)
	require.Empty(t, again.Changes)
	require.Empty(t, again.Review)
	require.Empty(t, again.Issues)
	require.Equal(t, care.Count{Unchanged: 3}, again.Answer.Counts[care.KindPlanBudget])
}

func TestNoTreeOfAnotherPlanIsEverWrittenUnattended(t *testing.T) { // R23, R31
	rapid.Check(t, func(t *rapid.T) {
		newID := freshIDs()
		start := func(name string) care.Date {
			return day("2026-02-01").AddDays(rapid.IntRange(-40, 400).Draw(t, name))
		}
		held, _ := created(care.HeldContracts{}, readOf(aPlan, rapid.SliceOfN(aReportedBudget, 1, 8).Draw(t, "held")...), newID)
		read := readOf(aPlan, rapid.SliceOfN(aReportedBudget, 1, 8).Draw(t, "reported")...)
		read.Tree.Groups[0].StartDate = start("tree")
		for range rapid.IntRange(0, 2).Draw(t, "listed") {
			read.Others = append(read.Others, care.ParticipantPlan{IsPACE: true, FirstStartDate: aPlan.FirstStartDate, StartDate: start("plan")})
		}
		decision := care.RefreshUnattended(held, read, newID)
		if read.Tree.Groups[0].StartDate != aPlan.StartDate {
			require.Equal(t, held, written(held, decision))
			require.Equal(t, care.ReviewTree, decision.Review[0].Kind)
		}
		preview := care.Stage("retrieval", held, read, retrievalTime, newID)
		for _, other := range read.Others {
			if other.StartDate == read.Tree.Groups[0].StartDate && other.StartDate != aPlan.StartDate {
				require.Equal(t, care.ReasonTreeOfAnotherPlan, preview.Refusal, "not even attended")
			}
		}
	})
}
