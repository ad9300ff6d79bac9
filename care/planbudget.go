package care

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// BudgetType says how freely a plan budget may be spent. Words the NDIA uses beside these are kept as they came.
type BudgetType string

// The budget types.
const (
	BudgetFlexible    BudgetType = "flexible"
	BudgetStated      BudgetType = "stated"
	BudgetTypeUnknown BudgetType = "unknown"
)

// Management says who pays the invoices of a plan budget. Words the NDIA uses beside these are kept as they came.
type Management string

// The kinds of fund management.
const (
	PlanManaged       Management = "plan-managed"
	SelfManaged       Management = "self-managed"
	AgencyManaged     Management = "agency-managed"
	ManagementUnknown Management = "unknown"
)

// Amounts are what the NDIA reports of a level of its budget tree, as reported and absent where it reported nothing (R3, R4):
// approved for the whole plan, released so far, spent and remaining.
type Amounts struct {
	Approved  decimal.NullDecimal `json:"approved"`
	Released  decimal.NullDecimal `json:"released"`
	Spent     decimal.NullDecimal `json:"spent"`
	Remaining decimal.NullDecimal `json:"remaining"`
}

// ReportedBudget is one support category of the NDIA's budget tree. One category may stand in a tree several times.
type ReportedBudget struct {
	BudgetType  BudgetType `json:"budget_type"`
	Management  Management `json:"management"`
	SupportType string     `json:"support_type"`
	// Category is the name as it came; CategoryNumber is 1 to 21, or 0 for a name that is not known.
	Category         string `json:"category"`
	CategoryNumber   int    `json:"category_number"`
	FundingComponent string `json:"funding_component"`
	Amounts
	StartDate      Date   `json:"start_date"`
	EndDate        Date   `json:"end_date"`
	InstalmentType string `json:"instalment_type"`
	// StatedItems and FundingPeriods are in the order of the answer.
	StatedItems    []StatedItem    `json:"stated_items"`
	FundingPeriods []FundingPeriod `json:"funding_periods"`
}

// StatedItem is a support item for which a stated budget is meant.
type StatedItem struct {
	SupportItemNumber string              `json:"support_item_number"`
	SupportItemText   string              `json:"support_item_text"`
	Approved          decimal.NullDecimal `json:"approved"`
}

// FundingPeriod is a part of a budget's time in which a part of its money is released. A budget without periods, or with one, is
// released up front.
type FundingPeriod struct {
	FundingPeriodID string              `json:"funding_period_id"`
	StartDate       Date                `json:"start_date"`
	EndDate         Date                `json:"end_date"`
	Amount          decimal.NullDecimal `json:"amount"`
	// Released is nil where the NDIA does not say (R3).
	Released *bool `json:"released"`
}

// Dates are the budget's first and last day.
func (b *ReportedBudget) Dates() DateRange {
	return DateRange{StartDate: b.StartDate, EndDate: b.EndDate}
}

// ReadBudgetType reads a budget type as the NDIA wrote it. Where it wrote none, the name of the funding component may say it
// ("Core Flexible (Plan-managed)"); else it is unknown.
func ReadBudgetType(reported, fundingComponent string) BudgetType {
	return readWord(reported, fundingComponent, BudgetTypeUnknown, map[string]BudgetType{
		"flexible": BudgetFlexible, "stated": BudgetStated, "unknown": BudgetTypeUnknown,
	})
}

// ReadManagement reads a kind of fund management as the NDIA wrote it. Where it wrote none, the name of the funding component
// may say it; else it is unknown.
func ReadManagement(reported, fundingComponent string) Management {
	return readWord(reported, fundingComponent, ManagementUnknown, map[string]Management{
		"planmanaged": PlanManaged, "selfmanaged": SelfManaged, "agencymanaged": AgencyManaged, "ndiamanaged": AgencyManaged,
		"unknown": ManagementUnknown,
	})
}

// readWord finds a known word in what was reported, or inside the component's name where nothing was.
func readWord[T ~string](reported, fundingComponent string, unknown T, words map[string]T) T {
	folded := foldName(reported)
	if folded == "" {
		return wordWithin(foldName(fundingComponent), unknown, words)
	}
	if word, known := words[folded]; known {
		return word
	}
	return T(strings.TrimSpace(reported))
}

// wordWithin finds the one known word that a text contains; a text with several says nothing.
func wordWithin[T ~string](folded string, unknown T, words map[string]T) T {
	found := unknown
	for word, meaning := range words {
		switch {
		case !strings.Contains(folded, word) || found == meaning:
		case found != unknown:
			return unknown
		default:
			found = meaning
		}
	}
	return found
}

// PlanBudget is a plan budget as we keep it: what the NDIA reported of it, under a service contract (R25). Row.Removed means "no
// longer in PACE": such a budget is kept but counts in no total.
type PlanBudget struct {
	Row
	ContractID ID `json:"contract_id"`
	// Identity, with the ordinal, makes the budget one of a kind in its contract (R25). It never changes.
	Identity string `json:"identity"`
	ReportedBudget
	// ExcludedFromTotals is set for money that is not paid by the plan manager (R29).
	ExcludedFromTotals bool `json:"excluded_from_totals"`
}

// newPlanBudget puts what was reported under an ordinal among equals.
func newPlanBudget(reported ReportedBudget, ordinal int) PlanBudget {
	reported.CategoryNumber = CategoryNumber(reported.Category)
	return PlanBudget{
		Row: Row{Ordinal: ordinal}, Identity: reported.identity(), ReportedBudget: reported, ExcludedFromTotals: reported.Management != PlanManaged,
	}
}

// Name is how people tell one budget of a plan from the others.
func (b *ReportedBudget) Name() string {
	return fmt.Sprintf("%s (%s, %s)", b.Category, b.BudgetType, b.Management)
}

// Label is what people know the budget by, as the record of an issue.
func (b *ReportedBudget) Label() Label { return Label{Kind: KindPlanBudget, Name: b.Name()} }

// hasMoney reports whether any amount of the budget is other than zero.
func (b *ReportedBudget) hasMoney() bool {
	return slices.ContainsFunc([]decimal.NullDecimal{b.Approved, b.Released, b.Spent, b.Remaining}, func(amount decimal.NullDecimal) bool {
		return amount.Valid && !amount.Decimal.IsZero()
	})
}

// identity is what makes two reports the same budget of a contract, beside the ordinal among equals (R25). Names are compared
// without case, spaces and punctuation, and a category by its number where it has one, so that a renamed one stays the same.
func (b *ReportedBudget) identity() string {
	return b.identityWithoutComponent() + "|" + foldName(b.FundingComponent)
}

func (b *ReportedBudget) identityWithoutComponent() string {
	category := foldName(b.Category)
	if number := CategoryNumber(b.Category); number != 0 {
		category = fmt.Sprintf("%02d", number)
	}
	return strings.Join([]string{foldName(string(b.BudgetType)), foldName(string(b.Management)), foldName(b.SupportType), category}, "|")
}

func (b *ReportedBudget) values() []Value {
	return []Value{
		{"budget_type", text(string(b.BudgetType))}, {"management", text(string(b.Management))}, {"support_type", text(b.SupportType)},
		{"category", text(b.Category)}, {"funding_component", text(b.FundingComponent)},
		{"approved", moneyText(b.Approved)}, {"released", moneyText(b.Released)}, {"spent", moneyText(b.Spent)}, {"remaining", moneyText(b.Remaining)},
		{"start_date", dateText(b.StartDate)}, {"end_date", dateText(b.EndDate)}, {"instalment_type", text(b.InstalmentType)},
		{"stated_items", listText(b.StatedItems)}, {"funding_periods", listText(b.FundingPeriods)},
	}
}

// listText is how a list inside a record is compared and how a change of it is recorded: as JSON, nil if it is empty.
func listText[T any](members []T) *string {
	if len(members) == 0 {
		return nil
	}
	encoded, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	return text(string(encoded))
}
