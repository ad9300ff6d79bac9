package console

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/schedules"
)

// A bulk run may end on another day, and the zone decides which (R1).
func TestABulkRunsEstimatedEndHasDateAndZone(t *testing.T) {
	perMinute, end := 1234.4, time.Date(2026, time.November, 22, 14, 5, 0, 0, time.UTC)
	sydney, err := time.LoadLocation("Australia/Sydney")
	require.NoError(t, err)
	require.Equal(t, "1,234 people per minute, done about 23 Nov 2026, 1:05 am AEDT", bulkSpeed(read.BulkSummary{PerMinute: &perMinute, EstimatedEnd: &end}, sydney))
	require.Empty(t, bulkSpeed(read.BulkSummary{PerMinute: &perMinute}, sydney))
}

// R38: what a bulk run waits for is on its page.
func TestABulkRunsPageSaysWhatItWaitsFor(t *testing.T) {
	shown := func(bulk read.BulkSummary) string {
		var page strings.Builder
		require.NoError(t, bulkNews(bulkPanel{bulk: bulk, zone: time.UTC}).Render(t.Context(), &page))
		return page.String()
	}
	running := read.BulkSummary{Kind: care.RunCareRecipient, State: read.BulkRunning, SetAside: read.SetAside{Unavailable: 3}}
	require.Contains(t, shown(running), "3 people wait: Services Australia answers 503 for them; they are retried at the end.")
	running.SetAside = read.SetAside{}
	running.Wait = care.Wait{Cause: care.WaitsForDatabase, Trouble: care.DatabaseFull, Service: care.ServicesAustralia}
	require.Contains(t, shown(running), "Waiting for CareSync&#39;s own database")
	require.Contains(t, shown(running), "The disk of PostgreSQL is full. Free some space on it.")
	require.NotContains(t, shown(running), "Services Australia", "our trouble is not theirs")
	running.Wait = care.Wait{Cause: care.WaitsForWorker}
	require.Contains(t, shown(running), "None is running. Start one.")
	require.NotContains(t, shown(running), "resumes automatically")
	running.Wait, running.State = care.Wait{Cause: care.WaitsForPerson, By: "cli: mary", Since: time.Date(2026, time.May, 3, 4, 5, 0, 0, time.UTC)}, read.BulkPaused
	require.Contains(t, shown(running), "Paused by cli: mary")
	require.Contains(t, shown(running), "Since 03 May 2026")
	running.State, running.SetAside, running.Wait = read.BulkFinished, read.SetAside{Unavailable: 3}, care.Wait{}
	require.NotContains(t, shown(running), "503", "it has ended")
}

func TestASchedulesPageSaysWhenItPauses(t *testing.T) {
	var page strings.Builder
	view := scheduleView{ScheduleView: schedules.ScheduleView{Name: "nightly", PauseOnFailure: true}, zone: time.UTC}
	require.NoError(t, schedulePage(ui.Page{}, view).Render(t.Context(), &page))
	require.Contains(t, page.String(), "Pauses if no one could be synced in a run; a run in which only some people failed does not pause it")
}
