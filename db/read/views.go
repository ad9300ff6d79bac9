package read

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// Money is an amount of dollars as people and programs are shown it, with its cents. A nil *Money was not provided (R3).
type Money struct{ decimal.Decimal }

// MarshalJSON writes the amount as text with two places, so that no reader takes it for a float (R2).
func (m Money) MarshalJSON() ([]byte, error) { return json.Marshal(m.StringFixed(2)) }

// Percentage is a percentage as it is shown. A nil *Percentage was not provided (R3).
type Percentage struct{ decimal.Decimal }

// MarshalJSON writes the percentage as text with four places (R2).
func (p Percentage) MarshalJSON() ([]byte, error) { return json.Marshal(p.StringFixed(4)) }

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
	Synced    int `json:"synced" doc:"created + updated + unchanged"`
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Removed   int `json:"removed"`
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
	ID         care.ID    `json:"id"`
	Kind       care.Kind  `json:"kind"`
	BudgetID   *care.ID   `json:"budget_id" doc:"Set for what stands below a budget"`
	Budget     string     `json:"budget" doc:"That budget as people know it"`
	RunID      care.ID    `json:"run_id" doc:"The run that held it back last"`
	Records    int        `json:"records" doc:"How many records would be removed"`
	HeldAt     time.Time  `json:"held_at"`
	AcceptedAt *time.Time `json:"accepted_at"`
	AcceptedBy string     `json:"accepted_by"`
	ClosedAt   *time.Time `json:"closed_at" doc:"When the records were removed, or returned"`
}

func viewHolds(rows []gen.ViewHoldsRow) []Hold {
	holds := make([]Hold, 0, len(rows))
	for _, row := range rows {
		holds = append(holds, Hold{
			ID: row.ID, Kind: care.Kind(row.Kind), BudgetID: row.BudgetID, Budget: strings.TrimSpace(row.Budget + " " + row.BudgetStart.String()),
			RunID: row.RunID, Records: int(row.Records), HeldAt: row.HeldAt,
			AcceptedAt: row.AcceptedAt, AcceptedBy: row.AcceptedBy, ClosedAt: row.ClosedAt,
		})
	}
	return holds
}
