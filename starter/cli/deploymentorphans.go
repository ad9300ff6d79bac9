package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/starter/orphans"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) deploymentEndOrphans() *cobra.Command {
	var sure bool
	command := a.command("end-orphans", "End workflows that Temporal runs and the database knows nothing of", func(ctx context.Context, _ []string) error {
		keyring, err := a.encryption.OpenKeyring()
		if err != nil {
			return &exitError{ExitUsage, err}
		}
		store, err := a.openStore(ctx, keyring)
		if err != nil {
			return err
		}
		defer store.Close()
		connected, err := connect(ctx, temporal.Dial, store, keyring)
		if err != nil {
			return err
		}
		defer connected.Close()
		if err := connected.Admit(ctx); err != nil { // in another deployment's Temporal everything looks like an orphan, or nothing
			return err
		}
		found, err := orphans.Find(ctx, store, connected, a.taskQueues())
		if err != nil {
			return err
		}
		if len(found) == 0 {
			a.print("There are none: the database knows every workflow that Temporal runs for it.")
			return nil
		}
		a.showOrphans(found)
		if !sure && !a.confirmed("Type yes to end "+present.Count(len(found), "workflow", "workflows")+": ") {
			a.print("Nothing was ended.")
			return errSaid
		}
		for _, orphan := range found {
			if err := orphans.End(ctx, connected, orphan); err != nil {
				return err
			}
		}
		a.print("✓ Ended %s. Sync the people again whose syncs they were.", present.Count(len(found), "workflow", "workflows"))
		return nil
	})
	command.Long = command.Short + `.

After the database alone was restored, Temporal still runs what was requested after the backup. Single syncs end by themselves; a bulk run that was
paused would wait for ever. Only workflows of this deployment are ended: those on its task queue that a worker has started, and for
which there is no open run or bulk run. ` + "`caresync doctor`" + ` names them, too.`
	command.Flags().BoolVar(&sure, "yes", false, "do not ask for confirmation")
	return command
}

func (a *app) showOrphans(found []orphans.Orphan) {
	table := a.newTable("workflow", "type", "running since (UTC)")
	for _, orphan := range found {
		started := orphan.StartedAt
		table.AppendRow([]any{orphan.WorkflowID, orphan.Type, present.Time(&started, time.UTC)})
	}
	table.Render()
	a.print("\nTemporal runs these, and the database has no open run for them. If you end them:")
	a.print("- They stop at once, without saving anything more. What the database holds stays as it is.")
	a.print("- No page shows them, and nothing else ends them.\n")
}
