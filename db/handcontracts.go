package db

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// HandContract is a manually entered service contract. Its names in JSON are columns.
type HandContract struct {
	ID       care.ID `json:"id"`
	PersonID care.ID `json:"person_id"`
	// Reference is the provider's own name of the contract; a person has it once.
	Reference string    `json:"reference"`
	StartDate care.Date `json:"start_date"`
	// EndDate is zero for a contract without an end, TotalFunding absent where it is not known.
	EndDate      care.Date           `json:"end_date"`
	TotalFunding decimal.NullDecimal `json:"total_funding"`
}

// ImportContracts writes the contracts that decide makes for the people we hold, by NDIS number, all or none. A contract that we
// hold already, by person and reference, becomes what is written; none is removed. It fails with ErrImportRunning, or with the error of
// decide.
func (s *Store) ImportContracts(
	ctx context.Context, organisation care.ID, ndisNumbers []string, decide func(people map[string]care.ID) ([]HandContract, error),
) (count care.Count, err error) {
	err = s.inTransaction(ctx, "import contracts", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		people, err := peopleByNDISNumber(ctx, queries, organisation, ndisNumbers)
		if err != nil {
			return err
		}
		contracts, err := decide(people)
		if err != nil {
			return err
		}
		count, err = writeHandContracts(ctx, queries, organisation, contracts)
		return err
	})
	return count, err
}

func peopleByNDISNumber(ctx context.Context, queries *gen.Queries, organisation care.ID, numbers []string) (map[string]care.ID, error) {
	rows, err := queries.PeopleByNDISNumber(ctx, gen.PeopleByNDISNumberParams{OrganisationID: organisation, NdisNumbers: once(numbers)})
	people := make(map[string]care.ID, len(rows))
	for _, row := range rows {
		people[row.NdisNumber] = row.ID
	}
	return people, err
}

func writeHandContracts(ctx context.Context, queries *gen.Queries, organisation care.ID, contracts []HandContract) (count care.Count, err error) {
	for chunk := range slices.Chunk(contracts, importChunk) {
		written, err := queries.WriteHandContracts(ctx, gen.WriteHandContractsParams{OrganisationID: organisation, Contracts: list(chunk)})
		if err != nil {
			return count, err
		}
		count = count.Plus(countOf(len(chunk), written))
	}
	return count, nil
}
