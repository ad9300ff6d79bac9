package present

import (
	"cmp"
	"fmt"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/words"
)

// BulkState says where a bulk run stands, in a few words, where nothing else says what it waits for.
func BulkState(bulk read.BulkSummary) string {
	if bulk.State == read.BulkFinished {
		return BulkStateAlone(bulk)
	}
	return stateOrWait(string(bulk.State), bulk.Wait)
}

// BulkStateAlone is the state of a bulk run, beside what it waits for.
func BulkStateAlone(bulk read.BulkSummary) string {
	if bulk.State == read.BulkFinished {
		return words.BulkOutcome(bulk.Outcome, bulk.Counts)
	}
	return string(bulk.State)
}

// stateOrWait is a state, or what keeps it from going on (R38).
func stateOrWait(state string, wait care.Wait) string { return cmp.Or(words.WaitTitle(wait), state) }

// LeavesOut says what a bulk run that is in progress keeps from running; empty where that is nothing.
func LeavesOut(bulk read.BulkSummary) string {
	if bulk.TimesLeftOut == 0 || bulk.State == read.BulkFinished {
		return ""
	}
	return fmt.Sprintf("this run keeps the %s from running: %s skipped so far", bulk.RequestedBy, Count(bulk.TimesLeftOut, "time", "times"))
}

// SetAside says of the people of a bulk run who wait until the others are done how many they are, and why they wait (R9).
func SetAside(bulk read.BulkSummary) (lines []string) {
	if people := bulk.SetAside.Unavailable; people > 0 {
		lines = append(lines, fmt.Sprintf("%s: %s answers 503 for them; they are retried at the end", Count(people, "person waits", "people wait"), Service(bulk.Kind.Service())))
	}
	if people := bulk.SetAside.Contributions; people > 0 {
		lines = append(lines, fmt.Sprintf("%s: %s no longer reports contributions for them; at the end of the run these are removed or held for approval",
			Count(people, "person waits", "people wait"), Service(bulk.Kind.Service())))
	}
	return lines
}

// MayBe says that a listed person may be a person of ours under another number (R33), and what to do; empty if no one matches.
func MayBe(listed read.UnknownPerson) string {
	person := listed.MayBe
	if person == nil {
		return ""
	}
	name := Name(person.GivenName, person.FamilyName)
	if person.CareRecipientID == listed.CareRecipientID {
		return fmt.Sprintf("%s now has the number %s.", name, listed.CareRecipientID)
	}
	return fmt.Sprintf("%s is listed with the name and birth date of %s (%s), who is no longer listed: change the number of %s, or import %s as a new person.",
		listed.CareRecipientID, name, person.CareRecipientID, name, listed.CareRecipientID)
}

// ItemState says how a person's part of a bulk run ended.
func ItemState(end Ending) string {
	return end.OfPerson()
}
