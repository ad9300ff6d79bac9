package api

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/pace"
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
	Contents    *PreviewContentsView `json:"contents,omitempty" doc:"What Create would do; absent once the preview is no longer valid"`
}

// PreviewContentsView is what people see before anything is written (R22).
type PreviewContentsView struct {
	Hash                 string                `json:"hash" doc:"To be given when creating"`
	Plan                 ParticipantPlanView   `json:"plan"`
	OtherPlans           []ParticipantPlanView `json:"other_plans" doc:"Other plans of the participant; retrieve one by its start date"`
	Refusal              care.Reason           `json:"refusal,omitempty" doc:"Why this plan cannot be created; absent if it can be"`
	Explanation          string                `json:"explanation,omitempty" doc:"The refusal in plain words"`
	Ended                bool                  `json:"ended" doc:"The plan has ended: it is read from the NDIA's history"`
	Contract             ContractPreviewView   `json:"contract"`
	Superseded           []ContractDatesView   `json:"superseded" doc:"Contracts that this one would end, with their new dates"`
	Overlaps             []ContractDatesView   `json:"overlaps" doc:"Contracts that would overlap this one: set accept_overlaps to create it anyway"`
	Budgets              []BudgetPreviewView   `json:"budgets" doc:"Budgets with funding first"`
	NoLongerInPACE       []MissingBudgetView   `json:"no_longer_in_pace" doc:"Budgets of ours that the NDIA no longer reports. They are kept, but excluded from totals"`
	RemovalsHeld         bool                  `json:"removals_held" doc:"Too many are missing at once, so they stay as they are unless accept_removals is set"`
	Warnings             []views.IssueView     `json:"warnings"`
	Differences          []DifferenceView      `json:"differences" doc:"Why this preview replaced the previous one, if Create found that the NDIA's data had changed"`
	TotalFunding         *views.Money          `json:"total_funding" doc:"Approved in the whole plan, regardless of how it is managed"`
	AllocationTotal      *views.Money          `json:"allocation_total" doc:"Approved in the budgets that count towards the contract, if all are selected"`
	FundingIncomplete    bool                  `json:"funding_incomplete" doc:"An amount in total_funding was not provided, so the total is too small"`
	AllocationIncomplete bool                  `json:"allocation_incomplete" doc:"The same for allocation_total"`
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
	Changes   []DifferenceView `json:"changes" doc:"What would change in it and in the contracts that it ends"`
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
	ID                 care.ID                   `json:"id"`
	Category           string                    `json:"category"`
	CategoryNumber     int                       `json:"category_number" doc:"1 to 21; 0 for an unknown name"`
	BudgetType         care.BudgetType           `json:"budget_type"`
	Management         care.Management           `json:"management"`
	SupportType        string                    `json:"support_type"`
	FundingComponent   string                    `json:"funding_component"`
	Approved           *views.Money              `json:"approved"`
	Released           *views.Money              `json:"released"`
	Spent              *views.Money              `json:"spent"`
	Remaining          *views.Money              `json:"remaining"`
	StartDate          care.Date                 `json:"start_date"`
	EndDate            care.Date                 `json:"end_date"`
	InstalmentType     string                    `json:"instalment_type"`
	ExcludedFromTotals bool                      `json:"excluded_from_totals"`
	FundingPeriods     []views.FundingPeriodView `json:"funding_periods"`
	StatedItems        []views.StatedItemView    `json:"stated_items"`
	Action             string                    `json:"action" enum:"created,updated,revived,unchanged"`
	WillHappen         string                    `json:"will_happen" doc:"What Create does if the budget is selected, in words"`
	Changes            []DifferenceView          `json:"changes" doc:"Fields that differ from ours"`
	Adjustment         AdjustmentPreviewView     `json:"adjustment"`
}

// AdjustmentPreviewView is what would happen to an adjustment record (R27).
type AdjustmentPreviewView struct {
	Action              string       `json:"action,omitempty" enum:"created,updated,revived,removed,unchanged" doc:"Absent: there is none, and none would be created"`
	Before              *views.Money `json:"before"`
	After               *views.Money `json:"after"`
	ServiceProviderName string       `json:"service_provider_name,omitempty"`
}

// MissingBudgetView is a budget of ours that the NDIA no longer reports.
type MissingBudgetView struct {
	ID       care.ID      `json:"id"`
	Name     string       `json:"name"`
	Approved *views.Money `json:"approved"`
}

// DifferenceView is one field that would change, or did.
type DifferenceView struct {
	Subject string  `json:"subject" doc:"The record's name, for people"`
	Action  string  `json:"action" enum:"created,updated,removed,revived"`
	Field   string  `json:"field"`
	Old     *string `json:"old_value"`
	New     *string `json:"new_value"`
	Words   string  `json:"words" doc:"The change in a sentence"`
}

// PreviewResultView is what a retrieval came to, as programs see it.
type PreviewResultView struct {
	Run         views.RunView    `json:"run"`
	Outcome     care.AreaOutcome `json:"outcome,omitempty" enum:"succeeded,superseded,refused,failed,skipped,cancelled" doc:"Absent while the retrieval is in progress"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	Preview     *PreviewView     `json:"preview,omitempty" doc:"The preview that is ready; absent if there is none"`
	Created     *CreatedView     `json:"created,omitempty" doc:"The result of creating it, if that was also requested"`
}

// CreatedView is what a Create came to, as programs see it.
type CreatedView struct {
	Run         *views.RunView   `json:"run,omitempty" doc:"Absent if it is given next to this"`
	Outcome     care.AreaOutcome `json:"outcome,omitempty" enum:"succeeded,superseded,refused,failed,skipped,cancelled" doc:"Absent while it is in progress"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	ContractID  *care.ID         `json:"contract_id" doc:"The contract that was saved; null if nothing was"`
	Next        *PreviewView     `json:"next,omitempty" doc:"The new preview, with the differences, if the NDIA's data has changed since the one that was shown"`
}

// FromPreview shows a pace.PreviewView.
func FromPreview(view pace.PreviewView) PreviewView {
	return PreviewView{
		ID: view.ID, PersonID: view.PersonID, RunID: view.RunID, State: view.State, RetrievedAt: view.RetrievedAt,
		ExpiresAt: view.ExpiresAt, ContractID: view.ContractID, Contents: views.OrNil(view.Contents, FromPreviewContents),
	}
}

// FromPreviewContents shows a pace.PreviewContentsView.
func FromPreviewContents(view pace.PreviewContentsView) PreviewContentsView {
	return PreviewContentsView{
		Hash: view.Hash, Plan: FromParticipantPlan(view.Plan), OtherPlans: views.Each(view.OtherPlans, FromParticipantPlan),
		Refusal: view.Refusal, Explanation: view.Explanation, Ended: view.Ended, Contract: FromContractPreview(view.Contract),
		Superseded: views.Each(view.Superseded, FromContractDates), Overlaps: views.Each(view.Overlaps, FromContractDates),
		Budgets: views.Each(view.Budgets, FromBudgetPreview), NoLongerInPACE: views.Each(view.NoLongerInPACE, FromMissingBudget),
		RemovalsHeld: view.RemovalsHeld, Warnings: views.Each(view.Warnings, views.FromIssue),
		Differences: views.Each(view.Differences, FromDifference), TotalFunding: (*views.Money)(view.TotalFunding),
		AllocationTotal: (*views.Money)(view.AllocationTotal), FundingIncomplete: view.FundingIncomplete,
		AllocationIncomplete: view.AllocationIncomplete,
	}
}

// FromParticipantPlan shows a pace.ParticipantPlanView.
func FromParticipantPlan(view pace.ParticipantPlanView) ParticipantPlanView {
	return ParticipantPlanView(view)
}

// FromContractPreview shows a pace.ContractPreviewView.
func FromContractPreview(view pace.ContractPreviewView) ContractPreviewView {
	return ContractPreviewView{
		ID: view.ID, Action: view.Action, StartDate: view.StartDate, EndDate: view.EndDate,
		Changes: views.Each(view.Changes, FromDifference),
	}
}

// FromContractDates shows a pace.ContractDatesView.
func FromContractDates(view pace.ContractDatesView) ContractDatesView {
	return ContractDatesView(view)
}

// FromBudgetPreview shows a pace.BudgetPreviewView.
func FromBudgetPreview(view pace.BudgetPreviewView) BudgetPreviewView {
	return BudgetPreviewView{
		ID: view.ID, Category: view.Category, CategoryNumber: view.CategoryNumber, BudgetType: view.BudgetType,
		Management: view.Management, SupportType: view.SupportType, FundingComponent: view.FundingComponent,
		Approved: (*views.Money)(view.Approved), Released: (*views.Money)(view.Released), Spent: (*views.Money)(view.Spent),
		Remaining: (*views.Money)(view.Remaining), StartDate: view.StartDate, EndDate: view.EndDate,
		InstalmentType: view.InstalmentType, ExcludedFromTotals: view.ExcludedFromTotals,
		FundingPeriods: views.Each(view.FundingPeriods, views.FromFundingPeriod),
		StatedItems:    views.Each(view.StatedItems, views.FromStatedItem), Action: view.Action, WillHappen: view.WillHappen,
		Changes: views.Each(view.Changes, FromDifference), Adjustment: FromAdjustmentPreview(view.Adjustment),
	}
}

// FromAdjustmentPreview shows a pace.AdjustmentPreviewView.
func FromAdjustmentPreview(view pace.AdjustmentPreviewView) AdjustmentPreviewView {
	return AdjustmentPreviewView{
		Action: view.Action, Before: (*views.Money)(view.Before), After: (*views.Money)(view.After),
		ServiceProviderName: view.ServiceProviderName,
	}
}

// FromMissingBudget shows a pace.MissingBudgetView.
func FromMissingBudget(view pace.MissingBudgetView) MissingBudgetView {
	return MissingBudgetView{
		ID: view.ID, Name: view.Name, Approved: (*views.Money)(view.Approved),
	}
}

// FromDifference shows a pace.DifferenceView.
func FromDifference(view pace.DifferenceView) DifferenceView {
	return DifferenceView(view)
}

// FromPreviewResult shows a pace.PreviewResultView.
func FromPreviewResult(view pace.PreviewResultView) PreviewResultView {
	return PreviewResultView{
		Run: views.FromRun(view.Run), Outcome: view.Outcome, Reason: view.Reason, Explanation: view.Explanation,
		Preview: views.OrNil(view.Preview, FromPreview), Created: views.OrNil(view.Created, FromCreated),
	}
}

// FromCreated shows a pace.CreatedView.
func FromCreated(view pace.CreatedView) CreatedView {
	return CreatedView{
		Run: views.OrNil(view.Run, views.FromRun), Outcome: view.Outcome, Reason: view.Reason, Explanation: view.Explanation,
		ContractID: view.ContractID, Next: views.OrNil(view.Next, FromPreview),
	}
}
