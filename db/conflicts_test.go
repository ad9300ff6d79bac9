package db_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// Every rule that a value of someone's can break names its field: tables that hold what people give have no unique key without words,
// other than on ids that we make.
func TestEveryKeyOfWhatPeopleGiveHasWords(t *testing.T) {
	t.Parallel()
	sql := testkit.OpenSQL(t, testkit.DatabaseURL(t))
	ours := map[string]bool{"id": true, "organisation_id,id": true, "organisation_id,id,care_recipient_id": true, "token_hash": true}
	for _, key := range testkit.Column[string](t, sql, `
		SELECT i.relname || ' ' || string_agg(a.attname, ',' ORDER BY k.place)
		FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid,
			unnest(x.indkey) WITH ORDINALITY AS k (attnum, place) JOIN pg_attribute a ON a.attnum = k.attnum
		WHERE x.indisunique AND a.attrelid = x.indrelid AND c.relnamespace = 'public'::regnamespace
		  AND c.relname IN ('organisation', 'api_token', 'connection', 'client', 'support_plan', 'service_contract', 'invoice', 'invoice_line')
		GROUP BY i.relname`) {
		name, columns, _ := strings.Cut(key, " ")
		if ours[columns] {
			continue
		}
		var invalid *care.InvalidError
		require.ErrorAs(t, &db.ConflictError{Constraint: name}, &invalid, "%s (%s) has no words", name, columns)
		require.NotEmpty(t, invalid.Field)
		require.NotContains(t, invalid.Error(), name)
	}
	var invalid *care.InvalidError
	require.NotErrorAs(t, &db.ConflictError{Constraint: "a_rule_of_ours"}, &invalid)
}

// A text that PostgreSQL cannot keep is someone's to correct, wherever it comes from.
func TestTextThatCannotBeKept(t *testing.T) {
	t.Parallel()
	store := testkit.Database(t)
	organisation := stored.Organisation(t, store, "wattle")
	name := "Wattle\x00"
	for _, text := range []string{name, "Wattle\xff"} {
		_, err := store.ChangeOrganisation(t.Context(), organisation.Slug, &text, nil)
		var invalid *care.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.NotContains(t, err.Error(), "Wattle", "R10")
	}
	testkit.AddPeople(t, store, organisation.ID, stored.Person("Ada", "Wren", "415056224"))
	err := store.ImportPeople(t.Context(), organisation.ID, db.NamedPeople{}, "tests", func(db.HeldPeople) (db.PeopleToWrite, error) {
		return db.PeopleToWrite{People: []db.PersonRecord{stored.Person("A\x00da", "Wren", "415056225")}}, nil
	})
	var invalid *care.InvalidError
	require.ErrorAs(t, err, &invalid, "in JSON, too")
}
