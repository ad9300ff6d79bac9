package imports

import (
	"context"
	"fmt"
	"io"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

const (
	startDate    = "start_date"
	endDate      = "end_date"
	totalFunding = "total_funding"
)

var contractColumns = []column{
	{ndisNumber, true}, {reference, true}, {startDate, true}, {endDate, false}, {totalFunding, false},
}

// Contract is a line of a file of manually entered contracts.
type Contract struct {
	Line       int
	NDISNumber string
	// Reference is the provider's own name of the contract; a person has it once.
	Reference string
	StartDate care.Date
	// EndDate is zero for a contract without an end, TotalFunding absent where it is not known.
	EndDate      care.Date
	TotalFunding decimal.NullDecimal
}

// Contracts reads a file of manually entered service contracts.
func Contracts(ctx context.Context, file io.Reader) (File[Contract], error) {
	return read(ctx, file, contractColumns, readContract)
}

func readContract(line record) Contract {
	row := Contract{Line: line.line, NDISNumber: readNDISNumber(line), Reference: line.needed(reference)}
	row.StartDate, _ = readDate(line, startDate)
	if line.text(endDate) != "" {
		row.EndDate, _ = readDate(line, endDate)
	}
	if line.text(totalFunding) != "" {
		row.TotalFunding = decimal.NewNullDecimal(readAmount(line, totalFunding))
	}
	return row
}

// StoreContracts stores the contracts of a file, all or none. A contract that we hold already, by client and reference, becomes what the
// file says; none is removed. It fails with FileError or db.ErrImportRunning.
func StoreContracts(ctx context.Context, store *db.Store, organisation care.ID, file File[Contract]) (care.Count, error) {
	numbers := make([]string, 0, len(file.Rows))
	for _, line := range file.Rows {
		numbers = append(numbers, line.NDISNumber)
	}
	return store.ImportContracts(ctx, organisation, numbers, func(people map[string]care.ID) ([]db.HandContract, error) {
		return DecideContracts(file, people)
	})
}

// DecideContracts makes the lines of a file into the contracts that are stored. people are our ids of people by NDIS number. It fails with
// FileError.
func DecideContracts(file File[Contract], people map[string]care.ID) ([]db.HandContract, error) {
	var wrong problems
	contracts := make([]db.HandContract, 0, len(file.Rows))
	firstLine := make(map[[2]string]int, len(file.Rows))
	for _, line := range file.Rows {
		if wrong.enough() {
			break
		}
		key := [2]string{line.NDISNumber, line.Reference}
		if first, twice := firstLine[key]; twice {
			wrong.refuse(line.Line, reference, fmt.Sprintf("is also in line %d, for the same person", first))
		} else {
			firstLine[key] = line.Line
		}
		person, known := people[line.NDISNumber]
		if !known {
			wrong.refuse(line.Line, ndisNumber, unknownPerson)
		}
		if !line.EndDate.IsZero() && line.EndDate.Before(line.StartDate) {
			wrong.refuse(line.Line, endDate, "is before start_date")
		}
		if line.TotalFunding.Valid && (!care.IsMoney(line.TotalFunding.Decimal) || line.TotalFunding.Decimal.IsNegative()) {
			wrong.refuse(line.Line, totalFunding, "must be an amount from 0 with at most two places")
		}
		contracts = append(contracts, db.HandContract{
			ID: db.NewID(), PersonID: person, Reference: line.Reference, StartDate: line.StartDate, EndDate: line.EndDate, TotalFunding: line.TotalFunding,
		})
	}
	return contracts, fileError(append(file.Problems, wrong...))
}
