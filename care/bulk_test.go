package care_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestConcludeBulk(t *testing.T) {
	for _, test := range []struct {
		name    string
		counts  care.BulkCounts
		stopped care.Reason
		want    care.RunOutcome
	}{
		{"everyone succeeded", care.BulkCounts{Selected: 2, Succeeded: 2}, "", care.RunSucceeded},
		{"with warnings", care.BulkCounts{Selected: 2, Succeeded: 1, SucceededWithWarnings: 1}, "", care.RunSucceededWithWarnings},
		{"no one was selected", care.BulkCounts{}, "", care.RunSucceeded},
		{"some failed", care.BulkCounts{Selected: 2, Succeeded: 1, Failed: 1}, "", care.RunPartial},
		{"all partially saved", care.BulkCounts{Selected: 2, Partial: 2}, "", care.RunPartial},
		{"no one succeeded", care.BulkCounts{Selected: 2, Failed: 2}, "", care.RunFailed},
		{"stopped after some", care.BulkCounts{Selected: 2, Succeeded: 1, Skipped: 1}, care.ReasonLoginRefused, care.RunPartial},
		{"stopped before anyone", care.BulkCounts{Selected: 2, Skipped: 2}, care.ReasonLoginRefused, care.RunFailed},
		{"stopped before anyone was planned", care.BulkCounts{}, care.ReasonLoginRefused, care.RunFailed},
		{"lost before anyone was planned", care.BulkCounts{}, care.ReasonBulkLost, care.RunFailed},
		{"plans that have not started are nothing to mend", care.BulkCounts{Selected: 3, Succeeded: 2, NotStarted: 1}, "", care.RunSucceeded},
		{"cancelled", care.BulkCounts{Selected: 2, Skipped: 2}, care.ReasonCancelled, care.RunCancelled},
		{"cancelled before anyone was planned", care.BulkCounts{}, care.ReasonCancelled, care.RunCancelled},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, care.ConcludeBulk(test.counts, test.stopped))
		})
	}
}

func TestABulkRequestReadsListsWhereTheyTellWhoIsAbsentOrHasChanged(t *testing.T) {
	everyone := care.BulkOptions{Kind: care.RunCareRecipient}
	require.True(t, care.BulkRequest{BulkOptions: everyone}.ReadsLists())
	require.True(t, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, Delta: true}}.ReadsLists())
	require.False(t, care.BulkRequest{BulkOptions: everyone, People: []care.ID{"one"}}.ReadsLists())
	require.False(t, care.BulkRequest{BulkOptions: everyone, RetryOf: "another"}.ReadsLists())
	require.False(t, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient, InCare: true}}.ReadsLists())
	require.False(t, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunPACEContract}}.ReadsLists())
}

func TestATimespanIsWrittenAsText(t *testing.T) {
	written, err := json.Marshal(care.BulkOptions{NotSyncedFor: care.Timespan(24 * time.Hour)})
	require.NoError(t, err)
	require.JSONEq(t, `{"not_synced_for":"24h0m0s"}`, string(written))
	var read care.BulkOptions
	require.NoError(t, json.Unmarshal([]byte(`{"not_synced_for":"90m"}`), &read))
	require.Equal(t, care.Timespan(90*time.Minute), read.NotSyncedFor)
	for _, text := range []string{"-1h", "yesterday"} {
		require.Error(t, json.Unmarshal([]byte(`{"not_synced_for":"`+text+`"}`), &read), text)
	}
}
