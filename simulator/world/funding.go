package world

import "github.com/shopspring/decimal"

// rollover is the entitlement code of what the quarter before left over.
const rollover = "ROLLOVER"

// closingDays is how long after its end a budget can still be claimed against; then the rest is written off.
const closingDays = 60

// ongoingEntitlements returns the parts of an ongoing budget for a period: for each ongoing level the day rate times
// the days it is held, less the provider's 10 % for care management; and each supplement in full.
func ongoingEntitlements(p *Person, period Period) []Entitlement {
	var entitlements []Entitlement
	for _, held := range p.Classifications {
		level, known := LevelByCode(held.Code)
		if days := sharedDays(period, held.Period()); known && level.FundingSource == Ongoing && days > 0 {
			entitlements = append(entitlements, Entitlement{level.EntitlementCode, forDays(level.DayRate, days).Mul(ninetyPercent).Round(2)})
		}
	}
	for _, paid := range p.Supplements {
		figure, known := supplementByCode(paid.Code)
		if days := sharedDays(period, paid.Period()); known && figure.dayRate.IsPositive() && days > 0 {
			entitlements = append(entitlements, Entitlement{figure.code, forDays(figure.dayRate, days)})
		}
	}
	return entitlements
}

// careManagementShare is what a person's ongoing levels add to the provider's pool in a period, in dollars.
func careManagementShare(p *Person, period Period) decimal.Decimal {
	share := decimal.Zero
	for _, held := range p.Classifications {
		level, known := LevelByCode(held.Code)
		if days := sharedDays(period, held.Period()); known && level.FundingSource == Ongoing && days > 0 {
			share = share.Add(forDays(level.DayRate, days).Mul(tenPercent).Round(2))
		}
	}
	return share
}

func sharedDays(period, held Period) int {
	if held.End != NoDate && held.End < held.Start {
		return 0 // upstream sometimes reports an end before its start
	}
	shared, any := period.Overlap(held)
	if !any {
		return 0
	}
	return shared.Days()
}

func forDays(rate decimal.Decimal, days int) decimal.Decimal {
	return rate.Mul(decimal.NewFromInt(int64(days)))
}

// carryOver takes what is left of a budget whose quarter ended, at most the greater of 1,000 or 10 % of its total,
// and notes it as the budget's rollover deduction.
func carryOver(old *Budget) decimal.Decimal {
	left := old.Available()
	if !left.IsPositive() {
		return decimal.Zero
	}
	carried := decimal.Min(left, decimal.Max(leastCarryOver, old.Total().Mul(tenPercent).Round(2)))
	old.RolloverDeduction = old.RolloverDeduction.Sub(carried)
	return carried
}

// closeIfDue closes a budget that ended more than closingDays ago and writes off what is left. It reports whether it did.
func closeIfDue(b *Budget, today Date) bool {
	if b.Status == StatusClosed || b.End == NoDate || today <= b.End.AddDays(closingDays) {
		return false
	}
	b.Status = StatusClosed
	if left := b.Available(); left.IsPositive() {
		b.WriteOff = b.WriteOff.Sub(left)
	}
	return true
}

// recalculate renews the entitlements of the ongoing budgets that end on or after a date, after a level or supplement changed.
func recalculate(p *Person, from Date) []*Budget {
	var changed []*Budget
	for i := range p.Budgets {
		budget := &p.Budgets[i]
		if budget.TypeCode != Ongoing || budget.Fixed || budget.End == NoDate || budget.End < from {
			continue
		}
		entitlements := ongoingEntitlements(p, budget.Period())
		for _, entitlement := range budget.Entitlements {
			if entitlement.Code == rollover {
				entitlements = append(entitlements, entitlement)
			}
		}
		budget.Entitlements = entitlements
		changed = append(changed, budget)
	}
	return changed
}
