// Package optional converts between values that may be absent and the pointers in which generated rows hold them.
package optional

// Value is what a pointer points to, or nothing where it is nil.
func Value[T any](pointer *T) (value T) {
	if pointer != nil {
		value = *pointer
	}
	return value
}

// Of points to a value, and is nil for none: an id, a time, an amount that is not set.
func Of[T comparable](value T) *T {
	var none T
	if value == none {
		return nil
	}
	return &value
}
