// Package faults makes the simulated services fail on demand.
//
// A fault is what goes wrong for which calls: by operation, care recipient, position and number.
// Faults of the transport (latency, status codes, broken connections and bodies) are carried out here; faults that only a
// service can carry out (a refused consent, a stranger's row …) travel in the request's context.
package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	// Latency delays the answer by Delay. It combines with any other fault.
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
	// TruncatedJSON returns the first half of the true body.
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
	// ShuffledPages shifts rows between the pages of a list: with a sort, Rows of the page before appear again
	// (negative: Rows are missed); without one, every page is cut from another order.
	ShuffledPages Kind = "shuffled-pages"
	// ExpiredDevice makes PRODA refuse the device as expired.
	ExpiredDevice Kind = "expired-device"
)

var kinds = []Kind{
	Latency, TooManyRequests, Unavailable, InternalError, BadGateway, ConnectionReset, Hang, HTML, EmptyBody, TruncatedJSON,
	HugeBody, Unauthorised, Forbidden, ConsentWithdrawn, EntryMissing, StrangersID, ShuffledPages, ExpiredDevice,
}

// Fault is something that goes wrong for some calls. The zero value of a target field means "any".
type Fault struct {
	Kind Kind `json:"kind"`
	// Operation is an operation's name, or its beginning followed by an asterisk.
	Operation string `json:"operation,omitzero"`
	// CareRecipientID limits the fault to calls that ask for one person, also by a budget id.
	CareRecipientID string `json:"careRecipientId,omitzero"`
	// Skip leaves the first matching calls alone; Count limits the fault to that many after them (0: all). The nth call: Skip n-1, Count 1.
	Skip  int `json:"skip,omitzero"`
	Count int `json:"count,omitzero"`

	Delay time.Duration `json:"delay,omitzero"`
	// RetryAfter is rounded up to whole seconds; RetryAfterDate sends it as an HTTP date.
	RetryAfter     time.Duration `json:"retryAfter,omitzero"`
	RetryAfterDate bool          `json:"retryAfterDate,omitzero"`
	Megabytes      int           `json:"megabytes,omitzero"`
	Rows           int           `json:"rows,omitzero"`
}

// Validate returns what is wrong with a fault, if anything.
func (f Fault) Validate() error {
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("unknown fault %q: use one of %v", f.Kind, kinds)
	case f.Skip < 0 || f.Count < 0 || f.Megabytes < 0 || f.Delay < 0 || f.RetryAfter < 0:
		return fmt.Errorf("fault %s: skip, count, megabytes, delay and retryAfter must not be negative", f.Kind)
	case f.Kind == Latency && f.Delay == 0:
		return fmt.Errorf("fault %s: delay is required, such as 150ms", f.Kind)
	}
	return nil
}

func (f Fault) matches(target Target) bool {
	if f.CareRecipientID != "" && f.CareRecipientID != target.CareRecipientID {
		return false
	}
	if prefix, star := strings.CutSuffix(f.Operation, "*"); star {
		return strings.HasPrefix(target.Operation, prefix)
	}
	return f.Operation == "" || f.Operation == target.Operation
}

// fields are those of a fault without its methods, wireFault the same with durations as text ("150ms").
type (
	fields    Fault
	wireFault struct {
		*fields
		Delay      duration `json:"delay,omitzero"`
		RetryAfter duration `json:"retryAfter,omitzero"`
	}
)

type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 150ms or 2s", text)
	}
	*d = duration(parsed)
	return nil
}

// MarshalJSON writes durations as text.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireFault{(*fields)(&f), duration(f.Delay), duration(f.RetryAfter)})
}

// UnmarshalJSON reads durations as text and refuses unknown fields.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var read Fault
	wire := wireFault{fields: (*fields)(&read)}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wire); err != nil {
		return fmt.Errorf("read fault: %w", err)
	}
	read.Delay, read.RetryAfter = time.Duration(wire.Delay), time.Duration(wire.RetryAfter)
	*f = read
	return f.Validate()
}
