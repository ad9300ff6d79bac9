package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/starter/cli"
)

func TestEveryCommandHasAnExampleThatNamesIt(t *testing.T) {
	t.Parallel()
	root := cli.Root()
	commands := 0
	for path, command := range cli.Commands(root) {
		if command.HasSubCommands() && path != "caresync migrate" {
			continue // a group does nothing
		}
		commands++
		require.NotEmpty(t, command.Example, path)
		for line := range strings.Lines(command.Example) {
			found, _, err := root.Find(strings.Fields(line)[1:])
			require.NoError(t, err, line)
			require.Equal(t, path, found.CommandPath())
		}
	}
	require.Greater(t, commands, 60)
	require.Equal(t, commands, cli.CountExamples(), "each example belongs to a command")
}

func TestHelpLeavesSharedSettingsToTheProgramsOwn(t *testing.T) {
	own := must(t, "--help")
	require.Contains(t, own, "--database-url")
	for _, args := range [][]string{{"plan", "show", "--help"}, {"schedule", "--help"}} {
		help := must(t, args...)
		require.NotContains(t, help, "--database-url")
		require.Contains(t, help, "--organisation")
		require.Contains(t, help, `Run "caresync --help" for the settings`)
	}
	require.Contains(t, must(t, "plan", "show", "--help"), "Examples:\n  caresync plan show 415056224")
}

func TestWrongUsageSaysWhatIsWanted(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
	for command, says := range map[string]string{
		"plan show":                   `"caresync plan show" requires a person: a care recipient id`,
		"claim event CLM-1":           `"caresync claim event" requires the claim's status`,
		"runs list everything":        `"caresync runs list" takes no arguments`,
		"connection show one another": `"caresync connection show" takes no more arguments than [NAME]`,
		"contract show latest":        `"latest" is not the id of a contract`,
		"token crate billing":         `"caresync token" has no command "crate"; did you mean create?`,
		"token sell":                  `"caresync token" has no command "sell"; its commands are create, list, revoke`,
		"schedul list":                `"caresync" has no command "schedul"; did you mean schedule?`,
	} {
		done := run(t, "", strings.Fields(command)...)
		require.Equal(t, cli.ExitUsage, done.code, command)
		require.Contains(t, done.err, says)
		require.Contains(t, done.err, "--help` for usage.")
	}
}
