package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// R9: a 503 is a person's own once they have met three over ten minutes while twenty others succeeded and none failed. Above two per cent of
// the bulk run or three people, whichever is more, it is the service's.
func TestWhoseTroubleA503Is(t *testing.T) {
	began := time.Date(2026, 5, 20, 3, 30, 0, 0, time.UTC)
	met := func(minutes ...int) (times []time.Time) {
		for _, minute := range minutes {
			times = append(times, began.Add(time.Duration(minute)*time.Minute))
		}
		return times
	}
	for name, test := range map[string]struct {
		known care.Unavailability
		want  care.Culprit
	}{
		"once":                              {care.Unavailability{MetAt: met(0), OthersSucceeded: 59, People: 1, Selected: 60}, care.CulpritUnknown},
		"twice over an hour":                {care.Unavailability{MetAt: met(0, 60), OthersSucceeded: 59, People: 1, Selected: 60}, care.CulpritUnknown},
		"three times within nine minutes":   {care.Unavailability{MetAt: met(0, 5, 9), OthersSucceeded: 59, People: 1, Selected: 60}, care.CulpritUnknown},
		"three times over ten minutes":      {care.Unavailability{MetAt: met(0, 5, 10), OthersSucceeded: 20, People: 1, Selected: 60}, care.CulpritPerson},
		"nineteen others":                   {care.Unavailability{MetAt: met(0, 5, 10), OthersSucceeded: 19, People: 1, Selected: 60}, care.CulpritUnknown},
		"another failed meanwhile":          {care.Unavailability{MetAt: met(0, 5, 10), OthersFailedAt: met(7)[0], OthersSucceeded: 59, People: 1, Selected: 60}, care.CulpritUnknown},
		"another failed before":             {care.Unavailability{MetAt: met(0, 5, 10), OthersFailedAt: met(-1)[0], OthersSucceeded: 59, People: 1, Selected: 60}, care.CulpritPerson},
		"long enough after another failed":  {care.Unavailability{MetAt: met(0, 5, 10, 15, 20), OthersFailedAt: met(7)[0], OthersSucceeded: 59, People: 1, Selected: 60}, care.CulpritPerson},
		"three people of sixty":             {care.Unavailability{MetAt: met(0, 5, 10), OthersSucceeded: 57, People: 3, Selected: 60}, care.CulpritPerson},
		"four people of sixty":              {care.Unavailability{MetAt: met(0), OthersSucceeded: 56, People: 4, Selected: 60}, care.CulpritService},
		"two per cent of a thousand":        {care.Unavailability{MetAt: met(0, 5, 10), OthersSucceeded: 20, People: 20, Selected: 1000}, care.CulpritPerson},
		"more than two per cent of them":    {care.Unavailability{MetAt: met(0), OthersSucceeded: 20, People: 21, Selected: 1000}, care.CulpritService},
		"three people, and no one succeeds": {care.Unavailability{MetAt: met(0, 5, 10), People: 3, Selected: 3}, care.CulpritUnknown},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, test.known.Culprit()) })
	}
}

// More people in trouble never make it a person's own, and more meetings never take that back.
func TestWhoseTroubleIsMonotonic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		began := time.Date(2026, 5, 20, 3, 30, 0, 0, time.UTC)
		known := care.Unavailability{
			OthersSucceeded: rapid.IntRange(0, 40).Draw(t, "others"), People: rapid.IntRange(1, 30).Draw(t, "people"), Selected: rapid.IntRange(30, 2000).Draw(t, "selected"),
		}
		at := began
		for range rapid.IntRange(0, 6).Draw(t, "times") {
			at = at.Add(time.Duration(rapid.IntRange(1, 500).Draw(t, "seconds")) * time.Second)
			known.MetAt = append(known.MetAt, at)
		}
		before := known.Culprit()
		more := known
		more.People++
		if before != care.CulpritPerson {
			require.NotEqual(t, care.CulpritPerson, more.Culprit())
		}
		again := known
		again.MetAt = append(again.MetAt, at.Add(time.Minute))
		if before == care.CulpritPerson {
			require.Equal(t, care.CulpritPerson, again.Culprit())
		}
	})
}

// R9: contributions are held where more than half of five or more people would lose all of theirs.
func TestWhenContributionsAreLost(t *testing.T) {
	for _, test := range []struct {
		with, losing int
		want         care.LostContributions
	}{
		{4, 4, care.LoseContributions}, {5, 2, care.LoseContributions}, {5, 3, care.HoldContributions}, {6, 3, care.LoseContributions},
		{1000, 501, care.HoldContributions}, {1000, 1, care.LoseContributions},
	} {
		require.Equal(t, test.want, care.WhenLost(test.with, test.losing), test)
	}
}
