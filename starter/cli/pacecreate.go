package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/words"
)

// createFlags are what `pace create` may be told beside the client.
type createFlags struct {
	preview                    string
	only, without, chosen      []string
	overlaps, removals, asJSON bool
}

func (a *app) paceCreate() *cobra.Command {
	var flags createFlags
	var command *cobra.Command
	command = a.command("create PERSON", "Save what the preview shows: the contract, its budgets and their adjustment records", func(ctx context.Context, args []string) error {
		if err := flags.check(command.Flags()); err != nil {
			return err
		}
		return a.withPACE(ctx, func(services paceServices) error {
			person, err := findParticipant(ctx, services.store, services.organisation, args[0])
			if err != nil {
				return err
			}
			request, err := a.createRequest(ctx, services, person, flags)
			if err != nil {
				return err
			}
			return a.create(ctx, services, person, request, flags.asJSON)
		})
	})
	command.Long = `Save what the preview of "pace retrieve" shows: all of it, or the selected budgets. The plan is read again. If anything to be saved differs
from the preview, nothing is saved, and a new preview shows the differences.

Budgets are named by their number in the preview or by their id, several separated by commas.

` + exitCodes
	command.Flags().StringVar(&flags.preview, "preview", "", "the id of the preview; by default the one that is ready")
	command.Flags().StringSliceVar(&flags.chosen, "select", nil, "save only these budgets, with the contract")
	command.Flags().StringSliceVar(&flags.without, "without", nil, "save everything except these budgets")
	command.Flags().StringSliceVar(&flags.only, "only", nil, "refresh these budgets of an existing contract, and nothing else of it")
	command.Flags().BoolVar(&flags.overlaps, "accept-overlaps", false, "allow the contract to overlap those that the preview shows")
	command.Flags().BoolVar(&flags.removals, "accept-removals", false, "remove the budgets that are no longer in PACE, however many they are")
	command.Flags().BoolVar(&flags.asJSON, "json", false, "print JSON")
	command.MarkFlagsMutuallyExclusive("select", "without", "only")
	return command
}

// check refuses a flag that names no budget, lest it be taken for one that was not given.
func (f createFlags) check(given *pflag.FlagSet) error {
	for flag, budgets := range map[string][]string{"select": f.chosen, "without": f.without, "only": f.only} {
		if given.Changed(flag) && len(budgets) == 0 {
			return usageError("--%s names no budget: give their numbers in the preview, or their ids", flag)
		}
	}
	return nil
}

// createRequest says what is ticked in the preview that is meant. One that no longer waits is asked for all the same: what became of it
// is the answer.
func (a *app) createRequest(ctx context.Context, services paceServices, person read.Person, flags createFlags) (pace.CreateRequest, error) {
	request := pace.CreateRequest{Organisation: services.organisation, RequestedBy: operator()}
	retrieval, err := a.meantPreview(ctx, services, person, flags.preview)
	if err != nil {
		return request, err
	}
	request.PreviewID = retrieval.ID
	if retrieval.Contents == nil {
		return request, nil
	}
	request.CreateRequest, err = flags.ticked(retrieval.Contents.Preview)
	request.AcceptOverlaps, request.AcceptRemovals = flags.overlaps, flags.removals
	return request, err
}

func (a *app) meantPreview(ctx context.Context, services paceServices, person read.Person, text string) (db.Preview, error) {
	if text == "" {
		return a.waitingPreview(ctx, services.store, services.organisation, person)
	}
	id, isID := parseID(text)
	if !isID {
		return db.Preview{}, usageError("%q is not the id of a preview; `caresync pace preview PERSON` shows it", text)
	}
	retrieval, err := services.store.Preview(ctx, services.organisation.ID, id)
	if errors.Is(err, db.ErrNotFound) || err == nil && retrieval.PersonID != person.ID {
		return retrieval, usageError("%s has no preview %s. Retrieve the plan with: %s", nameOf(person), id, a.typed("pace retrieve", string(person.ID)))
	}
	return retrieval, err
}

// ticked is everything in the preview, or what the flags say.
func (f createFlags) ticked(preview care.Preview) (care.CreateRequest, error) {
	request := preview.SelectAll()
	named, err := namedBudgets(preview, slices.Concat(f.only, f.without, f.chosen))
	switch {
	case err != nil || len(named) == 0:
		return request, err
	case len(f.without) > 0:
		request.Selection = slices.DeleteFunc(request.Selection, func(id care.ID) bool { return slices.Contains(named, id) })
		if len(request.Selection) == 0 {
			return request, usageError("--without leaves nothing to save: leave out fewer budgets. The preview is still valid")
		}
	default:
		request.Selection, request.Only = named, len(f.only) > 0
	}
	return request, nil
}

// namedBudgets reads numbers of the preview's table, or ids.
func namedBudgets(preview care.Preview, texts []string) (named []care.ID, err error) {
	budgets := pace.InOrder(preview.Budgets)
	for _, text := range texts {
		text = strings.TrimSpace(text)
		at := slices.IndexFunc(budgets, func(budget care.PreviewBudget) bool { return string(budget.ID) == strings.ToLower(text) })
		if number, err := strconv.Atoi(text); err == nil {
			at = number - 1
		}
		if at < 0 || at >= len(budgets) {
			return nil, usageError("there is no budget %q in this preview: name them by their numbers, 1 to %d, or by their ids", text, len(budgets))
		}
		named = append(named, budgets[at].ID)
	}
	return named, nil
}

func (a *app) create(ctx context.Context, services paceServices, person read.Person, request pace.CreateRequest, asJSON bool) error {
	if !asJSON {
		a.print("Reading the plan of %s again and saving the contract.", participantName(person))
	}
	created, err := services.pace.Create(ctx, request)
	var refused *pace.NotAdmitted
	if errors.As(err, &refused) {
		return a.showNotAdmitted(ctx, services, person, request, refused)
	}
	if errors.Is(err, context.Canceled) {
		a.note("Stopped waiting. The request continues; run the command again to see its result, or check with: %s", a.typed("contract list", string(person.ID)))
	}
	if err != nil {
		return err
	}
	if asJSON {
		view, err := services.pace.ViewCreated(ctx, services.organisation, created)
		if err == nil {
			err = a.printJSON(api.FromCreated(view))
		}
		if err == nil && created.Outcome != care.AreaSucceeded {
			err = errSaid
		}
		return err
	}
	return a.showCreated(ctx, services, person, created)
}

// showNotAdmitted says why nothing was started; the preview waits on, if it did.
func (a *app) showNotAdmitted(ctx context.Context, services paceServices, person read.Person, request pace.CreateRequest, refused *pace.NotAdmitted) error {
	a.note("✗ Nothing was saved. %s", refused.Explain())
	if refused.Reason != care.ReasonOverlapUnconfirmed {
		a.note("Retrieve the plan again with: %s", a.typed("pace retrieve", string(person.ID)))
		return errSaid
	}
	retrieval, err := services.store.Preview(ctx, services.organisation.ID, request.PreviewID)
	if err != nil {
		return err
	}
	if retrieval.Contents != nil {
		a.overlaps(retrieval.Contents.Overlaps)
	}
	return errSaid
}

// showCreated says what was written, or why nothing was.
func (a *app) showCreated(ctx context.Context, services paceServices, person read.Person, created pace.CreateResult) error {
	if created.Outcome == care.AreaSucceeded {
		return a.showWritten(ctx, services, created)
	}
	a.print("\n✗ Nothing was saved. %s", words.Reason(created.Reason, care.NDIA))
	if created.Next != nil && created.Next.Contents != nil {
		a.showPreview(person, *created.Next, services.organisation, services.store.Now(), true)
		return errSaid
	}
	run, err := read.From(services.store).Run(ctx, services.organisation.ID, created.RunID)
	if err != nil {
		return err
	}
	for _, issue := range run.Issues {
		if isError(issue) {
			a.showWords(issue, run.ID)
		}
	}
	return errSaid
}

// showWritten waits until the run has recorded its end, which comes right after the answer, and shows what it did.
func (a *app) showWritten(ctx context.Context, services paceServices, created pace.CreateResult) error {
	for _, err := range services.syncs.Follow(ctx, services.organisation.ID, created.RunID) {
		if err != nil {
			return err
		}
	}
	run, err := read.From(services.store).Run(ctx, services.organisation.ID, created.RunID)
	if err != nil {
		return err
	}
	a.showResult(run, services.organisation)
	return nil
}
