package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/words"
)

func (a *app) scheduleCommand() *cobra.Command {
	return a.organisationFlag(a.group("schedule", "Schedule bulk runs",
		a.scheduleCreate(), a.scheduleChange(), a.scheduleList(), a.scheduleShow(),
		a.scheduleCommandOf("pause", "Pause a schedule; a run in progress continues", "Paused", (*schedules.Service).Pause),
		a.scheduleCommandOf("resume", "Resume a paused schedule", "Resumed", (*schedules.Service).Resume),
		a.scheduleTrigger(), a.scheduleBackfill(), a.scheduleDelete()))
}

// scheduleFlags say when a schedule runs and what happens around that.
type scheduleFlags struct {
	people  requestFlags
	days    []string
	request schedules.Request
	asJSON  bool
}

// flagsOf are flags that say what a schedule says already.
func flagsOf(request schedules.Request) *scheduleFlags {
	flags := &scheduleFlags{people: requestFlags{options: request.Bulk}, request: request}
	for _, day := range request.Weekdays {
		flags.days = append(flags.days, day.String())
	}
	return flags
}

// add adds the flags that creating and changing a schedule have in common. What they say takes the place of what the request says already.
func (f *scheduleFlags) add(flags *pflag.FlagSet) {
	r := &f.request
	flags.StringVar(&r.TimeOfDay, "at", r.TimeOfDay, "the time of day, such as 03:30")
	flags.StringSliceVar(&f.days, "on", f.days, "the weekdays for --at, such as mon,thu; by default every day")
	flags.StringVar(&r.Cron, "cron", r.Cron, "a cron expression instead: minute, hour, day of month, month, day of week, such as \"30 3 * * 1-5\"")
	flags.StringVar(&r.TimeZone, "time-zone", r.TimeZone, "the time zone; by default the organisation's")
	flags.StringVar((*string)(&r.Overlap), "overlap", string(r.Overlap),
		"what to do if the previous run is still in progress: skip, buffer-one (start afterwards) or cancel-other; by default skip")
	flags.DurationVar(&r.CatchUp, "catch-up", r.CatchUp,
		"how late a run may start if Temporal was down at its time; by default "+shortDuration(schedules.DefaultCatchUp.String()))
	flags.DurationVar(&r.Jitter, "jitter", r.Jitter, "delay each run by a random time of up to this length")
	flags.BoolVar(&r.PauseOnFailure, "pause-on-failure", r.PauseOnFailure, "pause the schedule after a run in which no one could be synced")
	f.people.add(flags)
}

// addJSON adds the flag that asks for JSON.
func (f *scheduleFlags) addJSON(flags *pflag.FlagSet) {
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
}

// read is the request that the flags say.
func (f *scheduleFlags) read() (schedules.Request, error) {
	request := f.request
	request.Bulk, request.Weekdays = f.people.options, nil
	for _, day := range f.days {
		weekday, err := schedules.ParseWeekday(day)
		if err != nil {
			return request, err
		}
		request.Weekdays = append(request.Weekdays, weekday)
	}
	return request, nil
}

func (a *app) scheduleCreate() *cobra.Command {
	var flags scheduleFlags
	command := a.command("create NAME", "Schedule a bulk run", func(ctx context.Context, args []string) error {
		request, err := flags.read()
		if err != nil {
			return a.bulkError(err, care.Organisation{}, "")
		}
		return a.withSchedules(ctx, func(services bulkServices) error {
			request.Organisation, request.Name, request.RequestedBy = services.organisation, args[0], operator()
			view, err := services.schedules.Create(ctx, request)
			if err != nil {
				return a.bulkError(err, services.organisation, "")
			}
			return a.scheduleSaved("Created", view, services.organisation, flags.asJSON)
		})
	})
	command.Long = `Schedule a bulk run at a time of day (--at, and --on for certain weekdays) or by a cron expression (--cron), in the organisation's time
zone. Avoid 2 am to 3 am in Sydney: daylight saving changes then, and a time may not exist or occur twice.`
	flags.add(command.Flags())
	flags.addJSON(command.Flags())
	command.Flags().BoolVar(&flags.request.Paused, "paused", false, "create the schedule paused")
	return command
}

// scheduleSaved shows a schedule that was created or changed.
func (a *app) scheduleSaved(done string, view schedules.ScheduleView, organisation care.Organisation, asJSON bool) error {
	if asJSON {
		return a.printJSON(api.FromSchedule(view, organisation.Location()))
	}
	a.print("%s the schedule %s.", done, view.Name)
	a.showSchedule(view, organisation)
	return nil
}

func (a *app) scheduleList() *cobra.Command {
	var asJSON bool
	command := a.command("list", "List the schedules with their next and last runs", func(ctx context.Context, _ []string) error {
		return a.withSchedules(ctx, func(services bulkServices) error {
			found, err := services.schedules.Schedules(ctx, services.organisation.ID)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(api.FromSchedules(found, services.organisation.Location()))
			}
			a.showSchedules(found, services.organisation)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showSchedules(found []schedules.ScheduleView, organisation care.Organisation) {
	if len(found) == 0 {
		a.print("%s has no schedules. Create one with: caresync schedule create", organisation.Name)
		return
	}
	zone := organisation.Location()
	shown := a.newTable("name", "when", "who", "next run", "last run", "outcome")
	for _, one := range found {
		who, _ := one.Describe()
		last, outcome := "", ""
		if len(one.LastRuns) > 0 {
			last, outcome = present.Time(&one.LastRuns[0].StartedAt, zone), scheduledState(one.LastRuns[0])
		}
		shown.AppendRow(table.Row{one.Name, one.When + ", " + one.TimeZone, who, nextRun(one, zone), last, outcome})
	}
	shown.Render()
	a.print("Times of runs are in %s.", organisation.TimeZone)
}

func nextRun(one schedules.ScheduleView, zone *time.Location) string {
	switch {
	case one.Paused:
		return "paused"
	case len(one.NextRuns) == 0:
		return "none"
	default:
		return present.Time(&one.NextRuns[0], zone)
	}
}

func scheduledState(run schedules.ScheduledRun) string {
	if run.Bulk == nil {
		return "waiting for a worker"
	}
	return present.BulkState(*run.Bulk)
}

func (a *app) scheduleShow() *cobra.Command {
	var asJSON bool
	command := a.command("show NAME", "Show a schedule", func(ctx context.Context, args []string) error {
		return a.withSchedules(ctx, func(services bulkServices) error {
			view, err := services.schedules.Schedule(ctx, services.organisation.ID, args[0])
			if err != nil {
				return unknownSchedule(err, services.organisation, args[0])
			}
			if asJSON {
				return a.printJSON(api.FromSchedule(view, services.organisation.Location()))
			}
			a.showSchedule(view, services.organisation)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showSchedule(view schedules.ScheduleView, organisation care.Organisation) {
	for _, warning := range view.Warnings {
		a.note("! %s", warning)
	}
	zone := organisation.Location()
	a.noteIfAny(view.PendingWords())
	a.noteIfAny(view.EditedWords(present.TimesIn(zone)))
	if view.TemporalAway {
		a.note("! %s", schedules.AwayWords)
	}
	who, what := view.Describe()
	failure := ""
	if view.PauseOnFailure {
		failure = "pauses if no one could be synced in a run"
	}
	jitter := ""
	if view.Jitter != "0s" {
		jitter = "up to " + shortDuration(view.Jitter)
	}
	a.details("name", view.Name, "when", view.When+", "+view.TimeZone, "next run", nextRun(view, zone), "note", view.Note(present.TimesIn(zone)), "who", who, "what", what,
		"overlap", string(view.Overlap), "catch-up", shortDuration(view.CatchUp), "jitter", jitter, "on failure", failure, "skipped", skippedWords(view, zone), "missed", a.missedWords(view, organisation), "failed", failedWords(view, zone),
		"created", present.Time(&view.CreatedAt, zone), "created by", view.CreatedBy)
	if len(view.LastRuns) == 0 {
		return
	}
	a.heading("last runs")
	shown := a.newTable("began", "state", ">selected", ">succeeded", "bulk run")
	for _, run := range view.LastRuns {
		var counts care.BulkCounts
		if run.Bulk != nil {
			counts = run.Bulk.Counts
		}
		shown.AppendRow(table.Row{present.Time(&run.StartedAt, zone), scheduledState(run), counts.Selected, good(counts), run.BulkID})
	}
	shown.Render()
}

// skippedWords say how often the schedule was left out, and which runs were the reason.
func skippedWords(view schedules.ScheduleView, zone *time.Location) string {
	var parts []string
	for _, group := range view.LeftOut {
		parts = append(parts, group.Words(present.TimesIn(zone)))
	}
	return strings.Join(parts, "; ")
}

// missedWords say which times passed without a run, and how to run them.
func (a *app) missedWords(view schedules.ScheduleView, organisation care.Organisation) string {
	zone := organisation.Location()
	switch {
	case len(view.MissedTimes) == 0:
		return ""
	case len(view.ToRunNow) == 0:
		return fmt.Sprintf("%s; a later run made up for %s", schedules.MissedWords(view.MissedTimes, zone), words.Them(len(view.MissedTimes)))
	default:
		return fmt.Sprintf("%s. Run %s with: %s", schedules.MissedWords(view.ToRunNow, zone), words.Them(len(view.ToRunNow)),
			a.typed("schedule backfill", view.Name, "--from", view.ToRunNow[0].Add(-time.Second).In(zone).Format(time.RFC3339)))
	}
}

// failedWords say how many runs failed, and why the last one did.
func failedWords(view schedules.ScheduleView, zone *time.Location) string {
	if len(view.Failed) == 0 {
		return ""
	}
	last := view.Failed[0]
	return fmt.Sprintf("%s in 90 days, last on %s: %s", present.Count(len(view.Failed), "run", "runs"), present.Time(&last.StartedAt, zone), last.Explanation)
}

func unknownSchedule(err error, organisation care.Organisation, name string) error {
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("%s has no schedule %q; `caresync schedule list` shows those it has", organisation.Name, name)
	}
	return err
}

// scheduleCommandOf is a command that does something with a schedule.
func (a *app) scheduleCommandOf(
	name, short, done string, do func(*schedules.Service, context.Context, care.ID, string, string) (schedules.ScheduleView, error),
) *cobra.Command {
	return a.command(name+" NAME", short, func(ctx context.Context, args []string) error {
		return a.withSchedules(ctx, func(services bulkServices) error {
			view, err := do(services.schedules, ctx, services.organisation.ID, args[0], operator())
			if err != nil {
				return unknownSchedule(err, services.organisation, args[0])
			}
			a.print("%s the schedule %s.", done, args[0])
			a.noteIfAny(view.PendingWords())
			return nil
		})
	})
}

// noteIfAny notes what there is to say.
func (a *app) noteIfAny(text string) {
	if text != "" {
		a.note("! %s", text)
	}
}

func (a *app) scheduleDelete() *cobra.Command {
	return a.command("delete NAME", "Delete a schedule; a run in progress continues", func(ctx context.Context, args []string) error {
		return a.withSchedules(ctx, func(services bulkServices) error {
			applied, err := services.schedules.Delete(ctx, services.organisation.ID, args[0])
			if err != nil {
				return unknownSchedule(err, services.organisation, args[0])
			}
			a.print("Deleted the schedule %s.", args[0])
			if !applied {
				a.note("! Temporal has not been told yet: %s", schedules.DeletedLater)
			}
			return nil
		})
	})
}

func (a *app) scheduleTrigger() *cobra.Command {
	var follow syncFlags
	command := a.command("trigger NAME", "Run a schedule now, even if it is paused", func(ctx context.Context, args []string) error {
		return a.withSchedules(ctx, func(services bulkServices) error {
			triggered, err := services.schedules.Trigger(ctx, services.organisation.ID, args[0])
			switch {
			case err != nil:
				return unknownSchedule(err, services.organisation, args[0])
			case triggered.Skipped:
				return usageError("a run of the schedule is in progress, and its overlap policy is skip; `caresync bulk list` shows it")
			case triggered.BulkID == "":
				a.print("Triggered the schedule %s. Its bulk run will show in `caresync bulk list`.", args[0])
				return nil
			}
			if !follow.asJSON {
				a.print("Triggered the schedule %s: bulk run %s.", args[0], triggered.BulkID)
			}
			if !follow.wait {
				return nil
			}
			if err := services.bulks.HasBegun(ctx, services.organisation.ID, triggered.BulkID); err != nil {
				return err
			}
			return a.watchBulk(ctx, services, triggered.BulkID, follow.asJSON)
		})
	})
	command.Long = "Run a schedule now, even if it is paused, with its overlap policy.\n\n" + exitCodes
	command.Flags().BoolVar(&follow.wait, "wait", false, "show progress until the bulk run ends; Ctrl-C stops watching, not the bulk run")
	command.Flags().BoolVar(&follow.asJSON, "json", false, "with --wait: print the bulk run as JSON")
	return command
}

func (a *app) scheduleBackfill() *cobra.Command {
	var from, to, overlap string
	command := a.command("backfill NAME", "Run missed times of a schedule now", func(ctx context.Context, args []string) error {
		return a.withSchedules(ctx, func(services bulkServices) error {
			begin, err := momentFlag("--from", from, services.organisation, time.Time{})
			if err != nil {
				return err
			}
			end, err := momentFlag("--to", to, services.organisation, time.Now())
			if err != nil {
				return err
			}
			err = services.schedules.Backfill(ctx, services.organisation.ID, args[0], begin, end, care.Overlap(overlap))
			if errors.Is(err, db.ErrNotFound) {
				return unknownSchedule(err, services.organisation, args[0])
			}
			if err != nil {
				return a.bulkError(err, services.organisation, "")
			}
			a.print("Backfilling the schedule %s. Its bulk runs show in `caresync bulk list`.", args[0])
			return nil
		})
	})
	command.Long = `Run a schedule now for the times that it missed between two moments. A bulk run always reads the government's current data, so one run makes up for all
missed times: with the overlap policy "skip", the default, only one is started.`
	command.Flags().StringVar(&from, "from", "", "a date, or an instant such as 2026-05-20T00:00:00+10:00")
	command.Flags().StringVar(&to, "to", "", "a date or an instant; by default now")
	command.Flags().StringVar(&overlap, "overlap", "", "skip, buffer-one or cancel-other; by default the schedule's own")
	return command
}

// momentFlag reads an instant, or the beginning of a date in the organisation's time zone.
func momentFlag(flag, given string, organisation care.Organisation, otherwise time.Time) (time.Time, error) {
	given = strings.TrimSpace(given)
	if given == "" && !otherwise.IsZero() {
		return otherwise, nil
	}
	if instant, err := time.Parse(time.RFC3339, given); err == nil {
		return instant, nil
	}
	date, err := care.ParseDate(given)
	if err != nil {
		return time.Time{}, usageError("%s is a date such as 2026-05-20, or an instant such as 2026-05-20T00:00:00+10:00", flag)
	}
	day := date.Time()
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, organisation.Location()), nil
}
