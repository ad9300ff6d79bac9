package world

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// SkippedMovesError reports that the world advanced but that moves of scenarios were skipped because they no longer applied,
// such as the amendment of an invoice line that another move had removed.
type SkippedMovesError struct {
	// Reasons has a sentence for each skipped move.
	Reasons []string
}

func (e *SkippedMovesError) Error() string {
	return "the world advanced, but these moves no longer applied: " + strings.Join(e.Reasons, "; ")
}

// Advance moves the calendar to a date: quarters turn on the way, budgets close, and the moves of scenarios that are due
// happen. Advancing to today lets only due moves happen. It fails, and changes nothing, for a date in the past; after a
// SkippedMovesError the world did move.
func (w *World) Advance(to Date) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.advance(to, w.nextStamp())
}

// NextQuarter advances to the first day of the next quarter.
func (w *World) NextQuarter() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.advance(w.today.Quarter().End+1, w.nextStamp())
}

func (w *World) advance(to Date, at stamp) error {
	if to < w.today {
		return fmt.Errorf("the world cannot go back from %s to %s", w.today, to)
	}
	c := w.begin(at)
	due := c.takeDue(to)
	for start := w.today.Quarter().End + 1; start <= to; start = start.Quarter().End + 1 {
		early := slices.IndexFunc(due, func(s scheduledMove) bool { return s.on >= start })
		if early < 0 {
			early = len(due)
		}
		c.runScheduled(due[:early])
		due = due[early:]
		c.today = start
		c.turnQuarter(start.Quarter())
	}
	c.runScheduled(due)
	c.today = to
	c.closeBudgets()
	if err := w.commit(c, Change{At: at.at, AdvanceTo: to}); err != nil {
		return err
	}
	if len(c.skipped) > 0 {
		return &SkippedMovesError{c.skipped}
	}
	return nil
}

// takeDue takes the scheduled moves up to a date, in the order of their days; those without a day happen on the last.
func (c *change) takeDue(to Date) []scheduledMove {
	var due, left []scheduledMove
	for _, scheduled := range c.world.scheduled {
		if scheduled.on == NoDate {
			scheduled.on = to
		}
		if scheduled.on <= to {
			due = append(due, scheduled)
		} else {
			left = append(left, scheduled)
		}
	}
	slices.SortStableFunc(due, func(a, b scheduledMove) int { return int(a.on - b.on) })
	c.scheduled = left
	return due
}

func (c *change) runScheduled(due []scheduledMove) {
	for _, scheduled := range due {
		c.today = max(c.today, scheduled.on)
		if err := scheduled.run(c); err != nil {
			c.skipped = append(c.skipped, fmt.Sprintf("%s: %v", scheduled.of, err))
		}
	}
}

// turnQuarter ends the ongoing budgets of the quarter before, carries over what may be carried, and begins new ones.
func (c *change) turnQuarter(quarter Period) {
	for slot := range c.world.people.list {
		current := c.people.current(slot)
		if current.NotUpstream {
			continue
		}
		part, funded := ongoingPart(current, quarter)
		if !funded || holdsOngoing(current, part.Start) {
			continue
		}
		person := c.people.own(slot)
		carried := decimal.Zero
		if previous := lastOngoing(person, part.Start); previous != nil {
			carried = carryOver(previous)
			previous.UpdatedAt = c.at()
		}
		budget := newBudget(&c.sequence, person, Ongoing, part)
		budget.Entitlements = ongoingEntitlements(person, part)
		if carried.IsPositive() {
			budget.Entitlements = append(budget.Entitlements, Entitlement{rollover, carried})
		}
		budget.UpdatedAt = c.at()
		person.Budgets = append(person.Budgets, budget)
	}
}

// closeBudgets closes what ended long enough ago.
func (c *change) closeBudgets() {
	for slot := range c.world.people.list {
		for i := range c.people.current(slot).Budgets {
			if probe := c.people.current(slot).Budgets[i]; closeIfDue(&probe, c.today) {
				probe.UpdatedAt = c.at()
				c.people.own(slot).Budgets[i] = probe
			}
		}
	}
}
