package care_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// aSupplement is drawn from so few values that records of one identity, and equal ones, are common.
var aSupplement = rapid.Custom(func(t *rapid.T) care.Supplement {
	return care.Supplement{
		Code:      rapid.SampledFrom([]string{"OXY_NORM", "ENT_NNBO", "DEM_COG"}).Draw(t, "code"),
		StartDate: rapid.SampledFrom([]care.Date{noDate, day("2025-11-01")}).Draw(t, "start"),
		Name:      rapid.SampledFrom([]string{"", "a supplement"}).Draw(t, "name"),
		EndDate:   rapid.SampledFrom([]care.Date{noDate, day("2026-03-31")}).Draw(t, "end"),
	}
})

var aRead = rapid.SliceOfN(aSupplement, 0, 9)

// anyNumber of records may go.
const anyNumber = 1000

var aGuard = rapid.Custom(func(t *rapid.T) care.Guard {
	return care.Guard{NeverEmpty: rapid.Bool().Draw(t, "never empty"), Waiting: rapid.Bool().Draw(t, "waiting"), Accepted: rapid.IntRange(0, 6).Draw(t, "accepted")}
})

// heldAfter is what we hold after some earlier reads, with removed and revived records among it.
func heldAfter(t *rapid.T, newID care.NewID) (held []care.Supplement) {
	for range rapid.IntRange(0, 3).Draw(t, "earlier reads") {
		held = care.Compare(care.KindSupplement, held, aRead.Draw(t, "earlier"), care.Guard{Accepted: anyNumber}, newID).After
	}
	return held
}

func identity(s care.Supplement) string { return s.Code + " " + s.StartDate.String() }
func content(s care.Supplement) string  { return identity(s) + " " + s.Name + " " + s.EndDate.String() }

// contents are the contents of records in order; removed ones only where they are asked for.
func contents(records []care.Supplement, removed bool) (all []string) {
	for _, record := range records {
		if record.Removed == removed {
			all = append(all, content(record))
		}
	}
	slices.Sort(all)
	return all
}

func byID(records []care.Supplement) map[care.ID]care.Supplement {
	index := make(map[care.ID]care.Supplement, len(records))
	for _, record := range records {
		index[record.ID] = record
	}
	return index
}

// times counts what of gives for the records that are not removed.
func times(records []care.Supplement, of func(care.Supplement) string) map[string]int {
	counted := make(map[string]int)
	for _, record := range records {
		if !record.Removed {
			counted[of(record)]++
		}
	}
	return counted
}

// scenario is what we held, what was read, under which guard, and what that changes.
type scenario struct {
	held, read []care.Supplement
	guard      care.Guard
	newID      care.NewID
	difference care.Difference[care.Supplement]
}

func (s scenario) leaving() (leaving int) {
	readTimes := times(s.read, identity)
	for one, held := range times(s.held, identity) {
		leaving += max(0, held-readTimes[one])
	}
	return leaving
}

// mustHold is R5 in other words than those of care.
func (s scenario) mustHold() bool {
	current := len(contents(s.held, false))
	switch {
	case s.leaving() == 0 || s.leaving() <= s.guard.Accepted:
		return false
	case s.guard.Waiting, s.guard.Accepted > 0:
		return true
	case s.guard.NeverEmpty && len(s.read) == 0:
		return true
	default:
		return current >= 5 && s.leaving() > current-s.leaving()
	}
}

func drawScenario(t *rapid.T) scenario {
	newID := freshIDs()
	s := scenario{held: heldAfter(t, newID), read: aRead.Draw(t, "read"), guard: aGuard.Draw(t, "guard"), newID: newID}
	s.difference = care.Compare(care.KindSupplement, s.held, s.read, s.guard, newID)
	return s
}

func TestCompareHasTheseProperties(t *testing.T) {
	for _, property := range []struct {
		name string
		hold func(*rapid.T, scenario)
	}{
		{"what is current afterwards is what was read, and what is held back", currentIsWhatWasRead},
		{"no record is lost, none comes twice", nothingIsLost},
		{"equal records are told apart by their ordinals, which never change", ordinalsTellApart},
		{"counts add up", countsAddUp},
		{"the guard holds what it must, and nothing else", guardHoldsWhatItMust},
		{"a revived record keeps its id", revivedKeepsItsID},
		{"what is written and removed makes what stands afterwards", writesMakeWhatStands},
		{"changes say what was and what is", changesSayWhatWasAndIs},
		{"the same read in any order changes nothing the second time", secondTimeChangesNothing},
		{"the order of the read does not decide what stands", orderDoesNotMatter},
	} {
		t.Run(property.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { property.hold(t, drawScenario(t)) })
		})
	}
}

func currentIsWhatWasRead(t *rapid.T, s scenario) {
	current := contents(s.difference.After, false)
	if s.difference.Held == 0 {
		require.Equal(t, contents(s.read, false), current)
		return
	}
	require.Len(t, current, len(s.read)+s.difference.Held)
	currentTimes := times(s.difference.After, content)
	for one, read := range times(s.read, content) {
		require.GreaterOrEqual(t, currentTimes[one], read)
	}
}

func nothingIsLost(t *rapid.T, s scenario) {
	after := byID(s.difference.After)
	require.Len(t, after, len(s.difference.After), "an id stands twice")
	require.Len(t, s.difference.After, len(s.held)+s.difference.Count.Created)
	for _, held := range s.held {
		require.Contains(t, after, held.ID)
		require.Equal(t, identity(held), identity(after[held.ID]))
	}
}

func ordinalsTellApart(t *rapid.T, s scenario) {
	seen := make(map[string]bool)
	for _, record := range s.difference.After {
		key := fmt.Sprint(identity(record), " ", record.Ordinal)
		require.False(t, seen[key], "ordinal twice: %s", key)
		seen[key] = true
	}
	after := byID(s.difference.After)
	for _, held := range s.held {
		require.Equal(t, held.Ordinal, after[held.ID].Ordinal)
	}
}

func countsAddUp(t *rapid.T, s scenario) { // R6
	count := s.difference.Count
	require.Equal(t, len(s.read), count.Created+count.Updated+count.Unchanged)
	require.Equal(t, len(s.read), count.Synced())
	require.Len(t, s.difference.Write, count.Created+count.Updated)
	require.Len(t, s.difference.Remove, count.Removed)
	require.LessOrEqual(t, count.Removed, len(contents(s.held, false)))

	unchanged, readTimes := 0, times(s.read, content)
	for one, held := range times(s.held, content) {
		unchanged += min(held, readTimes[one])
	}
	require.Equal(t, unchanged, count.Unchanged, "an equal record counts as changed")
}

func guardHoldsWhatItMust(t *rapid.T, s scenario) { // R5
	if s.mustHold() {
		require.Equal(t, s.leaving(), s.difference.Held)
		require.Zero(t, s.difference.Count.Removed)
		return
	}
	require.Zero(t, s.difference.Held)
	require.Equal(t, s.leaving(), s.difference.Count.Removed)
}

func revivedKeepsItsID(t *rapid.T, s scenario) { // R5
	held, after, revived := byID(s.held), byID(s.difference.After), 0
	for _, change := range s.difference.Changes {
		if change.Action != care.ActionRevived {
			continue
		}
		revived++
		require.True(t, held[change.RecordID].Removed)
		require.False(t, after[change.RecordID].Removed)
	}
	for id, record := range held {
		if record.Removed && !after[id].Removed {
			revived--
		}
	}
	require.Zero(t, revived, "a record was revived without saying so")
}

func writesMakeWhatStands(t *rapid.T, s scenario) { // as the database does it: upsert by id, then mark as removed
	stored := byID(s.held)
	for _, record := range s.difference.Write {
		require.False(t, record.Removed)
		stored[record.ID] = record
	}
	for _, id := range s.difference.Remove {
		record := stored[id]
		require.False(t, record.Removed, "removed already")
		record.Removed = true
		stored[id] = record
	}
	require.Equal(t, stored, byID(s.difference.After))
}

func changesSayWhatWasAndIs(t *rapid.T, s scenario) {
	held, after := byID(s.held), byID(s.difference.After)
	touched := make(map[care.ID]bool)
	for _, change := range s.difference.Changes {
		touched[change.RecordID] = true
		require.Equal(t, care.KindSupplement, change.Kind)
		if change.Action != care.ActionUpdated {
			require.Empty(t, change.Field)
			continue
		}
		require.Equal(t, fieldText(held[change.RecordID], change.Field), change.Old)
		require.Equal(t, fieldText(after[change.RecordID], change.Field), change.New)
		require.NotEqual(t, change.Old, change.New)
	}
	require.Len(t, touched, len(s.difference.Write)+len(s.difference.Remove), "a write without a change, or a change without a write")
}

func fieldText(supplement care.Supplement, field string) *string {
	value := map[string]string{"name": supplement.Name, "end_date": supplement.EndDate.String()}[field]
	if value == "" {
		return nil
	}
	return &value
}

func secondTimeChangesNothing(t *rapid.T, s scenario) {
	shuffled := rapid.Permutation(s.read).Draw(t, "shuffled")
	held := rapid.Permutation(s.difference.After).Draw(t, "held in another order")
	again := care.Compare(care.KindSupplement, held, shuffled, s.guard, s.newID)

	require.Empty(t, again.Write)
	require.Equal(t, len(s.read), again.Count.Unchanged)
	if s.difference.Held == 0 {
		require.Equal(t, care.Count{Unchanged: len(s.read)}, again.Count)
		require.Empty(t, again.Changes)
		require.Equal(t, byID(s.difference.After), byID(again.After))
	}
}

func orderDoesNotMatter(t *rapid.T, s scenario) {
	shuffled := rapid.Permutation(s.read).Draw(t, "shuffled")
	held := rapid.Permutation(s.held).Draw(t, "held in another order")
	other := care.Compare(care.KindSupplement, held, shuffled, s.guard, s.newID)

	require.Equal(t, contents(s.difference.After, false), contents(other.After, false))
	require.Equal(t, s.difference.Held, other.Held)
	remove := func(d care.Difference[care.Supplement]) []care.ID {
		return slices.SortedFunc(slices.Values(d.Remove), cmp.Compare)
	}
	require.Equal(t, remove(s.difference), remove(other))
	require.Equal(t, s.difference.Count.Created, other.Count.Created)
	require.Equal(t, s.difference.Count.Unchanged, other.Count.Unchanged)
}
