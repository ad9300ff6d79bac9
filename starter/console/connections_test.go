package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/testkit"
)

// A device that expires within 60 days is announced on the first page and with its connection, and a failed call is shown in the government's
// words (R36).
func TestHowConnectionsDo(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	organisation := d.Request(t, "several-open").OrganisationID
	sql := testkit.OpenSQL(t, d.DatabaseURL)
	sql.Exec(t, "UPDATE connection SET key_since = now() - interval '1 day', key_expiry = now() + interval '179 days', device_expiry = now() + interval '61 days'")
	require.NotContains(t, v.get("/people").body, "A login to the government needs attention")
	require.Contains(t, v.get("/settings/connections").body, "automatically on ")

	sql.Exec(t, "UPDATE connection SET device_expiry = now() + interval '59 days' WHERE organisation_id = $1 AND service = 'services-australia'", organisation)
	sql.Exec(t, `INSERT INTO connection_call (organisation_id, connection_id, failed_at, failed_service, operation, kind, status, words)
		SELECT organisation_id, id, now(), 'services-australia', 'summary of a care recipient', 'unavailable', 503, 'Planned outage <until> 6 am'
		FROM connection WHERE organisation_id = $1 AND service = 'services-australia' LIMIT 1`, organisation)
	first := v.get("/people").body
	require.Contains(t, first, "A login to the government needs attention")
	require.Contains(t, first, "The PRODA device expires on ")
	require.NotContains(t, v.get("/people?stale=yes").body, "needs attention", "on the first page only")
	require.Contains(t, v.get("/settings").body, "/settings/connections")
	shown := v.get("/settings/connections").body
	require.Contains(t, shown, "Support at Home, provider ")
	require.Contains(t, shown, "last call failed")
	require.Contains(t, shown, "Services Australia, summary of a care recipient: unavailable (status 503)")
	require.Contains(t, shown, "Planned outage &lt;until&gt; 6 am")
}
