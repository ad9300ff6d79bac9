package console

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
)

// A plan that has not started is nothing to mend, wherever its run is listed.
func TestAPlanThatHasNotBegunIsNeutral(t *testing.T) {
	for _, test := range []struct {
		reason care.Reason
		tone   ui.Tone
		words  string
		title  string
		area   string
	}{
		{care.ReasonPlanInFuture, ui.Quiet, "plan not started", "This plan has not started", "plan not started"},
		{care.ReasonNotPACE, ui.Bad, "failed", "Sync failed; nothing was saved", "refused"},
	} {
		run := read.RunSummary{State: read.RunFinished, Outcome: care.RunFailed, Reason: test.reason}
		last := &read.RunRef{Outcome: care.RunFailed, Reason: test.reason}
		item := endOfItem(read.BulkItem{Outcome: care.RunFailed, Reason: test.reason})
		area := read.Area{State: read.AreaDone, Outcome: care.AreaRefused, Reason: test.reason}
		require.Equal(t, []ui.Tone{test.tone, test.tone, test.tone, test.tone}, []ui.Tone{runTone(run), lastRunTone(last), itemTone(item), areaTone(area)}, test.reason)
		require.Equal(t, []string{test.words, test.words}, []string{runWords(run), lastRunWords(last)})
		require.Equal(t, []string{test.title, test.area}, []string{resultTitle(run), areaState(area)})
	}
}
