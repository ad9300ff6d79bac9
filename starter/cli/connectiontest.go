package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/transport"
)

func (a *app) connectionActivate() *cobra.Command {
	var code string
	command := a.command("activate [NAME]", "Activate the connection's PRODA device with its one-time code", func(ctx context.Context, args []string) error {
		if code == "" {
			return usageError("--code is required: the one-time code that PRODA shows for the device")
		}
		return a.withConnection(ctx, args, func(store *db.Store, organisation care.Organisation, connection care.Connection) error {
			return a.activate(ctx, store, organisation, connection, code)
		})
	})
	command.Flags().StringVar(&code, "code", "", "the one-time activation code from PRODA")
	return command
}

func (a *app) activate(ctx context.Context, store *db.Store, organisation care.Organisation, connection care.Connection, code string) error {
	clients, err := a.upstreams(ctx, store)
	if err != nil {
		return err
	}
	if err := clients.Devices.Activate(ctx, connection, code); err != nil {
		return a.explainUpstream(connection.Service, err)
	}
	now := time.Now()
	activated, err := store.ChangeConnection(ctx, organisation.ID, connection.Name, func(c *care.Connection) { c.ActivatedAt = &now })
	if err != nil {
		return err
	}
	a.print("✓ Activated the device %s. Its private key is stored sealed.", activated.DeviceName)
	return a.showCheck(ctx, clients.Check(ctx, activated))
}

func (a *app) connectionTest(ctx context.Context, args []string) error {
	return a.withConnection(ctx, args, func(store *db.Store, organisation care.Organisation, connection care.Connection) error {
		a.print("Testing the connection %s of %s to %s.", connection.Name, organisation.Name, present.Service(connection.Service))
		services, err := a.upstreams(ctx, store)
		if err != nil {
			return err
		}
		return a.showCheck(ctx, services.Check(ctx, connection))
	})
}

// showCheck says what a connection test tried and what came of it.
func (a *app) showCheck(ctx context.Context, tested check.Result) error {
	for _, step := range tested.Steps {
		mark := "✓"
		if !step.OK {
			mark = "✗"
		}
		a.print("%s %s: %s", mark, step.Name, step.Says)
		if step.Words != "" {
			a.print("  In its own words: %s", step.Words)
		}
	}
	for _, warning := range tested.Warnings {
		a.print("! %s", warning)
	}
	if tested.Err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errSaid
	}
	return nil
}

func (a *app) connectionRenewKey() *cobra.Command {
	var force bool
	command := a.command("renew-key [NAME]", "Replace the device's key at once, without waiting until that is done automatically", func(ctx context.Context, args []string) error {
		return a.withConnection(ctx, args, func(store *db.Store, organisation care.Organisation, connection care.Connection) error {
			if half := connection.KeyHalfUsed(); !force && half != nil && store.Now().Before(*half) {
				return usageError("the key is valid until %s. PRODA throttles devices that replace a key before half of its life has passed, on %s; to do it anyway, use --force",
					present.Expiry(connection.KeyExpiry, organisation.Location()), present.Expiry(half, organisation.Location()))
			}
			services, err := a.upstreams(ctx, store)
			if err != nil {
				return err
			}
			if err := services.Devices.RenewKey(ctx, connection); err != nil {
				return a.explainUpstream(connection.Service, err)
			}
			a.print("✓ Renewed the key of the device %s.", connection.DeviceName)
			return nil
		})
	})
	command.Flags().BoolVar(&force, "force", false, "renew the key before half of its life has passed")
	return command
}

// withConnection gives work the named connection, or the only one there is, and a store that can seal.
func (a *app) withConnection(ctx context.Context, args []string, work func(*db.Store, care.Organisation, care.Connection) error) error {
	return a.withSealedStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		connection, err := a.chosenConnection(ctx, store, organisation, args)
		if err != nil {
			return err
		}
		return work(store, organisation, connection)
	})
}

// wordsOf are the government's own words about a refusal.
func wordsOf(err error) string {
	var failure *transport.Error
	if errors.As(err, &failure) {
		return failure.Words
	}
	return ""
}
