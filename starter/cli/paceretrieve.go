package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/words"
)

// retrieveFlags are what `pace retrieve` may be told beside the client.
type retrieveFlags struct {
	planStart                       string
	all, overlaps, removals, asJSON bool
}

func (a *app) paceRetrieve() *cobra.Command {
	var flags retrieveFlags
	command := a.command("retrieve PERSON", "Retrieve a person's plan and show what would be saved", func(ctx context.Context, args []string) error {
		request, err := flags.request()
		if err != nil {
			return err
		}
		return a.withPACE(ctx, func(services paceServices) error {
			person, err := findParticipant(ctx, services.store, services.organisation, args[0])
			if err != nil {
				return err
			}
			request.Organisation, request.Person, request.RequestedBy = services.organisation, person.ID, operator()
			return a.retrieve(ctx, services, person, request, flags.asJSON)
		})
	})
	command.Long = `Retrieve a person's current plan from the NDIA and show its budgets with what would be saved. Nothing is saved until you run "pace create"; the
preview is kept for 30 minutes. A plan that was retrieved before is refreshed in the same way: the differences are shown first.

` + exitCodes
	command.Flags().StringVar(&flags.planStart, "plan-start", "", "the plan's start date (YYYY-MM-DD); by default the plan that covers today")
	command.Flags().BoolVar(&flags.all, "all", false, "create everything immediately, without a review of the preview")
	command.Flags().BoolVar(&flags.overlaps, "accept-overlaps", false, "with --all: allow the contract to overlap another one")
	command.Flags().BoolVar(&flags.removals, "accept-removals", false, "with --all: remove the budgets that are no longer in PACE, however many they are")
	command.Flags().BoolVar(&flags.asJSON, "json", false, "print JSON")
	return command
}

func (f retrieveFlags) request() (pace.Request, error) {
	request := pace.Request{All: f.all, AcceptOverlaps: f.overlaps, AcceptRemovals: f.removals}
	if !f.all && (f.overlaps || f.removals) {
		return request, usageError("--accept-overlaps and --accept-removals require --all; without it, give them to `caresync pace create`")
	}
	if f.planStart == "" {
		return request, nil
	}
	var err error
	if request.PlanStartDate, err = care.ParseDate(f.planStart); err != nil {
		return request, usageError("--plan-start must be a date as YYYY-MM-DD, such as 2026-02-01")
	}
	return request, nil
}

// retrieve shows progress until the plan is there, and then the preview or why there is none.
func (a *app) retrieve(ctx context.Context, services paceServices, person read.Person, request pace.Request, asJSON bool) error {
	retrieved, err := a.retrieved(ctx, services, person, request, asJSON)
	if err != nil {
		return err
	}
	if asJSON {
		view, err := services.pace.View(ctx, services.organisation, retrieved)
		if err != nil {
			return err
		}
		if err := a.printJSON(api.FromPreviewResult(view)); err != nil {
			return err
		}
		return retrievedCode(retrieved)
	}
	if retrieved.Preview == nil {
		return a.showRefusal(ctx, services, retrieved.RunID, retrieved.Reason)
	}
	a.showPreview(person, *retrieved.Preview, services.organisation, services.store.Now(), !request.All)
	if retrieved.Created != nil {
		return a.showCreated(ctx, services, person, *retrieved.Created)
	}
	return nil
}

// retrievedCode ends the program as a refusal does, where something was refused.
func retrievedCode(retrieved pace.PreviewResult) error {
	if retrieved.Outcome != care.AreaSucceeded || retrieved.Created != nil && retrieved.Created.Outcome != care.AreaSucceeded {
		return errSaid
	}
	return nil
}

func (a *app) retrieved(ctx context.Context, services paceServices, person read.Person, request pace.Request, silent bool) (pace.PreviewResult, error) {
	if !silent {
		a.print("Retrieving the plan of %s from the NDIA.", participantName(person))
	}
	retrieving := services.pace.Begin(ctx, request)
	if err := a.followRetrieval(ctx, services, retrieving, silent); err != nil {
		return pace.PreviewResult{}, err
	}
	retrieved, err := retrieving.Wait(ctx)
	if errors.Is(err, context.Canceled) {
		a.note("Stopped waiting. The retrieval continues; see its preview with: %s", a.typed("pace preview", string(person.ID)))
	}
	return retrieved, err
}

// followRetrieval shows what the run that answers waits for, until the answer is there.
func (a *app) followRetrieval(ctx context.Context, services paceServices, retrieving *pace.PreviewJob, silent bool) error {
	following, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-retrieving.Done():
		case <-following.Done():
		}
		stop()
	}()
	shown := a.newProgress(silent)
	defer shown.end()
	for run := range retrieving.Run() {
		for update, err := range services.syncs.Follow(following, services.organisation.ID, run) {
			if following.Err() != nil || errors.Is(err, syncs.ErrAbandoned) {
				break // the answer says what came of it
			}
			if err != nil {
				return err
			}
			if update.Run.Waiting == nil {
				shown.show(update)
			}
		}
	}
	return nil
}

// showRefusal says why there is no preview, in our words and in the government's.
func (a *app) showRefusal(ctx context.Context, services paceServices, run care.ID, reason care.Reason) error {
	if reason == care.ReasonPlanInFuture { // nothing is wrong
		a.print("\n· %s", words.Reason(reason, care.NDIA))
	} else {
		a.print("\n✗ Nothing was retrieved. %s", words.Reason(reason, care.NDIA))
	}
	view, err := read.From(services.store).Run(ctx, services.organisation.ID, run)
	if err != nil {
		return err
	}
	for _, issue := range view.Issues {
		if isError(issue) {
			a.showWords(issue, run)
		}
	}
	a.details("run", a.typed("runs show", string(run)))
	return errSaid
}

func (a *app) pacePreview() *cobra.Command {
	var asJSON bool
	command := a.command("preview PERSON", "Show the preview that is ready to be created", func(ctx context.Context, args []string) error {
		return a.withSealedStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findParticipant(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			retrieval, err := a.waitingPreview(ctx, store, organisation, person)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(api.FromPreview(pace.ViewPreview(retrieval)))
			}
			a.showPreview(person, retrieval, organisation, store.Now(), true)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// waitingPreview is the preview of a client that can be created now.
func (a *app) waitingPreview(ctx context.Context, store *db.Store, organisation care.Organisation, person read.Person) (db.Preview, error) {
	retrieval, err := store.WaitingPreview(ctx, organisation.ID, person.ID)
	if errors.Is(err, db.ErrNotFound) {
		return retrieval, usageError("%s has no preview to create. Retrieve the plan with: %s", nameOf(person), a.typed("pace retrieve", string(person.ID)))
	}
	return retrieval, err
}

func (a *app) paceRefresh() *cobra.Command {
	var flags syncFlags
	command := a.command("refresh PERSON", "Refresh a person's contract without review: amounts and extensions are applied, the rest is held for approval",
		func(ctx context.Context, args []string) error {
			return a.withPACE(ctx, func(services paceServices) error {
				person, err := findParticipant(ctx, services.store, services.organisation, args[0])
				if err != nil {
					return err
				}
				started, err := services.pace.Refresh(ctx, pace.RefreshRequest{
					Organisation: services.organisation, Person: person.ID, Trigger: care.TriggerBulk, RequestedBy: operator(),
				})
				if err != nil {
					return err
				}
				if !flags.asJSON {
					a.announceRefresh(person, started, flags.wait)
				}
				return a.followStarted(ctx, services.store, services.syncs, services.organisation, started, flags)
			})
		})
	return flags.add(command)
}

func (a *app) announceRefresh(person read.Person, started syncs.StartResult, waiting bool) {
	if started.Joined {
		a.print("Another sync of %s is in progress; the refresh follows it.", participantName(person))
	} else {
		a.print("Started the refresh of %s.", participantName(person))
	}
	a.details("run", string(started.RunID), "Temporal", a.temporalLink(protocol.PaceContractSyncID(person.ID), started.RunID))
	if !waiting {
		a.print("Watch it with: %s", a.typed("runs watch", string(started.RunID)))
	}
}
