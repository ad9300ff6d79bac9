package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
