package db_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/testkit"
)

// A program's keyring is compared with what has sealed before, so that a wrong one is found out when the program starts.
func TestAKeyringIsCheckedAgainstTheDatabase(t *testing.T) {
	t.Parallel()
	entry := func(id string) string {
		made, err := sealing.Generate(id)
		require.NoError(t, err)
		return made
	}
	ring := func(entries string) *sealing.Keyring {
		keyring, err := sealing.Parse(entries)
		require.NoError(t, err)
		return keyring
	}
	first, second, third := entry("k1"), entry("k2"), entry("k3")
	store := testkit.Store(t, testkit.DatabaseURL(t))
	check := func(entries string) error { return store.CheckKeyring(t.Context(), ring(entries)) }
	wrong := func(keyID string, missing bool, entries string) {
		t.Helper()
		var failure *db.KeyringError
		require.ErrorAs(t, check(entries), &failure)
		require.Equal(t, db.KeyringError{KeyID: keyID, Missing: missing}, *failure)
		require.ErrorContains(t, failure, keyID)
	}

	require.NoError(t, check(first), "the first key is noted")
	require.NoError(t, check(first))
	wrong("k1", false, entry("k1"))
	wrong("k1", true, second)
	require.NoError(t, check(first+","+second), "a rotation begins: the new key can open")
	require.NoError(t, check(second+","+first), "the new key seals")
	wrong("k2", true, first)
	wrong("k2", false, entry("k2")+","+first)
	wrong("k1", false, second+","+entry("k1"))
	require.NoError(t, check(second), "the old key was retired")
	require.NoError(t, check(third+","+second))
}
