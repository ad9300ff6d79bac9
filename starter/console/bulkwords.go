package console

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

// bulkTone is how good or bad a bulk run stands.
func bulkTone(bulk read.BulkSummary) ui.Tone {
	if bulk.State != read.BulkFinished && bulk.State != read.BulkPaused && bulk.Wait.Known() {
		return ui.Warn
	}
	switch bulk.State {
	case read.BulkFinished:
		return present.EndingOf(bulk.Outcome, "").Tone()
	case read.BulkQueued:
		return ui.Quiet
	case read.BulkPaused:
		return ui.Info
	case read.BulkWaiting:
		return ui.Warn
	default:
		return ui.Busy
	}
}

// bulkWords say in a badge where a bulk run stands.
func bulkWords(bulk read.BulkSummary) string {
	if bulk.State != read.BulkFinished && bulk.State != read.BulkPaused && bulk.Wait.Known() {
		return string(read.BulkWaiting)
	}
	if bulk.State != read.BulkFinished {
		return string(bulk.State)
	}
	return words.BulkBadge(bulk.Outcome, bulk.Counts)
}

// bulkResult says how a bulk run ended.
func bulkResult(bulk read.BulkSummary) string { return words.BulkTitle(bulk.Outcome, bulk.Counts) }

// bulkDone says how many people are done.
func bulkDone(bulk read.BulkSummary) string {
	if bulk.PlannedAt == nil && bulk.State != read.BulkFinished {
		return "Selecting people"
	}
	counts := bulk.Counts
	done := present.Number(counts.Processed) + " of " + countPeople(counts.Selected)
	if unsuccessful := unsuccessful(counts); unsuccessful > 0 {
		done += ", " + present.Number(unsuccessful) + " unsuccessful"
	}
	return done
}

// unsuccessful is how many people a retry would take.
func unsuccessful(counts care.BulkCounts) int {
	return counts.Partial + counts.Failed + counts.Cancelled + counts.Skipped
}

// bulkSpeed says how fast a bulk run is and when it will have ended; empty where that cannot be told.
func bulkSpeed(bulk read.BulkSummary, zone *time.Location) string {
	if bulk.PerMinute == nil || bulk.EstimatedEnd == nil {
		return ""
	}
	return fmt.Sprintf("%s people per minute, done about %s", present.Number(int(math.Round(*bulk.PerMinute))), ui.Moment(bulk.EstimatedEnd, zone))
}

// underBulk says below a bulk run's badge what it waits for, or how long it has lasted.
func underBulk(bulk read.BulkSummary) string {
	return cmp.Or(ui.Sentence(words.WaitTitle(bulk.Wait)), bulkTook(bulk))
}

// bulkTook is how long a bulk run has lasted, empty until its end.
func bulkTook(bulk read.BulkSummary) string { return ui.Took(&bulk.RequestedAt, bulk.FinishedAt) }

func whoOf(bulk read.BulkSummary) string {
	who, _ := bulkOptionWords(bulk.Options)
	return who
}

func whatOf(bulk read.BulkSummary) string {
	_, what := bulkOptionWords(bulk.Options)
	return what
}

// bulkSegments are the parts of a bulk run's bar.
func bulkSegments(counts care.BulkCounts) []ui.Segment {
	if counts.Selected == 0 {
		return nil
	}
	var segments []ui.Segment
	for _, number := range words.BulkNumbers(counts) {
		if number.Part {
			segments = append(segments, ui.Segment{Class: number.Name, Share: float64(number.People) / float64(counts.Selected)})
		}
	}
	return ui.Segments(segments...)
}

// itemTone is how good or bad a person's part of a bulk run ended.
func itemTone(end present.Ending) ui.Tone {
	if end.Outcome == "" {
		return ui.Busy
	}
	return end.Tone()
}

func endOfItem(item read.BulkItem) present.Ending {
	return present.EndingOf(item.Outcome, item.Reason)
}

func endOfReason(reason read.BulkReason) present.Ending {
	return present.EndingOf(reason.Outcome, reason.Reason)
}

// itemHow says how a person was synced where that was out of the ordinary.
func itemHow(item read.BulkItem) string {
	switch {
	case item.Joined:
		return "already running"
	case item.EscalatedAt != nil:
		return "retried individually"
	default:
		return ""
	}
}

// numberOfPerson is the government's number of a person, the one that a kind of sync goes by first.
func numberOfPerson(person read.PersonRef, kind care.RunKind) string {
	if person.CareRecipientID == "" || kind == care.RunPACEContract && person.NDISNumber != "" {
		return person.NDISNumber
	}
	return person.CareRecipientID
}

func countPeople(people int) string { return present.Count(people, "person", "people") }

// finishedBulkWords say how many people a bulk run reached, when it ended and how long it took.
func finishedBulkWords(panel bulkPanel) string {
	return bulkDone(panel.bulk) + " · " + ui.Moment(panel.bulk.FinishedAt, panel.zone) + " · took " + bulkTook(panel.bulk)
}

// windowOf is how many batches were to be synced at once when a bulk run was started.
func windowOf(bulk read.BulkSummary) string {
	if bulk.Options.Window == 0 {
		return defaultWindow
	}
	return strconv.Itoa(bulk.Options.Window)
}

func thresholdWords(options care.BulkOptions) string {
	if options.FailureThreshold == 0 {
		return ""
	}
	return strconv.Itoa(options.FailureThreshold) + " % of failures"
}

func policyWords(options read.BulkOptions) string {
	if options.ReviewAll {
		return "Every change is held for approval"
	}
	return "Changed amounts and extensions are applied"
}

// reasonWords say in plain words what the reason of some people was.
func reasonWords(reason read.BulkReason) string {
	if reason.Explanation != "" {
		return reason.Explanation
	}
	return ui.Sentence(present.Field(string(reason.Reason))) + "."
}

// noneUnsuccessful stands where those would be listed who did not succeed.
func noneUnsuccessful(panel bulkPanel) string {
	switch {
	case !panel.finished():
		return "No failures so far"
	case panel.bulk.Counts.Selected == 0:
		return "No one was selected"
	default:
		return "Everyone succeeded"
	}
}

func noneHint(panel bulkPanel) string {
	switch {
	case !panel.finished():
		return "People whose sync fails are listed here as it happens, with the reason."
	case panel.bulk.Options.Delta && panel.bulk.Counts.Selected == 0:
		return "The providers’ lists showed no change."
	case panel.bulk.Counts.Selected == 0:
		return "No matching people."
	default:
		return "There is no one to retry."
	}
}
