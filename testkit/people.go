package testkit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

// AddPeople stores new people of an organisation, as an import does, and returns our ids of them in their order.
func AddPeople(t testing.TB, store *db.Store, organisation care.ID, people ...db.PersonRecord) []care.ID {
	t.Helper()
	var write db.PeopleToWrite
	ids := make([]care.ID, len(people))
	for i, person := range people {
		ids[i] = db.NewID()
		person.ID = ids[i]
		write.People = append(write.People, person)
		write.Changes = append(write.Changes, care.Change{Kind: care.KindPerson, RecordID: person.ID, Action: care.ActionCreated})
	}
	everyone := func(db.HeldPeople) (db.PeopleToWrite, error) { return write, nil }
	require.NoError(t, store.ImportPeople(t.Context(), organisation, db.NamedPeople{}, "tests", everyone))
	return ids
}

// AddInvoiceLines stores lines of an organisation's billing, as an import does.
func AddInvoiceLines(t testing.TB, store *db.Store, organisation care.ID, lines ...db.InvoiceLine) db.InvoiceImport {
	t.Helper()
	for i := range lines {
		lines[i].ID = db.NewID()
	}
	result, err := store.ImportInvoices(t.Context(), organisation, nil, func(map[string]care.ID) ([]db.InvoiceLine, error) { return lines, nil })
	require.NoError(t, err)
	return result
}
