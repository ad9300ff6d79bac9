package cli_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/testkit"
)

func TestConsoleLinkSignsInOnce(t *testing.T) {
	address := testkit.DatabaseURL(t)
	onDatabase(t, address)
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	t.Setenv("CARESYNC_PUBLIC_URL", "https://caresync.example")
	done := run(t, "", "console", "link", "--name", "Robin Ellery")
	require.Equal(t, cli.ExitSucceeded, done.code, done.err)
	require.Contains(t, done.err, "signs in to Wattle Grove once")
	secret, found := strings.CutPrefix(strings.TrimSpace(done.out), "https://caresync.example/sign-in/link/")
	require.True(t, found, done.out)
	organisation, name, err := testkit.Store(t, address).ConsoleLink(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, "wattle", organisation.Slug)
	require.Equal(t, "Robin Ellery", name)

	require.Equal(t, cli.ExitUsage, run(t, "", "console", "link", "--valid-for", "48h").code)
	require.Equal(t, cli.ExitUsage, run(t, "", "console", "link", "--name", " ").code)
}

func TestAdministratorsSignPeopleOut(t *testing.T) {
	address := testkit.DatabaseURL(t)
	onDatabase(t, address)
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	must(t, "organisation", "create", "banksia", "--name", "Banksia House")
	store := testkit.Store(t, address)
	organisations, err := store.Organisations(t.Context())
	require.NoError(t, err)
	signIn := func(organisation care.Organisation, name string) (secret, id string) {
		secret, err := store.OpenConsoleSession(t.Context(), db.SignIn{OrganisationID: organisation.ID, Name: name, ExpiresAt: time.Now().Add(time.Hour)})
		require.NoError(t, err)
		session, err := store.ConsoleSession(t.Context(), secret)
		require.NoError(t, err)
		return secret, session.ID
	}
	isOpen := func(secret string) bool {
		_, err := store.ConsoleSession(t.Context(), secret)
		if err != nil {
			require.ErrorIs(t, err, db.ErrNotFound)
		}
		return err == nil
	}
	wattle, banksia := organisations[slices.IndexFunc(organisations, func(o care.Organisation) bool { return o.Slug == "wattle" })],
		organisations[slices.IndexFunc(organisations, func(o care.Organisation) bool { return o.Slug == "banksia" })]
	robin, robinID := signIn(wattle, "Robin Ellery")
	kim, _ := signIn(wattle, "Kim Alder")
	other, otherID := signIn(banksia, "Sam Rowan")
	link, err := store.CreateConsoleLink(t.Context(), wattle.ID, "Noor Lindqvist", time.Now().Add(time.Hour))
	require.NoError(t, err)

	listed := run(t, "", "console", "sessions", "--organisation", "wattle")
	require.Equal(t, cli.ExitSucceeded, listed.code, listed.err)
	require.Contains(t, listed.out, "Robin Ellery")
	require.Contains(t, listed.out, "Kim Alder")
	require.NotContains(t, listed.out, "Sam Rowan")

	for _, wrong := range [][]string{{}, {robinID, "--all"}, {otherID}, {"nonsense"}} {
		require.Equal(t, cli.ExitUsage, run(t, "", append([]string{"console", "sign-out", "--organisation", "wattle"}, wrong...)...).code, wrong)
	}
	require.True(t, isOpen(robin))
	must(t, "console", "sign-out", robinID, "--organisation", "wattle")
	require.False(t, isOpen(robin))
	require.True(t, isOpen(kim))

	done := run(t, "", "console", "sign-out", "--all", "--organisation", "wattle")
	require.Equal(t, cli.ExitSucceeded, done.code, done.err)
	require.Contains(t, done.out, "Ended 1 session of Wattle Grove, and revoked 1 sign-in link.")
	require.False(t, isOpen(kim))
	_, _, err = store.ConsoleLink(t.Context(), link)
	require.ErrorIs(t, err, db.ErrNotFound)
	require.True(t, isOpen(other), "another organisation's")
	require.Contains(t, run(t, "", "console", "sessions", "--organisation", "wattle").out, "No one is signed in to Wattle Grove.")
}
