// Package care is the vocabulary of government-funded care and its rules: people, plans, classifications, contributions,
// budgets, usage, money and dates, and the story of a sync. It does no I/O; everything that can be decided without I/O is
// decided here. Rules are cited by their number in docs/rules.md ("R15") or by the product document they come from, by section or
// step ("Care Recipient Sync §Plan dates", "PACE guide, step 6"; see docs/spec).
//
// The JSON names of records are PostgreSQL's columns, since rows are read and written as JSON. Other types are stored as JSON in columns of
// their own, or stand in workflow histories: their names in JSON, and the text of every code, change only together with what is stored.
// Golden files in testdata hold them.
package care

// ID is one of our own ids: the text of a UUID. Our ids may appear in workflow ids, histories and logs (R10);
// the government's ids and person data may not.
type ID string

// NewID makes a fresh id. Rules that create records take one, so that this package needs no source of randomness.
type NewID func() ID
