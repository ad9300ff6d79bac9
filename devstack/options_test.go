package main

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// parseFlags reads a command line as the commands do.
func parseFlags(t *testing.T, args ...string) (Options, error) {
	t.Helper()
	var o Options
	flags := pflag.NewFlagSet("devstack", pflag.ContinueOnError)
	addStackFlags(flags, &o)
	require.NoError(t, flags.Parse(args))
	if err := flagsFromEnvironment(flags); err != nil {
		return o, err
	}
	return o, o.validate()
}

func TestBadOptionsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"unknown part":          {[]string{"--without", "redis"}, "--without redis: there is no such part; choose postgres, temporal or ui"},
		"nothing left":          {[]string{"--without", "postgres,temporal"}, "leave nothing to start"},
		"no place for Temporal": {[]string{"--without", "postgres"}, "add --temporal-store sqlite"},
		"two answers":           {[]string{"--without", "postgres", "--temporal-store", "sqlite", "--postgres-url", "postgres://u@h/d"}, "contradict each other"},
		"unknown store":         {[]string{"--temporal-store", "mysql"}, "--temporal-store mysql: choose postgres or sqlite"},
		"short retention":       {[]string{"--retention", "59m"}, "--retention 59m0s: Temporal keeps closed workflows for at least 1h"},
		"codec without scheme":  {[]string{"--codec-endpoint", "127.0.0.1:8080"}, "not an http or https address"},
		"attribute, no type":    {[]string{"--search-attribute", "Kind"}, "expected Name=Type"},
		"attribute, no name":    {[]string{"--search-attribute", "=Int"}, "expected Name=Type"},
		"attribute, odd type":   {[]string{"--search-attribute", "Kind=String"}, "there is no type String; choose one of Bool, Datetime, Double, Int, Keyword, KeywordList, Text"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseFlags(t, c.args...)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestDefaultOptions(t *testing.T) {
	o, err := parseFlags(t)
	require.NoError(t, err)
	require.Equal(t, "caresync", o.Namespace)
	require.Equal(t, storePostgres, o.TemporalStore)
	require.Equal(t, 24*time.Hour, o.Retention)
	require.False(t, o.Fast)
	require.True(t, o.withPostgres() && o.withTemporal() && o.withUI())
}

func TestWithoutTemporalThereIsNoUI(t *testing.T) {
	o, err := parseFlags(t, "--without", "temporal")
	require.NoError(t, err)
	require.False(t, o.withUI())
}

func TestFlagsFromTheEnvironment(t *testing.T) {
	t.Setenv("DEVSTACK_UI_PORT", "8233")
	t.Setenv("DEVSTACK_NAMESPACE", "from-environment")
	t.Setenv("DEVSTACK_SEARCH_ATTRIBUTE", "A=Int,B=Text")
	o, err := parseFlags(t, "--namespace", "from-flag")
	require.NoError(t, err)
	require.Equal(t, 8233, o.UIPort)
	require.Equal(t, "from-flag", o.Namespace)
	require.Equal(t, []string{"A=Int", "B=Text"}, o.SearchAttributes)

	t.Setenv("DEVSTACK_UI_PORT", "many")
	_, err = parseFlags(t)
	require.ErrorContains(t, err, "environment variable DEVSTACK_UI_PORT")
}

func TestEnvironmentOfCommand(t *testing.T) {
	inherited := []string{"HOME=/home/me", "TEMPORAL_TLS=true", "DEVSTACK_DIR=/mine", "DEVSTACK_POSTGRES_URL=postgres://shared", "DATABASE_URL=old"}

	require.Equal(t,
		[]string{"HOME=/home/me", "DEVSTACK_POSTGRES_URL=postgres://shared", "DATABASE_URL=old", "TEMPORAL_ADDRESS=here"},
		environmentFor(inherited, []Variable{{"TEMPORAL_ADDRESS", "here"}}))
	require.Equal(t,
		[]string{"HOME=/home/me", "TEMPORAL_TLS=true", "DEVSTACK_POSTGRES_URL=postgres://shared", "DATABASE_URL=old", "DATABASE_URL=new"},
		environmentFor(inherited, []Variable{{"DATABASE_URL", "new"}}),
		"a stack without Temporal leaves another Temporal's settings alone; the last value of a name counts")
}
