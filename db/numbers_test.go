package db_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
)

// refusedLines are the places and the values of a file that is refused.
func refusedLines(t *testing.T, store *db.Store, organisation care.Organisation, rows ...db.ImportedPerson) []db.LineError {
	t.Helper()
	_, err := store.ImportPeople(t.Context(), organisation.ID, people(rows...), "tests")
	var refused *db.ImportError
	require.ErrorAs(t, err, &refused)
	for _, problem := range refused.Problems {
		if values := problem.Contradiction; values != nil {
			require.NotContains(t, err.Error()+problem.String(), values.Held, "R10")
			require.NotContains(t, err.Error()+problem.String(), values.Given, "R10")
		}
	}
	return refused.Problems
}

// R33: an import fills an empty number and never changes one, before the first sync or after.
func TestAnImportNeverChangesANumber(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	ada := person(2, "Ada", "Wren", "0415056224")
	importPeople(t, store, organisation, ada)
	ada.NDISNumber = "430000001"
	require.Equal(t, db.ImportResult{Updated: 1}, importPeople(t, store, organisation, ada), "filling an empty number is no change")
	participant := person(3, "Ben", "Lark", "")
	participant.NDISNumber = "430000002"
	importPeople(t, store, organisation, participant)
	participant.CareRecipientID = "415056225"
	require.Equal(t, db.ImportResult{Updated: 1}, importPeople(t, store, organisation, participant))

	for name, test := range map[string]struct {
		change func(*db.ImportedPerson)
		column string
		values db.Contradiction
	}{
		"same name and birth date": {func(p *db.ImportedPerson) { p.CareRecipientID, p.NDISNumber = "415056229", "" },
			"care_recipient_id", db.Contradiction{Held: "0415056224", Given: "415056229"}},
		"same NDIS number": {func(p *db.ImportedPerson) { p.CareRecipientID, p.GivenName = "415056229", "Adele" },
			"care_recipient_id", db.Contradiction{Held: "0415056224", Given: "415056229"}},
		"same care recipient id": {func(p *db.ImportedPerson) { p.NDISNumber, p.FamilyName = "430000009", "Finch" },
			"ndis_number", db.Contradiction{Held: "430000001", Given: "430000009"}},
		"same name, another NDIS number": {func(p *db.ImportedPerson) { p.CareRecipientID, p.NDISNumber = "", "430000009" },
			"ndis_number", db.Contradiction{Held: "430000001", Given: "430000009"}},
		"only a zero in front": {func(p *db.ImportedPerson) { p.CareRecipientID, p.NDISNumber, p.GivenName = "415056224", "", "Zoe" },
			"care_recipient_id", db.Contradiction{Held: "0415056224", Given: "415056224"}},
	} {
		t.Run(name, func(t *testing.T) {
			row := ada
			test.change(&row)
			problems := refusedLines(t, store, organisation, row)
			require.Equal(t, test.column, problems[0].Column)
			require.Equal(t, &test.values, problems[0].Contradiction)
		})
	}
	require.Equal(t, "430000001", clientOf(t, store, organisation, "0415056224").NDISNumber)
}

// R33: someone who resembles a known person is created only if the line says so; the same file can then be imported again.
func TestALineSaysThatItIsAboutANewPerson(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	importPeople(t, store, organisation, person(2, "Kim", "Lee", "0415056224"))
	for line, careRecipientID := range map[int]string{3: "415056225", 4: "415056224"} {
		other := person(line, "Kim", "Lee", careRecipientID)
		require.NotEmpty(t, refusedLines(t, store, organisation, other))
		other.NewPerson = true
		require.Equal(t, db.ImportResult{Created: 1}, importPeople(t, store, organisation, other))
		require.Equal(t, db.ImportResult{Unchanged: 1}, importPeople(t, store, organisation, other))
	}
}

// R33: of several people of one name and birth date, none is taken for the one who is meant.
func TestWhichOfTwoKimsIsNeverGuessed(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	first, second := person(2, "Kim", "Lee", ""), person(3, "Kim", "Lee", "")
	first.NDISNumber, second.NDISNumber = "430000001", "430000002"
	second.NewPerson = true
	importPeople(t, store, organisation, first, second)

	third := person(2, "Kim", "Lee", "415056224")
	problems := refusedLines(t, store, organisation, third)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].Message, "any of 2 known people")
	third.NDISNumber = "430000002"
	require.Equal(t, db.ImportResult{Updated: 1}, importPeople(t, store, organisation, third), "the NDIS number says which")
}

// R33: two lines of one file whose numbers differ by zeros in front are perhaps one person, whom a spreadsheet has changed.
func TestZerosInFrontWithinAFile(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	rows := []db.ImportedPerson{person(2, "Ada", "Wren", "0415056224"), person(3, "Ben", "Lark", "415056224")}
	problems := refusedLines(t, store, organisation, rows...)
	require.Equal(t, &db.Contradiction{Held: "0415056224", Given: "415056224"}, problems[0].Contradiction)
	rows[1].NewPerson = true
	require.Equal(t, db.ImportResult{Created: 2}, importPeople(t, store, organisation, rows...))
	require.Equal(t, db.ImportResult{Unchanged: 2}, importPeople(t, store, organisation, rows...))
}

// R33, R12: a changed number keeps the person with the plan, clears verified_at, is in the history and can be changed back.
func TestAPersonsNumberChanges(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	organisation := newOrganisation(t, store, "wattle")
	importPeople(t, store, organisation, person(2, "Ada", "Wren", "415056224"))
	ada := clientOf(t, store, organisation, "415056224")
	plan := db.NewID()
	execute(t, address, `INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id) VALUES ($1, $2, $3, '415056224')`, plan, organisation.ID, ada.ID)
	execute(t, address, `UPDATE person SET verified_at = now() WHERE id = $1`, ada.ID)
	execute(t, address, `INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of) VALUES ($1, $2, 'summary', 0, 0, now())`,
		organisation.ID, ada.ID)

	change := db.NumberChange{Person: ada.ID, Kind: care.CareRecipientIDNumber, Number: "415056229", RequestedBy: "cli: tim", Note: "Services Australia merged two records"}
	require.NoError(t, store.ChangeNumber(t.Context(), organisation.ID, change))
	changed := clientOf(t, store, organisation, "415056229")
	require.Equal(t, ada.ID, changed.ID)
	require.Equal(t, plan, changed.Plan.ID)
	require.Nil(t, changed.VerifiedAt)
	sql := testkit.OpenSQL(t, address)
	require.Equal(t, "415056229", testkit.Value[string](t, sql, "SELECT care_recipient_id FROM support_plan WHERE id = $1", plan))
	require.Positive(t, testkit.Value[int](t, sql, "SELECT ticket FROM area_fence WHERE person_id = $1", ada.ID), "a read under the old number is older now")

	changes, _, err := read.From(store).PersonHistory(t.Context(), organisation.ID, ada.ID, time.Time{}, 1)
	require.NoError(t, err)
	require.Equal(t, []string{"change-number", "cli: tim", change.Note, "care recipient id", "415056224", "415056229"},
		[]string{string(changes[0].Source), changes[0].RequestedBy, changes[0].Note, changes[0].FieldLabel, value(changes[0].Old), value(changes[0].New)})

	change.Number, change.Note = "415056224", "it was the other one"
	require.NoError(t, store.ChangeNumber(t.Context(), organisation.ID, change))
	require.Equal(t, plan, clientOf(t, store, organisation, "415056224").Plan.ID)
}

func TestNumbersThatCannotBeGiven(t *testing.T) { // R33
	t.Parallel()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	organisation := newOrganisation(t, store, "wattle")
	ben := person(3, "Ben", "Lark", "415056225")
	ben.NDISNumber = "430000002"
	importPeople(t, store, organisation, person(2, "Ada", "Wren", "415056224"), ben)
	ada, holder := clientOf(t, store, organisation, "415056224"), clientOf(t, store, organisation, "415056225")

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
		execute(t, address, `INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id) VALUES ($1, $2, $3, $4)`,
			db.NewID(), organisation.ID, one.ID, one.CareRecipientID)
	}
	require.ErrorAs(t, change(care.NDISNumber, "430000002", "why"), &taken)
	require.True(t, taken.Both)
	require.NotContains(t, taken.Error(), "430000002", "R10")

	other := newOrganisation(t, store, "banksia")
	err := store.ChangeNumber(t.Context(), other.ID, db.NumberChange{Person: ada.ID, Kind: care.NDISNumber, Number: "430000001", RequestedBy: "tests", Note: "why"})
	require.ErrorIs(t, err, db.ErrNotFound)
}

// One import at a time for an organisation, in one program and across programs; others continue beside it.
func TestASecondImportDoesNotPileUp(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t)
	store, elsewhere := testkit.Store(t, address), testkit.Store(t, address)
	organisation, other := newOrganisation(t, store, "wattle"), newOrganisation(t, store, "banksia")
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
	_, err = elsewhere.ImportPeople(t.Context(), organisation.ID, people(person(2, "Ada", "Wren", "415056224")), "tests")
	require.ErrorIs(t, err, db.ErrImportRunning)
	importPeople(t, elsewhere, other, person(2, "Ada", "Wren", "415056224"))
	require.NoError(t, holding.Rollback(t.Context()))
	importPeople(t, elsewhere, organisation, person(2, "Ada", "Wren", "415056224"))
}

// Of any number of imports at once, each is imported whole or told to wait.
func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := newOrganisation(t, store, "wattle")
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = store.ImportPeople(t.Context(), organisation.ID, people(person(2, "Ada", "Wren", "415056224")), "tests")
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
