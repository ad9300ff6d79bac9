package care

import (
	"errors"
	"time"
)

// Timespan is a length of time that is written as text, such as 24h0m0s.
type Timespan time.Duration

// String writes the length as UnmarshalText reads it.
func (s Timespan) String() string { return time.Duration(s).String() }

// MarshalText writes the length as UnmarshalText reads it.
func (s Timespan) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

var errNegativeTimespan = errors.New("a length of time is not negative")

// UnmarshalText reads a length such as 24h or 90m.
func (s *Timespan) UnmarshalText(text []byte) error {
	length, err := time.ParseDuration(string(text))
	if err == nil && length < 0 {
		err = errNegativeTimespan
	}
	if err == nil {
		*s = Timespan(length)
	}
	return err
}
