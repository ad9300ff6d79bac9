package cli

import (
	"context"
	"errors"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) organisationCommand() *cobra.Command {
	return a.group("organisation", "Create, list and change organisations",
		a.organisationCreate(), a.organisationSet(),
		a.command("list", "List the organisations", a.organisationList))
}

func (a *app) organisationCreate() *cobra.Command {
	var name, zone string
	command := a.command("create SLUG", "Create an organisation", func(ctx context.Context, args []string) error {
		store, err := a.openStore(ctx, nil)
		if err != nil {
			return err
		}
		defer store.Close()
		organisation, err := store.CreateOrganisation(ctx, args[0], name, zone)
		if err != nil {
			return err
		}
		a.print("Created %s (%s).", organisation.Name, organisation.Slug)
		a.details("id", string(organisation.ID), "time zone", organisation.TimeZone)
		return nil
	})
	command.Flags().StringVar(&name, "name", "", "the organisation's name")
	command.Flags().StringVar(&zone, "time-zone", care.DefaultTimeZone, "the time zone whose date is \"today\", such as Australia/Perth")
	return command
}

func (a *app) organisationSet() *cobra.Command {
	var name, zone string
	var command *cobra.Command
	command = a.command("set SLUG", "Change an organisation's name or time zone", func(ctx context.Context, args []string) error {
		if !command.Flags().Changed("name") && !command.Flags().Changed("time-zone") {
			return usageError("give something to change: --name or --time-zone")
		}
		store, err := a.openStore(ctx, nil)
		if err != nil {
			return err
		}
		defer store.Close()
		organisation, err := store.ChangeOrganisation(ctx, args[0], ifChanged(command, "name", name), ifChanged(command, "time-zone", zone))
		if errors.Is(err, db.ErrNotFound) {
			return usageError("there is no organisation %q; `caresync organisation list` shows the organisations", args[0])
		}
		if err != nil {
			return err
		}
		a.print("%s (%s) has the time zone %s.", organisation.Name, organisation.Slug, organisation.TimeZone)
		return nil
	})
	command.Flags().StringVar(&name, "name", "", "the organisation's name")
	command.Flags().StringVar(&zone, "time-zone", "", "the time zone whose date is \"today\", such as Australia/Perth")
	return command
}

// ifChanged is the flag's value if it was given.
func ifChanged(command *cobra.Command, flag, value string) *string {
	if command.Flags().Changed(flag) {
		return &value
	}
	return nil
}

func (a *app) organisationList(ctx context.Context, _ []string) error {
	store, err := a.openStore(ctx, nil)
	if err != nil {
		return err
	}
	defer store.Close()
	organisations, err := store.Organisations(ctx)
	if err != nil {
		return err
	}
	if len(organisations) == 0 {
		a.print("There is no organisation yet. Create one with `caresync organisation create`.")
		return nil
	}
	shown := a.newTable("slug", "name", "time zone", "created", "id")
	for _, organisation := range organisations {
		created := organisation.CreatedAt
		shown.AppendRow(table.Row{
			organisation.Slug, organisation.Name, organisation.TimeZone, present.Time(&created, organisation.Location()), organisation.ID,
		})
	}
	shown.Render()
	return nil
}
