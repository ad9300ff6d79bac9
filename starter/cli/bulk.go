package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/report"
)

func (a *app) bulkCommand() *cobra.Command {
	return a.organisationFlag(a.group("bulk", "Sync many people at once, and watch, control and report on it",
		a.bulkStart(), a.bulkList(), a.bulkShow(), a.bulkWatch(), a.bulkPeople(),
		a.bulkCommandOf("pause", "Pause a bulk run; people in progress will finish", (*bulks.Service).Pause, "Paused. People in progress will finish. Resume it with: %s", "bulk resume"),
		a.bulkCommandOf("resume", "Resume a paused bulk run", (*bulks.Service).Resume, "Resumed. Watch it with: %s", "bulk watch"),
		a.bulkCommandOf("cancel", "Cancel a bulk run; saved data stays", (*bulks.Service).Cancel, "Cancelling. Watch it end with: %s", "bulk watch"),
		a.bulkWindow(), a.bulkRetry(), a.bulkReport()))
}

func (a *app) bulkStart() *cobra.Command {
	var wanted requestFlags
	var follow syncFlags
	var id string
	command := a.command("start", "Sync everyone, or selected people", func(ctx context.Context, _ []string) error {
		people, err := wanted.readPeople(a)
		if err != nil {
			return err
		}
		request := bulks.StartRequest{Options: wanted.options, People: people, RequestedBy: operator()}
		if request.ID, err = givenID(id); err != nil {
			return err
		}
		return a.withBulks(ctx, func(services bulkServices) error {
			request.Organisation = services.organisation
			started, err := services.bulks.Start(ctx, request)
			if err != nil {
				return a.bulkError(err, services.organisation, "")
			}
			return a.bulkStarted(ctx, services, started, follow)
		})
	})
	command.Long = `Sync everyone, or only the people who match all the given conditions. If one person fails, the others continue. During an outage of the
government's service the run waits.

` + exitCodes
	wanted.add(command.Flags())
	wanted.addPeople(command.Flags())
	command.Flags().StringVar(&id, "id", "", "a UUID of your own for the bulk run: repeating the command with it does not start a second one")
	return follow.add(command)
}

// givenID reads an id that someone made.
func givenID(text string) (care.ID, error) {
	if text == "" {
		return "", nil
	}
	id, isID := parseID(text)
	if !isID {
		return "", usageError("--id is a UUID")
	}
	return id, nil
}

// bulkStarted says what was started, and watches it if wanted.
func (a *app) bulkStarted(ctx context.Context, services bulkServices, started bulks.StartResult, flags syncFlags) error {
	bulk, err := read.From(services.store).BulkProgress(ctx, services.organisation.ID, started.ID)
	if err != nil {
		return err
	}
	if !flags.asJSON {
		who, what := bulks.Describe(bulk.Options)
		if started.Known {
			a.print("This bulk run was started before.")
		} else {
			a.print("Started a bulk run.")
		}
		a.details("bulk run", string(started.ID), "who", who, "what", what)
		if !flags.wait {
			a.print("Watch it with: %s", a.typed("bulk watch", string(started.ID)))
		}
	}
	if flags.wait {
		return a.watchBulk(ctx, services, started.ID, flags.asJSON)
	}
	if flags.asJSON {
		return a.printBulk(ctx, services, started.ID)
	}
	return nil
}

func (a *app) printBulk(ctx context.Context, services bulkServices, id care.ID) error {
	view, err := read.From(services.store).Bulk(ctx, services.organisation.ID, id)
	if err != nil {
		return a.bulkError(err, services.organisation, id)
	}
	return a.printJSON(views.FromBulk(view))
}

// bulkID reads the id of a bulk run.
func bulkID(text string) (care.ID, error) {
	id, isID := parseID(text)
	if !isID {
		return "", usageError("%q is not the id of a bulk run; `caresync bulk list` shows them", text)
	}
	return id, nil
}

// bulkCommandOf is a command that tells a bulk run something, and then what to type next.
func (a *app) bulkCommandOf(name, short string, do func(*bulks.Service, context.Context, care.ID, care.ID, string) error, said, next string) *cobra.Command {
	return a.command(name+" BULK_ID", short, func(ctx context.Context, args []string) error {
		id, err := bulkID(args[0])
		if err != nil {
			return err
		}
		return a.withBulks(ctx, func(services bulkServices) error {
			if err := do(services.bulks, ctx, services.organisation.ID, id, operator()); err != nil {
				return a.bulkError(err, services.organisation, id)
			}
			a.print(said, a.typed(next, string(id)))
			return nil
		})
	})
}

func (a *app) bulkWindow() *cobra.Command {
	return a.command("window BULK_ID NUMBER", "Set how many batches of a bulk run are synced in parallel", func(ctx context.Context, args []string) error {
		id, err := bulkID(args[0])
		if err != nil {
			return err
		}
		window, err := strconv.Atoi(args[1])
		if err != nil {
			return usageError("NUMBER is a number of batches, such as 4")
		}
		return a.withBulks(ctx, func(services bulkServices) error {
			if err := services.bulks.SetWindow(ctx, services.organisation.ID, id, window); err != nil {
				return a.bulkError(err, services.organisation, id)
			}
			a.print("From now on, %s in parallel.", present.Count(window, "batch runs", "batches run"))
			return nil
		})
	})
}

func (a *app) bulkRetry() *cobra.Command {
	var follow syncFlags
	command := a.command("retry BULK_ID", "Sync the people who did not succeed in a bulk run again", func(ctx context.Context, args []string) error {
		id, err := bulkID(args[0])
		if err != nil {
			return err
		}
		return a.withBulks(ctx, func(services bulkServices) error {
			started, err := services.bulks.Retry(ctx, bulks.RetryRequest{Organisation: services.organisation, Bulk: id, RequestedBy: operator()})
			if err != nil {
				return a.bulkError(err, services.organisation, id)
			}
			return a.bulkStarted(ctx, services, started, follow)
		})
	})
	command.Long = `Start a new bulk run, with the same options, for the people who were partially saved, failed, cancelled or not processed in a bulk run.

` + exitCodes
	return follow.add(command)
}

func (a *app) bulkReport() *cobra.Command {
	var format string
	command := a.command("report BULK_ID", "Print the outcome of everyone in a bulk run", func(ctx context.Context, args []string) error {
		id, err := bulkID(args[0])
		if err != nil {
			return err
		}
		wanted := report.Format(format)
		if wanted != report.CSV && wanted != report.JSON {
			return usageError("--format is csv or json")
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			return a.bulkError(report.Write(ctx, store, organisation.ID, id, wanted, a.out), organisation, id)
		})
	})
	command.Long = fmt.Sprintf(`Print the outcome of everyone in a bulk run. The CSV (UTF-8) has these columns. It is safe to open in a spreadsheet: text that a spreadsheet
would read as a formula starts with an apostrophe.

%s.

People on the government's lists who are not in the organisation are at the end, with the outcome %q.`,
		strings.Join(report.Columns, ", "), report.OutcomeUnknown)
	command.Flags().StringVar(&format, "format", string(report.CSV), "csv or json")
	return command
}
