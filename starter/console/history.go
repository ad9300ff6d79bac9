package console

import (
	"net/url"
	"time"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
)

// historyView is what changed in a record and when, a page at a time.
type historyView struct {
	moments []moment
	// older leads to changes before those that are shown, newest back to the first page; empty where there is none.
	older, newest string
	// answers leads to what was said of a person's given names; empty where there is no such page.
	answers string
	zone    *time.Location
}

// moment is what one cause changed at one time.
type moment struct {
	read.ChangeCause
	records []changedRecord
}

// causedChange is a change with what caused it.
type causedChange struct {
	read.ChangeCause
	change read.Change
}

// historyOf shows a page of changes, newest first. path is the page on which the history stands.
func historyOf(changes []causedChange, path string, before time.Time, more bool, zone *time.Location) historyView {
	view := historyView{moments: momentsOf(changes), zone: zone}
	if more {
		last := changes[len(changes)-1].ChangedAt
		view.older = path + "?" + url.Values{"before": {last.Format(time.RFC3339Nano)}}.Encode() + "#history"
	}
	if !before.IsZero() {
		view.newest = path + "#history"
	}
	return view
}

// beforeOf is the time from which older changes are asked for, zero for none.
func beforeOf(query url.Values) (time.Time, error) {
	text := query.Get("before")
	if text == "" {
		return time.Time{}, nil
	}
	before, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, db.ErrNotFound
	}
	return before, nil
}

// momentsOf puts together what changed at the same time, newest first.
func momentsOf(changes []causedChange) []moment {
	var moments []moment
	for i := 0; i < len(changes); {
		end := i
		var views []read.Change
		for end < len(changes) && changes[end].ChangedAt.Equal(changes[i].ChangedAt) {
			views = append(views, changes[end].change)
			end++
		}
		moments = append(moments, moment{ChangeCause: changes[i].ChangeCause, records: changesByRecord(views)})
		i = end
	}
	return moments
}
