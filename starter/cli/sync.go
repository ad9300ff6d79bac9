package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/syncs"
)

func (a *app) syncCommand() *cobra.Command {
	return a.organisationFlag(a.group("sync", "Start syncs", a.syncCareRecipient()))
}

// syncFlags are what the commands that start or watch a sync have in common.
type syncFlags struct{ wait, asJSON bool }

func (f *syncFlags) add(command *cobra.Command) *cobra.Command {
	command.Flags().BoolVar(&f.wait, "wait", false, "show progress until the sync ends; Ctrl-C stops watching, not the sync")
	command.Flags().BoolVar(&f.asJSON, "json", false, "print the run as JSON")
	return command
}

func (a *app) syncCareRecipient() *cobra.Command {
	var flags syncFlags
	var allBudgets bool
	command := a.command("care-recipient CARE_RECIPIENT_ID|ID", "Sync a care recipient's Support at Home plan", func(ctx context.Context, args []string) error {
		return a.withSyncs(ctx, func(store *db.Store, service *syncs.Service, organisation care.Organisation) error {
			person, err := findPerson(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			request := syncs.Request{Organisation: organisation, Person: person.ID, AllBudgets: allBudgets, RequestedBy: operator()}
			started, err := service.Start(ctx, request)
			if err != nil {
				return err
			}
			return a.started(ctx, store, service, organisation, person, started, flags)
		})
	})
	command.Long = `Sync a care recipient's Support at Home plan with Services Australia: classifications, approved services, supplements, individual
contributions, budgets, entitlements and budget usage. The person is named by the care recipient id or by CareSync's own id.

Only one sync of a person runs at a time: if one is already running, this joins it.

` + exitCodes
	command.Flags().BoolVar(&allBudgets, "all-budgets", false, "also sync the usage of budgets that ended more than 90 days ago")
	return flags.add(command)
}

// started says what was started, and watches it if wanted.
func (a *app) started(ctx context.Context, store *db.Store, service *syncs.Service, organisation care.Organisation,
	person read.Person, started syncs.StartResult, flags syncFlags) error {
	if !flags.asJSON {
		a.announce(person, started, flags.wait)
	}
	return a.followStarted(ctx, store, service, organisation, started, flags)
}

// followStarted watches what was started, or prints it for a program, as wanted.
func (a *app) followStarted(ctx context.Context, store *db.Store, service *syncs.Service, organisation care.Organisation,
	started syncs.StartResult, flags syncFlags) error {
	if flags.wait {
		return a.watch(ctx, store, service, organisation, started, flags.asJSON)
	}
	if flags.asJSON {
		view, err := read.From(store).Run(ctx, organisation.ID, started.RunID)
		if err != nil {
			return err
		}
		return a.printJSON(views.FromRun(view))
	}
	return nil
}

func (a *app) announce(person read.Person, started syncs.StartResult, waiting bool) {
	name := present.Name(person.GivenName, person.FamilyName)
	switch {
	case started.AnotherPass:
		a.print("A sync of %s (%s) is already running; another pass over all budgets follows it.", name, person.CareRecipientID)
	case started.Joined:
		a.print("A sync of %s (%s) is already running; joined it.", name, person.CareRecipientID)
	default:
		a.print("Started the sync of %s (%s).", name, person.CareRecipientID)
	}
	a.details("run", string(started.RunID), "Temporal", a.temporalLink(protocol.CareRecipientSyncID(person.ID), started.RunID))
	if !waiting {
		a.print("Watch it with: %s", a.typed("runs watch", string(started.RunID)))
	}
}

// watch shows progress until the sync has ended, and then its result. Ctrl-C stops watching only.
func (a *app) watch(ctx context.Context, store *db.Store, service *syncs.Service, organisation care.Organisation, started syncs.StartResult, asJSON bool) error {
	shown := a.newProgress(asJSON)
	var last syncs.Update
	for update, err := range service.FollowAll(ctx, organisation, started) {
		if errors.Is(err, context.Canceled) {
			shown.end()
			a.note("Stopped watching; the sync continues. Watch it again with: %s", a.typed("runs watch", string(last.Run.ID)))
			return err
		}
		if err != nil {
			shown.end()
			return err
		}
		shown.show(update)
		last = update
	}
	shown.end()
	view, err := read.From(store).Run(ctx, organisation.ID, last.Run.ID)
	if err != nil {
		return err
	}
	if asJSON {
		err = a.printJSON(views.FromRun(view))
	} else {
		a.showResult(view, organisation)
	}
	if err == nil && !complete(view.Outcome) {
		err = &exitError{code: ExitNotComplete}
	}
	return err
}

func complete(outcome care.RunOutcome) bool {
	return outcome == care.RunSucceeded || outcome == care.RunSucceededWithWarnings
}

// planLink is where the plan can be read.
func (a *app) planLink(person care.ID) string {
	if !a.links.Public.IsSet() {
		return a.typed("plan show", string(person))
	}
	return a.links.Public.String() + "/v1/people/" + string(person) + "/plan"
}

// temporalLink is the run in the Temporal UI, if its address is known.
func (a *app) temporalLink(workflowID string, run care.ID) string {
	if !a.links.TemporalUI.IsSet() {
		return ""
	}
	return a.temporalWorkflows() + "/" + url.PathEscape(workflowID) + "/" + string(run)
}

// temporalWorkflows is where the Temporal UI lists the namespace's workflows.
func (a *app) temporalWorkflows() string {
	namespace := temporal.DefaultNamespace
	if options, err := envconfig.LoadDefaultClientOptions(); err == nil && options.Namespace != "" {
		namespace = options.Namespace
	}
	return a.links.TemporalUI.String() + "/namespaces/" + url.PathEscape(namespace) + "/workflows"
}

// bulkLink leads to the workflows of a bulk run in the Temporal UI: its own, of which a long one has several runs, and its batches'.
func (a *app) bulkLink(workflowID string, bulk care.ID) string {
	if !a.links.TemporalUI.IsSet() {
		return ""
	}
	query := fmt.Sprintf(`WorkflowId="%s" OR WorkflowId STARTS_WITH "%s/"`, workflowID, protocol.BulkSyncID(bulk))
	return a.temporalWorkflows() + "?" + url.Values{"query": {query}}.Encode()
}
