// Package record reads the records in the answers of the government's services, tolerantly: a number may come as a text, an absent
// amount is not zero (R3), and an optional field that is odd counts as absent, with a warning. Only what identifies a record must be
// readable; without it the whole answer is refused, since nobody could tell whose or which record it is.
//
// The clients of the services say which fields there are and what they mean; this package says how a text, a date, an amount or a
// percentage is read.
package record
