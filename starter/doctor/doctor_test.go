package doctor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/doctor"
	"github.com/caresync/caresync/testkit"
)

// stack is a deployment that works: a database with an organisation, its connection, people and a schedule; Temporal; and a worker.
type stack struct {
	world        *testkit.World
	temporal     *testkit.Temporal
	sql          testkit.SQL
	organisation care.Organisation
	person       care.ID
	options      doctor.Options
}

func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{world: testkit.NewWorld(t, world.Options{People: 30, Seed: 11, Organisations: world.SingleProvider()}), temporal: testkit.NewTemporalAlone(t)}
	s.sql = testkit.OpenSQL(t, s.world.DatabaseURL)
	organisations, err := s.world.Store.Organisations(t.Context())
	require.NoError(t, err)
	s.organisation = organisations[0]
	s.person = testkit.Value[care.ID](t, s.sql, "SELECT id FROM person LIMIT 1")
	s.options = doctor.Options{
		DatabaseURL: func() (string, error) { return s.world.DatabaseURL, nil },
		Keyring:     func() (*sealing.Keyring, error) { return testkit.Keyring(), nil }, Queues: s.temporal.Queues,
	}
	require.NoError(t, s.world.Store.CreateSchedule(t.Context(), care.Schedule{
		OrganisationID: s.organisation.ID, Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30", TimeZone: care.DefaultTimeZone},
		Options: care.BulkOptions{Kind: care.RunCareRecipient}, Overlap: care.OverlapSkip, CatchUp: time.Hour,
	}, "tests"))
	testkit.StartProcess(t, []string{
		"DATABASE_URL=" + s.world.DatabaseURL, "CARESYNC_TASK_QUEUE_PREFIX=" + s.temporal.Queues.Prefix, "CARESYNC_KEYRING=" + testkit.KeyringText,
		"CARESYNC_HEALTH_ADDRESS=" + testkit.FreeAddress(t),
	}, testkit.Binary(t, "caresync-worker"))
	t.Cleanup(func() {
		for _, id := range []string{
			protocol.ReconcileScheduleID(s.temporal.Queues), protocol.RefreshDueScheduleID(s.temporal.Queues),
			protocol.RenewKeysScheduleID(s.temporal.Queues), protocol.ScheduleID(s.organisation.ID, "nightly"),
		} {
			_ = s.temporal.ScheduleClient().GetHandle(context.Background(), id).Delete(context.Background())
		}
	})
	return s
}

// examine is what doctor finds, beside what is no one's fault.
func (s *stack) examine(t *testing.T, options doctor.Options) doctor.Report {
	t.Helper()
	began := time.Now()
	report := doctor.Examine(t.Context(), options)
	require.Less(t, time.Since(began), 30*time.Second)
	return report
}

func (s *stack) withURL(address string) doctor.Options {
	options := s.options
	options.DatabaseURL = func() (string, error) { return address, nil }
	return options
}

// wanted is a finding as it has to be told.
type wanted struct {
	check, problem, remedy string
	verdict                doctor.Verdict
}

func requireFinding(t *testing.T, report doctor.Report, want wanted) {
	t.Helper()
	said, err := json.MarshalIndent(report, "", " ")
	require.NoError(t, err)
	for _, result := range report.Checks {
		for _, finding := range result.Findings {
			if result.Name == want.check && finding.Verdict == want.verdict && strings.Contains(finding.Problem, want.problem) {
				require.Contains(t, finding.Remedy, want.remedy)
				return
			}
		}
	}
	t.Fatalf("%+v is not found in\n%s", want, said)
}

// fault is something that an operator meets.
type fault struct {
	// plant makes it; its cleanup mends it again.
	plant func(t *testing.T, s *stack) doctor.Options
	wanted
}

// planted is a fault in the database's rows, mended by another statement.
func planted(plant, mend string, arguments ...any) func(*testing.T, *stack) doctor.Options {
	return func(t *testing.T, s *stack) doctor.Options {
		t.Helper()
		s.sql.Exec(t, plant, arguments...)
		s.mendsWith(t, mend)
		return s.options
	}
}

// mendsWith mends a fault after its test, whose own context has ended by then.
func (s *stack) mendsWith(t *testing.T, statement string) {
	t.Helper()
	t.Cleanup(func() {
		tx, err := s.sql.Begin(context.Background())
		require.NoError(t, err)
		_, err = tx.Exec(context.Background(), statement)
		require.NoError(t, err)
		require.NoError(t, tx.Commit(context.Background()))
	})
}

// A healthy deployment has nothing, and each of many faults is found, with its remedy.
func TestFaultsAreFound(t *testing.T) {
	s := newStack(t)
	report := s.examine(t, s.options)
	for began := time.Now(); report.Verdict != doctor.OK; report = s.examine(t, s.options) {
		if time.Since(began) > 3*time.Minute { // a worker that starts on a busy machine
			said, err := json.MarshalIndent(report, "", " ")
			require.NoError(t, err)
			t.Fatalf("a healthy deployment is not: %s", said)
		}
	}
	require.GreaterOrEqual(t, len(report.Checks), 24)
	for name, fault := range plantedFaults() {
		t.Run(name, func(t *testing.T) {
			requireFinding(t, s.examine(t, fault.plant(t, s)), fault.wanted)
		})
	}
	t.Run("a workflow without a row", func(t *testing.T) {
		requireFinding(t, s.examine(t, s.withOrphan(t)), wanted{"workflows without a row", "1 workflow that the database knows nothing of", "caresync deployment end-orphans", doctor.Failure})
	})
	require.Equal(t, doctor.OK, s.examine(t, s.options).Verdict, "all are mended")
}

func plantedFaults() map[string]fault {
	all := map[string]fault{}
	for _, some := range []map[string]fault{settingsFaults(), databaseFaults(), temporalFaults(), scheduleFaults(), workFaults(), serviceFaults()} {
		for name, one := range some {
			all[name] = one
		}
	}
	return all
}

func settingsFaults() map[string]fault {
	return map[string]fault{
		"no database address": {func(_ *testing.T, s *stack) doctor.Options {
			options := s.options
			options.DatabaseURL = func() (string, error) { return "", os.ErrNotExist }
			return options
		}, wanted{"database address", "", "Set DATABASE_URL", doctor.Failure}},
		"no keyring": {func(_ *testing.T, s *stack) doctor.Options {
			options := s.options
			options.Keyring = func() (*sealing.Keyring, error) { return nil, os.ErrNotExist }
			return options
		}, wanted{"keyring setting", "", "Set CARESYNC_KEYRING", doctor.Failure}},
		"Temporal's settings are wrong": {func(t *testing.T, s *stack) doctor.Options {
			t.Setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", filepath.Join(t.TempDir(), "none.pem"))
			return s.options
		}, wanted{"Temporal settings", "TEMPORAL_*", "Correct TEMPORAL_ADDRESS", doctor.Failure}},
		"another key under the same id": {func(t *testing.T, s *stack) doctor.Options {
			return s.withKeyring(t, "test")
		}, wanted{"keyring", "is not the key of that id", "what the other programs have", doctor.Failure}},
		"a key is missing": {func(t *testing.T, s *stack) doctor.Options {
			return s.withKeyring(t, "k9")
		}, wanted{"keyring", "lacks the key", "what the other programs have", doctor.Failure}},
		"a key of stored values is missing": {planted(
			"INSERT INTO upstream_token (organisation_id, connection_id, audience, token_sealed) SELECT organisation_id, id, 'x', '\\x01026b37ff' FROM connection LIMIT 1",
			"DELETE FROM upstream_token WHERE audience = 'x'"), wanted{"keyring", "The key k7 is missing", "caresync keyring status", doctor.Failure}},
	}
}

// withKeyring is a keyring of one new key of that id.
func (s *stack) withKeyring(t *testing.T, id string) doctor.Options {
	t.Helper()
	entry, err := sealing.Generate(id)
	require.NoError(t, err)
	options := s.options
	options.Keyring = func() (*sealing.Keyring, error) { return sealing.Parse(entry) }
	return options
}

func (s *stack) at(t *testing.T, change func(*url.URL)) doctor.Options {
	t.Helper()
	address, err := url.Parse(s.world.DatabaseURL)
	require.NoError(t, err)
	change(address)
	return s.withURL(address.String())
}

func databaseFaults() map[string]fault {
	return map[string]fault{
		"PostgreSQL is down": {func(t *testing.T, s *stack) doctor.Options {
			return s.at(t, func(address *url.URL) { address.Host = "127.0.0.1:1" })
		}, wanted{"PostgreSQL", "", "DATABASE_URL", doctor.Failure}},
		"PostgreSQL hangs": {func(t *testing.T, s *stack) doctor.Options {
			return s.at(t, func(address *url.URL) {
				link := testkit.NewLink(t, address.Host)
				link.Silence()
				address.Host = link.Address
			})
		}, wanted{"PostgreSQL", "", "DATABASE_URL", doctor.Failure}},
		"wrong password": {func(t *testing.T, s *stack) doctor.Options {
			return s.at(t, func(address *url.URL) {
				address.User = url.UserPassword(address.User.Username(), "wrong")
				address.Path = "/none"
			})
		}, wanted{"PostgreSQL", "", "DATABASE_URL", doctor.Failure}},
		"no schema": {func(t *testing.T, s *stack) doctor.Options {
			s.sql.Exec(t, "CREATE SCHEMA empty")
			s.mendsWith(t, "DROP SCHEMA empty")
			return s.at(t, func(address *url.URL) { address.RawQuery += "&search_path=empty" })
		}, wanted{"schema", "no schema", "caresync migrate", doctor.Failure}},
		"an older schema": {planted("DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)",
			"INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, true FROM goose_db_version"),
			wanted{"schema", "this program needs", "caresync migrate", doctor.Failure}},
		"a newer schema": {planted("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)", "DELETE FROM goose_db_version WHERE version_id = 99999"),
			wanted{"schema", "version 99999", "Update this program", doctor.Warning}},
		"the clock is wrong": {func(t *testing.T, s *stack) doctor.Options {
			address, move := testkit.MovableClock(t, s.world.DatabaseURL)
			s.mendsWith(t, "DROP SCHEMA clock CASCADE")
			move(90 * time.Minute)
			return s.withURL(address)
		}, wanted{"clock", "minutes ahead of this machine", "NTP", doctor.Warning}},
		"too few connections for all programs": {func(t *testing.T, s *stack) doctor.Options {
			s.sql.Exec(t, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 60', current_database()); END $$")
			s.mendsWith(t, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT -1', current_database()); END $$")
			return s.options
		}, wanted{"connections", "The database admits 60 connections, and 1 worker and `caresync serve` may open 64", "pool_max_conns", doctor.Warning}},
		"a pooler in transaction mode": {func(t *testing.T, s *stack) doctor.Options {
			return s.withURL(transactionPooler(t, s.world.DatabaseURL))
		}, wanted{"sessions", "another session", "pool_mode = session", doctor.Failure}},
		"the statement timeout is dropped": {func(t *testing.T, s *stack) doctor.Options {
			return s.withURL(transactionPooler(t, s.world.DatabaseURL))
		}, wanted{"sessions", "The statement timeout is off", "statement_timeout", doctor.Warning}},
		"the database of another deployment": {planted("UPDATE deployment SET temporal_namespace_id = 'x' || temporal_namespace_id",
			"UPDATE deployment SET temporal_namespace_id = substr(temporal_namespace_id, 2)"),
			wanted{"deployment", "belongs to another deployment", "caresync deployment show", doctor.Failure}},
	}
}

func temporalFaults() map[string]fault {
	return map[string]fault{
		"Temporal is down": {func(t *testing.T, s *stack) doctor.Options {
			t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
			return s.options
		}, wanted{"Temporal", "does not answer", "TEMPORAL_ADDRESS", doctor.Failure}},
		"no such namespace": {func(t *testing.T, s *stack) doctor.Options {
			t.Setenv("TEMPORAL_NAMESPACE", "none-"+string(db.NewID()))
			return s.options
		}, wanted{"namespace", "does not have the namespace", "deployment adopt", doctor.Failure}},
		"no search attributes": {inNewNamespace, wanted{"search attributes", "CareSyncKind", "docs/configuration.md", doctor.Failure}},
		"a short retention":    {inNewNamespace, wanted{"retention", "1 hour only", "--retention 72h", doctor.Warning}},
		"no worker": {func(_ *testing.T, s *stack) doctor.Options {
			options := s.options
			options.Queues.Prefix = "none-" + options.Queues.Prefix
			return options
		}, wanted{"task queues", "No worker takes tasks", "Start a worker", doctor.Failure}},
		"the own schedules are missing": {func(_ *testing.T, s *stack) doctor.Options {
			options := s.options
			options.Queues.Prefix = "none-" + options.Queues.Prefix
			return options
		}, wanted{"own schedules", "reconcile", "Start a worker", doctor.Failure}},
		"an own schedule is paused":            {paused(protocol.RefreshDueScheduleID), wanted{"own schedules", "refresh-due is paused", "--unpause", doctor.Failure}},
		"the schedule that renews keys is too": {paused(protocol.RenewKeysScheduleID), wanted{"own schedules", "renew-keys is paused", "--unpause", doctor.Failure}},
	}
}

// paused pauses one of the deployment's own schedules in Temporal.
func paused(schedule func(protocol.TaskQueues) string) func(*testing.T, *stack) doctor.Options {
	return func(t *testing.T, s *stack) doctor.Options {
		handle := s.temporal.ScheduleClient().GetHandle(t.Context(), schedule(s.temporal.Queues))
		require.NoError(t, handle.Pause(t.Context(), client.SchedulePauseOptions{}))
		t.Cleanup(func() { require.NoError(t, handle.Unpause(context.Background(), client.ScheduleUnpauseOptions{})) })
		return s.options
	}
}

// inNewNamespace looks at a namespace as Temporal makes it.
func inNewNamespace(t *testing.T, s *stack) doctor.Options {
	t.Helper()
	t.Setenv("TEMPORAL_NAMESPACE", s.temporal.NewNamespace(t, time.Hour))
	return s.options
}

func scheduleFaults() map[string]fault {
	const nightly = " WHERE name = 'nightly'"
	told := " WHERE id LIKE 'schedule/%'"
	return map[string]fault{
		"Temporal refuses a schedule": {func(t *testing.T, s *stack) doctor.Options {
			// Another version than Temporal's would be applied at once: a lease keeps the worker from it.
			return s.keptFromApplying(t, "UPDATE temporal_schedule SET error = 'refused', error_at = now()"+told, "UPDATE temporal_schedule SET error = '', error_at = NULL"+told)
		}, wanted{"stored schedules", "is refused by Temporal", "worker's log", doctor.Failure}},
		"a schedule was not applied": {func(t *testing.T, s *stack) doctor.Options {
			return s.keptFromApplying(t, "UPDATE temporal_schedule SET error = 'temporal_unavailable', error_at = now() - interval '1 hour'"+told,
				"UPDATE temporal_schedule SET error = '', error_at = NULL"+told)
		}, wanted{"stored schedules", "has not been applied to Temporal for 60 minutes", "Start a worker", doctor.Failure}},
		"a schedule was edited in Temporal": {planted("UPDATE temporal_schedule SET edited_at = now()"+told, "UPDATE temporal_schedule SET edited_at = NULL"+told),
			wanted{"stored schedules", "was edited in Temporal", "caresync schedule change nightly", doctor.Warning}},
		"a schedule is paused after a failure": {func(t *testing.T, s *stack) doctor.Options {
			return s.keptFromApplying(t, "UPDATE schedule SET paused_at = now() - interval '3 hours', paused_by = ''"+nightly, "UPDATE schedule SET paused_at = NULL"+nightly)
		}, wanted{"stored schedules", "has been paused for 3 hours", "caresync schedule resume nightly", doctor.Failure}},
		"times were missed": {planted("INSERT INTO schedule_time (organisation_id, name, due_at) SELECT organisation_id, name, now() - interval '5 hours' FROM schedule"+nightly,
			"DELETE FROM schedule_time"), wanted{"stored schedules", "missed times", "caresync schedule show nightly", doctor.Warning}},
		"no run was good for days": {planted("UPDATE schedule SET created_at = now() - interval '9 days'"+nightly, "UPDATE schedule SET created_at = now()"+nightly),
			wanted{"last good run", "has never had a good run", "caresync schedule show nightly", doctor.Warning}},
	}
}

// keptFromApplying plants something that a worker would mend at once, if it applied schedules.
func (s *stack) keptFromApplying(t *testing.T, plant, mend string) doctor.Options {
	t.Helper()
	tx, err := s.sql.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE lease IN EXCLUSIVE MODE")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tx.Rollback(context.Background())) })
	return planted(plant, mend)(t, s)
}

func workFaults() map[string]fault {
	run := "INSERT INTO sync_run (id, organisation_id, person_id, kind, trigger, requested_by, all_budgets, workflow_id, requested_at) " +
		"SELECT gen_random_uuid(), organisation_id, id, 'care-recipient', 'on-demand', 'tests', false, 'care-recipient-sync/' || id, now() - interval '%s' FROM person LIMIT 1"
	bulk := "INSERT INTO bulk_run (id, organisation_id, kind, requested_by, workflow_id, options, requested_at, started_at, planned_at, paused_at, waiting_since) " +
		"SELECT gen_random_uuid(), id, 'care-recipient', 'tests', 'bulk-sync/doctor', '{\"kind\":\"care-recipient\"}', now() - interval '3 days', %s FROM organisation LIMIT 1"
	withWorkflow := func(workflowID func(s *stack) string, statement, mend string) func(*testing.T, *stack) doctor.Options {
		return func(t *testing.T, s *stack) doctor.Options {
			t.Helper()
			s.waits(t, workflowID(s))
			return planted(statement, mend)(t, s)
		}
	}
	ofPerson := func(s *stack) string { return protocol.CareRecipientSyncID(s.person) }
	ofBulk := func(*stack) string { return "bulk-sync/doctor" }
	return map[string]fault{
		"a sync without a workflow": {planted(strings.ReplaceAll(run, "%s", "30 minutes"), "DELETE FROM sync_run"),
			wanted{"syncs", "1 sync is open without a workflow", "caresync runs cancel", doctor.Failure}},
		"a sync that does not end": {withWorkflow(ofPerson, strings.ReplaceAll(run, "%s", "5 hours"), "DELETE FROM sync_run"),
			wanted{"syncs", "1 sync has been in progress for more than 2 hours", "caresync runs show", doctor.Warning}},
		"a bulk run without a workflow": {planted(strings.ReplaceAll(bulk, "%s", "now(), now(), NULL, NULL"), "DELETE FROM bulk_run"),
			wanted{"bulk runs", "is open without a workflow", "caresync bulk cancel", doctor.Failure}},
		"a bulk run that no worker starts": {withWorkflow(ofBulk, strings.ReplaceAll(bulk, "%s", "NULL, NULL, NULL, NULL"), "DELETE FROM bulk_run"),
			wanted{"bulk runs", "no worker has started it", "Start a worker", doctor.Failure}},
		"a bulk run that stands still": {withWorkflow(ofBulk, strings.ReplaceAll(bulk, "%s", "now() - interval '3 days', now() - interval '3 days', NULL, NULL"), "DELETE FROM bulk_run"),
			wanted{"bulk runs", "has made no progress for 3 days", "caresync bulk show", doctor.Failure}},
		"a bulk run that is paused for long": {withWorkflow(ofBulk, strings.ReplaceAll(bulk, "%s", "now(), now(), now() - interval '2 days', NULL"), "DELETE FROM bulk_run"),
			wanted{"bulk runs", "has been paused for 2 days", "caresync bulk resume", doctor.Warning}},
		"a bulk run that waits for long": {withWorkflow(ofBulk, strings.ReplaceAll(bulk, "%s", "now(), now(), NULL, now() - interval '4 hours'"), "DELETE FROM bulk_run"),
			wanted{"bulk runs", "has been waiting for 4 hours", "caresync bulk show", doctor.Warning}},
		"claims that no sync follows": {func(t *testing.T, s *stack) doctor.Options {
			number := testkit.Value[string](t, s.sql, "SELECT care_recipient_id FROM person WHERE id = $1", s.person)
			_, err := s.world.Store.RecordClaimEvent(t.Context(), care.ClaimEvent{
				OrganisationID: s.organisation.ID, ClaimID: "CL-1", EventID: "1", Status: care.StageApproved, CareRecipientIDs: []string{number}, OccurredAt: time.Now(),
			})
			require.NoError(t, err)
			return planted("UPDATE claim_sync SET caused_at = now() - interval '2 hours'", "DELETE FROM claim_sync")(t, s)
		}, wanted{"claims", "1 sync that claims caused has not started, the first for 2 hours", "task queues", doctor.Warning}},
		"the outbox is not read any more": {planted("INSERT INTO outbox (organisation_id, topic, payload, created_at, published_at) "+
			"SELECT id, 'x', '{}', now() - interval '3 days', CASE WHEN n = 1 THEN now() END FROM organisation, generate_series(1, 2) n ORDER BY n", "DELETE FROM outbox WHERE topic = 'x'"),
			wanted{"outbox", "has not taken facts for 3 days", "Start that program", doctor.Warning}},
	}
}

// waits starts a workflow of that id that no worker takes up.
func (s *stack) waits(t *testing.T, workflowID string) {
	t.Helper()
	run, err := s.temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflowID, TaskQueue: "doctor-" + string(db.NewID())}, "Waits")
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.temporal.TerminateWorkflow(context.Background(), run.GetID(), run.GetRunID(), "a test") })
}

// withOrphan leaves a bulk run in progress in Temporal that has ended according to the database.
func (s *stack) withOrphan(t *testing.T) doctor.Options {
	t.Helper()
	const answered = 5
	require.NoError(t, s.world.Faults.Add(faults.Fault{Kind: faults.Hang, Skip: answered})) // which keeps it in progress
	t.Cleanup(s.world.Faults.Clear)
	before := len(s.world.Calls())
	bulk, run := s.temporal.Bulk(t, s.world.Store, s.organisation.ID, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}})
	t.Cleanup(func() { _ = s.temporal.TerminateWorkflow(context.Background(), run.GetID(), "", "a test") })
	require.Eventually(t, func() bool { return len(s.world.Calls()) >= before+answered }, time.Minute, 10*time.Millisecond)
	require.Eventually(t, func() bool { // Temporal lists a workflow soon after it has started
		listed, err := s.temporal.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowId = '%s' AND ExecutionStatus = 'Running'", run.GetID()),
		})
		return err == nil && listed.GetCount() == 1
	}, time.Minute, 10*time.Millisecond)
	s.sql.Exec(t, "UPDATE bulk_run SET outcome = 'cancelled', finished_at = now() WHERE id = $1", bulk)
	return s.options
}

func serviceFaults() map[string]fault {
	at := func(column, when string) func(*testing.T, *stack) doctor.Options {
		return planted("UPDATE connection SET "+column+" = "+when, "UPDATE connection SET key_expiry = NULL, device_expiry = NULL, activated_at = now()")
	}
	return map[string]fault{
		"a key has ended":              {at("key_expiry", "now() - interval '1 day'"), wanted{"keys and devices", "PRODA refuses its logins", "caresync connection activate", doctor.Failure}},
		"a key is ending":              {at("key_expiry", "now() + interval '10 days'"), wanted{"keys and devices", "The key of the connection", "caresync connection renew-key", doctor.Warning}},
		"a device has ended":           {at("device_expiry", "now() - interval '1 day'"), wanted{"keys and devices", "The PRODA device of", "Register a new device", doctor.Failure}},
		"a device is ending":           {at("device_expiry", "now() + interval '40 days'"), wanted{"keys and devices", "The PRODA device of", "extend the device", doctor.Warning}},
		"a device was never activated": {at("activated_at", "NULL"), wanted{"keys and devices", "has never been activated", "--code CODE", doctor.Warning}},
		"calls are booked for a long time": {planted("INSERT INTO upstream_allowance (organisation_id, connection_id, name, theoretical_arrival, booked_at) "+
			"SELECT organisation_id, id, 'calls', now() + interval '9 minutes', now() FROM connection LIMIT 1", "DELETE FROM upstream_allowance"),
			wanted{"allowance of calls", "are booked 8 minutes ahead", "--rate-per-second", doctor.Warning}},
	}
}
