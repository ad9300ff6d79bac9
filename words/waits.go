package words

import (
	"cmp"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
)

// waitWords are what something waits for in a few words, what more there is to say of it, and what operators do about it where waiting alone does
// not help.
type waitWords struct{ title, more, todo string }

var waits = map[care.WaitCause]waitWords{
	care.WaitsForPRODA:         {title: "waiting for PRODA"},
	care.WaitsForDatabase:      {title: "waiting for CareSync's own database"},
	care.WaitsForTemporal:      {title: "waiting for Temporal, which does not answer"},
	care.WaitsForWorker:        {"waiting for a worker", "none is running", "Start one"},
	care.WaitsToBegin:          {"waiting for a worker", "none has picked this up", "Start one, or read the log of the one that is running"},
	care.WaitsForFreeWorker:    {title: "waiting for a free worker"},
	care.WaitsForWorkerVersion: {"waiting for a worker of another version", "those that are running cannot do this work", "Start workers of the version that began it"},
	care.WaitsForKey:           {"waiting for a worker with the right key", "those that are running lack a key of the keyring", "Give them the same keyring as the other programs"},
	care.WaitsForWorkerFault:   {"waiting for a worker that can do this work", "those that are running fail at it each time", "Their log says why"},
	care.WaitsForDeployment:    {"waiting for an operator", "the database belongs to another deployment", "See `caresync deployment show`"},
}

// WaitTitle names in a few words what something waits for, such as "waiting for PRODA".
func WaitTitle(wait care.Wait) string {
	switch wait.Cause {
	case care.WaitsForNothing:
		return ""
	case care.WaitsForService:
		return "waiting for " + Service(wait.Service)
	case care.WaitsForAllowance:
		return "waiting for our allowance of calls to " + Service(wait.Service)
	case care.WaitsForPerson:
		return "paused by " + cmp.Or(wait.By, "an operator")
	default:
		return waits[wait.Cause].title
	}
}

// Wait says in a clause, without a full stop, what something waits for, since when, until when, and what to do (R38); empty where it waits for
// nothing. This file is the only place that does.
func Wait(wait care.Wait, zone *time.Location) string {
	said := WaitTitle(wait)
	if more := waitMore(wait); more != "" {
		said += ": " + more
	}
	said = strings.Join(append([]string{said}, waitTimes(wait, func(at time.Time) string { return TimeToTheSecond(at, zone) })...), ", ")
	if wait.Words != "" {
		said += ": " + strings.Join(strings.Fields(wait.Words), " ")
	}
	if todo := waitAdvice(wait); todo != "" {
		said += ". " + strings.TrimSuffix(todo, ".")
	}
	return said
}

// WaitDetails say in sentences what Wait says besides the title and the government's words; when puts a time into words.
func WaitDetails(wait care.Wait, when func(time.Time) string) string {
	var sentences []string
	for _, said := range []string{waitMore(wait), strings.Join(waitTimes(wait, when), ", "), strings.TrimSuffix(waitAdvice(wait), ".")} {
		if said != "" {
			sentences = append(sentences, Sentence(said)+".")
		}
	}
	return strings.Join(sentences, " ")
}

// waitMore says more exactly what is missing.
func waitMore(wait care.Wait) string {
	return cmp.Or(waits[wait.Cause].more, DatabaseTrouble(wait.Trouble))
}

// waitTimes say since when, until when and how often.
func waitTimes(wait care.Wait, when func(time.Time) string) (times []string) {
	if !wait.Since.IsZero() {
		times = append(times, "since "+when(wait.Since))
	}
	if !wait.Until.IsZero() && wait.Cause == care.WaitsForAllowance {
		times = append(times, "next free at "+when(wait.Until))
	} else if !wait.Until.IsZero() {
		times = append(times, "until "+when(wait.Until))
	}
	if wait.Attempts > 0 {
		times = append(times, Count(wait.Attempts, "attempt", "attempts")+" failed")
	}
	return times
}

// WaitAtAnyTime is Wait without the times, for programs, which get them apart.
func WaitAtAnyTime(wait care.Wait) string {
	wait.Since, wait.Until = time.Time{}, time.Time{}
	return Wait(wait, time.UTC)
}

// waitAdvice is what operators do.
func waitAdvice(wait care.Wait) string {
	return cmp.Or(waits[wait.Cause].todo, DatabaseAdvice(wait.Trouble))
}
