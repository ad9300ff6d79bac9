package hosting_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// telling is the length from which a name is not a part of some other word by chance.
const telling = 6

// inPayloads are parts of inputs, results, summaries, details and failures, which stand only in ciphertext.
var inPayloads = []string{`"organisation_id"`, `"outcome"`, "Read and save the budgets", "Care recipient sync", "PACE contract sync", `"preview_id"`, "Preview ready", "Syncing with Services Australia", "unavailable (status"}

// R10: whoever gets hold of Temporal's database learns nothing about a person. Everything in it is searched, the encrypted payloads as
// the bytes that they are.
func TestTemporalsDatabaseHoldsNoPersonData(t *testing.T) {
	s := newSite(t)
	temporal := testkit.NewTemporal(t)
	temporal.Queues.Prefix = ""
	require.NoError(t, s.world.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: "individual-contribution", Count: 1})) // a failure is stored, too
	for _, key := range []string{"several-open", "identity-mismatch", "consent-refused", "usage-by-others", "not-found"} {
		_ = temporal.Start(t, s.world.Request(t, key)).Get(t.Context(), nil) // whatever it came to
	}
	request := s.world.RequestFor(t, "changed-manager")
	retrieved := temporal.Retrieve(t, request)
	_, err := temporal.Create(t.Context(), request.PersonID, everything(t, s.world.Store, request, retrieved.PreviewID))
	require.NoError(t, err)
	temporal.Retrieve(t, s.world.RequestFor(t, "never-endorsed"))
	secrets := append(secretsOf(s.world), inPayloads...)
	for _, databaseURL := range s.stack.TemporalDatabaseURLs(t) {
		requireWithout(t, databaseURL, secrets)
	}
	require.Positive(t, occurrences(t, s.stack.TemporalDatabaseURLs(t)[0], []string{"CareRecipientSync"}), "the search finds what is there")
}

// secretsOf are the values of all people that must not stand anywhere in clear.
func secretsOf(w *testkit.World) (secrets []string) {
	for _, person := range w.World.People(world.Holder{}) {
		secrets = append(secrets, person.CareRecipientID, person.BirthDate.String())
		for _, name := range []string{person.GivenName, person.FamilyName} {
			if len(name) >= telling {
				secrets = append(secrets, name)
			}
		}
	}
	for _, participant := range w.World.HeldParticipants(world.Holder{}) {
		secrets = append(secrets, participant.NDISNumber, participant.BirthDate.String())
		if len(participant.FamilyName) >= telling {
			secrets = append(secrets, participant.FamilyName)
		}
	}
	return secrets
}

func requireWithout(t *testing.T, databaseURL string, secrets []string) {
	t.Helper()
	require.Zero(t, occurrences(t, databaseURL, secrets), "values of people stand in clear")
}

// occurrences counts the rows of a database in which one of the values stands, in any column.
func occurrences(t *testing.T, databaseURL string, values []string) (found int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), databaseURL)
	require.NoError(t, err)
	defer connection.Close(context.WithoutCancel(t.Context()))
	columns, err := connection.Query(t.Context(), `SELECT c.table_name, c.column_name, c.data_type = 'bytea' FROM information_schema.columns c
		JOIN information_schema.tables t USING (table_schema, table_name)
		WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`)
	require.NoError(t, err)
	var table, column string
	var binary bool
	queries := []string{}
	_, err = pgx.ForEachRow(columns, []any{&table, &column, &binary}, func() error {
		bytes := fmt.Sprintf("convert_to(%s::text, 'UTF8')", pgx.Identifier{column}.Sanitize())
		if binary {
			bytes = pgx.Identifier{column}.Sanitize()
		}
		queries = append(queries, fmt.Sprintf("SELECT count(*) FROM %s, unnest($1::text[]) AS v (value) WHERE position(convert_to(v.value, 'UTF8') IN %s) > 0",
			pgx.Identifier{table}.Sanitize(), bytes))
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, queries)
	for _, query := range queries {
		var rows int
		require.NoError(t, connection.QueryRow(t.Context(), query, values).Scan(&rows), query)
		found += rows
	}
	return found
}
