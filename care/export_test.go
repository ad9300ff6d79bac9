package care

// ComparedRecord lets tests from outside write generic helpers over Compare.
type ComparedRecord[T any] interface{ record[T] }
