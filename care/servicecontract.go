package care

import (
	"slices"

	"github.com/shopspring/decimal"
)

// ContractOrigin says who made a service contract.
type ContractOrigin string

// The origins of a contract.
const (
	OriginPACE ContractOrigin = "pace"
	OriginHand ContractOrigin = "hand"
)

// ServiceContract is our record of one plan. One from PACE is recognised, for a person, by the plan's first start date and start
// date (R24); a manually entered one has only its own dates.
type ServiceContract struct {
	ID     ID             `json:"id"`
	Origin ContractOrigin `json:"origin"`
	// PlanFirstStartDate, PlanStartDate and PlanEndDate are the plan's, as last reported.
	PlanFirstStartDate Date `json:"plan_first_start_date"`
	PlanStartDate      Date `json:"plan_start_date"`
	PlanEndDate        Date `json:"plan_end_date"`
	// DateRange are the contract's own dates: those of the plan, unless a later contract ends it sooner (R24).
	DateRange
	// SupersededBy is the contract that follows; empty for the last.
	SupersededBy    ID                  `json:"superseded_by,omitempty"`
	TotalFunding    decimal.NullDecimal `json:"total_funding"`
	AllocationTotal decimal.NullDecimal `json:"allocation_total"`
	// FundingIncomplete and AllocationIncomplete are set where an amount that belongs to the sum was not provided (R3).
	FundingIncomplete    bool `json:"funding_incomplete"`
	AllocationIncomplete bool `json:"allocation_incomplete"`
	// RetrievedOn is the day of the last retrieval that was written (R1).
	RetrievedOn Date `json:"retrieved_on"`
	// Declined are the budgets that were shown and not ticked: an unattended refresh does not ask about them again (R31).
	Declined []DeclinedBudget `json:"declined"`
}

// DeclinedBudget is a reported budget that a person did not want. One whose approved amount changes is asked about again.
//
// It is stored as JSON, in service_contract.declined.
type DeclinedBudget struct {
	Budget   string              `json:"budget"`
	Approved decimal.NullDecimal `json:"approved"`
}

func (c *ServiceContract) values() []Value {
	return []Value{
		{"plan_end_date", dateText(c.PlanEndDate)}, {"end_date", dateText(c.EndDate)}, {"superseded_by", text(string(c.SupersededBy))},
		{"total_funding", moneyText(c.TotalFunding)}, {"allocation_total", moneyText(c.AllocationTotal)},
	}
}

// isOf reports whether the contract is the one of a plan (R24).
func (c *ServiceContract) isOf(plan ParticipantPlan) bool {
	return c.Origin == OriginPACE && c.PlanFirstStartDate == plan.FirstStartDate && c.PlanStartDate == plan.StartDate
}

// plan is the contract's plan as it was last reported.
func (c *ServiceContract) plan() ParticipantPlan {
	return ParticipantPlan{IsPACE: true, FirstStartDate: c.PlanFirstStartDate, StartDate: c.PlanStartDate, EndDate: c.PlanEndDate}
}

// ContractOf finds the contract of a plan among a person's (R24), nil if there is none.
func ContractOf(contracts []ServiceContract, plan ParticipantPlan) *ServiceContract {
	for i := range contracts {
		if contracts[i].isOf(plan) {
			return &contracts[i]
		}
	}
	return nil
}

// newContract is the contract of a plan as it is first created.
func newContract(id ID, plan ParticipantPlan) ServiceContract {
	return ServiceContract{
		ID: id, Origin: OriginPACE, PlanFirstStartDate: plan.FirstStartDate, PlanStartDate: plan.StartDate, PlanEndDate: plan.EndDate,
		DateRange: plan.Dates(),
	}
}

// inSuccession gives a person's contracts from PACE their own dates (R24): each ends with its plan, or on the day before the next
// one starts if that is sooner, and is marked superseded by that next one. The order in which they were created does not matter.
func inSuccession(contracts []ServiceContract) []ServiceContract {
	after := slices.Clone(contracts)
	for i := range after {
		contract := &after[i]
		if contract.Origin != OriginPACE {
			continue
		}
		contract.DateRange, contract.SupersededBy = DateRange{StartDate: contract.PlanStartDate, EndDate: contract.PlanEndDate}, ""
		next := following(contracts, contract.PlanStartDate)
		if next == nil {
			continue
		}
		contract.SupersededBy = next.ID
		if dayBefore := next.PlanStartDate.AddDays(-1); contract.EndDate.IsZero() || contract.EndDate.After(dayBefore) {
			contract.EndDate = dayBefore
		}
	}
	return after
}

// following finds the contract from PACE that starts next after a day.
func following(contracts []ServiceContract, start Date) (next *ServiceContract) {
	for i := range contracts {
		candidate := &contracts[i]
		if candidate.Origin == OriginPACE && candidate.PlanStartDate.After(start) &&
			(next == nil || candidate.PlanStartDate.Before(next.PlanStartDate)) {
			next = candidate
		}
	}
	return next
}

// newOverlaps are the other contracts that overlap a contract as it is to be stored and did not before. before is nil for a new one. A plan
// may end on the anniversary on which the next one begins: that shared day is no overlap to ask about.
func newOverlaps(contracts []ServiceContract, contract ServiceContract, before *ServiceContract) []ServiceContract {
	return filter(contracts, func(other ServiceContract) bool {
		return other.ID != contract.ID && other.overlapsMoreThanADay(contract.DateRange) && (before == nil || !other.overlapsMoreThanADay(before.DateRange))
	})
}

// widens reports whether an end moved later, or became known; anything else that moves it is a shortening, the loss of a date that
// was known among them (R31).
func widens(old, new Date) bool { return old.IsZero() || new.After(old) }

// startsSooner reports whether a start moved earlier, or became known.
func startsSooner(old, new Date) bool { return old.IsZero() || !new.IsZero() && new.Before(old) }
