// Package words is every sentence about care's codes, once: reasons, warnings, outcomes, changes, what waits for approval, counts, and how
// an amount, a date or a period reads. It takes typed values and returns text; it decides nothing, does no I/O, and no one parses what it
// returns. The government's own words are not in it: they are shown as they came.
package words
