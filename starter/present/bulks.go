package present

import (
	"fmt"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

var bulkOutcomes = map[care.RunOutcome]string{
	care.RunSucceeded:             "everybody succeeded",
	care.RunSucceededWithWarnings: "everybody succeeded, some with warnings",
	care.RunPartial:               "not everybody succeeded",
	care.RunFailed:                "nobody succeeded",
	care.RunCancelled:             "cancelled",
}

// BulkState says where a bulk run stands, in a few words.
func BulkState(bulk read.BulkSummary) string {
	if bulk.State == read.BulkFinished {
		return known(bulkOutcomes, bulk.Outcome)
	}
	return string(bulk.State)
}

// BulkWaits says in words why a bulk run does not go on, with the government's own; empty if it does.
func BulkWaits(bulk read.BulkSummary, zone *time.Location) string {
	switch bulk.State {
	case read.BulkPaused:
		return "paused by an operator since " + Time(bulk.PausedAt, zone)
	case read.BulkWaiting:
		words := fmt.Sprintf("waiting for %s since %s", Service(bulk.Kind.Service()), Time(bulk.WaitingSince, zone))
		if bulk.WaitingWords != "" {
			words += ": " + strings.Join(strings.Fields(bulk.WaitingWords), " ")
		}
		return words
	default:
		return ""
	}
}

// SetAside says of the people of a bulk run who wait until the others are done how many they are, and why they wait (R9).
func SetAside(bulk read.BulkSummary) (lines []string) {
	if people := bulk.SetAside.Unavailable; people > 0 {
		lines = append(lines, fmt.Sprintf("%s: %s answers 503 for them; tried again at the end", Count(people, "person waits", "people wait"), Service(bulk.Kind.Service())))
	}
	if people := bulk.SetAside.Contributions; people > 0 {
		lines = append(lines, fmt.Sprintf("%s: %s reports no contributions of them any more; the end of the run tells whether they go or are held",
			Count(people, "person waits", "people wait"), Service(bulk.Kind.Service())))
	}
	return lines
}

// MayBe says that somebody whom a list names may be a person of ours under another number (R33), and what to do; empty where nobody fits.
func MayBe(listed read.UnknownPerson) string {
	person := listed.MayBe
	if person == nil {
		return ""
	}
	name := Name(person.GivenName, person.FamilyName)
	if person.CareRecipientID == listed.CareRecipientID {
		return fmt.Sprintf("%s has been given the number %s since.", name, listed.CareRecipientID)
	}
	return fmt.Sprintf("%s is listed with the name and birth date of %s (%s), who is no longer listed: change the number of %s, or import %s as a new person.",
		listed.CareRecipientID, name, person.CareRecipientID, name, listed.CareRecipientID)
}

// ItemState says how a person's part of a bulk run ended.
func ItemState(end Ending) string {
	switch end.Outcome {
	case "":
		return "not done yet"
	case care.RunFailed:
		return end.Badge()
	default:
		return end.Words()
	}
}
