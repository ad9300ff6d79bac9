package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/words"
)

// ImportedDeliveredService is a line of a file of our own delivered services, from the provider's own billing.
type ImportedDeliveredService struct {
	Line int
	// Reference is the provider's own id of the work.
	Reference  string
	NDISNumber string
	// BudgetID names the plan budget. Where it is empty, the budget is found by Category and, if given, Management.
	BudgetID               care.ID
	Category               string
	Management             string
	DeliveredOn            care.Date
	Amount                 decimal.Decimal
	SupportItemNumber      string
	SupportItemDescription string
	Note                   string
	ClaimStatus            care.InvoiceClaimStatus
}

// DeliveredServicesResult is what an import of delivered services did.
type DeliveredServicesResult struct {
	ImportResult
	// Adjusted is the number of adjustment records that were created, changed or removed (R27).
	Adjusted int
	// Warnings say what is odd about the file's budgets as they stand now.
	Warnings []string
}

// ImportDeliveredServices stores the delivered services of a file, all or none, and adjusts the records that stand for what others
// delivered (R27), so that adjustment + own claimed = spent. Work that we hold already, by its reference, becomes what the file says,
// and moves where that is another budget; none is removed. by is who imports. It fails with ImportError.
func (s *Store) ImportDeliveredServices(
	ctx context.Context, organisation care.Organisation, file Import[ImportedDeliveredService], by string,
) (result DeliveredServicesResult, err error) {
	err = s.inTransaction(ctx, "import delivered services", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation.ID); err != nil {
			return err
		}
		work, err := loadWork(ctx, queries, organisation.ID, file.Rows)
		if err != nil {
			return err
		}
		for _, line := range file.Rows {
			if len(work.problems) >= MostProblems {
				break
			}
			work.add(line)
		}
		if err := importError(append(file.Problems, work.problems...)); err != nil {
			return err
		}
		work.adjust()
		if err := importError(work.problems); err != nil {
			return err
		}
		result = work.result
		return work.write(ctx, queries, organisation.ID, care.Origin{Source: care.SourceImportDeliveredServices, RequestedBy: by})
	})
	return result, err
}

// workBudget is a plan budget with what an import must know of its contract.
type workBudget struct {
	care.PlanBudget
	personID      care.ID
	contractDates care.DateRange
	retrievedOn   care.Date
}

// deliveredRow is a delivered service as WriteDeliveredServices stores it: our own under its reference, or an adjustment record.
type deliveredRow struct {
	care.DeliveredService
	Reference string `json:"reference"`
}

// work is what was delivered under the contracts of the people whom a file is about, and what the file does to it.
type work struct {
	people            map[string]care.ID
	budgets           map[care.ID]*workBudget
	ofPerson          map[care.ID][]*workBudget
	own               map[string]deliveredRow
	adjustmentRecords []care.DeliveredService
	// lineOf are the lines of the file's references, touched the budgets that the file is about.
	lineOf  map[string]int
	touched map[care.ID]bool

	writes []deliveredRow
	// unneeded are the adjustment records of budgets that need none any more.
	unneeded []care.ID
	changes  []care.Change
	// changed are the people under whom something changes.
	changed  map[care.ID]bool
	result   DeliveredServicesResult
	problems []LineError
}

// loadWork reads what the lines are about, once no one else can write the contracts of their clients.
func loadWork(ctx context.Context, queries *gen.Queries, organisation care.ID, lines []ImportedDeliveredService) (*work, error) {
	var numbers, references []string
	for _, line := range lines {
		numbers, references = append(numbers, line.NDISNumber), append(references, line.Reference)
	}
	people, err := peopleByNDISNumber(ctx, queries, organisation, numbers)
	if err != nil {
		return nil, err
	}
	ids, err := queries.PeopleOfDeliveredServices(ctx, gen.PeopleOfDeliveredServicesParams{OrganisationID: organisation, WorkReferences: references})
	if err != nil {
		return nil, err
	}
	for _, person := range people {
		ids = append(ids, person)
	}
	if err := queries.LockContracts(ctx, gen.LockContractsParams{OrganisationID: organisation, PersonIds: ids}); err != nil {
		return nil, err
	}
	budgets, err := queries.BudgetsForImport(ctx, gen.BudgetsForImportParams{OrganisationID: organisation, PersonIds: ids})
	if err != nil {
		return nil, err
	}
	delivered, err := queries.DeliveredServicesForImport(ctx, gen.DeliveredServicesForImportParams{OrganisationID: organisation, PersonIds: ids})
	return newWork(people, budgets, delivered), err
}

func newWork(people map[string]care.ID, budgets []gen.BudgetsForImportRow, delivered []gen.DeliveredServicesForImportRow) *work {
	w := &work{
		people: people, budgets: make(map[care.ID]*workBudget), ofPerson: make(map[care.ID][]*workBudget), own: make(map[string]deliveredRow),
		lineOf: make(map[string]int), touched: make(map[care.ID]bool), changed: make(map[care.ID]bool),
		result: DeliveredServicesResult{Warnings: []string{}},
	}
	for _, row := range budgets {
		budget := &workBudget{
			PlanBudget: care.PlanBudget{
				Row: care.Row{ID: row.ID, Removed: row.Removed}, ContractID: row.ContractID,
				ReportedBudget: care.ReportedBudget{
					BudgetType: care.BudgetType(row.BudgetType), Management: care.Management(row.Management), Category: row.Category,
					Amounts: care.Amounts{Spent: row.Spent}, StartDate: row.StartDate, EndDate: row.EndDate,
				},
			},
			personID: row.PersonID, retrievedOn: row.RetrievedOn,
			contractDates: care.DateRange{StartDate: row.ContractStartDate, EndDate: row.ContractEndDate},
		}
		w.budgets[row.ID] = budget
		w.ofPerson[row.PersonID] = append(w.ofPerson[row.PersonID], budget)
	}
	for _, row := range delivered {
		service := care.DeliveredService{
			ID: row.ID, BudgetID: row.BudgetID, Kind: care.DeliveredServiceKind(row.Kind), DeliveredOn: row.DeliveredOn, Amount: row.Amount,
			SupportItemNumber: row.SupportItemNumber, SupportItemDescription: row.SupportItemDescription,
			ServiceProviderName: row.ServiceProviderName, Note: row.Note, ClaimStatus: care.InvoiceClaimStatus(row.ClaimStatus),
			Claimable: row.Claimable, Removed: row.Removed,
		}
		if service.Kind == care.DeliveredByUs {
			w.own[row.Reference] = deliveredRow{DeliveredService: service, Reference: row.Reference}
		} else {
			w.adjustmentRecords = append(w.adjustmentRecords, service)
		}
	}
	return w
}

// add decides what a line does: new work, changed work, nothing, or an error.
func (w *work) add(line ImportedDeliveredService) {
	before := len(w.problems)
	w.check(line)
	budget := w.budgetOf(line)
	if len(w.problems) > before {
		return
	}
	held, known := w.own[line.Reference]
	after := deliveredRow{
		Reference: line.Reference,
		DeliveredService: care.DeliveredService{
			ID: held.ID, BudgetID: budget.ID, Kind: care.DeliveredByUs, DeliveredOn: line.DeliveredOn, Amount: line.Amount,
			SupportItemNumber: line.SupportItemNumber, SupportItemDescription: line.SupportItemDescription, Note: line.Note,
			ClaimStatus: line.ClaimStatus, Claimable: true,
		},
	}
	w.touched[budget.ID] = true
	if !known {
		after.ID = NewID()
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
	w.changed[w.budgets[held.BudgetID].personID] = true
	w.keep(after, changes...)
}

func (w *work) keep(service deliveredRow, changes ...care.Change) {
	w.changed[w.budgets[service.BudgetID].personID] = true
	w.own[service.Reference] = service
	w.writes = append(w.writes, service)
	w.changes = append(w.changes, changes...)
}

// check refuses what cannot be stored as it is, and a reference that stands in the file twice.
func (w *work) check(line ImportedDeliveredService) {
	if line.Reference == "" {
		w.refuse(line, "reference", "is empty")
	}
	if first, twice := w.lineOf[line.Reference]; twice {
		w.refuse(line, "reference", fmt.Sprintf("stands in line %d too", first))
	} else {
		w.lineOf[line.Reference] = line.Line
	}
	if !isMoney(line.Amount) {
		w.refuse(line, "amount", "is not an amount of money with at most two places")
	}
	if !slices.Contains(care.InvoiceClaimStatuses, line.ClaimStatus) {
		w.refuse(line, "claim_status", "is not a claim status")
	}
	if line.DeliveredOn.IsZero() {
		w.refuse(line, "delivered_on", "is empty")
	}
}

// budgetOf finds the plan budget that a line's work drew on.
func (w *work) budgetOf(line ImportedDeliveredService) *workBudget {
	person, known := w.people[line.NDISNumber]
	switch {
	case !known:
		w.problems = append(w.problems, unknownPerson(line.Line))
	case len(w.ofPerson[person]) == 0:
		w.refuse(line, "ndis_number", "is that of a person who has no service contract from PACE yet: retrieve and create it first")
	case line.BudgetID != "":
		return w.namedBudget(line, person)
	default:
		return w.matchingBudget(line, person)
	}
	return nil
}

func (w *work) namedBudget(line ImportedDeliveredService, person care.ID) *workBudget {
	if budget := w.budgets[line.BudgetID]; budget != nil && budget.personID == person {
		return budget
	}
	w.refuse(line, "budget_id", "is not that of any plan budget of this person: take it from the contract, or give the category instead")
	return nil
}

// matchingBudget finds the one budget of the client that is meant. Work that we hold stays in a budget that still matches, even one that
// has left PACE since.
func (w *work) matchingBudget(line ImportedDeliveredService, person care.ID) *workBudget {
	matching := w.budgetsOn(line, person)
	held, known := w.own[line.Reference]
	if known && slices.Contains(matching, w.budgets[held.BudgetID]) {
		return w.budgets[held.BudgetID]
	}
	current := slices.DeleteFunc(matching, func(b *workBudget) bool { return b.Removed })
	switch len(current) {
	case 1:
		return current[0]
	case 0:
		w.refuse(line, "category", "matches no plan budget that this person has on delivered_on: check category, management and date, or give the budget_id")
	default:
		w.refuse(line, "category", fmt.Sprintf("matches %d plan budgets of this person: add the management or, where that is not enough, the budget_id", len(current)))
	}
	return nil
}

// budgetsOn are the person's budgets of the line's category and management whose dates cover the day. Where contracts follow one another,
// the one counts whose own dates cover it (R24).
func (w *work) budgetsOn(line ImportedDeliveredService, person care.ID) []*workBudget {
	var covering, inContract []*workBudget
	for _, budget := range w.ofPerson[person] {
		dates := budget.Dates()
		if !care.SameCategory(budget.Category, line.Category) || !sameManagement(budget.Management, line.Management) || !dates.Covers(line.DeliveredOn) {
			continue
		}
		covering = append(covering, budget)
		if budget.contractDates.Covers(line.DeliveredOn) {
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
func (w *work) changesOf(held, after deliveredRow) (changes []care.Change) {
	if held.BudgetID != after.BudgetID {
		changes = changedFields(care.KindDeliveredService, held.ID, []fieldChange{{"budget", w.budgetWords(held.BudgetID), w.budgetWords(after.BudgetID)}})
	}
	return append(changes, changedFields(care.KindDeliveredService, held.ID, []fieldChange{
		{"delivered_on", held.DeliveredOn.String(), after.DeliveredOn.String()},
		{"amount", held.Amount.StringFixed(2), after.Amount.StringFixed(2)},
		{"support_item_number", held.SupportItemNumber, after.SupportItemNumber},
		{"support_item_description", held.SupportItemDescription, after.SupportItemDescription},
		{"note", held.Note, after.Note},
		{"claim_status", string(held.ClaimStatus), string(after.ClaimStatus)},
	})...)
}

func (w *work) budgetWords(id care.ID) string {
	budget := w.budgets[id]
	return fmt.Sprintf("%s of the contract from %s", budget.Name(), budget.contractDates.StartDate)
}

func (w *work) refuse(line ImportedDeliveredService, column, message string) {
	w.problems = append(w.problems, LineError{Line: line.Line, Column: column, Message: message})
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
		difference, issues := care.Adjust([]care.PlanBudget{budget.PlanBudget}, delivered[id], budget.retrievedOn, NewID)
		for _, record := range difference.Write {
			if !isMoney(record.Amount) {
				w.problems = append(w.problems, LineError{Message: w.budgetWords(id) + ": its claims add up to more than can be stored: correct the amounts"})
			}
			w.writes = append(w.writes, deliveredRow{DeliveredService: record})
		}
		w.unneeded = append(w.unneeded, difference.Remove...)
		w.changes = append(w.changes, difference.Changes...)
		w.result.Adjusted += difference.Count.Created + difference.Count.Updated + difference.Count.Removed
		for _, issue := range issues {
			w.result.Warnings = append(w.result.Warnings, words.Issue(issue))
		}
	}
}

func (w *work) write(ctx context.Context, queries *gen.Queries, organisation care.ID, origin care.Origin) error {
	for chunk := range slices.Chunk(w.writes, importChunk) {
		err := queries.WriteDeliveredServices(ctx, gen.WriteDeliveredServicesParams{OrganisationID: organisation, Services: list(chunk)})
		if err != nil {
			return err
		}
	}
	if len(w.unneeded) > 0 {
		if err := queries.RemoveAdjustments(ctx, gen.RemoveAdjustmentsParams{OrganisationID: organisation, Ids: w.unneeded}); err != nil {
			return err
		}
	}
	if err := recordChanges(ctx, queries, organisation, origin, w.changes); err != nil {
		return err
	}
	return queries.AnnounceContractsChanged(ctx, gen.AnnounceContractsChangedParams{OrganisationID: organisation, PersonIds: slices.Sorted(maps.Keys(w.changed))})
}
