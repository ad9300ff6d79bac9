package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// What moves of money use where nothing is given.
var (
	usualAmount     = decimal.NewFromInt(250)
	usualAllocation = decimal.NewFromInt(5000)
	usualPercentage = decimal.NewFromInt(105)
)

// planMonths is how long a plan, or an extension of one, usually lasts.
const planMonths = 12

// planToChange returns the plan that covers today, else the one that ended last.
func (c *change) planToChange(p *Participant) (*PACEPlan, error) {
	if plan, current := p.CurrentPlan(c.today); current {
		return plan, nil
	}
	for i := len(p.Plans) - 1; i >= 0; i-- {
		if p.Plans[i].Start <= c.today {
			return &p.Plans[i], nil
		}
	}
	return nil, errors.New("no plan has started")
}

func (m PlanMove) fits(b *PlanBudget) bool {
	category, known := supportCategory(m.Category)
	isCategory := m.Category == "" || b.Name == m.Category || (known && b.Category == category.Number)
	return isCategory && (m.Type == "" || b.Type == m.Type) && (m.Management == "" || b.Management == m.Management)
}

// budgets returns the funded budgets of the plan that a move is about.
func (c *change) budgets(p *Participant, m PlanMove) ([]*PlanBudget, error) {
	plan, err := c.planToChange(p)
	if err != nil {
		return nil, err
	}
	var fitting []*PlanBudget
	for i := range plan.Budgets {
		if m.fits(&plan.Budgets[i]) {
			fitting = append(fitting, &plan.Budgets[i])
		}
	}
	if len(fitting) == 0 {
		return nil, errors.New("no funded budget fits (category, type and management as given)")
	}
	return fitting, nil
}

func spend(c *change, p *Participant, m PlanMove) error {
	return c.draw(p, m, decimal.Decimal.Add)
}

func refund(c *change, p *Participant, m PlanMove) error {
	return c.draw(p, m, decimal.Decimal.Sub)
}

// draw changes what was spent of the first budget that fits.
func (c *change) draw(p *Participant, m PlanMove, by func(spent, amount decimal.Decimal) decimal.Decimal) error {
	budgets, err := c.budgets(p, m)
	if err != nil {
		return err
	}
	budgets[0].Spent = by(budgets[0].Spent, amountOr(m.Amount, usualAmount))
	c.report(p, BudgetUpdated)
	return nil
}

func amountOr(given, otherwise decimal.Decimal) decimal.Decimal {
	if given.IsZero() {
		return otherwise
	}
	return given
}

func clearSpent(c *change, p *Participant, m PlanMove) error {
	budgets, err := c.budgets(p, m)
	if err != nil {
		return err
	}
	for _, budget := range budgets {
		budget.Spent = decimal.Zero
	}
	c.report(p, BudgetUpdated)
	return nil
}

func reassess(c *change, p *Participant, m PlanMove) error {
	plan, err := c.planToChange(p)
	if err != nil {
		return err
	}
	start := cmp.Or(m.date, c.today)
	end := cmp.Or(m.end, monthsFrom(start, m.Months)-1)
	if start <= plan.Start || end < start {
		return fmt.Errorf("the new plan must begin after %s and end after it begins", plan.Start)
	}
	next, err := plan.reassessed(Period{start, end}, m)
	if err != nil {
		return err
	}
	if plan.End >= start {
		plan.setEnd(start - 1)
	}
	p.Plans = append(p.Plans, next)
	slices.SortStableFunc(p.Plans, func(a, b PACEPlan) int { return int(a.Start - b.Start) })
	c.report(p, PlanApproved)
	return nil
}

func switchTree(c *change, p *Participant, _ PlanMove) error {
	for i := range p.Plans {
		if plan := &p.Plans[i]; plan.Start > c.today {
			plan.AnswersEarly = true
			c.report(p, BudgetUpdated)
			return nil
		}
	}
	return errors.New("no plan follows: use reassess with a later date first")
}

func monthsFrom(start Date, months int) Date {
	if months <= 0 {
		months = planMonths
	}
	return start.AddMonths(months)
}

// reassessed returns the plan that follows: the same budgets with other amounts, of which nothing is spent.
func (p *PACEPlan) reassessed(period Period, m PlanMove) (PACEPlan, error) {
	next := PACEPlan{Start: period.Start, End: period.End, Management: p.Management}
	changed := m.Category == ""
	for i := range p.Budgets {
		budget := p.Budgets[i]
		months := budget.releaseMonths()
		budget.Start, budget.End, budget.Spent = period.Start, period.End, decimal.Zero
		budget.ReleasedAs, budget.RemainingAs, budget.Periods = decimal.NullDecimal{}, decimal.NullDecimal{}, nil
		budget.Approved = budget.Approved.Mul(amountOr(m.Percentage, usualPercentage)).Shift(-2).Round(2)
		if m.Category != "" && m.fits(&budget) {
			budget.Approved, changed = m.Amount, true
		}
		budget.Items = budget.itemsFor(budget.Approved)
		budget.release(months)
		next.Budgets = append(next.Budgets, budget)
	}
	if !changed {
		return next, errors.New("no funded budget fits (category, type and management as given)")
	}
	return next, nil
}

// releaseMonths is the length of the funding periods, 0 without any.
func (b *PlanBudget) releaseMonths() int {
	if len(b.Periods) < 2 {
		return 0
	}
	months := 1
	for b.Start.AddMonths(months) < b.Periods[1].Start {
		months++
	}
	return months
}

// itemsFor returns the stated items with the new amount, which a single item takes all of.
func (b *PlanBudget) itemsFor(approved decimal.Decimal) []StatedItem {
	items := slices.Clone(b.Items)
	if len(items) == 1 {
		items[0].Approved = approved
	}
	return items
}

// setEnd moves the plan's end, and that of the budgets and funding periods that end with it or would end later.
func (p *PACEPlan) setEnd(end Date) {
	previous := p.End
	p.End = end
	if p.Tree != (Period{}) {
		p.Tree.End = max(end, p.Tree.Start)
	}
	for i := range p.Budgets {
		if budget := &p.Budgets[i]; budget.End == previous || budget.End > end {
			budget.setEnd(end)
		}
	}
}

func (b *PlanBudget) setEnd(end Date) {
	end = max(end, b.Start)
	b.End = end
	for len(b.Periods) > 1 && b.Periods[len(b.Periods)-1].Start > end {
		last := b.Periods[len(b.Periods)-1]
		b.Periods = b.Periods[:len(b.Periods)-1]
		b.Periods[len(b.Periods)-1].Amount = b.Periods[len(b.Periods)-1].Amount.Add(last.Amount)
	}
	if len(b.Periods) > 0 {
		b.Periods[len(b.Periods)-1].End = end
	}
}

func extend(c *change, p *Participant, m PlanMove) error {
	plan, err := c.planToChange(p)
	if err != nil {
		return err
	}
	end := cmp.Or(m.end, monthsFrom(plan.End+1, m.Months)-1)
	if end <= plan.End {
		return fmt.Errorf("the plan already ends on %s", plan.End)
	}
	plan.setEnd(end)
	c.report(p, PlanEndUpdated)
	return nil
}

func shorten(c *change, p *Participant, m PlanMove) error {
	plan, err := c.planToChange(p)
	if err != nil {
		return err
	}
	end := cmp.Or(m.end, c.today)
	if end >= plan.End || end < plan.Start {
		return fmt.Errorf("the plan runs from %s to %s, and the new end must lie within", plan.Start, plan.End)
	}
	plan.setEnd(end)
	c.report(p, PlanEndUpdated)
	return nil
}

func vary(c *change, p *Participant, m PlanMove) error {
	plan, err := c.planToChange(p)
	if err != nil {
		return err
	}
	category, known := supportCategory(m.Category)
	if !known {
		return fmt.Errorf("there is no category %q; give a name or a number", m.Category)
	}
	amount := amountOr(m.Amount, usualAllocation)
	at := slices.IndexFunc(plan.Budgets, func(b PlanBudget) bool { return m.fits(&b) })
	if at >= 0 {
		budget := &plan.Budgets[at]
		budget.Approved, budget.Items = amount, budget.itemsFor(amount)
		budget.divide()
	} else {
		category.Type = cmp.Or(m.Type, category.Type)
		budget := plan.budget(category)
		budget.Management = cmp.Or(m.Management, budget.Management)
		budget.Component = component(budget.SupportType, budget.Type, budget.Management)
		budget.Approved = amount
		plan.Budgets = append(plan.Budgets, budget)
	}
	c.report(p, BudgetUpdated)
	return nil
}

func removeCategory(c *change, p *Participant, m PlanMove) error {
	plan, err := c.planToChange(p)
	if err != nil {
		return err
	}
	category, known := supportCategory(m.Category)
	if !known {
		return fmt.Errorf("there is no category %q; give a name or a number", m.Category)
	}
	plan.Budgets = slices.DeleteFunc(plan.Budgets, func(b PlanBudget) bool { return b.Category == category.Number })
	plan.Unlisted = append(plan.Unlisted, category.Number)
	c.report(p, BudgetUpdated)
	return nil
}
