package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a page costs the server: its queries, its making and the loopback. See docs/development.md.
func benchmarkPage(b *testing.B, page func(q quiet) string) {
	q := newQuiet(b, "")
	v, path := q.visitor(b, "several-open"), page(q)
	q.grow(b)
	for b.Loop() {
		require.Equal(b, http.StatusOK, v.get(path).status)
	}
}

// BenchmarkPeoplePage is a page of 50 people.
func BenchmarkPeoplePage(b *testing.B) {
	benchmarkPage(b, func(quiet) string { return "/people" })
}

// BenchmarkPlanPage is a plan with more than 60 budgets and 2,000 usage lines.
func BenchmarkPlanPage(b *testing.B) {
	benchmarkPage(b, func(q quiet) string { return q.pages(b, "several-open")[2] })
}

// BenchmarkBudgetPage is one budget of such a plan.
func BenchmarkBudgetPage(b *testing.B) {
	benchmarkPage(b, func(q quiet) string { return q.pages(b, "several-open")[3] })
}
