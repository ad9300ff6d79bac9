package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

func (a *app) personCommand() *cobra.Command {
	return a.organisationFlag(a.group("person", "Change a person's number, withdraw a confirmation of their name, and show the history",
		a.changeNumber(), a.personAnswers(), a.takeAnswerBack(), a.personHistory()))
}

func (a *app) changeNumber() *cobra.Command {
	var careRecipientID, ndisNumber, note string
	command := a.command("change-number PERSON", "Change a person's care recipient id or NDIS number", func(ctx context.Context, args []string) error {
		change := db.NumberChange{Kind: care.CareRecipientIDNumber, Number: careRecipientID, RequestedBy: operator(), Note: note}
		if ndisNumber != "" {
			change.Kind, change.Number = care.NDISNumber, ndisNumber
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findPerson(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			change.Person = person.ID
			if err := store.ChangeNumber(ctx, organisation.ID, change); err != nil {
				return err
			}
			a.print("Changed the %s of %s. Plan, contracts, budgets and history stay; to undo it, change the number back.",
				words.Field(string(change.Kind)), nameOf(person))
			if change.Kind == care.CareRecipientIDNumber {
				a.print("Sync the person next to confirm whose number it is: %s", a.typed("sync", string(person.ID)))
			}
			return nil
		})
	})
	command.Long = `Change a person's care recipient id or NDIS number. The person keeps their plan, contracts, budgets and history. After a change of the care
recipient id they are unverified until the next sync has checked their identity. To undo it, change the number back. A number that belongs to
another person is refused: people are not merged.`
	command.Flags().StringVar(&careRecipientID, "care-recipient-id", "", "the new care recipient id")
	command.Flags().StringVar(&ndisNumber, "ndis-number", "", "the new NDIS number")
	command.Flags().StringVar(&note, "why", "", "the reason, for the person's history")
	command.MarkFlagsOneRequired("care-recipient-id", "ndis-number")
	command.MarkFlagsMutuallyExclusive("care-recipient-id", "ndis-number")
	_ = command.MarkFlagRequired("why") // the flag exists
	return command
}

func (a *app) personAnswers() *cobra.Command {
	var asJSON bool
	command := a.command("answers PERSON", "Show the given names that were confirmed to be this person's", func(ctx context.Context, args []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findPerson(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			answers, err := read.From(store).SamePersonAnswers(ctx, organisation.ID, person.ID)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(views.Each(answers, views.FromSamePersonAnswer))
			}
			a.showAnswers(person, answers, organisation)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showAnswers(person read.Person, answers []read.SamePersonAnswer, organisation care.Organisation) {
	if len(answers) == 0 {
		a.print("No given name has been confirmed.")
		return
	}
	shown := a.newTable("given name", "care recipient id", "confirmed by", "when", "how they know", "answer")
	shown.SetColumnConfigs([]table.ColumnConfig{{Number: 5, WidthMax: valueWidth, WidthMaxEnforcer: wrapLines}})
	for _, answer := range answers {
		shown.AppendRow(table.Row{
			present.ReportedName(answer.GivenName), answer.CareRecipientID, answer.SaidBy, present.Time(&answer.SaidAt, organisation.Location()), answer.SaidWhy, answer.ID,
		})
	}
	shown.Render()
	a.print("Times are in %s. To withdraw one: %s", organisation.TimeZone, a.typed("person take-back", string(person.ID), "ANSWER", "--why", `"…"`))
}

func (a *app) takeAnswerBack() *cobra.Command {
	var note string
	command := a.command("take-back PERSON ANSWER", "Withdraw the confirmation of a given name, so that the next sync asks again", func(ctx context.Context, args []string) error {
		answer, isID := parseID(args[1])
		if !isID {
			return usageError("an answer is named by its id; `caresync person answers` shows it")
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findPerson(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			err = store.TakeSamePersonBack(ctx, organisation.ID, person.ID, answer, operator(), note)
			var invalid *care.InvalidError
			switch {
			case errors.As(err, &invalid):
				return usageError("--why %s", invalid.Message)
			case errors.Is(err, db.ErrNotFound):
				return usageError("%s has no such confirmation; see: %s", nameOf(person), a.typed("person answers", string(person.ID)))
			case err != nil:
				return err
			}
			a.print("Withdrawn. The next sync asks again; saved data stays. Sync now: %s", a.typed("sync", string(person.ID)))
			return nil
		})
	})
	command.Flags().StringVar(&note, "why", "", "the reason, for the person's history")
	_ = command.MarkFlagRequired("why") // the flag exists
	return command
}

func (a *app) personHistory() *cobra.Command {
	var limit int
	var asJSON bool
	command := a.command("history PERSON", "Show who changed which of a person's fields, newest first", func(ctx context.Context, args []string) error {
		if limit < 1 || limit > read.MostPerPage {
			return usageError("--limit is a number from 1 to %d", read.MostPerPage)
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findPerson(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			changes, more, err := read.From(store).PersonHistory(ctx, organisation.ID, person.ID, time.Time{}, limit)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(views.Each(changes, views.FromPersonChange))
			}
			a.showPersonHistory(changes, more, organisation)
			return nil
		})
	})
	command.Flags().IntVar(&limit, "limit", read.DefaultPage, fmt.Sprintf("maximum number of rows, up to %d", read.MostPerPage))
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showPersonHistory(changes []read.PersonChange, more bool, organisation care.Organisation) {
	if len(changes) == 0 {
		a.print("Nothing has changed yet.")
		return
	}
	shown := a.newTable("when", "by", "what", "old", "new", "why")
	shown.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: changedByWidth, WidthMaxEnforcer: wrapLines}, {Number: 6, WidthMax: valueWidth, WidthMaxEnforcer: wrapLines}})
	for _, change := range changes {
		row := table.Row{present.TimeToTheSecond(change.ChangedAt, organisation.Location()), present.Cause(change.ChangeCause), change.Action, "", "", change.Note}
		if change.Field != "" {
			row[2], row[3], row[4] = change.FieldLabel, present.Value(change.Field, change.Old), present.Value(change.Field, change.New)
		}
		shown.AppendRow(row)
	}
	shown.Render()
	a.print("Times are in %s.", organisation.TimeZone)
	if more {
		a.print("There are more; see them with --limit.")
	}
}
