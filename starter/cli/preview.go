package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

// Widths at which the long columns of a preview are broken.
const (
	categoryWidth = 30
	periodsWidth  = 28
	happensWidth  = 36
	// previewWidth is how wide a preview is; in a narrower terminal, what will happen stands below the amounts.
	previewWidth = 120
	// changedByWidth and valueWidth are those of a history.
	changedByWidth = 24
	valueWidth     = 50
)

// withoutMoney is the heading over budgets that have none: the NDIA lists all 21 categories.
const withoutMoney = "without funding (0.00 approved and spent)"

// previewView prints a preview, so that whoever reads it knows what Create will do.
type previewView struct {
	*app
	person       read.Person
	retrieval    db.Preview
	preview      care.Preview
	organisation care.Organisation
	today        care.Date
	// asking is set where someone is asked what to save.
	asking bool
}

// showPreview shows a preview that waits; asking also says what to type next.
func (a *app) showPreview(person read.Person, retrieval db.Preview, organisation care.Organisation, now time.Time, asking bool) {
	view := previewView{
		app: a, person: person, retrieval: retrieval, preview: retrieval.Contents.Preview, organisation: organisation, today: organisation.Today(now), asking: asking,
	}
	view.differences()
	view.headline()
	if view.preview.Refusal != "" {
		a.print("\n✗ This plan cannot be created. %s", words.Reason(view.preview.Refusal, care.NDIA))
		view.others()
		return
	}
	if view.preview.Ended {
		a.print("\n! This plan has ended. These are its final figures; it is not the current plan.")
	}
	view.contracts()
	view.funded()
	view.unfunded()
	view.changes()
	view.missing()
	view.warnings()
	view.others()
	view.totals()
	view.summary()
	if asking {
		view.next()
	}
}

// differences say why this preview took the place of the one before (R22).
func (v previewView) differences() {
	if len(v.retrieval.Contents.Differences) == 0 {
		return
	}
	v.heading("changes since the previous preview")
	for _, difference := range v.retrieval.Contents.Differences {
		v.print("! %s", words.Change(difference))
	}
}

func (v previewView) headline() {
	zone := v.organisation.Location()
	plan := present.Period(v.preview.Plan.StartDate, v.preview.Plan.EndDate)
	if first := v.preview.Plan.FirstStartDate; !first.IsZero() && first != v.preview.Plan.StartDate {
		plan += ", the first plan started on " + present.Date(first)
	}
	v.print("\nPACE plan of %s", participantName(v.person))
	waits := ""
	if v.asking {
		waits = present.Time(&v.retrieval.ExpiresAt, zone) + " in " + v.organisation.TimeZone + "; nothing has been saved yet"
	}
	v.details("plan", plan, "retrieved", present.Time(&v.retrieval.RetrievedAt, zone)+" in "+v.organisation.TimeZone, "valid until", waits)
}

// contracts says what becomes of the contract, of those that it ends and of those that it would overlap with (R24).
func (v previewView) contracts() {
	v.heading("service contract")
	dates := present.Period(v.preview.Contract.StartDate, v.preview.Contract.EndDate)
	switch v.preview.ContractAction {
	case care.ActionCreated:
		v.print("A new service contract will be created: %s.", dates)
	case care.ActionUnchanged:
		v.print("This plan already has a service contract: %s. Its dates and totals stay as they are.", dates)
	default:
		v.print("This plan already has a service contract: %s. It will be updated.", dates)
	}
	for _, change := range v.preview.ContractChanges {
		if !v.ends(change.RecordID) {
			v.print("· %s", words.Change(change))
		}
	}
	for _, ended := range v.preview.Superseded {
		v.print("· The previous contract will run %s and is marked as superseded by this one. It keeps its budgets.",
			present.Period(ended.StartDate, ended.EndDate))
	}
	v.overlaps(v.preview.Overlaps)
}

// ends reports whether a contract is one that this one ends, which is told in a sentence of its own.
func (v previewView) ends(contract care.ID) bool {
	return slices.ContainsFunc(v.preview.Superseded, func(ended care.ServiceContract) bool { return ended.ID == contract })
}

// overlaps says what an explicit yes is needed for (R24).
func (a *app) overlaps(contracts []care.ServiceContract) {
	for _, other := range contracts {
		a.print("! It would overlap another contract%s: %s. To keep both, add --accept-overlaps when you create; otherwise change that contract first.",
			madeByHand(other), present.Period(other.StartDate, other.EndDate))
	}
}

func madeByHand(contract care.ServiceContract) string {
	if contract.Origin == care.OriginHand {
		return ", one entered manually"
	}
	return ""
}

// funded are the budgets with money, in full.
func (v previewView) funded() {
	v.heading("budgets")
	titles, narrow := []string{">#", "budget", ">approved", ">released", ">spent", ">remaining", "what will happen"}, v.narrow()
	if narrow {
		titles = titles[:len(titles)-1]
	}
	shown := v.newTable(titles...)
	shown.SetColumnConfigs(previewColumns())
	for i, budget := range pace.InOrder(v.preview.Budgets) {
		if !pace.Funded(budget) {
			continue
		}
		cells := table.Row{
			i + 1, fmt.Sprintf("%s\n%s, %s", category(budget.Category, budget.CategoryNumber), budget.BudgetType, budget.Management),
			present.Reported(budget.Approved), present.Reported(budget.Released), present.Reported(budget.Spent), present.Reported(budget.Remaining),
			v.happens(budget),
		}
		shown.AppendRow(cells[:len(titles)])
	}
	v.render(shown)
	if narrow {
		v.happensBelow()
	}
}

// happens says what will happen to a budget, and when its money is released.
func (v previewView) happens(budget care.PreviewBudget) string {
	released := "Released up front."
	if len(budget.FundingPeriods) > 1 {
		released = "Released in periods: " + v.periods(budget) + "."
	}
	return words.WillHappen(budget) + "\n" + released
}

func (v previewView) happensBelow() {
	v.heading("what will happen")
	for i, budget := range pace.InOrder(v.preview.Budgets) {
		if pace.Funded(budget) {
			v.print("%2d  %s", i+1, strings.ReplaceAll(v.happens(budget), "\n", " "))
		}
	}
}

// narrow reports whether the output is a terminal on which the whole table has no room.
func (v previewView) narrow() bool {
	width := v.terminalWidth()
	return width > 0 && width < previewWidth
}

// unfunded are the budgets without money: all 21 categories are listed, and most have none.
func (v previewView) unfunded() {
	shown := v.newTable(">#", "category", "type", "management", "what will happen")
	if v.narrow() {
		shown.SetColumnConfigs(previewColumns()[:2])
	}
	for i, budget := range pace.InOrder(v.preview.Budgets) {
		if !pace.Funded(budget) {
			shown.AppendRow(table.Row{
				i + 1, category(budget.Category, budget.CategoryNumber), budget.BudgetType, budget.Management, words.WillHappen(budget),
			})
		}
	}
	if shown.Length() == 0 {
		return
	}
	v.heading(withoutMoney)
	shown.Render()
}

// changes are the fields in which budgets that we hold differ from what the NDIA reports.
func (v previewView) changes() {
	first := true
	for _, budget := range pace.InOrder(v.preview.Budgets) {
		for _, change := range budget.Changes {
			if first {
				v.heading("what changes in the budgets")
				first = false
			}
			v.print("· %s", words.Change(care.NamedChange{Subject: budget.Name(), Change: change}))
		}
	}
}

// category is a support category by number and name.
func category(name string, number int) string {
	if number == 0 {
		return name
	}
	return fmt.Sprintf("%02d %s", number, name)
}

// periods says how a budget's money is released.
func (v previewView) periods(budget care.PreviewBudget) string {
	periods := make([]period, len(budget.FundingPeriods))
	for i, one := range budget.FundingPeriods {
		periods[i] = period{start: one.StartDate, released: one.Released}
	}
	return releases(periods, v.today)
}

// period is a funding period as far as people must know when money comes.
type period struct {
	start    care.Date
	released *bool // nil where it is not known
}

// releases says in a few words how and when money is released.
func releases(periods []period, today care.Date) string {
	if len(periods) <= 1 {
		return "up front"
	}
	var next care.Date
	left, unknown := 0, 0
	for _, one := range periods {
		if one.released != nil && *one.released {
			continue
		}
		if one.released == nil {
			unknown++
		} else {
			left++
		}
		if one.start.After(today) && (next.IsZero() || one.start.Before(next)) {
			next = one.start
		}
	}
	switch {
	case left+unknown == 0:
		return fmt.Sprintf("%d, all released", len(periods))
	case next.IsZero() && left == 0:
		return fmt.Sprintf("%d, release of %d not stated", len(periods), unknown)
	case next.IsZero():
		return fmt.Sprintf("%d, %d not released", len(periods), left)
	default:
		return fmt.Sprintf("%d, next release %s", len(periods), present.Date(next))
	}
}

// missing are budgets of ours that the NDIA no longer reports (R5, R25).
func (v previewView) missing() {
	if len(v.preview.Missing) == 0 {
		return
	}
	v.heading("no longer in PACE")
	for _, budget := range v.preview.Missing {
		v.print("· %s, %s approved", budget.Name(), present.Reported(budget.Approved))
	}
	if v.preview.RemovalsHeld {
		v.print("! Too many are missing at once, so they stay as they are unless you add --accept-removals when you create.")
		return
	}
	v.print("They are kept, marked as no longer in PACE, and excluded from totals.")
}

func (v previewView) warnings() {
	var shown []read.Issue
	for _, issue := range v.preview.Issues {
		if !slices.Contains(shownInPlace, issue.Code) {
			shown = append(shown, read.IssueOf(issue))
		}
	}
	for i, warning := range present.Warnings(shown) {
		if i == 0 {
			v.heading("warnings")
		}
		v.print("! %s", warning.Message)
		v.showAlike(warning)
	}
}

// shownInPlace are the warnings that a preview tells where they belong.
var shownInPlace = []care.IssueCode{care.IssueOverlap, care.IssueRemovalHeld, care.IssueNoLongerInPACE}

func (v previewView) others() {
	if len(v.preview.Others) == 0 {
		return
	}
	v.heading("other plans of this participant")
	for _, plan := range v.preview.Others {
		v.print("· %s: %s", present.Period(plan.StartDate, plan.EndDate), v.typed("pace retrieve", string(v.person.ID), "--plan-start", plan.StartDate.String()))
	}
}

func (v previewView) totals() {
	v.heading("totals")
	v.details(
		"total funding", present.Sum(present.Reported(v.preview.Contract.TotalFunding), v.preview.Contract.FundingIncomplete)+"  approved in the whole plan, regardless of how it is managed",
		"allocation total", present.Sum(present.Reported(v.preview.Contract.AllocationTotal), v.preview.Contract.AllocationIncomplete)+"  approved in the budgets that count towards the contract, if all are created")
}

// summary says in numbers what Create writes, if all of it is ticked.
func (v previewView) summary() {
	budgets, adjustments, adjusted := map[string]int{}, map[string]int{}, decimal.Zero
	for _, budget := range v.preview.Budgets {
		budgets[budget.Action]++
		adjustments[recordAction(budget.Adjustment.Action)]++
		adjusted = adjusted.Add(budget.Adjustment.After.Decimal)
	}
	v.heading("if everything is saved")
	v.details(
		"service contract", v.preview.ContractAction,
		"budgets", inNumbers(budgets),
		"adjustment records", inNumbers(adjustments))
	if !adjusted.IsZero() {
		v.print("Adjustment records cover what others have spent from the budgets, %s in total. They are never claimed.",
			present.Reported(decimal.NewNullDecimal(adjusted)))
	}
}

// recordAction is what happens to an adjustment record as people see it: one that was not needed for a while is created again.
func recordAction(action string) string {
	if action == care.ActionRevived {
		return care.ActionCreated
	}
	return action
}

// inNumbers says how many records get which action.
func inNumbers(actions map[string]int) string {
	return cmp.Or(words.Actions{
		New: actions[care.ActionCreated], Changed: actions[care.ActionUpdated], Revived: actions[care.ActionRevived],
		Unchanged: actions[care.ActionUnchanged], Removed: actions[care.ActionRemoved],
	}.String(), "none")
}

// next says what to type.
func (v previewView) next() {
	create := func(more ...string) string {
		arguments := []string{string(v.person.ID), "--preview", string(v.retrieval.ID)}
		if len(v.preview.Overlaps) > 0 {
			arguments = append(arguments, "--accept-overlaps")
		}
		return v.typed("pace create", append(arguments, more...)...)
	}
	pairs := []string{"to save everything", create()}
	if last := len(v.preview.Budgets); last > 1 {
		pairs = append(pairs, "to save all but some", create("--without", fmt.Sprint(last)), "to save only some", create("--select", "1"))
	}
	if v.preview.ContractAction != care.ActionCreated {
		pairs = append(pairs, "to refresh one budget", create("--only", "1"))
	}
	v.heading("next commands")
	v.details(append(pairs, "to discard it", "wait until it expires, or "+v.typed("runs cancel", string(v.retrieval.RunID)))...)
}

func previewColumns() []table.ColumnConfig {
	right := func(number int) table.ColumnConfig {
		return table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight}
	}
	wrapped := func(number, width int) table.ColumnConfig {
		return table.ColumnConfig{Number: number, WidthMax: width, WidthMaxEnforcer: wrapLines}
	}
	return []table.ColumnConfig{
		right(1), wrapped(2, categoryWidth), right(3), right(4), right(5), right(6), wrapped(7, happensWidth),
	}
}

// wrapLines breaks each line separately, where text.WrapSoft would join them.
func wrapLines(cell string, width int) string {
	lines := strings.Split(cell, "\n")
	for i, line := range lines {
		lines[i] = text.WrapSoft(line, width)
	}
	return strings.Join(lines, "\n")
}
