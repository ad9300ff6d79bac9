package config

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/caresync/caresync/platform/logging"
	"github.com/caresync/caresync/platform/sealing"
)

// minTokenLength keeps the operator's token beyond guessing.
const minTokenLength = 24

// Database says where PostgreSQL is.
type Database struct {
	URL Secret
}

// AddFlags adds --database-url, which is read from DATABASE_URL.
func (d *Database) AddFlags(flags *pflag.FlagSet) {
	flags.Var(&d.URL, "database-url",
		"PostgreSQL, as postgres://user:password@host:5432/database; the environment variable is safer, since other users can see command lines")
	UseVariable(flags, "database-url", "DATABASE_URL")
}

// ConnectionURL returns the checked URL. Its password makes it a secret: never log it.
func (d Database) ConnectionURL() (string, error) {
	const example = "postgres://user:password@host:5432/database"
	if !d.URL.IsSet() {
		return "", errors.New("DATABASE_URL is not set: want " + example)
	}
	parsed, err := url.Parse(d.URL.Reveal())
	if err != nil || (parsed.Scheme != "postgres" && parsed.Scheme != "postgresql") || parsed.Hostname() == "" {
		return "", errors.New("DATABASE_URL is not the address of a PostgreSQL database: want " + example)
	}
	return d.URL.Reveal(), nil
}

// Encryption holds the keys for payloads in Temporal and for secrets in PostgreSQL.
type Encryption struct {
	Keyring Secret
}

// AddFlags adds --keyring.
func (e *Encryption) AddFlags(flags *pflag.FlagSet) {
	flags.Var(&e.Keyring, "keyring",
		"encryption keys, as "+sealing.Syntax+"; the environment variable is safer, since other users can see command lines")
}

// OpenKeyring reads the keyring.
func (e Encryption) OpenKeyring() (*sealing.Keyring, error) {
	if !e.Keyring.IsSet() {
		return nil, errors.New("CARESYNC_KEYRING is not set: want " + sealing.Syntax +
			"; a new key can be made with: openssl rand -base64 32")
	}
	keyring, err := sealing.Parse(e.Keyring.Reveal())
	if err != nil {
		return nil, fmt.Errorf("CARESYNC_KEYRING: %w", err)
	}
	return keyring, nil
}

// TaskQueues says how the names of task queues begin.
type TaskQueues struct {
	Prefix QueuePrefix
}

// AddFlags adds --task-queue-prefix.
func (q *TaskQueues) AddFlags(flags *pflag.FlagSet) {
	flags.Var(&q.Prefix, "task-queue-prefix",
		"prefix of the Temporal task queue names; workers and starters that belong together share it")
}

// Logging says what is logged and how.
type Logging struct {
	Level  logging.Level
	Format logging.Format
}

// AddFlags adds --log-level and --log-format.
func (l *Logging) AddFlags(flags *pflag.FlagSet) {
	l.Level, l.Format = logging.InfoLevel, logging.Auto
	flags.Var(&l.Level, "log-level", "minimum log level: debug, info, warn or error")
	flags.Var(&l.Format, "log-format", "json, console, or auto: console on a terminal, else json")
}

// Logger returns a logger that writes to standard error.
func (l Logging) Logger() *zap.Logger { return logging.New(l.Level, l.Format) }

// Health says where a program answers /healthz, /readyz and /metrics.
type Health struct {
	Address Address
}

// AddFlags adds --health-address with the program's own default, on 127.0.0.1 since these pages ask for no token.
func (h *Health) AddFlags(flags *pflag.FlagSet, defaultPort int) {
	h.Address = Address(fmt.Sprintf("127.0.0.1:%d", defaultPort))
	flags.Var(&h.Address, "health-address",
		"address of /healthz, /readyz and /metrics; they need no authentication, so keep it private")
}

// Links holds the addresses that people follow from one page or message to another.
type Links struct {
	TemporalUI URL
	Public     URL
}

// AddFlags adds --temporal-ui-url, which is read from TEMPORAL_UI_URL, and --public-url.
func (l *Links) AddFlags(flags *pflag.FlagSet) {
	flags.Var(&l.TemporalUI, "temporal-ui-url", "address of the Temporal UI, for links to runs")
	UseVariable(flags, "temporal-ui-url", "TEMPORAL_UI_URL")
	flags.Var(&l.Public, "public-url", "public address of CareSync, for links to plans")
}

// Codec holds the token with which an operator may read encrypted payloads in the Temporal UI.
type Codec struct {
	Token Secret
}

// AddFlags adds --codec-token.
func (c *Codec) AddFlags(flags *pflag.FlagSet) {
	flags.Var(&c.Token, "codec-token", fmt.Sprintf("operator's token for reading payloads in the Temporal UI, "+
		"at least %d characters; the environment variable is safer, since other users can see command lines", minTokenLength))
}

// OperatorToken returns the checked token.
func (c Codec) OperatorToken() (string, error) {
	if len(c.Token.Reveal()) < minTokenLength {
		return "", fmt.Errorf("CARESYNC_CODEC_TOKEN is not set or is too short: want at least %d random characters, "+
			"such as openssl rand -hex 32 makes", minTokenLength)
	}
	return c.Token.Reveal(), nil
}
