package care

import "strings"

// InvalidError says which value that someone gave cannot be taken, and what is wanted instead. It never repeats the value (R10).
type InvalidError struct {
	// Field is the value's name for programs, such as "time_zone".
	Field   string
	Message string
}

// Invalid returns an InvalidError.
func Invalid(field, message string) *InvalidError {
	return &InvalidError{Field: field, Message: message}
}

// Error implements error.
func (e *InvalidError) Error() string { return strings.ReplaceAll(e.Field, "_", " ") + " " + e.Message }
