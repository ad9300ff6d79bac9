// Package views is how CareSync's read models look in JSON: the answers of the HTTP API, and what the command line prints with --json. It is
// the only place with their field names and documentation.
package views

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// Money is an amount of dollars with its cents. A nil *Money was not provided (R3).
type Money struct{ decimal.Decimal }

// MarshalJSON writes the amount as text with two places, so that no reader takes it for a float (R2).
func (m Money) MarshalJSON() ([]byte, error) { return json.Marshal(m.StringFixed(2)) }

// Percentage is a percentage. A nil *Percentage was not provided (R3).
type Percentage struct{ decimal.Decimal }

// MarshalJSON writes the percentage as text with four places (R2).
func (p Percentage) MarshalJSON() ([]byte, error) { return json.Marshal(p.StringFixed(4)) }

// Each shows every element of a list.
func Each[Model, View any](models []Model, view func(Model) View) []View {
	if models == nil {
		return nil
	}
	shown := make([]View, len(models))
	for i, model := range models {
		shown[i] = view(model)
	}
	return shown
}

// OrNil shows what there is.
func OrNil[Model, View any](model *Model, view func(Model) View) *View {
	if model == nil {
		return nil
	}
	shown := view(*model)
	return &shown
}

// CountView is what a run did to the records of one kind (R6). Synced is the number in the success message.
type CountView struct {
	Synced    int `json:"synced" doc:"created + updated + unchanged"`
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Removed   int `json:"removed"`
}

// CountsView has an entry for every kind of record that a sync of its kind counts.
type CountsView map[care.Kind]CountView

// HoldView is a removal that was held back until an operator accepts it (R5).
type HoldView struct {
	ID         care.ID    `json:"id"`
	Kind       care.Kind  `json:"kind"`
	BudgetID   *care.ID   `json:"budget_id" doc:"Set for records under a budget"`
	Budget     string     `json:"budget" doc:"That budget's name, for people"`
	RunID      care.ID    `json:"run_id" doc:"The run that last held it"`
	Records    int        `json:"records" doc:"How many records would be removed"`
	HeldAt     time.Time  `json:"held_at"`
	AcceptedAt *time.Time `json:"accepted_at"`
	AcceptedBy string     `json:"accepted_by"`
	ClosedAt   *time.Time `json:"closed_at" doc:"When the records were removed, or were reported again"`
}

// FromCount shows a read.Count.
func FromCount(model read.Count) CountView {
	return CountView(model)
}

// FromCounts shows a read.Counts.
func FromCounts(model read.Counts) CountsView {
	if model == nil {
		return nil
	}
	view := make(CountsView, len(model))
	for key, one := range model {
		view[key] = FromCount(one)
	}
	return view
}

// FromHold shows a read.Hold.
func FromHold(model read.Hold) HoldView {
	return HoldView{
		ID: model.ID, Kind: model.Kind, BudgetID: model.BudgetID, Budget: strings.TrimSpace(model.Budget + " " + model.BudgetFrom.String()), RunID: model.RunID,
		Records: model.Records, HeldAt: model.HeldAt, AcceptedAt: model.AcceptedAt, AcceptedBy: model.AcceptedBy, ClosedAt: model.ClosedAt,
	}
}
