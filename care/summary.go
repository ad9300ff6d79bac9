package care

import (
	"cmp"
	"maps"
	"slices"
)

// PersonSummary is what all rows of a person say together (R11).
type PersonSummary struct {
	// Elsewhere is set where every row is another provider's. Then the lists are theirs, and there are no entries.
	Elsewhere        bool
	GivenName        string
	Entries          []Entry
	Classifications  []Classification
	ApprovedServices []ApprovedService
	Supplements      []Supplement
	// Unread are the lists that a row should have had and had not.
	Unread Unread
	Issues []Issue
}

// MergeSummaries puts together what the rows of a person say, in whatever order they come: those of the organisation's own providers, or
// all where no row is one of theirs. A record that several rows have is one record. Where they differ, the row of an entry in force
// wins, then that of the later entry, then the smaller text (R11).
func MergeSummaries(rows []Summary, connections []Connection, today Date) PersonSummary {
	own := filter(rows, func(row Summary) bool { return isOwn(row.ServiceProviderID, connections) })
	merged := PersonSummary{Elsewhere: len(own) == 0}
	if merged.Elsewhere {
		own = slices.Clone(rows)
	}
	slices.SortFunc(own, func(a, b Summary) int {
		return cmp.Or(precedenceOf(a.Entry, today).compare(precedenceOf(b.Entry, today)), cmp.Compare(a.Canonical(), b.Canonical()))
	})
	for _, row := range own {
		merged.Unread = append(merged.Unread, row.Unread...)
		if comparableName(merged.GivenName) == "" && row.GivenName != "" {
			merged.GivenName = row.GivenName
		}
		if !merged.Elsewhere {
			merged.Entries = append(merged.Entries, row.Entry)
		}
	}
	slices.SortFunc(merged.Entries, Entry.compare)
	merged.Entries = slices.Compact(merged.Entries)
	merged.Classifications = mergeList(&merged, own, today, func(row Summary) []Classification { return row.Classifications })
	merged.ApprovedServices = mergeList(&merged, own, today, func(row Summary) []ApprovedService { return row.ApprovedServices })
	merged.Supplements = mergeList(&merged, own, today, func(row Summary) []Supplement { return row.Supplements })
	return merged
}

// isOwn reports whether a service provider id is one of the organisation's. A row that does not say, and a connection that does not know
// its id, contradict nothing.
func isOwn(serviceProviderID string, connections []Connection) bool {
	return serviceProviderID == "" || len(connections) == 0 || slices.ContainsFunc(connections, func(connection Connection) bool {
		return connection.ServiceProviderID == "" || connection.ServiceProviderID == serviceProviderID
	})
}

// precedence decides which of two rows that differ is right.
type precedence struct {
	inForce bool
	entry   Date
}

func precedenceOf(entry Entry, today Date) precedence {
	return precedence{inForce: entry.InForce(today), entry: entry.EntryDate}
}

// compare is negative where p goes before other.
func (p precedence) compare(other precedence) int {
	return cmp.Or(compareBool(other.inForce, p.inForce), -cmp.Compare(p.entry.String(), other.entry.String()))
}

// listed is a record with the precedence of the row in which it stands.
type listed[T any] struct {
	record     T
	precedence precedence
}

// mergeList merges one list of the rows, which come in the order of their precedence. Ordinals count within one row: a row that has a
// record twice has two.
func mergeList[T any, P labelled[T]](merged *PersonSummary, rows []Summary, today Date, listOf func(Summary) []T) (all []T) {
	known := make(map[string][]listed[T])
	for _, row := range rows {
		ofRow := make(map[string][]listed[T])
		for _, one := range listOf(row) {
			identity := P(&one).identity()
			ofRow[identity] = append(ofRow[identity], listed[T]{one, precedenceOf(row.Entry, today)})
		}
		for _, identity := range slices.Sorted(maps.Keys(ofRow)) {
			var differing [][2]T
			known[identity], differing = mergeEquals[T, P](known[identity], ofRow[identity])
			for _, pair := range differing {
				merged.Issues = append(merged.Issues, rowsDisagree[T, P](pair[0], pair[1]))
			}
		}
	}
	for _, identity := range slices.Sorted(maps.Keys(known)) {
		for _, one := range sortedByValues[T, P](known[identity]) {
			all = append(all, one.record)
		}
	}
	return all
}

// mergeEquals merges a row's records of one identity with those of the rows before. Equal ones are one; of the others, the first differs
// from the first, and so on: which of them is kept is decided by precedence, then by the smaller text. differing are the pairs, the one
// that is kept first.
func mergeEquals[T any, P record[T]](before, next []listed[T]) (after []listed[T], differing [][2]T) {
	before, next = sortedByValues[T, P](before), sortedByValues[T, P](next)
	for i := 0; i < len(next); i++ {
		at := slices.IndexFunc(before, func(one listed[T]) bool { return sameValues(P(&one.record).values(), P(&next[i].record).values()) })
		if at < 0 {
			continue
		}
		after = append(after, before[at])
		before, next = slices.Delete(before, at, at+1), slices.Delete(next, i, i+1)
		i--
	}
	for i := range min(len(before), len(next)) {
		kept, left := before[i], next[i]
		if cmp.Or(kept.precedence.compare(left.precedence), compareValues[T, P](kept, left)) > 0 {
			kept, left = left, kept
		}
		after, differing = append(after, kept), append(differing, [2]T{kept.record, left.record})
	}
	paired := min(len(before), len(next))
	return append(append(after, before[paired:]...), next[paired:]...), differing
}

func sortedByValues[T any, P record[T]](records []listed[T]) []listed[T] {
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, compareValues[T, P])
	return sorted
}

func compareValues[T any, P record[T]](a, b listed[T]) int {
	return cmp.Compare(valuesKey(P(&a.record).values()), valuesKey(P(&b.record).values()))
}

// rowsDisagree warns that two rows differ about a record.
func rowsDisagree[T any, P labelled[T]](kept, left T) Issue {
	keptValues, leftValues := P(&kept).values(), P(&left).values()
	var details RowsDetails
	for i := range keptValues {
		if !sameText(keptValues[i].Text, leftValues[i].Text) {
			details.Differences = append(details.Differences, FieldDifference{Field: keptValues[i].Field, Kept: keptValues[i].Text, Left: leftValues[i].Text})
		}
	}
	return Warning(AreaSummary, IssueRowsDisagree).On(P(&kept).Label(), "").With(details)
}
