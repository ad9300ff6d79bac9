//go:build screenshots

package console_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

// TestScreenshots makes the pictures of the main pages in docs/screenshots: `make screenshots`.
func TestScreenshots(t *testing.T) {
	s := newSite(t)
	directory := filepath.Join("..", "..", "docs", "screenshots")
	require.NoError(t, os.MkdirAll(directory, 0o755))
	shown := s.prepareScenes(t)
	tab := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	for _, scene := range shown {
		tab.open(scene.path)
		for _, dark := range []bool{false, true} {
			tab.dark(dark)
			for _, width := range []int64{1280, 390} {
				tab.size(width, 900)
				picture := tab.picture()
				name := fmt.Sprintf("%s-%s-%s.png", scene.name, map[bool]string{false: "light", true: "dark"}[dark], map[bool]string{true: "wide", false: "narrow"}[width > 1000])
				require.NoError(t, os.WriteFile(filepath.Join(directory, name), picture, 0o644))
			}
		}
	}
}

// scene is a page worth a picture.
type scene struct{ name, path string }

func (s *site) prepareScenes(t *testing.T) []scene {
	t.Helper()
	for _, key := range []string{"several-open", "consent-refused", "identity-mismatch", "usage-by-others", "all-ended", "reversal", "retro-dated", "zero-budgets"} {
		s.temporal.Sync(t, s.Request(t, key))
	}
	person := s.Request(t, "several-open").ClientID
	return []scene{
		{"people", "/people"}, {"person", "/people/" + string(person)}, {"sync", "/people/" + string(person) + "/sync"},
		{"plan", "/people/" + string(person) + "/plan"}, {"budget", "/people/" + string(person) + "/plan/budgets/" + string(s.openBudget(t, "usage-by-others"))},
		{"runs", "/runs"}, {"refused", "/people/" + string(s.Request(t, "consent-refused").ClientID)},
	}
}

func (s *site) openBudget(t *testing.T, key string) care.ID { return s.budgets(t, key)[0].ID }
