package imports_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/testkit/stored"
)

func TestContractsMadeByHandAreStored(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	row := imports.Contract{Line: 2, NDISNumber: stored.AdasNumber, Reference: "SC-1", StartDate: stored.Day("2026-01-01"), EndDate: stored.Day("2026-12-31"), TotalFunding: stored.Amount("1234.50")}
	open := imports.Contract{Line: 3, NDISNumber: stored.BensNumber, Reference: "SC-1", StartDate: stored.Day("2026-01-01")}
	store := func(rows ...imports.Contract) (care.Count, error) {
		return imports.StoreContracts(t.Context(), p.Store, p.Organisation.ID, imports.File[imports.Contract]{Rows: rows})
	}
	result, err := store(row, open)
	require.NoError(t, err)
	require.Equal(t, care.Count{Created: 2}, result)
	before := p.SQL.Snapshot(t)
	result, err = store(row, open)
	require.NoError(t, err)
	require.Equal(t, care.Count{Unchanged: 2}, result)
	require.Equal(t, before, p.SQL.Snapshot(t), "importing again changes nothing")
	row.EndDate, row.TotalFunding = care.Date{}, stored.Amount("")
	result, err = store(row)
	require.NoError(t, err)
	require.Equal(t, care.Count{Updated: 1}, result)

	contracts, err := read.From(p.Store).Contracts(t.Context(), p.Organisation, p.Client, p.Now)
	require.NoError(t, err)
	require.Len(t, contracts, 1)
	require.Equal(t, care.OriginHand, contracts[0].Origin)
	require.Equal(t, "SC-1", contracts[0].Reference)
	require.Nil(t, contracts[0].TotalFunding, "absent is not zero (R3)")
	require.True(t, contracts[0].Current)
	held, err := p.Store.HeldContracts(t.Context(), p.Organisation.ID, p.Client)
	require.NoError(t, err)
	preview := care.Stage(db.NewID(), held, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5")), p.Now, db.NewID)
	require.Len(t, preview.Overlaps, 1, "it takes part in the rules (R24)")

	stranger, backwards, twice, fraction, negative := row, row, row, row, row
	stranger.NDISNumber, stranger.Reference = "430000009", "SC-2"
	backwards.EndDate, backwards.Reference = stored.Day("2025-12-31"), "SC-3"
	fraction.TotalFunding, fraction.Reference = stored.Amount("1.005"), "SC-4"
	negative.TotalFunding, negative.Reference = stored.Amount("-1"), "SC-5"
	_, err = store(row, stranger, backwards, twice, fraction, negative)
	var refused *imports.FileError
	require.True(t, errors.As(err, &refused))
	var columns []string
	for _, problem := range refused.Problems {
		columns = append(columns, problem.Column)
	}
	require.Equal(t, []string{"ndis_number", "end_date", "reference", "total_funding", "total_funding"}, columns)
	require.NotContains(t, fmt.Sprint(refused.Problems), stranger.NDISNumber, "R10")
	_, err = p.tryImport(t, delivered(2, "W1", "30", care.ClaimPaid))
	require.ErrorContains(t, err, "no service contract from PACE", "a manually entered one has no budgets")
}
