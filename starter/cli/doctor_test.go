package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/starter/doctor"
	"github.com/caresync/caresync/testkit"
)

// What doctor finds is grouped, with what to do, and what could not be checked for one reason stands together. Programs read the same as JSON.
func TestDoctorSaysWhatToDo(t *testing.T) {
	address := testkit.DatabaseURL(t)
	onDatabase(t, address)
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	testkit.OpenSQL(t, address).Exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	done := run(t, "", "doctor")
	require.Equal(t, cli.ExitFailed, done.code)
	require.Empty(t, done.err)
	require.Contains(t, done.out, "Found 1 failure and 1 warning. ")
	require.Contains(t, done.out, "\nDATABASE\n! schema: The database's schema has version 99999,")
	require.Contains(t, done.out, "\nTEMPORAL\n✗ Temporal: Temporal does not answer.\n  → Start it, or correct TEMPORAL_ADDRESS")
	require.Regexp(t, `(?s)NOT CHECKED\n\? namespace, deployment, .*: Temporal does not answer\.\n`, done.out)
	require.Regexp(t, `Checked, and well:\n  settings +database address, keyring setting, Temporal settings, keyring\n`, done.out)

	done = run(t, "", "doctor", "--json")
	require.Equal(t, cli.ExitFailed, done.code)
	var report doctor.Report
	require.NoError(t, json.Unmarshal([]byte(done.out), &report))
	require.Equal(t, doctor.Failure, report.Verdict)
	require.Equal(t, 1, report.Count(doctor.Warning))
}
