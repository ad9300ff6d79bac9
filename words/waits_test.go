package words_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

// R38: what something waits for has words of its own, which name no one else.
func TestWhatWaitsNamesItsCulprit(t *testing.T) {
	since, until := time.Date(2026, time.May, 3, 4, 5, 0, 0, time.UTC), time.Date(2026, time.May, 3, 4, 9, 30, 0, time.UTC)
	for sentence, wait := range map[string]care.Wait{
		"": {},
		"waiting for Services Australia, since 03 May 2026 04:05:00, 3 attempts failed: Planned outage": {
			Cause: care.WaitsForService, Service: care.ServicesAustralia, Since: since, Attempts: 3, Words: "Planned\n outage",
		},
		"waiting for the NDIA":                {Cause: care.WaitsForService, Service: care.NDIA},
		"waiting for PRODA, 1 attempt failed": {Cause: care.WaitsForPRODA, Attempts: 1},
		"waiting for our allowance of calls to Services Australia, next free at 03 May 2026 04:09:30": {
			Cause: care.WaitsForAllowance, Service: care.ServicesAustralia, Until: until,
		},
		"waiting for CareSync's own database: the disk of PostgreSQL is full. Free some space on it. Work then resumes automatically; nothing that was saved is lost": {
			Cause: care.WaitsForDatabase, Trouble: care.DatabaseFull, Service: care.ServicesAustralia,
		},
		"waiting for a worker: none is running. Start one": {Cause: care.WaitsForWorker},
		"paused by cli: mary, since 03 May 2026 04:05:00":  {Cause: care.WaitsForPerson, By: "cli: mary", Since: since},
		"paused by an operator":                            {Cause: care.WaitsForPerson},
	} {
		require.Equal(t, sentence, words.Wait(wait, time.UTC))
	}
	said := map[string]bool{}
	for _, cause := range care.WaitCauses {
		sentence := words.Wait(care.Wait{Cause: cause}, time.UTC)
		require.NotEmpty(t, sentence, cause)
		require.False(t, said[sentence], sentence)
		require.NotEmpty(t, words.WaitTitle(care.Wait{Cause: cause}), cause)
		said[sentence] = true
	}
	require.Equal(t, "The disk of PostgreSQL is full. Since 03 May 2026 04:05:00. Free some space on it. Work then resumes automatically; nothing that was saved is lost.",
		words.WaitDetails(care.Wait{Cause: care.WaitsForDatabase, Trouble: care.DatabaseFull, Since: since},
			func(at time.Time) string { return words.TimeToTheSecond(at, time.UTC) }))
}

// Who was not processed has not failed: an interrupted bulk run says so.
func TestAnInterruptedBulkRunHasNoFailures(t *testing.T) {
	counts := care.BulkCounts{Selected: 9, Processed: 9, Succeeded: 5, Skipped: 4}
	require.Equal(t, "Ended early; 4 people were not processed", words.BulkTitle(care.RunPartial, counts))
	require.Equal(t, "ended early, without failures", words.BulkOutcome(care.RunPartial, counts))
	require.Equal(t, "ended early", words.BulkBadge(care.RunFailed, care.BulkCounts{Selected: 4, Processed: 4, Skipped: 4}))
	counts.Failed = 1
	require.Equal(t, "Completed with failures", words.BulkTitle(care.RunPartial, counts))
}
