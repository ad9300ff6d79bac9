package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/words"
)

// progress shows updates of a run.
type progress interface {
	show(update syncs.Update)
	end()
}

// newProgress redraws in place on a terminal and prints a line for each news elsewhere; JSON is for programs, so nothing is shown.
func (a *app) newProgress(silent bool) progress {
	if silent {
		return noProgress{}
	}
	if width := a.terminalWidth(); width > 0 {
		return &screen{out: a.out, terminal: a.terminal, width: width}
	}
	return &lines{out: a.out, seen: map[string]bool{}}
}

// queuedWords say what a run waits for that has only just been requested.
const queuedWords = "waiting for a worker"

type noProgress struct{}

func (noProgress) show(syncs.Update) {}
func (noProgress) end()              {}

// screen redraws the areas in place.
type screen struct {
	out, terminal io.Writer
	width         int
	drawn         int
	run           care.ID
}

func (s *screen) show(update syncs.Update) {
	if s.run != update.Run.ID {
		s.run, s.drawn = update.Run.ID, 0 // another pass is drawn below
	}
	if s.drawn > 0 {
		redrawFrom(s.terminal, s.drawn)
	}
	s.drawn = 0
	for _, area := range update.Run.Areas {
		s.line(areaLine(area, update.Run))
	}
	switch {
	case update.Finished():
	case update.Run.Wait.Known():
		s.waits(update.Run)
	case update.Run.State == read.RunQueued:
		s.line("  " + queuedWords)
	}
}

// waits says what a run waits for, where none of its areas says so.
func (s *screen) waits(run read.RunProgress) {
	for _, area := range run.Areas {
		if area.Retry != nil && area.Retry.Wait.Cause == run.Wait.Cause {
			return
		}
	}
	s.line("  " + words.Wait(run.Wait, time.Local))
}

// line is cut to the terminal's width: a line that wraps would not be cleared.
func (s *screen) line(line string) {
	fmt.Fprintln(s.out, text.Snip(care.OneLine(line), s.width-1, "…"))
	s.drawn++
}

// redrawFrom clears the last lines of a terminal.
func redrawFrom(terminal io.Writer, lines int) { fmt.Fprintf(terminal, "\x1b[%dA\x1b[J", lines) }

func (s *screen) end() {}

// lines prints what is new, once.
type lines struct {
	out  io.Writer
	seen map[string]bool
}

func (l *lines) show(update syncs.Update) {
	for _, area := range update.Run.Areas {
		if area.State == read.AreaDone || update.Run.Waiting != nil {
			l.once(areaLine(area, update.Run), update.Run.ID)
		}
	}
	switch {
	case update.Finished():
	case update.Run.Wait.Known():
		l.once("  … "+words.Wait(update.Run.Wait, time.Local), update.Run.ID)
	case update.Run.State == read.RunQueued:
		l.once("  … "+queuedWords, update.Run.ID)
	}
}

func (l *lines) once(line string, run care.ID) {
	if key := string(run) + line; !l.seen[key] {
		l.seen[key] = true
		fmt.Fprintln(l.out, line)
	}
}

func (l *lines) end() {}

// areaWidth is that of the longest name of an area.
const areaWidth = 16

func areaLine(area read.Area, run read.RunProgress) string {
	return fmt.Sprintf("  %s %s %s", mark(area), text.Pad(present.Area(area.Area), areaWidth, ' '), areaWords(area, run))
}

func mark(area read.Area) string {
	switch {
	case area.State == read.AreaRunning:
		return "…"
	case area.State == read.AreaWaiting:
		return "·"
	case area.Outcome == care.AreaSucceeded:
		return "✓"
	case area.Outcome == care.AreaSuperseded:
		return "≈"
	case area.Outcome == care.AreaSkipped:
		return "-"
	case area.Reason.Harmless():
		return "·"
	default:
		return "✗"
	}
}

// areaWords say where an area stands: what was synced, or why not.
func areaWords(area read.Area, run read.RunProgress) string {
	switch {
	case area.State == read.AreaRunning && run.Waiting != nil && area.Retry == nil:
		return "preview ready, until " + run.Waiting.ExpiresAt.Local().Format("15:04:05")
	case area.State == read.AreaWaiting:
		return "waiting"
	case area.State == read.AreaRunning && area.Retry != nil:
		return words.Wait(area.Retry.Wait, time.Local)
	case area.State == read.AreaRunning && area.BudgetsToRead > 0:
		return fmt.Sprintf("reading, %d of %d budgets", area.BudgetsRead, area.BudgetsToRead)
	case area.State == read.AreaRunning:
		return "reading"
	case area.Outcome == care.AreaSucceeded:
		return words.Saved(run.Kind.CountedKinds(), present.Counts(area.Counts), area.Warnings)
	case area.Outcome == care.AreaSuperseded:
		return "a newer sync has already saved this"
	case area.Reason.Harmless():
		return words.PlanNotStarted
	case area.Reason != "" && string(area.Reason) != string(area.Outcome):
		return fmt.Sprintf("%s (%s)", area.Outcome, present.Field(string(area.Reason)))
	default:
		return string(area.Outcome)
	}
}
