// Package faults makes the simulated services misbehave on demand.
//
// A fault says what goes wrong and which calls it meets: by operation, care recipient, position, number and probability.
// Faults of the transport (latency, status codes, broken connections and bodies) are carried out here; faults that only a
// service can carry out (a refused consent, a stranger's row …) travel in the request's context.
package faults

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind says what goes wrong.
type Kind string

// The kinds of faults.
const (
	// Latency delays the answer by Delay, and up to Jitter more. It goes together with any other fault.
	Latency Kind = "latency"
	// TooManyRequests answers 429, Unavailable 503; both with Retry-After where RetryAfter is given.
	TooManyRequests Kind = "too-many-requests"
	Unavailable     Kind = "unavailable"
	// InternalError answers 500, BadGateway 502.
	InternalError Kind = "internal-error"
	BadGateway    Kind = "bad-gateway"
	// ConnectionReset breaks the connection without an answer.
	ConnectionReset Kind = "connection-reset"
	// Hang never answers; the connection breaks after Delay if one is given, or when the faults are changed.
	Hang Kind = "hang"
	// HTML answers 200 with a web page, EmptyBody 200 with nothing.
	HTML      Kind = "html"
	EmptyBody Kind = "empty-body"
	// TruncatedJSON answers with the first half of the true body.
	TruncatedJSON Kind = "truncated-json"
	// HugeBody streams Megabytes of JSON.
	HugeBody Kind = "huge-body"
	// Unauthorised answers 401 and revokes the access token that was used.
	Unauthorised Kind = "unauthorised"
	// Forbidden answers 403 without the consent code.
	Forbidden Kind = "forbidden"
	// ConsentWithdrawn answers as if the care recipient had refused consent.
	ConsentWithdrawn Kind = "consent-withdrawn"
	// EntryMissing answers as if no entry were registered: no budgets, no contributions.
	EntryMissing Kind = "entry-missing"
	// StrangersID puts another person's care recipient id into the rows of lists, or into the first Rows of a page.
	StrangersID Kind = "strangers-id"
	// ShuffledPages lets rows shift between the pages of a list: with a sort, Rows of the page before appear again
	// (negative: Rows are missed); without one, every page is cut from another order.
	ShuffledPages Kind = "shuffled-pages"
	// ExpiredDevice lets PRODA refuse the device as expired.
	ExpiredDevice Kind = "expired-device"
)

var kinds = []Kind{
	Latency, TooManyRequests, Unavailable, InternalError, BadGateway, ConnectionReset, Hang, HTML, EmptyBody, TruncatedJSON,
	HugeBody, Unauthorised, Forbidden, ConsentWithdrawn, EntryMissing, StrangersID, ShuffledPages, ExpiredDevice,
}

// Fault is something that goes wrong for some calls. The zero value of a target field means "any".
type Fault struct {
	Kind Kind
	// Operation is an operation's name, or its beginning followed by a star.
	Operation string
	// CareRecipientID meets calls that ask for one person, also through a budget id.
	CareRecipientID string
	// Skip leaves the first matching calls alone; Count meets that many after them (0: all). The nth call: Skip n-1, Count 1.
	Skip  int
	Count int
	// Probability meets that share of the matching calls, drawn with Seed; 0 meets all.
	Probability float64
	Seed        uint64

	Delay  time.Duration
	Jitter time.Duration
	// RetryAfter is rounded up to whole seconds; RetryAfterDate sends it as an HTTP date.
	RetryAfter     time.Duration
	RetryAfterDate bool
	Megabytes      int
	Rows           int
}

// Validate says what is wrong with a fault, if anything.
func (f Fault) Validate() error {
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("there is no fault %q; the kinds are %v", f.Kind, kinds)
	case f.Kind == Latency && f.Delay <= 0 && f.Jitter <= 0:
		return fmt.Errorf("fault %s: give a delay, such as 150ms", f.Kind)
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("fault %s: the probability lies between 0 and 1", f.Kind)
	case f.Skip < 0 || f.Count < 0 || f.Megabytes < 0 || f.Delay < 0 || f.Jitter < 0 || f.RetryAfter < 0:
		return fmt.Errorf("fault %s: skip, count, megabytes, delay, jitter and retryAfter cannot be negative", f.Kind)
	}
	return nil
}

func (f Fault) meets(target Target) bool {
	if f.CareRecipientID != "" && f.CareRecipientID != target.CareRecipientID {
		return false
	}
	if prefix, star := strings.CutSuffix(f.Operation, "*"); star {
		return strings.HasPrefix(target.Operation, prefix)
	}
	return f.Operation == "" || f.Operation == target.Operation
}

// wireFault is a fault in JSON, with durations as text ("150ms").
type wireFault struct {
	Kind            Kind    `json:"kind"`
	Operation       string  `json:"operation,omitzero"`
	CareRecipientID string  `json:"careRecipientId,omitzero"`
	Skip            int     `json:"skip,omitzero"`
	Count           int     `json:"count,omitzero"`
	Probability     float64 `json:"probability,omitzero"`
	Seed            uint64  `json:"seed,omitzero"`
	Delay           span    `json:"delay,omitzero"`
	Jitter          span    `json:"jitter,omitzero"`
	RetryAfter      span    `json:"retryAfter,omitzero"`
	RetryAfterDate  bool    `json:"retryAfterDate,omitzero"`
	Megabytes       int     `json:"megabytes,omitzero"`
	Rows            int     `json:"rows,omitzero"`
}

type span time.Duration

func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

func (s *span) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 150ms or 2s", text)
	}
	*s = span(parsed)
	return nil
}

// MarshalJSON writes durations as text.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireFault{
		f.Kind, f.Operation, f.CareRecipientID, f.Skip, f.Count, f.Probability, f.Seed,
		span(f.Delay), span(f.Jitter), span(f.RetryAfter), f.RetryAfterDate, f.Megabytes, f.Rows,
	})
}

// UnmarshalJSON reads durations as text and refuses unknown fields.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var wire wireFault
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wire); err != nil {
		return fmt.Errorf("read fault: %w", err)
	}
	*f = Fault{
		wire.Kind, wire.Operation, wire.CareRecipientID, wire.Skip, wire.Count, wire.Probability, wire.Seed,
		time.Duration(wire.Delay), time.Duration(wire.Jitter), time.Duration(wire.RetryAfter), wire.RetryAfterDate, wire.Megabytes, wire.Rows,
	}
	return f.Validate()
}
