package words

import (
	"fmt"

	"github.com/caresync/caresync/care"
)

// Subject is what people call the record that changed.
func Subject(change care.NamedChange) string {
	if change.Since == nil {
		return change.Subject
	}
	return change.Subject + " from " + Date(*change.Since)
}

// Change says a change in a sentence.
func Change(change care.NamedChange) string {
	subject := Subject(change)
	switch change.Action {
	case care.ActionCreated:
		return subject + " is new."
	case care.ActionRemoved:
		return subject + " is no longer in PACE."
	case care.ActionRevived:
		return subject + " is in PACE again."
	default:
		return fmt.Sprintf("%s: %s changed from %s to %s.", subject, Field(change.Field), provided(change.Field, change.Old), provided(change.Field, change.New))
	}
}

// Review says in a sentence what waits for approval.
func Review(item care.ReviewItem) string {
	switch item.Kind {
	case care.ReviewNewContract:
		return fmt.Sprintf("The plan that starts on %s has no service contract yet.", provided("plan_start_date", item.New))
	case care.ReviewNewBudget:
		return fmt.Sprintf("%s is new in PACE, with %s approved.", item.Subject, provided("approved", item.New))
	case care.ReviewRemoval:
		return fmt.Sprintf("%s is no longer in PACE, like most of this contract's budgets.", item.Subject)
	case care.ReviewTree:
		return fmt.Sprintf("The budget that the NDIA reports starts on %s, but this plan starts on %s. None of it was applied, including amounts.",
			provided("start_date", item.New), provided("start_date", item.Old))
	case care.ReviewSpent:
		return fmt.Sprintf("Spent would fall to 0.00 in %s budgets at once. Nothing was applied: ask the NDIA whether this is right.", provided("", item.New))
	case care.ReviewOverlap:
		return wouldChange(item) + ", and then overlap with another contract."
	default:
		return wouldChange(item) + "."
	}
}

func wouldChange(item care.ReviewItem) string {
	return fmt.Sprintf("%s: %s would change from %s to %s", item.Subject, Field(item.Field), provided(item.Field, item.Old), provided(item.Field, item.New))
}

var willHappen = map[string]string{
	care.ActionCreated:   "Will be created.",
	care.ActionUpdated:   "Will be updated.",
	care.ActionRevived:   "Will be in PACE again, with today's figures.",
	care.ActionUnchanged: "Stays as it is.",
}

// WillHappen says in a sentence or two what Create does with a budget that is selected.
func WillHappen(budget care.PreviewBudget) string {
	said := willHappen[budget.Action]
	adjustment := budget.Adjustment
	switch adjustment.Action {
	case care.ActionCreated, care.ActionRevived:
		said += fmt.Sprintf(" An adjustment record of %s (%s) will be created.", Amount(adjustment.After), adjustment.ServiceProviderName)
	case care.ActionUpdated:
		said += fmt.Sprintf(" Its adjustment record will change from %s to %s.", Amount(adjustment.Before), Amount(adjustment.After))
	case care.ActionRemoved:
		said += fmt.Sprintf(" Its adjustment record of %s will be removed.", Amount(adjustment.Before))
	}
	if budget.ExcludedFromTotals {
		said += " Excluded from totals."
	}
	return said
}

// FundingDay says which money is awaited.
func FundingDay(day care.FundingDay) string {
	if day.BeganOn.After(day.ReadOn) {
		return fmt.Sprintf("A funding period started on %s, after these figures were read (%s). CareSync reads them again on that day and the two days after it.",
			Date(day.BeganOn), dateOr(day.ReadOn))
	}
	return fmt.Sprintf("A funding period started on %s; when these figures were read on %s, its money had not been released.", Date(day.BeganOn), dateOr(day.ReadOn))
}
