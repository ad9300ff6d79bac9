package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

// A number of budget calls that is typed beside an empty box is neither dropped without a word nor taken for a wish to stop.
func TestBudgetCallsAreKeptOnlyTogetherWithPACE(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	organisation := d.Request(t, "several-open").OrganisationID
	connections, err := d.Store.Connections(t.Context(), organisation)
	require.NoError(t, err)
	ndia := slices.IndexFunc(connections, func(one care.Connection) bool { return one.Service == care.NDIA })
	require.GreaterOrEqual(t, ndia, 0)
	_, err = d.Store.EnablePACE(t.Context(), organisation, connections[ndia].ID, 500, "tests")
	require.NoError(t, err)
	refusesAnotherNumber := func() {
		t.Helper()
		for _, number := range []string{"700", "many"} {
			answer := v.post("/settings/pace", url.Values{"budget_calls_per_hour": {number}})
			require.Equal(t, http.StatusUnprocessableEntity, answer.status, number)
			require.Contains(t, answer.body, "Maximum budget calls per hour ", number)
			require.Contains(t, answer.body, `value="`+number+`"`, "what was typed is kept")
			require.NotContains(t, answer.body, "Stop using", number)
		}
	}
	refusesAnotherNumber()
	for _, number := range []string{"500", ""} {
		answer := v.post("/settings/pace", url.Values{"budget_calls_per_hour": {number}})
		require.Equal(t, http.StatusOK, answer.status, number)
		require.Contains(t, answer.body, "Stop using the PACE API?")
	}

	_, err = d.Store.DisablePACE(t.Context(), organisation, "tests")
	require.NoError(t, err)
	refusesAnotherNumber()
	require.Equal(t, http.StatusSeeOther, v.post("/settings/pace", url.Values{"budget_calls_per_hour": {"500"}}).status, "nothing is asked for")
	settings, err := d.Store.PACESettings(t.Context(), organisation)
	require.NoError(t, err)
	require.Equal(t, db.PACESettings{
		ConnectionID: settings.ConnectionID, Connection: settings.Connection, BudgetCallsPerHour: 500, NotificationSecretSet: settings.NotificationSecretSet,
		ChangedBy: "tests", ChangedAt: settings.ChangedAt,
	}, settings)
}

// A schedule's form says when "Pause on failure" pauses it.
func TestAScheduleSaysWhenItPauses(t *testing.T) {
	d := newDesk(t)
	body := d.visitor(t, "several-open").get("/new-schedule").body
	require.Equal(t, 1, strings.Count(body, "Pauses the schedule if no one could be synced in a run. A run in which only some people failed does not pause it."))
}
