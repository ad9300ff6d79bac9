//go:build screenshots

package console_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
)

// scene is a page worth a picture, and what is done on it first.
type scene struct {
	name, path string
	first      func(*tab)
}

// TestScreenshots makes the pictures of the main pages in docs/screenshots: `make screenshots`.
func TestScreenshots(t *testing.T) {
	s := newSite(t)
	directory := filepath.Join("..", "..", "docs", "screenshots")
	require.NoError(t, os.MkdirAll(directory, 0o755))
	scenes := s.scenes(t)
	tab := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	for _, scene := range scenes {
		tab.size(1280, 900)
		tab.open(scene.path)
		if scene.first != nil {
			scene.first(tab)
		}
		for _, dark := range []bool{false, true} {
			tab.dark(dark)
			for _, width := range []int64{1280, 390} {
				tab.size(width, 900)
				name := fmt.Sprintf("%s-%s-%s.png", scene.name, map[bool]string{false: "light", true: "dark"}[dark], map[bool]string{true: "wide", false: "narrow"}[width > 1000])
				require.NoError(t, os.WriteFile(filepath.Join(directory, name), tab.picture(), 0o644))
			}
		}
	}
}

// scenes synchronise people as somebody would, and answer with what there is to see.
func (s *site) scenes(t *testing.T) []scene {
	t.Helper()
	synced := func(key string) {
		request := s.Request(t, key)
		request.RequestedBy = "console: Robin Ellery"
		s.temporal.Sync(t, request)
	}
	for _, key := range []string{"several-open", "consent-refused", "identity-mismatch", "usage-by-others", "all-ended", "reversal", "retro-dated", "zero-budgets"} {
		synced(key)
	}
	s.move(t, "reversal", world.Move{Name: world.Claim})
	synced("reversal")
	changed := newestRun(t, s, "reversal").ID
	s.move(t, "zero-budgets", world.Move{Name: world.HideClassifications})
	synced("zero-budgets")
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 10 * time.Minute}))
	request := s.Request(t, "re-opened")
	request.RequestedBy = "console: Robin Ellery"
	s.temporal.Start(t, request)
	t.Cleanup(s.Faults.Clear)

	person := func(key string) string { return "/people/" + string(s.Request(t, key).ClientID) }
	budget := func(key string) string { return person(key) + "/plan/budgets/" + string(s.budgets(t, key)[0].ID) }
	return []scene{
		{"people", "/people", nil},
		{"person", person("several-open"), nil},
		{"confirmation", person("several-open"), func(w *tab) { w.press("Synchronise Budget Information") }},
		{"running", person("re-opened"), func(w *tab) { w.sees("open budget") }},
		{"plan", person("several-open") + "/plan", nil},
		{"plan-odd", person("retro-dated") + "/plan", nil},
		{"plan-held", person("zero-budgets") + "/plan", nil},
		{"budget", budget("several-open"), nil},
		{"budget-others", budget("usage-by-others"), nil},
		{"runs", "/runs", nil},
		{"run", "/runs/" + string(changed), nil},
		{"refused", person("consent-refused"), nil},
		{"mismatch", person("identity-mismatch"), nil},
		{"accept", "/runs/" + string(newestRun(t, s, "zero-budgets").ID) + "/accept", nil},
		{"nothing", "/nothing", nil},
		{"sign-in", "/people", func(w *tab) { w.press("Sign out"); w.sees("API token") }},
	}
}

func (s *site) move(t *testing.T, key string, move world.Move) {
	t.Helper()
	_, err := s.World.World.Move(key, move)
	require.NoError(t, err)
}
