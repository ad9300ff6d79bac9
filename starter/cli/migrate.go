package cli

import (
	"context"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/db"
)

func (a *app) migrateCommand() *cobra.Command {
	migrate := a.command("migrate", "Update the database schema", a.migrate)
	migrate.AddCommand(a.command("status", "Show which migrations have been applied", a.migrateStatus))
	return migrate
}

func (a *app) migrate(ctx context.Context, _ []string) error {
	address, err := a.database.ConnectionURL()
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	applied, err := db.Migrate(ctx, address)
	if err != nil {
		return err
	}
	for _, migration := range applied {
		a.print("applied %s", migration.Name)
	}
	a.print("The schema is up to date.")
	return nil
}

func (a *app) migrateStatus(ctx context.Context, _ []string) error {
	address, err := a.database.ConnectionURL()
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	migrations, err := db.MigrationStatus(ctx, address)
	if err != nil {
		return err
	}
	shown := a.newTable("migration", "applied")
	for _, migration := range migrations {
		applied := "pending"
		if migration.AppliedAt != nil {
			applied = migration.AppliedAt.Local().Format("02 Jan 2006 15:04 MST")
		}
		shown.AppendRow(table.Row{migration.Name, applied})
	}
	shown.Render()
	return nil
}
