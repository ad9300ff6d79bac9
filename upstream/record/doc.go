// Package record reads the records in the answers of the government's services, tolerantly: a number may come as a text, an absent
// amount is not zero (R3), and an optional field that is odd counts as absent, with a warning. What identifies a record must be
// readable: a record of a list without it is left out, with a warning, and the list counts as incomplete (R6); an answer that is one record
// is refused.
//
// The clients of the services say which fields there are and what they mean; this package says how a text, a date, an amount or a
// percentage is read.
package record
