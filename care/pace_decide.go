package care

import (
	"slices"
	"strings"
)

// HeldContracts is what we hold of a person's contracts: all of them, with the plan budgets of those from PACE and their delivered
// services.
type HeldContracts struct {
	Contracts         []ServiceContract  `json:"contracts"`
	Budgets           []PlanBudget       `json:"budgets"`
	DeliveredServices []DeliveredService `json:"delivered_services"`
}

// ContractRead is a complete read of one plan.
type ContractRead struct {
	Plan ParticipantPlan `json:"plan"`
	Tree BudgetTree      `json:"tree"`
	// Others are the participant's further plans that were listed beside it.
	Others []ParticipantPlan `json:"others,omitempty"`
	// On is the day of the retrieval as the organisation counts it; Today is the NDIA's date, by which it decides what runs (R1).
	On    Date `json:"on"`
	Today Date `json:"today"`
	// Earlier are the trees of plans that ended a short time ago; only an unattended refresh reads them (R23).
	Earlier []ContractRead `json:"earlier,omitempty"`
	// Issues are what was odd about the answers without being wrong.
	Issues []Issue `json:"issues,omitempty"`
}

// ContractDecision is what a read changes. Everything in it is written in one transaction, and nothing where Answer is not a
// success (R26).
type ContractDecision struct {
	Decision
	// Contract is the plan's, as it is to be stored; empty where none was written.
	Contract ServiceContract
	// Contracts are to be written: Contract itself, and those whose own dates change because of it (R24).
	Contracts []ServiceContract
	// Budgets and DeliveredServices are those of the contract.
	Budgets           Difference[PlanBudget]
	DeliveredServices Difference[DeliveredService]
	// Missing are the budgets that this read no longer had, whether or not they were flagged.
	Missing []PlanBudget
	// Overlaps are contracts that would overlap this one and did not before.
	Overlaps []ServiceContract
	// Review is what an unattended refresh held for approval (R31). It is complete: it replaces an earlier list.
	Review []ReviewItem
	// Differences are why a Create was refused with preview_differs (R22).
	Differences []NamedChange
}

// terms are what may be done with a read.
type terms struct {
	// attended is set where a person has seen what will happen.
	attended bool
	// ticked says which budgets that person wants, by their place in the answer.
	ticked func(place int) bool
	// idOf gives a new budget its id, and agreedOverlap says which contracts may overlap this one; only where attended.
	idOf          func(place int) ID
	agreedOverlap func(ID) bool
	// shown is the id under which that person has seen a budget, empty for one that they have not; nil where nothing was shown before.
	shown func(place int) ID
	// mayGo is how many budgets may leave PACE at once (R5).
	mayGo int
	// only is set where nothing but the ticked budgets of a contract that we have is refreshed.
	only bool
}

// contractDeciding is a decision in the making.
type contractDeciding struct {
	ContractDecision
	held  HeldContracts
	read  ContractRead
	terms terms
	newID NewID
	// before is the contract as we hold it, nil if there is none.
	before *ServiceContract
}

func everyBudget(int) bool { return true }

func decideContract(held HeldContracts, read ContractRead, terms terms, newID NewID) ContractDecision {
	d := &contractDeciding{held: held, read: read, terms: terms, newID: newID, before: ContractOf(held.Contracts, read.Plan)}
	d.terms.only = terms.only && d.before != nil
	d.Issues = slices.Clone(read.Issues)
	if reason := PlanRefusal(read.Plan, read.Today); reason != "" {
		return refusedContract(reason)
	}
	if read.fit() == treeOfAnotherPlan && terms.attended {
		return refusedContract(ReasonTreeOfAnotherPlan)
	}
	if d.before == nil && !terms.attended {
		d.review(ReviewItem{Kind: ReviewNewContract, Subject: thePlan, New: dateText(read.Plan.StartDate)})
		d.concludeContract()
		return d.ContractDecision
	}
	d.setContract()
	if slices.ContainsFunc(d.Overlaps, d.unwanted) {
		refused := refusedContract(ReasonOverlapUnconfirmed)
		refused.Overlaps = d.Overlaps
		return refused
	}
	d.setBudgets()
	d.setTotals()
	d.setAdjustments()
	d.check()
	d.concludeContract()
	return d.ContractDecision
}

// PlanRefusal says why a plan cannot have a contract: it lacks the dates by which it is recognised (R24), or has not started (R23).
func PlanRefusal(plan ParticipantPlan, today Date) Reason {
	switch {
	case !plan.IsPACE:
		return ReasonNotPACE
	case plan.FirstStartDate.IsZero() || plan.StartDate.IsZero():
		return ReasonPlanUndated
	case plan.StartDate.After(today):
		return ReasonPlanInFuture
	default:
		return ""
	}
}

func refusedContract(reason Reason) ContractDecision {
	return ContractDecision{Decision: Decision{Answer: Refused(reason), Issues: []Issue{RefusalIssue(AreaContract, reason, "")}}}
}

func (d *contractDeciding) unwanted(overlapping ServiceContract) bool {
	return d.terms.attended && !d.terms.agreedOverlap(overlapping.ID)
}

// setContract gives the contract its dates, and those before and after it theirs (R24).
func (d *contractDeciding) setContract() {
	contract := d.contractBefore()
	if d.terms.only {
		d.place(contract)
		return
	}
	old := contract.PlanEndDate
	contract.PlanEndDate = d.read.Plan.EndDate
	if d.before != nil && contract.PlanEndDate != old && !widens(old, contract.PlanEndDate) && !d.mayShorten(contract, old) {
		contract.PlanEndDate = old
	}
	d.place(contract)
	if d.before != nil && !d.terms.attended && len(d.Overlaps) > 0 {
		d.review(ReviewItem{
			Kind: ReviewOverlap, ContractID: contract.ID, Subject: thePlan, Field: "plan_end_date", Old: dateText(old), New: dateText(contract.PlanEndDate),
		})
		contract.PlanEndDate = old
		d.place(contract)
	}
	for _, overlapping := range d.Overlaps {
		d.warn(Warning(AreaContract, IssueOverlap).With(DateRange{StartDate: overlapping.StartDate, EndDate: overlapping.EndDate}))
	}
}

func (d *contractDeciding) contractBefore() ServiceContract {
	if d.before != nil {
		return *d.before
	}
	return newContract(d.newID(), d.read.Plan)
}

// mayShorten warns of an earlier end where a person has seen it, and holds it for review where no one has (R24, R31).
func (d *contractDeciding) mayShorten(contract ServiceContract, old Date) bool {
	if d.endsAnyway(contract.PlanEndDate) {
		return d.before.SupersededBy != ""
	}
	if !contract.PlanEndDate.IsZero() && contract.PlanEndDate.Before(d.read.Today) {
		d.warn(Warning(AreaContract, IssuePlanEndedEarly).With(EndMovedDetails{Old: old, New: contract.PlanEndDate}))
	}
	if !d.terms.attended {
		d.review(ReviewItem{
			Kind: ReviewShortening, ContractID: contract.ID, Subject: thePlan, Field: "plan_end_date", Old: dateText(old), New: dateText(contract.PlanEndDate),
		})
		return false
	}
	d.warn(Warning(AreaContract, IssueContractShortened).With(EndMovedDetails{Old: old, New: contract.PlanEndDate}))
	return true
}

// endsAnyway reports whether an earlier end of an ended plan is only what the plan that follows says too. No one is asked about it: it is
// applied once that plan has its contract (R24), and not before.
func (d *contractDeciding) endsAnyway(end Date) bool {
	next := d.nextStart()
	return !d.terms.attended && d.read.Tree.Historical && !next.IsZero() && !end.IsZero() && !end.Before(next.AddDays(-1))
}

// nextStart is when the plan begins that follows this one, as far as it is known.
func (d *contractDeciding) nextStart() (next Date) {
	starts := make([]Date, 0, len(d.read.Others)+len(d.held.Contracts))
	for _, plan := range d.read.Others {
		starts = append(starts, plan.StartDate)
	}
	for i := range d.held.Contracts {
		starts = append(starts, d.held.Contracts[i].PlanStartDate) // none for a manually entered one
	}
	for _, start := range starts {
		if start.After(d.read.Plan.StartDate) && (next.IsZero() || start.Before(next)) {
			next = start
		}
	}
	return next
}

// place puts the contract among the person's others.
func (d *contractDeciding) place(contract ServiceContract) {
	others := filter(d.held.Contracts, func(c ServiceContract) bool { return c.ID != contract.ID })
	all := inSuccession(append(others, contract))
	d.Contract = all[len(all)-1]
	d.Contracts = all[:len(all)-1]
	d.Overlaps = newOverlaps(d.Contracts, d.Contract, d.before)
}

// setBudgets takes over the budgets that may be, and flags those that are no longer in PACE (R25).
func (d *contractDeciding) setBudgets() {
	held := filter(d.held.Budgets, func(b PlanBudget) bool { return b.ContractID == d.Contract.ID })
	read := numbered(d.read.Tree.Budgets())
	paired := pairBudgets(held, read, d.read.Tree.Historical, d.terms.shown)
	renumbered(held, read, paired)
	declined := d.Contract.Declined
	if d.terms.attended && !d.terms.only {
		d.Contract.Declined = nil
	}
	for place := range read {
		read[place].ContractID = d.Contract.ID
		if paired.of[place] == nil {
			d.newBudget(place, read[place], declined)
		} else {
			d.heldBudget(place, *paired.of[place], read[place])
		}
	}
	if d.terms.only {
		for _, budget := range paired.absent {
			d.Budgets.After = append(d.Budgets.After, *budget)
		}
		return
	}
	d.flagAbsent(paired.absent, len(read))
}

// newBudget creates a budget that is ticked. One that is not is remembered, so that no one is asked about it again (R31).
func (d *contractDeciding) newBudget(place int, read PlanBudget, declined []DeclinedBudget) {
	switch {
	case d.terms.attended && d.terms.ticked(place):
		d.Budgets.keep(KindPlanBudget, nil, read, func() ID { return d.terms.idOf(place) }, rowOf[PlanBudget], valuesOf[PlanBudget])
	case d.terms.only:
	case d.terms.attended && d.terms.shown(place) == "": // no one has seen it, so no one has declined it: the next refresh asks
	case d.terms.attended:
		d.Contract.Declined = append(d.Contract.Declined, DeclinedBudget{Budget: read.key(), Approved: read.Approved})
	case !slices.ContainsFunc(declined, read.isDeclined):
		d.review(ReviewItem{Kind: ReviewNewBudget, ContractID: d.Contract.ID, Subject: read.Name(), New: moneyText(read.Approved)})
	}
}

// isDeclined recognises a budget that was declined with the same money, in a historical tree without its funding component.
func (b *PlanBudget) isDeclined(declined DeclinedBudget) bool {
	same := declined.Budget == b.key() || b.FundingComponent == "" && strings.HasPrefix(declined.Budget, b.identityWithoutComponent()+"|")
	return same && sameText(moneyText(declined.Approved), moneyText(b.Approved))
}

// heldBudget takes over what was read of a budget that we hold. One that is not ticked stays as it was (R25).
func (d *contractDeciding) heldBudget(place int, held, read PlanBudget) {
	if !d.terms.ticked(place) {
		d.Budgets.After = append(d.Budgets.After, held)
		return
	}
	read.completedFrom(&held, d.read.Tree.Historical)
	if !d.terms.attended {
		d.holdShortening(held, &read)
	}
	d.Budgets.keep(KindPlanBudget, &held, read, d.newID, rowOf[PlanBudget], valuesOf[PlanBudget])
}

// holdShortening keeps the dates of a budget where the read would make its time shorter, and holds them for review (R31).
func (d *contractDeciding) holdShortening(held PlanBudget, read *PlanBudget) {
	hold := func(field string, old Date, new *Date) {
		d.review(ReviewItem{
			Kind: ReviewShortening, ContractID: d.Contract.ID, BudgetID: held.ID, Subject: read.Name(), Field: field, Old: dateText(old), New: dateText(*new),
		})
		*new = old
	}
	switch {
	case read.EndDate == held.EndDate, widens(held.EndDate, read.EndDate), d.endsAnyway(read.EndDate) && d.before.SupersededBy != "":
	case d.endsAnyway(read.EndDate):
		read.EndDate = held.EndDate
	default:
		hold("end_date", held.EndDate, &read.EndDate)
	}
	if read.StartDate != held.StartDate && !startsSooner(held.StartDate, read.StartDate) {
		hold("start_date", held.StartDate, &read.StartDate)
	}
}

// flagAbsent flags the budgets that were not in the answer as no longer in PACE, unless too many would go at once, or the answer is
// incomplete (R5, R6, R25).
func (d *contractDeciding) flagAbsent(absent []*PlanBudget, reported int) {
	if d.read.Tree.Incomplete {
		for _, budget := range absent {
			d.Budgets.After = append(d.Budgets.After, *budget)
		}
		return
	}
	current := 0
	for _, budget := range d.held.Budgets {
		if budget.ContractID == d.Contract.ID && !budget.Removed {
			current++
		}
	}
	absent = filter(absent, d.isMissing)
	for _, budget := range absent {
		if !budget.Removed {
			d.Missing = append(d.Missing, *budget)
		}
	}
	guard := Guard{NeverEmpty: true, Accepted: d.terms.mayGo}
	d.Budgets.removeAbsent(KindPlanBudget, absent, func(removing int) bool { return guard.Holds(current, removing, reported) }, rowOf[PlanBudget])
	if d.Budgets.Held > 0 {
		d.warn(Warning(AreaContract, IssueRemovalHeld).With(CountDetails{Number: d.Budgets.Held}))
	}
	for _, budget := range d.Missing {
		d.noteMissing(budget)
	}
}

// isMissing keeps a budget without money from being missed in the historical tree, which lists funded supports only.
func (d *contractDeciding) isMissing(budget *PlanBudget) bool {
	if d.read.Tree.Historical && !budget.hasMoney() {
		d.Budgets.After = append(d.Budgets.After, *budget)
		return false
	}
	return true
}

func (d *contractDeciding) noteMissing(budget PlanBudget) {
	if d.Budgets.Held > 0 {
		d.review(ReviewItem{Kind: ReviewRemoval, ContractID: d.Contract.ID, BudgetID: budget.ID, Subject: budget.Name(), Old: moneyText(budget.Approved)})
		return
	}
	d.warn(Warning(AreaContract, IssueNoLongerInPACE).On(budget.Label(), budget.ID))
}

// setTotals sums up what the contract is worth (R29), and finds which contracts have changed.
func (d *contractDeciding) setTotals() {
	if !d.terms.only {
		d.Contract.TotalFunding, d.Contract.FundingIncomplete = d.read.Tree.TotalFunding(), d.read.Tree.FundingIncomplete()
	}
	d.Contract.AllocationTotal, d.Contract.AllocationIncomplete = AllocationTotal(d.Budgets.After), AllocationIncomplete(d.Budgets.After)
	d.Contract.RetrievedOn = d.read.On
	d.Contracts = filter(d.Contracts, d.redated)
	for i := range d.Contracts {
		d.Changes = append(d.Changes, d.changesOf(&d.Contracts[i])...)
	}
	own := d.changesOf(&d.Contract)
	if d.before == nil {
		own = []Change{{Kind: KindServiceContract, RecordID: d.Contract.ID, Action: ActionCreated}}
	}
	d.Changes = append(d.Changes, own...)
	d.Contracts = append([]ServiceContract{d.Contract}, d.Contracts...)
}

func (d *contractDeciding) redated(contract ServiceContract) bool {
	return len(d.changesOf(&contract)) > 0
}

func (d *contractDeciding) changesOf(contract *ServiceContract) []Change {
	for i := range d.held.Contracts {
		if held := &d.held.Contracts[i]; held.ID == contract.ID {
			return changesBetween(KindServiceContract, contract.ID, held.values(), contract.values())
		}
	}
	return nil
}

// setAdjustments keeps adjustment + own claimed = spent (R27).
func (d *contractDeciding) setAdjustments() {
	ours := make(map[ID]bool)
	for _, budget := range d.Budgets.After {
		ours[budget.ID] = true
	}
	delivered := filter(d.held.DeliveredServices, func(s DeliveredService) bool { return ours[s.BudgetID] })
	var issues []Issue
	d.DeliveredServices, issues = Adjust(d.Budgets.After, delivered, d.read.On, d.newID)
	d.Issues = append(d.Issues, issues...)
}

// check looks whether what was reported fits together (R4).
func (d *contractDeciding) check() {
	d.Issues = append(d.Issues, d.read.Tree.Check()...)
	d.checkStart()
	dates := d.read.Tree.Dates()
	if dates != (DateRange{}) && !sameDates(dates, d.read.Plan.Dates()) {
		d.warn(Warning(AreaContract, IssueTreeDatesDiffer).With(d.read.treeDates()))
	}
}

// checkStart says by what the tree was recognised, where that was not the plan's start (R23).
func (d *contractDeciding) checkStart() {
	switch d.read.fit() {
	case treeUndated:
		d.warn(Warning(AreaContract, IssueTreeUndated))
	case treeInsidePlan:
		d.warn(Warning(AreaContract, IssueTreeStartsLater).With(d.read.treeDates()))
	}
}

func (d *contractDeciding) review(item ReviewItem) { d.Review = append(d.Review, item) }

func (d *contractDeciding) concludeContract() {
	d.Changes = append(d.Changes, d.Budgets.Changes...)
	d.Changes = append(d.Changes, d.DeliveredServices.Changes...)
	if len(d.Review) > 0 && !d.terms.attended {
		d.warn(heldForReview(len(d.Review)))
	}
	d.conclude(Counts{
		KindServiceContract: d.contractCount(), KindPlanBudget: d.Budgets.Count, KindDeliveredService: d.DeliveredServices.Count,
	})
}

func heldForReview(changes int) Issue {
	return Warning(AreaContract, IssueHeldForReview).With(CountDetails{Number: changes})
}

func (d *contractDeciding) contractCount() (count Count) {
	for i := range d.Contracts {
		contract := &d.Contracts[i]
		switch {
		case contract.ID == d.Contract.ID && d.before == nil:
			count.Created++
		case d.redated(*contract):
			count.Updated++
		default:
			count.Unchanged++
		}
	}
	return count
}
