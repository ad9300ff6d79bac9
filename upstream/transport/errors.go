package transport

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
)

// Error is a call that failed. Its text holds the service, the operation, the kind, the status and a code, and nothing else: no
// address, no person's data, no words of the government (R10). It wraps nothing, since the texts of network errors can hold
// addresses and parts of answers.
type Error struct {
	Service care.Service
	// Operation is what was being done, such as "budgets of a care recipient".
	Operation string
	Kind      Kind
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// CodeType and Code are the service's own code, such as DHSEIN and 1, or one of ours, such as CodeConnectionReset. What does
	// not look like a code is left out.
	CodeType, Code string
	// Enveloped is set where the answer had one of the services' own forms of an error.
	Enveloped bool
	// Field names what was missing or differed in an InvalidRecord or IdentityMismatch, such as "[2].budgetId".
	Field string
	// About is what people are told of it: the record, the field and what came. It may hold person data, as Words may (R10).
	About *care.About
	// RetryAfter is how long the service asked to be left alone, 0 where it did not say.
	RetryAfter time.Duration
	// AnsweredAt is when the service answered by its own clock, zero where it did not say.
	AnsweredAt time.Time

	// Words are the government's own, verbatim; Raw is the beginning of the body. They may hold person data: they belong into the
	// run's rows and nowhere else (R10).
	Words, Raw string

	codes []string
}

// Error says what failed, without anything about a person (R10).
func (e *Error) Error() string {
	var notes []string
	if e.Status != 0 {
		notes = append(notes, fmt.Sprintf("status %d", e.Status))
	}
	if e.Code != "" {
		notes = append(notes, strings.TrimSpace("code "+strings.TrimSpace(e.CodeType+" "+e.Code)))
	}
	if e.Field != "" {
		notes = append(notes, "field "+e.Field)
	}
	text := fmt.Sprintf("%s: %s: %s", e.Service, e.Operation, e.Kind)
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

// Retryable reports whether the same call may succeed later without anyone doing anything (R9).
func (e *Error) Retryable() bool { return e.Kind.Retryable() }

// OrganisationWide reports whether every other person of the organisation's connection will fail in the same way (R9).
func (e *Error) OrganisationWide() bool { return e.Kind.OrganisationWide() }

// HasCode reports whether the service gave this code, as its first or in its details.
func (e *Error) HasCode(code string) bool {
	return code != "" && (e.Code == code || slices.Contains(e.codes, code))
}

// IsKind reports whether err is a failed call of that kind.
func IsKind(err error, kind Kind) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Kind == kind
}
