package cli_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/cli"
	"github.com/caresync/caresync/starter/pacetest"
	"github.com/caresync/caresync/testkit"
)

const ndisNumber = "430000017"

// retrieved is an organisation with a person whose plan has been retrieved; no Temporal server is needed to look at it.
type retrieved struct {
	store        *db.Store
	organisation care.Organisation
	client, run  care.ID
}

func newRetrieved(t *testing.T) retrieved {
	t.Helper()
	address := testkit.DatabaseURL(t)
	onDatabase(t, address)
	r := retrieved{store: testkit.Store(t, address), run: db.NewID()}
	organisation, err := r.store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", "Australia/Perth")
	require.NoError(t, err)
	r.organisation = organisation
	connection := pacetest.Connection(t, r.store, organisation, "ndia")
	_, err = r.store.EnablePACE(t.Context(), organisation.ID, connection.ID, 0, "tests")
	require.NoError(t, err)
	r.client = pacetest.Participant(t, r.store, organisation, ndisNumber)
	pacetest.Begin(t, r.store, organisation, r.client, r.run)
	return r
}

func (r retrieved) stage(t *testing.T, held care.HeldContracts, read care.ContractRead, differences ...care.NamedChange) care.Preview {
	t.Helper()
	return pacetest.Stage(t, r.store, r.organisation, r.client, r.run, 1, held, read, differences...)
}

// row is the line of a table that begins with a number and a category, without its padding.
func row(t *testing.T, out, start string) string {
	t.Helper()
	for line := range strings.Lines(out) {
		if trimmed := regexp.MustCompile(` {2,}`).ReplaceAllString(strings.TrimSpace(line), " | "); strings.HasPrefix(trimmed, start) {
			return trimmed
		}
	}
	require.Fail(t, "there is no such row", "%s in\n%s", start, out)
	return ""
}

func TestAPreviewSaysWhatCreateWillDo(t *testing.T) { // R3, R22, R27, R28, R29
	r := newRetrieved(t)
	released := pacetest.Budget("Consumables", "78000", "22.50")
	released.FundingPeriods = []care.FundingPeriod{
		{StartDate: pacetest.Plan.StartDate, Released: new(true)}, {StartDate: care.NewDate(2999, time.May, 1)}, {StartDate: care.NewDate(2999, time.August, 1)},
	}
	unknown := pacetest.Budget("Relationships", "900", "0")
	unknown.Spent.Valid = false
	self := pacetest.Budget("Health and Wellbeing", "50", "0")
	self.Management = care.SelfManaged
	preview := r.stage(t, care.HeldContracts{}, pacetest.Read(
		pacetest.Budget("Transport", "0", "0"), released, pacetest.Budget("Choice and Control", "1500", "120"), unknown, self,
		pacetest.Budget("Home and Living", "0", "0"),
	))

	out := must(t, "pace", "preview", ndisNumber)
	require.Contains(t, out, "PACE plan of Ada Kookaburra (NDIS number 430000017)")
	require.Contains(t, out, "01 Feb 2026 – 31 Jan 2027, the first plan started on 01 Feb 2024")
	require.Regexp(t, `valid until +\d\d \w{3} \d{4} \d\d:\d\d in Australia/Perth; nothing has been saved yet`, out)
	require.Contains(t, out, "A new service contract will be created: 01 Feb 2026 – 31 Jan 2027.")
	require.Contains(t, row(t, out, "1 | 03 Consumables"), "78,000.00 | 78,000.00 | 22.50 | 77,977.50 | Will be created. An adjustment")
	require.Regexp(t, `flexible, plan-managed +record of 22\.50 \(NDIA refer to PACE\)`, out)
	require.Contains(t, out, "Released in periods: 3, next release")
	require.Contains(t, row(t, out, "2 | 14 Choice and Control"), "1,500.00 | 1,500.00 | 120.00 | 1,380.00 | Will be created.")
	require.Contains(t, out, "Released up front.")
	require.Regexp(t, `\(Previous Plan\s+Manager\)`, out)
	require.Contains(t, row(t, out, "3 | 11 Relationships"), "900.00 | 900.00 | not provided", "absent is not zero")
	require.Contains(t, row(t, out, "4 | 12 Health and Wellbeing"), "Will be created. Excluded from")
	require.Equal(t, "5 | 02 Transport | flexible | plan-managed | Will be created.", row(t, out, "5"), "without funding, in short")
	require.Equal(t, "6 | 16 Home and Living | flexible | plan-managed | Will be created.", row(t, out, "6"))
	require.Regexp(t, `total funding +80,450\.00 `, out)
	require.Regexp(t, `allocation total +80,400\.00 `, out)
	require.Regexp(t, `adjustment records +2 new`, out)
	require.Contains(t, out, "others have spent from the budgets, 142.50 in total. They are never claimed.")
	require.Contains(t, out, "caresync pace create "+string(r.client)+" --preview "+string(preview.ID)+"\n")
	require.NotContains(t, out, "--only", "there is no contract to refresh")
	require.NotContains(t, out, "--accept-overlaps")

	var shown api.PreviewView
	require.NoError(t, json.Unmarshal([]byte(must(t, "pace", "preview", ndisNumber, "--json")), &shown))
	require.Equal(t, preview.Hash, shown.Contents.Hash)
	require.Equal(t, "Consumables", shown.Contents.Budgets[0].Category)
}

// held is what we hold once a read has been created.
func held(t *testing.T, read care.ContractRead) care.HeldContracts {
	t.Helper()
	preview := care.Stage(db.NewID(), care.HeldContracts{}, read, time.Now(), db.NewID)
	decision := care.DecideCreate(care.HeldContracts{}, preview, preview.SelectAll(), read, time.Now(), db.NewID)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome)
	return care.HeldContracts{Contracts: decision.Contracts, Budgets: decision.Budgets.Write, DeliveredServices: decision.DeliveredServices.Write}
}

func TestAPreviewOfAContractThatThereIsShowsTheDifferences(t *testing.T) { // R22, R25
	r := newRetrieved(t)
	before := held(t, pacetest.Read(pacetest.Budget("Consumables", "78000", "22.50"), pacetest.Budget("Transport", "3000", "0")))
	spent := "100.00"
	r.stage(t, before, pacetest.Read(pacetest.Budget("Consumables", "78000", spent)), care.NamedChange{
		Subject: "Consumables", Change: care.Change{Action: care.ActionUpdated, Field: "spent", Old: &spent, New: &spent},
	})
	out := must(t, "pace", "preview", ndisNumber)
	for _, said := range []string{
		"CHANGES SINCE THE PREVIOUS PREVIEW\n! Consumables: spent changed from 100.00 to 100.00.",
		"This plan already has a service contract: 01 Feb 2026 – 31 Jan 2027. It will be updated.",
		"· The contract: total funding changed from 81,000.00 to 78,000.00.",
		"Consumables (flexible, plan-managed): spent changed from 22.50 to 100.00.",
		"NO LONGER IN PACE\n· Transport (flexible, plan-managed), 3,000.00 approved\nThey are kept, marked as no longer in PACE, and excluded from totals.",
		"--only 1",
	} {
		require.Contains(t, out, said)
	}
	require.NotContains(t, out, "\nWARNINGS", "what is missing is told where it belongs")
}

func TestAPreviewSaysWhatItDoesToOtherContracts(t *testing.T) { // R5, R24
	r := newRetrieved(t)
	five := []care.ReportedBudget{
		pacetest.Budget("Consumables", "10", "0"), pacetest.Budget("Transport", "10", "0"), pacetest.Budget("Relationships", "10", "0"),
		pacetest.Budget("Health and Wellbeing", "10", "0"), pacetest.Budget("Lifelong Learning", "10", "0"),
	}
	before := held(t, pacetest.Read(five...))
	before.Contracts = append(before.Contracts, care.ServiceContract{
		ID: db.NewID(), Origin: care.OriginHand, DateRange: care.DateRange{StartDate: care.NewDate(2027, time.March, 1), EndDate: care.NewDate(2027, time.June, 30)},
	})
	reassessed := care.DateRange{StartDate: care.NewDate(2026, time.June, 1), EndDate: care.NewDate(2027, time.May, 31)}
	five[0].StartDate, five[0].EndDate = reassessed.StartDate, reassessed.EndDate
	next := pacetest.Read(five[0])
	next.Plan.StartDate, next.Plan.EndDate = reassessed.StartDate, reassessed.EndDate
	next.Tree.Groups[0].DateRange = reassessed
	r.stage(t, before, next)
	out := must(t, "pace", "preview", ndisNumber)
	require.Contains(t, out, "The previous contract will run 01 Feb 2026 – 31 May 2026 and is marked as superseded by this one. It keeps its budgets.")
	require.Contains(t, out, "! It would overlap another contract, one entered manually: 01 Mar 2027 – 30 Jun 2027. To keep both, add --accept-overlaps")
	require.Contains(t, out, "--accept-overlaps\n", "the command to type has it")

	r = newRetrieved(t)
	five[0] = pacetest.Budget("Consumables", "10", "0")
	r.stage(t, held(t, pacetest.Read(five...)), pacetest.Read(five[0]))
	require.Contains(t, must(t, "pace", "preview", ndisNumber), "stay as they are unless you add --accept-removals")
}

func TestThereIsNoPreview(t *testing.T) {
	r := newRetrieved(t)
	done := run(t, "", "pace", "preview", ndisNumber)
	require.Equal(t, cli.ExitUsage, done.code)
	require.Contains(t, done.err, "Retrieve the plan with: caresync pace retrieve "+string(r.client))
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "preview", "43000001x").code)
	require.Equal(t, cli.ExitFailed, run(t, "", "pace", "preview", "439999999").code)
}

func TestPACEIsSetUp(t *testing.T) { // PACE guide §Prerequisite, R21
	r := newRetrieved(t)
	require.Contains(t, must(t, "pace", "settings"), "at most 1000 per hour")
	secret := strings.TrimSpace(must(t, "pace", "secret"))
	_, err := r.store.NotificationOrganisation(t.Context(), r.organisation.ID, db.NotificationProof{Header: secret})
	require.NoError(t, err)
	settings := must(t, "pace", "settings")
	require.Contains(t, settings, "/v1/notifications/ndia/"+string(r.organisation.ID))
	require.NotContains(t, settings, secret)

	shown := must(t, "pace", "person", ndisNumber)
	require.Regexp(t, `\+ NDIS PACE +available`, shown)
	shown = must(t, "pace", "person", string(r.client), "--participant=no")
	require.Regexp(t, `API access +no`, shown, "it is turned off, too")
	require.Regexp(t, `not available: The person is not marked as an NDIS PACE Participant`, shown)
	refused := run(t, "", "pace", "person", ndisNumber, "--api-access=yes")
	require.Equal(t, cli.ExitUsage, refused.code)
	require.Contains(t, refused.err, "Set NDIS PACE Participant first")
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "person", ndisNumber, "--participant=maybe").code)
	require.Contains(t, must(t, "pace", "person", ndisNumber, "--participant=yes", "--api-access=yes"), "available")
	require.Contains(t, must(t, "pace", "resume", ndisNumber), "Scheduled syncs of Ada Kookaburra are active.")
	require.Contains(t, must(t, "pace", "review"), "Nothing needs approval.")

	require.Contains(t, must(t, "pace", "disable"), "The PACE API is disabled")
	require.Contains(t, must(t, "pace", "person", ndisNumber), "The PACE API is not enabled for this organisation.")
	enabling := run(t, "", "pace", "enable")
	require.Equal(t, cli.ExitNotComplete, enabling.code, "the device was never activated")
	require.Contains(t, enabling.out, "The PACE API was not enabled for Wattle Grove.")
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "enable", "--connection", "another").code)
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "subscribe").code, "PACE is not enabled")
}

func TestPACEThatWasNeverEnabled(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	require.Contains(t, must(t, "pace", "settings"), "caresync pace enable")
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "secret").code)
	refused := run(t, "", "pace", "enable")
	require.Equal(t, cli.ExitUsage, refused.code)
	require.Contains(t, refused.err, "the organisation has no connection to the NDIA")
}

func TestAConnectionToTheNDIAHasItsOwnDefaults(t *testing.T) {
	onDatabase(t, testkit.DatabaseURL(t))
	must(t, "organisation", "create", "wattle", "--name", "Wattle Grove")
	create := []string{"connection", "create", "--service", "ndia", "--ra-number", "1234567890", "--device-name", "WATTLE-2", "--client-id", "client",
		"--api-key", "0123456789abcdef", "--audience", "https://audience"}
	refused := run(t, "", create...)
	require.Equal(t, cli.ExitUsage, refused.code)
	require.Contains(t, refused.err, "base url", "it is not public")
	require.Contains(t, must(t, append(create, "--base-url", "https://ndia.invalid")...), "Created the connection ndia")
	require.Contains(t, must(t, "connection", "show"), "2 calls")
}

func TestContractsAreListedAndImported(t *testing.T) { // R24
	r := newRetrieved(t)
	done := run(t, "ndis_number,reference,start_date,end_date,total_funding\n"+ndisNumber+",OLD-1,2026-01-01,,1000.00\n", "import", "contracts", "-")
	require.Equal(t, "Imported 1 contract into Wattle Grove: 1 created, 0 updated, 0 unchanged.\n", done.out, done.err)
	list := must(t, "contract", "list", ndisNumber)
	require.Contains(t, list, "entered manually, OLD-1")
	contracts, err := read.From(r.store).Contracts(t.Context(), r.organisation, r.client, time.Now())
	require.NoError(t, err)
	require.Contains(t, must(t, "contract", "show", string(contracts[0].ID)), "from 01 Jan 2026, current")
	must(t, "contract", "history", string(contracts[0].ID))
	require.Equal(t, cli.ExitUsage, run(t, "", "contract", "show", "OLD-1").code)
	require.Equal(t, cli.ExitFailed, run(t, "", "contract", "show", string(db.NewID())).code)
	require.Equal(t, cli.ExitUsage, run(t, "", "contract", "history", string(contracts[0].ID), "--limit", "0").code)

	done = run(t, "reference,ndis_number,category,delivered_on,amount,support_item_number,claim_status\nR1,"+ndisNumber+",Consumables,2026-03-01,1.00,,paid\n",
		"import", "delivered-services", "-")
	require.Equal(t, cli.ExitUsage, done.code, "there is no such budget")
	require.Contains(t, done.err, "line 2")
}
