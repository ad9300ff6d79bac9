package imports

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/words"
)

// DeliveredServicesResult is what an import of delivered services did.
type DeliveredServicesResult struct {
	care.Count
	// Adjusted is the number of adjustment records that were created, changed or removed (R27).
	Adjusted int
	// Warnings say what is odd about the file's budgets as they stand now.
	Warnings []string
}

// StoreDeliveredServices stores the delivered services of a file, all or none, with the adjustment records that they change. What changes is
// kept in history, with by, who imports. It fails with FileError or db.ErrImportRunning.
func StoreDeliveredServices(
	ctx context.Context, store *db.Store, organisation care.ID, file File[DeliveredService], by string,
) (result DeliveredServicesResult, err error) {
	var named db.NamedWork
	for _, line := range file.Rows {
		named.NDISNumbers, named.References = append(named.NDISNumbers, line.NDISNumber), append(named.References, line.Reference)
	}
	err = store.ImportDeliveredServices(ctx, organisation, named, by, func(held db.HeldWork) (write db.WorkToWrite, err error) {
		write, result, err = DecideDeliveredServices(file, held)
		return write, err
	})
	return result, err
}

// DecideDeliveredServices decides what a file does to the work that we hold, and adjusts the records that stand for what others delivered
// (R27), so that adjustment + own claimed = spent. Work that we hold already, by its reference, becomes what the file says, and moves
// where that is another budget; none is removed. It fails with FileError.
func DecideDeliveredServices(file File[DeliveredService], held db.HeldWork) (db.WorkToWrite, DeliveredServicesResult, error) {
	w := newWork(held)
	for _, line := range file.Rows {
		if w.problems.enough() {
			break
		}
		w.add(line)
	}
	if err := fileError(append(file.Problems, w.problems...)); err != nil {
		return db.WorkToWrite{}, DeliveredServicesResult{}, err
	}
	w.adjust()
	if err := fileError(w.problems); err != nil {
		return db.WorkToWrite{}, DeliveredServicesResult{}, err
	}
	w.write.People = slices.Sorted(maps.Keys(w.changed))
	return w.write, w.result, nil
}

// work is what was delivered under the contracts of the people in a file, and what the file does to it.
type work struct {
	people            map[string]care.ID
	budgets           map[care.ID]*db.ContractBudget
	ofPerson          map[care.ID][]*db.ContractBudget
	own               map[string]db.DeliveredService
	adjustmentRecords []care.DeliveredService
	// lineOf are the lines of the file's references, touched the budgets that the file is about.
	lineOf  map[string]int
	touched map[care.ID]bool

	write db.WorkToWrite
	// changed are the people whose work changes.
	changed  map[care.ID]bool
	result   DeliveredServicesResult
	problems problems
}

func newWork(held db.HeldWork) *work {
	w := &work{
		people: held.People, budgets: make(map[care.ID]*db.ContractBudget), ofPerson: make(map[care.ID][]*db.ContractBudget),
		own: make(map[string]db.DeliveredService), lineOf: make(map[string]int), touched: make(map[care.ID]bool), changed: make(map[care.ID]bool),
		result: DeliveredServicesResult{Warnings: []string{}},
	}
	for i := range held.Budgets {
		budget := &held.Budgets[i]
		w.budgets[budget.ID] = budget
		w.ofPerson[budget.PersonID] = append(w.ofPerson[budget.PersonID], budget)
	}
	for _, service := range held.Delivered {
		if service.Kind == care.DeliveredByUs {
			w.own[service.Reference] = service
		} else {
			w.adjustmentRecords = append(w.adjustmentRecords, service.DeliveredService)
		}
	}
	return w
}

// add decides what a line does: new work, changed work, nothing, or an error.
func (w *work) add(line DeliveredService) {
	before := len(w.problems)
	w.check(line)
	budget := w.budgetOf(line)
	if len(w.problems) > before {
		return
	}
	held, known := w.own[line.Reference]
	after := db.DeliveredService{
		Reference: line.Reference,
		DeliveredService: care.DeliveredService{
			ID: held.ID, BudgetID: budget.ID, Kind: care.DeliveredByUs, DeliveredOn: line.DeliveredOn, Amount: line.Amount,
			SupportItemNumber: line.SupportItemNumber, SupportItemDescription: line.SupportItemDescription, Note: line.Note,
			ClaimStatus: line.ClaimStatus, Claimable: true,
		},
	}
	w.touched[budget.ID] = true
	if !known {
		after.ID = db.NewID()
		w.result.Created++
		w.keep(after, care.Change{Kind: care.KindDeliveredService, RecordID: after.ID, Action: care.ActionCreated})
		return
	}
	w.touched[held.BudgetID] = true
	changes := w.changesOf(held, after)
	if len(changes) == 0 {
		w.result.Unchanged++
		return
	}
	w.result.Updated++
	w.changed[w.budgets[held.BudgetID].PersonID] = true
	w.keep(after, changes...)
}

func (w *work) keep(service db.DeliveredService, changes ...care.Change) {
	w.changed[w.budgets[service.BudgetID].PersonID] = true
	w.own[service.Reference] = service
	w.write.Delivered = append(w.write.Delivered, service)
	w.write.Changes = append(w.write.Changes, changes...)
}

// check refuses what cannot be stored as it is, and a reference that stands in the file twice.
func (w *work) check(line DeliveredService) {
	if line.Reference == "" {
		w.refuse(line, reference, "is empty")
	}
	if first, twice := w.lineOf[line.Reference]; twice {
		w.refuse(line, reference, fmt.Sprintf("is also in line %d", first))
	} else {
		w.lineOf[line.Reference] = line.Line
	}
	if !care.IsMoney(line.Amount) {
		w.refuse(line, amount, "must be an amount with at most two places")
	}
	if !slices.Contains(care.InvoiceClaimStatuses, line.ClaimStatus) {
		w.refuse(line, claimStatus, "must be a claim status")
	}
	if line.DeliveredOn.IsZero() {
		w.refuse(line, deliveredOn, "is empty")
	}
}

// budgetOf finds the plan budget that a line's work drew on.
func (w *work) budgetOf(line DeliveredService) *db.ContractBudget {
	person, known := w.people[line.NDISNumber]
	switch {
	case !known:
		w.refuse(line, ndisNumber, unknownPerson)
	case len(w.ofPerson[person]) == 0:
		w.refuse(line, ndisNumber, "is that of a person who has no service contract from PACE yet: retrieve and create it first")
	case line.BudgetID != "":
		return w.namedBudget(line, person)
	default:
		return w.matchingBudget(line, person)
	}
	return nil
}

func (w *work) namedBudget(line DeliveredService, person care.ID) *db.ContractBudget {
	if budget := w.budgets[line.BudgetID]; budget != nil && budget.PersonID == person {
		return budget
	}
	w.refuse(line, budgetID, "is not that of any plan budget of this person: take it from the contract, or give the category instead")
	return nil
}

// matchingBudget finds the one budget of the client that is meant. Work that we hold stays in a budget that still matches, even one that
// has left PACE since.
func (w *work) matchingBudget(line DeliveredService, person care.ID) *db.ContractBudget {
	matching := w.budgetsOn(line, person)
	held, known := w.own[line.Reference]
	if known && slices.Contains(matching, w.budgets[held.BudgetID]) {
		return w.budgets[held.BudgetID]
	}
	current := slices.DeleteFunc(matching, func(b *db.ContractBudget) bool { return b.Removed })
	switch len(current) {
	case 1:
		return current[0]
	case 0:
		w.refuse(line, category, "matches no plan budget that this person has on delivered_on: check category, management and date, or give the budget_id")
	default:
		w.refuse(line, category, fmt.Sprintf("matches %d plan budgets of this person: add the management or, where that is not enough, the budget_id", len(current)))
	}
	return nil
}

// budgetsOn are the person's budgets of the line's category and management whose dates cover the day. Where contracts follow one another,
// the one counts whose own dates cover it (R24).
func (w *work) budgetsOn(line DeliveredService, person care.ID) []*db.ContractBudget {
	var covering, inContract []*db.ContractBudget
	for _, budget := range w.ofPerson[person] {
		dates := budget.Dates()
		if !care.SameCategory(budget.Category, line.Category) || !sameManagement(budget.Management, line.Management) || !dates.Covers(line.DeliveredOn) {
			continue
		}
		covering = append(covering, budget)
		if budget.ContractDates.Covers(line.DeliveredOn) {
			inContract = append(inContract, budget)
		}
	}
	if len(inContract) > 0 {
		return inContract
	}
	return covering
}

func sameManagement(management care.Management, given string) bool {
	return given == "" || strings.EqualFold(string(management), string(care.ReadManagement(given, "")))
}

// changesOf are the fields in which work differs from what we hold of it.
func (w *work) changesOf(held, after db.DeliveredService) (changes []care.Change) {
	if held.BudgetID != after.BudgetID {
		changes = care.ChangedFields(care.KindDeliveredService, held.ID, [3]string{"budget", w.budgetWords(held.BudgetID), w.budgetWords(after.BudgetID)})
	}
	return append(changes, care.ChangedFields(care.KindDeliveredService, held.ID, [][3]string{
		{deliveredOn, held.DeliveredOn.String(), after.DeliveredOn.String()},
		{amount, held.Amount.StringFixed(2), after.Amount.StringFixed(2)},
		{supportItemNumber, held.SupportItemNumber, after.SupportItemNumber},
		{supportItemDescription, held.SupportItemDescription, after.SupportItemDescription},
		{note, held.Note, after.Note},
		{claimStatus, string(held.ClaimStatus), string(after.ClaimStatus)},
	}...)...)
}

func (w *work) budgetWords(id care.ID) string {
	budget := w.budgets[id]
	return fmt.Sprintf("%s of the contract from %s", budget.Name(), budget.ContractDates.StartDate)
}

func (w *work) refuse(line DeliveredService, column, message string) {
	w.problems.refuse(line.Line, column, message)
}

// adjust brings the adjustment records of the budgets that the file is about to spent less own claimed (R27).
func (w *work) adjust() {
	delivered := make(map[care.ID][]care.DeliveredService)
	for _, record := range w.adjustmentRecords {
		delivered[record.BudgetID] = append(delivered[record.BudgetID], record)
	}
	for _, service := range w.own {
		delivered[service.BudgetID] = append(delivered[service.BudgetID], service.DeliveredService)
	}
	for _, id := range slices.Sorted(maps.Keys(w.touched)) {
		budget := w.budgets[id]
		difference, issues := care.Adjust([]care.PlanBudget{budget.PlanBudget}, delivered[id], budget.RetrievedOn, db.NewID)
		for _, record := range difference.Write {
			if !care.IsMoney(record.Amount) {
				w.problems.refuse(0, "", w.budgetWords(id)+": its claims add up to more than can be stored: correct the amounts")
			}
			w.write.Delivered = append(w.write.Delivered, db.DeliveredService{DeliveredService: record})
		}
		w.write.Unneeded = append(w.write.Unneeded, difference.Remove...)
		w.write.Changes = append(w.write.Changes, difference.Changes...)
		w.result.Adjusted += difference.Count.Created + difference.Count.Updated + difference.Count.Removed
		for _, issue := range issues {
			w.result.Warnings = append(w.result.Warnings, words.Issue(issue))
		}
	}
}
