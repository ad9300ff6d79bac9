package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// PlanView is a person's Support at Home plan with everything under it. Removed records are among them, with the time of their
// removal (R5).
type PlanView struct {
	Person           PersonView            `json:"person"`
	TimeZone         string                `json:"time_zone"`
	Today            care.Date             `json:"today" doc:"Today's date in the organisation's time zone, which decides whether a plan is active and a budget is open"`
	Areas            []AreaStatus          `json:"areas" doc:"When each part was read"`
	Classifications  []ClassificationView  `json:"classifications"`
	ApprovedServices []ApprovedServiceView `json:"approved_services"`
	Supplements      []SupplementView      `json:"supplements"`
	Contributions    []ContributionView    `json:"contributions" doc:"The contributions as last read; deleted and recreated on every sync"`
	History          []ContributionSetView `json:"contribution_history" doc:"Newest first"`
	Budgets          []BudgetView          `json:"budgets"`
	Holds            []HoldView            `json:"holds" doc:"Removals that need approval"`
}

// AreaStatus is how fresh an area of a plan is (R6).
type AreaStatus struct {
	Area care.Area `json:"area" enum:"summary,contributions,budgets,usage"`
	// AsOf is when the read began whose data stands. For usage it is the oldest among the open budgets.
	AsOf        *time.Time       `json:"as_of" doc:"When this data was read; null if it never was"`
	LastOutcome care.AreaOutcome `json:"last_outcome,omitempty" doc:"How the latest sync's attempt ended"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty"`
	LastRunID   *care.ID         `json:"last_run_id"`
	LastTriedAt *time.Time       `json:"last_tried_at"`
	Stale       bool             `json:"stale" doc:"The latest sync could not bring this area up to date"`
}

// ClassificationView is a funding level that the person holds for a time.
type ClassificationView struct {
	ID            care.ID    `json:"id"`
	Code          string     `json:"code"`
	Name          string     `json:"name"`
	FundingSource string     `json:"funding_source"`
	StartDate     care.Date  `json:"start_date"`
	EndDate       care.Date  `json:"end_date"`
	RemovedAt     *time.Time `json:"removed_at"`
}

// ApprovedServiceView is a service that the person is approved to receive.
type ApprovedServiceView struct {
	ID          care.ID    `json:"id"`
	GroupCode   string     `json:"group_code"`
	TypeCode    string     `json:"type_code"`
	ServiceCode string     `json:"service_code"`
	Name        string     `json:"name"`
	StartDate   care.Date  `json:"start_date"`
	EndDate     care.Date  `json:"end_date"`
	RemovedAt   *time.Time `json:"removed_at"`
}

// SupplementView is an amount added to a person's funding.
type SupplementView struct {
	ID        care.ID    `json:"id"`
	Code      string     `json:"code"`
	Name      string     `json:"name"`
	StartDate care.Date  `json:"start_date"`
	EndDate   care.Date  `json:"end_date"`
	RemovedAt *time.Time `json:"removed_at"`
}

// ContributionView is the percentage that the person pays for a category of services. It has no id (R16).
type ContributionView struct {
	Category   string      `json:"category"`
	Percentage *Percentage `json:"percentage" doc:"Null: not provided, which is not 0 %"`
	StartDate  care.Date   `json:"start_date"`
	EndDate    care.Date   `json:"end_date"`
	Status     string      `json:"status"`
}

// ContributionSetView is what was in force from one read until a read with other content (R16).
type ContributionSetView struct {
	ReadAt        time.Time          `json:"read_at"`
	ReplacedAt    *time.Time         `json:"replaced_at" doc:"Null: the current set"`
	Contributions []ContributionView `json:"contributions"`
}

// BudgetView is an allocation of money for a period. Used, write-off and rollover are positive where money was consumed (R4); null
// amounts were not provided (R3).
type BudgetView struct {
	ID                care.ID           `json:"id"`
	UpstreamBudgetID  string            `json:"upstream_budget_id"`
	ServiceProviderID string            `json:"service_provider_id"`
	TypeCode          string            `json:"type_code"`
	TypeName          string            `json:"type_name"`
	EntryDate         care.Date         `json:"entry_date"`
	StartDate         care.Date         `json:"start_date"`
	EndDate           care.Date         `json:"end_date"`
	Status            string            `json:"status" doc:"As reported by the government; it does not affect whether usage is read"`
	Open              bool              `json:"open" doc:"Usage is read: no end date, or ended at most 90 days ago"`
	Total             *Money            `json:"total"`
	Used              *Money            `json:"used"`
	WriteOff          *Money            `json:"write_off"`
	Rollover          *Money            `json:"rollover"`
	Available         *Money            `json:"available"`
	UsageAmount       *Money            `json:"usage_amount" doc:"The sum of the usage lines; null if usage was never read"`
	UsageIncomplete   bool              `json:"usage_incomplete" doc:"A usage line has no amount, so that usage_amount is incomplete"`
	UsageAsOf         *time.Time        `json:"usage_as_of"`
	UsageStaleReason  *care.Reason      `json:"usage_stale_reason" doc:"Why the details of this budget were refused; null if they were not. The figures shown are as of usage_as_of"`
	UsageStaleSince   *time.Time        `json:"usage_stale_since" doc:"When they were first refused"`
	Entitlements      []EntitlementView `json:"entitlements" doc:"What the budget consists of"`
	Usage             []UsageView       `json:"usage" doc:"What drew on the budget"`
	Billing           *BillingView      `json:"billing" doc:"Our own invoice lines that drew on the budget; null if there are none"`
	RemovedAt         *time.Time        `json:"removed_at"`
}

// EntitlementView is a part of what a budget is made of.
type EntitlementView struct {
	ID        care.ID    `json:"id"`
	Code      string     `json:"code"`
	Amount    *Money     `json:"amount"`
	RemovedAt *time.Time `json:"removed_at"`
}

// BillingView is what we billed beside what it drew. The difference may be the person's contribution.
type BillingView struct {
	Billed     Money `json:"billed" doc:"What we billed for the lines"`
	Drawn      Money `json:"drawn" doc:"What the lines drew, from this budget and others"`
	Difference Money `json:"difference" doc:"Billed less drawn. It may be the person's contribution, and is not an error"`
}

// UsageView is an amount that an invoice line drew from a budget (R17).
type UsageView struct {
	ID                  care.ID    `json:"id"`
	InvoiceLineID       *care.ID   `json:"invoice_line_id" doc:"Our own invoice line; null for another provider's, one that has not been imported yet, or one that contradicts ours"`
	UpstreamInvoiceID   string     `json:"upstream_invoice_id"`
	UpstreamItemID      string     `json:"upstream_item_id"`
	ExternalReferenceID string     `json:"external_reference_id" doc:"Our own reference, if the claim had one"`
	ServiceProviderID   string     `json:"service_provider_id"`
	ServiceCode         string     `json:"service_code"`
	DeliveryDate        care.Date  `json:"delivery_date"`
	Amount              *Money     `json:"amount"`
	Billed              *Money     `json:"billed" doc:"What we billed for our invoice line; null if none is linked"`
	Drawn               *Money     `json:"drawn" doc:"What our invoice line drew from all budgets; null if none is linked"`
	RemovedAt           *time.Time `json:"removed_at"`
}

// FromPlan shows a read.Plan.
func FromPlan(model read.Plan) PlanView {
	return PlanView{
		Person: FromPerson(model.Person), TimeZone: model.TimeZone, Today: model.Today, Areas: Each(model.Areas, FromAreaStatus),
		Classifications:  Each(model.Classifications, FromClassification),
		ApprovedServices: Each(model.ApprovedServices, FromApprovedService), Supplements: Each(model.Supplements, FromSupplement),
		Contributions: Each(model.Contributions, FromContribution), History: Each(model.History, FromContributionSet),
		Budgets: Each(model.Budgets, FromBudget), Holds: Each(model.Holds, FromHold),
	}
}

// FromAreaStatus shows a read.AreaStatus.
func FromAreaStatus(model read.AreaStatus) AreaStatus {
	return AreaStatus(model)
}

// FromClassification shows a read.Classification.
func FromClassification(model read.Classification) ClassificationView {
	return ClassificationView(model)
}

// FromApprovedService shows a read.ApprovedService.
func FromApprovedService(model read.ApprovedService) ApprovedServiceView {
	return ApprovedServiceView(model)
}

// FromSupplement shows a read.Supplement.
func FromSupplement(model read.Supplement) SupplementView {
	return SupplementView(model)
}

// FromContribution shows a read.Contribution.
func FromContribution(model read.Contribution) ContributionView {
	return ContributionView{
		Category: model.Category, Percentage: (*Percentage)(model.Percentage), StartDate: model.StartDate, EndDate: model.EndDate,
		Status: model.Status,
	}
}

// FromContributionSet shows a read.ContributionSet.
func FromContributionSet(model read.ContributionSet) ContributionSetView {
	return ContributionSetView{
		ReadAt: model.ReadAt, ReplacedAt: model.ReplacedAt, Contributions: Each(model.Contributions, FromContribution),
	}
}

// FromBudget shows a read.Budget.
func FromBudget(model read.Budget) BudgetView {
	return BudgetView{
		ID: model.ID, UpstreamBudgetID: model.UpstreamBudgetID, ServiceProviderID: model.ServiceProviderID, TypeCode: model.TypeCode,
		TypeName: model.TypeName, EntryDate: model.EntryDate, StartDate: model.StartDate, EndDate: model.EndDate, Status: model.Status,
		Open: model.Open, Total: (*Money)(model.Total), Used: (*Money)(model.Used), WriteOff: (*Money)(model.WriteOff),
		Rollover: (*Money)(model.Rollover), Available: (*Money)(model.Available), UsageAmount: (*Money)(model.UsageAmount),
		UsageIncomplete: model.UsageIncomplete, UsageAsOf: model.UsageAsOf, UsageStaleReason: model.UsageStaleReason,
		UsageStaleSince: model.UsageStaleSince, Entitlements: Each(model.Entitlements, FromEntitlement),
		Usage: Each(model.Usage, FromUsageLine), Billing: OrNil(model.Billing, FromBilling), RemovedAt: model.RemovedAt,
	}
}

// FromEntitlement shows a read.Entitlement.
func FromEntitlement(model read.Entitlement) EntitlementView {
	return EntitlementView{
		ID: model.ID, Code: model.Code, Amount: (*Money)(model.Amount), RemovedAt: model.RemovedAt,
	}
}

// FromBilling shows a read.Billing.
func FromBilling(model read.Billing) BillingView {
	return BillingView{
		Billed: Money(model.Billed), Drawn: Money(model.Drawn), Difference: Money(model.Difference),
	}
}

// FromUsageLine shows a read.UsageLine.
func FromUsageLine(model read.UsageLine) UsageView {
	return UsageView{
		ID: model.ID, InvoiceLineID: model.InvoiceLineID, UpstreamInvoiceID: model.UpstreamInvoiceID,
		UpstreamItemID: model.UpstreamItemID, ExternalReferenceID: model.ExternalReferenceID,
		ServiceProviderID: model.ServiceProviderID, ServiceCode: model.ServiceCode, DeliveryDate: model.DeliveryDate,
		Amount: (*Money)(model.Amount), Billed: (*Money)(model.Billed), Drawn: (*Money)(model.Drawn), RemovedAt: model.RemovedAt,
	}
}
