package testkit

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// recordQueries read what syncs keep, without our ids and times: two databases that hold the same have the same records, however and
// in whatever order they came to hold them.
var recordQueries = map[string]string{
	"person": `SELECT to_jsonb(r) - '{id,organisation_id,connection_id,created_at,verified_at}'::text[]
		|| jsonb_build_object('connection', n.name, 'verified', r.verified_at IS NOT NULL)
		FROM person r LEFT JOIN connection n ON n.id = r.connection_id`,
	"plan":             `SELECT to_jsonb(r) - '{id,organisation_id,person_id,created_at}'::text[] FROM support_plan r`,
	"classification":   ofPlan("classification"),
	"approved_service": ofPlan("approved_service"),
	"supplement":       ofPlan("supplement"),
	"contribution":     ofPlan("contribution"),
	"contribution_set": `SELECT jsonb_build_object('person', p.care_recipient_id, 'set', r.contributions, 'current', r.replaced_at IS NULL)
		FROM contribution_set r JOIN support_plan p ON p.id = r.plan_id`,
	"budget":      ofPlan("budget"),
	"entitlement": ofBudget("entitlement"),
	"usage_line":  ofBudget("usage_line"),
}

func ofPlan(table string) string {
	return `SELECT to_jsonb(r) - '{id,organisation_id,plan_id,removed_at}'::text[] || jsonb_build_object('person', p.care_recipient_id)
		FROM ` + table + ` r JOIN support_plan p ON p.id = r.plan_id`
}

func ofBudget(table string) string {
	return `SELECT to_jsonb(r) - '{id,organisation_id,budget_id,invoice_line_id,removed_at}'::text[]
		|| jsonb_build_object('budget', b.upstream_budget_id, 'ours', to_jsonb(r) ->> 'invoice_line_id' IS NOT NULL)
		FROM ` + table + ` r JOIN budget b ON b.id = r.budget_id`
}

// Records are all records that syncs have written to a database, by table, comparable between databases.
func Records(t testing.TB, databaseURL string) map[string][]string {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), databaseURL)
	require.NoError(t, err)
	defer connection.Close(context.WithoutCancel(t.Context()))
	records := make(map[string][]string, len(recordQueries))
	for table, query := range recordQueries {
		rows, err := connection.Query(t.Context(), `SELECT q.record::text FROM (`+query+`) AS q (record) ORDER BY 1`)
		require.NoError(t, err)
		records[table], err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, table)
	}
	return records
}
