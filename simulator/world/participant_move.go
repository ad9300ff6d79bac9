package world

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"
)

// PlanMoveName is what happens to an NDIS participant.
type PlanMoveName string

// The moves of participants. Which fields of a PlanMove each of them reads stands beside it; every field has a sensible
// default. Moves of money look at the plan that covers today, else at the one that ended last.
const (
	// Spend draws on a budget, Refund returns money, also below zero. Amount, Category, Type, Management.
	Spend  PlanMoveName = "spend"
	Refund PlanMoveName = "refund"
	// ClearSpent sets what was spent to zero: of the budget that is named, or of all. Category, Type, Management.
	ClearSpent PlanMoveName = "clear-spent"
	// Reassess ends the plan on the day before and begins another with new allocations, nothing of them spent. Date, End or
	// Months, Percentage of the earlier amounts, Category with Amount.
	Reassess PlanMoveName = "reassess"
	// SwitchTree makes the budget call return the next plan's tree before that plan begins; today's plan stays in the list of plans.
	SwitchTree PlanMoveName = "switch-tree"
	// Extend and Shorten move the plan's end, and that of the budgets that end with it. End or Months.
	Extend  PlanMoveName = "extend"
	Shorten PlanMoveName = "shorten"
	// Vary changes the amount of a category, or funds a further one. Category, Amount, Type, Management.
	Vary PlanMoveName = "vary"
	// RemoveCategory takes a category out of the tree altogether. Category.
	RemoveCategory PlanMoveName = "remove-category"
	// Endorse endorses an organisation, LoseEndorsement ends its endorsements as of yesterday. Organisation, Role (both), Date, End.
	Endorse         PlanMoveName = "endorse"
	LoseEndorsement PlanMoveName = "lose-endorsement"
	// ChangeParticipant: the NDIA knows another name or birth date; CorrectParticipant: it agrees with what the providers hold.
	ChangeParticipant  PlanMoveName = "change-identity"
	CorrectParticipant PlanMoveName = "correct-identity"
)

// PlanMove is something that happens to one participant.
type PlanMove struct {
	Name PlanMoveName `yaml:"move" json:"move"`
	// On is when a scenario's move happens; without it, at the next advance. Not used elsewhere.
	On DateExpression `yaml:"on" json:"on,omitzero"`
	// Silent moves emit no notification.
	Silent bool `yaml:"silent" json:"silent,omitzero"`

	Date   DateExpression `yaml:"date" json:"date,omitzero"`
	End    DateExpression `yaml:"end" json:"end,omitzero"`
	Months int            `yaml:"months" json:"months,omitzero"`
	// Amount is in dollars, positive for what is spent or given back.
	Amount decimal.Decimal `yaml:"amount" json:"amount,omitzero"`
	// Percentage of the earlier amounts.
	Percentage decimal.Decimal `yaml:"percentage" json:"percentage,omitzero"`
	// Category is a name or a number; Type and Management choose where a category stands more than once.
	Category   string `yaml:"category" json:"category,omitzero"`
	Type       string `yaml:"type" json:"type,omitzero"`
	Management string `yaml:"management" json:"management,omitzero"`
	// Organisation is an RA number, or the key or id of one of its providers.
	Organisation string         `yaml:"organisation" json:"organisation,omitzero"`
	Role         string         `yaml:"role" json:"role,omitzero"`
	GivenName    string         `yaml:"given_name" json:"givenName,omitzero"`
	FamilyName   string         `yaml:"family_name" json:"familyName,omitzero"`
	BirthDate    DateExpression `yaml:"birth_date" json:"birthDate,omitzero"`

	moveDates
}

// The events that the NDIA notifies organisations of.
const (
	PlanApproved        = "PLAN_APPROVED"
	BudgetUpdated       = "BUDGET_UPDATED"
	PlanEndUpdated      = "PLAN_END_DT_UPDATED"
	RelationshipCreated = "RLTN_CREATED"
	RelationshipEnded   = "RLTN_END_DATE_UPDATE"
)

// EventIDs are the events that an organisation can subscribe to.
var EventIDs = []string{PlanApproved, BudgetUpdated, PlanEndUpdated, RelationshipCreated, RelationshipEnded}

// Event is what organisations are notified of: that something about a participant has changed, without amounts.
type Event struct {
	ID string
	// Key and NDISNumber name the participant.
	Key, NDISNumber string
	// Organisations are the RA numbers of the organisations that are notified.
	Organisations []string
	// Endorsement is what an event about a relationship is about.
	Endorsement Endorsement
}

// planMoveFunc carries a move out on a participant who is the change's own copy.
type planMoveFunc func(c *change, p *Participant, m PlanMove) error

var planMoves = map[PlanMoveName]planMoveFunc{
	Spend:              spend,
	Refund:             refund,
	ClearSpent:         clearSpent,
	Reassess:           reassess,
	SwitchTree:         switchTree,
	Extend:             extend,
	Shorten:            shorten,
	Vary:               vary,
	RemoveCategory:     removeCategory,
	LoseEndorsement:    loseEndorsement,
	Endorse:            endorse,
	ChangeParticipant:  changeParticipant,
	CorrectParticipant: func(_ *change, p *Participant, _ PlanMove) error { p.Upstream = p.Held; return nil },
}

// PlanMoveNames lists every move of participants, in alphabetical order.
func PlanMoveNames() []PlanMoveName { return slices.Sorted(maps.Keys(planMoves)) }

// MoveParticipant carries out a move on a participant, named by key or NDIS number. The error is ErrNoSuchPerson, or names
// which field of the move does not fit.
func (w *World) MoveParticipant(participant string, move PlanMove) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moveParticipant(participant, move, w.nextStamp())
}

func (w *World) moveParticipant(name string, move PlanMove, at stamp) error {
	slot, found := w.participants.slot(name)
	if !found {
		return fmt.Errorf("%w: use a key or an NDIS number", ErrNoSuchPerson)
	}
	c := w.begin(at)
	if err := c.moveParticipant(slot, move); err != nil {
		return err
	}
	return w.commit(c, Change{At: at.at, Participant: w.participants.list[slot].Key, PlanMove: move})
}

func (c *change) moveParticipant(slot int, move PlanMove) error {
	if err := checkMove(planMoves, move.Name); err != nil {
		return err
	}
	participant := c.participants.own(slot)
	if participant.NotUpstream {
		return fmt.Errorf("move %s: the NDIA does not know the participant", move.Name)
	}
	dates, err := c.resolve(move.Date, move.End, move.BirthDate)
	if err != nil {
		return fmt.Errorf("move %s: %w", move.Name, err)
	}
	move.moveDates = dates
	before := len(c.events)
	if err := planMoves[move.Name](c, participant, move); err != nil {
		c.events = c.events[:before]
		return fmt.Errorf("move %s: %w", move.Name, err)
	}
	if move.Silent {
		c.events = c.events[:before]
	}
	return nil
}

// report records an event for every organisation that the participant endorsed.
func (c *change) report(p *Participant, event string) {
	c.events = append(c.events, Event{ID: event, Key: p.Key, NDISNumber: p.NDISNumber, Organisations: p.endorsed(c.today)})
}

func changeParticipant(_ *change, p *Participant, m PlanMove) error {
	p.Upstream = Identity{GivenName: m.GivenName, FamilyName: m.FamilyName, BirthDate: m.birthDate}.or(p.Upstream)
	return nil
}

func (c *change) reportRelationship(p *Participant, event string, about Endorsement) {
	c.events = append(c.events, Event{
		ID: event, Key: p.Key, NDISNumber: p.NDISNumber, Organisations: []string{about.RANumber}, Endorsement: about,
	})
}

// loseEndorsement ends the endorsements that fit, in the roles that the organisation holds.
func loseEndorsement(c *change, p *Participant, m PlanMove) error {
	organisation, err := c.holderOf(p, m.Organisation)
	if err != nil {
		return err
	}
	yesterday, lost := c.today-1, false
	for i := range p.Endorsements {
		given := &p.Endorsements[i]
		fits := given.RANumber == organisation && (m.Role == "" || given.Role == m.Role)
		if !fits || (given.End != NoDate && given.End <= yesterday) {
			continue
		}
		given.End, lost = yesterday, true
		c.reportRelationship(p, RelationshipEnded, *given)
	}
	if !lost {
		return errors.New("no active endorsement fits (organisation and role as given)")
	}
	return nil
}

func endorse(c *change, p *Participant, m PlanMove) error {
	organisation, err := c.holderOf(p, m.Organisation)
	if err != nil {
		return err
	}
	roles := neededRoles
	if m.Role != "" {
		roles = []string{m.Role}
	}
	for _, role := range roles {
		given := Endorsement{RANumber: organisation, Role: role, Start: cmp.Or(m.date, c.today), End: m.end}
		p.Endorsements = append(p.Endorsements, given)
		c.reportRelationship(p, RelationshipCreated, given)
	}
	return nil
}

// holderOf returns the organisation that is named, else the first that holds the participant.
func (c *change) holderOf(p *Participant, name string) (string, error) {
	if name == "" && len(p.HeldBy) > 0 {
		return p.HeldBy[0], nil
	}
	return c.world.organisation(name)
}
