package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

const paceHelp = `Turn people's NDIS plans from the NDIA's PACE API into service contracts.

Steps: "pace enable" once; "pace person PERSON --participant=yes --api-access=yes" for each person; then "pace retrieve PERSON" shows the
plan and what would be written, and "pace create PERSON" writes it. PERSON is CareSync's id, an NDIS number or a care recipient id.

` + exitCodes

func (a *app) paceCommand() *cobra.Command {
	group := a.group("pace", "Sync people's service contracts with the NDIA's PACE API",
		a.paceEnable(),
		a.command("disable", "Stop using the PACE API; saved contracts stay", a.paceDisable),
		a.paceSettings(),
		a.paceSecret(),
		a.command("subscribe", "Subscribe to the NDIA's notifications", a.paceSubscribe),
		a.pacePerson(),
		a.command("resume PERSON", "Resume a person's scheduled syncs", a.paceResume),
		a.paceRetrieve(), a.pacePreview(), a.paceCreate(), a.paceRefresh(),
		a.paceReview(), a.paceAccept(), a.paceNotifications())
	group.Long = paceHelp
	return a.organisationFlag(group)
}

func (a *app) paceEnable() *cobra.Command {
	var connection string
	var budgetCalls int
	command := a.command("enable", "Test the connection to the NDIA and, if it works, use the PACE API", func(ctx context.Context, _ []string) error {
		return a.withSealedStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			services, err := a.upstreams(ctx, store)
			if err != nil {
				return err
			}
			service := pace.New(store, nil, protocol.TaskQueues{}, nil, services) // no workflow is asked
			enabled, err := service.Enable(ctx, pace.EnableRequest{
				Organisation: organisation, Connection: connection, BudgetCallsPerHour: budgetCalls, By: operator(),
			})
			if checked := a.showCheck(ctx, enabled.Check); err != nil && !errors.Is(err, pace.ErrCheckFailed) {
				return err
			} else if checked != nil {
				a.print("The PACE API was not enabled for %s. Fix the problem shown above and try again.", organisation.Name)
				return checked
			}
			a.print("The PACE API is enabled for %s over the connection %s, with at most %s per hour.", organisation.Name,
				enabled.Settings.Connection, present.Count(enabled.Settings.BudgetCallsPerHour, "budget call", "budget calls"))
			a.print("Next: mark a person with `caresync pace person PERSON --participant=yes --api-access=yes`.")
			return nil
		})
	})
	command.Flags().StringVar(&connection, "connection", "", "the name of the connection to the NDIA; optional if there is only one")
	command.Flags().IntVar(&budgetCalls, "budget-calls-per-hour", 0,
		fmt.Sprintf("maximum budget calls per hour; by default the current setting, or %d", db.DefaultBudgetCallsPerHour))
	return command
}

func (a *app) paceDisable(ctx context.Context, _ []string) error {
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		if _, err := store.DisablePACE(ctx, organisation.ID, operator()); err != nil {
			return err
		}
		a.print("The PACE API is disabled for %s. Saved contracts stay as they are.", organisation.Name)
		return nil
	})
}

func (a *app) paceSettings() *cobra.Command {
	var asJSON bool
	command := a.command("settings", "Show whether the PACE API is enabled, and its settings", func(ctx context.Context, _ []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			settings, err := store.PACESettings(ctx, organisation.ID)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(views.FromPACESettings(settings))
			}
			a.showPACESettings(settings, organisation)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showPACESettings(settings db.PACESettings, organisation care.Organisation) {
	if settings.ConnectionID == "" {
		a.print("The PACE API is not enabled for %s. Enable it with `caresync pace enable`.", organisation.Name)
		return
	}
	secret := "none: create one with `caresync pace secret`"
	switch {
	case settings.NotificationsSigned:
		secret = "a signing key"
	case settings.NotificationSecretSet:
		secret = "set"
	}
	a.details(
		"organisation", organisation.Name, "PACE API", enabledWord(settings.Enabled), "connection", settings.Connection,
		"budget calls", fmt.Sprintf("at most %d per hour", settings.BudgetCallsPerHour),
		"notifications", "to "+notificationAddress(organisation), "notification secret", secret,
		"changed", present.Time(&settings.ChangedAt, organisation.Location())+" by "+settings.ChangedBy, "time zone", organisation.TimeZone)
}

func enabledWord(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "not enabled"
}

// notificationAddress is where the NDIA sends an organisation's notifications.
func notificationAddress(organisation care.Organisation) string {
	return "POST " + api.NotificationPath(organisation.ID)
}

func (a *app) paceSecret() *cobra.Command {
	var signed bool
	command := a.command("secret", "Create a secret for the NDIA's notifications; it is shown only once", func(ctx context.Context, _ []string) error {
		return a.withSealedStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			create := store.NewNotificationSecret
			if signed {
				create = store.NewNotificationKey
			}
			secret, err := create(ctx, organisation.ID, operator())
			if err != nil {
				return err
			}
			a.print("%s", secret)
			a.note("Give it to the NDIA with the address of `caresync serve`: %s. It is shown only once; an earlier one no longer works.",
				notificationAddress(organisation))
			a.note("Then subscribe to the notifications with: caresync pace subscribe")
			return nil
		})
	})
	command.Flags().BoolVar(&signed, "signed", false, "create a key with which the NDIA signs each notification (HMAC-SHA-256), instead of a secret that it sends")
	return command
}

func (a *app) paceSubscribe(ctx context.Context, _ []string) error {
	return a.withSealedStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		settings, err := store.PACESettings(ctx, organisation.ID)
		if err != nil {
			return err
		}
		if !settings.Enabled {
			return usageError("%s", words.Reason(care.ReasonPACENotEnabled, care.ServicesAustralia))
		}
		connection, err := a.chosenConnection(ctx, store, organisation, []string{settings.Connection})
		if err != nil {
			return err
		}
		services, err := a.upstreams(ctx, store)
		if err != nil {
			return err
		}
		if err := services.Subscribe(ctx, connection); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return a.explainUpstream(care.NDIA, err)
		}
		a.print("✓ The NDIA notifies %s of every change from now on.", organisation.Name)
		return nil
	})
}
