package words_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
	"unicode"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

// constantsOf lists the values of care's text constants of a type.
func constantsOf(t *testing.T, typeName string) (values []string) {
	t.Helper()
	files, err := filepath.Glob("../care/*.go")
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
				return true
			}
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				require.NoError(t, err)
				values = append(values, text)
			}
			return true
		})
	}
	require.NotEmpty(t, values, typeName)
	return values
}

var ruleNumber = regexp.MustCompile(`\bR[0-9]+\b`)

// requireWords requires what holds for everything that people read.
func requireWords(t *testing.T, said, code string) {
	t.Helper()
	require.NotEmpty(t, said, code)
	require.NotContains(t, said, "%!", code)
	require.NotContains(t, said, "  ", code)
	require.False(t, ruleNumber.MatchString(said), "%s names a rule: %s", code, said)
	for _, letter := range said {
		require.False(t, unicode.IsControl(letter), "%s has a control character", code)
	}
}

func requireSentence(t *testing.T, said, code string) {
	t.Helper()
	requireWords(t, said, code)
	require.Regexp(t, `^[A-Z0-9].*\.$`, said, code)
}

func TestEveryReasonHasASentence(t *testing.T) {
	for _, reason := range constantsOf(t, "Reason") {
		if reason == "" {
			continue
		}
		for _, service := range []care.Service{care.ServicesAustralia, care.NDIA} {
			requireSentence(t, words.Reason(care.Reason(reason), service), reason)
		}
	}
	require.Empty(t, words.Reason("", care.NDIA))
}

func TestTheNDIAsReasonsNameTheNDIA(t *testing.T) {
	require.NotContains(t, words.Reason(care.ReasonServiceUnavailable, care.NDIA), "Services Australia")
	notFound := words.Reason(care.ReasonNotFound, care.NDIA)
	for _, cause := range []string{"NDIS number", "surname", "date of birth", "endorsed", "Plan Manager"} {
		require.Contains(t, notFound, cause, "both causes are named")
	}
	refusal := care.RefusalIssue(care.AreaContract, care.ReasonNotAuthorised, "Requestor does not have the authority to perform the request")
	require.Contains(t, words.Issue(refusal), "participant or nominee")
	require.Contains(t, words.Issue(care.RefusalIssue(care.AreaSummary, care.ReasonNotAuthorised, "")), "Services Australia")
}

func TestEveryWarningHasASentence(t *testing.T) {
	for _, code := range constantsOf(t, "IssueCode") {
		issue := care.Warning(care.AreaBudgets, care.IssueCode(code))
		said := words.Issue(issue) // details that are missing leave gaps, and break nothing
		require.Regexp(t, `\.$`, said, code)
		require.NotContains(t, said, "%!", code)
		require.False(t, ruleNumber.MatchString(said), code)
	}
}

func TestWarningsWithDetails(t *testing.T) {
	april, june := care.NewDate(2026, time.April, 1), care.NewDate(2026, time.June, 30)
	eve := care.OtherPersonDetails{PersonID: "1", GivenName: "Eve", FamilyName: "Wren"}
	as := func(becomes care.BudgetCase) care.OtherPersonDetails {
		eve.Case = becomes
		return eve
	}
	of := func(kind care.Kind, issue care.Issue) care.Issue {
		issue.Kind = kind
		return issue
	}
	kept, left := "HM_LOW", "2026-06-30"
	for said, issue := range map[string]care.Issue{
		"2 classifications are missing from the response; we kept them. If the removal is right, accept it on this run.":                     of(care.KindClassification, care.Warning(care.AreaSummary, care.IssueRemovalHeld).With(care.CountDetails{Number: 2})),
		"1 budget is missing from the response; we kept it. If the removal is right, accept it on this run.":                                 of(care.KindBudget, care.Warning(care.AreaBudgets, care.IssueRemovalHeld).With(care.CountDetails{Number: 1})),
		"3 budgets of this contract are missing from the response; we kept them. To remove them, retrieve the plan and accept the removals.": care.Warning(care.AreaContract, care.IssueRemovalHeld).With(care.CountDetails{Number: 3}),
		"No contributions were reported, so the existing 4 contributions were removed.":                                                      care.Warning(care.AreaContributions, care.IssueContributionsCleared).With(care.CountDetails{Number: 4}),
		"Several of this person's entries report this record differently (name: HM_LOW was kept, not provided was not; end date: not provided was kept, 30 Jun 2026 was not).": care.Warning(care.AreaSummary, care.IssueRowsDisagree).With(care.RowsDetails{
			Differences: []care.FieldDifference{{Field: "name", Kept: &kept}, {Field: "end_date", Left: &left}},
		}),
		"The total is not a valid amount, and was ignored.":                                 care.Warning(care.AreaBudgets, care.IssueOddValue).With(care.ValueDetails{Field: "total", Problem: care.ProblemNotAmount}),
		"The amount used was rounded.":                                                      care.Warning(care.AreaBudgets, care.IssueRounded).With(care.ValueDetails{Field: "amountUsed"}),
		"The list of budgets is missing from the response, so nothing was removed from it.": care.Warning(care.AreaBudgets, care.IssueListMissing).With(care.ValueDetails{Field: "budgets"}),
		"The budget id, which identifies the record, is missing. It was skipped; the rest of the list was saved, and nothing was removed from it.":                 care.Warning(care.AreaBudgets, care.IssueRecordLeftOut).With(care.ValueDetails{Field: "budgetId", Problem: care.ProblemIdentityMissing}),
		"It is also listed for Eve Wren, who has it now. It moves to this person once it is no longer listed for Eve Wren: sync Eve Wren, then this person again.": care.Warning(care.AreaBudgets, care.IssueBudgetListedTwice).With(as(care.BudgetMovesLater)),
		"It is also listed for Eve Wren. It stays with this person while it is listed for both.":                                                                   care.Warning(care.AreaBudgets, care.IssueBudgetListedTwice).With(as(care.BudgetStays)),
		"It used to belong to Eve Wren. It does not move to this person until a summary confirms who this person is.":                                              care.Warning(care.AreaBudgets, care.IssueBudgetListedTwice).With(as(care.BudgetUnconfirmed)),
		"It is now listed for Eve Wren only. It was removed from this person, and keeps its history; the next sync of Eve Wren adds it there.":                     care.Warning(care.AreaBudgets, care.IssueBudgetMoved).With(as(care.BudgetGone)),
		"It refers to our invoice line INV-1 / 2 but is not linked to it: the service code is SERV-1, ours is SERV-2; the delivery date is 01 Apr 2026, ours is 30 Jun 2026; our line is for another person.": care.Warning(care.AreaUsage, care.IssueInvoiceLineContradicts).With(care.InvoiceLineDetails{
			UpstreamInvoiceID: "INV-1", UpstreamItemID: "2", Contradictions: []care.Contradiction{
				{Field: "service_code", Reported: "SERV-1", Ours: "SERV-2"}, {Field: "delivery_date", Reported: "2026-04-01", Ours: "2026-06-30"}, {Field: "person_id"},
			},
		}),
		"Core (flexible, plan-managed): spent is 1,200.00, but its categories add up to 1,100.00. The amounts are saved as reported.": care.Warning(care.AreaContract, care.IssueAmountsDoNotAddUp).With(care.SumDetails{
			Level: care.LevelSupportType, Group: &care.BudgetGroupName{SupportType: "Core", BudgetType: "flexible", Management: "plan-managed"},
			Field: "spent", Reported: decimal.NewFromInt(1200), Below: care.LevelCategory, Expected: decimal.NewFromInt(1100),
		}),
		"The budget's dates (from 01 Apr 2026) differ from the plan's (01 Apr 2026 – 30 Jun 2026).": care.Warning(care.AreaContract, care.IssueTreeDatesDiffer).With(care.TreeDatesDetails{
			Tree: care.DateRange{StartDate: april}, Plan: care.DateRange{StartDate: april, EndDate: june},
		}),
		"The plan's end date changed from not provided to 30 Jun 2026.":                      care.Warning(care.AreaContract, care.IssueContractShortened).With(care.EndMovedDetails{New: june}),
		"The contract overlaps with another one (01 Apr 2026 – 30 Jun 2026).":                care.Warning(care.AreaContract, care.IssueOverlap).With(care.DateRange{StartDate: april, EndDate: june}),
		"1 change is held for approval. Retrieve the plan to check, and create to accept.":   care.Warning(care.AreaContract, care.IssueHeldForReview).With(care.CountDetails{Number: 1}),
		"2 changes are held for approval. Retrieve the plan to check, and create to accept.": care.Warning(care.AreaContract, care.IssueHeldForReview).With(care.CountDetails{Number: 2}),
	} {
		require.Equal(t, said, words.Issue(issue))
		requireSentence(t, words.Issue(issue), string(issue.Code))
	}
}

func TestWhatOfAnIdentityDiffersDecidesTheAdvice(t *testing.T) { // R8
	mismatch := care.RefusalIssue(care.AreaSummary, care.ReasonIdentityMismatch, "")
	require.Equal(t, words.Reason(care.ReasonIdentityMismatch, care.ServicesAustralia), words.Issue(mismatch.With(care.IdentityDetails{Fields: []string{care.FieldFamilyName}})))
	require.Contains(t, words.Issue(mismatch.With(care.IdentityDetails{Fields: []string{care.FieldGivenName}, Namesake: true})), "Someone else in the organisation")
	require.Contains(t, words.Issue(care.RefusalIssue(care.AreaBudgets, care.ReasonIdentityMismatch, "")), "a different care recipient id")
}

func TestAnIssueSaysWhichRecordFieldAndValue(t *testing.T) {
	issue := care.Warning(care.AreaBudgets, care.IssueOddValue).With(care.ValueDetails{Field: "total", Problem: care.ProblemNotAmount})
	require.Equal(t, words.IssueProblem(issue), words.Issue(issue))
	issue.About = &care.About{Record: care.Label{Kind: care.KindBudget, Code: "ON"}, Field: "total", Reported: "12\u001b[2J,50\nx"}
	require.Equal(t, `Budget ON: The total is not a valid amount, and was ignored. Received: “12\u001b[2J,50 x”.`, words.Issue(issue))

	encoded, err := json.Marshal(issue)
	require.NoError(t, err)
	var stored care.Issue
	require.NoError(t, json.Unmarshal(encoded, &stored))
	require.Equal(t, issue, stored, "code, details, record, field and value are stored typed")
}

func TestRecordsAreCalledWhatPeopleKnowThemBy(t *testing.T) {
	april, june := care.NewDate(2026, time.April, 1), care.NewDate(2026, time.June, 30)
	budget := care.Label{Kind: care.KindBudget, Name: "Home support ongoing", Code: "ON", StartDate: april, EndDate: june}
	for said, label := range map[string]care.Label{
		"budget Home support ongoing (ON), 01 Apr 2026 – 30 Jun 2026":                                       budget,
		"usage line SERV-0012, 01 Apr 2026, of budget Home support ongoing (ON), 01 Apr 2026 – 30 Jun 2026": {Kind: care.KindBudgetUsage, Code: "SERV-0012", StartDate: april, EndDate: april, Of: &budget},
		"supplement Oxygen, from 01 Apr 2026, number 2 in the list":                                         {Kind: care.KindSupplement, Name: "Oxygen", StartDate: april, Position: 2, Of: &care.Label{Kind: care.KindPerson}},
		"classification ON_LEVEL_2, until 30 Jun 2026":                                                      {Kind: care.KindClassification, Name: "ON_LEVEL_2", Code: "ON_LEVEL_2", EndDate: june},
		"plan budget Transport, Core, Flexible":                                                             {Kind: care.KindPlanBudget, Name: "Transport", Of: &care.Label{Kind: care.KindPlanBudget, Name: "Core", Of: &care.Label{Kind: care.KindPlanBudget, Of: &care.Label{Kind: care.KindPlanBudget, Name: "Flexible"}}}},
		"budget":                                                                                            {Kind: care.KindBudget},
		"record":                                                                                            {},
		`classification L1\u001b[31mRED\u202e!`:                                                             {Kind: care.KindClassification, Name: "L1\u001b[31mRED\u202e!"},
	} {
		require.Equal(t, said, words.Record(label))
	}
	require.Equal(t, budget, care.Label{Kind: care.KindBudget, Code: "XX"}.WithinBudget(budget), "what we hold names a budget better than its details")
	require.Equal(t, "entitlement OXY, of "+words.Record(budget), words.Record(care.Label{Kind: care.KindEntitlement, Code: "OXY"}.WithinBudget(budget)))
}

func TestFieldsAreCalledByWords(t *testing.T) {
	for field, said := range map[string]string{
		"deliveryDate": "delivery date", "total": "total", "careRecipientId": "care recipient id", "usage_amount": "usage amount",
		"plan_end_date": "end date of the plan", "something_else": "something else", "": "",
	} {
		require.Equal(t, said, words.Field(field))
	}
}

func TestChangesInWords(t *testing.T) {
	five := "1005.00"
	for action, said := range map[string]string{
		care.ActionCreated: "Transport is new.", care.ActionRemoved: "Transport is no longer in PACE.", care.ActionRevived: "Transport is in PACE again.",
		care.ActionUpdated: "Transport: spent changed from not provided to 1,005.00.",
	} {
		require.Equal(t, said, words.Change(care.NamedChange{Subject: "Transport", Change: care.Change{Action: action, Field: "spent", New: &five}}))
	}
	require.Equal(t, "Transport is no longer in PACE, like most of this contract's budgets.", words.Review(care.ReviewItem{Kind: care.ReviewRemoval, Subject: "Transport"}))
}

func TestEveryReviewHasASentence(t *testing.T) {
	for _, kind := range constantsOf(t, "ReviewKind") {
		requireSentence(t, words.Review(care.ReviewItem{Kind: care.ReviewKind(kind), Subject: "The plan", Field: "plan_end_date"}), kind)
	}
}

func TestValuesAreShownAsTheirFieldSays(t *testing.T) {
	for _, test := range []struct{ field, value, shown string }{
		{"end_date", "2026-06-30", "30 Jun 2026"},
		{"note", "2026-06-30", "2026-06-30"},
		{"spent", "-1234567.5", "-1,234,567.50"},
		{"note", "1234", "1234"},
		{"superseded_by", "7", "a later contract"},
		{"contributions", `[{"category":"CLINICAL","percentage":"17.5","start_date":"2025-11-01"},{"category":"X","percentage":null}]`, "CLINICAL 17.5 % from 01 Nov 2025\nX not provided without a start date"},
		{"entries", `[{"service_provider_id":"10001","category":"ON","entry_date":"2025-11-01","departure_reason":"moved"}]`, "from 01 Nov 2025, ON, 10001, moved"},
		{"funding_periods", `[{"funding_period_id":"1","start_date":"2026-02-01","end_date":"2026-04-30","amount":"500","released":true},{"start_date":"2026-05-01","amount":null,"released":false}]`, "01 Feb 2026 – 30 Apr 2026, 500.00, released\nfrom 01 May 2026, not provided, not released"},
		{"stated_items", `[{"support_item_number":"05_1","support_item_text":"Walker","approved":"120.4"}]`, "05_1 Walker, 120.40"},
	} {
		require.Equal(t, test.shown, words.Plain.Value(test.field, &test.value), test.field)
	}
	require.Equal(t, "none", words.Plain.Value("end_date", nil))
	require.Equal(t, "not provided", words.Plain.Value("spent", nil))
}

func TestOfAListOnlyWhatDiffersIsShown(t *testing.T) {
	old := `[{"category":"A","percentage":"1"},{"category":"B","percentage":"2"}]`
	now := `[{"category":"A","percentage":"1"},{"category":"B","percentage":"3"}]`
	before, after := words.Plain.Lines("contributions", &old, &now)
	require.Equal(t, "B 2 % without a start date", before)
	require.Equal(t, "B 3 % without a start date", after)
	before, after = words.Plain.Lines("contributions", nil, &old)
	require.Equal(t, "none", before)
	require.Equal(t, "A 1 % without a start date\nB 2 % without a start date", after)
}

func TestEveryOutcomeHasWords(t *testing.T) {
	for _, outcome := range append(constantsOf(t, "RunOutcome"), constantsOf(t, "ItemOutcome")...) {
		ending := words.Ending{Outcome: care.RunOutcome(outcome)}
		requireWords(t, ending.String(), outcome)
		requireWords(t, ending.Badge(), outcome)
		requireSentence(t, ending.Sentence(), outcome)
		requireWords(t, words.RunTitle(ending, 1), outcome)
		requireWords(t, words.BulkTitle(care.RunOutcome(outcome), care.BulkCounts{Selected: 1}), outcome)
	}
	for _, outcome := range constantsOf(t, "RunOutcome") {
		requireWords(t, words.BulkOutcome(care.RunOutcome(outcome), care.BulkCounts{Selected: 1}), outcome)
		requireWords(t, words.BulkBadge(care.RunOutcome(outcome), care.BulkCounts{Selected: 1}), outcome)
	}
	for _, outcome := range constantsOf(t, "AreaOutcome") {
		requireWords(t, words.AreaOutcome(care.AreaOutcome(outcome), ""), outcome)
	}
}

func TestEveryKindOfThingHasAName(t *testing.T) {
	for _, kind := range constantsOf(t, "Kind") {
		for _, name := range []string{words.Kind(care.Kind(kind)), words.OneOfKind(care.Kind(kind)), words.Records(2, care.Kind(kind))} {
			requireWords(t, name, kind)
			require.NotContains(t, name, "_")
			require.NotContains(t, []string{"Records", "Record", "2 records"}, name, "%s has a noun of its own", kind)
		}
	}
	for _, area := range constantsOf(t, "Area") {
		require.Regexp(t, `^[A-Z]`, words.Area(care.Area(area)))
	}
	for _, trigger := range constantsOf(t, "Trigger") {
		requireWords(t, words.Trigger(care.Trigger(trigger)), trigger)
	}
}

func TestCountsInWords(t *testing.T) {
	count := care.Count{Created: 2, Updated: 1, Unchanged: 1200, Removed: 3}
	require.Equal(t, "2 new, 1 changed, 3 removed", words.Changed(count))
	require.Equal(t, "2 new, 1 changed, 1,200 unchanged, 3 removed", words.Breakdown(count))
	require.Empty(t, words.Changed(care.Count{Unchanged: 5}))
	counts := care.Counts{care.KindBudget: {Created: 1, Unchanged: 2}}
	require.Equal(t, "3 budgets (1 new), 2 warnings", words.Saved(care.CountedKinds, counts, 2))
	require.Equal(t, "nothing to read", words.Saved(care.CountedKinds, nil, 0))
}

func TestMoneyDatesAndCounts(t *testing.T) {
	require.Equal(t, "-1,234.50", words.Money(decimal.RequireFromString("-1234.5")))
	require.Equal(t, "0.00", words.Money(decimal.Zero))
	require.Equal(t, "not provided", words.Amount(decimal.NullDecimal{}), "R3")
	require.Equal(t, "17.5 %", words.Percentage(decimal.NewNullDecimal(decimal.RequireFromString("17.5000"))))
	day := care.NewDate(2026, time.June, 30)
	require.Equal(t, []string{"no dates", "until 30 Jun 2026", "from 30 Jun 2026", "30 Jun 2026"},
		[]string{words.Period(care.Date{}, care.Date{}), words.Period(care.Date{}, day), words.Period(day, care.Date{}), words.Period(day, day)})
	require.Equal(t, "1 person", words.Count(1, "person", "people"))
	require.Equal(t, "1,200 people", words.Count(1200, "person", "people"))
}
