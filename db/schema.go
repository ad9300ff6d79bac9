package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/pressly/goose/v3"
)

// SchemaError says that a database's schema is not the one of this program. As an older or missing one it is an ErrSchemaMissing, too.
type SchemaError struct {
	// Version is the database's, 0 where it has none; Program is what the program was made for.
	Version, Program int64
}

// Newer reports whether the program is the older one of both, as while a new version is rolled out.
func (e *SchemaError) Newer() bool { return e.Version > e.Program }

func (e *SchemaError) Error() string {
	if e.Version == 0 {
		return "the database has no schema: run `caresync migrate`"
	}
	return fmt.Sprintf("the database's schema has version %d, this program needs %d", e.Version, e.Program)
}

// Is lets errors.Is find ErrSchemaMissing.
func (e *SchemaError) Is(target error) bool { return target == ErrSchemaMissing && !e.Newer() }

// CheckSchema fails with a *SchemaError where the schema is older or newer than this program's, or missing.
func (s *Store) CheckSchema(ctx context.Context) error {
	var version int64
	row := s.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied")
	err := MapError("read the schema's version", row.Scan(&version))
	if err != nil && !errors.Is(err, ErrSchemaMissing) {
		return err
	}
	if wanted := programSchema(); version != wanted {
		return &SchemaError{Version: version, Program: wanted}
	}
	return nil
}

// programSchema is the version of the last embedded migration.
var programSchema = sync.OnceValue(func() (newest int64) {
	names, err := fs.Glob(MigrationFiles(), "*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			panic(err) // the migrations are embedded, and each is numbered
		}
		newest = max(newest, version)
	}
	return newest
})
