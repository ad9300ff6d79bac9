package keyring

import (
	"fmt"
	"strings"
	"time"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

// heldWords name what a table holds, one and several of them.
var heldWords = map[db.SealedIn][2]string{
	db.SealedDeviceKey:       {"device key", "device keys"},
	db.SealedToken:           {"PRODA token", "PRODA tokens"},
	db.SealedNotificationKey: {"notification key", "notification keys"},
	db.SealedPreview:         {"waiting preview", "waiting previews"},
}

// Values says how many values of a table there are, such as "2 device keys".
func Values(in db.SealedIn, number int) string {
	return present.Count(number, heldWords[in][0], heldWords[in][1])
}

// Seals lists what a key seals, such as "1 device key, 3 schedules".
func (k Key) Seals() string {
	var parts []string
	for _, held := range k.Stored {
		parts = append(parts, Values(held.In, held.Values))
	}
	for _, counted := range []struct {
		number       int
		one, several string
	}{
		{k.Schedules, "schedule", "schedules"},
		{k.OpenWorkflows, "open workflow", "open workflows"},
		{k.ClosedWorkflows, "closed workflow", "closed workflows"},
	} {
		if counted.number > 0 {
			parts = append(parts, present.Count(counted.number, counted.one, counted.several))
		}
	}
	return strings.Join(parts, ", ")
}

// Says tells what can be done with the key, in a sentence.
func (k Key) Says(zone *time.Location) string {
	switch k.State {
	case StateActive:
		return fmt.Sprintf("%s seals. It is needed.", k.ID)
	case StateNeeded:
		return fmt.Sprintf("%s is still needed. %s", k.ID, k.advice())
	case StateRetained:
		return fmt.Sprintf("%s is needed until %s, when Temporal has removed the last closed workflow that it sealed.", k.ID, present.Time(k.NeededUntil, zone))
	case StateUnused:
		if k.FirstUsedAt == nil {
			return k.ID + " has sealed nothing yet, and can be removed."
		}
		return k.ID + " can be removed."
	case StateMissing:
		return k.ID + " is missing from the keyring, and what it seals cannot be read. Add it to CARESYNC_KEYRING, as the other programs have it."
	case StateDifferent:
		return k.ID + " of the keyring is another key than the one that sealed this database's data. Set CARESYNC_KEYRING to what the other programs have."
	default:
		return fmt.Sprintf("PostgreSQL does not need %s. Whether Temporal does is not known.", k.ID)
	}
}

// advice says how what the key seals comes to an end.
func (k Key) advice() string {
	switch {
	case k.values() > 0:
		return "Run `caresync keyring reseal`."
	case k.Schedules > 0:
		return "A worker reseals the schedules within three minutes."
	default:
		return "Wait until the open workflows have ended. Temporal retains them for some time after that."
	}
}
