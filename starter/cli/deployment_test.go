package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/testkit"
)

const foreignSaid = "this database belongs to another deployment of CareSync. Since "

// A database belongs to the first deployment that works on it, and to another only after an operator has said so (R37).
func TestADatabaseBelongsToOneDeployment(t *testing.T) {
	s := testkit.NewWorld(t, world.Options{People: 3, Seed: 11, Organisations: world.SingleProvider()})
	onDatabase(t, s.DatabaseURL)
	sql := testkit.OpenSQL(t, s.DatabaseURL)
	require.Contains(t, must(t, "deployment", "show"), "The database has never belonged to a deployment. The first program that works on it adopts it.")
	must(t, "schedule", "create", "nightly", "--at", "03:30")
	require.Contains(t, must(t, "deployment", "show"), "✓ They are the same.")
	require.Contains(t, must(t, "deployment", "adopt"), "already. Nothing was changed.")

	sql.Exec(t, "UPDATE deployment SET temporal_namespace_id = 'production', temporal_cluster_id = 'another cluster'")
	shown := run(t, "", "deployment", "show", "--json")
	require.Equal(t, cli.ExitNotComplete, shown.code)
	var told struct {
		Belongs  bool `json:"belongs"`
		Database struct {
			Temporal struct {
				NamespaceID string `json:"namespace_id"`
			} `json:"temporal"`
		} `json:"database"`
		Program struct {
			Namespace string `json:"namespace"`
		} `json:"program"`
	}
	require.NoError(t, json.Unmarshal([]byte(shown.out), &told))
	require.False(t, told.Belongs)
	require.Equal(t, "production", told.Database.Temporal.NamespaceID)
	require.Equal(t, "caresync", told.Program.Namespace)

	calls := len(s.Calls())
	for _, command := range [][]string{
		{"bulk", "start"}, {"schedule", "create", "another", "--at", "03:30"}, {"schedule", "pause", "nightly"}, {"schedule", "change", "nightly", "--at", "04:30"},
		{"schedule", "delete", "nightly"}, {"schedule", "trigger", "nightly"}, {"connection", "test"},
		{"connection", "renew-key", "--force"}, {"connection", "activate", "--code", "1234"},
		{"claim", "event", "CL-1", "approved", "--care-recipient", "415056224"},
	} {
		done := run(t, "", command...)
		require.Equal(t, cli.ExitFailed, done.code, "%v: %s%s", command, done.out, done.err)
		require.Contains(t, done.err, foreignSaid, "%v", command)
		require.Contains(t, done.err, "id production, of the Temporal cluster another cluster", "%v", command)
		require.Contains(t, done.err, "`caresync deployment adopt`", "%v", command)
	}
	require.Len(t, s.Calls(), calls)
	require.Zero(t, testkit.Value[int](t, sql, "SELECT count(*) FROM bulk_run"))
	require.Contains(t, must(t, "schedule", "list"), "nightly", "what there is can be read")

	declined := run(t, "no\n", "deployment", "adopt")
	require.Equal(t, cli.ExitNotComplete, declined.code)
	require.Contains(t, declined.out, "If you adopt the database:")
	require.Contains(t, declined.out, "Nothing was changed.")
	require.Equal(t, cli.ExitNotComplete, run(t, "", "deployment", "show").code)
	adopted := run(t, "yes\n", "deployment", "adopt")
	require.Equal(t, cli.ExitSucceeded, adopted.code, adopted.err)
	require.Contains(t, adopted.out, "✓ The database belongs to the Temporal namespace caresync.")
	must(t, "schedule", "list")
}
