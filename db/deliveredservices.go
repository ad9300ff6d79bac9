package db

import (
	"context"
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// DeliveredService is work as an import knows and writes it: our own under its reference, or an adjustment record. Its names in JSON are
// columns.
type DeliveredService struct {
	care.DeliveredService
	// Reference is the provider's own id of the work.
	Reference string `json:"reference"`
}

// ContractBudget is a plan budget with what an import must know of its contract.
type ContractBudget struct {
	care.PlanBudget
	PersonID      care.ID
	ContractDates care.DateRange
	// RetrievedOn is the day on which the contract was last read from PACE.
	RetrievedOn care.Date
}

// NamedWork are what delivered services are known by: the people, and the provider's own ids of the work.
type NamedWork struct{ NDISNumbers, References []string }

// HeldWork is what was delivered under the contracts of the people in a file.
type HeldWork struct {
	// People are those in the file, by NDIS number.
	People map[string]care.ID
	// Budgets are all their plan budgets, and those of the people who currently hold work with the file's references.
	Budgets []ContractBudget
	// Delivered are all delivered services of those budgets, adjustment records among them.
	Delivered []DeliveredService
}

// WorkToWrite are delivered services as they shall stand, and what changes of them.
type WorkToWrite struct {
	Delivered []DeliveredService
	// Unneeded are the adjustment records that are no longer needed (R27).
	Unneeded []care.ID
	Changes  []care.Change
	// People are those whose work changes; each change is announced.
	People []care.ID
}

// ImportDeliveredServices writes what decide makes of the work that we hold, all or none, once no one else can write the contracts of its
// people. What changes is kept in history, with by, who imports. It fails with ErrImportRunning, or with the error of decide.
func (s *Store) ImportDeliveredServices(
	ctx context.Context, organisation care.ID, named NamedWork, by string, decide func(HeldWork) (WorkToWrite, error),
) error {
	return s.inTransaction(ctx, "import delivered services", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		held, err := heldWork(ctx, queries, organisation, named)
		if err != nil {
			return err
		}
		write, err := decide(held)
		if err != nil {
			return err
		}
		return writeWork(ctx, queries, organisation, care.Origin{Source: care.SourceImportDeliveredServices, RequestedBy: by}, write)
	})
}

// heldWork reads what a file is about, once no one else can write the contracts of its people.
func heldWork(ctx context.Context, queries *gen.Queries, organisation care.ID, named NamedWork) (held HeldWork, err error) {
	if held.People, err = peopleByNDISNumber(ctx, queries, organisation, named.NDISNumbers); err != nil {
		return held, err
	}
	ids, err := queries.PeopleOfDeliveredServices(ctx, gen.PeopleOfDeliveredServicesParams{OrganisationID: organisation, WorkReferences: named.References})
	if err != nil {
		return held, err
	}
	for _, person := range held.People {
		ids = append(ids, person)
	}
	if err := queries.LockContracts(ctx, gen.LockContractsParams{OrganisationID: organisation, PersonIds: ids}); err != nil {
		return held, err
	}
	if held.Budgets, err = budgetsOf(ctx, queries, organisation, ids); err != nil {
		return held, err
	}
	held.Delivered, err = deliveredTo(ctx, queries, organisation, ids)
	return held, err
}

func budgetsOf(ctx context.Context, queries *gen.Queries, organisation care.ID, people []care.ID) ([]ContractBudget, error) {
	rows, err := queries.BudgetsForImport(ctx, gen.BudgetsForImportParams{OrganisationID: organisation, PersonIds: people})
	budgets := make([]ContractBudget, 0, len(rows))
	for _, row := range rows {
		budgets = append(budgets, ContractBudget{
			PlanBudget: care.PlanBudget{
				Row: care.Row{ID: row.ID, Removed: row.Removed}, ContractID: row.ContractID,
				ReportedBudget: care.ReportedBudget{
					BudgetType: care.BudgetType(row.BudgetType), Management: care.Management(row.Management), Category: row.Category,
					Amounts: care.Amounts{Spent: row.Spent}, StartDate: row.StartDate, EndDate: row.EndDate,
				},
			},
			PersonID: row.PersonID, RetrievedOn: row.RetrievedOn,
			ContractDates: care.DateRange{StartDate: row.ContractStartDate, EndDate: row.ContractEndDate},
		})
	}
	return budgets, err
}

func deliveredTo(ctx context.Context, queries *gen.Queries, organisation care.ID, people []care.ID) ([]DeliveredService, error) {
	rows, err := queries.DeliveredServicesForImport(ctx, gen.DeliveredServicesForImportParams{OrganisationID: organisation, PersonIds: people})
	delivered := make([]DeliveredService, 0, len(rows))
	for _, row := range rows {
		delivered = append(delivered, DeliveredService{Reference: row.Reference, DeliveredService: care.DeliveredService{
			ID: row.ID, BudgetID: row.BudgetID, Kind: care.DeliveredServiceKind(row.Kind), DeliveredOn: row.DeliveredOn, Amount: row.Amount,
			SupportItemNumber: row.SupportItemNumber, SupportItemDescription: row.SupportItemDescription,
			ServiceProviderName: row.ServiceProviderName, Note: row.Note, ClaimStatus: care.InvoiceClaimStatus(row.ClaimStatus),
			Claimable: row.Claimable, Removed: row.Removed,
		}})
	}
	return delivered, err
}

func writeWork(ctx context.Context, queries *gen.Queries, organisation care.ID, origin care.Origin, write WorkToWrite) error {
	for chunk := range slices.Chunk(write.Delivered, importChunk) {
		err := queries.WriteDeliveredServices(ctx, gen.WriteDeliveredServicesParams{OrganisationID: organisation, Services: list(chunk)})
		if err != nil {
			return err
		}
	}
	if len(write.Unneeded) > 0 {
		if err := queries.RemoveAdjustments(ctx, gen.RemoveAdjustmentsParams{OrganisationID: organisation, Ids: write.Unneeded}); err != nil {
			return err
		}
	}
	if err := recordChanges(ctx, queries, organisation, origin, write.Changes); err != nil {
		return err
	}
	return queries.AnnounceContractsChanged(ctx, gen.AnnounceContractsChangedParams{OrganisationID: organisation, PersonIds: write.People})
}
