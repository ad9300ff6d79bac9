package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// ContractHeader is a service contract without what is inside it.
type ContractHeader struct {
	ID                   care.ID             `json:"id"`
	PersonID             care.ID             `json:"person_id"`
	Origin               care.ContractOrigin `json:"origin" enum:"pace,hand" doc:"Whether it came from PACE or was entered manually"`
	Reference            string              `json:"reference" doc:"The provider's own name for a manually entered contract"`
	PlanFirstStartDate   care.Date           `json:"plan_first_start_date"`
	PlanStartDate        care.Date           `json:"plan_start_date"`
	PlanEndDate          care.Date           `json:"plan_end_date"`
	StartDate            care.Date           `json:"start_date"`
	EndDate              care.Date           `json:"end_date" doc:"Null: open-ended. It differs from the plan's if a later contract ends this one sooner"`
	SupersededBy         *care.ID            `json:"superseded_by" doc:"The contract that supersedes it after a reassessment"`
	TotalFunding         *Money              `json:"total_funding" doc:"What was approved in the plan, regardless of how it is managed"`
	AllocationTotal      *Money              `json:"allocation_total" doc:"What was approved in this contract's budgets that are in PACE and not excluded from totals"`
	FundingIncomplete    bool                `json:"funding_incomplete" doc:"An amount in total_funding was not provided, so the total is too small"`
	AllocationIncomplete bool                `json:"allocation_incomplete" doc:"The same for allocation_total"`
	RetrievedOn          care.Date           `json:"retrieved_on" doc:"The date of the last retrieval that was saved"`
	AsOf                 *time.Time          `json:"as_of" doc:"When the read of this person's latest saved data began; null for a manually entered contract"`
	Current              bool                `json:"current" doc:"Today is within its dates, and no other contract supersedes it"`
}

// ContractView is a service contract with everything under it.
type ContractView struct {
	ContractHeader
	Person  Person           `json:"person"`
	Budgets []PlanBudgetView `json:"budgets" doc:"Includes those that are no longer in PACE"`
	Review  []ReviewView     `json:"review" doc:"What an automatic refresh held for approval"`
	// FundingDay is nil where no money is awaited.
	FundingDay *FundingDayView `json:"funding_day,omitempty" doc:"A funding period has started, but its money is not known to be released; absent otherwise"`
}

// FundingDayView is a day on which a funding period began (R34).
type FundingDayView struct {
	care.FundingDay
	Words string `json:"words"`
}

// PlanBudgetView is a plan budget as the NDIA reported it, null amounts not provided (R3), with what drew on it.
type PlanBudgetView struct {
	ID                 care.ID                `json:"id"`
	BudgetType         care.BudgetType        `json:"budget_type"`
	Management         care.Management        `json:"management"`
	SupportType        string                 `json:"support_type"`
	Category           string                 `json:"category"`
	CategoryNumber     int                    `json:"category_number" doc:"1 to 21; 0 for an unknown name"`
	FundingComponent   string                 `json:"funding_component"`
	Approved           *Money                 `json:"approved" doc:"For the whole plan"`
	Released           *Money                 `json:"released" doc:"Available so far"`
	Spent              *Money                 `json:"spent"`
	Remaining          *Money                 `json:"remaining"`
	StartDate          care.Date              `json:"start_date"`
	EndDate            care.Date              `json:"end_date"`
	InstalmentType     string                 `json:"instalment_type"`
	ExcludedFromTotals bool                   `json:"excluded_from_totals" doc:"Not paid by the plan manager"`
	NoLongerInPACE     bool                   `json:"no_longer_in_pace" doc:"Kept, but excluded from totals"`
	RemovedAt          *time.Time             `json:"removed_at" doc:"When it was found to be no longer in PACE"`
	OwnClaimed         *Money                 `json:"own_claimed" doc:"Our own delivered services that are submitted, pending or paid"`
	Adjustment         *Money                 `json:"adjustment" doc:"The amount that the adjustment record covers; null if there is none"`
	FundingPeriods     []FundingPeriodView    `json:"funding_periods" doc:"None or one: released up front"`
	StatedItems        []StatedItemView       `json:"stated_items"`
	DeliveredServices  []DeliveredServiceView `json:"delivered_services" doc:"The adjustment record first, even while it is not needed (removed)"`
}

// FundingPeriodView is a part of a budget's time in which a part of its money is released.
type FundingPeriodView struct {
	FundingPeriodID string    `json:"funding_period_id"`
	StartDate       care.Date `json:"start_date"`
	EndDate         care.Date `json:"end_date"`
	Amount          *Money    `json:"amount"`
	Released        *bool     `json:"released" doc:"Null if the NDIA does not say"`
}

// StatedItemView is a support item for which a stated budget is meant.
type StatedItemView struct {
	SupportItemNumber string `json:"support_item_number"`
	SupportItemText   string `json:"support_item_text"`
	Approved          *Money `json:"approved"`
}

// DeliveredServiceView is work that drew on a plan budget, or its adjustment record (PACE guide §Adjustment record, R27).
type DeliveredServiceView struct {
	ID                     care.ID                   `json:"id"`
	Kind                   care.DeliveredServiceKind `json:"kind" enum:"own,pace_adjustment"`
	Reference              string                    `json:"reference" doc:"The provider's own id for the service; empty for an adjustment record"`
	DeliveredOn            care.Date                 `json:"delivered_on"`
	Amount                 *Money                    `json:"amount"`
	SupportItemNumber      string                    `json:"support_item_number"`
	SupportItemDescription string                    `json:"support_item_description"`
	ServiceProviderName    string                    `json:"service_provider_name"`
	Note                   string                    `json:"note"`
	ClaimStatus            care.InvoiceClaimStatus   `json:"claim_status,omitempty" doc:"Absent for an adjustment record, which can never be claimed"`
	Claimable              bool                      `json:"claimable"`
	RemovedAt              *time.Time                `json:"removed_at" doc:"Set while an adjustment record is not needed"`
}

// ReviewView is a change that an unattended refresh held for approval (R31). To accept it, retrieve the plan and create.
type ReviewView struct {
	Person Person `json:"person"`
	care.ReviewItem
	Words  string    `json:"words" doc:"What needs approval, in a sentence"`
	RunID  care.ID   `json:"run_id" doc:"The run that found it"`
	HeldAt time.Time `json:"held_at"`
}

// ContractChange is one field that a run or an import changed in a contract or what is under it. A record that was created, removed
// or revived has one entry without a field.
type ContractChange struct {
	ChangeCause
	Kind       care.Kind `json:"kind" enum:"service_contract,plan_budget,delivered_service"`
	RecordID   care.ID   `json:"record_id"`
	Subject    string    `json:"subject" doc:"The record's name, for people"`
	Action     string    `json:"action" enum:"created,updated,removed,revived"`
	Field      string    `json:"field"`
	FieldLabel string    `json:"field_label" doc:"The field's name, for people"`
	Old        *string   `json:"old_value"`
	New        *string   `json:"new_value"`
}

// PreviewRef is a retrieval that waits to be created (R22).
type PreviewRef struct {
	ID          care.ID   `json:"id"`
	RunID       care.ID   `json:"run_id"`
	RetrievedAt time.Time `json:"retrieved_at"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// ParticipantView is a person as far as PACE is concerned.
type ParticipantView struct {
	PersonID   care.ID `json:"person_id"`
	GivenName  string  `json:"given_name"`
	FamilyName string  `json:"family_name"`
	NDISNumber string  `json:"ndis_number"`
	care.PACEFlags
	Standing        care.PACEStanding `json:"standing" doc:"Whether scheduled syncs of the person have stopped, and since when"`
	StopExplanation string            `json:"stop_explanation,omitempty" doc:"Why they have stopped, in plain words"`
	Available       bool              `json:"available" doc:"Whether \"+ NDIS PACE\" is available"`
	Refusal         care.Reason       `json:"refusal,omitempty" doc:"Why it is not available"`
	Explanation     string            `json:"explanation,omitempty" doc:"The refusal in plain words, with what to do"`
	Contracts       []ContractHeader  `json:"contracts" doc:"Newest first"`
	Waiting         *PreviewRef       `json:"waiting" doc:"The retrieval that can be created now; null if there is none"`
}

// FromContractHeader shows a read.ContractHeader.
func FromContractHeader(model read.ContractHeader) ContractHeader {
	return ContractHeader{
		ID: model.ID, PersonID: model.PersonID, Origin: model.Origin, Reference: model.Reference,
		PlanFirstStartDate: model.PlanFirstStartDate, PlanStartDate: model.PlanStartDate, PlanEndDate: model.PlanEndDate,
		StartDate: model.StartDate, EndDate: model.EndDate, SupersededBy: model.SupersededBy,
		TotalFunding: (*Money)(model.TotalFunding), AllocationTotal: (*Money)(model.AllocationTotal),
		FundingIncomplete: model.FundingIncomplete, AllocationIncomplete: model.AllocationIncomplete, RetrievedOn: model.RetrievedOn,
		AsOf: model.AsOf, Current: model.Current,
	}
}

// FromContract shows a read.Contract.
func FromContract(model read.Contract) ContractView {
	return ContractView{
		ContractHeader: FromContractHeader(model.ContractHeader), Person: FromPersonRef(model.Person),
		Budgets: Each(model.Budgets, FromPlanBudget), Review: Each(model.Review, FromReview),
		FundingDay: OrNil(model.FundingDay, FromFundingDay),
	}
}

// FromFundingDay shows a read.FundingDay.
func FromFundingDay(model read.FundingDay) FundingDayView {
	return FundingDayView(model)
}

// FromPlanBudget shows a read.PlanBudget.
func FromPlanBudget(model read.PlanBudget) PlanBudgetView {
	return PlanBudgetView{
		ID: model.ID, BudgetType: model.BudgetType, Management: model.Management, SupportType: model.SupportType,
		Category: model.Category, CategoryNumber: model.CategoryNumber, FundingComponent: model.FundingComponent,
		Approved: (*Money)(model.Approved), Released: (*Money)(model.Released), Spent: (*Money)(model.Spent),
		Remaining: (*Money)(model.Remaining), StartDate: model.StartDate, EndDate: model.EndDate, InstalmentType: model.InstalmentType,
		ExcludedFromTotals: model.ExcludedFromTotals, NoLongerInPACE: model.NoLongerInPACE, RemovedAt: model.RemovedAt,
		OwnClaimed: (*Money)(model.OwnClaimed), Adjustment: (*Money)(model.Adjustment),
		FundingPeriods: Each(model.FundingPeriods, FromFundingPeriod), StatedItems: Each(model.StatedItems, FromStatedItem),
		DeliveredServices: Each(model.DeliveredServices, FromDeliveredService),
	}
}

// FromFundingPeriod shows a read.FundingPeriod.
func FromFundingPeriod(model read.FundingPeriod) FundingPeriodView {
	return FundingPeriodView{
		FundingPeriodID: model.FundingPeriodID, StartDate: model.StartDate, EndDate: model.EndDate, Amount: (*Money)(model.Amount),
		Released: model.Released,
	}
}

// FromStatedItem shows a read.StatedItem.
func FromStatedItem(model read.StatedItem) StatedItemView {
	return StatedItemView{
		SupportItemNumber: model.SupportItemNumber, SupportItemText: model.SupportItemText, Approved: (*Money)(model.Approved),
	}
}

// FromDeliveredService shows a read.DeliveredService.
func FromDeliveredService(model read.DeliveredService) DeliveredServiceView {
	return DeliveredServiceView{
		ID: model.ID, Kind: model.Kind, Reference: model.Reference, DeliveredOn: model.DeliveredOn, Amount: (*Money)(model.Amount),
		SupportItemNumber: model.SupportItemNumber, SupportItemDescription: model.SupportItemDescription,
		ServiceProviderName: model.ServiceProviderName, Note: model.Note, ClaimStatus: model.ClaimStatus, Claimable: model.Claimable,
		RemovedAt: model.RemovedAt,
	}
}

// FromReview shows a read.Review.
func FromReview(model read.Review) ReviewView {
	return ReviewView{
		Person: FromPersonRef(model.Person), ReviewItem: model.ReviewItem, Words: model.Words, RunID: model.RunID, HeldAt: model.HeldAt,
	}
}

// FromContractChange shows a read.ContractChange.
func FromContractChange(model read.ContractChange) ContractChange {
	return ContractChange{
		ChangeCause: FromChangeCause(model.ChangeCause), Kind: model.Kind, RecordID: model.RecordID, Subject: model.Subject,
		Action: model.Action, Field: model.Field, FieldLabel: model.FieldLabel, Old: model.Old, New: model.New,
	}
}

// FromPreviewRef shows a read.PreviewRef.
func FromPreviewRef(model read.PreviewRef) PreviewRef {
	return PreviewRef(model)
}

// FromParticipant shows a read.Participant.
func FromParticipant(model read.Participant) ParticipantView {
	return ParticipantView{
		PersonID: model.PersonID, GivenName: model.GivenName, FamilyName: model.FamilyName, NDISNumber: model.NDISNumber,
		PACEFlags: model.PACEFlags, Standing: model.Standing, StopExplanation: model.StopExplanation, Available: model.Available,
		Refusal: model.Refusal, Explanation: model.Explanation, Contracts: Each(model.Contracts, FromContractHeader),
		Waiting: OrNil(model.Waiting, FromPreviewRef),
	}
}
