package db_test

import (
	"testing"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// schema is a database with nothing but the migrations in it.
func schema(t *testing.T) testkit.SQL {
	t.Helper()
	return testkit.OpenSQL(t, testkit.DatabaseURL(t))
}

func requireRefused(t *testing.T, code string, err error) {
	t.Helper()
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.Code, refused.Message)
}

// Every table but those of the installation as a whole says whose rows they are, and every foreign key between two such tables carries the organisation with it, so that no row
// can refer to another organisation's (R11).
func TestNoForeignKeyCrossesOrganisations(t *testing.T) {
	s := schema(t)
	require.Empty(t, testkit.Column[string](t, s, `
		SELECT t.tablename::text FROM pg_tables t
		WHERE t.schemaname = 'public' AND t.tablename NOT IN ('organisation', 'sealing_key', 'deployment', 'temporal_schedule', 'lease', 'goose_db_version') AND NOT EXISTS (
			SELECT FROM information_schema.columns c
			WHERE c.table_schema = 'public' AND c.table_name = t.tablename AND c.column_name = 'organisation_id' AND c.is_nullable = 'NO')`))
	require.Empty(t, testkit.Column[string](t, s, `
		SELECT t.tablename::text FROM pg_tables t
		WHERE t.schemaname = 'public' AND t.tablename NOT IN ('organisation', 'sealing_key', 'deployment', 'temporal_schedule', 'lease', 'goose_db_version')
		  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = t.tablename::regclass AND k.contype = 'f')`))
	require.Empty(t, testkit.Column[string](t, s, `
		SELECT k.conrelid::regclass || ' to ' || k.confrelid::regclass FROM pg_constraint k
		WHERE k.contype = 'f' AND k.confrelid <> 'organisation'::regclass AND NOT EXISTS (
			SELECT FROM unnest(k.conkey, k.confkey) AS pair (ours, theirs)
			JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.ours AND a.attname = 'organisation_id'
			JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.theirs AND b.attname = 'organisation_id')`))
}

// The same, tried: a row of one organisation under a parent of another.
func TestRowsCannotBelongToAnotherOrganisationsParent(t *testing.T) {
	r := stored.NewRecipient(t)
	s := testkit.OpenSQL(t, r.Address)
	other := stored.Organisation(t, r.Store, "banksia").ID
	run := r.Run(t, db.NewID(), r.Now)
	for table, insert := range map[string]string{
		"classification":   `INSERT INTO classification (id, organisation_id, plan_id, code, name, funding_source, ordinal) VALUES (gen_random_uuid(), $1, $2, '', '', '', 0)`,
		"contribution":     `INSERT INTO contribution (organisation_id, plan_id, position, category, status) VALUES ($1, $2, 1, 'CLINICAL', '')`,
		"contribution_set": `INSERT INTO contribution_set (id, organisation_id, plan_id, contributions, read_at) VALUES (gen_random_uuid(), $1, $2, '[]', now())`,
		"budget": `INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, status, ordinal)
		           VALUES (gen_random_uuid(), $1, $2, 'B2', '', '', '', '', 0)`,
	} {
		requireRefused(t, pgerrcode.ForeignKeyViolation, s.Try(t, insert, other, r.Plan))
		require.NoError(t, s.Try(t, insert, r.Organisation.ID, r.Plan), table)
	}
	for _, insert := range []string{
		`INSERT INTO entitlement (id, organisation_id, budget_id, code, ordinal) VALUES (gen_random_uuid(), $1, $2, '', 0)`,
		`INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, ordinal)
		 VALUES (gen_random_uuid(), $1, $2, '', '', '', '', 0)`,
		`INSERT INTO usage_fence (organisation_id, budget_id, ticket, previous_ticket, as_of) VALUES ($1, $2, 1, 0, now())`,
		`INSERT INTO usage_refusal (organisation_id, budget_id, reason, since) VALUES ($1, $2, 'consent_refused', now())`,
	} {
		requireRefused(t, pgerrcode.ForeignKeyViolation, s.Try(t, insert, other, r.Budget))
		require.NoError(t, s.Try(t, insert, r.Organisation.ID, r.Budget))
	}
	requireRefused(t, pgerrcode.ForeignKeyViolation, s.Try(t, `
		INSERT INTO sync_step (organisation_id, run_id, area, chunk, outcome, reason, answer, as_of) VALUES ($1, $2, 'summary', 0, 'succeeded', '', '{}', now())`, other, run))
}

// Nothing may refer to a contribution: the table has no key that a foreign key could name (Care Recipient Sync §Contributions, R16).
func TestNothingCanReferToAContribution(t *testing.T) {
	s := schema(t)
	require.Zero(t, testkit.Value[int](t, s, "SELECT count(*) FROM pg_constraint WHERE confrelid = 'contribution'::regclass"))
	columns := testkit.Column[string](t, s, "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'contribution'")
	require.NotEmpty(t, columns)
	for _, column := range columns {
		requireRefused(t, pgerrcode.InvalidForeignKey, s.Try(t, "ALTER TABLE budget ADD FOREIGN KEY (id) REFERENCES contribution ("+column+")"))
	}
}

// One plan for a person of an organisation, for ever; a change of the person's id takes the plan along (R12, R33).
func TestOnePlanForEver(t *testing.T) {
	r := stored.NewRecipient(t)
	s := testkit.OpenSQL(t, r.Address)
	second := `INSERT INTO support_plan (id, organisation_id, person_id, care_recipient_id) VALUES (gen_random_uuid(), $1, $2, $3)`
	requireRefused(t, pgerrcode.UniqueViolation, s.Try(t, second, r.Organisation.ID, r.Client.ID, "415056224"))
	requireRefused(t, pgerrcode.ForeignKeyViolation, s.Try(t, second, r.Organisation.ID, db.NewID(), "415056225"))
	require.NoError(t, s.Try(t, "UPDATE person SET care_recipient_id = '415056225' WHERE id = $1", r.Client.ID))
	require.Equal(t, []string{"415056225"}, testkit.Column[string](t, s, "SELECT care_recipient_id FROM support_plan WHERE person_id = $1", r.Client.ID))
	requireRefused(t, pgerrcode.ForeignKeyViolation, s.Try(t, "DELETE FROM person WHERE id = $1", r.Client.ID))
}

// Identities, with an ordinal among equals ("Identities" of docs/rules.md). No date equals no date.
func TestIdentitiesAreUnique(t *testing.T) {
	r := stored.NewRecipient(t)
	s := testkit.OpenSQL(t, r.Address)
	for name, insert := range map[string]string{
		"classification without dates": `INSERT INTO classification (id, organisation_id, plan_id, code, name, funding_source, ordinal)
			SELECT gen_random_uuid(), organisation_id, plan_id, 'ON_LEVEL_7', '', '', $1 FROM budget`,
		"approved service": `INSERT INTO approved_service (id, organisation_id, plan_id, group_code, type_code, service_code, name, start_date, ordinal)
			SELECT gen_random_uuid(), organisation_id, plan_id, 'SERG-0001', 'SERT-0004', 'SERV-0012', '', '2026-01-01', $1 FROM budget`,
		"supplement": `INSERT INTO supplement (id, organisation_id, plan_id, code, name, ordinal)
			SELECT gen_random_uuid(), organisation_id, plan_id, 'OXY_NORM', '', $1 FROM budget`,
		"entitlement": `INSERT INTO entitlement (id, organisation_id, budget_id, code, ordinal)
			SELECT gen_random_uuid(), organisation_id, id, 'ON_RATE_7', $1 FROM budget`,
		"line of an invoice": `INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, amount, ordinal)
			SELECT gen_random_uuid(), organisation_id, id, '900000011', '1', '', '', 10.00 + $1, $1 FROM budget`,
		"line without ids": `INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, ordinal)
			SELECT gen_random_uuid(), organisation_id, id, '', '', '4000099901', 'SERV-0001', $1 FROM budget`,
	} {
		require.NoError(t, s.Try(t, insert, 0), name)
		requireRefused(t, pgerrcode.UniqueViolation, s.Try(t, insert, 0))
		require.NoError(t, s.Try(t, insert, 1), name)
	}
	requireRefused(t, pgerrcode.UniqueViolation, s.Try(t, `
		INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, status, ordinal)
		SELECT gen_random_uuid(), organisation_id, plan_id, upstream_budget_id, '', '', '', '', 0 FROM budget`))
	requireRefused(t, pgerrcode.CheckViolation, s.Try(t, "UPDATE budget SET upstream_budget_id = ''"))
}

// What the schema itself does not let in.
func TestRowsAreChecked(t *testing.T) {
	r := stored.NewRecipient(t)
	s := testkit.OpenSQL(t, r.Address)
	r.Run(t, db.NewID(), r.Now)
	for _, test := range []struct{ code, statement string }{
		{pgerrcode.CheckViolation, "UPDATE person SET care_recipient_id = '12345678901'"},
		{pgerrcode.CheckViolation, "UPDATE person SET care_recipient_id = '41505a'"},
		{pgerrcode.CheckViolation, "UPDATE person SET ndis_number = '123456789'"},
		{pgerrcode.CheckViolation, "UPDATE sync_run SET outcome = 'succeeded'"},                       // without a time
		{pgerrcode.CheckViolation, "UPDATE sync_run SET outcome = 'fine', finished_at = now()"},       // no such outcome
		{pgerrcode.NotNullViolation, "INSERT INTO outbox (topic, payload) VALUES ('anything', '{}')"}, // no one's
	} {
		requireRefused(t, test.code, s.Try(t, test.statement))
	}
}
