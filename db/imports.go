package db

import (
	"context"
	"errors"
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// importChunk is how many rows one statement of an import writes. It bounds a statement's size and time.
const importChunk = 10_000

// ErrImportRunning means that the organisation is already importing a file. Only one import runs at a time.
var ErrImportRunning = errors.New("another import into this organisation is under way: wait until it has ended")

// BeginImport notes that a file is on its way into an organisation, until end is called. It fails with ErrImportRunning while this
// program has another on its way: files must not pile up before the first of them reaches the database, which knows of all programs.
func (s *Store) BeginImport(organisation care.ID) (end func(), err error) {
	if _, underWay := s.importing.LoadOrStore(organisation, true); underWay {
		return nil, ErrImportRunning
	}
	return func() { s.importing.Delete(organisation) }, nil
}

// lockForImport keeps other imports out of an organisation until the transaction ends. It fails with ErrImportRunning.
func lockForImport(ctx context.Context, queries *gen.Queries, organisation care.ID) error {
	locked, err := queries.TryLockForImport(ctx, organisation)
	if err == nil && !locked {
		return ErrImportRunning
	}
	return err
}

// countOf counts a statement's rows: those that it wrote, by whether it created them, and those that it left untouched.
func countOf(rows int, written []bool) care.Count {
	count := care.Count{Unchanged: rows - len(written)}
	for _, created := range written {
		if created {
			count.Created++
		} else {
			count.Updated++
		}
	}
	return count
}

// once are the members of a list, each of them once.
func once(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
