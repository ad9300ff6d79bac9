package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// runTone is that of a run's end, or says that it has not come yet.
func runTone(run read.RunSummary) ui.Tone {
	switch {
	case run.State == read.RunFinished:
		return present.EndOf(run).Tone()
	case run.State == read.RunQueued:
		return ui.Quiet
	default:
		return ui.Busy
	}
}

// lastRunTone and lastRunWords say how somebody's newest sync ended.
func lastRunTone(run *read.RunRef) ui.Tone {
	switch {
	case run == nil:
		return ui.Quiet
	case run.Outcome == "":
		return ui.Busy
	default:
		return endOfLast(run).Tone()
	}
}

func endOfLast(run *read.RunRef) present.Ending {
	return present.Ending{Outcome: run.Outcome, Reason: run.Reason}
}

func lastRunWords(run *read.RunRef) string {
	switch {
	case run == nil:
		return "never synced"
	case run.Outcome == "":
		return "under way"
	default:
		return endOfLast(run).Badge()
	}
}

// runWords say in a badge where a run stands.
func runWords(run read.RunSummary) string {
	if run.State == read.RunFinished {
		return present.EndOf(run).Badge()
	}
	return present.State(run)
}

// areaTone is how an area of a run stands.
func areaTone(area read.Area) ui.Tone {
	switch {
	case area.State == read.AreaWaiting:
		return ui.Quiet
	case area.State == read.AreaRunning:
		return ui.Busy
	case area.Outcome == care.AreaSucceeded && area.Warnings > 0:
		return ui.Warn
	case area.Outcome == care.AreaSucceeded, area.Outcome == care.AreaSuperseded:
		return ui.Good
	case area.Outcome == care.AreaSkipped, area.Outcome == care.AreaCancelled, area.Reason.Harmless():
		return ui.Quiet
	default:
		return ui.Bad
	}
}

// areaWords say where an area stands: what was saved, or why nothing was.
func areaWords(area read.Area, kind care.RunKind) string {
	switch {
	case area.State == read.AreaWaiting:
		return "Waiting for the step before."
	case area.State == read.AreaRunning && area.BudgetsToRead > 0:
		return fmt.Sprintf("Reading from %s: %d of %s.", present.Service(kind.Service()), area.BudgetsRead, present.Count(area.BudgetsToRead, "open budget", "open budgets"))
	case area.State == read.AreaRunning:
		return "Reading from " + present.Service(kind.Service()) + "."
	case area.Outcome == care.AreaSucceeded:
		return savedWords(area, kind)
	case area.Outcome == care.AreaSuperseded:
		return "A newer sync had saved it already."
	case area.Reason.Harmless():
		return area.Explanation
	case area.Explanation != "":
		return ui.Sentence(string(area.Outcome)) + ". " + area.Explanation
	default:
		return ui.Sentence(string(area.Outcome)) + "."
	}
}

func savedWords(area read.Area, kind care.RunKind) string {
	var parts []string
	for _, counted := range kind.CountedKinds() {
		if count, isCounted := area.Counts[counted]; isCounted {
			parts = append(parts, present.Records(count.Synced, counted)+changed(count))
		}
	}
	if len(parts) == 0 {
		return "Nothing to read."
	}
	words := "Saved: " + strings.Join(parts, ", ")
	if area.Warnings > 0 {
		words += "; " + present.Count(area.Warnings, "warning", "warnings")
	}
	return words + "."
}

// changed is what a sync did to records of a kind, empty where it changed nothing.
func changed(count read.Count) string {
	words := breakdown(count)
	if words == "" || count.Created+count.Updated+count.Removed == 0 {
		return ""
	}
	return " (" + words + ")"
}

// breakdown is what the number of synced records is made of (R6).
func breakdown(count read.Count) string {
	var parts []string
	for _, part := range []struct {
		number int
		word   string
	}{{count.Created, "new"}, {count.Updated, "changed"}, {count.Unchanged, "unchanged"}, {count.Removed, "removed"}} {
		if part.number > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.number, part.word))
		}
	}
	return strings.Join(parts, ", ")
}

// areaTitle names an area as the success message does (Care Recipient Sync §Success message).
func areaTitle(area care.Area) string {
	switch area {
	case care.AreaSummary:
		return "Classifications, approved services and supplements"
	case care.AreaContributions:
		return "Individual contributions"
	case care.AreaUsage:
		return "Budget usage and entitlements"
	default:
		return present.Area(area)
	}
}

// personName is a name as people look it up, or a word for none.
func personName(person read.PersonRef) string {
	if name := present.Name(person.GivenName, person.FamilyName); name != "" {
		return name
	}
	return "No name"
}

// listName puts the family name first, as lists are sorted.
func listName(person read.PersonRef) string {
	if person.FamilyName == "" || person.GivenName == "" {
		return personName(person)
	}
	return person.FamilyName + ", " + person.GivenName
}

// code is one of the government's codes, such as EVERYDAY_LIVING, as words.
func code(text string) string {
	return ui.Sentence(strings.ToLower(strings.ReplaceAll(text, "_", " ")))
}

func personPath(person care.ID) string { return peoplePath + "/" + string(person) }

func planPath(person care.ID) string { return personPath(person) + "/plan" }

func budgetPath(person, budget care.ID) string {
	return planPath(person) + "/budgets/" + string(budget)
}

func runPath(run care.ID) string { return runsPath + "/" + string(run) }

func samePersonPath(run care.ID) string { return runPath(run) + "/same-person" }

func invoiceLinePath(line care.ID) string { return "/invoice-lines/" + string(line) }

const (
	peoplePath = "/people"
	runsPath   = "/runs"
)

// numberOf is the government's number of the person whom a run is about.
func numberOf(run read.RunSummary) string {
	if run.Kind == care.RunPACEContract {
		return run.Person.NDISNumber
	}
	return run.Person.CareRecipientID
}

// areaState says in a word or two where an area stands.
func areaState(area read.Area) string {
	switch {
	case area.State == read.AreaRunning:
		return "reading"
	case area.State == read.AreaWaiting:
		return "waiting"
	case area.Outcome == care.AreaSucceeded:
		return "saved"
	case area.Outcome == care.AreaSuperseded:
		return "saved by a newer sync"
	case area.Reason.Harmless():
		return present.PlanNotBegun
	default:
		return string(area.Outcome)
	}
}

// scope says whose budgets' usage a run reads (R15).
func scope(allBudgets bool) string {
	if allBudgets {
		return "All budgets"
	}
	return "Open budgets"
}

func actionTone(action string) ui.Tone {
	switch action {
	case "created", "revived":
		return ui.Good
	case "removed":
		return ui.Bad
	default:
		return ui.Info
	}
}

// freshWords say how the newest sync ended in an area.
func freshWords(area read.AreaStatus) string {
	if area.Stale {
		return string(area.LastOutcome)
	}
	return "saved"
}

// finishedWords say when a run ended, and how long it took.
func finishedWords(run read.RunProgress, zone *time.Location) string {
	words := ui.Moment(run.FinishedAt, zone)
	if took := lasted(run); took != "" {
		words += " · took " + took
	}
	return words
}

// asOfWords say when what is shown was read.
func asOfWords(asOf *time.Time, zone *time.Location) string {
	if asOf == nil {
		return "Never read."
	}
	return "As of " + ui.Moment(asOf, zone) + ", from Services Australia."
}
