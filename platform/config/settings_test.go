package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/platform/config"
	"github.com/caresync/caresync/platform/logging"
	"github.com/caresync/caresync/platform/sealing"
)

func TestDatabaseURL(t *testing.T) {
	for name, test := range map[string]struct {
		url   string
		valid bool
	}{
		"postgres":          {"postgres://user:hunter2@db:5432/caresync?sslmode=require", true},
		"postgresql":        {"postgresql://db/caresync", true},
		"not set":           {"", false},
		"other database":    {"mysql://user:hunter2@db/caresync", false},
		"no host":           {"postgres:///caresync?password=hunter2", false},
		"broken":            {"postgres://user:hunter2@db:port/caresync", false},
		"key value pairs":   {"host=db password=hunter2", false},
		"control character": {"postgres://user:hunter2@db/\x7f", false},
	} {
		t.Run(name, func(t *testing.T) {
			database := config.Database{URL: config.NewSecret(test.url)}

			url, err := database.ConnectionURL()

			if test.valid {
				require.NoError(t, err)
				require.Equal(t, test.url, url)
				return
			}
			require.ErrorContains(t, err, "DATABASE_URL")
			require.ErrorContains(t, err, "want postgres://user:password@host:5432/database")
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOpenKeyring(t *testing.T) {
	entry, err := sealing.Generate("k1")
	require.NoError(t, err)

	keyring, err := config.Encryption{Keyring: config.NewSecret(entry)}.OpenKeyring()

	require.NoError(t, err)
	require.Equal(t, "k1", keyring.ActiveKeyID())
}

func TestOpenKeyringNamesVariableAndHidesValue(t *testing.T) {
	for _, text := range []string{"", "c2VjcmV0", "k1:c2VjcmV0"} {
		_, err := config.Encryption{Keyring: config.NewSecret(text)}.OpenKeyring()
		require.ErrorContains(t, err, "CARESYNC_KEYRING")
		require.ErrorContains(t, err, "32")
		require.NotContains(t, err.Error(), "c2VjcmV0")
	}
}

func TestOperatorToken(t *testing.T) {
	long := strings.Repeat("t", 24)
	token, err := config.Codec{Token: config.NewSecret(long)}.OperatorToken()
	require.NoError(t, err)
	require.Equal(t, long, token)

	for _, bad := range []string{"", strings.Repeat("t", 23)} {
		_, err := config.Codec{Token: config.NewSecret(bad)}.OperatorToken()
		require.ErrorContains(t, err, "CARESYNC_CODEC_TOKEN")
		require.ErrorContains(t, err, "at least 24")
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	settings := struct{ Secret config.Secret }{config.NewSecret("hunter2")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed := fmt.Sprintf(verb, settings) + fmt.Sprintf(verb, &settings.Secret)
		require.NotContains(t, printed, "hunter2", verb)
		require.NotContains(t, printed, fmt.Sprintf("%x", "hunter2"), verb)
	}
	encoded, err := json.Marshal(settings)
	require.NoError(t, err)
	require.JSONEq(t, `{"Secret":"(hidden)"}`, string(encoded))
	require.Empty(t, config.Secret{}.String())
}

// flagsOf registers every shared setting, as a program would.
func flagsOf() (*pflag.FlagSet, *config.TaskQueues, *config.Logging, *config.Health, *config.Links) {
	flags := pflag.NewFlagSet("program", pflag.ContinueOnError)
	flags.SetOutput(&bytes.Buffer{})
	var (
		database   config.Database
		encryption config.Encryption
		codec      config.Codec
		queues     config.TaskQueues
		log        config.Logging
		health     config.Health
		links      config.Links
	)
	database.AddFlags(flags)
	encryption.AddFlags(flags)
	codec.AddFlags(flags)
	queues.AddFlags(flags)
	log.AddFlags(flags)
	health.AddFlags(flags, 8090)
	links.AddFlags(flags)
	return flags, &queues, &log, &health, &links
}

func TestDefaults(t *testing.T) {
	flags, queues, log, health, links := flagsOf()
	require.NoError(t, flags.Parse(nil))
	require.Empty(t, queues.Prefix)
	require.Equal(t, config.Logging{Level: logging.InfoLevel, Format: logging.Auto}, *log)
	require.Equal(t, config.Address("127.0.0.1:8090"), health.Address)
	require.False(t, links.TemporalUI.IsSet() || links.Public.IsSet())
	require.NotNil(t, log.Logger())
}

func TestGoodValues(t *testing.T) {
	flags, queues, log, health, links := flagsOf()
	require.NoError(t, flags.Parse([]string{
		"--task-queue-prefix=test-1.", "--log-level=debug", "--log-format=json", "--health-address=[::1]:0",
		"--temporal-ui-url=http://127.0.0.1:8233/", "--public-url=https://caresync.example.org/app",
	}))
	require.Equal(t, config.QueuePrefix("test-1."), queues.Prefix)
	require.Equal(t, "debug", log.Level.String())
	require.Equal(t, logging.JSON, log.Format)
	require.Equal(t, config.Address("[::1]:0"), health.Address)
	require.Equal(t, "http://127.0.0.1:8233", links.TemporalUI.String())
	require.Equal(t, "https://caresync.example.org/app", links.Public.String())
}

func TestBadValuesSayWhatIsWanted(t *testing.T) {
	for arg, want := range map[string]string{
		"--task-queue-prefix=a/b":                     "letters, digits",
		"--log-level=loud":                            "debug, info, warn or error",
		"--log-level=fatal":                           "debug, info, warn or error",
		"--log-format=xml":                            "json, console or auto",
		"--health-address=8090":                       "127.0.0.1:8090",
		"--health-address=127.0.0.1:http":             "127.0.0.1:8090",
		"--health-address=127.0.0.1:99999":            "127.0.0.1:8090",
		"--temporal-ui-url=127.0.0.1:8233":            "https://caresync.example.org",
		"--temporal-ui-url=javascript:alert(1)":       "https://caresync.example.org",
		"--public-url=https://":                       "https://caresync.example.org",
		"--public-url=https://user:pw@example.org":    "without user",
		"--public-url=https://example.org?a=b":        "without user",
		"--public-url=https://example.org/#somewhere": "without user",
	} {
		flags, _, _, _, _ := flagsOf()
		require.ErrorContains(t, flags.Parse([]string{arg}), want, arg)
	}
}
