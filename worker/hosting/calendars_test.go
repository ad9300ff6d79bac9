package hosting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// The westernmost and the easternmost calendar that are exactly a day apart at any hour: as in Perth at 21:41, when it is tomorrow in Sydney.
const west, east = "Pacific/Honolulu", "Pacific/Kiritimati"

// dayIn is the date in a zone now.
func dayIn(t *testing.T, zone string) world.Date {
	t.Helper()
	location, err := time.LoadLocation(zone)
	require.NoError(t, err)
	day, err := world.ParseDate(time.Now().In(location).Format(time.DateOnly))
	require.NoError(t, err)
	return day
}

// A western organisation refreshes in the evening, when the NDIA's day has started already, and with it the plan after a reassessment. Nothing
// of the next plan's figures enters the contract of the one before, whether its calendar is known or not; once the days agree, the
// contract has what was claimed late (R1, R23, R31).
func TestTheNextPlansFiguresDoNotEnterTheCurrentContract(t *testing.T) {
	for _, way := range []string{"workflow", "bulk run"} {
		t.Run(way, func(t *testing.T) {
			options := participants(t)
			options.Today = dayIn(t, west)
			w := testkit.NewWorld(t, options)
			temporal := testkit.NewTemporal(t)
			temporal.RunWorker(t, w.Steps(t, db.Options{}))
			sql := testkit.OpenSQL(t, w.DatabaseURL)
			calendars := func(organisation, service string) {
				sql.Exec(t, "UPDATE organisation SET time_zone = $1", organisation)
				sql.Exec(t, "UPDATE connection SET time_zone = $1 WHERE service = 'ndia'", service)
			}
			request := w.RequestFor(t, "changed-manager")
			refresh := func() {
				if way == "workflow" {
					outcomeOf(t, temporal.RequestRefresh(t, request))
					return
				}
				_, run := temporal.Bulk(t, w.Store, request.OrganisationID, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunPACEContract}})
				require.NoError(t, run.Get(t.Context(), nil))
			}
			figures := func() []string {
				return testkit.Column[string](t, sql, `SELECT concat_ws('|', category, approved, spent,
					(SELECT string_agg(f.released::text || f.amount, ',' ORDER BY f.position) FROM funding_period f WHERE f.budget_id = b.id),
					(SELECT d.amount FROM delivered_service d WHERE d.budget_id = b.id AND NOT d.removed)) FROM plan_budget b ORDER BY category, id`)
			}
			calendars(west, west)
			retrieved := temporal.Retrieve(t, request)
			_, err := temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
			require.NoError(t, err)
			before := figures()

			require.NoError(t, w.World.Advance(dayIn(t, east)))
			require.NoError(t, w.World.MoveParticipant("changed-manager", world.PlanMove{Name: world.Reassess, Date: "today", Percentage: decimal.NewFromInt(108), Silent: true}))
			refresh()
			require.Equal(t, before, figures(), "the NDIA is a day ahead of the calendar that we know")
			require.Equal(t, []string{"tree"}, testkit.Column[string](t, sql, "SELECT kind FROM pace_review"))

			calendars(west, east)
			refresh()
			for i := range before { // what was claimed late arrives from the history; funding periods, which that does not have, are kept
				before[i] = strings.ReplaceAll(before[i], "17384.62", "18196.92")
			}
			require.Equal(t, before, figures(), "its calendar is known, and the organisation's is a day behind")
			require.Equal(t, []string{"new_contract"}, testkit.Column[string](t, sql, "SELECT kind FROM pace_review"))

			sql.Exec(t, "UPDATE plan_budget SET spent = 0 WHERE category = 'Consumables'")
			calendars(east, east)
			refresh()
			require.Equal(t, before, figures(), "mended from the history")
			retrieved = temporal.Retrieve(t, request)
			_, err = temporal.Create(t.Context(), request.PersonID, everything(t, w.Store, request, retrieved.PreviewID))
			require.NoError(t, err)
			refresh()
			require.Empty(t, testkit.Column[string](t, sql, "SELECT kind FROM pace_review"), "no one is asked about the end that the next contract brings")
			require.Equal(t, 1, testkit.Value[int](t, sql, "SELECT count(*)::int FROM service_contract WHERE superseded_by IS NOT NULL AND plan_end_date = end_date"))
		})
	}
}
