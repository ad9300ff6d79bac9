package servicesaustralia

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// mostLists is how many sorted lists are kept; then all are dropped.
const mostLists = 64

// listCache keeps a provider's sorted lists until the world changes, so that reading page after page does not sort the
// whole list each time.
type listCache struct {
	mu      sync.Mutex
	version uint64
	lists   map[string][]row
}

// get gives the list of a key, which make makes if it is not kept for this version of the world.
func (c *listCache) get(version uint64, key string, make func() []row) []row {
	c.mu.Lock()
	if c.lists == nil || c.version != version || len(c.lists) >= mostLists {
		c.version, c.lists = version, map[string][]row{}
	}
	list, kept := c.lists[key]
	c.mu.Unlock()
	if kept {
		return list
	}
	list = make()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == version {
		c.lists[key] = list
	}
	return list
}

// key names a list: everything of the query but the page.
func (q query) key(operation string, serviceProviders []string) string {
	return fmt.Sprintf("%s|%s|%s|%v|%v|%v|%v|%v", operation, q.recipient, q.provider, serviceProviders, q.effective, q.updated, q.descending, q.sortFields)
}

// sorted sorts rows as the query asks; equal rows keep their order. Without sort fields nothing is promised.
func (q query) sorted(rows []row) []row {
	if len(q.sortFields) == 0 {
		return rows
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		order := 0
		for _, field := range q.sortFields {
			if order != 0 {
				break
			}
			if field == parameterRecipient {
				order = cmp.Compare(a.recipient, b.recipient)
			} else {
				order = cmp.Compare(a.budget, b.budget)
			}
		}
		if q.descending {
			return -order
		}
		return order
	})
	return rows
}

// cut gives the rows of the page.
func (q query) cut(rows []row) []row {
	from := (q.page - 1) * q.limit
	if from >= len(rows) {
		return nil
	}
	return rows[from:min(from+q.limit, len(rows))]
}
