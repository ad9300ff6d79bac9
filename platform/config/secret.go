package config

import (
	"fmt"
	"io"
)

const hidden = "(hidden)"

// Secret is a flag value that is never printed, neither by help texts nor by logs, errors, fmt or encoding/json.
// Setting it never fails, since a flag's error repeats its value: whoever uses it checks it.
type Secret struct {
	value string
}

// NewSecret keeps value from being printed.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.value }

// IsSet tells whether there is a secret at all.
func (s Secret) IsSet() bool { return s.value != "" }

// Set implements pflag.Value.
func (s *Secret) Set(value string) error {
	s.value = value
	return nil
}

// String implements pflag.Value; it is empty if nothing is set, so that help shows no default.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return hidden
}

// Type implements pflag.Value.
func (s Secret) Type() string { return "secret" }

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
