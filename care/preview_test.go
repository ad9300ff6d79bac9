package care_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func transport() care.ReportedBudget   { return spentBudget("Transport", "3000", "0") }
func consumables() care.ReportedBudget { return spentBudget("Consumables", "78000", "22.50") }
func planFee() care.ReportedBudget     { return spentBudget("Choice and Control", "1500", "120") }

func TestAPreviewShowsWhatCreateWillDo(t *testing.T) { // R22, R27, R28
	newID := freshIDs()
	read := readOf(aPlan, consumables(), planFee(), transport())
	read.Issues = []care.Issue{care.Warning(care.AreaContract, care.IssueRounded)}
	others := []care.ParticipantPlan{plan("2025-02-01", "2026-01-31")}
	read.Others = others
	preview := care.Stage("retrieval", care.HeldContracts{}, read, retrievalTime, newID)
	require.Equal(t, care.ID("retrieval"), preview.ID)
	require.Equal(t, retrievalTime.Add(30*time.Minute), preview.ExpiresAt)
	require.Equal(t, aPlan, preview.Plan)
	require.Equal(t, others, preview.Others)
	require.Equal(t, care.ActionCreated, preview.ContractAction)
	require.Equal(t, "82500.00", preview.Contract.TotalFunding.Decimal.StringFixed(2))
	require.Equal(t, []care.IssueCode{care.IssueRounded}, issueCodes(preview.Issues))
	var words []string
	for _, budget := range preview.Budgets {
		require.NotEmpty(t, budget.ID)
		require.Equal(t, care.ActionCreated, budget.Action)
		words = append(words, budget.Name()+": "+saidWillHappen(budget))
	}
	require.Equal(t, []string{
		"Consumables (flexible, plan-managed): Will be created. An adjustment record of 22.50 (NDIA refer to PACE) will be created.",
		"Choice and Control (flexible, plan-managed): Will be created. An adjustment record of 120.00 (Previous Plan Manager) will be created.",
		"Transport (flexible, plan-managed): Will be created.",
	}, words)
	require.Len(t, preview.SelectAll().Selection, 3, "all selected")

	decision := care.DecideCreate(care.HeldContracts{}, preview, preview.SelectAll(), read, retrievalTime, newID)
	require.Equal(t, care.Counts{
		care.KindServiceContract: {Created: 1}, care.KindPlanBudget: {Created: 3}, care.KindDeliveredService: {Created: 2},
	}, decision.Answer.Counts)
	for i, budget := range decision.Budgets.Write {
		require.Equal(t, preview.Budgets[i].PlanBudget.ID, budget.ID, "each with the id that was shown")
		require.Equal(t, decision.Contract.ID, budget.ContractID)
	}
}

func TestAPreviewOfAContractThatWeHoldShowsTheDifferences(t *testing.T) { // R22
	newID := freshIDs()
	held, first := created(care.HeldContracts{}, readOf(aPlan, consumables(), planFee(), transport()), newID)
	more := with(consumables(), func(b *care.ReportedBudget) { b.Spent, b.Remaining = amount("100"), amount("77900") })
	ours := with(planFee(), func(b *care.ReportedBudget) { b.Spent, b.Remaining = amount("0"), amount("1500") })
	self := with(spentBudget("Relationships", "50", "0"), func(b *care.ReportedBudget) { b.Management = care.SelfManaged })
	preview := care.Stage("retrieval", held, readOf(aPlan, more, ours, self), retrievalTime, newID)

	require.Equal(t, care.ActionUpdated, preview.ContractAction)
	require.Equal(t, first.Contract.ID, preview.Contract.ID)
	require.Equal(t, []string{
		"The contract: total funding changed from 82,500.00 to 79,550.00.", "The contract: allocation total changed from 82,500.00 to 79,500.00.",
	}, wordsOf(preview.ContractChanges))
	var words []string
	for _, budget := range preview.Budgets {
		words = append(words, saidWillHappen(budget))
	}
	require.Equal(t, []string{
		"Will be updated. Its adjustment record will change from 22.50 to 100.00.",
		"Will be updated. Its adjustment record of 120.00 will be removed.",
		"Will be created. Excluded from totals.",
	}, words)
	require.Equal(t, []string{"spent", "remaining"}, fieldsOf(preview.Budgets[0].Changes))
	require.Len(t, preview.Missing, 1)
	require.Equal(t, "Transport", preview.Missing[0].Category)
	require.False(t, preview.RemovalsHeld)

	unchanged := care.Stage("retrieval", held, readOf(aPlan, consumables(), planFee(), transport()), retrievalTime, newID)
	require.Equal(t, care.ActionUnchanged, unchanged.ContractAction)
	require.Empty(t, unchanged.ContractChanges)
	for _, budget := range unchanged.Budgets {
		require.Equal(t, "Stays as it is.", saidWillHappen(budget))
	}
}

func TestAPreviewComesBackFromJSONAsItWas(t *testing.T) {
	held, _ := created(care.HeldContracts{}, readOf(aPlan, consumables()), freshIDs())
	read := readOf(aPlan, planFee(), with(consumables(), func(b *care.ReportedBudget) { b.Spent = notProvided }))
	preview := care.Stage("retrieval", held, read, retrievalTime, freshIDs())
	encoded, err := json.Marshal(preview)
	require.NoError(t, err)
	var back care.Preview
	require.NoError(t, json.Unmarshal(encoded, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(encoded), string(again))
	decision := care.DecideCreate(held, back, back.SelectAll(), read, retrievalTime, freshIDs())
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
}

func TestWhichRequestsAreAdmitted(t *testing.T) { // R22
	read := readOf(aPlan, consumables(), transport())
	preview := care.Stage("retrieval", care.HeldContracts{}, read, retrievalTime, freshIDs())
	all := preview.SelectAll()
	changed := func(change func(*care.CreateRequest)) care.CreateRequest {
		request := all
		change(&request)
		return request
	}
	for _, test := range []struct {
		name    string
		request care.CreateRequest
		at      time.Time
		reason  care.Reason
	}{
		{"all", all, retrievalTime, ""},
		{"in the last moment", all, retrievalTime.Add(30*time.Minute - time.Nanosecond), ""},
		{"after 30 minutes", all, retrievalTime.Add(30 * time.Minute), care.ReasonPreviewExpired},
		{"one", changed(func(r *care.CreateRequest) { r.Selection = all.Selection[:1] }), retrievalTime, ""},
		{"one twice", changed(func(r *care.CreateRequest) { r.Selection = []care.ID{all.Selection[0], all.Selection[0]} }), retrievalTime, ""},
		{"none", changed(func(r *care.CreateRequest) { r.Selection = nil }), retrievalTime, care.ReasonSelectionEmpty},
		{"an unknown one", changed(func(r *care.CreateRequest) { r.Selection = []care.ID{all.Selection[0], "foreign"} }), retrievalTime, care.ReasonSelectionUnknown},
		{"another retrieval", changed(func(r *care.CreateRequest) { r.PreviewID = "earlier" }), retrievalTime, care.ReasonPreviewReplaced},
		{"another content", changed(func(r *care.CreateRequest) { r.Hash = "other" }), retrievalTime, care.ReasonPreviewReplaced},
		{"no hash", changed(func(r *care.CreateRequest) { r.Hash = "" }), retrievalTime, care.ReasonPreviewReplaced},
	} {
		require.Equal(t, test.reason, preview.Waiting().Admit(test.request, test.at), test.name)
		decision := care.DecideCreate(care.HeldContracts{}, preview, test.request, read, test.at, freshIDs())
		require.Equal(t, test.reason, decision.Answer.Reason, test.name)
		require.Equal(t, test.reason != "", len(decision.Contracts)+len(decision.Budgets.Write)+len(decision.DeliveredServices.Write) == 0, test.name)
		if test.reason != "" {
			require.Equal(t, care.IssueCode(test.reason), decision.Issues[0].Code)
		}
	}
}

func TestOnlyTickedBudgetsAreCreated(t *testing.T) { // R25
	newID := freshIDs()
	read := readOf(aPlan, consumables(), planFee(), transport())
	preview := care.Stage("retrieval", care.HeldContracts{}, read, retrievalTime, newID)
	request := preview.SelectAll()
	request.Selection = []care.ID{preview.Budgets[1].ID, preview.Budgets[2].ID}
	decision := care.DecideCreate(care.HeldContracts{}, preview, request, read, retrievalTime, newID)
	held := written(care.HeldContracts{}, decision)
	require.Len(t, held.Budgets, 2)
	require.Equal(t, map[string]string{"Choice and Control": "120.00"}, adjustments(held), "an unticked budget gets no delivered service")
	require.Equal(t, "82500.00", decision.Contract.TotalFunding.Decimal.StringFixed(2), "of the whole plan (R29)")
	require.Equal(t, "4500.00", decision.Contract.AllocationTotal.Decimal.StringFixed(2), "of the selected ones")

	changed := readOf(aPlan, consumables(), with(planFee(), func(b *care.ReportedBudget) { b.Spent, b.Remaining = amount("150"), amount("1350") }), transport())
	preview = care.Stage("retrieval 2", held, changed, retrievalTime, newID)
	request = preview.SelectAll()
	request.Selection = []care.ID{preview.Budgets[0].ID}
	decision = care.DecideCreate(held, preview, request, changed, retrievalTime, newID)
	after := written(held, decision)
	require.Len(t, after.Budgets, 3)
	require.Equal(t, held.Budgets, after.Budgets[:2], "one that exists and is unticked later is kept as it was")
	require.Equal(t, map[string]string{"Choice and Control": "120.00", "Consumables": "22.50"}, adjustments(after))
	require.Equal(t, "82500.00", decision.Contract.AllocationTotal.Decimal.StringFixed(2))
}

func TestWhatChangedSinceThePreviewIsShownAndNothingIsWritten(t *testing.T) { // R22
	shown := readOf(aPlan, consumables(), transport())
	held := care.HeldContracts{}
	for _, test := range []struct {
		name  string
		read  care.ContractRead
		words []string
	}{
		{"nothing", shown, nil},
		{"the order", readOf(aPlan, transport(), consumables()), nil},
		{"an amount", readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) { b.Spent, b.Remaining = amount("30"), notProvided }), transport()), []string{
			"Consumables (flexible, plan-managed): spent changed from 22.50 to 30.00.",
			"Consumables (flexible, plan-managed): remaining changed from 77,977.50 to not provided.",
		}},
		{"a date", readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) { b.EndDate = day("2026-12-31") }), transport()),
			[]string{"Consumables (flexible, plan-managed): end date changed from 31 Jan 2027 to 31 Dec 2026."}},
		{"a name", readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) { b.Category = "CONSUMABLES" }), transport()),
			[]string{"Consumables (flexible, plan-managed): category changed from Consumables to CONSUMABLES."}},
		{"the funding periods", readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) {
			b.FundingPeriods = []care.FundingPeriod{{FundingPeriodID: "1", StartDate: day("2026-02-01"), EndDate: day("2026-04-30"), Amount: amount("19500"), Released: new(true)}}
		}), transport()), []string{
			`Consumables (flexible, plan-managed): funding periods changed from not provided to 01 Feb 2026 – 30 Apr 2026, 19,500.00, released.`,
		}},
		{"the stated items", readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) {
			b.StatedItems = []care.StatedItem{{SupportItemNumber: "03_040919_0103_1_1", SupportItemText: "Pads"}}
		}), transport()), []string{
			`Consumables (flexible, plan-managed): stated items changed from not provided to 03_040919_0103_1_1 Pads, not provided.`,
		}},
		{"the plan's end", readOf(plan("2026-02-01", "2027-07-31"), consumables(), transport()), []string{"The plan: end date of the plan changed from 31 Jan 2027 to 31 Jul 2027."}},
		{"the plan itself", readOf(plan("2026-06-01", "2027-05-31"), consumables(), transport()), []string{
			"The plan: start date of the plan changed from 01 Feb 2026 to 01 Jun 2026.", "The plan: end date of the plan changed from 31 Jan 2027 to 31 May 2027.",
		}},
		{"a budget is gone", readOf(aPlan, transport(), spentBudget("Relationships", "78000", "0")), []string{"Consumables (flexible, plan-managed) is no longer in PACE."}},
		{"the total that is shown", readOf(aPlan, consumables(), transport(), spentBudget("Relationships", "50", "0")),
			[]string{"The plan: total funding changed from 81,000.00 to 81,050.00."}},
		{"a budget that was not shown, without money", readOf(aPlan, consumables(), transport(), spentBudget("Relationships", "0", "0")), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			newID := freshIDs()
			preview := care.Stage("retrieval", held, shown, retrievalTime, newID)
			decision := care.DecideCreate(held, preview, preview.SelectAll(), test.read, retrievalTime, newID)
			require.Equal(t, test.words, wordsOf(decision.Differences))
			if test.words == nil {
				require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
				require.Len(t, decision.Budgets.Write, 2, "what was not shown is not created")
				return
			}
			require.Equal(t, care.Refused(care.ReasonPreviewDiffers), decision.Answer)
			require.Equal(t, held, written(held, decision))
			require.NotEqual(t, preview.Hash, care.Stage("next", held, test.read, retrievalTime, newID).Hash)
		})
	}
}

func TestAnUntickedBudgetMayChangeMeanwhile(t *testing.T) { // R22
	preview := care.Stage("retrieval", care.HeldContracts{}, readOf(aPlan, consumables(), transport()), retrievalTime, freshIDs())
	request := preview.SelectAll()
	request.Selection = request.Selection[:1]
	decision := care.DecideCreate(care.HeldContracts{}, preview, request, readOf(aPlan, consumables(), with(transport(), func(b *care.ReportedBudget) {
		b.Spent, b.Remaining = amount("700"), amount("2300")
	})), retrievalTime, freshIDs())
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
	require.Len(t, decision.Budgets.Write, 1)
}

func TestASecondCreateChangesNothing(t *testing.T) { // R24, R25: a double click
	newID := freshIDs()
	read := readOf(aPlan, consumables(), transport())
	preview := care.Stage("retrieval", care.HeldContracts{}, read, retrievalTime, newID)
	held := written(care.HeldContracts{}, care.DecideCreate(care.HeldContracts{}, preview, preview.SelectAll(), read, retrievalTime, newID))
	second := care.DecideCreate(held, preview, preview.SelectAll(), read, retrievalTime, newID)
	require.Equal(t, care.AreaSucceeded, second.Answer.Outcome)
	require.Empty(t, second.Changes)
	require.Equal(t, held, written(held, second))
}

// A category that appears between retrieve and create within a support type whose total stays is not what anyone has declined.
func TestABudgetThatNoOneHasSeenIsNotDeclined(t *testing.T) { // R25, R31
	newID := freshIDs()
	reads := func(budgets ...care.ReportedBudget) care.ContractRead {
		read := readOf(aPlan, budgets...)
		read.Tree.Groups[0].Approved = amount("1000")
		return read
	}
	first, later := reads(spentBudget("Consumables", "1000", "0")), reads(spentBudget("Consumables", "1000", "0"), spentBudget("Transport", "400", "0"))
	preview := care.Stage("retrieval", care.HeldContracts{}, first, retrievalTime, newID)
	decision := care.DecideCreate(care.HeldContracts{}, preview, preview.SelectAll(), later, retrievalTime, newID)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
	require.Empty(t, decision.Contract.Declined)
	refreshed := care.RefreshUnattended(written(care.HeldContracts{}, decision), later, newID)
	require.Equal(t, []care.ReviewKind{care.ReviewNewBudget}, reviewKinds(refreshed.Review))
}

func TestASingleBudgetIsRefreshedAlone(t *testing.T) {
	newID := freshIDs()
	start := readOf(aPlan, consumables(), planFee(), transport(), spentBudget("Lifelong Learning", "0", "0"))
	whole := care.Stage("first", care.HeldContracts{}, start, retrievalTime, newID)
	first := whole.SelectAll()
	first.Selection = first.Selection[:3]
	held := written(care.HeldContracts{}, care.DecideCreate(care.HeldContracts{}, whole, first, start, retrievalTime, newID))
	require.Len(t, held.Contracts[0].Declined, 1)
	extended := plan("2026-02-01", "2027-07-31")
	read := readOf(extended,
		with(consumables(), func(b *care.ReportedBudget) { b.Spent, b.Remaining = amount("100"), amount("77900") }),
		with(transport(), func(b *care.ReportedBudget) { b.Spent, b.Remaining = amount("7"), amount("2993") }),
		spentBudget("Relationships", "50", "0"), spentBudget("Lifelong Learning", "0", "0"))
	preview := care.Stage("retrieval", held, read, retrievalTime, newID)
	request := preview.SelectAll()
	request.Only, request.Selection = true, request.Selection[:1]
	decision := care.DecideCreate(held, preview, request, read, retrievalTime, newID)
	after := written(held, decision)
	require.Equal(t, []string{"spent", "remaining", "amount"}, fieldsOf(decision.Changes))
	require.Equal(t, held.Contracts, after.Contracts)
	require.Len(t, decision.Budgets.Write, 1)
	require.Empty(t, decision.Missing)
	require.Equal(t, map[string]string{"Consumables": "100.00", "Choice and Control": "120.00"}, adjustments(after))
	require.Equal(t, []care.ReviewKind{care.ReviewNewBudget}, reviewKinds(care.RefreshUnattended(after, read, newID).Review), "the others are still to be judged")
}

func TestTheHashIsThatOfTheContent(t *testing.T) { // R22
	rapid.Check(t, func(t *rapid.T) {
		budgets := rapid.SliceOfN(aReportedBudget, 1, 5).Draw(t, "budgets")
		hash := func(budgets []care.ReportedBudget, held care.HeldContracts, id care.ID) string {
			return care.Stage(id, held, readOf(aPlan, budgets...), retrievalTime, freshIDs()).Hash
		}
		original := hash(budgets, care.HeldContracts{}, "one")
		held, _ := created(care.HeldContracts{}, readOf(aPlan, budgets...), freshIDs())
		require.Equal(t, original, hash(rapid.Permutation(budgets).Draw(t, "shuffled"), held, "two"))

		changed := slices.Clone(budgets)
		at := rapid.IntRange(0, len(changed)-1).Draw(t, "which")
		rapid.SampledFrom([]func(*care.ReportedBudget){
			func(b *care.ReportedBudget) { b.Approved = amount("98765.43") },
			func(b *care.ReportedBudget) { b.Spent = amount("98765.43") },
			func(b *care.ReportedBudget) { b.InstalmentType = "Other" },
			func(b *care.ReportedBudget) { b.EndDate = day("2031-01-01") },
			func(b *care.ReportedBudget) { b.FundingComponent = "Other" },
			func(b *care.ReportedBudget) { b.StatedItems = []care.StatedItem{{SupportItemText: "other"}} },
			func(b *care.ReportedBudget) { b.FundingPeriods = []care.FundingPeriod{{Released: new(true)}} },
		}).Draw(t, "change")(&changed[at])
		require.NotEqual(t, original, hash(changed, care.HeldContracts{}, "one"))
		require.NotEqual(t, original, hash(append(budgets, budgets[0]), care.HeldContracts{}, "one"), "an equal one counts")
		require.NotEqual(t, original, hash(budgets[1:], care.HeldContracts{}, "one"))
	})
}

// aReportedBudget is drawn from so few values that budgets of one identity, and equal ones, are common.
var aReportedBudget = rapid.Custom(func(t *rapid.T) care.ReportedBudget {
	budget := spentBudget(
		rapid.SampledFrom([]string{"Consumables", "CONSUMABLES", "Choice and Control", "Unheard of"}).Draw(t, "category"),
		rapid.SampledFrom([]string{"0", "1000", "2500.50"}).Draw(t, "approved"),
		rapid.SampledFrom([]string{"", "0", "10", "22.50", "-5", "3000"}).Draw(t, "spent"))
	budget.Management = rapid.SampledFrom([]care.Management{care.PlanManaged, care.SelfManaged}).Draw(t, "management")
	budget.StartDate = rapid.SampledFrom([]care.Date{aPlan.StartDate, day("2026-05-01")}).Draw(t, "start")
	budget.EndDate = rapid.SampledFrom([]care.Date{aPlan.EndDate, day("2026-09-30")}).Draw(t, "end")
	return budget
})

func TestWhatIsNotTickedIsNotCounted(t *testing.T) { // R22, R25, R27, R29
	newID := freshIDs()
	self := with(spentBudget("Relationships", "50", "5"), func(b *care.ReportedBudget) { b.Management = care.SelfManaged })
	held, _ := created(care.HeldContracts{}, readOf(aPlan, consumables(), planFee()), newID)
	more := with(consumables(), func(b *care.ReportedBudget) { b.Approved, b.Spent = amount("80000"), amount("30") })
	read := readOf(aPlan, more, planFee(), transport(), self)
	preview := care.Stage("retrieval", held, read, retrievalTime, newID)
	ids := preview.SelectAll().Selection
	for _, test := range []struct {
		selection   []care.ID
		adjustments int
		adjusted    string
		total       string
	}{
		{ids, 3, "155.00", "84500.00"},
		{ids[1:], 3, "147.50", "82500.00"}, // Consumables stays as we hold it
		{ids[:2], 2, "150.00", "81500.00"}, // the others are not created
		{ids[:3], 2, "150.00", "84500.00"}, // one that is excluded from totals counts for none
	} {
		selected := preview.Selected(test.selection)
		require.Equal(t, len(test.selection), selected.Budgets)
		require.Equal(t, test.adjustments, selected.Adjustments)
		require.Equal(t, test.adjusted, selected.Adjusted.StringFixed(2))
		require.Equal(t, test.total, selected.AllocationTotal.Decimal.StringFixed(2))

		request := preview.SelectAll()
		request.Selection = test.selection
		decision := care.DecideCreate(held, preview, request, read, retrievalTime, newID)
		require.True(t, decision.Contract.AllocationTotal.Decimal.Equal(selected.AllocationTotal.Decimal), "as it is created")
	}
}

func TestAPreviewOfAnEndedPlanSaysSo(t *testing.T) { // R23
	ended := readOf(plan("2025-02-01", "2026-01-31"), consumables())
	ended.Tree = historical(ended.Tree)
	require.True(t, care.Stage("retrieval", care.HeldContracts{}, ended, retrievalTime, freshIDs()).Ended)
	require.False(t, care.Stage("retrieval", care.HeldContracts{}, readOf(aPlan, consumables()), retrievalTime, freshIDs()).Ended)
}
