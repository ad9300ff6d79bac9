package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) personCommand() *cobra.Command {
	return a.organisationFlag(a.group("person", "Change a person's number, and show what was changed", a.changeNumber(), a.personHistory()))
}

func (a *app) changeNumber() *cobra.Command {
	var careRecipientID, ndisNumber, note string
	command := a.command("change-number PERSON", "Give a person another care recipient id or NDIS number", onePerson,
		func(ctx context.Context, args []string) error {
			change := db.NumberChange{Kind: care.CareRecipientIDNumber, Number: careRecipientID, RequestedBy: operator(), Note: note}
			if ndisNumber != "" {
				change.Kind, change.Number = care.NDISNumber, ndisNumber
			}
			return a.withStore(ctx, func(store *db.Store, organisation db.Organisation) error {
				person, err := findPerson(ctx, store, organisation, args[0])
				if err != nil {
					return err
				}
				change.Person = person.ID
				if err := store.ChangeNumber(ctx, organisation.ID, change); err != nil {
					return err
				}
				a.print("Changed the %s of %s. Plan, contracts, budgets and history stay; to undo it, change the number back.",
					care.FieldLabel(string(change.Kind)), nameOf(person))
				if change.Kind == care.CareRecipientIDNumber {
					a.print("Sync the person next, so that it is checked who has this number: %s", a.typed("sync", person.ID))
				}
				return nil
			})
		})
	command.Long = `Give a person another care recipient id or NDIS number. The person keeps plan, contracts, budgets and history. With another care recipient
id they count as not verified until the next sync has checked who it is. Changing the number back undoes it. A number that another
person has is refused: two people are not merged.`
	command.Flags().StringVar(&careRecipientID, "care-recipient-id", "", "the care recipient id from now on")
	command.Flags().StringVar(&ndisNumber, "ndis-number", "", "the NDIS number from now on")
	command.Flags().StringVar(&note, "why", "", "why: it is kept in the person's history")
	command.MarkFlagsOneRequired("care-recipient-id", "ndis-number")
	command.MarkFlagsMutuallyExclusive("care-recipient-id", "ndis-number")
	_ = command.MarkFlagRequired("why") // the flag exists
	return command
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
