package cli

import (
	"context"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/starter/keyring"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) keyringCommand() *cobra.Command {
	return a.group("keyring", "Show what each encryption key is needed for, and rotate them", a.keyringStatus(), a.keyringReseal())
}

func (a *app) keyringStatus() *cobra.Command {
	var asJSON bool
	command := a.command("status", "Show what each encryption key is still needed for, and which can be removed", func(ctx context.Context, _ []string) error {
		found, unreachable, err := a.keyringStatusOf(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			err = a.printJSON(found)
		} else {
			a.showKeyring(found)
		}
		switch {
		case err != nil:
			return err
		case found.Wrong():
			return errSaid
		default:
			return unreachable
		}
	})
	command.Long = command.Short + `.

It looks at every sealed value in PostgreSQL, at the schedules and at the workflows in Temporal, and opens none of them. A key is needed for
as long as something that it sealed is stored or running, or is a closed workflow that Temporal retains. The exit code is 3 if a key that is
needed is missing from the keyring, or is not the right one.`
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// keyringStatusOf finds out what the keys are needed for. Where Temporal could not be asked, unreachable is why.
func (a *app) keyringStatusOf(ctx context.Context) (found keyring.Status, unreachable, err error) {
	keys, err := a.encryption.OpenKeyring()
	if err != nil {
		return found, nil, &exitError{ExitUsage, err}
	}
	store, err := a.openStore(ctx, keys)
	if err != nil {
		return found, nil, err
	}
	defer store.Close()
	connected, unreachable := connect(ctx, temporal.Dial, store, keys)
	if unreachable != nil {
		found, err = keyring.Of(ctx, store, keys, nil)
		return found, unreachable, err
	}
	defer connected.Close()
	if found, err = keyring.Of(ctx, store, keys, connected); len(found.Keys) > 0 {
		return found, err, nil
	}
	return found, nil, err
}

func (a *app) showKeyring(found keyring.Status) {
	shown := a.newTable("key", "state", "seals", "last used", "needed until")
	for _, key := range found.Keys {
		shown.AppendRow(table.Row{key.ID, key.State, key.Seals(), present.Time(key.LastUsedAt, time.UTC), present.Time(key.NeededUntil, time.UTC)})
	}
	shown.Render()
	a.print("Times are UTC.\n")
	for _, key := range found.Keys {
		mark := ""
		if key.Wrong() {
			mark = "✗ "
		}
		a.print("%s%s", mark, key.Says(time.UTC))
	}
	for _, held := range found.Damaged {
		a.print("✗ %s in PostgreSQL: damaged, so that no key opens it.", keyring.Values(held.In, held.Values))
	}
	if found.AskedTemporal && !found.AllExamined {
		a.print("Of the open workflows, the start of %s was looked at; the others count for the keys that were in use when they started.",
			present.Number(found.Examined))
	}
}

func (a *app) keyringReseal() *cobra.Command {
	var asJSON bool
	command := a.command("reseal", "Reseal everything in PostgreSQL with the active key", func(ctx context.Context, _ []string) error {
		keys, err := a.encryption.OpenKeyring()
		if err != nil {
			return &exitError{ExitUsage, err}
		}
		store, err := a.openSealedStore(ctx, keys)
		if err != nil {
			return err
		}
		defer store.Close()
		done, failed := store.Reseal(ctx, keys) // what is done stays done
		if asJSON {
			err = a.printJSON(resealedViews(done))
		} else {
			a.showResealed(done, keys)
		}
		switch {
		case failed != nil:
			return failed
		case err != nil:
			return err
		case leftOver(done):
			return errSaid
		}
		return nil
	})
	command.Long = command.Short + `: the devices' keys, PRODA's tokens, the keys of notifications, and
previews that wait. A worker reseals the schedules automatically; workflows keep what they were started with.

Run it once all programs have the new key first. They may go on running. It can be interrupted, and does nothing a second time. A value that
cannot be opened is left as it is and reported; the exit code is 3 then.`
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// resealedView is db.Resealed as JSON.
type resealedView struct {
	In       db.SealedIn `json:"in"`
	KeyID    string      `json:"key_id"`
	Resealed int         `json:"resealed"`
	InUse    int         `json:"in_use"`
	Unopened int         `json:"unopened"`
}

func resealedViews(done []db.Resealed) []resealedView {
	views := make([]resealedView, 0, len(done))
	for _, one := range done {
		views = append(views, resealedView{In: one.HeldIn, KeyID: one.KeyID, Resealed: one.Resealed, InUse: one.InUse, Unopened: one.Unopened})
	}
	return views
}

func leftOver(done []db.Resealed) bool {
	for _, one := range done {
		if one.InUse+one.Unopened > 0 {
			return true
		}
	}
	return false
}

func (a *app) showResealed(done []db.Resealed, keys db.Keyring) {
	if len(done) == 0 {
		a.print("✓ The key %s seals everything in PostgreSQL. Nothing was changed.", keys.ActiveKeyID())
		return
	}
	for _, one := range done {
		if one.Resealed > 0 {
			a.print("✓ Resealed %s, from the key %s to %s.", keyring.Values(one.HeldIn, one.Resealed), one.KeyID, keys.ActiveKeyID())
		}
		if one.InUse > 0 {
			a.print("! Left %s of the key %s, in use by another program. Run this command again.", keyring.Values(one.HeldIn, one.InUse), one.KeyID)
		}
		switch {
		case one.Unopened == 0:
		case one.KeyID == "":
			a.print("✗ Left %s: damaged, so that no key opens it.", keyring.Values(one.HeldIn, one.Unopened))
		case keys.Has(one.KeyID):
			a.print("✗ Left %s of the key %s: damaged, or sealed with another key of that id.", keyring.Values(one.HeldIn, one.Unopened), one.KeyID)
		default:
			a.print("✗ Left %s of the key %s, which is not in the keyring. Add it to CARESYNC_KEYRING and run this command again.",
				keyring.Values(one.HeldIn, one.Unopened), one.KeyID)
		}
	}
}
