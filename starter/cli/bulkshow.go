package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

const (
	itemOutcomeHelp = "succeeded, succeeded_with_warnings, partial, failed, cancelled, skipped, unfinished, or unsuccessful (everyone a retry includes)"
	bulkPage        = 20
	shownReasons    = 5
	barWidth        = 30
	// explanationWidth is where a person's explanation is wrapped.
	explanationWidth = 60
)

func (a *app) bulkList() *cobra.Command {
	var asJSON bool
	filter := read.BulkFilter{}
	command := a.command("list", "List the bulk runs, newest first", func(ctx context.Context, _ []string) error {
		if err := checkRunFilter(read.RunFilter{Outcome: filter.Outcome, Most: filter.Most}); err != nil {
			return err
		}
		return a.withLook(ctx, func(store *db.Store, organisation care.Organisation, look look) error {
			found, more, err := read.From(store).Bulks(ctx, organisation.ID, filter)
			if err != nil {
				return err
			}
			look.addBulkWaits(ctx, found)
			if asJSON {
				return a.printJSON(views.Each(found, views.FromBulkSummary))
			}
			a.showBulks(found, more, organisation)
			return nil
		})
	})
	command.Flags().StringVar(&filter.Outcome, "outcome", "", "only bulk runs with this outcome: "+outcomeFlagHelp)
	command.Flags().IntVar(&filter.Most, "limit", bulkPage, fmt.Sprintf("maximum number of rows, up to %d", read.MostPerPage))
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showBulks(found []read.BulkSummary, more bool, organisation care.Organisation) {
	if len(found) == 0 {
		a.print("There are no such bulk runs.")
		return
	}
	shown := a.newTable("requested", "sync", "who", "state", ">selected", ">succeeded", ">not", "by", "bulk run")
	for _, bulk := range found {
		who, _ := bulks.Describe(bulk.Options)
		shown.AppendRow(table.Row{
			present.Time(&bulk.RequestedAt, organisation.Location()), present.RunKind(bulk.Kind), who, present.BulkState(bulk), bulk.Counts.Selected,
			good(bulk.Counts), bulk.Counts.Processed - good(bulk.Counts), bulk.RequestedBy, bulk.ID,
		})
	}
	shown.Render()
	a.print("Times are in %s.", organisation.TimeZone)
	if more {
		a.print("There are more; see them with --limit.")
	}
}

func good(counts care.BulkCounts) int { return counts.Succeeded + counts.SucceededWithWarnings }

func (a *app) bulkShow() *cobra.Command {
	var asJSON bool
	command := a.command("show BULK_ID", "Show the progress or the outcome of a bulk run", func(ctx context.Context, args []string) error {
		id, err := bulkID(args[0])
		if err != nil {
			return err
		}
		return a.withLook(ctx, func(store *db.Store, organisation care.Organisation, look look) error {
			view, err := read.From(store).Bulk(ctx, organisation.ID, id)
			if err != nil {
				return a.bulkError(err, organisation, id)
			}
			view.BulkSummary = look.bulkWait(ctx, view.BulkSummary)
			if asJSON {
				return a.printJSON(views.FromBulk(view))
			}
			a.showBulk(view, organisation)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showBulk(view read.Bulk, organisation care.Organisation) {
	zone := organisation.Location()
	who, what := bulks.Describe(view.Options)
	a.details(
		"bulk run", string(view.ID), "state", present.BulkStateAlone(view.BulkSummary), "why", view.Explanation, "waits", words.Wait(view.Wait, zone),
		"left out", present.LeavesOut(view.BulkSummary),
		"set aside", strings.Join(present.SetAside(view.BulkSummary), "\n"),
		"who", who, "what", what, "requested by", view.RequestedBy, "requested", present.Time(&view.RequestedAt, zone),
		"finished", instant(view.FinishedAt, zone), "took", bulkTook(view.BulkSummary), "speed", speed(view.BulkSummary),
		"estimated end", instant(view.EstimatedEnd, zone), "time zone", organisation.TimeZone)
	a.heading("people")
	a.showBulkCounts(view)
	a.showReasons(view)
	a.showAbsences(view)
}

// instant is left out where there is none.
func instant(at *time.Time, zone *time.Location) string {
	if at == nil {
		return ""
	}
	return present.Time(at, zone)
}

func bulkTook(bulk read.BulkSummary) string {
	if bulk.FinishedAt == nil {
		return ""
	}
	return max(bulk.FinishedAt.Sub(bulk.RequestedAt), 0).Round(100 * time.Millisecond).String()
}

func speed(bulk read.BulkSummary) string {
	if bulk.PerMinute == nil {
		return ""
	}
	return fmt.Sprintf("%.0f people a minute", *bulk.PerMinute)
}

func (a *app) showBulkCounts(view read.Bulk) {
	shown := a.newTable("how", ">people")
	for _, number := range words.BulkNumbers(view.Counts) {
		if number.Always || number.People > 0 {
			shown.AppendRow(table.Row{number.Words, number.People})
		}
	}
	shown.Render()
}

// showReasons names the most frequent reasons.
func (a *app) showReasons(view read.Bulk) {
	if len(view.Reasons) == 0 {
		return
	}
	a.heading("reasons")
	for _, reason := range view.Reasons[:min(len(view.Reasons), shownReasons)] {
		why := cmp.Or(reason.Explanation, present.Field(string(reason.Reason)))
		a.print("· %s, %s: %s", present.Count(reason.People, "person", "people"), present.ItemState(present.EndingOf(reason.Outcome, reason.Reason)), why)
	}
	a.print("Who they are: %s", a.typed("bulk people", string(view.ID), "--outcome", read.Unsuccessful))
	if view.State == read.BulkFinished && view.Counts.Processed > good(view.Counts) {
		a.print("To sync them again: %s", a.typed("bulk retry", string(view.ID), "--wait"))
	}
}

// unknownShown is how many unknown people a terminal shows; the report has all.
const unknownShown = 5

// showAbsences shows people on one side only: missing from the lists (R19), and missing here.
func (a *app) showAbsences(view read.Bulk) {
	if view.Absent > 0 {
		a.print("\n%s marked as not in care, because they are on none of the providers' lists.", present.Count(view.Absent, "person was", "people were"))
	}
	if view.AbsentHeld > 0 {
		a.print("\n! %s missing from the providers' lists. Nothing was changed, because too many people are missing, or a list was empty or could not be read (check that its device is activated). If the lists are right, start a bulk run with --accept-absences.",
			present.Count(view.AbsentHeld, "person is", "people are"))
	}
	if view.Unknown == 0 {
		return
	}
	a.heading("unknown people")
	a.print("%s on the providers' lists but not in the organisation. No one was created:", present.Count(view.Unknown, "person is", "people are"))
	var strange []string
	for _, listed := range view.UnknownPeople {
		if listed.MayBe != nil {
			a.showMayBe(listed)
		} else if len(strange) < unknownShown {
			strange = append(strange, listed.CareRecipientID)
		}
	}
	shown := len(strange) + countMayBe(view.UnknownPeople)
	if len(strange) > 0 {
		a.print("  %s", strings.Join(strange, ", "))
	}
	if more := view.Unknown - shown; more > 0 {
		a.print("  and %d more. All of them: %s", more, a.typed("bulk report", string(view.ID)))
	}
}

// showMayBe shows a listed person next to the person of ours that it may be, and how to confirm it (R33).
func (a *app) showMayBe(listed read.UnknownPerson) {
	a.print("  %s", present.MayBe(listed))
	if listed.MayBe.CareRecipientID != listed.CareRecipientID {
		a.print("    %s", a.typed("person change-number", string(listed.MayBe.ID), "--care-recipient-id", listed.CareRecipientID, "--why", `"…"`))
	}
}

func countMayBe(people []read.UnknownPerson) (known int) {
	for _, listed := range people {
		if listed.MayBe != nil {
			known++
		}
	}
	return known
}

func (a *app) bulkPeople() *cobra.Command {
	var asJSON bool
	var after string
	filter := read.ItemFilter{}
	command := a.command("people BULK_ID", "List the people in a bulk run with their outcomes", func(ctx context.Context, args []string) error {
		id, err := bulkID(args[0])
		if err != nil {
			return err
		}
		if err := checkItemFilter(&filter, after); err != nil {
			return err
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			items, more, err := read.From(store).BulkItems(ctx, organisation.ID, id, filter)
			if err != nil {
				return a.bulkError(err, organisation, id)
			}
			if asJSON {
				return a.printJSON(views.Each(items, views.FromBulkItem))
			}
			a.showItems(id, items, more)
			return nil
		})
	})
	command.Flags().StringVar(&filter.Outcome, "outcome", "", "only people with this outcome: "+itemOutcomeHelp)
	command.Flags().StringVar(&after, "after", "", "the last person of the previous page, by CareSync's id")
	command.Flags().IntVar(&filter.Most, "limit", read.DefaultPage, fmt.Sprintf("maximum number of rows, up to %d", read.MostPerPage))
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func checkItemFilter(filter *read.ItemFilter, after string) error {
	if filter.Most < 1 || filter.Most > read.MostPerPage {
		return usageError("--limit is a number from 1 to %d", read.MostPerPage)
	}
	if after != "" {
		id, isID := parseID(after)
		if !isID {
			return usageError("--after is one of CareSync's ids")
		}
		filter.After = id
	}
	switch care.ItemOutcome(filter.Outcome) {
	case "", read.Unfinished, read.Unsuccessful, care.RunSucceeded, care.RunSucceededWithWarnings, care.RunPartial, care.RunFailed, care.RunCancelled, care.ItemSkipped:
		return nil
	}
	return usageError("--outcome is %s", itemOutcomeHelp)
}

func (a *app) showItems(bulk care.ID, items []read.BulkItem, more bool) {
	if len(items) == 0 {
		a.print("There are no such people.")
		return
	}
	shown := a.newTable("person", "name", "outcome", "why", "run")
	shown.SetColumnConfigs([]table.ColumnConfig{{Number: 4, WidthMax: explanationWidth, WidthMaxEnforcer: text.WrapSoft}})
	for _, item := range items {
		run := ""
		if item.RunID != nil {
			run = string(*item.RunID)
		}
		shown.AppendRow(table.Row{
			numberOf(item.Person), present.Name(item.Person.GivenName, item.Person.FamilyName), present.ItemState(present.EndingOf(item.Outcome, item.Reason)) + how(item), why(item), run,
		})
	}
	shown.Render()
	if more {
		a.print("There are more: %s", a.typed("bulk people", string(bulk), "--after", string(items[len(items)-1].Person.ID)))
	}
}

func numberOf(person read.PersonRef) string {
	if person.CareRecipientID != "" {
		return person.CareRecipientID
	}
	return person.NDISNumber
}

func how(item read.BulkItem) string {
	switch {
	case item.Joined:
		return ", already running"
	case item.EscalatedAt != nil:
		return ", retried individually"
	default:
		return ""
	}
}

// why is the explanation, with the government's own words.
func why(item read.BulkItem) string {
	parts := item.Words
	if item.Explanation != "" {
		parts = append([]string{item.Explanation}, parts...)
	}
	return strings.Join(parts, "\n")
}

func (a *app) bulkWatch() *cobra.Command {
	var asJSON bool
	command := a.command("watch BULK_ID", "Show a bulk run's progress until it ends", func(ctx context.Context, args []string) error {
		id, err := bulkID(args[0])
		if err != nil {
			return err
		}
		return a.withBulks(ctx, func(services bulkServices) error { return a.watchBulk(ctx, services, id, asJSON) })
	})
	command.Long = `Show a bulk run's progress until it ends: how many people are done, and what it is waiting for. Ctrl-C stops watching, not the bulk run.

` + exitCodes
	command.Flags().BoolVar(&asJSON, "json", false, "print the bulk run as JSON when it ends")
	return command
}

// watchBulk shows progress until a bulk run has ended, and then its result. Ctrl-C stops watching only.
func (a *app) watchBulk(ctx context.Context, services bulkServices, id care.ID, asJSON bool) error {
	shown := a.newBulkProgress(asJSON, services.organisation.Location())
	for update, err := range services.bulks.Follow(ctx, services.organisation.ID, id) {
		if errors.Is(err, context.Canceled) {
			a.note("Stopped watching; the bulk run continues. Watch it again with: %s", a.typed("bulk watch", string(id)))
			return err
		}
		if err != nil {
			return a.bulkError(err, services.organisation, id)
		}
		shown.show(update)
	}
	view, err := read.From(services.store).Bulk(ctx, services.organisation.ID, id)
	if err != nil {
		return err
	}
	if asJSON {
		err = a.printJSON(views.FromBulk(view))
	} else {
		a.print("")
		a.showBulk(view, services.organisation)
	}
	if err == nil && !complete(view.Outcome) {
		err = &exitError{code: ExitNotComplete}
	}
	return err
}

// bulkProgress shows updates of a bulk run: in place on a terminal, a line for each tenth and each news elsewhere, nothing for programs.
type bulkProgress struct {
	out, terminal io.Writer
	zone          *time.Location
	silent        bool
	// width is the terminal's, 0 where it is none.
	width int
	drawn int
	last  string
}

func (a *app) newBulkProgress(silent bool, zone *time.Location) *bulkProgress {
	return &bulkProgress{out: a.out, terminal: a.terminal, zone: zone, silent: silent, width: a.terminalWidth()}
}

func (p *bulkProgress) show(update bulks.Update) {
	if p.silent {
		return
	}
	lines := []string{bulkBar(update.Bulk) + "  " + bulkNumbers(update.Bulk)}
	if waits := p.waits(update); waits != "" {
		lines = append(lines, "  … "+waits)
	}
	if p.width > 0 {
		p.redraw(lines)
		return
	}
	if news := p.news(update); news != p.last {
		p.last = news
		fmt.Fprintln(p.out, strings.Join(lines, "\n"))
	}
}

// news is what makes a line worth printing where nothing can be redrawn.
func (p *bulkProgress) news(update bulks.Update) string {
	return fmt.Sprint(update.Bulk.State, tenths(update.Bulk.Counts), p.waits(update))
}

func tenths(counts care.BulkCounts) int {
	if counts.Selected == 0 {
		return 0
	}
	return counts.Processed * 10 / counts.Selected
}

func (p *bulkProgress) waits(update bulks.Update) string {
	if update.Finished() {
		return ""
	}
	if update.Bulk.Wait.Known() {
		return words.Wait(update.Bulk.Wait, p.zone)
	}
	if update.Bulk.State == read.BulkQueued {
		return "selecting people"
	}
	return strings.Join(present.SetAside(update.Bulk), "; ")
}

func (p *bulkProgress) redraw(lines []string) {
	if p.drawn > 0 {
		redrawFrom(p.terminal, p.drawn)
	}
	for _, line := range lines {
		fmt.Fprintln(p.out, text.Snip(care.OneLine(line), p.width-1, "…")) // a line that wraps would not be cleared
	}
	p.drawn = len(lines)
}

func bulkBar(bulk read.BulkSummary) string {
	done := 0
	switch {
	case bulk.Counts.Selected > 0:
		done = bulk.Counts.Processed * barWidth / bulk.Counts.Selected
	case bulk.State == read.BulkFinished:
		done = barWidth
	}
	return "[" + strings.Repeat("█", done) + strings.Repeat("·", barWidth-done) + "]"
}

func bulkNumbers(bulk read.BulkSummary) string {
	parts := []string{fmt.Sprintf("%d of %d", bulk.Counts.Processed, bulk.Counts.Selected), fmt.Sprintf("%d succeeded", good(bulk.Counts))}
	for _, one := range []struct {
		people int
		words  string
	}{
		{bulk.Counts.Partial, "partially saved"}, {bulk.Counts.Failed, "failed"}, {bulk.Counts.Cancelled, "cancelled"}, {bulk.Counts.Skipped, "not processed"},
	} {
		if one.people > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.people, one.words))
		}
	}
	if words := speed(bulk); words != "" {
		parts = append(parts, words)
	}
	return strings.Join(parts, ", ")
}
