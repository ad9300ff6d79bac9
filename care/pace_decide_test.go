package care_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func spent(budget care.ReportedBudget, amounts string) care.ReportedBudget {
	budget.Spent = amount(amounts)
	budget.Remaining = decimal.NewNullDecimal(budget.Released.Decimal.Sub(budget.Spent.Decimal))
	return budget
}

func TestARefreshThatNoOneWatches(t *testing.T) { // R31
	start := readOf(aPlan, consumables(), transport())
	shorterPlan, longerPlan := plan("2026-02-01", "2026-09-30"), plan("2026-02-01", "2027-07-31")
	ends := func(budget care.ReportedBudget, end string) care.ReportedBudget {
		return with(budget, func(b *care.ReportedBudget) { b.EndDate = days("", end).EndDate })
	}
	begins := func(budget care.ReportedBudget, start string) care.ReportedBudget {
		return with(budget, func(b *care.ReportedBudget) { b.StartDate = days(start, "").StartDate })
	}
	for _, test := range []struct {
		name    string
		read    care.ContractRead
		changed []string // what is applied
		review  []string // what is held
	}{
		{"nothing has changed", start, nil, nil},
		{"amounts", readOf(aPlan, spent(consumables(), "30"), transport()), []string{"spent", "remaining", "amount"}, nil},
		{"an approved amount", readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) { b.Approved = amount("80000") }), transport()),
			[]string{"total_funding", "allocation_total", "approved"}, nil},
		{"what is neither an amount nor a date", readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) { b.InstalmentType = "Irregular" }), transport()),
			[]string{"instalment_type"}, nil},
		{"an extension of the plan", readOf(longerPlan, consumables(), transport()), []string{"plan_end_date", "end_date"}, nil},
		{"an extension of a budget", readOf(aPlan, ends(consumables(), "2027-07-31"), transport()), []string{"end_date"}, nil},
		{"a budget that begins sooner", readOf(aPlan, begins(consumables(), "2026-01-01"), transport()), []string{"start_date"}, nil},
		{"a shortening of the plan", readOf(shorterPlan, consumables(), transport()), nil,
			[]string{"The plan: end date of the plan would change from 31 Jan 2027 to 30 Sep 2026."}},
		{"a plan whose end is no longer provided", readOf(plan("2026-02-01", ""), consumables(), transport()), nil,
			[]string{"The plan: end date of the plan would change from 31 Jan 2027 to not provided."}},
		{"a shortening of a budget, with new amounts", readOf(aPlan, ends(spent(consumables(), "30"), "2026-09-30"), transport()),
			[]string{"spent", "remaining", "amount"}, []string{"Consumables (flexible, plan-managed): end date would change from 31 Jan 2027 to 30 Sep 2026."}},
		{"a budget that begins later", readOf(aPlan, begins(consumables(), "2026-03-01"), transport()), nil,
			[]string{"Consumables (flexible, plan-managed): start date would change from 01 Feb 2026 to 01 Mar 2026."}},
		{"a budget whose dates are no longer provided", readOf(aPlan, begins(ends(consumables(), ""), ""), transport()), nil, []string{
			"Consumables (flexible, plan-managed): end date would change from 31 Jan 2027 to not provided.",
			"Consumables (flexible, plan-managed): start date would change from 01 Feb 2026 to not provided.",
		}},
		{"a new budget", readOf(aPlan, consumables(), transport(), spentBudget("Relationships", "50", "5")), []string{"total_funding"},
			[]string{"Relationships (flexible, plan-managed) is new in PACE, with 50.00 approved."}},
		{"a new contract", readOf(plan("2026-06-01", "2027-05-31"), consumables(), transport()), nil,
			[]string{"The plan that starts on 01 Jun 2026 has no service contract yet."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			newID := freshIDs()
			held, first := created(care.HeldContracts{}, start, newID)
			decision := care.RefreshUnattended(held, test.read, newID)
			require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
			require.Equal(t, test.changed, fieldsOf(decision.Changes))
			var words []string
			for _, item := range decision.Review {
				words = append(words, saidReview(item))
				if item.Kind != care.ReviewNewContract {
					require.Equal(t, first.Contract.ID, item.ContractID)
				}
			}
			require.Equal(t, test.review, words)
			require.Equal(t, len(test.review) > 0, decision.Answer.Warnings > 0)

			after := written(held, decision)
			require.Len(t, after.Contracts, 1)
			require.Len(t, after.Budgets, 2)
			again := care.RefreshUnattended(after, test.read, newID)
			require.Empty(t, again.Changes)
			require.Equal(t, decision.Review, again.Review, "what is held stays held")

			accepted, _ := created(after, test.read, newID)
			require.Empty(t, care.RefreshUnattended(accepted, test.read, newID).Review, "a person accepts it by retrieve and create")
		})
	}
}

func TestNoContractIsFirstCreatedUnattended(t *testing.T) { // R31
	decision := care.RefreshUnattended(care.HeldContracts{}, readOf(aPlan, consumables()), freshIDs())
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
	require.Equal(t, []care.ReviewKind{care.ReviewNewContract}, reviewKinds(decision.Review))
	require.Equal(t, []care.IssueCode{care.IssueHeldForReview}, issueCodes(decision.Issues))
	require.Empty(t, decision.Changes)
	require.Equal(t, care.HeldContracts{}, written(care.HeldContracts{}, decision))
}

func TestAnUntickedBudgetIsNotAskedAboutAgainUntilItsMoneyChanges(t *testing.T) { // R25, R31
	newID := freshIDs()
	read := readOf(aPlan, consumables(), spentBudget("Relationships", "0", "0"))
	preview := care.Stage("retrieval", care.HeldContracts{}, read, retrievalTime, newID)
	request := preview.SelectAll()
	request.Selection = request.Selection[:1]
	held := written(care.HeldContracts{}, care.DecideCreate(care.HeldContracts{}, preview, request, read, retrievalTime, newID))
	require.Empty(t, care.RefreshUnattended(held, read, newID).Review)
	ended := read
	ended.Tree = historical(read.Tree)
	require.Empty(t, care.RefreshUnattended(held, ended, newID).Review)

	funded := care.RefreshUnattended(held, readOf(aPlan, consumables(), spentBudget("Relationships", "900", "0")), newID)
	require.Equal(t, []care.ReviewKind{care.ReviewNewBudget}, reviewKinds(funded.Review))

	held, _ = created(held, read, newID)
	require.Len(t, held.Budgets, 2, "ticked later")
	require.Empty(t, held.Contracts[0].Declined)
}

func TestAnExtensionIntoAnotherContractIsHeld(t *testing.T) { // R24, R31
	newID := freshIDs()
	held, _ := created(care.HeldContracts{}, readOf(aPlan, consumables()), newID)
	held.Contracts = append(held.Contracts, byHand("hand", "2027-02-01", "2028-01-31"))
	extended := readOf(plan("2026-02-01", "2027-07-31"), spent(consumables(), "30"))
	decision := care.RefreshUnattended(held, extended, newID)
	require.Equal(t, []care.ReviewKind{care.ReviewOverlap}, reviewKinds(decision.Review))
	require.Equal(t, "The plan: end date of the plan would change from 31 Jan 2027 to 31 Jul 2027, and then overlap with another contract.", saidReview(decision.Review[0]))
	require.Equal(t, []string{"spent", "remaining", "amount"}, fieldsOf(decision.Changes), "the rest is applied")

	preview := care.Stage("retrieval", held, extended, retrievalTime, newID)
	require.Len(t, preview.Overlaps, 1)
	require.Equal(t, care.ReasonOverlapUnconfirmed, preview.Waiting().Admit(preview.SelectAll(), retrievalTime))
	only := preview.SelectAll()
	only.Only = true
	alone := care.DecideCreate(held, preview, only, extended, retrievalTime, newID)
	require.Equal(t, care.AreaSucceeded, alone.Answer.Outcome, "a budget refreshed alone leaves the contract's dates")
	require.Equal(t, aPlan.EndDate, alone.Contract.EndDate)
}

// R6: what a tree lacks from which a category was left out proves nothing.
func TestATreeFromWhichACategoryWasLeftOutFlagsNone(t *testing.T) {
	newID := freshIDs()
	held, _ := created(care.HeldContracts{}, readOf(aPlan, consumables(), planFee(), transport()), newID)
	read := readOf(aPlan, consumables(), spent(transport(), "12"))
	read.Tree.Incomplete = true
	decision := care.RefreshUnattended(held, read, newID)
	after := written(held, decision)
	require.Empty(t, decision.Missing)
	require.Zero(t, decision.Answer.Counts[care.KindPlanBudget].Removed)
	require.Len(t, after.Budgets, 3)
	for _, budget := range after.Budgets {
		require.False(t, budget.Removed)
	}
	require.Equal(t, 1, decision.Answer.Counts[care.KindPlanBudget].Updated, "the others are saved")
}

func TestABudgetThatIsNoLongerInPACEIsKeptAndLeavesTheTotals(t *testing.T) { // R25
	newID := freshIDs()
	held, first := created(care.HeldContracts{}, readOf(aPlan, consumables(), planFee(), transport()), newID)
	for name, decide := range map[string]func(care.HeldContracts, care.ContractRead) care.ContractDecision{
		"unattended": func(held care.HeldContracts, read care.ContractRead) care.ContractDecision {
			return care.RefreshUnattended(held, read, newID)
		},
		"attended": func(held care.HeldContracts, read care.ContractRead) care.ContractDecision {
			_, decision := created(held, read, newID)
			return decision
		},
	} {
		decision := decide(held, readOf(aPlan, consumables(), transport()))
		after := written(held, decision)
		require.Equal(t, []care.IssueCode{care.IssueNoLongerInPACE}, issueCodes(decision.Issues), name)
		require.Equal(t, care.Count{Unchanged: 2, Removed: 1}, decision.Answer.Counts[care.KindPlanBudget], name)
		require.Len(t, after.Budgets, 3, name)
		require.True(t, after.Budgets[1].Removed, name)
		require.Equal(t, "81000.00", decision.Contract.AllocationTotal.Decimal.StringFixed(2), name)
		require.Equal(t, "81000.00", decision.Contract.TotalFunding.Decimal.StringFixed(2), name)
		require.Equal(t, adjustments(held), adjustments(after), "its adjustment is kept with it")

		again := decide(after, readOf(aPlan, consumables(), transport()))
		require.Empty(t, again.Changes, name)
		require.Empty(t, again.Issues, name)

		back := decide(after, readOf(aPlan, transport(), spent(planFee(), "130"), consumables()))
		returned := written(after, back)
		require.Len(t, returned.Budgets, 3, name)
		require.Equal(t, first.Budgets.After[1].ID, returned.Budgets[1].ID, "revived under its own id (R5)")
		require.False(t, returned.Budgets[1].Removed, name)
		require.Equal(t, map[string]string{"Consumables": "22.50", "Choice and Control": "130.00"}, adjustments(returned), name)
	}
}

func TestMostBudgetsDoNotLeaveAtOnce(t *testing.T) { // R5
	newID := freshIDs()
	var budgets []care.ReportedBudget
	for number := 1; number <= 6; number++ {
		budgets = append(budgets, spentBudget(care.CategoryName(number), "100", "0"))
	}
	held, _ := created(care.HeldContracts{}, readOf(aPlan, budgets...), newID)
	few := readOf(aPlan, budgets[:2]...)
	unattended := care.RefreshUnattended(held, few, newID)
	require.Equal(t, 4, unattended.Budgets.Held)
	require.Empty(t, unattended.Budgets.Remove)
	require.Equal(t, []care.ReviewKind{care.ReviewRemoval, care.ReviewRemoval, care.ReviewRemoval, care.ReviewRemoval}, reviewKinds(unattended.Review))
	require.Equal(t, []care.IssueCode{care.IssueRemovalHeld, care.IssueHeldForReview}, issueCodes(unattended.Issues))
	require.Len(t, care.RefreshUnattended(held, readOf(aPlan), newID).Missing, 6)
	require.Equal(t, 6, care.RefreshUnattended(held, readOf(aPlan), newID).Budgets.Held, "an empty answer")

	preview := care.Stage("retrieval", held, few, retrievalTime, newID)
	require.True(t, preview.RemovalsHeld)
	require.Len(t, preview.Missing, 4)
	request := preview.SelectAll()
	require.Empty(t, care.DecideCreate(held, preview, request, few, retrievalTime, newID).Budgets.Remove, "held without a yes")
	request.AcceptRemovals = true
	require.Len(t, care.DecideCreate(held, preview, request, few, retrievalTime, newID).Budgets.Remove, 4)

	half := care.RefreshUnattended(held, readOf(aPlan, budgets[:3]...), newID)
	require.Len(t, half.Budgets.Remove, 3, "half may go")
}

func TestEqualBudgetsAreToldApart(t *testing.T) { // R25
	early := with(spentBudget("Consumables", "100", "1"), func(b *care.ReportedBudget) { b.EndDate = day("2026-05-31") })
	late := with(spentBudget("Consumables", "200", "2"), func(b *care.ReportedBudget) { b.StartDate = day("2026-06-01") })
	self := with(spentBudget("Consumables", "300", "3"), func(b *care.ReportedBudget) { b.Management = care.SelfManaged })
	stated := with(spentBudget("Consumables", "400", "4"), func(b *care.ReportedBudget) { b.BudgetType = care.BudgetStated })
	component := with(spentBudget("Consumables", "500", "5"), func(b *care.ReportedBudget) { b.FundingComponent = "Consumables (Stated)" })
	newID := freshIDs()
	held, first := created(care.HeldContracts{}, readOf(aPlan, late, stated, early, self, component, early), newID)
	require.Len(t, held.Budgets, 6)
	ordinals := make(map[string]int)
	for _, budget := range held.Budgets {
		ordinals[budget.Approved.Decimal.String()+" "+string(budget.ID)] = budget.Ordinal
	}
	require.Equal(t, 2, held.Budgets[0].Ordinal, "the late one, by start date: %v", ordinals)
	require.Equal(t, 1, held.Budgets[5].Ordinal)

	shuffled := care.RefreshUnattended(held, readOf(aPlan, early, early, component, self, late, stated), newID)
	require.Empty(t, shuffled.Changes)
	require.Empty(t, shuffled.Review)

	moved := care.RefreshUnattended(held, readOf(aPlan, self, stated, component, early, spent(late, "7"), early), newID)
	require.Equal(t, []string{"spent", "remaining", "amount"}, fieldsOf(moved.Changes))
	require.Equal(t, first.Budgets.After[0].ID, moved.Changes[0].RecordID, "the late one stays the late one")

	without := care.RefreshUnattended(held, readOf(aPlan, self, stated, component, spent(late, "7")), newID)
	require.Len(t, without.Budgets.Remove, 2, "the two early ones, although the late one now comes first")
	require.NotContains(t, without.Budgets.Remove, first.Budgets.After[0].ID)
}

func TestABudgetIsTheSameUnderItsCategorysOtherNames(t *testing.T) { // R25
	newID := freshIDs()
	held, _ := created(care.HeldContracts{}, readOf(aPlan, spentBudget("Improved Life Choices", "1500", "120")), newID)
	decision := care.RefreshUnattended(held, readOf(aPlan, planFee()), newID)
	require.Equal(t, []string{"category"}, fieldsOf(decision.Changes))
	require.Empty(t, decision.Review)
}

func TestABudgetCreatedBesideADeclinedEqualKeepsItsPlace(t *testing.T) { // R25
	first, second := spentBudget("Consumables", "100", "1"), spentBudget("Consumables", "200", "2")
	newID := freshIDs()
	read := readOf(aPlan, first, second)
	preview := care.Stage("retrieval", care.HeldContracts{}, read, retrievalTime, newID)
	request := preview.SelectAll()
	request.Selection = []care.ID{preview.Budgets[1].ID}
	held := written(care.HeldContracts{}, care.DecideCreate(care.HeldContracts{}, preview, request, read, retrievalTime, newID))
	require.Equal(t, 1, held.Budgets[0].Ordinal)

	changed := readOf(aPlan, spent(second, "20"), spent(first, "10"))
	decision := care.RefreshUnattended(held, changed, newID)
	require.Equal(t, "20.00", decision.Budgets.After[0].Spent.Decimal.StringFixed(2))
	require.Empty(t, decision.Review)
}

func TestANewEqualGetsAnOrdinalOfItsOwn(t *testing.T) { // R25
	late := with(consumables(), func(b *care.ReportedBudget) { b.StartDate = day("2026-05-01") })
	newID := freshIDs()
	held, first := created(care.HeldContracts{}, readOf(aPlan, late), newID)
	after, _ := created(held, readOf(aPlan, consumables(), late), newID)
	require.Len(t, after.Budgets, 2)
	require.Equal(t, first.Budgets.After[0], after.Budgets[0])
	require.Equal(t, 1, after.Budgets[1].Ordinal, "although it starts sooner")
	again := care.RefreshUnattended(after, readOf(aPlan, late, consumables()), newID)
	require.Empty(t, again.Changes)
}

func TestABudgetIsTheOneThatThePreviewShowed(t *testing.T) { // R25
	first, second := spentBudget("Consumables", "100", "1"), spentBudget("Consumables", "200", "2")
	newID := freshIDs()
	both := readOf(aPlan, first, second)
	preview := care.Stage("retrieval", care.HeldContracts{}, both, retrievalTime, newID)
	request := preview.SelectAll()
	request.Selection = []care.ID{preview.Budgets[1].ID}
	held := written(care.HeldContracts{}, care.DecideCreate(care.HeldContracts{}, preview, request, both, retrievalTime, newID))

	alone := readOf(aPlan, second)
	stale := care.Stage("retrieval 2", held, alone, retrievalTime, newID)
	require.Equal(t, held.Budgets[0].ID, stale.Budgets[0].ID)
	sooner := func(start string) care.ReportedBudget {
		return with(second, func(b *care.ReportedBudget) { b.StartDate = day(start) })
	}
	held = written(held, care.RefreshUnattended(held, readOf(aPlan, sooner("2026-01-01"), sooner("2026-01-02")), newID))
	require.Equal(t, day("2026-01-02"), held.Budgets[0].StartDate, "the budget that the preview showed is now the second of two others")

	after := written(held, care.DecideCreate(held, stale, stale.SelectAll(), alone, retrievalTime, newID))
	require.Len(t, after.Budgets, 1)
	require.Equal(t, stale.Budgets[0].ID, after.Budgets[0].ID)
	require.Equal(t, second.StartDate, after.Budgets[0].StartDate, "as the person has seen it")
	require.False(t, after.Budgets[0].Removed)
}

func TestAnEndedPlansBudgetsAreTheSameInTheHistoricalTree(t *testing.T) { // R23, R25
	component := func(name, approved, spent string) care.ReportedBudget {
		return with(spentBudget("Transport", approved, spent), func(b *care.ReportedBudget) {
			b.FundingComponent = name
			b.StatedItems = []care.StatedItem{{SupportItemNumber: "02_051_0108_1_1"}}
			b.FundingPeriods = []care.FundingPeriod{{FundingPeriodID: "1", Released: new(true)}}
		})
	}
	newID := freshIDs()
	held, _ := created(care.HeldContracts{}, readOf(aPlan, component("One", "100", "1"), component("Two", "200", "2"), consumables()), newID)
	ended := readOf(aPlan, consumables(), component("Two", "200", "20"), component("One", "100", "10"))
	ended.Tree = historical(ended.Tree)
	decision := care.RefreshUnattended(held, ended, newID)
	require.Empty(t, decision.Review)
	require.Empty(t, decision.Missing)
	require.Equal(t, []string{"spent", "remaining", "spent", "remaining", "amount", "amount"}, fieldsOf(decision.Changes))
	after := written(held, decision)
	for i, spent := range []string{"10.00", "20.00", "22.50"} {
		require.Equal(t, spent, after.Budgets[i].Spent.Decimal.StringFixed(2))
		require.Equal(t, held.Budgets[i].FundingComponent, after.Budgets[i].FundingComponent, "what the historical tree cannot say is kept")
		require.Equal(t, held.Budgets[i].FundingPeriods, after.Budgets[i].FundingPeriods)
		require.Equal(t, held.Budgets[i].StatedItems, after.Budgets[i].StatedItems)
		require.Equal(t, held.Budgets[i].Identity, after.Budgets[i].Identity)
	}

	preview := care.Stage("retrieval", held, ended, retrievalTime, newID)
	require.Empty(t, care.DecideCreate(held, preview, preview.SelectAll(), ended, retrievalTime, newID).Differences)

	fromHistory, _ := created(care.HeldContracts{}, ended, newID)
	extended := care.RefreshUnattended(fromHistory, readOf(aPlan, component("One", "100", "10"), component("Two", "200", "20"), consumables()), newID)
	require.Empty(t, extended.Review, "a plan that ended and was then extended")
	require.Empty(t, extended.Missing)
}

func TestTheTreeIsCheckedAndItsIssuesAreTheRuns(t *testing.T) { // R4
	read := readOf(aPlan, with(consumables(), func(b *care.ReportedBudget) { b.Remaining = amount("1") }))
	read.Tree.Groups[0].EndDate = day("2026-12-31")
	read.Issues = []care.Issue{care.Warning(care.AreaContract, care.IssueRounded)}
	_, decision := created(care.HeldContracts{}, read, freshIDs())
	require.Equal(t, []care.IssueCode{care.IssueRounded, care.IssueAmountsDoNotAddUp, care.IssueTreeDatesDiffer}, issueCodes(decision.Issues))
	require.Equal(t, 3, decision.Answer.Warnings)
	require.Equal(t, "1.00", decision.Budgets.After[0].Remaining.Decimal.StringFixed(2), "as reported")
	require.Equal(t, "The budget's dates (01 Feb 2026 – 31 Dec 2026) differ from the plan's (01 Feb 2026 – 31 Jan 2027).", said(decision.Issues[2]))
}

func TestARunCountsWhatItDidToEachKind(t *testing.T) { // R6
	newID := freshIDs()
	held, _ := created(care.HeldContracts{}, readOf(aPlan, consumables(), planFee(), transport()), newID)
	decision := care.RefreshUnattended(held, readOf(aPlan, spent(consumables(), "0"), spent(transport(), "9"), planFee()), newID)
	require.Equal(t, care.Counts{
		care.KindServiceContract: {Unchanged: 1}, care.KindPlanBudget: {Updated: 2, Unchanged: 1},
		care.KindDeliveredService: {Created: 1, Unchanged: 1, Removed: 1},
	}, decision.Answer.Counts)
	require.ElementsMatch(t, care.PACECountedKinds, []care.Kind{care.KindServiceContract, care.KindPlanBudget, care.KindDeliveredService})
}

func TestARunThatHoldsEveryChangeWritesNothing(t *testing.T) { // R31
	core, transport := spentBudget("Consumables", "1000", "10"), spentBudget("Transport", "500", "0")
	newID := freshIDs()
	held, _ := created(care.HeldContracts{}, readOf(aPlan, core, transport), newID)
	longer := aPlan
	longer.EndDate = aPlan.EndDate.AddDays(30)
	read := readOf(longer, with(core, func(b *care.ReportedBudget) { b.Spent = amount("25") }))

	decision := care.RefreshHeld(held, read, newID)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
	require.Empty(t, decision.Contracts)
	require.Empty(t, decision.Budgets.Write)
	require.Empty(t, decision.Budgets.Remove)
	require.Empty(t, decision.DeliveredServices.Write)
	require.Empty(t, decision.Changes)
	var words []string
	for _, item := range decision.Review {
		words = append(words, saidReview(item))
	}
	require.Contains(t, words, "Consumables (flexible, plan-managed): spent would change from 10.00 to 25.00.")
	require.Contains(t, words, "Transport (flexible, plan-managed): status would change from in PACE to no longer in PACE.")
	require.Contains(t, words, "The plan: end date of the plan would change from 31 Jan 2027 to 02 Mar 2027.")
	require.Equal(t, 1, decision.Answer.Warnings)

	require.Empty(t, care.RefreshHeld(held, readOf(aPlan, core, transport), newID).Review, "nothing changed, nothing waits")
}
