package console

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/words"
)

// waitTone is how bad a wait is: someone's pause is as it was meant.
func waitTone(wait care.Wait) ui.Tone {
	switch {
	case wait.Cause == care.WaitsForPerson:
		return ui.Info
	case wait.DeadEnd():
		return ui.Bad
	default:
		return ui.Warn
	}
}

// waitDetails say of a wait what its title and the government's words do not.
func waitDetails(wait care.Wait, zone *time.Location) string {
	return words.WaitDetails(wait, func(at time.Time) string { return ui.Moment(&at, zone) })
}

// bulkGoesOn says what becomes of a bulk run that waits.
func bulkGoesOn(bulk read.BulkSummary) string {
	switch {
	case bulk.State == read.BulkPaused:
		return "People in progress will finish, no one else is started."
	case bulk.Wait.DeadEnd():
		return ""
	default:
		return "The run resumes automatically."
	}
}
