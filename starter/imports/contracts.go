package imports

import (
	"context"
	"io"

	"github.com/shopspring/decimal"

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

// Contracts reads a file of manually entered service contracts.
func Contracts(ctx context.Context, file io.Reader) (db.Import[db.ImportedContract], error) {
	return read(ctx, file, contractColumns, readContract)
}

func readContract(line record) db.ImportedContract {
	row := db.ImportedContract{Line: line.line, NDISNumber: readNDISNumber(line), Reference: line.needed(reference)}
	row.StartDate, _ = readDate(line, startDate)
	if line.text(endDate) != "" {
		row.EndDate, _ = readDate(line, endDate)
	}
	if line.text(totalFunding) != "" {
		row.TotalFunding = decimal.NewNullDecimal(readAmount(line, totalFunding))
	}
	return row
}
