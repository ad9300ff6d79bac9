package db_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// R11: the same person under two organisations is two records.
func TestPeopleBelongToAnOrganisation(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	wattle, banksia := stored.Organisation(t, store, "wattle"), stored.Organisation(t, store, "banksia")
	testkit.AddPeople(t, store, wattle.ID, stored.Person("Ada", "Wren", "415056224"))
	_, err := read.From(store).PersonByCareRecipientID(t.Context(), banksia, "415056224", time.Now())
	require.ErrorIs(t, err, db.ErrNotFound)

	testkit.AddPeople(t, store, banksia.ID, stored.Person("Ada", "Wren", "415056224"))
	ours := stored.PersonOf(t, store, wattle, "415056224")
	_, err = read.From(store).Person(t.Context(), banksia, ours.ID, time.Now())
	require.ErrorIs(t, err, db.ErrNotFound)
}

// What decide refuses leaves nothing behind, and what it decides is written as it says, in as many statements as that takes.
func TestAnImportWritesWhatIsDecided(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	wattle := stored.Organisation(t, store, "wattle")
	connection, err := store.CreateConnection(t.Context(), wattle.ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	named := db.NamedPeople{CareRecipientIDs: []string{"415056224"}}
	refused := errors.New("refused")
	err = store.ImportPeople(t.Context(), wattle.ID, named, "tests", func(held db.HeldPeople) (db.PeopleToWrite, error) {
		require.Empty(t, held.People)
		require.Equal(t, map[string]care.ID{"4000012345": connection.ID}, held.Connections)
		return db.PeopleToWrite{People: []db.PersonRecord{stored.Person("Ada", "Wren", "415056224")}}, refused
	})
	require.ErrorIs(t, err, refused)
	shown, _, err := read.From(store).PeopleAfter(t.Context(), wattle, "", read.DefaultPage, time.Now())
	require.NoError(t, err)
	require.Empty(t, shown)

	everyone := make([]db.PersonRecord, 10_001) // one more than a statement writes
	for i := range everyone {
		everyone[i] = stored.Person("Ada", fmt.Sprintf("Wren %d", i), fmt.Sprint(415000000+i))
		everyone[i].BirthDate = care.NewDate(1900+i%100, time.March, 9)
	}
	everyone[10_000].NDISNumber, everyone[10_000].ConnectionID = "430000001", connection.ID
	ids := testkit.AddPeople(t, store, wattle.ID, everyone...)
	last := everyone[10_000]
	last.ID = ids[10_000]
	for _, named := range []db.NamedPeople{
		{CareRecipientIDs: []string{last.CareRecipientID}}, {CareRecipientIDs: []string{"00" + last.CareRecipientID}}, {NDISNumbers: []string{"430000001"}},
	} {
		require.NoError(t, store.ImportPeople(t.Context(), wattle.ID, named, "tests", func(held db.HeldPeople) (db.PeopleToWrite, error) {
			require.Equal(t, []db.PersonRecord{last}, held.People)
			return db.PeopleToWrite{}, nil
		}))
	}
	require.NoError(t, store.ImportPeople(t.Context(), wattle.ID, db.NamedPeople{BirthDates: []care.Date{last.BirthDate}}, "tests", func(held db.HeldPeople) (db.PeopleToWrite, error) {
		require.Len(t, held.People, 101)
		return db.PeopleToWrite{}, nil
	}))
}
