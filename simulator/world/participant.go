package world

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Participant is one NDIS participant: what the NDIA knows, and what the providers' own records say.
// A Participant is a snapshot: a move makes a new one.
type Participant struct {
	// Key names the participant to tests and to the control API: the scenario's key, or participant-00001 and so on.
	Key string `yaml:"key"`
	// About is what is special about a scenario's participant, in a sentence.
	About      string `yaml:"about"`
	NDISNumber string `yaml:"ndis_number"`
	// NotUpstream participants exist only in the providers' records: the NDIA does not know their number.
	NotUpstream bool     `yaml:"not_upstream"`
	Upstream    Identity `yaml:"upstream"`
	// Held and HeldNDISNumber are the providers' own records; HeldBy are the RA numbers of those that hold the participant.
	Held           Identity `yaml:"-"`
	HeldNDISNumber string   `yaml:"-"`
	HeldBy         []string `yaml:"-"`
	// NotPACE participants still have a plan of the earlier system.
	NotPACE bool `yaml:"not_pace"`
	// FirstStart never changes; a plan's own start moves at each reassessment.
	FirstStart   Date          `yaml:"plan_first_start"`
	Endorsements []Endorsement `yaml:"endorsements"`
	// Plans are in the order of their start.
	Plans   []PACEPlan `yaml:"-"`
	Written Written    `yaml:"written"`
}

// The roles that a participant can give to an organisation, as the wire writes them.
const (
	PlanManager        = "Plan Manager"
	MyProvider         = "My Provider"
	RecoveryCoach      = "Recovery Coach"
	SupportCoordinator = "Support Coordinator"
)

// neededRoles are the endorsements that must both be active for the NDIA to answer an organisation.
var neededRoles = []string{PlanManager, MyProvider}

// Endorsement is a role that the participant gave to an organisation for a time, both days included.
type Endorsement struct {
	RANumber string `yaml:"organisation"`
	Role     string `yaml:"role"`
	Start    Date   `yaml:"start"`
	End      Date   `yaml:"end"`
}

// Period returns the time for which the endorsement holds.
func (e Endorsement) Period() Period { return Period{e.Start, e.End} }

// PACEPlan is a participant's plan from one reassessment to the next.
type PACEPlan struct {
	Start Date `yaml:"start"`
	End   Date `yaml:"end"`
	// Management is that of the categories without funding.
	Management string `yaml:"management"`
	// AnswersBudget makes the budget call return this plan where several cover a day.
	AnswersBudget bool `yaml:"answers_budget"`
	// AnswersEarly makes the budget call return this plan although it has not started.
	AnswersEarly bool `yaml:"-"`
	// Tree are the dates of the budget tree; zero: those of the plan.
	Tree Period `yaml:"-"`
	// Budgets are the funded ones; the other categories are listed with 0.00, except for those in Unlisted.
	Budgets  []PlanBudget `yaml:"-"`
	Unlisted []int        `yaml:"-"`
}

// Period returns the time that the plan covers.
func (p *PACEPlan) Period() Period { return Period{p.Start, p.End} }

// TreePeriod returns the dates of the budget tree.
func (p *PACEPlan) TreePeriod() Period {
	if p.Tree == (Period{}) {
		return p.Period()
	}
	return p.Tree
}

// PlanBudget is a plan's money for a support category, under one budget type and management. Amounts are in dollars.
type PlanBudget struct {
	// Category is the category's number, 0 for an unknown one; Name is its name on the wire.
	Category int    `yaml:"-"`
	Name     string `yaml:"called"`
	// Type is Flexible or Stated; Management is Plan-managed, Self-managed or Agency-managed.
	Type        string          `yaml:"type"`
	Management  string          `yaml:"management"`
	SupportType string          `yaml:"support_type"`
	Component   string          `yaml:"component"`
	Start       Date            `yaml:"start"`
	End         Date            `yaml:"end"`
	Approved    decimal.Decimal `yaml:"approved"`
	Spent       decimal.Decimal `yaml:"spent"`
	// ReleasedAs and RemainingAs take the place of what would follow from periods and spending, so that amounts do not add up.
	ReleasedAs  decimal.NullDecimal `yaml:"released"`
	RemainingAs decimal.NullDecimal `yaml:"remaining"`
	Periods     []FundingPeriod     `yaml:"-"`
	Items       []StatedItem        `yaml:"items"`
	// Absent are the fields that the wire leaves out; FieldNames lists them.
	Absent []string `yaml:"absent"`
}

// Lacks reports whether the wire leaves a field of the budget out.
func (b *PlanBudget) Lacks(field string) bool { return slices.Contains(b.Absent, field) }

// Released is what is available so far: the funding periods that have started, or all without periods.
func (b *PlanBudget) Released(today Date) decimal.Decimal {
	if b.ReleasedAs.Valid {
		return b.ReleasedAs.Decimal
	}
	if len(b.Periods) == 0 {
		return b.Approved
	}
	released := decimal.Zero
	for _, period := range b.Periods {
		if period.Start <= today {
			released = released.Add(period.Amount)
		}
	}
	return released
}

// Remaining is what is released and not spent.
func (b *PlanBudget) Remaining(today Date) decimal.Decimal {
	if b.RemainingAs.Valid {
		return b.RemainingAs.Decimal
	}
	return b.Released(today).Sub(b.Spent)
}

// FundingPeriod is a part of a budget that is released on its first day.
type FundingPeriod struct {
	ID         string
	Start, End Date
	Amount     decimal.Decimal
}

// StatedItem is a support item that the plan names.
type StatedItem struct {
	Number   string          `yaml:"number"`
	Text     string          `yaml:"text"`
	Approved decimal.Decimal `yaml:"approved"`
}

// Written is how a participant's data are written where real data vary; empty values are chosen by the NDIS number.
type Written struct {
	// Amounts are written as "number" or "text".
	Amounts string `yaml:"amounts"`
	// NoDate is how an absent date is written: "null", "empty", "zero" (0000-00-00), "first" (0001-01-01) or "absent".
	NoDate string `yaml:"no_date"`
	// Errors are "strings", "objects", "text" (a plain body) or "unsuccessful" (status 200, success false).
	Errors string `yaml:"errors"`
	// Totals are those of support types and of the whole plan: "none" leaves them out.
	Totals string `yaml:"totals"`
	// TotalsDifferBy is added to the spent amounts of support types, which then do not add up with their categories.
	TotalsDifferBy decimal.Decimal `yaml:"totals_differ_by"`
}

// Authority is what an organisation may see of a participant.
type Authority int

// The authorities. Without any endorsement the participant is as good as unknown to the organisation.
const (
	NoEndorsement Authority = iota
	EndorsementIncomplete
	Endorsed
)

// AuthorityOf returns what an organisation may see on a day: both endorsements must be active.
func (p *Participant) AuthorityOf(raNumber string, today Date) Authority {
	authority, active := NoEndorsement, map[string]bool{}
	for _, given := range p.Endorsements {
		if given.RANumber == raNumber {
			authority = EndorsementIncomplete
			active[given.Role] = active[given.Role] || given.Period().Holds(today)
		}
	}
	if !slices.ContainsFunc(neededRoles, func(role string) bool { return !active[role] }) {
		return Endorsed
	}
	return authority
}

// endorsed lists the organisations that hold any role on a day.
func (p *Participant) endorsed(today Date) []string {
	var numbers []string
	for _, given := range p.Endorsements {
		if given.Period().Holds(today) && !slices.Contains(numbers, given.RANumber) {
			numbers = append(numbers, given.RANumber)
		}
	}
	return numbers
}

// AnsweringPlan returns the plan that the budget call answers with: the next one where the tree has switched early, else the current one.
func (p *Participant) AnsweringPlan(today Date) (*PACEPlan, bool) {
	for i := range p.Plans {
		if plan := &p.Plans[i]; plan.AnswersEarly && plan.Start > today {
			return plan, true
		}
	}
	return p.CurrentPlan(today)
}

// CurrentPlan returns the plan that covers the day, of several the one that is marked to answer the budget call, else the latest.
func (p *Participant) CurrentPlan(today Date) (*PACEPlan, bool) {
	var current *PACEPlan
	for i := range p.Plans {
		plan := &p.Plans[i]
		if plan.Period().Holds(today) && (current == nil || !current.AnswersBudget) {
			current = plan
		}
	}
	return current, current != nil
}

// ListedPlans returns the plans that the list of plans holds, at most two: those that cover the day first, then the next one,
// then the one that ended last.
func (p *Participant) ListedPlans(today Date) []*PACEPlan {
	var current, next, ended []*PACEPlan
	for i := range p.Plans {
		plan := &p.Plans[i]
		switch {
		case plan.Start > today:
			next = append(next, plan)
		case plan.Period().Holds(today):
			current = append(current, plan)
		default:
			ended = append([]*PACEPlan{plan}, ended...)
		}
	}
	listed := slices.Concat(current, next[:min(1, len(next))], ended)
	return listed[:min(2, len(listed))]
}

// EndedPlans returns the plans that ended before today and covered a date.
func (p *Participant) EndedPlans(covered, today Date) []*PACEPlan {
	var ended []*PACEPlan
	for i := range p.Plans {
		if plan := &p.Plans[i]; plan.Period().Holds(covered) && plan.End < today {
			ended = append(ended, plan)
		}
	}
	return ended
}

func (p *Participant) key() string { return p.Key }

func (p *Participant) number() string {
	if p.NotUpstream {
		return ""
	}
	return p.NDISNumber
}

func (p *Participant) clone() *Participant {
	copied := *p
	copied.HeldBy = slices.Clone(p.HeldBy)
	copied.Endorsements = slices.Clone(p.Endorsements)
	copied.Plans = slices.Clone(p.Plans)
	for i := range copied.Plans {
		plan := &copied.Plans[i]
		plan.Unlisted = slices.Clone(plan.Unlisted)
		plan.Budgets = slices.Clone(plan.Budgets)
		for n := range plan.Budgets {
			plan.Budgets[n].Periods = slices.Clone(plan.Budgets[n].Periods)
		}
	}
	return &copied
}

// Participants returns all NDIS participants, those of the scenarios first, in the order in which they were made.
func (w *World) Participants() []*Participant {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.participants.list)
}

// FindParticipant returns a participant by key or NDIS number.
func (w *World) FindParticipant(name string) (*Participant, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.participants.find(name)
}

// ByNDISNumber returns the participant with an NDIS number, and the day of the request.
func (w *World) ByNDISNumber(number string) (participant *Participant, today Date, found bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	participant, found = w.participants.withNumber(number)
	return participant, w.today, found
}
