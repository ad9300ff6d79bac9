package care

import (
	"encoding/json"
	"slices"
)

// Severity ranks what a run has to say.
type Severity string

// The severities of an issue.
const (
	SeverityWarning Severity = "warning"
	SeverityError   Severity = "error"
)

// IssueCode names what an issue is about, for programs and for counting.
type IssueCode string

// The warnings that a Care Recipient Sync can give.
const (
	IssueGivenNameDiffers       IssueCode = "given_name_differs"
	IssueNoClassification       IssueCode = "no_classification"
	IssueAnotherProvider        IssueCode = "with_another_provider"
	IssueRowsDisagree           IssueCode = "rows_disagree"
	IssueLostZeros              IssueCode = "leading_zeros_lost"
	IssueRemovalHeld            IssueCode = "removal_held"
	IssueGoneWhileCurrent       IssueCode = "gone_while_current"
	IssueContributionsCleared   IssueCode = "contributions_cleared"
	IssueBudgetDoesNotAddUp     IssueCode = "budget_does_not_add_up"
	IssueUsageDiffers           IssueCode = "usage_differs"
	IssueRounded                IssueCode = "rounded_to_cents"
	IssueOddValue               IssueCode = "odd_value"
	IssueNotInCare              IssueCode = "not_in_care"
	IssueEntryNotRegistered     IssueCode = "no_budgets_visible"
	IssueBudgetDetailsNotFound  IssueCode = "budget_details_not_found"
	IssueBudgetListedTwice      IssueCode = "budget_listed_twice"
	IssueBudgetMoved            IssueCode = "budget_moved"
	IssueInvoiceLineContradicts IssueCode = "invoice_line_contradicts"
	IssueListMissing            IssueCode = "list_missing"
	IssueRecordLeftOut          IssueCode = "record_left_out"
	IssueClosedBudgetMoved      IssueCode = "closed_budget_moved"
	IssueRequestsDropped        IssueCode = "requests_dropped"
)

// The further warnings that a PACE Contract Sync can give.
const (
	IssueAmountsDoNotAddUp  IssueCode = "amounts_do_not_add_up"
	IssueTreeDatesDiffer    IssueCode = "tree_dates_differ"
	IssueTreeUndated        IssueCode = "tree_undated"
	IssueTreeStartsLater    IssueCode = "tree_starts_later"
	IssueEarlierPlanUnread  IssueCode = "earlier_plan_unread"
	IssuePlanEndedEarly     IssueCode = "plan_ended_early"
	IssueContractShortened  IssueCode = "contract_shortened"
	IssueOverlap            IssueCode = "contracts_overlap"
	IssueNoLongerInPACE     IssueCode = "no_longer_in_pace"
	IssueNegativeAdjustment IssueCode = "negative_adjustment"
	IssueHeldForReview      IssueCode = "held_for_review"
)

// Issue is something a run has to say to people: a warning, or why an area was refused or failed. Package words makes its sentence from code,
// details and record. Issues live in the run's rows in PostgreSQL only; Words and Details may hold what the government said and person data, and must not leave it through
// logs, errors or workflow history (R10).
type Issue struct {
	Severity Severity  `json:"severity"`
	Area     Area      `json:"area"`
	Code     IssueCode `json:"code"`
	// Words are the government's own, verbatim; empty where there are none.
	Words    string `json:"words"`
	Kind     Kind   `json:"kind"`
	RecordID ID     `json:"record_id,omitempty"`
	// About is the record, the field and the value that people are told of; nil where the issue is about the area as a whole.
	About *About `json:"about,omitempty"`
	// Details are those of the code, see CountDetails and the types beside it; empty where the code says it all.
	Details json.RawMessage `json:"details,omitempty"`
}

// About says what an issue is about: a record as people know it and, where a value is what is odd, its field and what came.
//
// It is stored as JSON, in sync_issue.about.
type About struct {
	Record Label `json:"record"`
	// Field is its name on the wire, or ours.
	Field string `json:"field,omitempty"`
	// Reported is the beginning of what came, as it came but for what cannot be stored.
	Reported string `json:"reported,omitempty"`
}

// On returns the issue about a record that we hold.
func (i Issue) On(record Label, id ID) Issue {
	i.Kind, i.RecordID, i.About = record.Kind, id, &About{Record: record}
	return i
}

// Warning makes a warning of an area.
func Warning(area Area, code IssueCode) Issue {
	return Issue{Severity: SeverityWarning, Area: area, Code: code}
}

// RefusalIssue makes the issue that says why an area was refused or failed, with the government's words.
func RefusalIssue(area Area, reason Reason, words string) Issue {
	return Issue{Severity: SeverityError, Area: area, Code: IssueCode(reason), Words: words}
}

// Read is an upstream service's answer, read to its end: the records, and what was odd about them without being wrong.
type Read[T any] struct {
	Records []T
	Issues  []Issue
	// Incomplete is set where a record was left out, since nothing identifies it, or where rows may have moved between pages unseen: what
	// the list lacks proves nothing then (R5, R6).
	Incomplete bool
	// Paged is set where the list took several pages. What a provider's list lacks then has to be confirmed (R5).
	Paged bool
	// Times are those of a provider's list; zero for one person's.
	Times ListTimes
}

// Summary is one row of what the government says of a care recipient: an entry into a provider's care, with what the person is approved
// for. A person can have several rows (R11).
type Summary struct {
	Reported
	Entry
	Classifications  []Classification
	ApprovedServices []ApprovedService
	Supplements      []Supplement
	Unread           Unread
}

// Canonical is a text that is equal for rows that say the same.
func (s Summary) Canonical() string {
	encoded, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(encoded)
}

// Unread are the kinds of record whose list was not read completely: of these nothing is removed (R5).
type Unread []Kind

func (u Unread) has(kind Kind) bool { return slices.Contains(u, kind) }
