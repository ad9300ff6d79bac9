package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func contractFrom(held care.HeldContracts, start string) care.ServiceContract {
	for _, contract := range held.Contracts {
		if contract.StartDate == day(start) {
			return contract
		}
	}
	return care.ServiceContract{}
}

func byHand(id care.ID, start, end string) care.ServiceContract {
	return care.ServiceContract{ID: id, Origin: care.OriginHand, DateRange: days(start, end)}
}

func TestTheSamePlanIsTheSameContract(t *testing.T) { // R24
	newID := freshIDs()
	budget := spentBudget("Consumables", "1000", "0")
	held, first := created(care.HeldContracts{}, readOf(aPlan, budget), newID)
	require.Equal(t, care.Count{Created: 1}, first.Answer.Counts[care.KindServiceContract])
	require.Equal(t, aPlan.Dates(), first.Contract.DateRange)
	require.Equal(t, care.OriginPACE, first.Contract.Origin)
	require.Equal(t, retrievalDay, first.Contract.RetrievedOn)

	held, again := created(held, readOf(aPlan, budget), newID)
	require.Len(t, held.Contracts, 1)
	require.Equal(t, first.Contract.ID, again.Contract.ID)
	require.Equal(t, care.Count{Unchanged: 1}, again.Answer.Counts[care.KindServiceContract])
	require.Empty(t, again.Changes)
	require.Empty(t, again.Issues)

	extended := aPlan
	extended.EndDate = day("2028-01-31")
	held, extension := created(held, readOf(extended, budget), newID)
	require.Len(t, held.Contracts, 1)
	require.Equal(t, care.Count{Updated: 1}, extension.Answer.Counts[care.KindServiceContract])
	require.Equal(t, extended.Dates(), held.Contracts[0].DateRange)
	require.NotContains(t, issueCodes(extension.Issues), care.IssueContractShortened)

	shortened := aPlan
	shortened.EndDate = day("2026-09-30")
	held, shortening := created(held, readOf(shortened, budget), newID)
	require.Len(t, held.Contracts, 1)
	require.Equal(t, shortened.Dates(), held.Contracts[0].DateRange, "applied")
	require.Contains(t, issueCodes(shortening.Issues), care.IssueContractShortened, "with a warning")
}

func TestALaterStartIsANewContract(t *testing.T) { // R24
	newID := freshIDs()
	old := plan("2025-10-01", "2026-09-30")
	held, first := created(care.HeldContracts{}, readOf(old, spentBudget("Consumables", "1000", "10")), newID)
	reassessed := plan("2026-06-01", "2027-05-31")
	preview := care.Stage("retrieval", held, readOf(reassessed, spentBudget("Consumables", "2000", "0")), retrievalTime, newID)
	require.Equal(t, care.ActionCreated, preview.ContractAction)
	require.Len(t, preview.Superseded, 1)
	require.Empty(t, preview.Overlaps, "a contract that is superseded does not overlap")
	require.Equal(t, []string{
		"The contract from 01 Oct 2025: end date changed from 30 Sep 2026 to 31 May 2026.",
		"The contract from 01 Oct 2025: superseding contract changed from not provided to a later contract.",
	}, wordsOf(preview.ContractChanges))
	require.Equal(t, string(preview.Contract.ID), *preview.ContractChanges[1].New)

	held, second := created(held, readOf(reassessed, spentBudget("Consumables", "2000", "0")), newID)
	require.Len(t, held.Contracts, 2)
	require.Equal(t, care.Count{Created: 1, Updated: 1}, second.Answer.Counts[care.KindServiceContract])
	ended := contractFrom(held, "2025-10-01")
	require.Equal(t, first.Contract.ID, ended.ID)
	require.Equal(t, day("2026-05-31"), ended.EndDate, "the day before")
	require.Equal(t, old.EndDate, ended.PlanEndDate, "as reported")
	require.Equal(t, second.Contract.ID, ended.SupersededBy)
	require.Equal(t, first.Budgets.After[0], held.Budgets[0], "it keeps its budgets")
	require.Len(t, held.Budgets, 2)

	held, refreshed := created(held, readOf(old, spentBudget("Consumables", "1000", "11")), newID)
	require.Len(t, held.Contracts, 2)
	require.Equal(t, first.Contract.ID, refreshed.Contract.ID)
	require.Equal(t, day("2026-05-31"), contractFrom(held, "2025-10-01").EndDate, "a refresh of the old plan leaves it ended")
}

func TestContractsAreInSuccessionInWhateverOrderTheyAreCreated(t *testing.T) { // R24
	plans := []care.ParticipantPlan{plan("2024-02-01", "2025-01-31"), plan("2025-01-01", "2025-06-30"), plan("2026-02-01", "2027-01-31")}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		held, newID := care.HeldContracts{}, freshIDs()
		for _, i := range order {
			held, _ = created(held, readOf(plans[i], spentBudget("Consumables", "1000", "0")), newID)
		}
		require.Len(t, held.Contracts, 3)
		oldest, middle, newest := contractFrom(held, "2024-02-01"), contractFrom(held, "2025-01-01"), contractFrom(held, "2026-02-01")
		require.Equal(t, day("2024-12-31"), oldest.EndDate, order)
		require.Equal(t, middle.ID, oldest.SupersededBy, order)
		require.Equal(t, day("2025-06-30"), middle.EndDate, "it had ended before the next began")
		require.Equal(t, newest.ID, middle.SupersededBy, order)
		require.Equal(t, day("2027-01-31"), newest.EndDate, order)
		require.Empty(t, newest.SupersededBy, order)
	}
}

func TestOverlapWithAContractMadeByHandNeedsAYes(t *testing.T) { // R24
	read := readOf(aPlan, spentBudget("Consumables", "1000", "0"))
	held := care.HeldContracts{Contracts: []care.ServiceContract{byHand("overlapping", "2025-07-01", "2026-02-02"), byHand("before", "2025-02-01", "2026-01-31"), byHand("meets", "2025-02-01", "2026-02-01")}}
	newID := freshIDs()
	preview := care.Stage("retrieval", held, read, retrievalTime, newID)
	require.Equal(t, []care.ServiceContract{held.Contracts[0]}, preview.Overlaps)
	require.Contains(t, issueCodes(preview.Issues), care.IssueOverlap)

	request := preview.SelectAll()
	require.Equal(t, care.ReasonOverlapUnconfirmed, preview.Waiting().Admit(request, retrievalTime))
	refused := care.DecideCreate(held, preview, request, read, retrievalTime, newID)
	require.Equal(t, care.Refused(care.ReasonOverlapUnconfirmed), refused.Answer)
	require.Empty(t, refused.Contracts)

	request.AcceptOverlaps = true
	decision := care.DecideCreate(held, preview, request, read, retrievalTime, newID)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
	require.Contains(t, issueCodes(decision.Issues), care.IssueOverlap)
	after := written(held, decision)
	require.Contains(t, after.Contracts, held.Contracts[0], "the other one stays as it is")

	later := held
	later.Contracts = append(later.Contracts, byHand("made since", "2026-12-01", ""))
	unseen := care.DecideCreate(later, preview, request, read, retrievalTime, newID)
	require.Equal(t, care.Refused(care.ReasonOverlapUnconfirmed), unseen.Answer, "a yes covers only what was shown")
	require.Len(t, unseen.Overlaps, 2)

	_, again := created(after, read, newID)
	require.Empty(t, again.Overlaps, "an overlap that was accepted is not asked about again")
}

func TestAPlanThatCannotHaveAContract(t *testing.T) { // R23, R24
	undated, future, notPACE := aPlan, plan("2026-06-16", "2027-06-15"), aPlan
	undated.FirstStartDate, notPACE.IsPACE = noDate, false
	for _, test := range []struct {
		plan   care.ParticipantPlan
		reason care.Reason
	}{{undated, care.ReasonPlanUndated}, {plan("", "2027-01-31"), care.ReasonPlanUndated}, {future, care.ReasonPlanInFuture}, {notPACE, care.ReasonNotPACE}} {
		read := readOf(test.plan, spentBudget("Consumables", "1000", "0"))
		preview := care.Stage("retrieval", care.HeldContracts{}, read, retrievalTime, freshIDs())
		require.Equal(t, test.reason, preview.Refusal)
		require.Equal(t, test.plan, preview.Plan, "it is shown")
		require.Equal(t, test.reason, preview.Waiting().Admit(preview.SelectAll(), retrievalTime))
		require.Equal(t, care.Refused(test.reason), care.DecideCreate(care.HeldContracts{}, preview, preview.SelectAll(), read, retrievalTime, freshIDs()).Answer)
		require.Equal(t, care.Refused(test.reason), care.RefreshUnattended(care.HeldContracts{}, read, freshIDs()).Answer)
	}
}
