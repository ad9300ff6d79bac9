package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) personCommand() *cobra.Command {
	return a.organisationFlag(a.group("person", "Show what CareSync knows of a person", a.personHistory()))
}

func (a *app) personHistory() *cobra.Command {
	var limit int
	var asJSON bool
	command := a.command("history PERSON", "Show what changed in a person's own fields, newest first, and who changed it", onePerson,
		func(ctx context.Context, args []string) error {
			if limit < 1 || limit > db.MostPerPage {
				return usageError("--limit is a number from 1 to %d", db.MostPerPage)
			}
			return a.withStore(ctx, func(store *db.Store, organisation db.Organisation) error {
				person, err := findPerson(ctx, store, organisation, args[0])
				if err != nil {
					return err
				}
				changes, more, err := store.PersonHistory(ctx, organisation.ID, person.ID, time.Time{}, limit)
				if err != nil {
					return err
				}
				if asJSON {
					return a.printJSON(changes)
				}
				a.showPersonHistory(changes, more, organisation)
				return nil
			})
		})
	command.Flags().IntVar(&limit, "limit", db.DefaultPage, fmt.Sprintf("how many at most, up to %d", db.MostPerPage))
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showPersonHistory(changes []db.PersonChange, more bool, organisation db.Organisation) {
	if len(changes) == 0 {
		a.print("Nothing has changed yet.")
		return
	}
	shown := a.newTable("when", "by", "what", "old", "new", "why")
	shown.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: changedByWidth, WidthMaxEnforcer: wrapLines}, {Number: 6, WidthMax: valueWidth, WidthMaxEnforcer: wrapLines}})
	for _, change := range changes {
		row := table.Row{present.TimeToTheSecond(change.ChangedAt, organisation.Location()), present.Cause(change.ChangeCause), change.Action, "", "", change.Note}
		if change.Field != "" {
			row[2], row[3], row[4] = change.FieldLabel, present.Value(change.Old), present.Value(change.New)
		}
		shown.AppendRow(row)
	}
	shown.Render()
	a.print("Times are in %s.", organisation.TimeZone)
	if more {
		a.print("There are more; see them with --limit.")
	}
}
