package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/words"
)

const peopleHeader = "given_name,family_name,birth_date,care_recipient_id\n"

// result is what a command printed and how it ended.
type result struct {
	code     int
	out, err string
}

// run runs the program with an input.
func run(t *testing.T, input string, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	code := cli.Main(args, strings.NewReader(input), &out, &errOut)
	return result{code: code, out: out.String(), err: errOut.String()}
}

// must runs the program where it has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	done := run(t, "", args...)
	require.Equal(t, cli.ExitSucceeded, done.code, "%v: %s%s", args, done.out, done.err)
	return done.out
}

// onDatabase points the program at a database.
func onDatabase(t *testing.T, address string) {
	t.Helper()
	t.Setenv("DATABASE_URL", address)
	t.Setenv("CARESYNC_KEYRING", testkit.KeyringText)
}

func TestMigrateTellsWhatItDid(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	require.Equal(t, "The schema is up to date.\n", must(t, "migrate"))
	require.Contains(t, must(t, "migrate", "status"), "00001_organisations.sql")
}

func TestWrongUsage(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	for _, args := range [][]string{
		{"nonsense"}, {"sync", "everyone"}, {"sync", "care-recipient"}, {"sync", "care-recipient", "41505622a"}, {"sync", "care-recipient", "41505622400"},
		{"runs", "show", "latest"}, {"runs", "list", "--limit", "-1"}, {"runs", "list", "--outcome", "good"}, {"plan", "show", "x"}, {"migrate", "--fast"},
		{"organisation", "create", "Wattle Grove", "--name", "Wattle Grove"}, {"organisation", "create", "wattle"}, {"plan", "show", "415056224"},
		{"import", "people", "/no/such/file.csv"}, {"token", "revoke", "billing"}, {"connection", "create", "--environment", "production"},
	} {
		done := run(t, "", args...)
		require.Equal(t, cli.ExitUsage, done.code, "%v: %s", args, done.err)
		require.True(t, strings.HasPrefix(done.err, "caresync: "), done.err)
	}
	require.Contains(t, run(t, "", "plan", "show", "415056224").err, "organisation create", "it says what to do first")
}

func TestSettingsThatAreMissing(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	done := run(t, "", "organisation", "list")
	require.Equal(t, cli.ExitUsage, done.code)
	require.Contains(t, done.err, "DATABASE_URL")

	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
	done = run(t, "", "organisation", "list")
	require.Equal(t, cli.ExitFailed, done.code)
	require.Contains(t, done.err, "own database is unavailable: PostgreSQL does not answer")
}

func TestOrganisationIsAskedForWhereThereAreSeveral(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	require.Contains(t, must(t, "token", "list"), "Wattle Grove has no API token yet")
	must(t, "organisation", "create", "banksia", "--name", "Banksia", "--time-zone", "Australia/Perth")
	done := run(t, "", "token", "list")
	require.Equal(t, cli.ExitUsage, done.code)
	require.Contains(t, done.err, "banksia, wattle")
	t.Setenv("CARESYNC_ORGANISATION", "banksia")
	require.Contains(t, must(t, "token", "list"), "Banksia has no API token yet")
	require.Contains(t, run(t, "", "organisation", "create", "wattle", "--name", "Another").err, "is already used by another organisation")
	require.Contains(t, must(t, "organisation", "set", "banksia", "--time-zone", "Australia/Adelaide"), "Australia/Adelaide")
}

func TestATokenIsShownOnce(t *testing.T) {
	address := testkit.DatabaseURL(t)
	onDatabase(t, address)
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	secret := strings.TrimSpace(must(t, "token", "create", "billing"))
	caller, err := testkit.Store(t, address).Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, "wattle", caller.Organisation.Slug)
	require.NotContains(t, must(t, "token", "list"), secret)

	require.Contains(t, must(t, "token", "revoke", string(caller.TokenID)), "Revoked billing")
	_, err = testkit.Store(t, address).Authenticate(t.Context(), secret)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestImportPrintsEveryErrorWithItsLine(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	done := run(t, peopleHeader+"Ada,Wren,09/03/1941,415056224\nBen,Lark,1950-05-01,x\n", "import", "people", "-")
	require.Equal(t, cli.ExitUsage, done.code)
	require.Contains(t, done.err, "line 2, birth_date: ")
	require.Contains(t, done.err, "line 3, care_recipient_id: ")

	file := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(file, []byte(peopleHeader+"Ada,Wren,1941-03-09,415056224\n"), 0o600))
	require.Equal(t, "Imported 1 person into Wattle Grove: 1 created, 0 updated, 0 unchanged.\n", must(t, "import", "people", file))
	done = run(t, "invoice_id,item_id,care_recipient_id,service_id,delivery_date,amount\n9,1,415056224,SERV-0012,2026-04-03,12.50\n", "import", "invoices", "-")
	require.Equal(t, "Imported 1 invoice line into Wattle Grove: 1 created, 0 updated, 0 unchanged.\n", done.out)
	require.Contains(t, must(t, "plan", "show", "415056224"), "never been synced")
}

func TestConnectionsAreSetUpWithTheContractsAddresses(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	create := []string{"connection", "create", "--ra-number", "1234567890", "--device-name", "WATTLE-1", "--client-id", "client",
		"--api-key", "0123456789abcdef", "--audience", "https://audience", "--environment", "test"}
	done := run(t, "", create...)
	require.Equal(t, cli.ExitUsage, done.code)
	require.Contains(t, done.err, "service provider id")
	must(t, append(create, "--service-provider-id", "4000012345")...)

	shown := must(t, "connection", "show")
	require.Contains(t, shown, "https://vnd.proda.humanservices.gov.au")
	require.NotContains(t, shown, "0123456789abcdef")
	must(t, "connection", "set", "--rate-per-second", "3")
	require.Contains(t, must(t, "connection", "show", "--json"), `"rate_per_second": 3`)

	done = run(t, "", "connection", "test")
	require.Equal(t, cli.ExitNotComplete, done.code)
	require.Contains(t, done.out, "has not been activated")
}

// simulated is the program beside a simulated government, a worker and a real Temporal server.
type simulated struct {
	*testkit.World
	t *testing.T
}

func newSimulated(t *testing.T) simulated {
	t.Helper()
	s := simulated{World: testkit.NewWorld(t, world.Options{}), t: t}
	temporal := testkit.NewTemporal(t)
	temporal.RunWorker(t, s.Steps(t, db.Options{}))
	onDatabase(t, s.DatabaseURL)
	t.Setenv("CARESYNC_TASK_QUEUE_PREFIX", temporal.Queues.Prefix)
	return s
}

// sync syncs the person of a scenario and waits.
func (s simulated) sync(key string, more ...string) result {
	s.t.Helper()
	request := s.Request(s.t, key)
	organisations, err := s.Store.Organisations(s.t.Context())
	require.NoError(s.t, err)
	for _, organisation := range organisations {
		if organisation.ID == request.OrganisationID {
			s.t.Setenv("CARESYNC_ORGANISATION", organisation.Slug)
		}
	}
	return run(s.t, "", append([]string{"sync", "care-recipient", string(request.PersonID), "--wait"}, more...)...)
}

// R6, R18: details that are refused for one budget concern it alone, and both the run and the plan say which.
func TestARefusedBudgetIsNamed(t *testing.T) {
	s := newSimulated(t)
	require.NoError(t, s.Faults.Set(faults.Fault{Kind: faults.ConsentWithdrawn, Operation: servicesaustralia.OperationBudgetDetails, Count: 1}))
	done := s.sync("several-open")
	require.Equal(t, cli.ExitNotComplete, done.code, "%s%s", done.out, done.err)
	require.Contains(t, done.out+done.err, words.Reason(care.ReasonConsentRefused, care.ServicesAustralia))
	client := string(s.Request(t, "several-open").PersonID)
	require.Contains(t, strings.Join(strings.Fields(must(t, "plan", "show", client)), " "), "Its entitlements and usage have never been read. Since ")
	require.Equal(t, 1, strings.Count(must(t, "plan", "show", client, "--json"), `"usage_stale_reason": "consent_refused"`))
}

func TestSyncEndsWithTheSuccessMessage(t *testing.T) {
	s := newSimulated(t)
	t.Setenv("CARESYNC_PUBLIC_URL", "https://caresync.example")
	done := s.sync("several-open")
	require.Equal(t, cli.ExitSucceeded, done.code, "%s%s", done.out, done.err)
	client := string(s.Request(t, "several-open").PersonID)
	for _, said := range []string{"✓ Summary", "✓ Usage", "Sync succeeded", "care recipient id", "Approved services", "Individual contributions",
		"https://caresync.example/v1/people/" + client + "/plan"} {
		require.Contains(t, done.out, said)
	}
	shown := must(t, "plan", "show", client, "--history")
	for _, said := range []string{"active", "CLASSIFICATIONS", "Home support ongoing", "ours, ", "not read", "WRITE-OFF", "ROLLOVER"} {
		require.Contains(t, shown, said)
	}
	var plan views.PlanView
	require.NoError(t, json.Unmarshal([]byte(must(t, "plan", "show", client, "--json")), &plan))
	require.NotEmpty(t, plan.Budgets)

	done = s.sync("several-open", "--all-budgets", "--json")
	require.Equal(t, cli.ExitSucceeded, done.code)
	var view views.RunView
	require.NoError(t, json.Unmarshal([]byte(done.out), &view), "nothing but JSON is printed")
	require.True(t, view.AllBudgets)
	require.Contains(t, must(t, "runs", "show", string(view.ID)), "CHANGES")
	require.Contains(t, must(t, "runs", "list", "--person", client, "--outcome", "succeeded"), string(view.ID))
	require.Contains(t, must(t, "runs", "watch", string(view.ID)), "Sync succeeded")
	require.Equal(t, cli.ExitUsage, run(t, "", "runs", "cancel", string(view.ID)).code, "it has finished")
	require.Equal(t, cli.ExitUsage, run(t, "", "runs", "accept", string(view.ID)).code, "it holds nothing back")
}

// R18: what could be read is saved, and the government's own words are shown.
func TestARefusedConsentIsPartlySaved(t *testing.T) {
	done := newSimulated(t).sync("consent-refused")
	require.Equal(t, cli.ExitNotComplete, done.code)
	for _, said := range []string{"✗ Budgets", "partially saved", "Ask the person for consent", "In the government's own words: Care recipient has not provided consent"} {
		require.Contains(t, done.out, said)
	}
}

// R8: both values are shown side by side.
func TestAnIdentityMismatchShowsBothValues(t *testing.T) {
	done := newSimulated(t).sync("identity-mismatch")
	require.Equal(t, cli.ExitNotComplete, done.code)
	require.Contains(t, done.out, "nothing was saved")
	require.Regexp(t, `family name +\S+ +\S+ +← differs`, done.out)
	require.NotContains(t, done.out, "RECORDS")
}

// R8: someone says once that a given name in doubt is the person's.
func TestASamePersonIsConfirmed(t *testing.T) {
	s := newSimulated(t)
	_, err := s.World.World.Move("several-open", world.Move{Name: world.ChangeIdentity, GivenName: "Margery"})
	require.NoError(t, err)
	doubtful := s.sync("several-open", "--json")
	var view views.RunView
	require.NoError(t, json.Unmarshal([]byte(doubtful.out), &view), doubtful.err)
	stored, err := read.From(s.Store).Run(t.Context(), s.Request(t, "several-open").OrganisationID, view.ID)
	require.NoError(t, err)
	require.Len(t, stored.GivenNameDoubts(), 1)
	require.Contains(t, must(t, "runs", "show", string(view.ID)), "caresync runs same-person "+string(view.ID))

	require.Equal(t, cli.ExitUsage, run(t, "", "runs", "same-person", string(view.ID)).code, "without a reason")
	confirmed := run(t, "", "runs", "same-person", string(view.ID), "--reason", "compared with the letter", "--wait")
	require.Equal(t, cli.ExitSucceeded, confirmed.code, "%s%s", confirmed.out, confirmed.err)
	require.NotContains(t, confirmed.out, "given name differs")
	runs, _, err := read.From(s.Store).Runs(t.Context(), s.Request(t, "several-open").OrganisationID, read.RunFilter{Most: 1})
	require.NoError(t, err)
	require.Zero(t, runs[0].Warnings, "it is not asked again")
	again := run(t, "", "runs", "same-person", string(runs[0].ID), "--reason", "compared with the letter")
	require.Equal(t, cli.ExitUsage, again.code, "nothing is in doubt: %s", again.err)

	// It can be taken back: then it is asked again.
	person := string(view.Person.ID)
	require.Contains(t, must(t, "person", "answers", person), "Margery")
	var answers []views.SamePersonAnswer
	require.NoError(t, json.Unmarshal([]byte(must(t, "person", "answers", person, "--json")), &answers))
	require.Len(t, answers, 1)
	answer := string(answers[0].ID)
	require.Equal(t, cli.ExitUsage, run(t, "", "person", "take-back", person, answer).code, "without a why")
	require.Equal(t, cli.ExitUsage, run(t, "", "person", "take-back", person, "Margery", "--why", "the cousin").code)
	require.Equal(t, cli.ExitUsage, run(t, "", "person", "take-back", person, person, "--why", "the cousin").code, "there is no such answer")
	require.Contains(t, must(t, "person", "take-back", person, answer, "--why", "it is the cousin"), "The next sync asks again")
	require.Contains(t, must(t, "person", "answers", person), "No given name has been confirmed")
	history := must(t, "person", "history", person)
	require.Regexp(t, `same person, cli: .*same person +Margery +none +it is the cousin`, history)
	require.Contains(t, s.sync("several-open").out, "given name differs")
}

// R33: a number changes by an operation of its own, which is undone by changing it back.
func TestANumberIsChanged(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	require.Equal(t, cli.ExitSucceeded, run(t, peopleHeader+"Ada,Wren,1941-03-09,415056224\nBen,Lark,1950-05-01,415056225\n", "import", "people", "-").code)
	done := run(t, peopleHeader+"Ada,Wren,1941-03-09,415056229\n", "import", "people", "-")
	require.Equal(t, cli.ExitUsage, done.code, "an import never changes a number")
	require.Contains(t, done.err, "line 2, care_recipient_id")

	changed := must(t, "person", "change-number", "415056224", "--care-recipient-id", "415056229", "--why", "the letter of August")
	require.Contains(t, changed, "Changed the care recipient id of Ada Wren. Plan, contracts, budgets and history stay")
	require.Contains(t, changed, "Sync the person next")
	require.Regexp(t, `change of number, cli: .*care recipient id +415056224 +415056229 +the letter of August`, must(t, "person", "history", "415056229"))
	require.Contains(t, run(t, "", "person", "change-number", "415056224", "--care-recipient-id", "415056230", "--why", "a").err, "no such person", "no one has it now")
	for _, args := range [][]string{
		{"415056229", "--care-recipient-id", "415056230"}, {"415056229", "--care-recipient-id", "415056230", "--why", " "},
		{"415056229", "--why", "a"}, {"415056229", "--care-recipient-id", "x", "--why", "a"}, {"415056229", "--care-recipient-id", "415056229", "--why", "a"},
		{"415056229", "--care-recipient-id", "415056230", "--ndis-number", "430000001", "--why", "a"},
		{"415056229", "--care-recipient-id", "415056225", "--why", "a"}, // someone else's
	} {
		refused := run(t, "", append([]string{"person", "change-number"}, args...)...)
		require.Equal(t, cli.ExitUsage, refused.code, "%v: %s%s", args, refused.out, refused.err)
	}
	require.Contains(t, run(t, "", "person", "change-number", "415056229", "--care-recipient-id", "415056225", "--why", "a").err, "another person")
	require.Contains(t, must(t, "person", "change-number", "415056229", "--ndis-number", "430000001", "--why", "from the plan"), "Changed the NDIS number of Ada Wren")
	must(t, "person", "change-number", "415056229", "--care-recipient-id", "415056224", "--why", "it was the brother's")
	require.Contains(t, must(t, "plan", "show", "415056224"), "Wren")
}

// R5: a removal that was held back is made after an operator has accepted it.
func TestAHeldRemovalCanBeAccepted(t *testing.T) {
	s := newSimulated(t)
	first := s.sync("several-open")
	require.Equal(t, cli.ExitSucceeded, first.code, "%s%s", first.out, first.err)
	_, err := s.World.World.Move("several-open", world.Move{Name: world.HideClassifications})
	require.NoError(t, err)
	held := s.sync("several-open")
	require.Contains(t, held.out, "REMOVALS HELD FOR APPROVAL", held.err)
	runs, _, err := read.From(s.Store).Runs(t.Context(), s.Request(t, "several-open").OrganisationID, read.RunFilter{Most: 1})
	require.NoError(t, err)

	accepted := run(t, "", "runs", "accept", string(runs[0].ID), "--wait")
	require.Contains(t, accepted.out, "Accepted: 3 classifications", accepted.err)
	runs, _, err = read.From(s.Store).Runs(t.Context(), s.Request(t, "several-open").OrganisationID, read.RunFilter{Most: 1})
	require.NoError(t, err)
	require.Equal(t, 3, runs[0].Counts[care.KindClassification].Removed)
}

// The connection test says in words what is wrong.
func TestConnectionTest(t *testing.T) {
	s := newSimulated(t)
	t.Setenv("CARESYNC_ORGANISATION", "wattle-aged-care")
	require.Contains(t, must(t, "connection", "test", "wattle"), "✓ Read from Services Australia")
	require.Equal(t, cli.ExitUsage, run(t, "", "connection", "renew-key", "wattle").code, "half the key's life is not used yet")

	s.Break()
	done := run(t, "", "connection", "test", "wattle")
	require.Equal(t, cli.ExitNotComplete, done.code)
	require.Contains(t, done.out, "Nothing answers at the address")
	listed := must(t, "connection", "list")
	require.Contains(t, listed, "Support at Home, provider ")
	require.Contains(t, listed, "automatically on ")
	require.Contains(t, listed, "✗ wattle: last failure ")
	require.Contains(t, listed, "connection (code connection_refused)")
}
