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
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/words"
)

const outcomeFlagHelp = "succeeded, succeeded_with_warnings, partial, failed, cancelled or unfinished"

func (a *app) runsCommand() *cobra.Command {
	return a.organisationFlag(a.group("runs", "List, show, watch and cancel syncs",
		a.runsList(), a.runsShow(), a.runsWatch(), a.runsAccept(), a.runsSamePerson(),
		a.command("cancel RUN_ID", "Cancel a sync; saved data stays", a.runsCancel)))
}

func (a *app) runsList() *cobra.Command {
	var who string
	var asJSON bool
	filter := read.RunFilter{}
	command := a.command("list", "List the syncs, newest first", func(ctx context.Context, _ []string) error {
		if err := checkRunFilter(filter); err != nil {
			return err
		}
		return a.withLook(ctx, func(store *db.Store, organisation care.Organisation, look look) error {
			if who != "" {
				person, err := findPerson(ctx, store, organisation, who)
				if err != nil {
					return err
				}
				filter.PersonID = person.ID
			}
			runs, more, err := read.From(store).Runs(ctx, organisation.ID, filter)
			if err != nil {
				return err
			}
			look.addWaits(ctx, runs)
			if asJSON {
				return a.printJSON(views.Each(runs, views.FromRunSummary))
			}
			a.showRuns(runs, more, organisation)
			return nil
		})
	})
	command.Flags().StringVar(&who, "person", "", "only syncs of this person: a care recipient id, an NDIS number or one of CareSync's ids")
	command.Flags().StringVar(&filter.Outcome, "outcome", "", "only syncs with this outcome: "+outcomeFlagHelp)
	command.Flags().IntVar(&filter.Most, "limit", read.DefaultPage, fmt.Sprintf("maximum number of rows, up to %d", read.MostPerPage))
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func checkRunFilter(filter read.RunFilter) error {
	if filter.Most < 1 || filter.Most > read.MostPerPage {
		return usageError("--limit is a number from 1 to %d", read.MostPerPage)
	}
	switch care.RunOutcome(filter.Outcome) {
	case "", "unfinished", care.RunSucceeded, care.RunSucceededWithWarnings, care.RunPartial, care.RunFailed, care.RunCancelled:
		return nil
	}
	return usageError("--outcome is %s", outcomeFlagHelp)
}

func (a *app) showRuns(runs []read.RunSummary, more bool, organisation care.Organisation) {
	if len(runs) == 0 {
		a.print("There are no such syncs.")
		return
	}
	shown := a.newTable("requested", "sync", "person", "name", "outcome", ">warnings", "by", "run")
	for _, run := range runs {
		shown.AppendRow(table.Row{
			present.Time(&run.RequestedAt, organisation.Location()), present.RunKind(run.Kind), careRecipientOf(run) + participantOf(run),
			present.Name(run.Person.GivenName, run.Person.FamilyName), present.State(run), run.Warnings, run.RequestedBy, run.ID,
		})
	}
	shown.Render()
	a.print("Times are in %s.", organisation.TimeZone)
	if more {
		a.print("There are more; see them with --limit.")
	}
}

func (a *app) runsShow() *cobra.Command {
	var asJSON bool
	command := a.command("show RUN_ID", "Show what a sync did", func(ctx context.Context, args []string) error {
		return a.withRun(ctx, args[0], func(organisation care.Organisation, run read.Run) error {
			if asJSON {
				return a.printJSON(views.FromRun(run))
			}
			a.showRun(run, organisation)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// withRun gives work the run of that id.
func (a *app) withRun(ctx context.Context, text string, work func(care.Organisation, read.Run) error) error {
	id, err := runID(text)
	if err != nil {
		return err
	}
	return a.withLook(ctx, func(store *db.Store, organisation care.Organisation, look look) error {
		run, err := read.From(store).Run(ctx, organisation.ID, id)
		if err != nil {
			return unknownRun(err, organisation, id)
		}
		run.RunProgress = look.addWait(ctx, run.RunProgress)
		return work(organisation, run)
	})
}

func unknownRun(err error, organisation care.Organisation, id care.ID) error {
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("%s has no run %s; `caresync runs list` shows those it has", organisation.Name, id)
	}
	return err
}

func (a *app) showRun(run read.Run, organisation care.Organisation) {
	zone := organisation.Location()
	a.details(
		"run", string(run.ID), "sync", present.RunKind(run.Kind), "care recipient id", careRecipientOf(run.RunSummary),
		"NDIS number", participantOf(run.RunSummary), "name", present.Name(run.Person.GivenName, run.Person.FamilyName),
		"state", present.State(run.RunSummary), "why", run.Explanation, "trigger", present.Trigger(run.Trigger), "requested by", run.RequestedBy,
		"usage of", budgetScope(run.RunSummary), "requested", present.Time(&run.RequestedAt, zone), "started", present.Time(run.StartedAt, zone),
		"finished", finishedAt(run.RunSummary, zone), "took", took(run.RunProgress), "time zone", organisation.TimeZone,
		"plan", a.linkOf(run), "contract", a.contractOf(run), "waits", a.waitsFor(run.RunSummary, organisation),
		"Temporal", a.temporalLink(run.WorkflowID, run.ID))
	a.heading("areas")
	a.showAreas(run, organisation)
	a.heading("counts")
	a.showCounts(run)
	for _, issue := range run.Issues {
		if isError(issue) {
			a.print("\n%s %s: %s", errorMark(issue), present.Area(issue.Area), issue.Message)
			a.showWords(issue, run.ID)
		}
	}
	a.showWarnings(run.Issues, run.ID)
	a.showHolds(run.Holds, organisation)
	a.showChanges(run.Changes)
}

// finishedAt is left out as long as the run is under way.
func finishedAt(run read.RunSummary, zone *time.Location) string {
	if run.FinishedAt == nil {
		return ""
	}
	return present.Time(run.FinishedAt, zone)
}

func budgetScope(run read.RunSummary) string {
	switch {
	case run.Kind == care.RunPACEContract:
		return ""
	case run.AllBudgets:
		return "all budgets"
	default:
		return "open budgets"
	}
}

// waitsFor says what a run waits for: for someone to look at its preview, or for a part of the whole (R38).
func (a *app) waitsFor(run read.RunSummary, organisation care.Organisation) string {
	if run.Waiting == nil {
		return words.Wait(run.Wait, organisation.Location())
	}
	return fmt.Sprintf("for its preview to be created, until %s: %s",
		present.Time(&run.Waiting.ExpiresAt, organisation.Location()), a.typed("pace preview", string(run.Person.ID)))
}

func (a *app) showAreas(run read.Run, organisation care.Organisation) {
	shown := a.newTable("", "area", "as of", "result")
	for _, area := range run.Areas {
		asOf := ""
		if area.AsOf != nil {
			asOf = present.TimeToTheSecond(*area.AsOf, organisation.Location())
		}
		shown.AppendRow(table.Row{mark(area), present.Area(area.Area), asOf, areaWords(area, run.RunProgress)})
	}
	shown.Render()
}

// showChanges shows what a run changed, field by field.
func (a *app) showChanges(changes []read.Change) {
	if len(changes) == 0 {
		return
	}
	a.heading("changes")
	shown := a.newTable("record", "", "what", "old", "new")
	for _, change := range changes {
		label := change.Label
		if !change.Since.IsZero() {
			label += ", " + present.Date(change.Since)
		}
		row := table.Row{present.OneOfKind(change.Kind), label, change.Action, "", ""}
		if change.Field != "" {
			row[2], row[3], row[4] = present.Field(change.Field), present.Value(change.Field, change.Old), present.Value(change.Field, change.New)
		}
		shown.AppendRow(row)
	}
	shown.Render()
}

func (a *app) runsWatch() *cobra.Command {
	var asJSON bool
	command := a.command("watch RUN_ID", "Show a sync's progress until it ends", func(ctx context.Context, args []string) error {
		id, err := runID(args[0])
		if err != nil {
			return err
		}
		return a.withSyncs(ctx, func(store *db.Store, service *syncs.Service, organisation care.Organisation) error {
			if _, err := read.From(store).RunProgress(ctx, organisation.ID, id); err != nil {
				return unknownRun(err, organisation, id)
			}
			return a.watch(ctx, store, service, organisation, syncs.StartResult{RunID: id}, asJSON)
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print the run as JSON when it ends")
	return command
}

func (a *app) runsAccept() *cobra.Command {
	var flags syncFlags
	command := a.command("accept RUN_ID", "Accept the removals that a sync held for approval, and sync again", func(ctx context.Context, args []string) error {
		id, err := runID(args[0])
		if err != nil {
			return err
		}
		return a.withSyncs(ctx, func(store *db.Store, service *syncs.Service, organisation care.Organisation) error {
			return a.accept(ctx, store, service, organisation, id, flags)
		})
	})
	return flags.add(command)
}

func (a *app) runsSamePerson() *cobra.Command {
	var flags syncFlags
	var reason string
	command := a.command("same-person RUN_ID", "Confirm that a given name in doubt is the same person's, and sync again", func(ctx context.Context, args []string) error {
		id, err := runID(args[0])
		if err != nil {
			return err
		}
		return a.withSyncs(ctx, func(store *db.Store, service *syncs.Service, organisation care.Organisation) error {
			return a.samePerson(ctx, store, service, organisation, id, reason, flags)
		})
	})
	command.Flags().StringVar(&reason, "reason", "", "how you know that it is the same person; kept with your name")
	return flags.add(command)
}

func (a *app) samePerson(
	ctx context.Context, store *db.Store, service *syncs.Service, organisation care.Organisation, id care.ID, reason string, flags syncFlags,
) error {
	run, err := read.From(store).Run(ctx, organisation.ID, id)
	if err != nil {
		return unknownRun(err, organisation, id)
	}
	started, err := service.ConfirmSamePerson(ctx, organisation, id, operator(), reason)
	var invalid *care.InvalidError
	switch {
	case errors.As(err, &invalid):
		return usageError("--reason %s", invalid.Message)
	case errors.Is(err, db.ErrNotFound):
		return usageError("this sync has no given name in doubt, or the person now has a different care recipient id")
	case err != nil:
		return err
	}
	if !flags.asJSON {
		a.print("Confirmed: the given name is this person's. CareSync does not ask about it again.")
	}
	person, err := findPerson(ctx, store, organisation, string(run.Person.ID))
	if err != nil {
		return err
	}
	return a.started(ctx, store, service, organisation, person, started, flags)
}

func (a *app) accept(ctx context.Context, store *db.Store, service *syncs.Service, organisation care.Organisation, id care.ID, flags syncFlags) error {
	run, err := read.From(store).Run(ctx, organisation.ID, id)
	if err != nil {
		return unknownRun(err, organisation, id)
	}
	holds, started, err := service.Accept(ctx, organisation, id, operator())
	if errors.Is(err, db.ErrNotFound) {
		return a.nothingHeld(ctx, store, organisation, run)
	}
	if err != nil {
		return err
	}
	if !flags.asJSON {
		for _, hold := range holds {
			a.print("Accepted: %s may be removed if still missing.", heldRecords(hold))
		}
	}
	person, err := findPerson(ctx, store, organisation, string(run.Person.ID))
	if err != nil {
		return err
	}
	return a.started(ctx, store, service, organisation, person, started, flags)
}

// nothingHeld names the run that holds a removal back now, if a later one does.
func (a *app) nothingHeld(ctx context.Context, store *db.Store, organisation care.Organisation, run read.Run) error {
	plan, err := read.From(store).Plan(ctx, organisation, run.Person.ID, run.RequestedAt)
	if err != nil {
		return err
	}
	for _, hold := range plan.Holds {
		if hold.AcceptedAt == nil {
			return usageError("a later sync now holds the removal: %s", a.typed("runs accept", string(hold.RunID)))
		}
	}
	return usageError("this sync holds no removal that still needs approval")
}

func (a *app) runsCancel(ctx context.Context, args []string) error {
	id, err := runID(args[0])
	if err != nil {
		return err
	}
	return a.withSyncs(ctx, func(_ *db.Store, service *syncs.Service, organisation care.Organisation) error {
		err := service.Cancel(ctx, organisation.ID, id)
		if errors.Is(err, syncs.ErrFinished) {
			return usageError("run %s has already finished", id)
		}
		if err != nil {
			return unknownRun(err, organisation, id)
		}
		a.print("Cancelling. Saved data stays. Watch it end with: %s", a.typed("runs watch", string(id)))
		return nil
	})
}
