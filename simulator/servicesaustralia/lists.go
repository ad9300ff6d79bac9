package servicesaustralia

import (
	"cmp"
	"slices"
)

// sorted sorts rows as the query asks; equal rows keep their order. Without sort fields no order is promised.
func (q query) sorted(rows []row) []row {
	slices.SortStableFunc(rows, func(a, b row) int {
		order := 0
		for _, field := range q.sortFields {
			if field == parameterRecipient {
				order = cmp.Or(order, cmp.Compare(a.recipient, b.recipient))
			} else {
				order = cmp.Or(order, cmp.Compare(a.budget, b.budget))
			}
		}
		if q.descending {
			return -order
		}
		return order
	})
	return rows
}

// cut returns the rows of the page.
func (q query) cut(rows []row) []row {
	from := (q.page - 1) * q.limit
	if from >= len(rows) {
		return nil
	}
	return rows[from:min(from+q.limit, len(rows))]
}
