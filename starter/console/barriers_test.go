//go:build browser

package console_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
)

// WCAG 2.2 AA: axe-core finds nothing on any page, light and dark, wide and narrow.
func TestPagesHaveNoBarriers(t *testing.T) {
	s := newSite(t)
	for _, key := range []string{"several-open", "consent-refused", "identity-mismatch", "usage-by-others", "retro-dated", "no-classification"} {
		s.temporal.Sync(t, s.Request(t, key))
	}
	person := func(key string) string { return "/people/" + string(s.Request(t, key).ClientID) }
	budget := s.budgets(t, "usage-by-others")[0]
	var line string
	for _, usage := range budget.Usage {
		if usage.InvoiceLineID != nil {
			line = "/invoice-lines/" + string(*usage.InvoiceLineID)
		}
	}
	require.NotEmpty(t, line)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 5 * time.Minute}))
	running := s.temporal.Start(t, s.Request(t, "first-year"))
	t.Cleanup(s.Faults.Clear)

	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	for _, path := range []string{
		"/people", "/people?search=nobody-is-called-so", person("several-open"), person("several-open") + "/sync", person("consent-refused"),
		person("identity-mismatch"), person("several-open") + "/plan", person("retro-dated") + "/plan", person("consent-refused") + "/plan",
		person("no-classification") + "/plan?on=2020-01-01", person("usage-by-others") + "/plan/budgets/" + string(budget.ID), line,
		"/runs", "/runs?outcome=cancelled", "/runs/" + string(newestRun(t, s, "several-open").ID), "/runs/" + running.GetRunID(),
		"/runs/" + running.GetRunID() + "/cancel", "/nothing",
	} {
		w.open(path)
		w.requireNoBarriers(path)
	}
	w.open(person("several-open"))
	w.press("Synchronise Budget Information")
	w.requireNoBarriers("the confirmation")
	w.open("/people")
	w.press("Sign out")
	w.sees("API token")
	w.requireNoBarriers("/sign-in")
}

func (w *tab) requireNoBarriers(page string) {
	w.t.Helper()
	for _, dark := range []bool{false, true} {
		w.dark(dark)
		for _, width := range []int64{1280, 390} {
			w.size(width, 900)
			found := w.barriers()
			require.Empty(w.t, found.Violations, "%s, dark: %v, %d wide", page, dark, width)
			require.Greater(w.t, found.Passes, 10, "axe looked at %s", page)
			require.LessOrEqual(w.t, value[int](w, `document.documentElement.scrollWidth`), int(width), "%s is wider than the window", page)
		}
	}
}
