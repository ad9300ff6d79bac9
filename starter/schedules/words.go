package schedules

import (
	"cmp"
	"fmt"
	"time"

	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

// Written writes an instant as a terminal does, or a page.
type Written func(instant *time.Time) string

// Note says by whom and since when a schedule is paused; empty where it is not.
func (v ScheduleView) Note(written Written) string {
	switch {
	case !v.Paused:
		return ""
	case v.PausedBy == "":
		return fmt.Sprintf("Paused automatically on %s, because no one could be synced in a run", written(v.PausedAt))
	default:
		return fmt.Sprintf("Paused by %s on %s", v.PausedBy, written(v.PausedAt))
	}
}

// PendingWords say that a schedule is not applied yet, and why; empty where it is applied.
func (v ScheduleView) PendingWords() string {
	switch v.Pending {
	case "":
		return ""
	case PendingTemporal:
		return "Saved, but not applied yet: Temporal is not responding. It is applied automatically when Temporal is back."
	case PendingRefused:
		return "Saved, but not applied yet: Temporal refused it. The worker's log says why; it is tried again every 20 seconds."
	default:
		return "Saved, but not applied yet: a worker applies it within a few seconds. If this does not change, no worker is running."
	}
}

const (
	// DeletedLater says what happens to a schedule that was deleted, and that Temporal still has.
	DeletedLater = "it is removed there automatically."
	// AwayWords say what is missing where Temporal does not answer.
	AwayWords = "Temporal is not responding: the next times are computed, and runs that no worker has started are not shown."
)

// EditedWords say that a change in Temporal was replaced; empty where none was since the last change with CareSync.
func (v ScheduleView) EditedWords(written Written) string {
	if v.EditedAt == nil || v.ChangedAt.After(*v.EditedAt) {
		return ""
	}
	return fmt.Sprintf("Someone changed this schedule in Temporal. The settings shown here were restored on %s.", written(v.EditedAt))
}

// Words say how many times were left out, which run is the reason, and what that was waiting for (R38).
func (l LeftOut) Words(written Written) string {
	text := fmt.Sprintf("%s: the bulk run of %s was ", present.Count(len(l.Times), "time", "times"), written(&l.RequestedAt))
	text += cmp.Or(words.WaitTitle(l.Wait), "in progress")
	if !l.Wait.Since.IsZero() {
		text += " since " + written(&l.Wait.Since)
	}
	if l.InProgress {
		text += ", and has not finished"
	}
	return text
}

// timesShown is how many missed times are listed.
const timesShown = 5

// MissedWords list missed times, such as "Sun 03 May 02:00, Mon 04 May 02:00".
func MissedWords(times []time.Time, zone *time.Location) string {
	text := ""
	for i, at := range times[max(0, len(times)-timesShown):] {
		if i > 0 {
			text += ", "
		}
		text += at.In(zone).Format("Mon 02 Jan 15:04")
	}
	if more := len(times) - timesShown; more > 0 {
		text = fmt.Sprintf("%d earlier, %s", more, text)
	}
	return text
}
