package world

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// SkippedMovesError says that the world moved on, but that moves of scenarios were dropped since they no longer fitted,
// such as the amendment of an invoice line that another move had removed.
type SkippedMovesError struct {
	// Reasons hold a sentence for each dropped move.
	Reasons []string
}

func (e *SkippedMovesError) Error() string {
	return "the world moved on, but these moves did not fit and were dropped: " + strings.Join(e.Reasons, "; ")
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
	c.left = left
	return due
}

func (c *change) runScheduled(due []scheduledMove) {
	for _, scheduled := range due {
		c.today = max(c.today, scheduled.on)
		if scheduled.planMove != nil {
			if err := c.tryPlanMove(scheduled.participant, *scheduled.planMove); err != nil {
				c.skipped = append(c.skipped, fmt.Sprintf("participant %q: %v", c.world.participants.list[scheduled.participant].Key, err))
			}
			continue
		}
		if err := c.tryMove(scheduled.person, scheduled.move); err != nil {
			c.skipped = append(c.skipped, fmt.Sprintf("person %q: %v", c.world.people[scheduled.person].Key, err))
		}
	}
}

// tryMove carries a move out, or leaves the change as it was.
func (c *change) tryMove(slot int, move Move) error {
	before, ids := c.current(slot), c.sequence
	c.people[slot] = before.clone()
	if _, err := c.move(slot, move); err != nil {
		c.people[slot], c.sequence = before, ids
		return err
	}
	return nil
}

// turnQuarter ends the ongoing budgets of the quarter before, carries over what may be carried, and begins new ones.
func (c *change) turnQuarter(quarter Period) {
	for slot := range c.world.people {
		current := c.current(slot)
		if current.NotUpstream {
			continue
		}
		part, funded := ongoingPart(current, quarter)
		if !funded || holdsOngoing(current, part.Start) {
			continue
		}
		person := c.person(slot)
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
	c.turnPools(quarter)
}

func (c *change) turnPools(quarter Period) {
	people := make([]*Person, len(c.world.people))
	for slot := range people {
		people[slot] = c.current(slot)
	}
	for _, organisation := range c.world.organisations {
		for _, provider := range organisation.ServiceProviders {
			if budget, any := newPoolBudget(&c.sequence, people, provider.ID, quarter); any {
				budget.UpdatedAt = c.at()
				c.setPool(provider.ID, append(slices.Clone(c.pool(provider.ID)), &budget))
			}
		}
	}
}

func (c *change) pool(serviceProviderID string) []*Budget {
	if budgets, changed := c.pools[serviceProviderID]; changed {
		return budgets
	}
	return c.world.pools[serviceProviderID]
}

func (c *change) setPool(serviceProviderID string, budgets []*Budget) {
	c.pools[serviceProviderID] = budgets
}

// closeBudgets closes what ended long enough ago.
func (c *change) closeBudgets() {
	for slot := range c.world.people {
		for i := range c.current(slot).Budgets {
			if probe := c.current(slot).Budgets[i]; closeIfDue(&probe, c.today) {
				probe.UpdatedAt = c.at()
				c.person(slot).Budgets[i] = probe
			}
		}
	}
	for _, organisation := range c.world.organisations {
		for _, provider := range organisation.ServiceProviders {
			c.closePool(provider.ID)
		}
	}
}

func (c *change) closePool(serviceProviderID string) {
	budgets := slices.Clone(c.pool(serviceProviderID))
	changed := false
	for i, budget := range budgets {
		if probe := *budget; closeIfDue(&probe, c.today) {
			probe.UpdatedAt = c.at()
			budgets[i], changed = &probe, true
		}
	}
	if changed {
		c.setPool(serviceProviderID, budgets)
	}
}
