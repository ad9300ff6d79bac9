package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

// runTone is that of a run's end, or says that it has not come yet.
func runTone(run read.RunSummary) ui.Tone {
	switch run.State {
	case read.RunFinished:
		return present.EndOf(run).Tone()
	case read.RunQueued:
		if run.Wait.Known() {
			return ui.Warn
		}
		return ui.Quiet
	default:
		if run.Wait.Known() {
			return ui.Warn
		}
		return ui.Busy
	}
}

// lastRunTone and lastRunWords say how someone's newest sync ended.
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
	return present.EndingOf(run.Outcome, run.Reason)
}

func lastRunWords(run *read.RunRef) string {
	switch {
	case run == nil:
		return "never synced"
	case run.Outcome == "":
		return "in progress"
	default:
		return endOfLast(run).Badge()
	}
}

// runWords say in a badge where a run stands.
func runWords(run read.RunSummary) string {
	switch {
	case run.State == read.RunFinished:
		return present.EndOf(run).Badge()
	case run.Waiting == nil && run.Wait.Known():
		return "waiting"
	default:
		return present.State(run)
	}
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
		return "Waiting for the previous step."
	case area.State == read.AreaRunning && area.BudgetsToRead > 0:
		return fmt.Sprintf("Reading from %s: %d of %s.", present.Service(kind.Service()), area.BudgetsRead, present.Count(area.BudgetsToRead, "open budget", "open budgets"))
	case area.State == read.AreaRunning:
		return "Reading from " + present.Service(kind.Service()) + "."
	case area.Outcome == care.AreaSucceeded:
		return ui.Sentence(words.Saved(kind.CountedKinds(), present.Counts(area.Counts), area.Warnings)) + "."
	case area.Outcome == care.AreaSuperseded:
		return "A newer sync has already saved this."
	case area.Reason.Harmless():
		return area.Explanation
	case area.Explanation != "":
		return ui.Sentence(string(area.Outcome)) + ". " + area.Explanation
	default:
		return ui.Sentence(string(area.Outcome)) + "."
	}
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

// numberOf is the government's number of a run's person.
func numberOf(run read.RunSummary) string {
	if run.Kind == care.RunPACEContract {
		return run.Person.NDISNumber
	}
	return run.Person.CareRecipientID
}

// areaState says in a word or two where an area stands.
func areaState(area read.Area) string {
	switch area.State {
	case read.AreaRunning:
		return "reading"
	case read.AreaWaiting:
		return "waiting"
	default:
		return words.AreaOutcome(area.Outcome, area.Reason)
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
		return words.AreaOutcome(area.LastOutcome, "")
	}
	return words.AreaOutcome(care.AreaSucceeded, "")
}

// finishedWords say when a run ended, and how long it took.
func finishedWords(run read.RunProgress, zone *time.Location) string {
	said := ui.Moment(run.FinishedAt, zone)
	if took := lasted(run); took != "" {
		said += " · took " + took
	}
	return said
}

// asOfWords say when what is shown was read.
func asOfWords(asOf *time.Time, zone *time.Location) string {
	if asOf == nil {
		return "Never read."
	}
	return "As of " + ui.Moment(asOf, zone) + ", from Services Australia."
}
