package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/platform/config"
)

// program is a root command with a persistent flag, and a subcommand with flags of its own.
type program struct {
	root     *cobra.Command
	sub      *cobra.Command
	output   bytes.Buffer
	tenant   string
	wait     time.Duration
	names    []string
	database config.Database
}

func newProgram() *program {
	p := &program{}
	p.root = &cobra.Command{Use: "program", Version: "1.0", SilenceErrors: true, SilenceUsage: true}
	p.root.SetOut(&p.output)
	p.root.SetErr(&p.output)
	p.root.PersistentFlags().StringVar(&p.tenant, "tenant-name", "none", "whose data")
	p.sub = &cobra.Command{Use: "sub", RunE: func(*cobra.Command, []string) error { return nil }}
	p.sub.Flags().DurationVar(&p.wait, "wait", time.Second, "how long to wait")
	p.sub.Flags().StringSliceVar(&p.names, "names", []string{"default"}, "which ones")
	p.database.AddFlags(p.sub.Flags())
	p.root.AddCommand(p.sub)
	return p
}

func (p *program) run(args ...string) error {
	config.Bind(p.root)
	p.root.SetArgs(args)
	return p.root.Execute()
}

func TestVariableGivesFlag(t *testing.T) {
	t.Setenv("CARESYNC_TENANT_NAME", "from variable")
	t.Setenv("CARESYNC_WAIT", "3s")
	t.Setenv("CARESYNC_NAMES", "a,b")
	t.Setenv("DATABASE_URL", "postgres://localhost/caresync")
	p := newProgram()

	require.NoError(t, p.run("sub"))

	require.Equal(t, "from variable", p.tenant)
	require.Equal(t, 3*time.Second, p.wait)
	require.Equal(t, []string{"a", "b"}, p.names)
	require.Equal(t, "postgres://localhost/caresync", p.database.URL.Reveal())
}

func TestExplicitFlagWins(t *testing.T) {
	t.Setenv("CARESYNC_TENANT_NAME", "from variable")
	t.Setenv("CARESYNC_NAMES", "a,b")
	t.Setenv("CARESYNC_WAIT", "not even valid")
	p := newProgram()

	require.NoError(t, p.run("sub", "--tenant-name", "from flag", "--names", "c", "--wait", "2s"))

	require.Equal(t, "from flag", p.tenant)
	require.Equal(t, []string{"c"}, p.names)
	require.Equal(t, 2*time.Second, p.wait)
}

func TestEmptyVariableCountsAsNotSet(t *testing.T) {
	t.Setenv("CARESYNC_WAIT", "")
	p := newProgram()
	require.NoError(t, p.run("sub"))
	require.Equal(t, time.Second, p.wait)
}

func TestHelpNamesVariables(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://user:hunter2@localhost/caresync")
	p := newProgram()

	require.NoError(t, p.run("sub", "--help"))

	for _, variable := range []string{"[$CARESYNC_TENANT_NAME]", "[$CARESYNC_WAIT]", "[$DATABASE_URL]"} {
		require.Contains(t, p.output.String(), variable)
	}
	require.NotContains(t, p.output.String(), "hunter2")
}

func TestVariableSatisfiesRequiredFlag(t *testing.T) {
	t.Setenv("CARESYNC_WAIT", "3s")
	p := newProgram()
	require.NoError(t, p.sub.MarkFlagRequired("wait"))
	require.NoError(t, p.run("sub"))
}

func TestBadVariablesAreAllNamedWithWhatIsWanted(t *testing.T) {
	t.Setenv("CARESYNC_WAIT", "soon")
	t.Setenv("CARESYNC_LEVELS", "many")
	p := newProgram()
	p.sub.Flags().Int("levels", 1, "how many levels")

	err := p.run("sub")

	require.ErrorContains(t, err, "environment variable CARESYNC_WAIT")
	require.ErrorContains(t, err, "how long to wait")
	require.ErrorContains(t, err, "environment variable CARESYNC_LEVELS")
	require.NotContains(t, err.Error(), "argument")
}

func TestSecretsAreReadFromFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "database_url")
	require.NoError(t, os.WriteFile(file, []byte("postgres://localhost/from-file\n"), 0o600))
	t.Setenv("DATABASE_URL", "")
	t.Setenv("DATABASE_URL_FILE", file)
	p := newProgram()
	require.NoError(t, p.run("sub"))
	require.Equal(t, "postgres://localhost/from-file", p.database.URL.Reveal())

	p = newProgram()
	require.NoError(t, p.run("sub", "--database-url", "postgres://localhost/from-flag"))
	require.Equal(t, "postgres://localhost/from-flag", p.database.URL.Reveal())

	t.Setenv("CARESYNC_TENANT_NAME_FILE", file)
	p = newProgram()
	require.NoError(t, p.run("sub"))
	require.Equal(t, "none", p.tenant, "only secrets are read from files")
}

func TestWhatIsWrongWithASecretsFileIsNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	for wanted, variables := range map[string]map[string]string{
		"DATABASE_URL_FILE: open /nowhere":                                 {"DATABASE_URL_FILE": "/nowhere"},
		"DATABASE_URL_FILE: the file " + empty + " is empty":               {"DATABASE_URL_FILE": empty},
		"DATABASE_URL and DATABASE_URL_FILE are both set: set one of them": {"DATABASE_URL_FILE": empty, "DATABASE_URL": "postgres://user:hunter2@localhost/caresync"},
	} {
		t.Run(wanted, func(t *testing.T) {
			t.Setenv("DATABASE_URL", "")
			for name, value := range variables {
				t.Setenv(name, value)
			}
			err := newProgram().run("sub")
			require.ErrorContains(t, err, wanted)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestHooksSeeVariables(t *testing.T) {
	for name, hook := range map[string]func(command *cobra.Command, see func()){
		"PersistentPreRun": func(command *cobra.Command, see func()) {
			command.PersistentPreRun = func(*cobra.Command, []string) { see() }
		},
		"PersistentPreRunE": func(command *cobra.Command, see func()) {
			command.PersistentPreRunE = func(*cobra.Command, []string) error { see(); return nil }
		},
	} {
		for where, choose := range map[string]func(*program) *cobra.Command{
			"root":       func(p *program) *cobra.Command { return p.root },
			"subcommand": func(p *program) *cobra.Command { return p.sub },
		} {
			t.Run(name+" of "+where, func(t *testing.T) {
				t.Setenv("CARESYNC_TENANT_NAME", "from variable")
				p := newProgram()
				var seen string
				hook(choose(p), func() { seen = p.tenant })

				require.NoError(t, p.run("sub"))

				require.Equal(t, "from variable", seen)
			})
		}
	}
}

func TestFlagsOfCobraItselfHaveNoVariable(t *testing.T) {
	t.Setenv("CARESYNC_VERSION", "v1.2.3")
	t.Setenv("CARESYNC_HELP", "please")
	require.NoError(t, newProgram().run("sub"))
}

func TestUseVariablePanicsWithoutFlag(t *testing.T) {
	require.Panics(t, func() { config.UseVariable(newProgram().sub.Flags(), "no-such-flag", "X") })
}
