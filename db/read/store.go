// Package read is what CareSync shows of its records: rows as typed read models. It has no words of its own and writes nothing; whoever
// syncs has no use for it.
package read

import (
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
)

// DefaultPage is how many rows a list shows at once, MostPerPage the most that may be asked for.
const (
	DefaultPage = 50
	MostPerPage = 200
)

// pageSize is a page's number of rows, and one more that tells whether there is a next page.
func pageSize(asked int) int32 { return int32(min(max(asked, 1), MostPerPage)) + 1 }

// onePage leaves out the row beyond a page of pageSize, and reports whether there was one.
func onePage[Row any](rows []Row, most int32) (page []Row, more bool) {
	if len(rows) < int(most) {
		return rows, false
	}
	return rows[:most-1], true
}

// Store reads what is shown.
type Store struct {
	store   *db.Store
	queries *gen.Queries
}

// From reads from a store.
func From(store *db.Store) Store { return Store{store: store, queries: store.Queries()} }

// Each converts every member of a list. No members are an empty list, not a missing one.
func Each[From, To any](list []From, convert func(From) To) []To {
	converted := make([]To, 0, len(list))
	for _, one := range list {
		converted = append(converted, convert(one))
	}
	return converted
}
