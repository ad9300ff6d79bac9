package cli

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

// showResult is the message at the end of a sync: care recipient id, counts and a link to the plan (Care Recipient Sync §Success message), or what went wrong.
func (a *app) showResult(run read.Run, organisation care.Organisation) {
	a.print("")
	end := present.EndOf(run.RunSummary)
	a.print("%s %s", end.Mark(), end.Sentence())
	a.details(
		"care recipient id", careRecipientOf(run.RunSummary),
		"NDIS number", participantOf(run.RunSummary),
		"name", present.Name(run.Person.GivenName, run.Person.FamilyName),
		"took", took(run.RunProgress),
		"plan", a.linkOf(run),
		"contract", a.contractOf(run))
	if run.Outcome != care.RunFailed {
		a.print("")
		a.showCounts(run)
	}
	a.showIssues(run)
	a.showHolds(run.Holds, organisation)
}

func (a *app) linkOf(run read.Run) string {
	if run.PlanID == nil {
		return ""
	}
	return a.planLink(run.Person.ID)
}

// contractOf is where the contract that a run saved can be seen.
func (a *app) contractOf(run read.Run) string {
	if run.ContractID == nil {
		return ""
	}
	return a.typed("contract show", string(*run.ContractID))
}

// careRecipientOf is the government's id of the person in a run that reads from Services Australia.
func careRecipientOf(run read.RunSummary) string {
	if run.Kind == care.RunPACEContract {
		return ""
	}
	return run.Person.CareRecipientID
}

// participantOf is the government's id of the person in a run that reads from the NDIA.
func participantOf(run read.RunSummary) string {
	if run.Kind != care.RunPACEContract {
		return ""
	}
	return run.Person.NDISNumber
}

// took is how long the work lasted, without the time in which a person looked at a preview.
func took(run read.RunProgress) string {
	from := run.WorkedFrom()
	if from == nil || run.FinishedAt == nil || run.Reason == care.ReasonPreviewExpired {
		return ""
	}
	return fmt.Sprintf("%.2f s", max(run.FinishedAt.Sub(*from), 0).Seconds())
}

func (a *app) showCounts(run read.Run) {
	shown := a.newTable("records", ">synced", ">created", ">updated", ">unchanged", ">removed")
	for _, kind := range run.Kind.CountedKinds() {
		count := run.Counts[kind]
		shown.AppendRow(table.Row{present.Kind(kind), count.Synced, count.Created, count.Updated, count.Unchanged, count.Removed})
	}
	shown.Render()
}

// showIssues says what went wrong in which area, in plain words and in the government's own, and then the warnings.
func (a *app) showIssues(run read.Run) {
	if run.Reason != "" && !slices.ContainsFunc(run.Issues, isError) {
		a.print("\n%s %s", present.EndOf(run.RunSummary).Mark(), run.Explanation)
	}
	for _, issue := range run.Issues {
		if isError(issue) {
			a.print("\n%s %s: %s", errorMark(issue), present.Area(issue.Area), issue.Message)
			a.showWords(issue, run.ID)
		}
	}
	a.showWarnings(run.Issues, run.ID)
}

// errorMark tells what is to be mended from what is not.
func errorMark(issue read.Issue) string {
	if present.IsError(issue) {
		return "✗"
	}
	return "·"
}

func isError(issue read.Issue) bool { return issue.Severity == care.SeverityError }

func (a *app) showWords(issue read.Issue, run care.ID) {
	if issue.Words != "" {
		a.print("  In the government's own words: %s", issue.Words)
	}
	a.showIdentity(issue, run)
	a.showPlans(issue)
}

func (a *app) showWarnings(issues []read.Issue, run care.ID) {
	for i, warning := range present.Warnings(issues) {
		if i == 0 {
			a.heading("warnings")
		}
		a.print("! %s: %s", present.Area(warning.Area), warning.Message)
		a.showAlike(warning)
		if warning.Words != "" {
			a.print("  In the government's own words: %s", warning.Words)
		}
	}
	for _, issue := range issues {
		if !isError(issue) {
			a.showIdentity(issue, run)
		}
	}
}

// showAlike names the records of warnings that are alike.
func (a *app) showAlike(warning present.Warning) {
	for _, record := range warning.Records {
		a.print("  · %s", record)
	}
}

// showIdentity shows both values of an issue about who a person is, side by side (R8), and how to settle it.
func (a *app) showIdentity(issue read.Issue, run care.ID) {
	details, ok := care.IdentityDetailsOf(issue.Code, issue.Details)
	if !ok {
		return
	}
	a.print("")
	shown := a.newTable("", "in CareSync", "at Services Australia", "")
	for _, row := range present.IdentityRows(details) {
		differs := ""
		if row.Differs {
			differs = "← differs"
		}
		shown.AppendRow(table.Row{row.Label, row.Held, row.Reported, differs})
	}
	shown.Render()
	if details.GivenNameOnly() {
		a.print("If it is the same person, confirm it once: %s --reason \"…\"", a.typed("runs same-person", string(run)))
	}
}

// showPlans shows the plans among which a refusal could not choose (R23).
func (a *app) showPlans(issue read.Issue) {
	var details struct {
		Plans []care.ParticipantPlan `json:"plans"`
	}
	if json.Unmarshal(issue.Details, &details) != nil || len(details.Plans) == 0 {
		return
	}
	a.print("  The NDIA lists:")
	for _, plan := range details.Plans {
		a.print("  · %s", present.Period(plan.StartDate, plan.EndDate))
	}
}

// showHolds shows removals that wait for an operator (R5).
func (a *app) showHolds(holds []read.Hold, organisation care.Organisation) {
	if len(holds) == 0 {
		return
	}
	a.heading("removals held for approval")
	for _, hold := range holds {
		a.print("! %s missing from the response and kept, since %s. %s", heldRecords(hold),
			present.Time(&hold.HeldAt, organisation.Location()), a.holdState(hold, organisation))
	}
}

func heldRecords(hold read.Hold) string {
	return words.Held(hold.Records, hold.Kind, hold.Budget, hold.BudgetFrom)
}

func (a *app) holdState(hold read.Hold, organisation care.Organisation) string {
	switch {
	case hold.ClosedAt != nil:
		return "Settled " + present.Time(hold.ClosedAt, organisation.Location()) + "."
	case hold.AcceptedAt != nil:
		return "Accepted by " + hold.AcceptedBy + " " + present.Time(hold.AcceptedAt, organisation.Location()) + "; " + words.AcceptedRemoval(hold.Records)
	default:
		return "If that is right, accept it with: " + a.typed("runs accept", string(hold.RunID))
	}
}
