package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// change collects what a move or an advance alters, on copies, so that it takes effect as a whole or not at all.
type change struct {
	world    *World
	stamp    stamp
	today    Date
	sequence sequence
	people   map[int]*Person
	pools    map[string][]*Budget
	left     []scheduledMove
}

// stamp is the updatedAt of everything that one change touches.
type stamp struct{ at time.Time }

// scheduledMove is a scenario's move that waits for its day; NoDate: for the next advance.
type scheduledMove struct {
	on     Date
	person int
	move   Move
}

// nextStamp is now, but always later than the stamp before.
func (w *World) nextStamp() stamp {
	now := w.now().UTC().Truncate(time.Millisecond)
	if !now.After(w.lastStamp) {
		now = w.lastStamp.Add(time.Millisecond)
	}
	return stamp{now}
}

func (w *World) begin(at stamp) *change {
	return &change{
		world: w, stamp: at, today: w.today, sequence: w.sequence,
		people: map[int]*Person{}, pools: map[string][]*Budget{}, left: w.scheduled,
	}
}

// commit tells the listener and then lets the change take effect.
func (w *World) commit(c *change, record Change) error {
	if w.onChange != nil {
		if err := w.onChange(record); err != nil {
			return fmt.Errorf("the change was not recorded and did not happen: %w", err)
		}
	}
	for slot, person := range c.people {
		w.people[slot] = person
		w.indexBudgets(slot)
	}
	for serviceProviderID, budgets := range c.pools {
		w.pools[serviceProviderID] = nil
		for _, budget := range budgets {
			w.addPoolBudget(serviceProviderID, budget)
		}
	}
	w.today, w.sequence, w.scheduled, w.lastStamp = c.today, c.sequence, c.left, c.stamp.at
	w.version++
	return nil
}

func (c *change) at() time.Time { return c.stamp.at }

// person gives the change's own copy of a person.
func (c *change) person(slot int) *Person {
	person, copied := c.people[slot]
	if !copied {
		person = c.world.people[slot].clone()
		c.people[slot] = person
	}
	return person
}

// current gives a person as the change left them, without copying.
func (c *change) current(slot int) *Person {
	if person, copied := c.people[slot]; copied {
		return person
	}
	return c.world.people[slot]
}

func (c *change) date(expression DateExpression, otherwise Date) (Date, error) {
	if expression == "" {
		return otherwise, nil
	}
	return expression.Resolve(c.today)
}

// Advance moves the calendar to a date: quarters turn on the way, budgets close, and the moves of scenarios that are due
// happen. Advancing to today lets only due moves happen. It fails for a date in the past.
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
		if err := c.runScheduled(due[:early]); err != nil {
			return err
		}
		due = due[early:]
		c.today = start
		c.turnQuarter(start.Quarter())
	}
	if err := c.runScheduled(due); err != nil {
		return err
	}
	c.today = to
	c.closeBudgets()
	return w.commit(c, Change{At: at.at, AdvanceTo: to})
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

func (c *change) runScheduled(due []scheduledMove) error {
	for _, scheduled := range due {
		c.today = max(c.today, scheduled.on)
		if _, err := c.move(scheduled.person, scheduled.move); err != nil {
			return fmt.Errorf("scenario person %q: %w", c.world.people[scheduled.person].Key, err)
		}
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

// Replay brings back a change that happened before a restart. Changes must be replayed in their order, on a world made
// with the same options.
func (w *World) Replay(record Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	listener := w.onChange
	w.onChange = nil
	defer func() { w.onChange = listener }()
	if record.AdvanceTo != NoDate {
		return w.advance(record.AdvanceTo, stamp{record.At})
	}
	_, err := w.move(record.Person, record.Move, stamp{record.At})
	return err
}

// schedule keeps the moves of a scenario's person for the day on which they are due.
func (w *World) schedule(spec *scenarioPerson) error {
	slot := w.byKey[spec.Key]
	for _, move := range spec.Moves {
		if _, known := moves[move.Name]; !known {
			return fmt.Errorf("there is no move %q; the moves are %v", move.Name, MoveNames())
		}
		on, err := move.On.Resolve(w.origin)
		if err != nil {
			return err
		}
		w.scheduled = append(w.scheduled, scheduledMove{on: on, person: slot, move: move})
	}
	return nil
}
