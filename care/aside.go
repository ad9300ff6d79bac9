package care

import (
	"slices"
	"time"
)

// AsideCause is why a person of a bulk run waits for its end: only then it can be told whose trouble it is (R9).
type AsideCause string

// The causes for which a person is set aside.
const (
	// AsideUnavailable: Services Australia answered with a 503, without saying when to try again.
	AsideUnavailable AsideCause = "unavailable"
	// AsideContributions: contributions were no longer reported, which may affect everyone.
	AsideContributions AsideCause = "contributions"
)

// OthersWhoSucceeded is how many others must have succeeded before a 503 can be a person's own (R9).
const OthersWhoSucceeded = 20

const (
	// A 503 is a person's own once they have met it so often, over so long a time.
	unavailableTimes = 3
	unavailableFor   = 10 * time.Minute
	// It is the service's if more people than this, or than this percentage of the bulk run, whichever is more, have it.
	unavailablePeople  = 3
	unavailablePercent = 2
)

// Culprit says whose trouble it is that the service is unavailable for a person.
type Culprit string

// Whose trouble it can be.
const (
	CulpritUnknown Culprit = ""
	CulpritPerson  Culprit = "person"
	CulpritService Culprit = "service"
)

// Unavailability is what a bulk run knows of a person whom Services Australia answers with a 503 that names no time, and of the others.
type Unavailability struct {
	// MetAt is when the person met it, in order.
	MetAt []time.Time
	// OthersSucceeded is how many others the same operation succeeded for; OthersFailedAt is when the service last failed for one of them.
	OthersSucceeded int
	OthersFailedAt  time.Time
	// People is how many meet it, this person included, of how many who were Selected.
	People, Selected int
}

// Culprit decides whose trouble it is (R9). What the person met before the service failed for others says nothing about the person.
func (u Unavailability) Culprit() Culprit {
	if u.People > max(unavailablePeople, u.Selected*unavailablePercent/100) {
		return CulpritService
	}
	met := slices.DeleteFunc(slices.Clone(u.MetAt), func(at time.Time) bool { return !at.After(u.OthersFailedAt) })
	if len(met) < unavailableTimes || met[len(met)-1].Sub(met[0]) < unavailableFor || u.OthersSucceeded < OthersWhoSucceeded {
		return CulpritUnknown
	}
	return CulpritPerson
}

// OwnUnavailability tells the areas that gave up since the service was unavailable that this is the person's own trouble.
func OwnUnavailability(areas map[Area]AreaResult) {
	for area, result := range areas {
		if result.Reason == ReasonServiceUnavailable {
			result.Reason = ReasonUnavailableForPerson
			areas[area] = result
		}
	}
}

// LostContributions says what becomes of contributions where a person would lose all of them.
type LostContributions string

// What can become of them.
const (
	// LoseContributions removes them, with a warning (R16).
	LoseContributions LostContributions = ""
	// AskAboutContributions leaves the person to the end of the bulk run.
	AskAboutContributions LostContributions = "ask"
	// HoldContributions keeps them until an operator accepts the removal.
	HoldContributions LostContributions = "hold"
)

// WhenLost decides what becomes of the contributions of the people of a bulk run who would lose all, losing of those with contributions: held
// where they are more than half of five or more (R5, R9).
func WhenLost(with, losing int) LostContributions {
	if (Guard{}).Holds(with, losing, with-losing) {
		return HoldContributions
	}
	return LoseContributions
}

// OutageReasons are those for which someone was not reached: what changed of them is still to be read (R35).
var OutageReasons = []Reason{
	ReasonServiceUnavailable, ReasonLoginUnavailable, ReasonNoAllowance, ReasonDatabaseUnavailable, ReasonTemporalUnavailable, ReasonNoWorker,
}
