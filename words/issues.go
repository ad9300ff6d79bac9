package words

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/caresync/caresync/care"
)

// Issue says what there is to say, of which record, and what came: the one text that the command line, the API, the console and reports
// show. What the government sent is in it, with control characters shown.
func Issue(issue care.Issue) string {
	said := IssueProblem(issue)
	if about := issue.About; about != nil {
		said = Sentence(Record(about.Record)) + ": " + said
		if about.Reported != "" {
			said += " Received: “" + care.OneLine(about.Reported) + "”."
		}
	}
	return care.Visible(said)
}

// IssueProblem says what there is to say without the record and what came: it is the same in issues that are alike.
func IssueProblem(issue care.Issue) string {
	if sentence, simple := warnings[issue.Code]; simple {
		return sentence
	}
	if sentence, detailed := detailedWarnings[issue.Code]; detailed {
		return care.Visible(sentence(issue))
	}
	return refusal(issue)
}

// refusal says why an area was refused or failed. What of a person's identity differs decides what to do about it.
func refusal(issue care.Issue) string {
	reason := care.Reason(issue.Code)
	identity, isIdentity := care.IdentityDetailsOf(issue.Code, issue.Details)
	switch {
	case reason == care.ReasonIdentityMismatch && issue.Area != care.AreaSummary:
		return "The response has a row under a different care recipient id. Nothing was saved. If it happens again, report it to Services Australia."
	case isIdentity && identity.Namesake && len(identity.Fields) == 1:
		return "Someone else in the organisation has the same surname and date of birth, and the given name does not show which of them Services Australia means. " +
			"Nothing was saved. Compare the two records: correct the care recipient id if it belongs to the other person, or confirm that this is the same person."
	default:
		return Reason(reason, issue.Area.Service())
	}
}

// warnings are those that need no details.
var warnings = map[care.IssueCode]string{
	care.IssueGivenNameDiffers:      "The given name differs from the one at Services Australia. Correct it, or confirm that this is the same person.",
	care.IssueLostZeros:             "Services Australia sent the care recipient id as a number, without its leading zeros. No one else's number matches, so it was taken as this person's.",
	care.IssueNoClassification:      "No classification was reported, so the plan has no dates.",
	care.IssueAnotherProvider:       "Services Australia reports this person with another provider only. Existing data was kept, including the entry and departure dates.",
	care.IssueBudgetDoesNotAddUp:    "Available does not equal total less used, write-off and rollover. The amounts are saved as reported.",
	care.IssueUsageDiffers:          "The usage lines do not add up to the used amount that Services Australia reports. Both are kept.",
	care.IssueClosedBudgetMoved:     "The used amount has changed although the budget is closed, so its usage lines are out of date. Sync this person with all budgets to update them.",
	care.IssueNotInCare:             "The person has left this provider's care.",
	care.IssueEntryNotRegistered:    "No budgets are visible. If the person's entry into care has not been registered with Services Australia, register it first.",
	care.IssueBudgetDetailsNotFound: "Services Australia has no details for this budget. The entitlements and usage that we have were kept.",
	care.IssueRequestsDropped:       "Further sync requests were dropped because the sync was cancelled. Sync again.",
	care.IssueTreeUndated:           "The budget has no start date, so it could not be matched to a plan. It was taken as the budget of the requested plan.",
	care.IssueNoLongerInPACE:        "No longer in PACE. We kept it, but the totals no longer include it.",
}

// detailedWarnings are those whose sentence needs the issue's details.
var detailedWarnings = map[care.IssueCode]func(care.Issue) string{
	care.IssueRemovalHeld:            removalHeld,
	care.IssueGoneWhileCurrent:       goneWhileCurrent,
	care.IssueContributionsCleared:   contributionsCleared,
	care.IssueRowsDisagree:           rowsDisagree,
	care.IssueRounded:                valueProblem,
	care.IssueOddValue:               valueProblem,
	care.IssueRecordLeftOut:          recordLeftOut,
	care.IssueListMissing:            listMissing,
	care.IssueBudgetListedTwice:      budgetOfTwo,
	care.IssueBudgetMoved:            budgetOfTwo,
	care.IssueInvoiceLineContradicts: invoiceLineContradicts,
	care.IssueAmountsDoNotAddUp:      amountsDoNotAddUp,
	care.IssueTreeDatesDiffer:        treeDatesDiffer,
	care.IssueTreeStartsLater:        treeStartsLater,
	care.IssueEarlierPlanUnread:      earlierPlanUnread,
	care.IssuePlanEndedEarly:         planEndedEarly,
	care.IssueContractShortened:      contractShortened,
	care.IssueOverlap:                overlap,
	care.IssueNegativeAdjustment:     negativeAdjustment,
	care.IssueHeldForReview:          heldForReview,
}

func removalHeld(issue care.Issue) string {
	held := care.DetailsOf[care.CountDetails](issue).Number
	if issue.Area == care.AreaContract {
		return fmt.Sprintf("%s missing from the response; we kept %s. To remove %[2]s, retrieve the plan and accept the removals.",
			Count(held, "budget of this contract is", "budgets of this contract are"), Them(held))
	}
	noun := nounOf(issue.Kind)
	return fmt.Sprintf("%s missing from the response; we kept %s. If the removal is right, accept it on this run.",
		Count(held, noun.one+" is", noun.several+" are"), Them(held))
}

func goneWhileCurrent(issue care.Issue) string {
	if issue.Kind == care.KindBudget {
		return "It is no longer reported, although it was still open for claims. It was removed, and returns if it is reported again."
	}
	return "It is no longer reported, although no end date had been reported. It was removed, and returns if it is reported again."
}

func contributionsCleared(issue care.Issue) string {
	return fmt.Sprintf("No contributions were reported, so the existing %s removed.",
		Count(care.DetailsOf[care.CountDetails](issue).Number, "contribution was", "contributions were"))
}

func rowsDisagree(issue care.Issue) string {
	var differences []string
	for _, one := range care.DetailsOf[care.RowsDetails](issue).Differences {
		differences = append(differences, fmt.Sprintf("%s: %s was kept, %s was not", Field(one.Field), provided(one.Field, one.Kept), provided(one.Field, one.Left)))
	}
	return "Several of this person's entries report this record differently (" + strings.Join(differences, "; ") + ")."
}

// provided is a field's value in a sentence.
func provided(field string, value *string) string {
	if value == nil {
		return NotProvided
	}
	return Plain.Value(field, value)
}

var valueProblems = map[care.ValueProblem]string{
	care.ProblemNotText:       "is not text",
	care.ProblemTooLong:       "is too long",
	care.ProblemNotDate:       "is not a date",
	care.ProblemNotAmount:     "is not a valid amount",
	care.ProblemNotPercentage: "is not a valid percentage",
	care.ProblemNotFlag:       "is neither true nor false",
}

func valueProblem(issue care.Issue) string {
	details := care.DetailsOf[care.ValueDetails](issue)
	field := Field(cmp.Or(details.Field, "value"))
	switch {
	case issue.Code == care.IssueRounded:
		return fmt.Sprintf("The %s was rounded.", field)
	case details.Problem == care.ProblemUnstorable:
		return fmt.Sprintf("The %s has characters that cannot be saved; they were removed.", field)
	}
	return fmt.Sprintf("The %s %s, and was ignored.", field, cmp.Or(valueProblems[details.Problem], "cannot be used"))
}

func recordLeftOut(issue care.Issue) string {
	details := care.DetailsOf[care.ValueDetails](issue)
	what := "This is not a record."
	switch details.Problem {
	case care.ProblemIdentity:
		what = fmt.Sprintf("The %s, which identifies the record, cannot be used.", Field(details.Field))
	case care.ProblemIdentityMissing:
		what = fmt.Sprintf("The %s, which identifies the record, is missing.", Field(details.Field))
	}
	return what + " It was skipped; the rest of the list was saved, and nothing was removed from it."
}

func listMissing(issue care.Issue) string {
	return fmt.Sprintf("The list of %s is missing from the response, so nothing was removed from it.", Field(cmp.Or(care.DetailsOf[care.ValueDetails](issue).Field, "records")))
}

func budgetOfTwo(issue care.Issue) string {
	details := care.DetailsOf[care.OtherPersonDetails](issue)
	other := Name(details.GivenName, details.FamilyName)
	switch details.Case {
	case care.BudgetMovesLater:
		return fmt.Sprintf("It is also listed for %[1]s, who has it now. It moves to this person once it is no longer listed for %[1]s: sync %[1]s, then this person again.", other)
	case care.BudgetUnconfirmed:
		return fmt.Sprintf("It used to belong to %s. It does not move to this person until a summary confirms who this person is.", other)
	case care.BudgetGone:
		return fmt.Sprintf("It is now listed for %[1]s only. It was removed from this person, and keeps its history; the next sync of %[1]s adds it there.", other)
	default:
		return fmt.Sprintf("It is also listed for %s. It stays with this person while it is listed for both.", other)
	}
}

func invoiceLineContradicts(issue care.Issue) string {
	details := care.DetailsOf[care.InvoiceLineDetails](issue)
	var differences []string
	for _, one := range details.Contradictions {
		differences = append(differences, contradiction(one))
	}
	return fmt.Sprintf("It refers to our invoice line %s / %s but is not linked to it: %s.",
		details.UpstreamInvoiceID, details.UpstreamItemID, strings.Join(differences, "; "))
}

func contradiction(one care.Contradiction) string {
	switch one.Field {
	case "service_provider_id":
		return fmt.Sprintf("provider %s, who claimed it, is not one of this organisation's", one.Reported)
	case "person_id":
		return "our line is for another person"
	default:
		return fmt.Sprintf("the %s is %s, ours is %s", Field(one.Field), Plain.Value(one.Field, &one.Reported), Plain.Value(one.Field, &one.Ours))
	}
}

func amountsDoNotAddUp(issue care.Issue) string {
	details := care.DetailsOf[care.SumDetails](issue)
	sum := "released less spent is"
	switch details.Below {
	case care.LevelSupportType:
		sum = "its support types add up to"
	case care.LevelCategory:
		sum = "its categories add up to"
	}
	said := fmt.Sprintf("%s is %s, but %s %s. The amounts are saved as reported.",
		Field(details.Field), Money(details.Reported), sum, Money(details.Expected))
	switch details.Level {
	case care.LevelPlan:
		return "The plan: " + said
	case care.LevelSupportType:
		return group(details.Group) + ": " + said
	default:
		return Sentence(said)
	}
}

// group names a support type; a historical tree has none on a level of their own.
func group(name *care.BudgetGroupName) string {
	switch {
	case name == nil:
		return "A support type"
	case name.SupportType == "":
		return fmt.Sprintf("All of %s, %s", name.BudgetType, name.Management)
	default:
		return fmt.Sprintf("%s (%s, %s)", name.SupportType, name.BudgetType, name.Management)
	}
}

func treeDatesDiffer(issue care.Issue) string {
	details := care.DetailsOf[care.TreeDatesDetails](issue)
	return fmt.Sprintf("The budget's dates (%s) differ from the plan's (%s).",
		Period(details.Tree.StartDate, details.Tree.EndDate), Period(details.Plan.StartDate, details.Plan.EndDate))
}

func treeStartsLater(issue care.Issue) string {
	details := care.DetailsOf[care.TreeDatesDetails](issue)
	return fmt.Sprintf("The budget starts on %s, during this plan but not on its first day (%s). Create treats it as this plan's budget.",
		Date(details.Tree.StartDate), Date(details.Plan.StartDate))
}

func earlierPlanUnread(issue care.Issue) string {
	return fmt.Sprintf("The NDIA's history does not have the budgets of the plan that started on %s and ended a short time ago. Its figures were kept.",
		Date(care.DetailsOf[care.DateRange](issue).StartDate))
}

func planEndedEarly(issue care.Issue) string {
	return fmt.Sprintf("The plan's end date is now %s, which has passed. Either the plan was replaced early, or the participant no longer has access to the NDIS. "+
		"Ask the participant or the NDIA.", Date(care.DetailsOf[care.EndMovedDetails](issue).New))
}

func contractShortened(issue care.Issue) string {
	details := care.DetailsOf[care.EndMovedDetails](issue)
	return fmt.Sprintf("The plan's end date changed from %s to %s.", dateOr(details.Old), dateOr(details.New))
}

func overlap(issue care.Issue) string {
	other := care.DetailsOf[care.DateRange](issue)
	return fmt.Sprintf("The contract overlaps with another one (%s).", Period(other.StartDate, other.EndDate))
}

func negativeAdjustment(issue care.Issue) string {
	return fmt.Sprintf("We have claimed more than the NDIA reports as spent, or spent is itself negative, so the adjustment record is %s.",
		Money(care.DetailsOf[care.AmountDetails](issue).Amount))
}

func heldForReview(issue care.Issue) string {
	changes := care.DetailsOf[care.CountDetails](issue).Number
	return fmt.Sprintf("%s for approval. Retrieve the plan to check, and create to accept.", Count(changes, "change is held", "changes are held"))
}
