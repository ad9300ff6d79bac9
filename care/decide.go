package care

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Decision is what a step writes beside its records.
type Decision struct {
	Answer  AreaResult
	Issues  []Issue
	Changes []Change
	Holds   []RemovalHold
}

// RemovalHold says how many records of a list a complete read no longer had while the guard kept them (R5); none closes an earlier hold.
type RemovalHold struct {
	Kind Kind `json:"kind"`
	// BudgetID is set for the lists below a budget, which are guarded one by one.
	BudgetID ID  `json:"budget_id,omitempty"`
	Records  int `json:"records"`
}

// OpenRemovalHold is a hold that stands when a list is read again.
type OpenRemovalHold struct {
	RemovalHold
	// Accepted is set once an operator has looked at it and let so many records go.
	Accepted bool `json:"accepted"`
}

// guardOf is the guard over a list with the holds that are open.
func guardOf(open []OpenRemovalHold, kind Kind, budget ID) Guard {
	guard := Guard{NeverEmpty: kind == KindClassification || kind == KindBudget}
	for _, hold := range open {
		if hold.Kind != kind || hold.BudgetID != budget {
			continue
		}
		guard.Waiting = !hold.Accepted
		if hold.Accepted {
			guard.Accepted = hold.Records
		}
	}
	return guard
}

// over is the guard over a list that may not have been read completely.
func (g Guard) over(unread bool) Guard {
	g.Unread = unread
	return g
}

func (d *Decision) warn(issue Issue) { d.Issues = append(d.Issues, issue) }

// conclude makes the answer once everything else stands.
func (d *Decision) conclude(counts Counts) {
	d.Answer = AreaResult{Outcome: AreaSucceeded, Counts: counts, Warnings: countWarnings(d.Issues)}
}

func countWarnings(issues []Issue) (warnings int) {
	for _, issue := range issues {
		if issue.Severity == SeverityWarning {
			warnings++
		}
	}
	return warnings
}

// says reports whether there is anything to record beside the answer.
func (d *Decision) says() bool { return len(d.Issues)+len(d.Changes)+len(d.Holds) > 0 }

// take adds what comparing one list came to. budget is set for the lists below a budget.
func take[T any](d *Decision, area Area, kind Kind, budget ID, difference Difference[T]) {
	d.Changes = append(d.Changes, difference.Changes...)
	if difference.Unread {
		return
	}
	d.Holds = append(d.Holds, RemovalHold{Kind: kind, BudgetID: budget, Records: difference.Held})
	if difference.Held > 0 {
		issue := Warning(area, IssueRemovalHeld).With(CountDetails{Number: difference.Held})
		issue.Kind, issue.RecordID = kind, budget
		d.warn(issue)
	}
}

// labelled is a record that people know by its name and dates.
type labelled[T any] interface {
	record[T]
	Label() Label
}

// nameGone warns of each current record that was removed although no end of it had been reported first (R5). Longer lists have the guard,
// and where someone has accepted a removal there is no news in it.
func nameGone[T any, P labelled[T]](d *Decision, area Area, held []T, difference Difference[T], guard Guard, current func(P) bool) {
	if currentIn[T, P](held) >= guardedFrom || guard.Accepted > 0 {
		return
	}
	for i := range held {
		record := P(&held[i])
		if slices.Contains(difference.Remove, record.row().ID) && current(record) {
			d.warn(Warning(area, IssueGoneWhileCurrent).On(record.Label(), record.row().ID))
		}
	}
}

// inForceOn is current for records that hold between two dates.
func inForceOn[T any, P labelled[T]](today Date) func(P) bool {
	return func(record P) bool { return record.Label().currentOn(today) }
}

// HeldPlan is what we hold of the summary's area.
type HeldPlan struct {
	Plan   *Plan  `json:"plan"`
	Person Person `json:"person"`
	// Others and SamePerson tell the person from the others of the organisation (R8).
	Others           []Identity        `json:"others"`
	SamePerson       []string          `json:"same_person"`
	Connections      []Connection      `json:"connections"`
	Classifications  []Classification  `json:"classifications"`
	ApprovedServices []ApprovedService `json:"approved_services"`
	Supplements      []Supplement      `json:"supplements"`
	Holds            []OpenRemovalHold `json:"holds"`
}

// Known is the person that the records are about.
func (h HeldPlan) Known() Known {
	return Known{Identity: h.Person.Identity, Others: h.Others, SamePerson: h.SamePerson}
}

// holdsLists reports whether some list has a current record.
func (h HeldPlan) holdsLists() bool {
	return currentIn(h.Classifications)+currentIn(h.ApprovedServices)+currentIn(h.Supplements) > 0
}

// PlanDecision is what a summary changes.
type PlanDecision struct {
	Decision
	Plan              Plan
	Stay              Stay
	Entries           []Entry
	ReportedGivenName string
	Classifications   Difference[Classification]
	ApprovedServices  Difference[ApprovedService]
	Supplements       Difference[Supplement]
}

// Writes reports whether the decision changes or records anything.
func (d *PlanDecision) Writes() bool { return d.says() }

// DecidePlan decides what the rows of a summary change, all of which are the person's: the lists (R5, R11), the plan's dates (R13) and
// whether the person is in care (R19).
func DecidePlan(held HeldPlan, rows []Summary, issues []Issue, today Date, newID NewID) PlanDecision {
	summary := MergeSummaries(rows, held.Connections, today)
	decision := PlanDecision{Decision: Decision{Issues: slices.Concat(issues, summary.Issues)}, ReportedGivenName: summary.GivenName}
	if summary.Elsewhere && held.holdsLists() {
		decision.keepLists(held)
	} else {
		decision.compareLists(held, summary, today, newID)
	}
	decision.setPlan(held.Plan, newID)
	decision.setCare(held.Person, summary, today)
	if !slices.ContainsFunc(decision.Classifications.After, isCurrent) {
		decision.warn(Warning(AreaSummary, IssueNoClassification))
	}
	decision.conclude(Counts{
		KindClassification: decision.Classifications.Count, KindApprovedService: decision.ApprovedServices.Count,
		KindSupplement: decision.Supplements.Count,
	})
	return decision
}

// compareLists compares each list with what we hold of it.
func (d *PlanDecision) compareLists(held HeldPlan, summary PersonSummary, today Date, newID NewID) {
	guard := func(kind Kind) Guard { return guardOf(held.Holds, kind, "").over(summary.Unread.has(kind)) }
	d.Classifications = Compare(KindClassification, held.Classifications, summary.Classifications, guard(KindClassification), newID)
	d.ApprovedServices = Compare(KindApprovedService, held.ApprovedServices, summary.ApprovedServices, guard(KindApprovedService), newID)
	d.Supplements = Compare(KindSupplement, held.Supplements, summary.Supplements, guard(KindSupplement), newID)
	take(&d.Decision, AreaSummary, KindClassification, "", d.Classifications)
	take(&d.Decision, AreaSummary, KindApprovedService, "", d.ApprovedServices)
	take(&d.Decision, AreaSummary, KindSupplement, "", d.Supplements)
	nameGone(&d.Decision, AreaSummary, held.Classifications, d.Classifications, guard(KindClassification), inForceOn[Classification](today))
	nameGone(&d.Decision, AreaSummary, held.ApprovedServices, d.ApprovedServices, guard(KindApprovedService), inForceOn[ApprovedService](today))
	nameGone(&d.Decision, AreaSummary, held.Supplements, d.Supplements, guard(KindSupplement), inForceOn[Supplement](today))
}

// keepLists leaves the lists as they are: another provider's rows say nothing of what is ours.
func (d *PlanDecision) keepLists(held HeldPlan) {
	d.Classifications.After, d.ApprovedServices.After, d.Supplements.After = held.Classifications, held.ApprovedServices, held.Supplements
}

func isCurrent(classification Classification) bool { return !classification.Removed }

func (d *PlanDecision) setPlan(held *Plan, newID NewID) {
	start, end := PlanDates(d.Classifications.After)
	if held == nil {
		d.Plan = Plan{ID: newID(), StartDate: start, EndDate: end}
		d.Changes = append(d.Changes, Change{Kind: KindPlan, RecordID: d.Plan.ID, Action: ActionCreated})
		return
	}
	d.Plan = Plan{ID: held.ID, StartDate: start, EndDate: end}
	d.Changes = append(d.Changes, changesBetween(KindPlan, held.ID, planValues(*held), planValues(d.Plan))...)
}

func planValues(plan Plan) []Value {
	return []Value{{"start_date", dateText(plan.StartDate)}, {"end_date", dateText(plan.EndDate)}}
}

// setCare notes the entries and what they come to. A person all of whose entries have ended is not in care (R19); one of whom only another
// provider's entries are reported stays as they were.
func (d *PlanDecision) setCare(person Person, summary PersonSummary, today Date) {
	d.Entries, d.Stay = summary.Entries, StayOf(summary.Entries, today)
	switch {
	case summary.Elsewhere:
		d.Entries = person.Entries
		d.Stay = Stay{EntryDate: person.EntryDate, DepartureDate: person.DepartureDate, NotInCareSince: person.NotInCareSince}
		d.warn(Warning(AreaSummary, IssueAnotherProvider))
	case !d.Stay.NotInCareSince.IsZero():
		d.warn(Warning(AreaSummary, IssueNotInCare))
	}
	after := Person{
		EntryDate: d.Stay.EntryDate, DepartureDate: d.Stay.DepartureDate, NotInCareSince: d.Stay.NotInCareSince,
		Entries: d.Entries, ReportedGivenName: d.ReportedGivenName,
	}
	d.Changes = append(d.Changes, changesBetween(KindPerson, person.ID, careValues(person), careValues(after))...)
}

func careValues(person Person) []Value {
	return []Value{
		{"entry_date", dateText(person.EntryDate)}, {"departure_date", dateText(person.DepartureDate)},
		{"not_in_care_since", dateText(person.NotInCareSince)}, {"entries", listText(person.Entries)},
		{"reported_given_name", text(person.ReportedGivenName)},
	}
}

// ContributionsDecision is what a set of contributions changes.
type ContributionsDecision struct {
	Decision
	Contributions []Contribution
	// Changed is set where the set's content differs from the one we hold: only then the old one becomes history (R16).
	Changed bool
	SetID   ID
}

// HeldContributions is what we hold of the contributions' area.
type HeldContributions struct {
	Contributions []Contribution    `json:"contributions"`
	Holds         []OpenRemovalHold `json:"holds"`
}

// WouldLose reports whether an answer would take away all contributions that we hold, and no one has decided about that yet.
func (h HeldContributions) WouldLose(read Read[Contribution]) bool {
	decided := slices.ContainsFunc(h.Holds, func(hold OpenRemovalHold) bool { return hold.Kind == KindContribution })
	return len(h.Contributions) > 0 && len(read.Records) == 0 && !read.Incomplete && !decided
}

// keeps reports whether the contributions stay although none were reported.
func (h HeldContributions) keeps(read []Contribution, lost LostContributions) bool {
	guard := guardOf(h.Holds, KindContribution, "")
	waits := guard.Waiting || guard.Accepted > 0 && guard.Accepted < len(h.Contributions)
	return len(h.Contributions) > 0 && len(read) == 0 && (waits || lost == HoldContributions && guard.Accepted == 0)
}

// DecideContributions decides what recreating the contributions changes (R16). A clean "none" removes them, with a warning, unless they are
// held until an operator accepts that (R9); an incomplete answer removes none (R6).
func DecideContributions(held HeldContributions, answer Read[Contribution], lost LostContributions, newID NewID) ContributionsDecision {
	read, kept := answer.Records, 0
	switch {
	case answer.Incomplete:
		read = withUnread(held.Contributions, read)
	case held.keeps(read, lost):
		read, kept = held.Contributions, len(held.Contributions)
	}
	difference := CompareContributions(held.Contributions, read)
	decision := ContributionsDecision{Decision: Decision{Issues: slices.Clone(answer.Issues)}, Contributions: read, Changed: difference.Changed}
	if !answer.Incomplete && (kept > 0 || slices.ContainsFunc(held.Holds, func(hold OpenRemovalHold) bool { return hold.Kind == KindContribution })) {
		take(&decision.Decision, AreaContributions, KindContribution, "", Difference[Contribution]{Held: kept})
	}
	if difference.Cleared {
		decision.warn(Warning(AreaContributions, IssueContributionsCleared).With(CountDetails{Number: len(held.Contributions)}))
	}
	if decision.Changed {
		decision.SetID = newID()
		decision.Changes = []Change{{
			Kind: KindContribution, RecordID: decision.SetID, Action: ActionUpdated, Field: "contributions",
			Old: listText(held.Contributions), New: listText(read),
		}}
	}
	decision.conclude(Counts{KindContribution: difference.Count})
	return decision
}

// HeldBudgets is what we hold of the budgets' area.
type HeldBudgets struct {
	Person      Person            `json:"person"`
	Budgets     []Budget          `json:"budgets"`
	Connections []Connection      `json:"connections"`
	Holds       []OpenRemovalHold `json:"holds"`
	BudgetsOfOthers
}

// BudgetsDecision is what a list of budgets changes.
type BudgetsDecision struct {
	Decision
	Budgets Difference[Budget]
	// ListedTwice are the government's ids of the listed budgets that another person holds, so that they can move (R32).
	ListedTwice []string
	// LearnedConnection is the connection that the budgets show to hold the person, if it is not the one we knew (R11).
	LearnedConnection ID
}

// Writes reports whether the decision changes or records anything.
func (d *BudgetsDecision) Writes() bool {
	return d.says() || len(d.ListedTwice) > 0 || d.LearnedConnection != ""
}

// DecideBudgets decides what a list of a person's budgets changes, and which budgets' usage is to be read: the open ones
// (R15), or all that stand upstream; of these, where that is asked for, only those that have changed.
func DecideBudgets(held HeldBudgets, read Read[Budget], subject RunScope, newID NewID) BudgetsDecision {
	decision := BudgetsDecision{Decision: Decision{Issues: slices.Clone(read.Issues)}}
	decision.compareBudgets(held, read, subject, newID)
	decision.checkBudgets(held, read, subject)
	if held.Person.ConnectionID == "" { // what someone has chosen, or an earlier sync has learned, stands
		decision.LearnedConnection = LearnConnection(decision.Budgets.After, held.Connections)
	}
	decision.conclude(Counts{KindBudget: decision.Budgets.Count})
	decision.Answer.OpenBudgets = decision.toRead(subject)
	return decision
}

// compareBudgets compares the list with what we hold of it, whatever moves to or from other people left out (R32).
func (d *BudgetsDecision) compareBudgets(held HeldBudgets, read Read[Budget], subject RunScope, newID NewID) {
	own := d.withoutOthers(held, read.Records, subject)
	remaining, moved := d.partMoved(held, read)
	guard := guardOf(held.Holds, KindBudget, "").over(read.Incomplete)
	guard.NeverEmpty = len(read.Records) == 0 // an answer whose budgets are another person's is not empty
	d.Budgets = Compare(KindBudget, remaining, own, guard, newID)
	open := func(budget *Budget) bool { return budget.OpenOn(subject.Today) }
	nameGone(&d.Decision, AreaBudgets, remaining, d.Budgets, guard, open)
	d.Budgets.letGo(KindBudget, moved, rowOf[Budget])
	take(&d.Decision, AreaBudgets, KindBudget, "", d.Budgets)
}

// checkBudgets warns of what is odd about the budgets as they stand now.
func (d *BudgetsDecision) checkBudgets(held HeldBudgets, read Read[Budget], subject RunScope) {
	for _, budget := range currentBudgets(d.Budgets.After) {
		if !budget.AddsUp() {
			d.warn(Warning(AreaBudgets, IssueBudgetDoesNotAddUp).On(budget.Label(), budget.ID))
		}
		if !subject.AllBudgets && !budget.OpenOn(subject.Today) && d.usedMoved(held.Budgets, budget) {
			d.warn(Warning(AreaBudgets, IssueClosedBudgetMoved).On(budget.Label(), budget.ID))
		}
	}
	if len(read.Records) == 0 && !read.Incomplete && len(currentBudgets(d.Budgets.After)) == 0 {
		d.warn(Warning(AreaBudgets, IssueEntryNotRegistered))
	}
}

// usedMoved reports whether the used amount of a budget is another than we held.
func (d *BudgetsDecision) usedMoved(held []Budget, budget Budget) bool {
	at := slices.IndexFunc(held, func(before Budget) bool { return before.ID == budget.ID })
	return at >= 0 && !sameText(moneyText(held[at].Used), moneyText(budget.Used))
}

// toRead are our ids of the budgets whose usage is to be read, in their order.
func (d *BudgetsDecision) toRead(subject RunScope) (open []ID) {
	for _, budget := range currentBudgets(d.Budgets.After) {
		moved := slices.Contains(subject.MovedBudgets, budget.UpstreamBudgetID) || d.Budgets.writes(budget.ID)
		if (budget.OpenOn(subject.Today) || subject.AllBudgets) && (moved || !subject.MovedOnly) {
			open = append(open, budget.ID)
		}
	}
	slices.Sort(open)
	return open
}

// HeldUsage is what we hold of some budgets' usage.
type HeldUsage struct {
	Person       Person            `json:"person"`
	Budgets      []Budget          `json:"budgets"`
	Entitlements []Entitlement     `json:"entitlements"`
	Usage        []UsageLine       `json:"usage"`
	Holds        []OpenRemovalHold `json:"holds"`
	// Billing is our own, as it stands when the usage is written.
	Billing Billing `json:"-"`
}

// UsageDecision is what the details of some budgets change.
type UsageDecision struct {
	Decision
	Entitlements Difference[Entitlement]
	Usage        Difference[UsageLine]
	Amounts      []BudgetUsageAmount
	// Links are of lines that are not in Usage.Write: all in Usage.Remove, and those whose line of ours has changed (R17).
	Links []UsageLink
}

// Writes reports whether the decision changes or records anything; amounts that stay as they are must have been left out of it.
func (d *UsageDecision) Writes() bool {
	return d.says() || len(d.Usage.Write)+len(d.Usage.Remove)+len(d.Entitlements.Write)+len(d.Entitlements.Remove)+len(d.Links)+len(d.Amounts) > 0
}

// BudgetUsageAmount is the sum of a budget's usage (R17).
type BudgetUsageAmount struct {
	BudgetID ID                  `json:"id"`
	Amount   decimal.NullDecimal `json:"usage_amount"`
}

// DecideUsage decides what the complete details of some budgets change: each budget's lists separately (R5, R17), and each
// budget's usage amount. details are by our budget id.
func DecideUsage(held HeldUsage, details map[ID]BudgetDetails, issues []Issue, newID NewID) UsageDecision {
	decision := UsageDecision{Decision: Decision{Issues: slices.Clone(issues)}}
	for _, budget := range held.Budgets {
		detail, read := details[budget.ID]
		if !read {
			continue
		}
		entitlements := Compare(KindEntitlement, entitlementsOf(budget.ID, held.Entitlements), ownEntitlements(budget.ID, detail.Entitlements),
			guardOf(held.Holds, KindEntitlement, budget.ID).over(detail.Unread.has(KindEntitlement)), newID)
		heldUsage, readUsage := usageOf(budget.ID, held.Usage), ownUsage(budget.ID, detail.Usage)
		usage := Compare(KindBudgetUsage, continued(heldUsage, readUsage), readUsage,
			guardOf(held.Holds, KindBudgetUsage, budget.ID).over(detail.Unread.has(KindBudgetUsage)), newID)
		decision.link(budget, heldUsage, &usage, held.Billing, held.Person.ID)
		take(&decision.Decision, AreaUsage, KindEntitlement, budget.ID, entitlements)
		take(&decision.Decision, AreaUsage, KindBudgetUsage, budget.ID, usage)
		decision.Entitlements = decision.Entitlements.and(entitlements)
		decision.Usage = decision.Usage.and(usage)
		if !usage.Unread {
			decision.setAmount(budget, usage.After)
		}
	}
	decision.conclude(Counts{KindEntitlement: decision.Entitlements.Count, KindBudgetUsage: decision.Usage.Count})
	return decision
}

// BudgetRefusal says why the details of one budget were not to be had.
type BudgetRefusal struct {
	BudgetID ID     `json:"id"`
	Reason   Reason `json:"reason"`
}

// Refusing is the decision where the details of some budgets were refused: these keep what we hold, and the area is refused for the first
// one's reason. The others are as if they were alone (R6, R18).
func (d UsageDecision) Refusing(budgets []BudgetRefusal) UsageDecision {
	if len(budgets) > 0 {
		d.Answer.Outcome, d.Answer.Reason, d.Answer.BudgetsRefused = AreaRefused, budgets[0].Reason, len(budgets)
	}
	return d
}

func (d *UsageDecision) setAmount(budget Budget, lines []UsageLine) {
	amount := UsageAmount(lines)
	d.Amounts = append(d.Amounts, BudgetUsageAmount{BudgetID: budget.ID, Amount: amount})
	if !UsageMatches(amount, budget.Used) {
		d.warn(Warning(AreaUsage, IssueUsageDiffers).On(budget.Label(), budget.ID))
	}
}

func entitlementsOf(budget ID, all []Entitlement) []Entitlement {
	return filter(all, func(e Entitlement) bool { return e.BudgetID == budget })
}

func usageOf(budget ID, all []UsageLine) []UsageLine {
	return filter(all, func(u UsageLine) bool { return u.BudgetID == budget })
}

func filter[T any](all []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(t T) bool { return !keep(t) })
}

// ownEntitlements and ownUsage put what was read under our budget's id.
func ownEntitlements(budget ID, read []Entitlement) []Entitlement {
	own := slices.Clone(read)
	for i := range own {
		own[i].BudgetID = budget
	}
	return own
}

func ownUsage(budget ID, read []UsageLine) []UsageLine {
	own := slices.Clone(read)
	for i := range own {
		own[i].BudgetID = budget
	}
	return own
}

// and joins the differences of two lists.
func (d Difference[T]) and(other Difference[T]) Difference[T] {
	return Difference[T]{
		Write: append(d.Write, other.Write...), Remove: append(d.Remove, other.Remove...), After: append(d.After, other.After...),
		Count: d.Count.Plus(other.Count), Changes: append(d.Changes, other.Changes...), Held: d.Held + other.Held,
	}
}
