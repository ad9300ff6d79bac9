package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/cli"
)

// changes is a schedule after a command has changed it.
func changes(t *testing.T, args ...string) (view api.ScheduleView) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(must(t, append([]string{"schedule", "change", "nightly", "--json"}, args...)...)), &view))
	return view
}

// Whoever changes one thing of a schedule keeps the others.
func TestAScheduleIsChanged(t *testing.T) {
	c := newCrowd(t, 5)
	connections, err := c.Store.Connections(t.Context(), c.organisation().ID)
	require.NoError(t, err)
	provider := connections[0].ServiceProviderID
	must(t, "schedule", "create", "nightly", "--at", "03:30", "--on", "mon,fri", "--in-care", "--window", "3", "--pause-on-failure", "--paused")
	t.Cleanup(func() { run(t, "", "schedule", "delete", "nightly") })
	var created api.ScheduleView
	require.NoError(t, json.Unmarshal([]byte(must(t, "schedule", "show", "nightly", "--json")), &created))

	expected := created
	shown := run(t, "", "schedule", "change", "nightly", "--at", "02:30", "--on", "sun")
	require.Zero(t, shown.code, shown.err)
	require.Contains(t, shown.out, "Changed the schedule nightly.")
	require.Contains(t, shown.out, "Sunday at 02:30, Australia/Sydney")
	require.Contains(t, shown.err, "daylight saving ends")
	require.Contains(t, run(t, "", "schedule", "show", "nightly").err, "daylight saving ends")
	view := changes(t, "--on", "")
	require.Equal(t, "every day at 02:30", view.When)
	view = changes(t, "--at", "03:30", "--on", "mon,fri", "--jitter", "5m")
	require.Equal(t, "5m0s", view.Jitter)
	view = changes(t, "--jitter", "0")
	require.Greater(t, view.Version, expected.Version)
	view.NextRuns, view.Version, view.ChangedAt = expected.NextRuns, expected.Version, expected.ChangedAt
	require.Equal(t, expected, view, "what was not said stayed")

	// Each flag is heeded.
	view = changes(t, "--cron", "0 5 * * *", "--time-zone", "Australia/Perth", "--overlap", "cancel-other", "--catch-up", "2h", "--jitter", "10m",
		"--pause-on-failure=false", "--service-provider-id", provider, "--in-care=false", "--not-synced-for", "24h", "--failed-last-time",
		"--only", "budgets", "--all-budgets", "--window", "5", "--failure-threshold", "30")
	require.Equal(t, "0 5 * * *", view.Cron)
	require.Empty(t, view.TimeOfDay)
	require.Empty(t, view.Weekdays)
	require.Equal(t, "Australia/Perth", view.TimeZone)
	require.Equal(t, care.OverlapCancel, view.Overlap)
	require.Equal(t, "2h0m0s", view.CatchUp)
	require.Equal(t, "10m0s", view.Jitter)
	require.False(t, view.PauseOnFailure)
	require.True(t, view.Paused)
	require.Equal(t, views.BulkOptions{
		Kind: care.RunCareRecipient, ServiceProviderID: provider, NotSyncedFor: care.Timespan(24 * time.Hour), FailedLastTime: true, Only: care.AreaBudgets,
		AllBudgets: true, Window: 5, FailureThreshold: 30,
	}, view.Options)
	nobody := []string{"--service-provider-id", "", "--not-synced-for", "0", "--failed-last-time=false", "--only", "", "--all-budgets=false"}
	require.Equal(t, views.BulkOptions{Kind: care.RunCareRecipient, Delta: true, Window: 5, FailureThreshold: 30}, changes(t, append(nobody, "--delta")...).Options)
	require.Equal(t, views.BulkOptions{Kind: care.RunCareRecipient, AcceptAbsences: true, Window: 5, FailureThreshold: 30}, changes(t, "--delta=false", "--accept-absences").Options)
	view = changes(t, "--accept-absences=false", "--kind", "pace-contracts", "--hold", "--at", "04:00")
	require.Equal(t, care.RunPACEContract, view.Kind)
	require.Equal(t, views.BulkOptions{Kind: care.RunPACEContract, ReviewAll: true, Window: 5, FailureThreshold: 30}, view.Options)
	require.Equal(t, "04:00", view.TimeOfDay)
	require.Empty(t, view.Cron)

	for args, says := range map[string]string{
		"":                           "give something to change",
		"--json":                     "give something to change",
		"--at 03:30 --cron @daily":   "--at",
		"--cron @daily --on mon":     "--on",
		"--cron 99_99_*_*_*":         "--cron",
		"--overlap allow":            "--overlap",
		"--on someday":               "--on",
		"--delta":                    "--delta",
		"--window 21":                "--window",
		"--paused":                   "--paused",
		"--people 415056224":         "--people",
		"--time-zone Australia/Nope": "--time-zone",
	} {
		given := strings.Fields(args)
		for i := range given {
			given[i] = strings.ReplaceAll(given[i], "_", " ")
		}
		done := run(t, "", append([]string{"schedule", "change", "nightly"}, given...)...)
		require.Equal(t, cli.ExitUsage, done.code, "%s: %s", args, done.err)
		require.Contains(t, done.err, says, args)
	}
	var present api.ScheduleView
	require.NoError(t, json.Unmarshal([]byte(must(t, "schedule", "show", "nightly", "--json")), &present))
	require.Equal(t, view, present, "what is refused changes nothing")

	// R11: another organisation has no such schedule.
	_, err = c.Store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	done := run(t, "", "schedule", "change", "nightly", "--at", "04:30", "--organisation", "wattle")
	require.Equal(t, cli.ExitFailed, done.code)
	require.Contains(t, done.err, `has no schedule "nightly"`)
}
