package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// contractView is a service contract's page.
type contractView struct {
	contract    read.Contract
	participant read.Participant
	history     historyView
	today       care.Date
	zone        *time.Location
}

// contract shows a service contract of the person in the address (R11).
func (c console) contract(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	id, err := pathID(r, "contract")
	if err != nil {
		return err
	}
	before, err := beforeOf(r.URL.Query())
	if err != nil {
		return err
	}
	now := c.store.Now()
	view := contractView{zone: v.zone, today: v.Organisation.Today(now)}
	if view.contract, err = read.From(c.store).Contract(r.Context(), v.Organisation, id, now); err != nil {
		return err
	}
	if view.contract.PersonID != person {
		return db.ErrNotFound
	}
	if view.participant, err = read.From(c.store).Participant(r.Context(), v.Organisation, person, now); err != nil {
		return err
	}
	changes, more, err := read.From(c.store).ContractHistory(r.Context(), v.Organisation.ID, id, before, read.DefaultPage)
	if err != nil {
		return err
	}
	view.history = historyOf(contractCauses(changes), contractPath(person, id), before, more, v.zone)
	page := personFrame(view.contract.Person)
	page.Title = contractTitle(view.contract.ContractHeader)
	return c.render(w, r, http.StatusOK, contractPage(c.frame(r, page), view))
}

func contractTitle(contract read.ContractHeader) string {
	return "Service contract, " + present.Period(contract.StartDate, contract.EndDate)
}

// refreshes is the plan that "Refresh" reads: the one that covers today where the contract is current, else the contract's own (R23).
func (v contractView) refreshes() string {
	if v.contract.Current {
		return ""
	}
	return v.contract.PlanStartDate.String()
}

// others are the person's further contracts.
func (v contractView) others() []read.ContractHeader {
	return slices.DeleteFunc(slices.Clone(v.participant.Contracts), func(one read.ContractHeader) bool { return one.ID == v.contract.ID })
}

// successor is the contract that followed this one; nil if none has.
func (v contractView) successor() *read.ContractHeader {
	if v.contract.SupersededBy == nil {
		return nil
	}
	for i, one := range v.participant.Contracts {
		if one.ID == *v.contract.SupersededBy {
			return &v.participant.Contracts[i]
		}
	}
	return nil
}

// supportGroup are the budgets of one support type.
type supportGroup struct {
	title   string
	budgets []read.PlanBudget
}

// groups are the budgets with money by support type, in the order in which the NDIA names them.
func (v contractView) groups() []supportGroup {
	var groups []supportGroup
	for _, budget := range v.contract.Budgets {
		if budget.NoLongerInPACE || !fundedBudget(budget) {
			continue
		}
		title := cmp.Or(budget.SupportType, "Other supports")
		at := slices.IndexFunc(groups, func(group supportGroup) bool { return group.title == title })
		if at < 0 {
			at = len(groups)
			groups = append(groups, supportGroup{title: title})
		}
		groups[at].budgets = append(groups[at].budgets, budget)
	}
	return groups
}

// unfunded are the budgets without money: the NDIA lists all 21 categories.
func (v contractView) unfunded() []read.PlanBudget {
	return slices.DeleteFunc(slices.Clone(v.contract.Budgets), func(budget read.PlanBudget) bool { return budget.NoLongerInPACE || fundedBudget(budget) })
}

// gone are the budgets that are no longer in PACE (R25).
func (v contractView) gone() []read.PlanBudget {
	return slices.DeleteFunc(slices.Clone(v.contract.Budgets), func(budget read.PlanBudget) bool { return !budget.NoLongerInPACE })
}

// fundedBudget reports whether there is money in a budget, or may be: an amount that was not provided is not zero (R3).
func fundedBudget(budget read.PlanBudget) bool {
	return budget.Approved == nil || anyMoney(budget.Approved, budget.Released, budget.Spent, budget.Remaining) || len(budget.DeliveredServices) > 0
}

// anyMoney reports whether one of the amounts is there and not zero.
func anyMoney(amounts ...*read.Money) bool {
	return slices.ContainsFunc(amounts, func(amount *read.Money) bool { return amount != nil && !amount.IsZero() })
}

// planSegments are the parts of a plan budget's bar: spent, and released but not spent; the rest is not released yet. What was spent beyond
// what was approved stands out. Without an approved amount there is no bar.
func planSegments(budget read.PlanBudget) []ui.Segment {
	approved, spent, released := positive(budget.Approved), positive(budget.Spent), positive(budget.Released)
	whole := max(approved, spent)
	if budget.Approved == nil || whole == 0 {
		return nil
	}
	within := min(spent, approved)
	return ui.Segments(
		ui.Segment{Class: "used", Share: within / whole},
		ui.Segment{Class: "released", Share: max(min(released, approved)-within, 0) / whole},
		ui.Segment{Class: "over", Share: (spent - within) / whole},
	)
}

func positive(amount *read.Money) float64 {
	if amount == nil {
		return 0
	}
	return max(amount.InexactFloat64(), 0)
}

// overspent: more was spent than approved.
func overspent(budget read.PlanBudget) bool {
	return budget.Spent != nil && budget.Approved != nil && budget.Spent.GreaterThan(budget.Approved.Decimal)
}

// planTotals are the sums of the budgets that count: those in PACE, whatever their management. An amount that one of them lacks is not
// known for all (R3).
type planTotals struct{ approved, released, spent, remaining *read.Money }

func (v contractView) totals() planTotals {
	return planTotals{
		approved:  v.total(func(b read.PlanBudget) *read.Money { return b.Approved }),
		released:  v.total(func(b read.PlanBudget) *read.Money { return b.Released }),
		spent:     v.total(func(b read.PlanBudget) *read.Money { return b.Spent }),
		remaining: v.total(func(b read.PlanBudget) *read.Money { return b.Remaining }),
	}
}

func (v contractView) total(of func(read.PlanBudget) *read.Money) *read.Money {
	sum := decimal.Zero
	for _, budget := range v.contract.Budgets {
		if budget.NoLongerInPACE {
			continue
		}
		amount := of(budget)
		if amount == nil {
			return nil
		}
		sum = sum.Add(amount.Decimal)
	}
	return dollars(sum)
}

// periodRow is a budget whose money is released in periods, on a line of time.
type periodRow struct {
	name, words string
	spans       []span
	periods     []read.FundingPeriod
}

// periodLines are all such budgets on one scale.
type periodLines struct {
	rows     []periodRow
	ticks    []tick
	today    float64
	hasToday bool
}

// periods draws the funding periods of all budgets that have more than one, since their money is released period by period.
func (v contractView) periods() periodLines {
	var lines periodLines
	scale, found := v.periodScale()
	if !found {
		return lines
	}
	lines.ticks, lines.today = scale.ticks(), scale.at(v.today)
	lines.hasToday = !v.today.Before(scale.from) && !v.today.After(scale.to)
	for _, budget := range v.stepwise() {
		row := periodRow{name: budget.Name(), words: periodWords(budget.FundingPeriods, v.today), periods: budget.FundingPeriods}
		for _, period := range budget.FundingPeriods {
			row.spans = append(row.spans, periodSpan(period, scale))
		}
		lines.rows = append(lines.rows, row)
	}
	return lines
}

// stepwise are the budgets whose money is released in more than one period.
func (v contractView) stepwise() []read.PlanBudget {
	return slices.DeleteFunc(slices.Clone(v.contract.Budgets), func(budget read.PlanBudget) bool {
		return budget.NoLongerInPACE || len(budget.FundingPeriods) < 2 || !fundedBudget(budget)
	})
}

func (v contractView) periodScale() (s scale, found bool) {
	for _, budget := range v.stepwise() {
		for _, period := range budget.FundingPeriods {
			if !period.StartDate.IsZero() && (s.from.IsZero() || period.StartDate.Before(s.from)) {
				s.from = period.StartDate
			}
			if period.EndDate.After(s.to) {
				s.to = period.EndDate
			}
		}
	}
	return s, !s.from.IsZero() && s.to.After(s.from)
}

// periodGap keeps neighbouring periods apart.
const periodGap = 0.004

func periodSpan(period read.FundingPeriod, scale scale) span {
	class := "span"
	if !isReleased(period) {
		class = "span future"
	}
	start, end := period.StartDate, period.EndDate
	if start.IsZero() {
		start = scale.from
	}
	if end.IsZero() {
		end = scale.to
	}
	made := span{class: class, start: scale.at(start)}
	made.size = max(scale.at(end.AddDays(1))-made.start-periodGap, smallestSpan)
	made.start = min(made.start, 1-made.size)
	return made
}

// deliveredRow is a delivered service with the budget that it drew on.
type deliveredRow struct {
	read.DeliveredService
	budget string
}

func (r deliveredRow) adjustment() bool { return r.Kind == care.PACEAdjustment }

// delivered are all delivered services that count, the newest first; an adjustment record that is not needed is left out (R27).
func (v contractView) delivered() []deliveredRow {
	var rows []deliveredRow
	for _, budget := range v.contract.Budgets {
		for _, service := range budget.DeliveredServices {
			if service.RemovedAt == nil {
				rows = append(rows, deliveredRow{service, budget.Name()})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b deliveredRow) int { return cmp.Compare(b.DeliveredOn.String(), a.DeliveredOn.String()) })
	return rows
}

// contractCauses are the changes of a contract, each with what caused it.
func contractCauses(changes []read.ContractChange) []causedChange {
	all := make([]causedChange, 0, len(changes))
	for _, change := range changes {
		all = append(all, causedChange{change.ChangeCause, read.Change{
			Kind: change.Kind, RecordID: change.RecordID, Label: change.Subject, Action: change.Action, Field: change.Field, Old: change.Old, New: change.New,
		}})
	}
	return all
}
