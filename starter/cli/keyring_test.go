package cli_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/testkit"
)

// What is encrypted with a key that the keyring lacks, or has another one for, is named by table and number and left as it is. Without Temporal,
// what PostgreSQL knows is still told.
func TestTheKeyringIsLookedAt(t *testing.T) {
	s := testkit.NewWorld(t, world.Options{People: 3, Seed: 11, Organisations: world.SingleProvider()})
	onDatabase(t, s.DatabaseURL)
	t.Setenv("TEMPORAL_NAMESPACE", testkit.NewTemporal(t).NewNamespace(t, time.Hour)) // the default one has other tests' workflows and keys
	sql := testkit.OpenSQL(t, s.DatabaseURL)
	must(t, "connection", "test")
	newer, err := sealing.Generate("k2")
	require.NoError(t, err)
	other, err := sealing.Generate("test")
	require.NoError(t, err)
	type key struct {
		ID     string
		State  string
		Stored []struct {
			In     string
			Values int
		}
	}
	status := func(code int) (keys map[string]key) {
		t.Helper()
		done := run(t, "", "keyring", "status", "--json")
		require.Equal(t, code, done.code, done.out+done.err)
		var told struct{ Keys []key }
		require.NoError(t, json.Unmarshal([]byte(done.out), &told))
		keys = map[string]key{}
		for _, key := range told.Keys {
			keys[key.ID] = key
		}
		return keys
	}

	keys := status(cli.ExitSucceeded)
	require.Equal(t, "active", keys["test"].State)
	require.Len(t, keys["test"].Stored, 2)
	require.Contains(t, must(t, "keyring", "status"), "1 device key, 1 PRODA token")
	require.Contains(t, must(t, "keyring", "reseal"), "Nothing was changed.")

	before := sql.Snapshot(t)
	t.Setenv("CARESYNC_KEYRING", newer)
	require.Equal(t, "missing", status(cli.ExitNotComplete)["test"].State)
	require.Contains(t, run(t, "", "keyring", "status").out, "✗ test is missing from the keyring")
	refused := run(t, "", "keyring", "reseal")
	require.NotZero(t, refused.code)
	require.Contains(t, refused.err, `the keyring lacks the key "test"`)
	t.Setenv("CARESYNC_KEYRING", newer+","+other)
	require.Equal(t, "different", status(cli.ExitNotComplete)["test"].State)
	require.Equal(t, before, sql.Snapshot(t))

	t.Setenv("CARESYNC_KEYRING", newer+","+testkit.KeyringText)
	sql.Exec(t, "UPDATE upstream_token SET token_sealed = '\\x0104676f6e6500000000'") // sealed with the key "gone"
	resealed := run(t, "", "keyring", "reseal")
	require.Equal(t, cli.ExitNotComplete, resealed.code)
	require.Contains(t, resealed.out, "✓ Resealed 1 device key, from the key test to k2.")
	require.Contains(t, resealed.out, "✗ Left 1 PRODA token of the key gone, which is not in the keyring.")
	require.Equal(t, "missing", status(cli.ExitNotComplete)["gone"].State)

	sql.Exec(t, "DELETE FROM upstream_token")
	t.Setenv("TEMPORAL_ADDRESS", testkit.FreeAddress(t))
	require.Equal(t, "unknown", status(cli.ExitFailed)["test"].State)
	away := run(t, "", "keyring", "status")
	require.Contains(t, away.out, "PostgreSQL does not need test. Whether Temporal does is not known.")
}
