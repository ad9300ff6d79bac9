package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// planView is the page of a Support at Home plan.
type planView struct {
	plan read.Plan
	zone *time.Location
	// on is the day whose contributions are asked for; no date for today's.
	on care.Date
	// badDay: what was asked for is no date.
	badDay bool
}

func (v planView) person() read.PersonRef { return refOf(v.plan.Person) }

func (v planView) timeline() timeline {
	return classificationTimeline(v.plan.Classifications, v.plan.Today)
}

func (c console) plan(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "person")
	if err != nil {
		return err
	}
	view := planView{zone: v.zone}
	if text := r.URL.Query().Get("on"); text != "" {
		view.on, err = care.ParseDate(text)
		view.badDay = err != nil
	}
	if view.plan, err = read.From(c.store).PlanOutline(r.Context(), v.Organisation, id, c.store.Now()); err != nil {
		return err
	}
	page := ui.Page{Title: "Support at Home plan", Lead: planLead(view.plan), Section: peoplePath, Trail: personTrail(view.person())}
	return c.render(w, r, http.StatusOK, planPage(c.frame(r, page), view))
}

func personTrail(person read.PersonRef) []ui.Crumb {
	return []ui.Crumb{{Words: "People", Address: peoplePath}, {Words: personName(person), Address: personPath(person.ID)}}
}

func planLead(plan read.Plan) string {
	lead := personName(refOf(plan.Person))
	if plan.Person.CareRecipientID != "" {
		lead += ", care recipient id " + plan.Person.CareRecipientID
	}
	return lead
}

// whyStart and whyEnd say where a plan's dates come from (Care Recipient Sync §Plan dates, R13).
func whyStart(plan read.Plan) string {
	dated := datedClassifications(plan)
	if len(dated) == 0 {
		return "No classification with a start date is reported, so there is none."
	}
	first := slices.MinFunc(dated, func(a, b read.Classification) int { return a.StartDate.Time().Compare(b.StartDate.Time()) })
	return fmt.Sprintf("The earliest start among %s: %s.", present.Count(len(dated), "classification", "classifications"), classificationName(first))
}

func whyEnd(plan read.Plan) string {
	reported := current(plan.Classifications, func(one read.Classification) *time.Time { return one.RemovedAt })
	if len(reported) == 0 {
		return "No classification is reported, so there is none."
	}
	for _, one := range reported {
		if one.EndDate.IsZero() {
			return fmt.Sprintf("Open-ended, since this classification has no end: %s.", classificationName(one))
		}
	}
	last := slices.MaxFunc(reported, func(a, b read.Classification) int { return a.EndDate.Time().Compare(b.EndDate.Time()) })
	return fmt.Sprintf("All classifications end; this is the latest: %s.", classificationName(last))
}

// whyActive says why a plan is active today, or is not (R14).
func whyActive(plan read.Plan) string {
	switch {
	case len(current(plan.Classifications, func(one read.Classification) *time.Time { return one.RemovedAt })) == 0:
		return "A plan without a classification is not active."
	case plan.Person.Plan.EndDate.IsZero():
		return "Ongoing classification."
	case plan.Person.Plan.Active:
		return "Its end date has not passed."
	default:
		return "Its end date has passed."
	}
}

func datedClassifications(plan read.Plan) []read.Classification {
	reported := current(plan.Classifications, func(one read.Classification) *time.Time { return one.RemovedAt })
	return slices.DeleteFunc(reported, func(one read.Classification) bool { return one.StartDate.IsZero() })
}

func classificationName(one read.Classification) string { return cmp.Or(one.Name, one.Code) }

// staleAreas are those that the newest sync could not bring up to date.
func (v planView) staleAreas() []read.AreaStatus {
	return slices.DeleteFunc(slices.Clone(v.plan.Areas), func(area read.AreaStatus) bool { return !area.Stale })
}

// areaAsOf is when what stands of an area was read.
func (v planView) areaAsOf(area care.Area) *time.Time {
	for _, status := range v.plan.Areas {
		if status.Area == area {
			return status.AsOf
		}
	}
	return nil
}

// contributions are those that were known at the end of the day that was asked for, or those of now.
func (v planView) contributions() (contributions []read.Contribution, known bool) {
	if v.on.IsZero() {
		return v.plan.Contributions, v.areaAsOf(care.AreaContributions) != nil
	}
	set, known := v.plan.ContributionsOn(v.on, v.zone)
	return set.Contributions, known
}

// earlier are the sets of contributions that were replaced.
func (v planView) earlier() []read.ContributionSet {
	return slices.DeleteFunc(slices.Clone(v.plan.History), func(set read.ContributionSet) bool { return set.ReplacedAt == nil })
}

// budgetGroup is the budgets of a quarter, or those of other periods.
type budgetGroup struct {
	title   string
	current bool
	budgets []read.Budget
}

// mistakable reports whether another budget of the group has the same name and period.
func (g budgetGroup) mistakable(budget read.Budget) bool {
	return present.Mistakable(g.budgets, budget)
}

const otherPeriods = "Other periods"

// budgetGroups are budgets by quarter, newest first, and by kind within it; those of other periods come last.
func budgetGroups(budgets []read.Budget, today care.Date) []budgetGroup {
	var groups []budgetGroup
	var others budgetGroup
	for _, budget := range budgets {
		title, isQuarter := quarter(budget)
		if !isQuarter {
			others.title, others.budgets = otherPeriods, append(others.budgets, budget)
			continue
		}
		if len(groups) == 0 || groups[len(groups)-1].title != title {
			groups = append(groups, budgetGroup{title: title})
		}
		last := &groups[len(groups)-1]
		last.budgets = append(last.budgets, budget)
		last.current = last.current || !today.Before(budget.StartDate) && !today.After(budget.EndDate)
	}
	if len(others.budgets) > 0 {
		groups = append(groups, others)
	}
	for _, group := range groups {
		slices.SortStableFunc(group.budgets, func(a, b read.Budget) int { return cmp.Compare(budgetName(a), budgetName(b)) })
	}
	return groups
}

// quarter names the quarter that a budget's period lies in, if it lies in one.
func quarter(budget read.Budget) (title string, isQuarter bool) {
	if budget.StartDate.IsZero() || budget.EndDate.IsZero() {
		return "", false
	}
	start, end := budget.StartDate.Time(), budget.EndDate.Time()
	first := (int(start.Month()) - 1) / 3
	if start.Year() != end.Year() || first != (int(end.Month())-1)/3 {
		return "", false
	}
	return time.Month(3*first+1).String() + " – " + time.Month(3*first+3).String() + " " + strconv.Itoa(start.Year()), true
}

func budgetName(budget read.Budget) string { return present.BudgetName(budget) }

// openBudgets and closedBudgets are those that the government reports; the usage of the open ones is read (R15).
func (v planView) openBudgets() []read.Budget   { return v.budgets(true) }
func (v planView) closedBudgets() []read.Budget { return v.budgets(false) }

func (v planView) budgets(open bool) []read.Budget {
	reported := current(v.plan.Budgets, func(one read.Budget) *time.Time { return one.RemovedAt })
	return slices.DeleteFunc(reported, func(one read.Budget) bool { return one.Open != open })
}

// budgetSegments are the parts of a budget's total: used, written off, rolled over, and what was consumed beyond it. What is left is free.
func budgetSegments(budget read.Budget) []ui.Segment {
	if budget.Total == nil {
		return nil
	}
	used, writeOff, rollover := consumed(budget.Used), consumed(budget.WriteOff), consumed(budget.Rollover)
	total := max(budget.Total.InexactFloat64(), 0)
	over := max(used+writeOff+rollover-total, 0)
	whole := total + over
	if whole == 0 {
		return nil
	}
	inside := min(over, used) // what went beyond the total was used
	return ui.Segments(
		ui.Segment{Class: "used", Share: (used - inside) / whole}, ui.Segment{Class: "write-off", Share: writeOff / whole},
		ui.Segment{Class: "rollover", Share: rollover / whole}, ui.Segment{Class: "over", Share: inside / whole})
}

// consumed is an amount as a length; it is drawn, never counted with (R2).
func consumed(amount *read.Money) float64 {
	if amount == nil {
		return 0
	}
	return max(amount.InexactFloat64(), 0)
}

// overdrawn reports whether more was consumed than there is.
func overdrawn(budget read.Budget) bool {
	return budget.Available != nil && budget.Available.IsNegative()
}

// usageDiffers reports whether the sum of the usage lines is not what the government says was used (R17).
func usageDiffers(budget read.Budget) bool {
	return budget.UsageAmount != nil && budget.Used != nil && !budget.UsageAmount.Equal(budget.Used.Decimal)
}

func dollars(amount decimal.Decimal) *read.Money { return &read.Money{Decimal: amount} }
