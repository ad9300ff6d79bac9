package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// MigrationFiles are the embedded migrations.
func MigrationFiles() fs.FS {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return files
}

// Migration is one step of the schema.
type Migration struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	// AppliedAt is nil as long as the migration is pending.
	AppliedAt *time.Time `json:"applied_at"`
}

// Migrate brings the schema up to date and returns the migrations that it applied: none if it was up to date. A migration that
// fails leaves nothing of itself behind; those before it stay.
func Migrate(ctx context.Context, databaseURL string) ([]Migration, error) {
	provider, closeDatabase, err := migrations(databaseURL)
	if err != nil {
		return nil, err
	}
	defer closeDatabase()
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, MapError("migrate the schema", err)
	}
	applied := make([]Migration, 0, len(results))
	now := time.Now()
	for _, result := range results {
		applied = append(applied, Migration{Version: result.Source.Version, Name: nameOf(result.Source), AppliedAt: &now})
	}
	return applied, nil
}

// MigrationStatus returns all migrations in their order, applied or pending.
func MigrationStatus(ctx context.Context, databaseURL string) ([]Migration, error) {
	provider, closeDatabase, err := migrations(databaseURL)
	if err != nil {
		return nil, err
	}
	defer closeDatabase()
	statuses, err := provider.Status(ctx)
	if err != nil {
		return nil, MapError("read the state of the schema", err)
	}
	all := make([]Migration, 0, len(statuses))
	for _, status := range statuses {
		migration := Migration{Version: status.Source.Version, Name: nameOf(status.Source)}
		if status.State == goose.StateApplied {
			migration.AppliedAt = &status.AppliedAt
		}
		all = append(all, migration)
	}
	return all, nil
}

// migrations opens a connection of its own: migrations may take longer than the store's statement time-out allows.
func migrations(databaseURL string) (*goose.Provider, func(), error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, nil, errors.New("DATABASE_URL is not a PostgreSQL address: use postgres://user:password@host:port/database")
	}
	locker, err := lock.NewPostgresSessionLocker() // two programs that migrate at once wait for each other
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the lock for migrations: %w", err)
	}
	database := stdlib.OpenDB(*config)
	provider, err := goose.NewProvider(goose.DialectPostgres, database, MigrationFiles(), goose.WithSessionLocker(locker))
	if err != nil {
		closeQuietly(database)
		return nil, nil, fmt.Errorf("read the embedded migrations: %w", err)
	}
	return provider, func() { closeQuietly(database) }, nil
}

func closeQuietly(database *sql.DB) { _ = database.Close() }

func nameOf(source *goose.Source) string { return source.Path }
