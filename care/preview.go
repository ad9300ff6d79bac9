package care

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// PreviewLifetime is how long a retrieval waits to be created (R22).
const PreviewLifetime = 30 * time.Minute

// Preview is what people see before anything is written: a plan, its budgets, and what Create would do (R22). It may be stored only
// sealed.
type Preview struct {
	// ID is the retrieval's.
	ID          ID        `json:"id"`
	RetrievedAt time.Time `json:"retrieved_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	// Hash is that of everything the NDIA reported that would be stored. Create names it, so that no one agrees to what they did not see.
	Hash   string            `json:"hash"`
	Plan   ParticipantPlan   `json:"plan"`
	Others []ParticipantPlan `json:"others,omitempty"`
	// Contract is the plan's as it would stand, ContractAction whether it would be created, updated or stay as it is, and
	// ContractChanges what would change in it and in the contracts that it supersedes.
	Contract        ServiceContract `json:"contract"`
	ContractAction  string          `json:"contract_action"`
	ContractChanges []NamedChange   `json:"contract_changes,omitempty"`
	// Superseded would be ended by this contract; Overlaps would overlap it, and need explicit approval (R24).
	Superseded []ServiceContract `json:"superseded,omitempty"`
	Overlaps   []ServiceContract `json:"overlaps,omitempty"`
	Budgets    []PreviewBudget   `json:"budgets"`
	// Missing are budgets of ours that are no longer in PACE. They are kept but excluded from totals (R25), at once or, where
	// RemovalsHeld, only with an explicit yes (R5).
	Missing      []PlanBudget `json:"missing,omitempty"`
	RemovalsHeld bool         `json:"removals_held,omitempty"`
	Issues       []Issue      `json:"issues,omitempty"`
	// Refusal says why this plan cannot be created, empty if it can.
	Refusal Reason `json:"refusal,omitempty"`
	// Ended: the plan has ended, so that this is its last word and not the current one.
	Ended bool `json:"ended,omitempty"`
}

// PreviewBudget is a budget that can be ticked. Its id is ours: that of the budget we hold, or the one that it will get.
type PreviewBudget struct {
	PlanBudget
	// Action is what would happen to the budget: created, updated, revived, or unchanged. Changes are its fields that differ from
	// what we hold.
	Action  string   `json:"action"`
	Changes []Change `json:"changes,omitempty"`
	// Adjustment is what would happen to its adjustment record.
	Adjustment PreviewAdjustment `json:"adjustment"`
}

// ActionUnchanged is what a preview says of a record that would stay as it is.
const ActionUnchanged = "unchanged"

// PreviewAdjustment is what would happen to an adjustment record (R27).
type PreviewAdjustment struct {
	// Action is created, updated, revived, removed or unchanged; empty where there is none and would be none.
	Action              string              `json:"action,omitempty"`
	Before              decimal.NullDecimal `json:"before"`
	After               decimal.NullDecimal `json:"after"`
	ServiceProviderName string              `json:"service_provider_name,omitempty"`
}

// Stage makes the preview of a read, with all budgets ticked (R22).
func Stage(id ID, held HeldContracts, read ContractRead, now time.Time, newID NewID) Preview {
	decision := decideContract(held, read, terms{
		attended: true, ticked: everyBudget, idOf: func(int) ID { return newID() }, agreedOverlap: func(ID) bool { return true },
	}, newID)
	preview := Preview{
		ID: id, RetrievedAt: now, ExpiresAt: now.Add(PreviewLifetime), Hash: contentHash(read), Plan: read.Plan, Others: read.Others,
		Issues: decision.Issues, Refusal: decision.Answer.Reason, Ended: read.Plan.endedOn(read.Today),
	}
	if preview.Refusal == "" {
		preview.show(held, read, decision)
	}
	return preview
}

// PreviewSelection is what a Create of some of a preview's budgets comes to.
type PreviewSelection struct {
	// Budgets is how many are ticked.
	Budgets int
	// Adjustments is how many adjustment records there would be, and Adjusted what they stand for together (R27).
	Adjustments int
	Adjusted    decimal.Decimal
	// AllocationTotal is that of the contract (R29).
	AllocationTotal decimal.NullDecimal
	// AllocationIncomplete is set where the approved amount of a ticked budget was not provided.
	AllocationIncomplete bool
}

// Selected says what a Create of some of the budgets comes to. A budget that is not ticked stays as we hold it, or is not created (R25).
func (p *Preview) Selected(selection []ID) PreviewSelection {
	selected := PreviewSelection{AllocationTotal: p.Contract.AllocationTotal}
	for i := range p.Budgets {
		budget := &p.Budgets[i]
		adjustment := budget.Adjustment.After
		if slices.Contains(selection, budget.ID) {
			selected.Budgets++
			selected.AllocationIncomplete = selected.AllocationIncomplete || !budget.ExcludedFromTotals && !budget.Approved.Valid
		} else {
			adjustment = budget.Adjustment.Before
			selected.AllocationTotal = less(selected.AllocationTotal, budget.counted(), budget.countedBefore())
		}
		if adjustment.Valid {
			selected.Adjustments++
			selected.Adjusted = selected.Adjusted.Add(adjustment.Decimal)
		}
	}
	return selected
}

// counted is what the budget adds to the allocation total once it is taken over.
func (b *PreviewBudget) counted() decimal.NullDecimal {
	if b.ExcludedFromTotals {
		return decimal.NullDecimal{}
	}
	return b.Approved
}

// countedBefore is what the budget as we hold it adds to the allocation total.
func (b *PreviewBudget) countedBefore() decimal.NullDecimal {
	if b.Action == ActionCreated || b.Action == ActionRevived || b.ExcludedFromTotals {
		return decimal.NullDecimal{}
	}
	for _, change := range b.Changes {
		if change.Field == "approved" {
			return readMoney(change.Old)
		}
	}
	return b.Approved
}

func readMoney(text *string) decimal.NullDecimal {
	if text == nil {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(decimal.RequireFromString(*text))
}

// less takes one amount out of a total and puts another in.
func less(total, out, in decimal.NullDecimal) decimal.NullDecimal {
	if !total.Valid {
		return in
	}
	return decimal.NewNullDecimal(total.Decimal.Sub(out.Decimal).Add(in.Decimal))
}

func (p *Preview) show(held HeldContracts, read ContractRead, decision ContractDecision) {
	p.Contract, p.Overlaps, p.Missing, p.RemovalsHeld = decision.Contract, decision.Overlaps, decision.Missing, decision.Budgets.Held > 0
	changes := changesByRecord(decision.Changes)
	p.ContractAction = actionOf(changes[decision.Contract.ID])
	for _, contract := range decision.Contracts {
		if contract.ID == decision.Contract.ID {
			p.ContractChanges = append(p.ContractChanges, named(theContract, updatesIn(changes[contract.ID]))...)
			continue
		}
		p.ContractChanges = append(p.ContractChanges, ofContract(contract.StartDate, changes[contract.ID])...)
		if contract.SupersededBy == decision.Contract.ID {
			p.Superseded = append(p.Superseded, contract)
		}
	}
	for _, budget := range decision.Budgets.After[:len(read.Tree.Budgets())] { // those that were read come first, in the tree's order
		p.Budgets = append(p.Budgets, PreviewBudget{
			PlanBudget: budget, Action: actionOf(changes[budget.ID]), Changes: updatesIn(changes[budget.ID]),
			Adjustment: adjustmentPreview(budget.ID, held.DeliveredServices, decision.DeliveredServices, changes),
		})
	}
}

func changesByRecord(changes []Change) map[ID][]Change {
	byRecord := make(map[ID][]Change)
	for _, change := range changes {
		byRecord[change.RecordID] = append(byRecord[change.RecordID], change)
	}
	return byRecord
}

// actionOf sums up the changes of one record.
func actionOf(changes []Change) string {
	if len(changes) == 0 {
		return ActionUnchanged
	}
	return changes[0].Action
}

func updatesIn(changes []Change) []Change {
	return filter(changes, func(change Change) bool { return change.Action == ActionUpdated })
}

func adjustmentPreview(budget ID, held []DeliveredService, decided Difference[DeliveredService], changes map[ID][]Change) PreviewAdjustment {
	before, after := adjustmentOf(budget, held), adjustmentOf(budget, decided.After)
	if after == nil || after.Removed && (before == nil || before.Removed) {
		return PreviewAdjustment{}
	}
	preview := PreviewAdjustment{Action: actionOf(changes[after.ID]), ServiceProviderName: after.ServiceProviderName}
	if before != nil && !before.Removed {
		preview.Before = decimal.NewNullDecimal(before.Amount)
	}
	if !after.Removed {
		preview.After = decimal.NewNullDecimal(after.Amount)
	}
	return preview
}

// contentHash is the same for all reads of the same content, whatever their order.
func contentHash(read ContractRead) string {
	budgets := numbered(read.Tree.Budgets())
	contents := make([]string, len(budgets))
	for i := range budgets {
		contents[i] = valuesKey(budgets[i].values())
	}
	slices.Sort(contents)
	contents = append(contents, valuesKey(planFields(read.Plan, read.Tree.TotalFunding())))
	digest := sha256.Sum256([]byte(strings.Join(contents, "\x01")))
	return hex.EncodeToString(digest[:])
}

// planFields are what we store of a plan.
func planFields(plan ParticipantPlan, totalFunding decimal.NullDecimal) []Value {
	isPACE := fmt.Sprint(plan.IsPACE)
	return []Value{
		{"is_pace_plan", &isPACE}, {"plan_first_start_date", dateText(plan.FirstStartDate)}, {"plan_start_date", dateText(plan.StartDate)},
		{"plan_end_date", dateText(plan.EndDate)}, {"total_funding", moneyText(totalFunding)},
	}
}

// CreateRequest is what a person has agreed to.
type CreateRequest struct {
	// PreviewID and Hash name the preview that the person has seen.
	PreviewID ID     `json:"preview_id"`
	Hash      string `json:"hash"`
	// Selection are the ticked budgets.
	Selection []ID `json:"selection"`
	// Only refreshes the ticked budgets of a contract that we have, and leaves everything else of it as it is.
	Only bool `json:"only,omitempty"`
	// AcceptOverlaps allows the contract to overlap those that the preview shows (R24).
	AcceptOverlaps bool `json:"accept_overlaps,omitempty"`
	// AcceptRemovals removes the budgets that the preview shows as missing, however many they are (R5).
	AcceptRemovals bool `json:"accept_removals,omitempty"`
}

// SelectAll is the request of someone who agrees to a whole preview; overlaps and mass removals still need their own yes.
func (p *Preview) SelectAll() CreateRequest {
	request := CreateRequest{PreviewID: p.ID, Hash: p.Hash}
	for _, budget := range p.Budgets {
		request.Selection = append(request.Selection, budget.ID)
	}
	return request
}

// Waiting is what a program may know that waits for someone to create the preview: ids and conditions, no figures (R10).
func (p *Preview) Waiting() WaitingPreview {
	waiting := WaitingPreview{
		ID: p.ID, Hash: p.Hash, ExpiresAt: p.ExpiresAt, Refusal: p.Refusal,
		Overlaps: len(p.Overlaps) > 0, NewContract: p.ContractAction == ActionCreated,
	}
	for _, budget := range p.Budgets {
		waiting.Budgets = append(waiting.Budgets, budget.ID)
	}
	return waiting
}

// WaitingPreview is a preview without what it shows.
type WaitingPreview struct {
	ID        ID        `json:"id"`
	Hash      string    `json:"hash"`
	ExpiresAt time.Time `json:"expires_at"`
	// Budgets are those that can be ticked.
	Budgets []ID `json:"budgets"`
	// Overlaps: the contract would overlap another one. NewContract: there is no contract of the plan yet.
	Overlaps    bool   `json:"overlaps,omitempty"`
	NewContract bool   `json:"new_contract,omitempty"`
	Refusal     Reason `json:"refusal,omitempty"`
}

// Admit says why a request cannot be carried out on this preview, or nothing (R22). It needs no call.
func (p WaitingPreview) Admit(request CreateRequest, now time.Time) Reason {
	switch {
	case request.PreviewID != p.ID:
		return ReasonPreviewReplaced
	case !now.Before(p.ExpiresAt):
		return ReasonPreviewExpired
	case request.Hash != p.Hash:
		return ReasonPreviewReplaced
	case p.Refusal != "":
		return p.Refusal
	case len(request.Selection) == 0:
		return ReasonSelectionEmpty
	case slices.ContainsFunc(request.Selection, func(budget ID) bool { return !slices.Contains(p.Budgets, budget) }):
		return ReasonSelectionUnknown
	case p.Overlaps && !request.AcceptOverlaps && !p.leavesDates(request):
		return ReasonOverlapUnconfirmed
	default:
		return ""
	}
}

// leavesDates reports whether a request does not touch the contract's own dates.
func (p WaitingPreview) leavesDates(request CreateRequest) bool {
	return request.Only && !p.NewContract
}

// DecideCreate decides what Create writes, once the plan has been read again (R22): nothing, if a stored field of the plan or of a ticked
// budget is not as the preview showed it, or the request cannot be admitted.
func DecideCreate(held HeldContracts, preview Preview, request CreateRequest, read ContractRead, asked time.Time, newID NewID) ContractDecision {
	if reason := preview.Waiting().Admit(request, asked); reason != "" {
		return refusedContract(reason)
	}
	fresh := numbered(read.Tree.Budgets())
	paired := pairBudgets(preview.planBudgets(), fresh, read.Tree.Historical, nil)
	if differences := preview.differences(request, read, fresh, paired); len(differences) > 0 {
		refused := refusedContract(ReasonPreviewDiffers)
		refused.Differences = differences
		return refused
	}
	return decideContract(held, read, preview.terms(request, paired), newID)
}

func (p *Preview) planBudgets() []PlanBudget {
	budgets := make([]PlanBudget, len(p.Budgets))
	for i := range p.Budgets {
		budgets[i] = p.Budgets[i].PlanBudget
	}
	return budgets
}

// differences compares what was shown with what was read, field by field: the plan, and the ticked budgets.
func (p *Preview) differences(request CreateRequest, read ContractRead, fresh []PlanBudget, paired pairing) []NamedChange {
	was, is := planFields(p.Plan, p.Contract.TotalFunding), planFields(read.Plan, read.Tree.TotalFunding())
	differences := named(thePlan, changesBetween(KindServiceContract, p.Contract.ID, was, is))
	for place, budget := range paired.of {
		if budget != nil && slices.Contains(request.Selection, budget.ID) {
			fresh[place].completedFrom(budget, read.Tree.Historical)
			differences = append(differences, named(budget.Name(), changesBetween(KindPlanBudget, budget.ID, budget.values(), fresh[place].values()))...)
		}
	}
	for _, budget := range paired.absent {
		if slices.Contains(request.Selection, budget.ID) {
			differences = append(differences, NamedChange{
				Subject: budget.Name(), Change: Change{Kind: KindPlanBudget, RecordID: budget.ID, Action: ActionRemoved},
			})
		}
	}
	return differences
}

// terms are what a person has agreed to, by the budgets' places in the new answer.
func (p *Preview) terms(request CreateRequest, paired pairing) terms {
	agreed := terms{
		attended: true, only: request.Only,
		ticked: func(place int) bool {
			return paired.of[place] != nil && slices.Contains(request.Selection, paired.of[place].ID)
		},
		idOf: func(place int) ID { return paired.of[place].ID },
		shown: func(place int) ID {
			if paired.of[place] == nil {
				return ""
			}
			return paired.of[place].ID
		},
		agreedOverlap: func(id ID) bool {
			return request.AcceptOverlaps && slices.ContainsFunc(p.Overlaps, func(c ServiceContract) bool { return c.ID == id })
		},
	}
	if request.AcceptRemovals {
		agreed.mayGo = len(p.Missing)
	}
	return agreed
}
