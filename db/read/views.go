package read

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// Money is an amount of dollars. A nil *Money was not provided (R3).
type Money struct{ decimal.Decimal }

// Percentage is a percentage. A nil *Percentage was not provided (R3).
type Percentage struct{ decimal.Decimal }

func money(amount decimal.NullDecimal) *Money {
	if !amount.Valid {
		return nil
	}
	return &Money{amount.Decimal}
}

func percentage(value decimal.NullDecimal) *Percentage {
	if !value.Valid {
		return nil
	}
	return &Percentage{value.Decimal}
}

// Count is what a run did to the records of one kind (R6). Synced is the number in the success message.
type Count struct {
	Synced    int
	Created   int
	Updated   int
	Unchanged int
	Removed   int
}

// Counts has an entry for every kind of record that a sync of its kind counts.
type Counts map[care.Kind]Count

func viewCounts(run care.RunKind, counts care.Counts) Counts {
	view := make(Counts, len(run.CountedKinds()))
	for _, kind := range run.CountedKinds() {
		count := counts[kind]
		view[kind] = Count{
			Synced: count.Synced(), Created: count.Created, Updated: count.Updated, Unchanged: count.Unchanged, Removed: count.Removed,
		}
	}
	return view
}

// Hold is a removal that was held back until an operator accepts it (R5).
type Hold struct {
	ID         care.ID
	Kind       care.Kind
	BudgetID   *care.ID
	Budget     string
	BudgetFrom care.Date
	RunID      care.ID
	Records    int
	HeldAt     time.Time
	AcceptedAt *time.Time
	AcceptedBy string
	ClosedAt   *time.Time
}

func viewHolds(rows []gen.ViewHoldsRow) []Hold {
	holds := make([]Hold, 0, len(rows))
	for _, row := range rows {
		holds = append(holds, Hold{
			ID: row.ID, Kind: care.Kind(row.Kind), BudgetID: row.BudgetID, Budget: row.Budget, BudgetFrom: row.BudgetStart,
			RunID: row.RunID, Records: int(row.Records), HeldAt: row.HeldAt,
			AcceptedAt: row.AcceptedAt, AcceptedBy: row.AcceptedBy, ClosedAt: row.ClosedAt,
		})
	}
	return holds
}
