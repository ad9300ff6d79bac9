package care

import (
	"cmp"
	"slices"
)

// Count is what a run did to the records of one kind (R6).
type Count struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Removed   int `json:"removed"`
}

// Synced is the number that the success message names: every record that the government reported (Care Recipient Sync §Success message, R6).
func (c Count) Synced() int { return c.Created + c.Updated + c.Unchanged }

// Changed reports whether a record was created, updated or removed.
func (c Count) Changed() bool { return c.Created+c.Updated+c.Removed > 0 }

// Plus adds two counts.
func (c Count) Plus(other Count) Count {
	return Count{
		Created: c.Created + other.Created, Updated: c.Updated + other.Updated,
		Unchanged: c.Unchanged + other.Unchanged, Removed: c.Removed + other.Removed,
	}
}

// Counts are the counts of a step or a run by kind of record.
//
// They are stored as JSON, in sync_run.counts.
type Counts map[Kind]Count

// Add adds the other counts, kind by kind.
func (c Counts) Add(other Counts) {
	for _, kind := range slices.Concat(CountedKinds, PACECountedKinds) {
		if count, counted := other[kind]; counted {
			c[kind] = c[kind].Plus(count)
		}
	}
}

// guardedFrom is the length from which a list may not lose more than half of its records at once (R5).
const guardedFrom = 5

// Guard decides whether a complete read may remove records (R5).
type Guard struct {
	// Unread is set where the list was not read completely, so that what is missing from it is no news: nothing is removed, and a
	// removal that is held back stays so.
	Unread bool
	// NeverEmpty holds back an empty answer where we have current records (classifications and budgets).
	NeverEmpty bool
	// Waiting is set while an earlier removal from the list is held back and no one has accepted it.
	Waiting bool
	// Accepted is how many removals an operator has accepted.
	Accepted int
}

// Holds reports whether removals are held back: an empty answer where we have current records, or more than half of five or
// more current records gone at once (R5). reported is how many records the answer had.
func (g Guard) Holds(current, removing, reported int) bool {
	if removing == 0 || removing <= g.Accepted {
		return false
	}
	if g.Waiting || g.Accepted > 0 {
		return true
	}
	if g.NeverEmpty && reported == 0 {
		return true
	}
	return current >= guardedFrom && removing*2 > current
}

// Difference is what a complete read of a list changes in what we hold.
type Difference[T any] struct {
	// Write are the created, updated and revived records as they are to be stored.
	Write []T
	// Remove are the ids of the records to mark as removed.
	Remove []ID
	// After are all records as they stand after the change, the removed ones among them.
	After   []T
	Count   Count
	Changes []Change
	// Unread is Guard.Unread.
	Unread bool
	// Held is the number of records that were not in the answer and whose removal the guard holds back (R5).
	Held int
}

// writes reports whether a record is new or has changed.
func (d *Difference[T]) writes(id ID) bool {
	return slices.ContainsFunc(d.Changes, func(change Change) bool { return change.RecordID == id && change.Action != ActionRemoved })
}

type record[T any] interface {
	*T
	row() *Row
	identity() string
	values() []Value
}

// Compare finds what a complete read of a list changes in what we hold of it (R5, "Identities" of docs/rules.md). Records with
// the same identity are paired first with one whose values are equal, then in order, so that a shuffled answer changes nothing.
// A record that was removed is revived only where no current one of its identity is left to pair with.
func Compare[T any, P record[T]](kind Kind, held, read []T, guard Guard, newID NewID) Difference[T] {
	groups := groupByIdentity[T, P](held)
	difference := Difference[T]{Unread: guard.Unread}
	for _, incoming := range pairUp[T, P](groups, read) {
		difference.keep(kind, incoming.held, incoming.read, newID, rowOf[T, P], valuesOf[T, P])
	}
	holds := func(removing int) bool { return guard.Holds(currentIn[T, P](held), removing, len(read)) }
	difference.removeAbsent(kind, leftOver(groups), holds, rowOf[T, P])
	return difference
}

func rowOf[T any, P record[T]](r *T) *Row       { return P(r).row() }
func valuesOf[T any, P record[T]](r *T) []Value { return P(r).values() }

func currentIn[T any, P record[T]](held []T) (current int) {
	for i := range held {
		if !P(&held[i]).row().Removed {
			current++
		}
	}
	return current
}

// group are the records we hold of one identity; those paired with a read record become nil.
type group[T any] struct {
	held        []*T
	nextOrdinal int
}

func groupByIdentity[T any, P record[T]](held []T) map[string]*group[T] {
	groups := make(map[string]*group[T])
	for i := range held {
		key := P(&held[i]).identity()
		if groups[key] == nil {
			groups[key] = &group[T]{}
		}
		members := groups[key]
		members.held = append(members.held, &held[i])
		members.nextOrdinal = max(members.nextOrdinal, P(&held[i]).row().Ordinal+1)
	}
	for _, members := range groups {
		slices.SortStableFunc(members.held, func(a, b *T) int {
			return cmp.Or(compareBool(P(a).row().Removed, P(b).row().Removed), cmp.Compare(P(a).row().Ordinal, P(b).row().Ordinal))
		})
	}
	return groups
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// pair is a record that was read with the one we hold of it, nil if it is new.
type pair[T any] struct {
	held *T
	read T
}

// pairUp takes the best partners first: current and equal, current, removed and equal, removed. What finds none is new.
func pairUp[T any, P record[T]](groups map[string]*group[T], read []T) []pair[T] {
	pairs := make([]pair[T], len(read))
	for i := range read {
		pairs[i].read = read[i]
	}
	current := func(held, _ *T) bool { return !P(held).row().Removed }
	equal := func(held, read *T) bool { return sameValues(P(held).values(), P(read).values()) }
	for _, fits := range []func(held, read *T) bool{
		func(held, read *T) bool { return current(held, read) && equal(held, read) },
		current,
		equal,
		func(_, _ *T) bool { return true },
	} {
		for i := range pairs {
			if pairs[i].held == nil {
				pairs[i].held = takeFrom(groups[P(&pairs[i].read).identity()], &pairs[i].read, fits)
			}
		}
	}
	for i := range pairs {
		if pairs[i].held == nil {
			P(&pairs[i].read).row().Ordinal = nextOrdinal(groups, P(&pairs[i].read).identity())
		}
	}
	return pairs
}

func takeFrom[T any](members *group[T], read *T, fits func(held, read *T) bool) *T {
	if members == nil {
		return nil
	}
	for i, candidate := range members.held {
		if candidate != nil && fits(candidate, read) {
			members.held[i] = nil
			return candidate
		}
	}
	return nil
}

func nextOrdinal[T any](groups map[string]*group[T], key string) int {
	if groups[key] == nil {
		groups[key] = &group[T]{}
	}
	ordinal := groups[key].nextOrdinal
	groups[key].nextOrdinal++
	return ordinal
}

func leftOver[T any](groups map[string]*group[T]) []*T {
	var left []*T
	for _, members := range groups {
		for _, record := range members.held {
			if record != nil {
				left = append(left, record)
			}
		}
	}
	return left
}

// keep takes over a record that was read: as a new one, or over the one we hold.
func (d *Difference[T]) keep(kind Kind, held *T, read T, newID NewID, rowOf func(*T) *Row, valuesOf func(*T) []Value) {
	row := rowOf(&read)
	if held == nil {
		row.ID = newID()
		d.Count.Created++
		d.Changes = append(d.Changes, Change{Kind: kind, RecordID: row.ID, Action: ActionCreated})
		d.Write = append(d.Write, read)
		d.After = append(d.After, read)
		return
	}
	row.ID, row.Ordinal = rowOf(held).ID, rowOf(held).Ordinal
	changes := changesBetween(kind, row.ID, valuesOf(held), valuesOf(&read))
	if rowOf(held).Removed {
		changes = append([]Change{{Kind: kind, RecordID: row.ID, Action: ActionRevived}}, changes...)
	}
	d.After = append(d.After, read)
	if len(changes) == 0 {
		d.Count.Unchanged++
		return
	}
	d.Count.Updated++
	d.Changes = append(d.Changes, changes...)
	d.Write = append(d.Write, read)
}

// removeAbsent marks the records that a complete read no longer had, unless the guard holds them.
func (d *Difference[T]) removeAbsent(kind Kind, absent []*T, holds func(removing int) bool, rowOf func(*T) *Row) {
	slices.SortFunc(absent, func(a, b *T) int { return cmp.Compare(rowOf(a).ID, rowOf(b).ID) })
	leaving := 0
	for _, record := range absent {
		if !rowOf(record).Removed {
			leaving++
		}
	}
	held := d.Unread || holds(leaving)
	for _, record := range absent {
		if rowOf(record).Removed || held {
			d.After = append(d.After, *record)
			continue
		}
		d.remove(kind, *record, rowOf)
	}
	if held && !d.Unread {
		d.Held = leaving
	}
}

// letGo marks records as removed, whatever a guard says.
func (d *Difference[T]) letGo(kind Kind, gone []T, rowOf func(*T) *Row) {
	for _, record := range gone {
		d.remove(kind, record, rowOf)
	}
}

func (d *Difference[T]) remove(kind Kind, record T, rowOf func(*T) *Row) {
	row := rowOf(&record)
	row.Removed = true
	d.Count.Removed++
	d.Remove = append(d.Remove, row.ID)
	d.Changes = append(d.Changes, Change{Kind: kind, RecordID: row.ID, Action: ActionRemoved})
	d.After = append(d.After, record)
}
