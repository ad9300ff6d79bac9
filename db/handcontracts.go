package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// ImportedContract is a line of a file of manually entered contracts.
type ImportedContract struct {
	Line       int
	NDISNumber string
	// Reference is the provider's own name of the contract; a person has it once.
	Reference string
	StartDate care.Date
	// EndDate is zero for a contract without an end, TotalFunding absent where it is not known.
	EndDate      care.Date
	TotalFunding decimal.NullDecimal
}

// handContractRow is a manually entered contract as WriteHandContracts stores it.
type handContractRow struct {
	ID           care.ID             `json:"id"`
	PersonID     care.ID             `json:"person_id"`
	Reference    string              `json:"reference"`
	StartDate    care.Date           `json:"start_date"`
	EndDate      care.Date           `json:"end_date"`
	TotalFunding decimal.NullDecimal `json:"total_funding"`
}

// ImportContracts stores the contracts of a file, all or none. A contract that we hold already, by client and reference, becomes what
// the file says; none is removed. It fails with ImportError.
func (s *Store) ImportContracts(ctx context.Context, organisation care.ID, file Import[ImportedContract]) (ImportResult, error) {
	var result ImportResult
	err := s.inTransaction(ctx, "import contracts", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		numbers := make([]string, 0, len(file.Rows))
		for _, line := range file.Rows {
			numbers = append(numbers, line.NDISNumber)
		}
		people, err := peopleByNDISNumber(ctx, queries, organisation, numbers)
		if err != nil {
			return err
		}
		contracts, problems := checkContracts(file.Rows, people)
		if err := importError(append(file.Problems, problems...)); err != nil {
			return err
		}
		result, err = writeHandContracts(ctx, queries, organisation, contracts)
		return err
	})
	return result, err
}

func peopleByNDISNumber(ctx context.Context, queries *gen.Queries, organisation care.ID, numbers []string) (map[string]care.ID, error) {
	slices.Sort(numbers)
	rows, err := queries.PeopleByNDISNumber(ctx, gen.PeopleByNDISNumberParams{OrganisationID: organisation, NdisNumbers: slices.Compact(numbers)})
	people := make(map[string]care.ID, len(rows))
	for _, row := range rows {
		people[row.NdisNumber] = row.ID
	}
	return people, err
}

// unknownPerson is what is wrong with a line about someone who is not in the organisation.
func unknownPerson(line int) LineError {
	return LineError{Line: line, Column: "ndis_number", Message: "is not that of any person of this organisation: import the person first"}
}

func checkContracts(imported []ImportedContract, people map[string]care.ID) (contracts []handContractRow, problems []LineError) {
	firstLine := make(map[[2]string]int, len(imported))
	for _, line := range imported {
		if len(problems) >= MostProblems {
			break
		}
		key := [2]string{line.NDISNumber, line.Reference}
		if first, twice := firstLine[key]; twice {
			problems = append(problems, LineError{Line: line.Line, Column: "reference", Message: fmt.Sprintf("stands in line %d too, for the same person", first)})
		} else {
			firstLine[key] = line.Line
		}
		person, known := people[line.NDISNumber]
		if !known {
			problems = append(problems, unknownPerson(line.Line))
		}
		if !line.EndDate.IsZero() && line.EndDate.Before(line.StartDate) {
			problems = append(problems, LineError{Line: line.Line, Column: "end_date", Message: "is before start_date"})
		}
		if line.TotalFunding.Valid && (!isMoney(line.TotalFunding.Decimal) || line.TotalFunding.Decimal.IsNegative()) {
			problems = append(problems, LineError{Line: line.Line, Column: "total_funding", Message: "is not an amount from 0 with at most two places"})
		}
		contracts = append(contracts, handContractRow{
			ID: NewID(), PersonID: person, Reference: line.Reference, StartDate: line.StartDate, EndDate: line.EndDate, TotalFunding: line.TotalFunding,
		})
	}
	return contracts, problems
}

// mostMoney is where amounts end that a column for money can hold.
var mostMoney = decimal.New(1, 12)

// isMoney reports whether an amount can be stored as it is (R2).
func isMoney(amount decimal.Decimal) bool {
	return amount.Abs().LessThan(mostMoney) && amount.Equal(amount.Round(2))
}

func writeHandContracts(ctx context.Context, queries *gen.Queries, organisation care.ID, contracts []handContractRow) (result ImportResult, err error) {
	for chunk := range slices.Chunk(contracts, importChunk) {
		written, err := queries.WriteHandContracts(ctx, gen.WriteHandContractsParams{OrganisationID: organisation, Contracts: list(chunk)})
		if err != nil {
			return result, err
		}
		result.add(len(chunk), written)
	}
	return result, nil
}
