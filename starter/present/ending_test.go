package present_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
)

func TestHowThingsEnd(t *testing.T) {
	for _, test := range []struct {
		outcome                    care.RunOutcome
		reason                     care.Reason
		tone                       present.Tone
		mark, words, badge, person string
		sentence                   string
	}{
		{care.RunSucceeded, "", present.Good, "✓", "succeeded", "succeeded", "succeeded", "Sync succeeded."},
		{care.RunSucceededWithWarnings, "", present.Warn, "✓", "succeeded with warnings", "with warnings", "succeeded with warnings", "Sync succeeded with warnings."},
		{care.RunPartial, care.ReasonConsentRefused, present.Warn, "!", "partially saved", "partially saved", "partially saved", "Sync partially saved."},
		{care.RunFailed, care.ReasonNotFound, present.Bad, "✗", "failed, nothing was saved", "failed", "failed", "Sync failed, nothing was saved."},
		{care.RunFailed, care.ReasonPlanInFuture, present.Quiet, "·", "plan not started", "plan not started", "plan not started", "The plan has not started. Nothing was saved."},
		{care.RunCancelled, care.ReasonCancelled, present.Quiet, "✗", "cancelled", "cancelled", "cancelled", "Sync cancelled."},
		{care.RunCancelled, care.ReasonPlanInFuture, present.Quiet, "✗", "cancelled", "cancelled", "cancelled", "Sync cancelled."},
		{care.ItemSkipped, "", present.Quiet, "✗", "not processed", "not processed", "not processed", "Sync not processed."},
		{"", "", present.Quiet, "✗", "", "", "in progress", "Sync ."},
	} {
		end := present.EndingOf(test.outcome, test.reason)
		name := string(test.outcome + " " + care.RunOutcome(test.reason))
		require.Equal(t, test.tone, end.Tone(), name)
		require.Equal(t, test.mark, end.Mark(), name)
		require.Equal(t, []string{test.words, test.badge, test.person, test.sentence}, []string{end.String(), end.Badge(), present.ItemState(end), end.Sentence()}, name)
	}
	require.Equal(t, "plan not started", present.State(read.RunSummary{State: read.RunFinished, Outcome: care.RunFailed, Reason: care.ReasonPlanInFuture}))
	require.False(t, present.IsError(read.Issue{Severity: care.SeverityError, Code: care.IssueCode(care.ReasonPlanInFuture)}))
	require.True(t, present.IsError(read.Issue{Severity: care.SeverityError, Code: care.IssueCode(care.ReasonNotPACE)}))
}
