package care_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// paceWorld is what the NDIA reports, what we hold of it, and the previews that were made.
type paceWorld struct {
	plans    []care.ParticipantPlan // the last one is current
	budgets  map[care.Date][]care.ReportedBudget
	held     care.HeldContracts
	previews []care.Preview
	newID    care.NewID
	now      time.Time
}

func newPaceWorld(t *rapid.T) *paceWorld {
	world := &paceWorld{newID: freshIDs(), now: retrievalTime, budgets: make(map[care.Date][]care.ReportedBudget)}
	if rapid.Bool().Draw(t, "a manually entered contract") {
		world.held.Contracts = []care.ServiceContract{byHand("hand", "2026-01-01", "2026-03-31")}
	}
	world.plans = []care.ParticipantPlan{aPlan}
	world.budgets[aPlan.StartDate] = rapid.SliceOfN(aReportedBudget, 0, 6).Draw(t, "budgets")
	return world
}

func (w *paceWorld) today() care.Date { return care.DateIn(w.now, zone("Australia/Sydney")) }

// read is what the NDIA says of a plan today, in any order: in the historical tree, if there is a later plan.
func (w *paceWorld) read(t *rapid.T, plan care.ParticipantPlan) care.ContractRead {
	tree := treeOf(rapid.Permutation(w.budgets[plan.StartDate]).Draw(t, "order")...)
	tree.Groups[0].DateRange = plan.Dates()
	if plan.StartDate != w.plans[len(w.plans)-1].StartDate {
		tree = historical(tree)
	}
	return care.ContractRead{Plan: plan, Tree: tree, On: w.today(), Today: w.today()}
}

func (w *paceWorld) somePlan(t *rapid.T) care.ParticipantPlan {
	return w.plans[rapid.IntRange(0, len(w.plans)-1).Draw(t, "plan")]
}

// moneyMoves changes a budget of the current plan, adds one, or takes one away.
func (w *paceWorld) moneyMoves(t *rapid.T) {
	start := w.plans[len(w.plans)-1].StartDate
	budgets := slices.Clone(w.budgets[start])
	at := rapid.IntRange(0, len(budgets)).Draw(t, "which")
	fresh := aReportedBudget.Draw(t, "budget")
	switch {
	case at == len(budgets):
		budgets = append(budgets, fresh)
	case rapid.IntRange(0, 3).Draw(t, "move") == 0:
		budgets = slices.Delete(budgets, at, at+1)
	default:
		budgets[at].Amounts = fresh.Amounts
	}
	w.budgets[start] = budgets
}

func (w *paceWorld) planMoves(t *rapid.T) {
	current := &w.plans[len(w.plans)-1]
	if rapid.Bool().Draw(t, "reassessed") && current.StartDate.Before(day("2026-06-01")) {
		next := care.ParticipantPlan{IsPACE: true, FirstStartDate: current.FirstStartDate, StartDate: current.StartDate.AddDays(30), EndDate: day("2027-05-31")}
		w.budgets[next.StartDate] = rapid.SliceOfN(aReportedBudget, 0, 4).Draw(t, "new allocations")
		w.plans = append(w.plans, next)
		return
	}
	current.EndDate = current.EndDate.AddDays(rapid.SampledFrom([]int{-30, 365}).Draw(t, "days"))
}

func (w *paceWorld) retrieve(t *rapid.T) {
	preview := care.Stage(w.newID(), w.held, w.read(t, w.somePlan(t)), w.now, w.newID)
	require.Len(t, preview.Budgets, len(w.budgets[preview.Plan.StartDate]), "all that were read are shown")
	w.previews = append(w.previews, preview)
}

// create uses any preview that was ever made, right or wrong.
func (w *paceWorld) create(t *rapid.T) {
	if len(w.previews) == 0 {
		return
	}
	preview := w.previews[rapid.IntRange(0, len(w.previews)-1).Draw(t, "preview")]
	request := preview.SelectAll()
	if len(request.Selection) > 0 && rapid.Bool().Draw(t, "unticks some") {
		request.Selection = request.Selection[rapid.IntRange(0, len(request.Selection)-1).Draw(t, "unticked"):]
	}
	request.Only = rapid.IntRange(0, 3).Draw(t, "only") == 0
	request.AcceptOverlaps, request.AcceptRemovals = rapid.Bool().Draw(t, "overlaps"), rapid.Bool().Draw(t, "removals")
	read := w.read(t, w.planStarting(preview.Plan.StartDate))
	w.write(t, care.DecideCreate(w.held, preview, request, read, w.now, w.newID))
	if rapid.Bool().Draw(t, "double click") {
		again := care.DecideCreate(w.held, preview, request, read, w.now, w.newID)
		require.Empty(t, again.Changes, "a second Create changes nothing")
		w.write(t, again)
	}
}

func (w *paceWorld) planStarting(start care.Date) care.ParticipantPlan {
	return w.plans[slices.IndexFunc(w.plans, func(p care.ParticipantPlan) bool { return p.StartDate == start })]
}

func (w *paceWorld) refresh(t *rapid.T) {
	read := w.read(t, w.somePlan(t))
	contracts, budgets := len(w.held.Contracts), len(w.held.Budgets)
	decision := care.RefreshUnattended(w.held, read, w.newID)
	w.write(t, decision)
	require.Len(t, w.held.Contracts, contracts, "no contract is first created unattended (R31)")
	require.Len(t, w.held.Budgets, budgets, "no budget either")
	again := care.RefreshUnattended(w.held, read, w.newID)
	require.Empty(t, again.Changes, "a second refresh changes nothing")
	require.Equal(t, decision.Review, again.Review)
}

// weClaim adds a delivered service of ours, or moves the claim for one, and adjusts as an import does.
func (w *paceWorld) weClaim(t *rapid.T) {
	if len(w.held.Budgets) == 0 {
		return
	}
	budget := w.held.Budgets[rapid.IntRange(0, len(w.held.Budgets)-1).Draw(t, "claimed from")]
	service := ownService(budget.ID, rapid.SampledFrom([]string{"5", "10", "22.50", "100"}).Draw(t, "claimed"), rapid.SampledFrom(care.InvoiceClaimStatuses).Draw(t, "status"))
	service.ID = w.newID()
	w.held.DeliveredServices = append(slices.Clone(w.held.DeliveredServices), service)
	if own := slices.IndexFunc(w.held.DeliveredServices, func(s care.DeliveredService) bool { return s.Kind == care.DeliveredByUs }); rapid.Bool().Draw(t, "moves") {
		w.held.DeliveredServices[own].ClaimStatus = rapid.SampledFrom(care.InvoiceClaimStatuses).Draw(t, "moved to")
	}
	difference, _ := care.Adjust(w.held.Budgets, w.held.DeliveredServices, w.today(), w.newID)
	w.held = adjustmentsWritten(w.held, difference)
}

// write applies a decision as the database does, and compares that with what the decision says.
func (w *paceWorld) write(t *rapid.T, decision care.ContractDecision) {
	before := w.held
	w.held = written(w.held, decision)
	if decision.Answer.Outcome != care.AreaSucceeded {
		require.Equal(t, before, w.held, "a refusal writes nothing (R26)")
		return
	}
	for _, after := range decision.Budgets.After {
		require.Contains(t, w.held.Budgets, after)
	}
	for _, after := range decision.DeliveredServices.After {
		require.Contains(t, w.held.DeliveredServices, after)
	}
	for _, change := range decision.Changes {
		require.NotEmpty(t, change.RecordID)
	}
}

// invariants hold after every step.
func (w *paceWorld) invariants(t *rapid.T) {
	seen := make(map[string]bool)
	once := func(parts ...any) {
		key := fmt.Sprint(parts...)
		require.False(t, seen[key], "twice: %s", key)
		seen[key] = true
	}
	for _, contract := range w.held.Contracts {
		once("id ", contract.ID)
		if contract.Origin == care.OriginPACE {
			once("contract ", contract.PlanFirstStartDate, contract.PlanStartDate)
			w.inSuccession(t, contract)
		}
	}
	for _, budget := range w.held.Budgets {
		once("id ", budget.ID)
		once("identity ", budget.ContractID, budget.Identity, budget.Ordinal)
		once("budget ", budget.ContractID, budget.BudgetType, budget.Management, budget.SupportType, categoryIdentity(budget), budget.FundingComponent, budget.Ordinal)
		adjusted := w.adjustment(t, budget)
		if !budget.Removed && budget.Spent.Valid {
			require.True(t, adjusted.Add(care.OwnClaimed(budget.ID, w.held.DeliveredServices)).Equal(budget.Spent.Decimal), "adjustment + own claimed = spent (R27)")
		}
	}
	for _, service := range w.held.DeliveredServices {
		once("id ", service.ID)
	}
}

func categoryIdentity(budget care.PlanBudget) string {
	if budget.CategoryNumber != 0 {
		return care.CategoryName(budget.CategoryNumber)
	}
	return budget.Category
}

// adjustment is the amount of a budget's adjustment record, of which there is never more than one.
func (w *paceWorld) adjustment(t *rapid.T, budget care.PlanBudget) decimal.Decimal {
	adjusted, records := decimal.Zero, 0
	for _, service := range w.held.DeliveredServices {
		if service.BudgetID != budget.ID || service.Kind != care.PACEAdjustment {
			continue
		}
		records++
		require.False(t, service.Claimable)
		require.True(t, budget.Removed || !budget.Spent.Valid || service.Removed || budget.Dates().Covers(service.DeliveredOn), "dated within the budget's dates")
		if !service.Removed {
			adjusted = adjusted.Add(service.Amount)
		}
	}
	require.LessOrEqual(t, records, 1, "one adjustment record for a budget")
	return adjusted
}

func (w *paceWorld) inSuccession(t *rapid.T, contract care.ServiceContract) {
	for _, other := range w.held.Contracts {
		if other.Origin == care.OriginPACE && other.PlanStartDate.After(contract.PlanStartDate) {
			require.True(t, contract.EndDate.Before(other.StartDate), "a contract ends before the next one starts (R24)")
			require.NotEmpty(t, contract.SupersededBy)
		}
	}
	require.False(t, contract.EndDate.After(contract.PlanEndDate))
}

func TestAnySequenceOfRetrieveCreateAndRefreshKeepsOneRecordForAnIdentity(t *testing.T) { // R22, R24, R25, R27, R31
	rapid.Check(t, func(t *rapid.T) {
		world := newPaceWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"":            world.invariants,
			"money moves": world.moneyMoves,
			"plan moves":  world.planMoves,
			"time passes": func(t *rapid.T) {
				world.now = world.now.Add(time.Duration(rapid.IntRange(1, 60*24).Draw(t, "minutes")) * time.Minute)
			},
			"retrieve": world.retrieve,
			"create":   world.create,
			"refresh":  world.refresh,
			"we claim": world.weClaim,
			"all at once": func(t *rapid.T) { // --all
				world.retrieve(t)
				preview := world.previews[len(world.previews)-1]
				world.write(t, care.DecideCreate(world.held, preview, preview.SelectAll(), world.read(t, preview.Plan), world.now, world.newID))
			},
		})
	})
}
