package world

import (
	"errors"
	"fmt"
	"time"
)

// change collects what a move or an advance alters, on copies, so that it takes effect as a whole or not at all.
type change struct {
	world        *World
	stamp        stamp
	today        Date
	sequence     sequence
	people       draft[*Person]
	participants draft[*Participant]
	// events are reported when the change takes effect.
	events    []Event
	scheduled []scheduledMove
	skipped   []string
}

// stamp is the updatedAt of everything that one change touches.
type stamp struct{ at time.Time }

// scheduledMove is a scenario's move that waits for its day; NoDate: for the next advance.
type scheduledMove struct {
	on Date
	// of names the subject of the move.
	of  string
	run func(c *change) error
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
		people: w.people.draft(), participants: w.participants.draft(), scheduled: w.scheduled,
	}
}

// commit calls the listener and then applies the change.
func (w *World) commit(c *change, record Change) error {
	if w.onChange != nil {
		if err := w.onChange(record); err != nil {
			return fmt.Errorf("record the change: %w", err)
		}
	}
	c.people.apply()
	c.participants.apply()
	for slot := range c.people.copies {
		w.indexBudgets(slot)
	}
	w.today, w.sequence, w.scheduled, w.lastStamp = c.today, c.sequence, c.scheduled, c.stamp.at
	w.version++
	if w.onEvents != nil && len(c.events) > 0 {
		w.onEvents(c.events)
	}
	return nil
}

func (c *change) at() time.Time { return c.stamp.at }

// moveDates are the dates of a move, as its expressions read on the day on which it happens; NoDate for those left out.
type moveDates struct{ date, end, birthDate Date }

func (c *change) resolve(date, end, birthDate DateExpression) (resolved moveDates, err error) {
	for _, one := range []struct {
		expression DateExpression
		into       *Date
	}{{date, &resolved.date}, {end, &resolved.end}, {birthDate, &resolved.birthDate}} {
		if *one.into, err = one.expression.Resolve(c.today); err != nil {
			return moveDates{}, err
		}
	}
	return resolved, nil
}

// Replay repeats a change from before a restart. Changes must be replayed in their order, on a world made
// with the same options.
func (w *World) Replay(record Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	listener, told := w.onChange, w.onEvents
	w.onChange, w.onEvents = nil, nil // no one is notified a second time
	defer func() { w.onChange, w.onEvents = listener, told }()
	if record.AdvanceTo != NoDate {
		err := w.advance(record.AdvanceTo, stamp{record.At})
		if skipped := new(SkippedMovesError); errors.As(err, &skipped) {
			return nil // they were skipped the first time as well
		}
		return err
	}
	if record.Participant != "" {
		return w.moveParticipant(record.Participant, record.PlanMove, stamp{record.At})
	}
	_, err := w.move(record.Person, record.Move, stamp{record.At})
	return err
}

// schedule keeps a scenario's move for the day on which it is due.
func (w *World) schedule(on DateExpression, of string, run func(c *change) error) error {
	day, err := on.Resolve(w.origin)
	if err != nil {
		return err
	}
	w.scheduled = append(w.scheduled, scheduledMove{on: day, of: of, run: run})
	return nil
}
