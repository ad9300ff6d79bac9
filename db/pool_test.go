package db_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
)

// The address says how large a program's pool is, if it says so at all.
func TestTheAddressSizesThePool(t *testing.T) {
	address := testkit.DatabaseURL(t)
	for want, address := range map[int]string{db.WorkerConnections: address, 7: address + "&pool_max_conns=7"} {
		store, err := db.Open(t.Context(), address, testkit.Keyring(), db.Options{MaxConnections: db.WorkerConnections})
		require.NoError(t, err)
		t.Cleanup(store.Close)
		size, sized := store.PoolSize()
		require.Equal(t, want, size)
		require.Equal(t, strings.Contains(address, "pool_max_conns"), sized)
	}
}
