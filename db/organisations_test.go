package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

func TestOrganisationIsChecked(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	for _, test := range []struct{ slug, name, zone, field string }{
		{"Wattle Grove", "Wattle Grove", care.DefaultTimeZone, "slug"},
		{"", "Wattle Grove", care.DefaultTimeZone, "slug"},
		{"wattle", "  ", care.DefaultTimeZone, "name"},
		{"wattle", "Wattle\nGrove", care.DefaultTimeZone, "name"},
		{"wattle", "Wattle Grove", "Australia/Sidney", "time_zone"},
		{"wattle", "Wattle Grove", "Local", "time_zone"},
		{"wattle", "Wattle Grove", "", "time_zone"},
	} {
		_, err := store.CreateOrganisation(t.Context(), test.slug, test.name, test.zone)
		var invalid *care.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, test.field, invalid.Field)
	}
	organisations, err := store.Organisations(t.Context())
	require.NoError(t, err)
	require.Empty(t, organisations)
}

// Where a process runs says nothing of which zones an organisation can have.
func TestAZoneIsOneWhereverTheProcessRuns(t *testing.T) {
	for _, machine := range []string{"Australia/Sydney", "UTC"} {
		zone, err := time.LoadLocation(machine)
		require.NoError(t, err)
		before := time.Local
		time.Local = zone
		t.Cleanup(func() { time.Local = before })
		for _, name := range []string{"Australia/Sydney", "UTC"} {
			_, err := db.LoadZone(name)
			require.NoError(t, err, "%s on a machine in %s", name, machine)
		}
		_, err = db.LoadZone("Local")
		require.Error(t, err, machine)
	}
}

func TestOrganisationCanBeChanged(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	stored.Organisation(t, store, "wattle")
	_, err := store.CreateOrganisation(t.Context(), "wattle", "Another", care.DefaultTimeZone)
	var conflict *db.ConflictError
	require.ErrorAs(t, err, &conflict)

	zone := "Australia/Perth"
	changed, err := store.ChangeOrganisation(t.Context(), "wattle", nil, &zone)
	require.NoError(t, err)
	require.Equal(t, zone, changed.TimeZone)
	require.Equal(t, "Organisation wattle", changed.Name)

	_, err = store.ChangeOrganisation(t.Context(), "unknown", nil, &zone)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestAPITokens(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	wattle, banksia := stored.Organisation(t, store, "wattle"), stored.Organisation(t, store, "banksia")

	token, secret, err := store.CreateAPIToken(t.Context(), wattle.ID, "billing")
	require.NoError(t, err)
	require.Regexp(t, `^cs_[A-Za-z0-9_-]{43}$`, secret)

	caller, err := store.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, wattle, caller.Organisation)
	require.Equal(t, "billing", caller.TokenName)

	for _, wrong := range []string{"", "cs_", secret + "x", secret[3:], "Bearer " + secret} {
		_, err := store.Authenticate(t.Context(), wrong)
		require.ErrorIs(t, err, db.ErrNotFound)
	}

	_, err = store.RevokeAPIToken(t.Context(), banksia.ID, token.ID)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
	revoked, err := store.RevokeAPIToken(t.Context(), wattle.ID, token.ID)
	require.NoError(t, err)
	again, err := store.RevokeAPIToken(t.Context(), wattle.ID, token.ID)
	require.NoError(t, err)
	require.Equal(t, revoked, again)
	_, err = store.Authenticate(t.Context(), secret)
	require.ErrorIs(t, err, db.ErrNotFound)
}
