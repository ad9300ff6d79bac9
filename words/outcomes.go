package words

import (
	"fmt"
	"strings"

	"github.com/caresync/caresync/care"
)

// PlanNotStarted is said of what nothing was saved of, since the plan starts later.
const PlanNotStarted = "plan not started"

// Ending is how a run, or a person's part of a bulk run, ended. The reason counts: what is recorded as a failure may be nothing to mend.
type Ending struct {
	Outcome care.RunOutcome
	Reason  care.Reason
}

// ending is how an outcome is worded: in a sentence, and in a badge where that is too long.
type ending struct{ long, short string }

var endings = map[care.RunOutcome]ending{
	care.RunSucceeded:             {long: "succeeded"},
	care.RunSucceededWithWarnings: {long: "succeeded with warnings", short: "with warnings"},
	care.RunPartial:               {long: "partially saved"},
	care.RunFailed:                {long: "failed, nothing was saved", short: "failed"},
	care.RunCancelled:             {long: "cancelled"},
	care.ItemSkipped:              {long: "not processed"},
}

// Harmless reports whether nothing is wrong and there is nothing to do.
func (e Ending) Harmless() bool { return e.Outcome == care.RunFailed && e.Reason.Harmless() }

func (e Ending) words() ending {
	if e.Harmless() {
		return ending{long: PlanNotStarted}
	}
	return endings[e.Outcome]
}

// String says how it ended.
func (e Ending) String() string {
	if words := e.words(); words.long != "" {
		return words.long
	}
	return spelledOut(string(e.Outcome))
}

// Badge is String, short enough for a badge.
func (e Ending) Badge() string {
	if words := e.words(); words.short != "" {
		return words.short
	}
	return e.String()
}

// Sentence says in a sentence how a run ended.
func (e Ending) Sentence() string {
	if e.Harmless() {
		return "The plan has not started. Nothing was saved."
	}
	return "Sync " + e.String() + "."
}

// OfPerson says how a person's part of a bulk run ended.
func (e Ending) OfPerson() string {
	switch e.Outcome {
	case "":
		return "in progress"
	case care.RunFailed:
		return e.Badge()
	default:
		return e.String()
	}
}

// RunTitle says how a run ended, as a title.
func RunTitle(ending Ending, warnings int) string {
	switch {
	case ending.Reason == care.ReasonPreviewExpired:
		return "The preview expired; nothing was saved"
	case ending.Harmless():
		return "This plan has not started"
	}
	switch ending.Outcome {
	case care.RunSucceeded:
		return "Sync complete"
	case care.RunSucceededWithWarnings:
		return "Sync complete, with " + Count(warnings, "warning", "warnings")
	case care.RunPartial:
		return "Sync partially saved"
	case care.RunCancelled:
		return "Sync cancelled"
	default:
		return "Sync failed; nothing was saved"
	}
}

var bulkEndings = map[care.RunOutcome]ending{
	care.RunSucceeded:             {long: "everyone succeeded"},
	care.RunSucceededWithWarnings: {long: "everyone succeeded, some with warnings", short: "with warnings"},
	care.RunPartial:               {long: "completed with failures", short: "with failures"},
	care.RunFailed:                {long: "no one succeeded"},
	care.RunCancelled:             {long: "cancelled"},
}

// endedEarly is said of a bulk run in which no one failed, and some were not processed: it was interrupted.
var endedEarly = ending{long: "ended early, without failures", short: "ended early"}

// bulkEnding is how a bulk run ended. Who was not processed has not failed.
func bulkEnding(outcome care.RunOutcome, counts care.BulkCounts) ending {
	if interrupted(outcome, counts) {
		return endedEarly
	}
	return bulkEndings[outcome]
}

func interrupted(outcome care.RunOutcome, counts care.BulkCounts) bool {
	return (outcome == care.RunPartial || outcome == care.RunFailed) && counts.Skipped > 0 && counts.Failed+counts.Partial+counts.Cancelled == 0
}

// BulkOutcome says how a bulk run ended.
func BulkOutcome(outcome care.RunOutcome, counts care.BulkCounts) string {
	return bulkEnding(outcome, counts).long
}

// BulkBadge is BulkOutcome, short enough for a badge.
func BulkBadge(outcome care.RunOutcome, counts care.BulkCounts) string {
	if short := bulkEnding(outcome, counts).short; short != "" {
		return short
	}
	return BulkOutcome(outcome, counts)
}

// BulkTitle says how a bulk run ended, as a title.
func BulkTitle(outcome care.RunOutcome, counts care.BulkCounts) string {
	switch {
	case outcome == care.RunCancelled:
		return "Bulk run cancelled"
	case counts.Selected == 0:
		return "There was no one to sync"
	case interrupted(outcome, counts):
		return "Ended early; " + Count(counts.Skipped, "person was", "people were") + " not processed"
	case outcome == care.RunSucceeded:
		return "Everyone was synced"
	case outcome == care.RunSucceededWithWarnings:
		return "Everyone was synced, " + Number(counts.SucceededWithWarnings) + " with warnings"
	case outcome == care.RunPartial:
		return "Completed with failures"
	default:
		return "No one was synced"
	}
}

// BulkNumber is one of a bulk run's numbers of people.
type BulkNumber struct {
	// Name tells the numbers apart for programs, such as a style sheet.
	Name   string
	Words  string
	People int
	// Always: the number is worth showing when it is 0. Part: it is part of the whole that was selected.
	Always, Part bool
}

// BulkNumbers are all numbers of a bulk run, in the order in which they are shown.
func BulkNumbers(counts care.BulkCounts) []BulkNumber {
	return []BulkNumber{
		{Name: "selected", Words: "selected", People: counts.Selected, Always: true},
		{Name: "processed", Words: "processed", People: counts.Processed, Always: true},
		{Name: "succeeded", Words: Ending{Outcome: care.RunSucceeded}.Badge(), People: counts.Succeeded, Always: true, Part: true},
		{Name: "warned", Words: Ending{Outcome: care.RunSucceededWithWarnings}.Badge(), People: counts.SucceededWithWarnings, Always: true, Part: true},
		{Name: "partly", Words: Ending{Outcome: care.RunPartial}.Badge(), People: counts.Partial, Always: true, Part: true},
		{Name: "failed", Words: Ending{Outcome: care.RunFailed}.Badge(), People: counts.Failed, Always: true, Part: true},
		{Name: "not-started", Words: PlanNotStarted, People: counts.NotStarted, Part: true},
		{Name: "cancelled", Words: Ending{Outcome: care.RunCancelled}.Badge(), People: counts.Cancelled, Part: true},
		{Name: "skipped", Words: Ending{Outcome: care.ItemSkipped}.Badge(), People: counts.Skipped, Always: true, Part: true},
		{Name: "joined", Words: "already running", People: counts.Joined},
		{Name: "escalated", Words: "retried individually", People: counts.Escalated},
	}
}

var areas = map[care.Area]string{
	care.AreaSummary:       "Summary",
	care.AreaContributions: "Contributions",
	care.AreaBudgets:       "Budgets",
	care.AreaUsage:         "Usage",
	care.AreaContract:      "Service contract",
}

// Area names an area of a sync.
func Area(area care.Area) string { return known(areas, area) }

var areaOutcomes = map[care.AreaOutcome]string{
	care.AreaSucceeded:  "saved",
	care.AreaSuperseded: "saved by a newer sync",
	care.AreaRefused:    "refused",
	care.AreaFailed:     "failed",
	care.AreaSkipped:    "skipped",
	care.AreaCancelled:  "cancelled",
}

// AreaOutcome says in a word or two how an area ended.
func AreaOutcome(outcome care.AreaOutcome, reason care.Reason) string {
	if reason.Harmless() {
		return PlanNotStarted
	}
	return known(areaOutcomes, outcome)
}

var triggers = map[care.Trigger]string{
	care.TriggerOnDemand: "on demand",
	care.TriggerBulk:     "bulk run",
	care.TriggerClaim:    "claim",

	care.TriggerNotification: "NDIA notification",
	care.TriggerDay:          "funding period or plan starts",
}

// Trigger says what caused a run.
func Trigger(trigger care.Trigger) string { return known(triggers, trigger) }

var changeSources = map[care.ChangeSource]string{
	care.SourceImportPeople:            "import of people",
	care.SourceImportDeliveredServices: "import of delivered services",
	care.SourcePACEBoxes:               "NDIS PACE boxes",
	care.SourceChangeNumber:            "change of number",
	care.SourceSamePerson:              "same person",
}

// ChangeSource says what changed a record where no run did.
func ChangeSource(source care.ChangeSource) string { return known(changeSources, source) }

var runKinds = map[care.RunKind]string{
	care.RunCareRecipient: "Care recipient sync",
	care.RunPACEContract:  "PACE contract sync",
}

// RunKind names a kind of sync.
func RunKind(kind care.RunKind) string { return known(runKinds, kind) }

// Service names a government service, as in "waiting for the NDIA".
func Service(service care.Service) string {
	if service == care.NDIA {
		return "the NDIA"
	}
	return "Services Australia"
}

// Actions is how many records something happened to, by what happened; what happened to none is left out.
type Actions struct{ New, Changed, Unchanged, Revived, Removed int }

// Changed says what a sync changed, such as "2 new, 1 changed"; empty where nothing did.
func Changed(count care.Count) string {
	return Actions{New: count.Created, Changed: count.Updated, Removed: count.Removed}.String()
}

// Breakdown is what a count is made of, unchanged records among it (R6).
func Breakdown(count care.Count) string {
	return Actions{New: count.Created, Changed: count.Updated, Unchanged: count.Unchanged, Removed: count.Removed}.String()
}

func (a Actions) String() string {
	var parts []string
	for _, part := range []struct {
		number int
		word   string
	}{{a.New, "new"}, {a.Changed, "changed"}, {a.Revived, "in PACE again"}, {a.Unchanged, "unchanged"}, {a.Removed, "removed"}} {
		if part.number > 0 {
			parts = append(parts, Number(part.number)+" "+part.word)
		}
	}
	return strings.Join(parts, ", ")
}

// Saved says what an area of a sync saved, such as "3 budgets (1 new), 2 warnings"; kinds are those that it counts, in their order.
func Saved(kinds []care.Kind, counts care.Counts, warnings int) string {
	var parts []string
	for _, kind := range kinds {
		if count, counted := counts[kind]; counted {
			parts = append(parts, Records(count.Synced(), kind)+inBrackets(Changed(count)))
		}
	}
	if len(parts) == 0 {
		return "nothing to read"
	}
	if warnings > 0 {
		parts = append(parts, Count(warnings, "warning", "warnings"))
	}
	return strings.Join(parts, ", ")
}

func inBrackets(words string) string {
	if words == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", words)
}

func known[K ~string](words map[K]string, key K) string {
	if word, found := words[key]; found {
		return word
	}
	return spelledOut(string(key))
}
