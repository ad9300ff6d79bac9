package db_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
)

func person(line int, given, family, careRecipientID string) db.ImportedPerson {
	return db.ImportedPerson{Line: line, Identity: care.Identity{
		GivenName: given, FamilyName: family, BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: careRecipientID,
	}}
}

func people(rows ...db.ImportedPerson) db.Import[db.ImportedPerson] {
	return db.Import[db.ImportedPerson]{Rows: rows}
}

func importPeople(t *testing.T, store *db.Store, organisation care.Organisation, rows ...db.ImportedPerson) db.ImportResult {
	t.Helper()
	result, err := store.ImportPeople(t.Context(), organisation.ID, people(rows...), "tests")
	require.NoError(t, err)
	return result
}

func clientOf(t *testing.T, store *db.Store, organisation care.Organisation, careRecipientID string) read.Person {
	t.Helper()
	person, err := read.From(store).PersonByCareRecipientID(t.Context(), organisation, careRecipientID, time.Now())
	require.NoError(t, err)
	return person
}

func TestImportPeopleAgainUpdates(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	rows := []db.ImportedPerson{person(2, "Ada", "Wren", "0415056224"), person(3, "Ben", "Lark", "415056225")}
	require.Equal(t, db.ImportResult{Created: 2}, importPeople(t, store, organisation, rows...))
	require.Equal(t, db.ImportResult{Unchanged: 2}, importPeople(t, store, organisation, rows...))

	ada := clientOf(t, store, organisation, "0415056224")
	rows[0].FamilyName = "Wren-Lark"
	rows[0].NDISNumber = "430000001"
	require.Equal(t, db.ImportResult{Updated: 1, Unchanged: 1}, importPeople(t, store, organisation, rows...))
	changed := clientOf(t, store, organisation, "0415056224")
	require.Equal(t, ada.ID, changed.ID)
	require.Equal(t, "Wren-Lark", changed.FamilyName)

	rows[0].NDISNumber, rows[0].GivenName = "", ""
	require.Equal(t, db.ImportResult{Unchanged: 2}, importPeople(t, store, organisation, rows...), "what the file leaves empty stays")
}

func TestImportPeopleIsAllOrNothingAndNamesEveryLine(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	stranger := person(5, "Cid", "Crake", "415056226")
	stranger.ServiceProviderID = "4000099999"
	file := people(person(2, "Ada", "Wren", "415056224"), person(4, "Ben", "Lark", "415056224"), stranger)
	file.Problems = []db.LineError{{Line: 3, Column: "birth_date", Message: "is not a date"}}

	_, err := store.ImportPeople(t.Context(), organisation.ID, file, "tests")
	var refused *db.ImportError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, []int{3, 4, 5}, []int{refused.Problems[0].Line, refused.Problems[1].Line, refused.Problems[2].Line})
	require.Contains(t, refused.Problems[1].Message, "line 2")
	require.Equal(t, "service_provider_id", refused.Problems[2].Column)
	require.NotContains(t, err.Error(), "415056224", "no care recipient ids in errors (R10)")

	clients, _, err := read.From(store).PeopleAfter(t.Context(), organisation, "", read.DefaultPage, time.Now())
	require.NoError(t, err)
	require.Empty(t, clients)
}

func TestServiceProviderIDChoosesTheConnection(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	for _, provider := range []string{"4000012345", "4000012346"} {
		_, err := store.CreateConnection(t.Context(), organisation.ID, exampleConnection(provider))
		require.NoError(t, err)
	}
	ada := person(2, "Ada", "Wren", "415056224")
	ada.ServiceProviderID = "4000012346"
	importPeople(t, store, organisation, ada)
	require.Equal(t, "4000012346", clientOf(t, store, organisation, "415056224").ServiceProviderID)

	ada.ServiceProviderID = ""
	require.Equal(t, db.ImportResult{Unchanged: 1}, importPeople(t, store, organisation, ada))
	require.Equal(t, "4000012346", clientOf(t, store, organisation, "415056224").ServiceProviderID, "it stays as it was")
}

func TestTwoPeopleOfOneNameAreTwoPeople(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	rows := []db.ImportedPerson{person(2, "Ada", "Wren", "415056224"), person(3, "Ada", "Wren", "415056225")}
	require.Equal(t, db.ImportResult{Created: 2}, importPeople(t, store, organisation, rows...))
	require.Equal(t, db.ImportResult{Unchanged: 2}, importPeople(t, store, organisation, rows...))
}

func TestNumbersOfTwoPeopleOnOneLineAreAnError(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	ada, ben := person(2, "Ada", "Wren", "415056224"), person(3, "Ben", "Lark", "415056225")
	ada.NDISNumber, ben.NDISNumber = "430000001", "430000002"
	importPeople(t, store, organisation, ada, ben)

	ada.NDISNumber = ben.NDISNumber
	_, err := store.ImportPeople(t.Context(), organisation.ID, people(ada), "tests")
	require.ErrorContains(t, err, "ndis_number")
}

// R11: the same person under two organisations is two records.
func TestPeopleBelongToAnOrganisation(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	wattle, banksia := newOrganisation(t, store, "wattle"), newOrganisation(t, store, "banksia")
	importPeople(t, store, wattle, person(2, "Ada", "Wren", "415056224"))
	_, err := read.From(store).PersonByCareRecipientID(t.Context(), banksia, "415056224", time.Now())
	require.ErrorIs(t, err, db.ErrNotFound)

	require.Equal(t, db.ImportResult{Created: 1}, importPeople(t, store, banksia, person(2, "Ada", "Wren", "415056224")))
	ours := clientOf(t, store, wattle, "415056224")
	_, err = read.From(store).Person(t.Context(), banksia, ours.ID, time.Now())
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestClientsArePagedByName(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	var rows []db.ImportedPerson
	for i := range 7 {
		rows = append(rows, person(i+2, "Ada", fmt.Sprintf("Wren %d", i), fmt.Sprint(415056220+i)))
	}
	importPeople(t, store, organisation, rows...)

	var seen []string
	var after care.ID
	for more := true; more; {
		var page []read.Person
		var err error
		page, more, err = read.From(store).PeopleAfter(t.Context(), organisation, after, 3, time.Now())
		require.NoError(t, err)
		for _, client := range page {
			seen = append(seen, client.FamilyName)
			after = client.ID
		}
	}
	require.Equal(t, []string{"Wren 0", "Wren 1", "Wren 2", "Wren 3", "Wren 4", "Wren 5", "Wren 6"}, seen)
}

// Until there is an audit, an import says in each person's history what it changed, and who imported.
func TestAnImportRecordsWhatItChanged(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	ada := person(2, "Ada", "Wren", "0415056224")
	organisation := newOrganisation(t, store, "wattle")
	_, err := store.ImportPeople(t.Context(), organisation.ID, people(ada), "console: Mary")
	require.NoError(t, err)
	_, err = store.ImportPeople(t.Context(), organisation.ID, people(ada), "console: Mary")
	require.NoError(t, err)
	changed := ada
	changed.FamilyName, changed.NDISNumber = "Finch", "430000001"
	_, err = store.ImportPeople(t.Context(), organisation.ID, people(changed), "api: roster")
	require.NoError(t, err)
	yes := true
	person := clientOf(t, store, organisation, ada.CareRecipientID)
	_, err = store.SetPACEFlags(t.Context(), organisation.ID, person.ID, db.FlagChange{PACEParticipant: &yes}, "cli: tim")
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
	_, _, err = read.From(store).PersonHistory(t.Context(), newOrganisation(t, store, "banksia").ID, person.ID, time.Time{}, 50)
	require.ErrorIs(t, err, db.ErrNotFound)
}
