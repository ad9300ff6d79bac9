package care

import (
	"encoding/json"

	"github.com/shopspring/decimal"
)

// The details of an issue are what its sentence needs beside the code, and what programs may want to know: one type for each code that has
// any, stored as JSON with the issue. package words reads them back with DetailsOf.

// CountDetails are those of IssueRemovalHeld, IssueContributionsCleared and IssueHeldForReview: how many records or changes it is about.
type CountDetails struct {
	Number int `json:"number"`
}

// PlansDetails are those of ReasonPlanAmbiguous and of other refusals of a plan: the plans that the NDIA lists.
type PlansDetails struct {
	Plans []ParticipantPlan `json:"plans"`
}

// TreeDatesDetails are those of IssueTreeDatesDiffer and IssueTreeStartsLater.
type TreeDatesDetails struct {
	Tree DateRange `json:"tree"`
	Plan DateRange `json:"plan"`
}

// EndMovedDetails are those of IssuePlanEndedEarly and IssueContractShortened.
type EndMovedDetails struct {
	Old Date `json:"old_end_date"`
	New Date `json:"new_end_date"`
}

// AmountDetails are those of IssueNegativeAdjustment.
type AmountDetails struct {
	Amount decimal.Decimal `json:"amount"`
}

// SumLevel is a level of a budget tree.
type SumLevel string

// The levels of a budget tree.
const (
	LevelPlan        SumLevel = "plan"
	LevelSupportType SumLevel = "support_type"
	LevelCategory    SumLevel = "category"
)

// SumDetails are those of IssueAmountsDoNotAddUp: one amount of a level that is not what others say.
type SumDetails struct {
	Level SumLevel `json:"level"`
	// Group is what a support type is called; empty for the plan, and for a category, which is the issue's record.
	Group *BudgetGroupName `json:"group,omitempty"`
	// Field is the amount's.
	Field    string          `json:"field"`
	Reported decimal.Decimal `json:"reported"`
	// Below is the level whose sum Expected is; empty where it is what was released less what was spent.
	Below    SumLevel        `json:"below,omitempty"`
	Expected decimal.Decimal `json:"expected"`
}

// BudgetGroupName is what tells a support type from others; SupportType is empty for a historical tree.
type BudgetGroupName struct {
	SupportType string     `json:"support_type"`
	BudgetType  BudgetType `json:"budget_type"`
	Management  Management `json:"management"`
}

// RowsDetails are those of IssueRowsDisagree: the fields in which two rows differ.
type RowsDetails struct {
	Differences []FieldDifference `json:"differences"`
}

// FieldDifference is a field with the value that was kept and the one that was not.
type FieldDifference struct {
	Field string  `json:"field"`
	Kept  *string `json:"kept"`
	Left  *string `json:"left"`
}

// InvoiceLineDetails are those of IssueInvoiceLineContradicts: the invoice line that the usage line names, and what contradicts it.
type InvoiceLineDetails struct {
	UpstreamInvoiceID string          `json:"upstream_invoice_id"`
	UpstreamItemID    string          `json:"upstream_item_id"`
	Contradictions    []Contradiction `json:"contradictions"`
}

// Contradiction is a field in which a usage line and an invoice line differ. Both are empty for the person.
type Contradiction struct {
	Field    string `json:"field"`
	Reported string `json:"reported,omitempty"`
	Ours     string `json:"ours,omitempty"`
}

// BudgetCase says what becomes of a budget that concerns two people (R32).
type BudgetCase string

// What becomes of such a budget.
const (
	// BudgetStays: both list it, and it stays with this person.
	BudgetStays BudgetCase = "stays"
	// BudgetMovesLater: the other person holds it, and it moves here once they no longer list it.
	BudgetMovesLater BudgetCase = "moves_later"
	// BudgetUnconfirmed: the other person held it, and it does not move before a summary has confirmed who this person is.
	BudgetUnconfirmed BudgetCase = "unconfirmed"
	// BudgetGone: the other person alone lists it, and it was removed here.
	BudgetGone BudgetCase = "gone"
)

// OtherPersonDetails are those of IssueBudgetListedTwice and IssueBudgetMoved.
type OtherPersonDetails struct {
	PersonID   ID         `json:"person_id"`
	GivenName  string     `json:"given_name"`
	FamilyName string     `json:"family_name"`
	Case       BudgetCase `json:"case"`
}

// ValueProblem says what is odd about a value.
type ValueProblem string

// What can be odd about a value, or about a record or a list that was left out.
const (
	ProblemNotText         ValueProblem = "not_text"
	ProblemTooLong         ValueProblem = "too_long"
	ProblemUnstorable      ValueProblem = "unstorable_characters"
	ProblemNotDate         ValueProblem = "not_date"
	ProblemNotAmount       ValueProblem = "not_amount"
	ProblemNotPercentage   ValueProblem = "not_percentage"
	ProblemNotFlag         ValueProblem = "not_flag"
	ProblemNotRecord       ValueProblem = "not_record"
	ProblemIdentity        ValueProblem = "identity_unusable"
	ProblemIdentityMissing ValueProblem = "identity_missing"
)

// ValueDetails are those of IssueOddValue, IssueRounded, IssueRecordLeftOut and IssueListMissing. Field is the one that people are told of;
// record and value stand beside it (R10).
type ValueDetails struct {
	Field   string       `json:"field,omitempty"`
	Problem ValueProblem `json:"problem,omitempty"`
}

// With returns the issue with its details.
func (i Issue) With(details any) Issue {
	encoded, err := json.Marshal(details)
	if err != nil { // details are plain structs: they can always be encoded
		return i
	}
	i.Details = encoded
	return i
}

// DetailsOf reads the details of an issue; what they do not have is the zero value.
func DetailsOf[T any](issue Issue) (details T) {
	if len(issue.Details) > 0 && json.Unmarshal(issue.Details, &details) != nil {
		var none T
		return none
	}
	return details
}
