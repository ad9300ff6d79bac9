package db_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
	"github.com/caresync/caresync/upstream/proda"
)

func TestConnectionIsChecked(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	for field, spoil := range map[string]func(*care.Connection){
		"service":             func(c *care.Connection) { c.Service = "medicare" },
		"name":                func(c *care.Connection) { c.Name = "" },
		"ra_number":           func(c *care.Connection) { c.RANumber = " " },
		"base_url":            func(c *care.Connection) { c.BaseURL = "services.example" },
		"token_base_url":      func(c *care.Connection) { c.TokenBaseURL = "https://user:password@proda.example" },
		"device_base_url":     func(c *care.Connection) { c.DeviceBaseURL = "ftp://proda.example" },
		"service_provider_id": func(c *care.Connection) { c.ServiceProviderID = "40000x" },
		"rate_per_second":     func(c *care.Connection) { c.RatePerSecond = 0 },
	} {
		connection := stored.Connection("4000012345")
		spoil(&connection)
		_, err := store.CreateConnection(t.Context(), organisation.ID, connection)
		var invalid *care.InvalidError
		require.ErrorAs(t, err, &invalid, field)
		require.Equal(t, field, invalid.Field)
	}
}

func TestAnotherDeviceHasToBeActivatedAnew(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	connection, err := store.CreateConnection(t.Context(), organisation.ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	key, err := proda.NewKey()
	require.NoError(t, err)
	keys := store.DeviceKeys()
	_, err = keys.StorePending(t.Context(), connection.ID, key)
	require.NoError(t, err)
	require.NoError(t, keys.Promote(t.Context(), connection.ID, key))

	_, err = store.ChangeConnection(t.Context(), organisation.ID, connection.Name, func(c *care.Connection) { c.RatePerSecond = 5 })
	require.NoError(t, err)
	_, err = keys.PrivateKey(t.Context(), connection.ID)
	require.NoError(t, err)

	changed, err := store.ChangeConnection(t.Context(), organisation.ID, connection.Name, func(c *care.Connection) { c.DeviceName = "caresync2" })
	require.NoError(t, err)
	require.Nil(t, changed.ActivatedAt)
	_, err = keys.PrivateKey(t.Context(), connection.ID)
	require.ErrorIs(t, err, proda.ErrNoKey)
}

// R11: one organisation can never read or change another's.
func TestConnectionsBelongToAnOrganisation(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	wattle, banksia := stored.Organisation(t, store, "wattle"), stored.Organisation(t, store, "banksia")
	connection, err := store.CreateConnection(t.Context(), wattle.ID, stored.Connection("4000012345"))
	require.NoError(t, err)

	_, err = store.CreateConnection(t.Context(), wattle.ID, stored.Connection("4000012345"))
	var conflict *db.ConflictError
	require.ErrorAs(t, err, &conflict)
	_, err = store.CreateConnection(t.Context(), banksia.ID, stored.Connection("4000012345"))
	require.NoError(t, err)

	_, err = store.ChangeConnection(t.Context(), banksia.ID, connection.Name, func(c *care.Connection) { c.RatePerSecond = 1 })
	require.NoError(t, err, "their own of the same name")
	connections, err := store.Connections(t.Context(), wattle.ID)
	require.NoError(t, err)
	require.Equal(t, []care.Connection{connection}, connections)
}
