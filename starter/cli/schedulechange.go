package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/schedules"
)

func (a *app) scheduleChange() *cobra.Command {
	var flags scheduleFlags
	var command *cobra.Command
	command = a.command("change NAME", "Change a schedule; settings that you do not give stay the same", func(ctx context.Context, args []string) error {
		if _, err := flags.read(); err != nil {
			return a.bulkError(err, care.Organisation{}, "")
		}
		return a.withSchedules(ctx, func(services bulkServices) error {
			present, err := services.schedules.Stored(ctx, services.organisation.ID, args[0])
			if err != nil {
				return unknownSchedule(err, services.organisation, args[0])
			}
			said, err := present.Request()
			if err != nil {
				return err
			}
			request, err := replaceGiven(said, command.Flags())
			if err != nil {
				return err
			}
			request.Organisation, request.RequestedBy = services.organisation, operator()
			view, err := services.schedules.Change(ctx, request)
			if errors.Is(err, db.ErrNotFound) {
				return unknownSchedule(err, services.organisation, args[0])
			}
			if err != nil {
				return a.bulkError(err, services.organisation, "")
			}
			return a.scheduleSaved("Changed", view, services.organisation, flags.asJSON)
		})
	})
	command.Long = `Change when a schedule runs, who is synced then, or how errors are handled. Settings that you do
not give stay the same. --at replaces a cron expression, and --cron replaces a time of day. --delta=false turns an option off, and --on "" means every day again.
A paused schedule stays paused, and a run in progress continues.

  caresync schedule change nightly --at 04:30
  caresync schedule change nightly --delta=false --in-care --failure-threshold 30`
	flags.add(command.Flags())
	flags.addJSON(command.Flags())
	command.Flags().Lookup("kind").DefValue = "" // what is not said stays
	return command
}

// replaceGiven is what a schedule says, with what the given flags say in its place.
func replaceGiven(said schedules.Request, given *pflag.FlagSet) (schedules.Request, error) {
	if given.Changed("at") {
		said.Cron = ""
	}
	if given.Changed("cron") {
		said.TimeOfDay, said.Weekdays = "", nil
	}
	changed, flags := flagsOf(said), pflag.NewFlagSet("", pflag.ContinueOnError)
	changed.add(flags)
	replaced, failed := false, error(nil)
	given.Visit(func(flag *pflag.Flag) {
		if own := flags.Lookup(flag.Name); own != nil {
			replaced, failed = true, errors.Join(failed, setLike(own.Value, flag.Value))
		}
	})
	if !replaced {
		return said, usageError("give something to change, for example --at 04:30")
	}
	if failed != nil {
		return said, failed
	}
	return changed.read()
}

// setLike gives a flag the value of another one like it.
func setLike(flag, other pflag.Value) error {
	if list, isList := flag.(pflag.SliceValue); isList {
		return list.Replace(other.(pflag.SliceValue).GetSlice())
	}
	return flag.Set(other.String())
}
