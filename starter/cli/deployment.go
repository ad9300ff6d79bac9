package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) deploymentCommand() *cobra.Command {
	return a.group("deployment", "Show and decide which deployment the database belongs to", a.deploymentShow(), a.deploymentAdopt(), a.deploymentEndOrphans())
}

// ownership is whose the database is, and who asks.
type ownership struct {
	// Belongs: the program may work on the database.
	Belongs bool `json:"belongs"`
	// Database is null where the database has never belonged to a deployment, Program where Temporal did not answer.
	Database *owner               `json:"database"`
	Program  *db.TemporalIdentity `json:"program"`
}

// owner is the deployment that a database belongs to.
type owner struct {
	ID        care.ID             `json:"id"`
	Temporal  db.TemporalIdentity `json:"temporal"`
	AdoptedAt time.Time           `json:"adopted_at"`
	AdoptedBy string              `json:"adopted_by"`
}

// ownership finds out whose the database is. Where Temporal does not answer, unreachable is why.
func (a *app) ownership(ctx context.Context, store *db.Store) (found ownership, unreachable, err error) {
	held, err := store.Deployment(ctx)
	switch {
	case err == nil:
		found.Database = &owner{ID: held.ID, Temporal: held.Temporal, AdoptedAt: held.AdoptedAt.UTC(), AdoptedBy: held.AdoptedBy}
	case !errors.Is(err, db.ErrNotFound):
		return found, nil, err
	}
	program, unreachable := a.identify(ctx)
	if unreachable == nil {
		found.Program = &program
		found.Belongs = found.Database == nil || found.Database.Temporal.Same(program)
	}
	return found, unreachable, nil
}

func (a *app) deploymentShow() *cobra.Command {
	var asJSON bool
	command := a.command("show", "Show which deployment the database belongs to, and whether it is this one", func(ctx context.Context, _ []string) error {
		store, err := a.openStore(ctx, nil)
		if err != nil {
			return err
		}
		defer store.Close()
		found, unreachable, err := a.ownership(ctx, store)
		if err != nil {
			return err
		}
		if asJSON {
			err = a.printJSON(found)
		} else {
			a.showOwnership(found)
		}
		switch {
		case err != nil:
			return err
		case unreachable != nil:
			return unreachable
		case !found.Belongs:
			return errSaid
		}
		return nil
	})
	command.Long = command.Short + `.

A database belongs to the deployment whose Temporal namespace holds its workflows. Programs that are connected to another namespace, such as
those beside a copy of the database, start nothing, end nothing and call no government service. The exit code is 3 if this program is one of them.`
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showOwnership(found ownership) {
	if held := found.Database; held != nil {
		a.print("The database belongs to:")
		a.details("Temporal namespace", held.Temporal.Namespace, "namespace id", held.Temporal.NamespaceID, "cluster id", held.Temporal.ClusterID,
			"since", present.Time(&held.AdoptedAt, time.UTC)+" UTC", "adopted by", held.AdoptedBy, "deployment", string(held.ID))
	} else {
		a.print("The database has never belonged to a deployment. The first program that works on it adopts it.")
	}
	program := found.Program
	if program == nil {
		return
	}
	a.print("\nThis program is connected to:")
	a.details("Temporal namespace", program.Namespace, "namespace id", program.NamespaceID, "cluster id", program.ClusterID)
	switch {
	case found.Database == nil:
	case found.Belongs:
		a.print("\n✓ They are the same.")
	default:
		a.print("\n✗ They differ: this program starts and ends nothing here, and calls no government service. If the database is a copy, or this is")
		a.print("  the wrong Temporal, leave it so, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE. If the deployment has moved to this Temporal,")
		a.print("  or its Temporal was lost and created again, run `caresync deployment adopt`.")
	}
}

func (a *app) deploymentAdopt() *cobra.Command {
	var sure bool
	command := a.command("adopt", "Make the database belong to the Temporal namespace that this program is connected to", func(ctx context.Context, _ []string) error {
		store, err := a.openStore(ctx, nil)
		if err != nil {
			return err
		}
		defer store.Close()
		found, unreachable, err := a.ownership(ctx, store)
		if err = errors.Join(err, unreachable); err != nil {
			return err
		}
		if found.Database != nil && found.Belongs {
			a.print("The database belongs to this deployment already. Nothing was changed.")
			return nil
		}
		if err := a.explainAdoption(ctx, store, found); err != nil {
			return err
		}
		if !sure && !a.confirmed("Type yes to adopt the database: ") {
			a.print("Nothing was changed.")
			return errSaid
		}
		adopted, err := store.Adopt(ctx, operator(), *found.Program)
		if err != nil {
			return err
		}
		a.print("✓ The database belongs to the Temporal namespace %s. Its programs begin to work within seconds.", adopted.Temporal.Namespace)
		return nil
	})
	command.Long = command.Short + `.

Adopt a database after its deployment has moved to another Temporal, or after Temporal's own databases were lost. Never adopt a copy of
production's database with production's connections in it: two deployments would call the government as one.`
	command.Flags().BoolVar(&sure, "yes", false, "do not ask for confirmation")
	return command
}

// explainAdoption says what follows from an adoption.
func (a *app) explainAdoption(ctx context.Context, store *db.Store, found ownership) error {
	open, err := store.UnfinishedWork(ctx)
	if err != nil {
		return err
	}
	a.showOwnership(found)
	a.print("\nIf you adopt the database:")
	a.print("- This deployment's programs start syncs and call the government with the connections that are stored in it.")
	if found.Database != nil {
		a.print("- Programs of the deployment that has it now stop doing so within seconds. Its workflows stay in its Temporal: terminate them there.")
	}
	if open.Runs+open.BulkRuns > 0 {
		a.print("- %s and %s have not finished. Those whose workflows this Temporal does not know are closed within ten minutes; what they",
			present.Count(open.Runs, "run", "runs"), present.Count(open.BulkRuns, "bulk run", "bulk runs"))
		a.print("  saved stays, and the others can be retried.")
	}
	a.print("- A worker creates all schedules in this Temporal within minutes, and they run: pause those that must not.\n")
	return nil
}

// confirmed asks a question that only "yes" answers.
func (a *app) confirmed(question string) bool {
	fmt.Fprint(a.errOut, question)
	answer, _ := bufio.NewReader(a.in).ReadString('\n') // no answer is none
	return strings.TrimSpace(answer) == "yes"
}
