package temporal

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
)

// Away reports whether an error says that the Temporal server could not be reached, so that trying again may help.
func Away(err error) bool {
	var unavailable *serviceerror.Unavailable
	var timeout *serviceerror.DeadlineExceeded
	return errors.As(err, &unavailable) || errors.As(err, &timeout) || errors.Is(err, context.DeadlineExceeded)
}

// Gone reports whether an error says that the server does not know, or no longer knows, what it was asked about.
func Gone(err error) bool {
	var gone *serviceerror.NotFound
	return errors.As(err, &gone)
}

// Refused reports whether an error says that the Temporal server did not do what it was asked to, and why it would not do it again. Whether an
// answer that was lost said so is not known.
func Refused(err error) bool {
	var invalid *serviceerror.InvalidArgument
	var denied *serviceerror.PermissionDenied
	var missing *serviceerror.NamespaceNotFound
	var unready *serviceerror.FailedPrecondition
	var exhausted *serviceerror.ResourceExhausted
	return errors.As(err, &invalid) || errors.As(err, &denied) || errors.As(err, &missing) || errors.As(err, &unready) || errors.As(err, &exhausted)
}
