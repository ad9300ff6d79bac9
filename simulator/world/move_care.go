package world

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"
)

func changeContribution(c *change, p *Person, m Move) (Result, error) {
	start := cmp.Or(m.date, c.today)
	row := Contribution{Category: cmp.Or(m.Category, EverydayLiving), Start: start, Status: m.Status, UpdatedAt: c.at()}
	if m.Percentage != nil {
		row.Percentage = decimal.NewNullDecimal(*m.Percentage)
		row.Status = cmp.Or(row.Status, "DETERMINED")
	}
	row.Status = cmp.Or(row.Status, "PENDING")
	for i := range p.Contributions {
		earlier := &p.Contributions[i]
		if earlier.Category == row.Category && earlier.End == NoDate && earlier.Start < start {
			earlier.End, earlier.UpdatedAt = start-1, c.at()
		}
	}
	p.Contributions = append(p.Contributions, row)
	return Result{}, nil
}

func removeContributions(_ *change, p *Person, _ Move) (Result, error) {
	p.Contributions = nil
	return Result{}, nil
}

func changeLevel(c *change, p *Person, m Move) (Result, error) {
	date := cmp.Or(m.date, c.today)
	level, known := LevelByCode(m.Code)
	if !known || level.FundingSource != Ongoing {
		return Result{}, fmt.Errorf("code %q is not an ongoing level", m.Code)
	}
	for i := range p.Classifications {
		if held := &p.Classifications[i]; held.FundingSource == Ongoing && held.End == NoDate {
			held.End = date - 1
		}
	}
	p.Classifications = append(p.Classifications, Classification{Code: level.Code, Name: level.Name, FundingSource: Ongoing, Start: date})
	c.fundingChanged(p, date)
	return Result{}, nil
}

func addClassification(c *change, p *Person, m Move) (Result, error) {
	start := cmp.Or(m.date, c.today)
	level, known := LevelByCode(m.Code)
	if !known {
		return Result{}, fmt.Errorf("code %q is not a level", m.Code)
	}
	p.Classifications = append(p.Classifications, Classification{Code: level.Code, Name: level.Name, FundingSource: level.FundingSource, Start: start, End: m.end})
	if level.FundingSource != Ongoing {
		budget := newBudget(&c.sequence, p, level.FundingSource, allocationPeriod(level, start))
		budget.Entitlements = []Entitlement{{level.EntitlementCode, level.Amount}}
		budget.UpdatedAt = c.at()
		p.Budgets = append(p.Budgets, budget)
	}
	c.fundingChanged(p, start)
	return Result{}, nil
}

func reopenClassification(c *change, p *Person, m Move) (Result, error) {
	var last *Classification
	for i := range p.Classifications {
		held := &p.Classifications[i]
		if (m.Code == "" || held.Code == m.Code) && held.End != NoDate && (last == nil || held.End > last.End) {
			last = held
		}
	}
	if last == nil {
		return Result{}, errors.New("no ended classification fits")
	}
	ended := last.End
	last.End = NoDate
	c.fundingChanged(p, ended)
	return Result{}, nil
}

func addSupplement(c *change, p *Person, m Move) (Result, error) {
	start := cmp.Or(m.date, c.today)
	p.Supplements = append(p.Supplements, supplement(cmp.Or(m.Code, "OXY_NORM"), start, m.end))
	c.fundingChanged(p, start)
	return Result{}, nil
}

// fundingChanged recalculates the ongoing budgets from a date on, and begins this quarter's if there is none yet.
func (c *change) fundingChanged(p *Person, from Date) {
	p.UpdatedAt = c.at()
	quarter := c.today.Quarter()
	if part, funded := ongoingPart(p, quarter); funded && !holdsOngoing(p, c.today) {
		p.Budgets = append(p.Budgets, newBudget(&c.sequence, p, Ongoing, part))
	}
	for _, budget := range recalculate(p, from) {
		budget.UpdatedAt = c.at()
	}
}

func holdsOngoing(p *Person, today Date) bool {
	for i := range p.Budgets {
		if p.Budgets[i].TypeCode == Ongoing && p.Budgets[i].Period().Holds(today) {
			return true
		}
	}
	return false
}
