package db_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/internal/optional"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// R33, R12: a changed number keeps the person with the plan, clears verified_at, is in the history and can be changed back.
func TestAPersonsNumberChanges(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	organisation := stored.Organisation(t, store, "wattle")
	testkit.AddPeople(t, store, organisation.ID, stored.Person("Ada", "Wren", "415056224"))
	ada := stored.PersonOf(t, store, organisation, "415056224")
	plan := db.NewID()
	stored.Execute(t, address, `INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id) VALUES ($1, $2, $3, '415056224')`, plan, organisation.ID, ada.ID)
	stored.Execute(t, address, `UPDATE person SET verified_at = now() WHERE id = $1`, ada.ID)
	stored.Execute(t, address, `INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of) VALUES ($1, $2, 'summary', 0, 0, now())`,
		organisation.ID, ada.ID)

	change := db.NumberChange{Person: ada.ID, Kind: care.CareRecipientIDNumber, Number: "415056229", RequestedBy: "cli: tim", Note: "Services Australia merged two records"}
	require.NoError(t, store.ChangeNumber(t.Context(), organisation.ID, change))
	changed := stored.PersonOf(t, store, organisation, "415056229")
	require.Equal(t, ada.ID, changed.ID)
	require.Equal(t, plan, changed.Plan.ID)
	require.Nil(t, changed.VerifiedAt)
	sql := testkit.OpenSQL(t, address)
	require.Equal(t, "415056229", testkit.Value[string](t, sql, "SELECT care_recipient_id FROM support_plan WHERE id = $1", plan))
	require.Positive(t, testkit.Value[int](t, sql, "SELECT ticket FROM area_fence WHERE person_id = $1", ada.ID), "a read under the old number is older now")

	changes, _, err := read.From(store).PersonHistory(t.Context(), organisation.ID, ada.ID, time.Time{}, 1)
	require.NoError(t, err)
	require.Equal(t, []string{"change-number", "cli: tim", change.Note, "care recipient id", "415056224", "415056229"},
		[]string{string(changes[0].Source), changes[0].RequestedBy, changes[0].Note, changes[0].FieldLabel, optional.Value(changes[0].Old), optional.Value(changes[0].New)})

	change.Number, change.Note = "415056224", "it was the other one"
	require.NoError(t, store.ChangeNumber(t.Context(), organisation.ID, change))
	require.Equal(t, plan, stored.PersonOf(t, store, organisation, "415056224").Plan.ID)
}

func TestNumbersThatCannotBeGiven(t *testing.T) { // R33
	t.Parallel()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	organisation := stored.Organisation(t, store, "wattle")
	ben := stored.Person("Ben", "Lark", "415056225")
	ben.NDISNumber = "430000002"
	testkit.AddPeople(t, store, organisation.ID, stored.Person("Ada", "Wren", "415056224"), ben)
	ada, holder := stored.PersonOf(t, store, organisation, "415056224"), stored.PersonOf(t, store, organisation, "415056225")

	change := func(kind care.NumberKind, number, note string) error {
		return store.ChangeNumber(t.Context(), organisation.ID, db.NumberChange{Person: ada.ID, Kind: kind, Number: number, RequestedBy: "tests", Note: note})
	}
	for _, test := range []struct {
		kind         care.NumberKind
		number, note string
		field        string
	}{
		{care.CareRecipientIDNumber, "41505622x", "why", "care_recipient_id"},
		{care.CareRecipientIDNumber, "", "why", "care_recipient_id"},
		{care.CareRecipientIDNumber, "415056224", "why", "care_recipient_id"},
		{care.NDISNumber, "123456789", "why", "ndis_number"},
		{care.NDISNumber, "430000001", " ", "note"},
		{care.NDISNumber, "430000001", "a\x00", "note"},
		{care.NDISNumber, "430000001", strings.Repeat("a", 501), "note"},
	} {
		var invalid *care.InvalidError
		require.ErrorAs(t, change(test.kind, test.number, test.note), &invalid)
		require.Equal(t, test.field, invalid.Field)
	}

	var taken *db.NumberTakenError
	require.ErrorAs(t, change(care.CareRecipientIDNumber, "415056225", "why"), &taken)
	require.Equal(t, holder.ID, taken.Holder)
	require.False(t, taken.Both)
	for _, one := range []read.Person{ada, holder} {
		stored.Execute(t, address, `INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id) VALUES ($1, $2, $3, $4)`,
			db.NewID(), organisation.ID, one.ID, one.CareRecipientID)
	}
	require.ErrorAs(t, change(care.NDISNumber, "430000002", "why"), &taken)
	require.True(t, taken.Both)
	require.NotContains(t, taken.Error(), "430000002", "R10")

	other := stored.Organisation(t, store, "banksia")
	err := store.ChangeNumber(t.Context(), other.ID, db.NumberChange{Person: ada.ID, Kind: care.NDISNumber, Number: "430000001", RequestedBy: "tests", Note: "why"})
	require.ErrorIs(t, err, db.ErrNotFound)
}

// One import at a time for an organisation, in one program and across programs; others continue beside it.
func TestASecondImportDoesNotPileUp(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t)
	store, elsewhere := testkit.Store(t, address), testkit.Store(t, address)
	organisation, other := stored.Organisation(t, store, "wattle"), stored.Organisation(t, store, "banksia")
	end, err := store.BeginImport(organisation.ID)
	require.NoError(t, err)
	_, err = store.BeginImport(organisation.ID)
	require.ErrorIs(t, err, db.ErrImportRunning)
	endOther, err := store.BeginImport(other.ID)
	require.NoError(t, err)
	endOther()
	end()
	end, err = store.BeginImport(organisation.ID)
	require.NoError(t, err)
	end()

	sql := testkit.OpenSQL(t, address)
	holding, err := sql.Begin(t.Context())
	require.NoError(t, err)
	_, err = holding.Exec(t.Context(), "SELECT pg_advisory_xact_lock(hashtextextended('import into ' || $1::text, 0))", string(organisation.ID))
	require.NoError(t, err)
	ada := func(db.HeldPeople) (db.PeopleToWrite, error) {
		return db.PeopleToWrite{People: []db.PersonRecord{stored.Person("Ada", "Wren", "415056224")}}, nil
	}
	err = elsewhere.ImportPeople(t.Context(), organisation.ID, db.NamedPeople{}, "tests", ada)
	require.ErrorIs(t, err, db.ErrImportRunning)
	testkit.AddPeople(t, elsewhere, other.ID, stored.Person("Ada", "Wren", "415056224"))
	require.NoError(t, holding.Rollback(t.Context()))
	testkit.AddPeople(t, elsewhere, organisation.ID, stored.Person("Ada", "Wren", "415056224"))
}

// Of any number of imports at once, each is imported whole or told to wait.
func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	var wait sync.WaitGroup
	named, errs := db.NamedPeople{CareRecipientIDs: []string{"415056224"}}, make([]error, 8)
	for i := range errs {
		wait.Go(func() {
			errs[i] = store.ImportPeople(t.Context(), organisation.ID, named, "tests", func(held db.HeldPeople) (write db.PeopleToWrite, err error) {
				if len(held.People) == 0 {
					ada := stored.Person("Ada", "Wren", "415056224")
					ada.ID = db.NewID()
					write.People = append(write.People, ada)
				}
				return write, nil
			})
		})
	}
	wait.Wait()
	imported := 0
	for _, err := range errs {
		if err == nil {
			imported++
			continue
		}
		require.ErrorIs(t, err, db.ErrImportRunning)
	}
	require.Positive(t, imported)
}
