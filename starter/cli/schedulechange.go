package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/schedules"
)

func (a *app) scheduleChange() *cobra.Command {
	var flags scheduleFlags
	var command *cobra.Command
	command = a.command("change NAME", "Change a schedule; what you do not give stays", func(ctx context.Context, args []string) error {
		said, err := flags.read(a)
		if err != nil {
			return a.bulkError(err, db.Organisation{}, "")
		}
		return a.withBulks(ctx, func(services bulkServices) error {
			present, err := services.schedules.Schedule(ctx, services.organisation.ID, args[0])
			if err != nil {
				return unknownSchedule(err, services.organisation, args[0])
			}
			request, err := present.Request()
			if err != nil {
				return err
			}
			if !replaceGiven(command.Flags(), said, &request) {
				return usageError("say what to change, for instance --at 04:30")
			}
			request.Organisation = services.organisation
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
	command.Long = `Change when a schedule runs, who is synced then, or how errors are handled. What you do not give
stays. --at replaces a cron expression, and --cron replaces a time of day. --delta=false turns an option off, and --on "" means every day again.
A paused schedule stays paused, and a run in progress continues.

  caresync schedule change nightly --at 04:30
  caresync schedule change nightly --delta=false --in-care --failure-threshold 30`
	flags.add(command.Flags())
	command.Flags().Lookup("kind").DefValue = "" // what is not said stays
	return command
}

// replaceGiven puts what the given flags say in the place of what a schedule says, and reports whether they say anything.
func replaceGiven(flags *pflag.FlagSet, said schedules.Request, to *schedules.Request) (replaced bool) {
	if flags.Changed("at") {
		to.Cron = ""
	}
	if flags.Changed("cron") {
		to.TimeOfDay, to.Weekdays = "", nil
	}
	people := &to.Bulk
	for flag, take := range map[string]func(){
		"at":                  func() { to.TimeOfDay = said.TimeOfDay },
		"on":                  func() { to.Weekdays = said.Weekdays },
		"cron":                func() { to.Cron = said.Cron },
		"time-zone":           func() { to.TimeZone = said.TimeZone },
		"overlap":             func() { to.Overlap = said.Overlap },
		"catch-up":            func() { to.CatchUp = said.CatchUp },
		"jitter":              func() { to.Jitter = said.Jitter },
		"pause-on-failure":    func() { to.PauseOnFailure = said.PauseOnFailure },
		"kind":                func() { people.Kind = said.Bulk.Kind },
		"service-provider-id": func() { people.ServiceProviderID = said.Bulk.ServiceProviderID },
		"in-care":             func() { people.InCare = said.Bulk.InCare },
		"not-synced-for":      func() { people.NotSyncedFor = said.Bulk.NotSyncedFor },
		"failed-last-time":    func() { people.FailedLastTime = said.Bulk.FailedLastTime },
		"only":                func() { people.Only = said.Bulk.Only },
		"all-budgets":         func() { people.AllBudgets = said.Bulk.AllBudgets },
		"delta":               func() { people.Delta = said.Bulk.Delta },
		"hold":                func() { people.ReviewAll = said.Bulk.ReviewAll },
		"accept-absences":     func() { people.AcceptAbsences = said.Bulk.AcceptAbsences },
		"window":              func() { people.Window = said.Bulk.Window },
		"failure-threshold":   func() { people.FailureThreshold = said.Bulk.FailureThreshold },
	} {
		if flags.Changed(flag) {
			take()
			replaced = true
		}
	}
	return replaced
}
