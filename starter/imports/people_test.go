package imports_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

func storePeople(t *testing.T, store *db.Store, organisation care.Organisation, by string, rows ...imports.Person) care.Count {
	t.Helper()
	count, err := imports.StorePeople(t.Context(), store, organisation.ID, imports.File[imports.Person]{Rows: rows}, by)
	require.NoError(t, err)
	return count
}

// What the store holds of people is what the decision needs to know them again, by whatever they are recognised by.
func TestPeopleAreKnownAgain(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	for _, provider := range []string{"4000012345", "4000012346"} {
		_, err := store.CreateConnection(t.Context(), organisation.ID, stored.Connection(provider))
		require.NoError(t, err)
	}
	ada, ben := person(2, "Ada", "Wren", "0415056224"), person(3, "Ben", "Lark", "")
	ada.ServiceProviderID, ben.NDISNumber = "4000012346", "430000002"
	ben.PACEParticipant, ben.PACEAPIAccess = new(true), new(true)
	require.Equal(t, care.Count{Created: 2}, storePeople(t, store, organisation, "tests", ada, ben))
	require.Equal(t, care.Count{Unchanged: 2}, storePeople(t, store, organisation, "tests", ada, ben))
	held := stored.PersonOf(t, store, organisation, "0415056224")
	require.Equal(t, "4000012346", held.ServiceProviderID)

	ada.ServiceProviderID, ben.FlagChange = "", care.FlagChange{PACEParticipant: new(false)}
	ada.FamilyName, ada.NDISNumber = "Wren-Lark", "430000001"
	require.Equal(t, care.Count{Updated: 2}, storePeople(t, store, organisation, "tests", ada, ben))
	changed := stored.PersonOf(t, store, organisation, "0415056224")
	require.Equal(t, []string{string(held.ID), "Wren-Lark", "4000012346"}, []string{string(changed.ID), changed.FamilyName, changed.ServiceProviderID})
	boxes, err := read.From(store).PersonByNDISNumber(t.Context(), organisation, "430000002", time.Now())
	require.NoError(t, err)
	require.False(t, boxes.PACEParticipant || boxes.PACEAPIAccess)

	byName := person(2, "Ben", "Lark", "415056225")
	require.Equal(t, care.Count{Updated: 1}, storePeople(t, store, organisation, "tests", byName))
	_, err = imports.StorePeople(t.Context(), store, organisation.ID, imports.File[imports.Person]{Rows: []imports.Person{person(2, "Zoe", "Finch", "415056224")}}, "tests")
	require.ErrorContains(t, err, "only in leading zeros")
}

func TestAnImportOfPeopleIsAllOrNothing(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	file := imports.File[imports.Person]{
		Rows:     []imports.Person{person(2, "Ada", "Wren", "415056224")},
		Problems: []imports.LineError{{Line: 3, Column: "birth_date", Message: "is not a date"}},
	}
	count, err := imports.StorePeople(t.Context(), store, organisation.ID, file, "tests")
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, file.Problems, refused.Problems)
	require.Zero(t, count)
	people, _, err := read.From(store).PeopleAfter(t.Context(), organisation, "", read.DefaultPage, time.Now())
	require.NoError(t, err)
	require.Empty(t, people)
}

// Until there is an audit, an import says in each person's history what it changed, and who imported.
func TestAnImportRecordsWhatItChanged(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	ada := person(2, "Ada", "Wren", "0415056224")
	organisation := stored.Organisation(t, store, "wattle")
	storePeople(t, store, organisation, "console: Mary", ada)
	storePeople(t, store, organisation, "console: Mary", ada)
	changed := ada
	changed.FamilyName, changed.NDISNumber = "Finch", "430000001"
	storePeople(t, store, organisation, "api: roster", changed)
	person := stored.PersonOf(t, store, organisation, ada.CareRecipientID)
	_, err := store.SetPACEFlags(t.Context(), organisation.ID, person.ID, care.FlagChange{PACEParticipant: new(true)}, "cli: tim")
	require.NoError(t, err)

	var told []string
	changes, more, err := read.From(store).PersonHistory(t.Context(), organisation.ID, person.ID, time.Time{}, 50)
	require.NoError(t, err)
	require.False(t, more)
	for _, change := range changes {
		require.Nil(t, change.RunID)
		told = append(told, strings.Join([]string{string(change.Source), change.RequestedBy, change.Action, change.FieldLabel, value(change.Old), value(change.New)}, "|"))
	}
	require.Equal(t, []string{
		"pace-boxes|cli: tim|updated|NDIS PACE Participant|false|true",
		"import-people|api: roster|updated|family name|" + ada.FamilyName + "|Finch",
		"import-people|api: roster|updated|NDIS number||430000001",
		"import-people|console: Mary|created|||",
	}, told)

	_, more, err = read.From(store).PersonHistory(t.Context(), organisation.ID, person.ID, changes[1].ChangedAt, 50)
	require.NoError(t, err)
	require.False(t, more)
	_, _, err = read.From(store).PersonHistory(t.Context(), stored.Organisation(t, store, "banksia").ID, person.ID, time.Time{}, 50)
	require.ErrorIs(t, err, db.ErrNotFound)
}
