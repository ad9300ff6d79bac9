package world

import (
	"errors"
	"fmt"
	"time"
)

// change collects what a move or an advance alters, on copies, so that it takes effect as a whole or not at all.
type change struct {
	world    *World
	stamp    stamp
	today    Date
	sequence sequence
	people   map[int]*Person
	pools    map[string][]*Budget
	// participants are copied like people; events are told when the change takes effect.
	participants map[int]*Participant
	events       []Event
	left         []scheduledMove
	skipped      []string
}

// stamp is the updatedAt of everything that one change touches.
type stamp struct{ at time.Time }

// scheduledMove is a scenario's move that waits for its day; NoDate: for the next advance. It is a participant's where there
// is a planMove, a person's otherwise.
type scheduledMove struct {
	on          Date
	person      int
	move        Move
	participant int
	planMove    *PlanMove
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
		people: map[int]*Person{}, pools: map[string][]*Budget{}, participants: map[int]*Participant{}, left: w.scheduled,
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
	for slot, participant := range c.participants {
		w.participants.list[slot] = participant
	}
	for serviceProviderID, budgets := range c.pools {
		w.pools[serviceProviderID] = nil
		for _, budget := range budgets {
			w.addPoolBudget(serviceProviderID, budget)
		}
	}
	w.today, w.sequence, w.scheduled, w.lastStamp = c.today, c.sequence, c.left, c.stamp.at
	w.version++
	if w.onEvents != nil && len(c.events) > 0 {
		w.onEvents(c.events)
	}
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

// participant gives the change's own copy of a participant.
func (c *change) participant(slot int) *Participant {
	participant, copied := c.participants[slot]
	if !copied {
		participant = c.world.participants.list[slot].clone()
		c.participants[slot] = participant
	}
	return participant
}

// currentParticipant gives a participant as the change left them, without copying.
func (c *change) currentParticipant(slot int) *Participant {
	if participant, copied := c.participants[slot]; copied {
		return participant
	}
	return c.world.participants.list[slot]
}

func (c *change) date(expression DateExpression, otherwise Date) (Date, error) {
	if expression == "" {
		return otherwise, nil
	}
	return expression.Resolve(c.today)
}

// Replay brings back a change that happened before a restart. Changes must be replayed in their order, on a world made
// with the same options.
func (w *World) Replay(record Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	listener, told := w.onChange, w.onEvents
	w.onChange, w.onEvents = nil, nil // nobody is told a second time
	defer func() { w.onChange, w.onEvents = listener, told }()
	if record.AdvanceTo != NoDate {
		err := w.advance(record.AdvanceTo, stamp{record.At})
		if skipped := new(SkippedMovesError); errors.As(err, &skipped) {
			return nil // they were dropped the first time as well
		}
		return err
	}
	if record.Participant != "" {
		return w.moveParticipant(record.Participant, record.PlanMove, stamp{record.At})
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
