package care

import (
	"github.com/shopspring/decimal"
)

// The values of an adjustment record, to the letter of PACE guide §Adjustment record. The note has two ordinary spaces before "b)" (R27).
const (
	adjustmentItemNumber  = ""
	adjustmentDescription = "NDIS PACE API Budget Adjustment Record"
	referToPACE           = "NDIA refer to PACE"
	previousPlanManager   = "Previous Plan Manager"
	adjustmentNote        = "NDIS PACE API Budget Adjustment record. " +
		"Note: a) Only the Total Amount of services delivered to date for the Support Category have been provided in the PACE API record.  " +
		"b) The Service Support Item used has been applied for budget adjustment purposes only."
)

// AdjustmentProvider is the service provider name of the adjustment record of a category (PACE guide §Adjustment record, R28).
func AdjustmentProvider(category string) string {
	if IsChoiceAndControl(category) {
		return previousPlanManager
	}
	return referToPACE
}

// Adjust decides what becomes of the adjustment records of some budgets (R27), so that for each of them adjustment + own claimed =
// spent. It is asked after every write of budgets and after every change of our own delivered services. delivered are the delivered
// services of those budgets, both kinds; retrieved is the day of the retrieval. Budgets that are no longer in PACE, and those whose
// spent was not provided, are left alone.
func Adjust(budgets []PlanBudget, delivered []DeliveredService, retrieved Date, newID NewID) (Difference[DeliveredService], []Issue) {
	difference, issues := Difference[DeliveredService]{}, []Issue(nil)
	adjusted := make(map[ID]bool)
	for i := range budgets {
		budget := &budgets[i]
		if budget.Removed || !budget.Spent.Valid {
			continue
		}
		held := adjustmentOf(budget.ID, delivered)
		amount := budget.Spent.Decimal.Sub(OwnClaimed(budget.ID, delivered))
		if held != nil {
			adjusted[held.ID] = true
		}
		adjustOne(&difference, budget, held, amount, retrieved, newID)
		if amount.IsNegative() {
			issues = append(issues, negativeAdjustment(budget, amount))
		}
	}
	for _, service := range delivered {
		if !adjusted[service.ID] {
			difference.After = append(difference.After, service)
		}
	}
	return difference, issues
}

// adjustOne makes, changes or removes the adjustment record of a budget, so that it is the amount.
func adjustOne(d *Difference[DeliveredService], budget *PlanBudget, held *DeliveredService, amount decimal.Decimal, retrieved Date, newID NewID) {
	switch {
	case amount.IsZero() && held == nil:
	case amount.IsZero() && held.Removed:
		d.After = append(d.After, *held)
	case amount.IsZero():
		removed := *held
		removed.Removed = true
		d.Count.Removed++
		d.Remove = append(d.Remove, held.ID)
		d.After = append(d.After, removed)
		d.Changes = append(d.Changes, Change{Kind: KindDeliveredService, RecordID: held.ID, Action: ActionRemoved})
	case held == nil:
		created := adjustmentRecord(newID(), budget, amount, budget.dayWithin(retrieved))
		d.Count.Created++
		d.Write = append(d.Write, created)
		d.After = append(d.After, created)
		d.Changes = append(d.Changes, Change{Kind: KindDeliveredService, RecordID: created.ID, Action: ActionCreated})
	default:
		updateAdjustment(d, budget, held, amount, retrieved)
	}
}

// updateAdjustment changes a held record. One whose amount stays keeps its day too, so that a refresh on a later day changes nothing.
func updateAdjustment(d *Difference[DeliveredService], budget *PlanBudget, held *DeliveredService, amount decimal.Decimal, retrieved Date) {
	on := held.DeliveredOn
	if held.Removed || !held.Amount.Equal(amount) {
		on = retrieved
	}
	after := adjustmentRecord(held.ID, budget, amount, budget.dayWithin(on))
	changes := changesBetween(KindDeliveredService, held.ID, held.values(), after.values())
	if held.Removed {
		changes = append([]Change{{Kind: KindDeliveredService, RecordID: held.ID, Action: ActionRevived}}, changes...)
	}
	d.After = append(d.After, after)
	if len(changes) == 0 {
		d.Count.Unchanged++
		return
	}
	d.Count.Updated++
	d.Write = append(d.Write, after)
	d.Changes = append(d.Changes, changes...)
}

// dayWithin moves a day into the budget's dates, if they can be right: a budget that ends before it begins moves nothing.
func (b *ReportedBudget) dayWithin(day Date) Date {
	if !b.EndDate.IsZero() && b.EndDate.Before(b.StartDate) {
		return day
	}
	return b.Dates().Clamp(day)
}

func adjustmentRecord(id ID, budget *PlanBudget, amount decimal.Decimal, on Date) DeliveredService {
	return DeliveredService{
		ID: id, BudgetID: budget.ID, Kind: PACEAdjustment, DeliveredOn: on, Amount: amount,
		SupportItemNumber: adjustmentItemNumber, SupportItemDescription: adjustmentDescription,
		ServiceProviderName: AdjustmentProvider(budget.Category), Note: adjustmentNote,
	}
}

// adjustmentOf finds the adjustment record of a budget; there is at most one.
func adjustmentOf(budget ID, delivered []DeliveredService) *DeliveredService {
	for i := range delivered {
		if delivered[i].BudgetID == budget && delivered[i].Kind == PACEAdjustment {
			return &delivered[i]
		}
	}
	return nil
}

func negativeAdjustment(budget *PlanBudget, amount decimal.Decimal) Issue {
	return Warning(AreaContract, IssueNegativeAdjustment).On(budget.Label(), budget.ID).With(AmountDetails{Amount: amount})
}
