package world

import (
	"strconv"

	"github.com/shopspring/decimal"
)

// careManagementService is the service that a provider claims against its pool.
const careManagementService = "SERV-0030"

func itemID(n int) string { return strconv.Itoa(n) }

// addPools makes the care-management budgets of the previous and the current quarter: 10 % of what the ongoing levels
// of the provider's people are worth. They stay as they are when the world advances.
func (w *World) addPools() {
	current := w.today.Quarter()
	for _, quarter := range []Period{(current.Start - 1).Quarter(), current} {
		for _, organisation := range w.organisations {
			for _, provider := range organisation.ServiceProviders {
				if budget, any := newPoolBudget(&w.sequence, w.people.list, provider.ID, quarter); any {
					usePool(&w.sequence, &budget, min(w.today, quarter.End))
					closeIfDue(&budget, w.today)
					budget.UpdatedAt = w.originStamp(quarter.Start, 0)
					w.pools[provider.ID] = append(w.pools[provider.ID], &budget)
				}
			}
		}
	}
}

// newPoolBudget sums up the shares of a provider's people; a provider without any has no pool.
func newPoolBudget(ids *sequence, people []*Person, serviceProviderID string, quarter Period) (Budget, bool) {
	total := decimal.Zero
	for _, person := range people {
		if len(person.Entries) == 0 || person.Entries[0].ServiceProviderID != serviceProviderID {
			continue
		}
		if part, funded := ongoingPart(person, quarter); funded {
			total = total.Add(careManagementShare(person, part))
		}
	}
	if !total.IsPositive() {
		return Budget{}, false
	}
	return Budget{
		ID: ids.budgetID(), ServiceProviderID: serviceProviderID, TypeCode: CareManagement,
		Start: quarter.Start, End: quarter.End, Status: StatusOpen,
		Entitlements: []Entitlement{{"CM_POOL", total}},
	}, true
}

// usePool claims a quarter of the pool on the 20th day of each month so far.
func usePool(ids *sequence, budget *Budget, until Date) {
	share := budget.Total().Div(decimal.NewFromInt(4)).Round(2)
	for day := budget.Start.AddDays(19); day <= until; day = day.AddMonths(1) {
		budget.Usage = append(budget.Usage, UsageLine{
			InvoiceID: ids.invoiceID(), ItemID: itemID(1), ServiceProviderID: budget.ServiceProviderID,
			ServiceID: careManagementService, DeliveryDate: day, Amount: share.Neg(), Unbilled: true,
		})
	}
}
