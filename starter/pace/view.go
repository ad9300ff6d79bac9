package pace

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/words"
)

// PreviewView is a stored preview as programs see it.
type PreviewView struct {
	ID          care.ID
	PersonID    care.ID
	RunID       care.ID
	State       db.PreviewState
	RetrievedAt time.Time
	ExpiresAt   time.Time
	ContractID  *care.ID
	Contents    *PreviewContentsView
}

// PreviewContentsView is what people see before anything is written (R22).
type PreviewContentsView struct {
	Hash                 string
	Plan                 ParticipantPlanView
	OtherPlans           []ParticipantPlanView
	Refusal              care.Reason
	Explanation          string
	Ended                bool
	Contract             ContractPreviewView
	Superseded           []ContractDatesView
	Overlaps             []ContractDatesView
	Budgets              []BudgetPreviewView
	NoLongerInPACE       []MissingBudgetView
	RemovalsHeld         bool
	Warnings             []read.Issue
	Differences          []DifferenceView
	TotalFunding         *read.Money
	AllocationTotal      *read.Money
	FundingIncomplete    bool
	AllocationIncomplete bool
}

// ParticipantPlanView is a plan as the NDIA lists it.
type ParticipantPlanView struct {
	PlanFirstStartDate care.Date
	PlanStartDate      care.Date
	PlanEndDate        care.Date
}

// ContractPreviewView is the contract as it would stand.
type ContractPreviewView struct {
	ID        *care.ID
	Action    string
	StartDate care.Date
	EndDate   care.Date
	Changes   []DifferenceView
}

// ContractDatesView names another contract.
type ContractDatesView struct {
	ID        care.ID
	Origin    care.ContractOrigin
	StartDate care.Date
	EndDate   care.Date
}

// BudgetPreviewView is a budget that can be selected.
type BudgetPreviewView struct {
	ID                 care.ID
	Category           string
	CategoryNumber     int
	BudgetType         care.BudgetType
	Management         care.Management
	SupportType        string
	FundingComponent   string
	Approved           *read.Money
	Released           *read.Money
	Spent              *read.Money
	Remaining          *read.Money
	StartDate          care.Date
	EndDate            care.Date
	InstalmentType     string
	ExcludedFromTotals bool
	FundingPeriods     []read.FundingPeriod
	StatedItems        []read.StatedItem
	Action             string
	WillHappen         string
	Changes            []DifferenceView
	Adjustment         AdjustmentPreviewView
}

// AdjustmentPreviewView is what would happen to an adjustment record (R27).
type AdjustmentPreviewView struct {
	Action              string
	Before              *read.Money
	After               *read.Money
	ServiceProviderName string
}

// MissingBudgetView is a budget of ours that the NDIA no longer reports.
type MissingBudgetView struct {
	ID       care.ID
	Name     string
	Approved *read.Money
}

// DifferenceView is one field that would change, or did.
type DifferenceView struct {
	Subject string
	Action  string
	Field   string
	Old     *string
	New     *string
	Words   string
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
		Hash: contents.Hash, Plan: viewParticipantPlan(contents.Plan), OtherPlans: read.Each(contents.Others, viewParticipantPlan),
		Refusal: contents.Refusal, Explanation: words.Reason(contents.Refusal, care.NDIA),
		Ended: contents.Ended, Contract: viewContract(contents.Preview),
		Superseded: read.Each(contents.Superseded, viewDates), Overlaps: read.Each(contents.Overlaps, viewDates),
		Budgets: read.Each(InOrder(contents.Budgets), viewBudget), NoLongerInPACE: read.Each(contents.Missing, viewMissing), RemovalsHeld: contents.RemovalsHeld,
		Warnings: read.Each(contents.Issues, read.IssueOf), Differences: read.Each(contents.Differences, viewDifference),
		TotalFunding: money(contract.TotalFunding), AllocationTotal: money(contract.AllocationTotal),
		FundingIncomplete: contract.FundingIncomplete, AllocationIncomplete: contract.AllocationIncomplete,
	}
}

func viewContract(preview care.Preview) ContractPreviewView {
	contract := preview.Contract
	view := ContractPreviewView{
		Action: preview.ContractAction, StartDate: contract.StartDate, EndDate: contract.EndDate, Changes: read.Each(preview.ContractChanges, viewDifference),
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
		FundingPeriods: read.Each(budget.FundingPeriods, viewPeriod), StatedItems: read.Each(budget.StatedItems, viewItem),
		Action: budget.Action, WillHappen: words.WillHappen(budget), Changes: read.Each(budget.Changes, named),
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
		Subject: words.Subject(change), Action: change.Action, Field: change.Field, Old: change.Old, New: change.New, Words: words.Change(change),
	}
}

func money(amount decimal.NullDecimal) *read.Money {
	if !amount.Valid {
		return nil
	}
	return &read.Money{Decimal: amount.Decimal}
}

// PreviewResultView is what a retrieval came to, as programs see it.
type PreviewResultView struct {
	Run         read.Run
	Outcome     care.AreaOutcome
	Reason      care.Reason
	Explanation string
	Preview     *PreviewView
	Created     *CreatedView
}

// CreatedView is what a Create came to, as programs see it.
type CreatedView struct {
	Run         *read.Run
	Outcome     care.AreaOutcome
	Reason      care.Reason
	Explanation string
	ContractID  *care.ID
	Next        *PreviewView
}

// View shows what a retrieval came to, with its run.
func (s *Service) View(ctx context.Context, organisation care.Organisation, retrieved PreviewResult) (PreviewResultView, error) {
	run, err := read.From(s.store).Run(ctx, organisation.ID, retrieved.RunID)
	if err != nil {
		return PreviewResultView{}, err
	}
	view := PreviewResultView{
		Run: run, Outcome: retrieved.Outcome, Reason: retrieved.Reason, Explanation: words.Reason(retrieved.Reason, care.NDIA),
		Preview: viewIfAny(retrieved.Preview),
	}
	if retrieved.Created != nil {
		created := viewCreated(*retrieved.Created)
		view.Created = &created
	}
	return view, nil
}

// ViewCreated shows what a Create came to, with its run.
func (s *Service) ViewCreated(ctx context.Context, organisation care.Organisation, created CreateResult) (CreatedView, error) {
	run, err := read.From(s.store).Run(ctx, organisation.ID, created.RunID)
	view := viewCreated(created)
	view.Run = &run
	return view, err
}

func viewCreated(created CreateResult) CreatedView {
	view := CreatedView{
		Outcome: created.Outcome, Reason: created.Reason, Explanation: words.Reason(created.Reason, care.NDIA), Next: viewIfAny(created.Next),
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
