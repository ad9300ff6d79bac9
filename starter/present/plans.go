package present

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/words"
)

// BudgetName is what people know a budget by, beside its period.
func BudgetName(budget read.Budget) string {
	return cmp.Or(budget.TypeName, budget.TypeCode, "Budget")
}

// Mistakable reports whether another of some budgets has the same name and period, so that only the government's id tells them apart.
func Mistakable(budgets []read.Budget, budget read.Budget) bool {
	return slices.ContainsFunc(budgets, func(one read.Budget) bool {
		return one.ID != budget.ID && BudgetName(one) == BudgetName(budget) && one.StartDate == budget.StartDate && one.EndDate == budget.EndDate
	})
}

// StaleUsage says since when a budget's details were refused, why, and how old those are that are shown (R6, R18).
func StaleUsage(budget read.Budget, zone *time.Location) string {
	shown := "Its entitlements and usage have never been read."
	if budget.UsageAsOf != nil {
		shown = "Its entitlements and usage are as of " + Time(budget.UsageAsOf, zone) + "."
	}
	return fmt.Sprintf("%s Since %s they could not be read. %s", shown, Time(budget.UsageStaleSince, zone), words.Reason(*budget.UsageStaleReason, care.ServicesAustralia))
}

// ApprovedService is the code and the name of an approved service. Some are approved as a type, or as a whole group.
func ApprovedService(service read.ApprovedService) (code, name string) {
	switch {
	case service.ServiceCode != "":
		return service.ServiceCode, service.Name
	case service.TypeCode != "":
		return service.TypeCode, cmp.Or(service.Name, "All services of this type")
	default:
		return service.GroupCode, cmp.Or(service.Name, "All services of this group")
	}
}
