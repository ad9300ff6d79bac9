package activities_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

func TestScratch(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	steps := w.Steps(t, db.Options{})
	for _, key := range []string{"several-open", "no-classification", "all-ended", "re-opened", "retro-dated", "level-change", "equipment-only", "unknown-codes", "usage-by-others", "zero-budgets", "reversal", "invoice-not-stored", "used-without-line", "ninety-days", "contributions-pending", "contributions-twice", "first-year", "consent-refused", "details-refused", "consent-withdrawn", "identity-mismatch", "mistyped-id", "same-name-other-spelling", "not-found", "entry-not-registered", "left-the-list", "two-providers", "two-organisations"} {
		result := w.Sync(t, steps, key)
		fmt.Println(key, result.Outcome, result.Reason, result.Warnings, result.Counts)
	}
	result := w.Sync(t, steps, "several-open")
	fmt.Println(result.Outcome, result.Reason, result.Warnings, result.Counts)
	require.NotEmpty(t, w.Counts())
	fmt.Println(w.Counts())
}
