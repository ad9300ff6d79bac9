package pace

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
)

// PreviewView is a stored preview as programs see it.
type PreviewView struct {
	ID          care.ID              `json:"id"`
	PersonID    care.ID              `json:"person_id"`
	RunID       care.ID              `json:"run_id"`
	State       db.PreviewState      `json:"state" enum:"waiting,created,replaced,ended"`
	RetrievedAt time.Time            `json:"retrieved_at"`
	ExpiresAt   time.Time            `json:"expires_at" doc:"Until when it can be created"`
	ContractID  *care.ID             `json:"contract_id" doc:"The contract that was created from it"`
	Contents    *PreviewContentsView `json:"contents,omitempty" doc:"What Create would do; absent once the preview no longer waits"`
}

// PreviewContentsView is what people see before anything is written (R22).
type PreviewContentsView struct {
	Hash                 string                `json:"hash" doc:"To be named by whoever creates"`
	Plan                 ParticipantPlanView   `json:"plan"`
	OtherPlans           []ParticipantPlanView `json:"other_plans" doc:"Further plans of the participant; retrieve one by its start date"`
	Refusal              care.Reason           `json:"refusal,omitempty" doc:"Why this plan cannot be created; absent if it can"`
	Explanation          string                `json:"explanation,omitempty" doc:"The refusal in plain words"`
	Ended                bool                  `json:"ended" doc:"The plan has ended: it is read from the NDIA's history"`
	Contract             ContractPreviewView   `json:"contract"`
	Superseded           []ContractDatesView   `json:"superseded" doc:"Contracts that this one would end, with their new dates"`
	Overlaps             []ContractDatesView   `json:"overlaps" doc:"Contracts that would share days with this one: name accept_overlaps to create all the same"`
	Budgets              []BudgetPreviewView   `json:"budgets" doc:"Those with money first"`
	NoLongerInPACE       []MissingBudgetView   `json:"no_longer_in_pace" doc:"Budgets of ours that the NDIA no longer reports. They are kept, and leave the totals"`
	RemovalsHeld         bool                  `json:"removals_held" doc:"So many are missing at once that they stay as they are unless accept_removals is named"`
	Warnings             []read.Issue          `json:"warnings"`
	Differences          []DifferenceView      `json:"differences" doc:"Why this preview took the place of the one before, where a Create found that the NDIA reports something else"`
	TotalFunding         *read.Money           `json:"total_funding" doc:"Approved in the whole plan, whatever its management"`
	AllocationTotal      *read.Money           `json:"allocation_total" doc:"Approved in the budgets that count for the contract, if all are selected"`
	FundingIncomplete    bool                  `json:"funding_incomplete" doc:"An amount that belongs to total_funding was not provided, so that it is too small"`
	AllocationIncomplete bool                  `json:"allocation_incomplete" doc:"The same of allocation_total"`
}

// ParticipantPlanView is a plan as the NDIA lists it.
type ParticipantPlanView struct {
	PlanFirstStartDate care.Date `json:"plan_first_start_date"`
	PlanStartDate      care.Date `json:"plan_start_date"`
	PlanEndDate        care.Date `json:"plan_end_date"`
}

// ContractPreviewView is the contract as it would stand.
type ContractPreviewView struct {
	ID        *care.ID         `json:"id" doc:"Null for a contract that would be created"`
	Action    string           `json:"action,omitempty" enum:"created,updated,unchanged"`
	StartDate care.Date        `json:"start_date"`
	EndDate   care.Date        `json:"end_date"`
	Changes   []DifferenceView `json:"changes" doc:"What would change in it, and in the contracts that it ends"`
}

// ContractDatesView names another contract.
type ContractDatesView struct {
	ID        care.ID             `json:"id"`
	Origin    care.ContractOrigin `json:"origin" enum:"pace,hand"`
	StartDate care.Date           `json:"start_date"`
	EndDate   care.Date           `json:"end_date"`
}

// BudgetPreviewView is a budget that can be selected.
type BudgetPreviewView struct {
	ID                 care.ID               `json:"id"`
	Category           string                `json:"category"`
	CategoryNumber     int                   `json:"category_number" doc:"1 to 21; 0 for a name that is not known"`
	BudgetType         care.BudgetType       `json:"budget_type"`
	Management         care.Management       `json:"management"`
	SupportType        string                `json:"support_type"`
	FundingComponent   string                `json:"funding_component"`
	Approved           *read.Money           `json:"approved"`
	Released           *read.Money           `json:"released"`
	Spent              *read.Money           `json:"spent"`
	Remaining          *read.Money           `json:"remaining"`
	StartDate          care.Date             `json:"start_date"`
	EndDate            care.Date             `json:"end_date"`
	InstalmentType     string                `json:"instalment_type"`
	ExcludedFromTotals bool                  `json:"excluded_from_totals"`
	FundingPeriods     []read.FundingPeriod  `json:"funding_periods"`
	StatedItems        []read.StatedItem     `json:"stated_items"`
	Action             string                `json:"action" enum:"created,updated,revived,unchanged"`
	WillHappen         string                `json:"will_happen" doc:"What Create does if the budget is selected, in words"`
	Changes            []DifferenceView      `json:"changes" doc:"Fields that differ from what we hold"`
	Adjustment         AdjustmentPreviewView `json:"adjustment"`
}

// AdjustmentPreviewView is what would happen to an adjustment record (R27).
type AdjustmentPreviewView struct {
	Action              string      `json:"action,omitempty" enum:"created,updated,revived,removed,unchanged" doc:"Absent: there is none and would be none"`
	Before              *read.Money `json:"before"`
	After               *read.Money `json:"after"`
	ServiceProviderName string      `json:"service_provider_name,omitempty"`
}

// MissingBudgetView is a budget of ours that the NDIA no longer reports.
type MissingBudgetView struct {
	ID       care.ID     `json:"id"`
	Name     string      `json:"name"`
	Approved *read.Money `json:"approved"`
}

// DifferenceView is one field that would change, or did.
type DifferenceView struct {
	Subject string  `json:"subject" doc:"The record as people know it"`
	Action  string  `json:"action" enum:"created,updated,removed,revived"`
	Field   string  `json:"field"`
	Old     *string `json:"old_value"`
	New     *string `json:"new_value"`
	Words   string  `json:"words" doc:"The change in a sentence"`
}

// ViewPreview shows a stored preview to programs.
func ViewPreview(preview db.Preview) PreviewView {
	view := PreviewView{
		ID: preview.ID, PersonID: preview.PersonID, RunID: preview.RunID, State: preview.State,
		RetrievedAt: preview.RetrievedAt, ExpiresAt: preview.ExpiresAt,
	}
	if preview.ContractID != "" {
		view.ContractID = &preview.ContractID
	}
	if preview.Contents != nil {
		contents := viewContents(*preview.Contents)
		view.Contents = &contents
	}
	return view
}

func viewContents(contents db.PreviewContents) PreviewContentsView {
	contract := contents.Contract
	return PreviewContentsView{
		Hash: contents.Hash, Plan: viewParticipantPlan(contents.Plan), OtherPlans: each(contents.Others, viewParticipantPlan),
		Refusal: contents.Refusal, Explanation: contents.Refusal.ExplainFor(care.NDIA),
		Ended: contents.Ended, Contract: viewContract(contents.Preview),
		Superseded: each(contents.Superseded, viewDates), Overlaps: each(contents.Overlaps, viewDates),
		Budgets: each(InOrder(contents.Budgets), viewBudget), NoLongerInPACE: each(contents.Missing, viewMissing), RemovalsHeld: contents.RemovalsHeld,
		Warnings: each(contents.Issues, read.IssueOf), Differences: each(contents.Differences, viewDifference),
		TotalFunding: money(contract.TotalFunding), AllocationTotal: money(contract.AllocationTotal),
		FundingIncomplete: contract.FundingIncomplete, AllocationIncomplete: contract.AllocationIncomplete,
	}
}

func viewContract(preview care.Preview) ContractPreviewView {
	contract := preview.Contract
	view := ContractPreviewView{
		Action: preview.ContractAction, StartDate: contract.StartDate, EndDate: contract.EndDate, Changes: each(preview.ContractChanges, viewDifference),
	}
	if preview.ContractAction != care.ActionCreated && contract.ID != "" {
		view.ID = &contract.ID
	}
	return view
}

func viewParticipantPlan(plan care.ParticipantPlan) ParticipantPlanView {
	return ParticipantPlanView{PlanFirstStartDate: plan.FirstStartDate, PlanStartDate: plan.StartDate, PlanEndDate: plan.EndDate}
}

func viewDates(contract care.ServiceContract) ContractDatesView {
	return ContractDatesView{ID: contract.ID, Origin: contract.Origin, StartDate: contract.StartDate, EndDate: contract.EndDate}
}

func viewBudget(budget care.PreviewBudget) BudgetPreviewView {
	named := func(change care.Change) DifferenceView {
		return viewDifference(care.NamedChange{Subject: budget.Name(), Change: change})
	}
	return BudgetPreviewView{
		ID: budget.ID, Category: budget.Category, CategoryNumber: budget.CategoryNumber, BudgetType: budget.BudgetType,
		Management: budget.Management, SupportType: budget.SupportType, FundingComponent: budget.FundingComponent,
		Approved: money(budget.Approved), Released: money(budget.Released), Spent: money(budget.Spent), Remaining: money(budget.Remaining),
		StartDate: budget.StartDate, EndDate: budget.EndDate, InstalmentType: budget.InstalmentType, ExcludedFromTotals: budget.ExcludedFromTotals,
		FundingPeriods: each(budget.FundingPeriods, viewPeriod), StatedItems: each(budget.StatedItems, viewItem),
		Action: budget.Action, WillHappen: budget.WillHappen(), Changes: each(budget.Changes, named),
		Adjustment: AdjustmentPreviewView{
			Action: budget.Adjustment.Action, Before: money(budget.Adjustment.Before), After: money(budget.Adjustment.After),
			ServiceProviderName: budget.Adjustment.ServiceProviderName,
		},
	}
}

func viewPeriod(period care.FundingPeriod) read.FundingPeriod {
	return read.FundingPeriod{
		FundingPeriodID: period.FundingPeriodID, StartDate: period.StartDate, EndDate: period.EndDate,
		Amount: money(period.Amount), Released: period.Released,
	}
}

func viewItem(item care.StatedItem) read.StatedItem {
	return read.StatedItem{SupportItemNumber: item.SupportItemNumber, SupportItemText: item.SupportItemText, Approved: money(item.Approved)}
}

func viewMissing(budget care.PlanBudget) MissingBudgetView {
	return MissingBudgetView{ID: budget.ID, Name: budget.Name(), Approved: money(budget.Approved)}
}

func viewDifference(change care.NamedChange) DifferenceView {
	return DifferenceView{
		Subject: change.Subject, Action: change.Action, Field: change.Field, Old: change.Old, New: change.New, Words: change.Words(),
	}
}

// each is a list of views, never null.
func each[From, To any](list []From, view func(From) To) []To {
	views := make([]To, len(list))
	for i, one := range list {
		views[i] = view(one)
	}
	return views
}

func money(amount decimal.NullDecimal) *read.Money {
	if !amount.Valid {
		return nil
	}
	return &read.Money{Decimal: amount.Decimal}
}

// PreviewResultView is what a retrieval came to, as programs see it.
type PreviewResultView struct {
	Run         read.Run         `json:"run"`
	Outcome     care.AreaOutcome `json:"outcome,omitempty" enum:"succeeded,superseded,refused,failed,skipped,cancelled" doc:"Absent while the retrieval is under way"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	Preview     *PreviewView     `json:"preview,omitempty" doc:"The preview that waits; absent where there is none"`
	Created     *CreatedView     `json:"created,omitempty" doc:"What came of creating it, where that was asked for, too"`
}

// CreatedView is what a Create came to, as programs see it.
type CreatedView struct {
	Run         *read.Run        `json:"run,omitempty" doc:"Absent where it stands beside this"`
	Outcome     care.AreaOutcome `json:"outcome,omitempty" enum:"succeeded,superseded,refused,failed,skipped,cancelled" doc:"Absent while it is under way"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	ContractID  *care.ID         `json:"contract_id" doc:"The contract that was written; null where nothing was"`
	Next        *PreviewView     `json:"next,omitempty" doc:"The preview that waits now, with the differences, where the NDIA reports something else than was shown"`
}

// View shows what a retrieval came to, with its run.
func (s *Service) View(ctx context.Context, organisation db.Organisation, retrieved PreviewResult) (PreviewResultView, error) {
	run, err := read.From(s.store).Run(ctx, organisation.ID, retrieved.RunID)
	if err != nil {
		return PreviewResultView{}, err
	}
	view := PreviewResultView{
		Run: run, Outcome: retrieved.Outcome, Reason: retrieved.Reason, Explanation: retrieved.Reason.ExplainFor(care.NDIA),
		Preview: viewIfAny(retrieved.Preview),
	}
	if retrieved.Created != nil {
		created := viewCreated(*retrieved.Created)
		view.Created = &created
	}
	return view, nil
}

// ViewCreated shows what a Create came to, with its run.
func (s *Service) ViewCreated(ctx context.Context, organisation db.Organisation, created CreateResult) (CreatedView, error) {
	run, err := read.From(s.store).Run(ctx, organisation.ID, created.RunID)
	view := viewCreated(created)
	view.Run = &run
	return view, err
}

func viewCreated(created CreateResult) CreatedView {
	view := CreatedView{
		Outcome: created.Outcome, Reason: created.Reason, Explanation: created.Reason.ExplainFor(care.NDIA), Next: viewIfAny(created.Next),
	}
	if created.ContractID != "" {
		view.ContractID = &created.ContractID
	}
	return view
}

func viewIfAny(retrieval *db.Preview) *PreviewView {
	if retrieval == nil {
		return nil
	}
	view := ViewPreview(*retrieval)
	return &view
}
