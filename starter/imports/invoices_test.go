package imports_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/testkit/stored"
)

func TestInvoiceLinesThatCannotBeStored(t *testing.T) {
	row := imports.InvoiceLine{Line: 2, InvoiceID: "900000123", ItemID: "1", CareRecipientID: "415056224", Amount: decimal.NewFromInt(5)}
	twice, stranger, elsewhere := row, row, row
	twice.Line, stranger.Line, stranger.ItemID, stranger.CareRecipientID, elsewhere.Line, elsewhere.InvoiceID = 3, 4, "2", "999", 5, "900000124"
	people := map[string]care.ID{"415056224": "ada"}
	file := imports.File[imports.InvoiceLine]{Rows: []imports.InvoiceLine{row, twice, stranger, elsewhere}, Problems: []imports.LineError{{Line: 6, Message: "is wrong"}}}
	_, err := imports.DecideInvoices(file, people)
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	var problems []string
	for _, problem := range refused.Problems {
		problems = append(problems, problem.String())
	}
	require.Equal(t, []string{
		"line 3, item_id: is also in line 2, with the same invoice id",
		"line 4, care_recipient_id: is not that of any person of this organisation: import the person first",
		"line 6: is wrong",
	}, problems)

	lines, err := imports.DecideInvoices(imports.File[imports.InvoiceLine]{Rows: []imports.InvoiceLine{row, elsewhere}}, people)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	require.NotEqual(t, lines[0].ID, lines[1].ID)
	require.Equal(t, []string{"ada", "900000124", "1", "5"},
		[]string{string(lines[1].PersonID), lines[1].UpstreamInvoiceID, lines[1].UpstreamItemID, lines[1].Amount.String()})
}

func TestAnImportOfInvoicesIsAllOrNothing(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	row := imports.InvoiceLine{Line: 2, InvoiceID: "900000123", ItemID: "1", CareRecipientID: "415056224", Amount: decimal.NewFromInt(5)}
	stranger := row
	stranger.Line, stranger.ItemID, stranger.CareRecipientID = 3, "2", "999"
	_, err := imports.StoreInvoices(t.Context(), r.Store, r.Organisation.ID, imports.File[imports.InvoiceLine]{Rows: []imports.InvoiceLine{row, stranger}})
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Problems, 1)

	result, err := imports.StoreInvoices(t.Context(), r.Store, r.Organisation.ID, imports.File[imports.InvoiceLine]{Rows: []imports.InvoiceLine{row}})
	require.NoError(t, err)
	require.Equal(t, 1, result.Created, "nothing of the refused file was kept")
}
