package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/cli"
)

// participant points the program at the organisation of a scenario's participant, and returns our id of them.
func (s simulated) participant(key string) care.ID {
	s.t.Helper()
	request := s.RequestFor(s.t, key)
	organisations, err := s.Store.Organisations(s.t.Context())
	require.NoError(s.t, err)
	for _, organisation := range organisations {
		if organisation.ID == request.OrganisationID {
			s.t.Setenv("CARESYNC_ORGANISATION", organisation.Slug)
		}
	}
	return request.PersonID
}

// view is a person as far as PACE is concerned.
func (s simulated) view(person care.ID) views.ParticipantView {
	s.t.Helper()
	var view views.ParticipantView
	require.NoError(s.t, json.Unmarshal([]byte(must(s.t, "pace", "person", string(person), "--json")), &view))
	return view
}

func (s simulated) spend(key, category, amount string) {
	s.t.Helper()
	require.NoError(s.t, s.World.World.MoveParticipant(key, world.PlanMove{Name: world.Spend, Category: category, Amount: decimal.RequireFromString(amount)}))
}

// contractOf is the id of a person's newest contract.
func contractOf(t *testing.T, person care.ID) string {
	t.Helper()
	var contracts []views.ContractHeader
	require.NoError(t, json.Unmarshal([]byte(must(t, "contract", "list", string(person), "--json")), &contracts))
	require.NotEmpty(t, contracts)
	return string(contracts[0].ID)
}

// The way of the PACE guide: retrieve, look, untick some, create; and what the adjustment records say, to the letter.
func TestAPlanIsRetrievedAndItsContractCreated(t *testing.T) { // PACE guide, steps 4 to 7, R22, R27, R28
	s := newSimulated(t)
	person := s.participant("changed-manager")
	shown := must(t, "pace", "retrieve", string(person))
	require.Contains(t, shown, "A new service contract will be created")
	require.Contains(t, must(t, "pace", "person", string(person)), "A preview is ready until")
	require.Contains(t, must(t, "runs", "list", "--person", string(person)), "preview ready")

	nothing := run(t, "", "pace", "create", string(person), "--without", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21")
	require.Equal(t, cli.ExitUsage, nothing.code)
	require.Contains(t, nothing.err, "leaves nothing to save")
	created := must(t, "pace", "create", string(person), "--without", "5,6")
	require.Regexp(t, `Plan budgets +19 +19`, created)
	require.Regexp(t, `Adjustment records +4 +4`, created)
	contract := must(t, "contract", "show", contractOf(t, person))
	for _, said := range []string{
		"support item number       (blank)", "support item description  NDIS PACE API Budget Adjustment Record",
		"service provider name     NDIA refer to PACE", "service provider name     Previous Plan Manager",
		"PACE API record.  b) The Service Support Item used has been applied for budget adjustment purposes only.",
	} {
		require.Contains(t, contract, said)
	}
	require.NotContains(t, contract, "Improved Daily Living Skills", "it was not ticked (R25)")
	require.Contains(t, must(t, "contract", "history", contractOf(t, person)), "on demand, cli: ")
	again := run(t, "", "pace", "create", string(person))
	require.Equal(t, cli.ExitUsage, again.code, "no preview is ready")
}

func TestACreateIsAnsweredTwiceWithTheSame(t *testing.T) { // R22
	s := newSimulated(t)
	person := s.participant("fresh-plan")
	var retrieved api.PreviewResultView
	require.NoError(t, json.Unmarshal([]byte(must(t, "pace", "retrieve", string(person), "--json")), &retrieved))
	create := []string{"pace", "create", string(person), "--preview", string(retrieved.Preview.ID), "--json"}
	var first, second api.CreatedView
	require.NoError(t, json.Unmarshal([]byte(must(t, create...)), &first))
	require.NoError(t, json.Unmarshal([]byte(must(t, create...)), &second))
	require.NotNil(t, first.ContractID)
	require.Equal(t, first.ContractID, second.ContractID)
}

func TestWhatChangedSinceThePreviewIsShown(t *testing.T) { // R22
	s := newSimulated(t)
	person := s.participant("changed-manager")
	must(t, "pace", "retrieve", string(person))
	s.spend("changed-manager", "Consumables", "812.30")
	differs := run(t, "", "pace", "create", string(person))
	require.Equal(t, cli.ExitNotComplete, differs.code)
	require.Contains(t, differs.out, "Nothing was saved.")
	require.Contains(t, differs.out, "spent changed from 22.50 to 834.80.")
	must(t, "pace", "create", string(person))

	s.spend("changed-manager", "Consumables", "100")
	s.spend("changed-manager", "Assistance with Daily Life", "100")
	must(t, "pace", "retrieve", string(person))
	only := must(t, "pace", "create", string(person), "--only", "2")
	require.Regexp(t, `Plan budgets +1 +0 +1`, only)
	history := must(t, "contract", "history", contractOf(t, person))
	require.Regexp(t, `spent +834\.80 +934\.80`, history)
	require.NotContains(t, history, "17484.62", "everything else stays as it was")
}

func TestARefreshIsUnattended(t *testing.T) { // R31
	s := newSimulated(t)
	person := s.participant("changed-manager")
	must(t, "pace", "retrieve", string(person), "--all")
	s.spend("changed-manager", "Consumables", "812.30")
	refreshed := must(t, "pace", "refresh", string(person), "--wait")
	require.Regexp(t, `Plan budgets +21 +0 +1`, refreshed)
	require.Contains(t, must(t, "pace", "review", string(person)), "Nothing needs approval")
	require.Contains(t, must(t, "pace", "accept", string(person)), "Nothing needs approval")
}

func TestWhatARefreshLeavesToPeopleCanBeAccepted(t *testing.T) { // R31
	s := newSimulated(t)
	person := s.participant("reassessed-later")
	must(t, "pace", "retrieve", string(person), "--all")
	require.NoError(t, s.World.World.MoveParticipant("reassessed-later", world.PlanMove{Name: world.Reassess}))
	refreshed := run(t, "", "pace", "refresh", string(person), "--wait")
	require.Contains(t, refreshed.out, "1 change is held for approval", refreshed.err)
	review := must(t, "pace", "review")
	require.Contains(t, review, "has no service contract yet")
	require.Contains(t, review, "caresync pace accept "+string(person))
	accepted := must(t, "pace", "accept", string(person))
	require.Contains(t, accepted, "is marked as superseded by this one")
	require.Contains(t, must(t, "pace", "review"), "Nothing needs approval")
	require.Contains(t, must(t, "contract", "list", string(person)), "superseded")
}

func TestAnOverlapNeedsAYes(t *testing.T) { // R24
	s := newSimulated(t)
	person := s.participant("fresh-plan")
	view := s.view(person)
	done := run(t, "ndis_number,reference,start_date\n"+view.NDISNumber+",OLD-1,2020-01-01\n", "import", "contracts", "-")
	require.Equal(t, cli.ExitSucceeded, done.code, done.err)

	all := run(t, "", "pace", "retrieve", string(person), "--all")
	require.Equal(t, cli.ExitNotComplete, all.code)
	require.Contains(t, all.out, "one entered manually")
	refused := run(t, "", "pace", "create", string(person))
	require.Equal(t, cli.ExitNotComplete, refused.code)
	require.Contains(t, refused.err, "overlap")
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "create", string(person), "--select", "99").code)
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "create", string(person), "--select", "").code, "nothing is not everything")
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "create", string(person), "--select", "1", "--without", "2").code)
	require.Regexp(t, `Plan budgets +2 +2`, must(t, "pace", "create", string(person), "--select", "1,2", "--accept-overlaps"))
}

func TestRefusalsAreExplained(t *testing.T) { // R21, R23, R30
	s := newSimulated(t)
	for key, said := range map[string]string{
		"endorsement-missing": "In the government's own words: Requestor does not have the authority to perform the request",
		"surname-differs":     "or the participant has not endorsed this organisation",
		"future-plan":         "The NDIA lists:\n  · ",
		"not-pace":            "is not a PACE plan",
		"two-plans-unclear":   "Several plans cover today",
	} {
		person := s.participant(key)
		done := run(t, "", "pace", "retrieve", string(person))
		require.Equal(t, cli.ExitNotComplete, done.code, key)
		require.Contains(t, done.out, said, key)
		require.NotContains(t, done.out, "Services Australia", key)
	}
	future := s.participant("future-plan")
	require.Contains(t, must(t, "runs", "list", "--person", string(future)), "plan not started")
	var runs []views.RunSummary
	require.NoError(t, json.Unmarshal([]byte(must(t, "runs", "list", "--person", string(future), "--json")), &runs))
	require.Equal(t, care.ReasonPlanInFuture, runs[0].Reason)
	require.NotContains(t, must(t, "runs", "show", string(runs[0].ID)), "✗", "nothing is wrong")
	person := s.participant("endorsement-missing")
	require.Contains(t, must(t, "pace", "person", string(person)), "stopped since", "R30")
	require.Equal(t, cli.ExitNotComplete, run(t, "", "pace", "refresh", string(person), "--wait").code)
	must(t, "pace", "person", string(person), "--api-access=no")
	gate := run(t, "", "pace", "retrieve", string(person), "--json")
	require.Equal(t, cli.ExitNotComplete, gate.code)
	require.Contains(t, gate.out, string(care.ReasonPACEAPIAccessOff))
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "retrieve", string(person), "--accept-overlaps").code)
	require.Equal(t, cli.ExitUsage, run(t, "", "pace", "retrieve", string(person), "--plan-start", "01/02/2026").code)
}

func TestDeliveredServicesOfOursAreNotCountedTwice(t *testing.T) { // R27
	s := newSimulated(t)
	person := s.participant("changed-manager")
	must(t, "pace", "retrieve", string(person), "--all")
	view := s.view(person)
	done := run(t, "reference,ndis_number,category,delivered_on,amount,support_item_number,claim_status\nR1,"+view.NDISNumber+",Consumables,"+
		view.Contracts[0].StartDate.String()+",12.50,03_040919_0103_1_1,paid\n", "import", "delivered-services", "-")
	require.Contains(t, done.out, "Updated 1 adjustment record to match.", done.err)
	shown := must(t, "contract", "show", contractOf(t, person))
	require.Contains(t, strings.Join(strings.Fields(row(t, shown, "03 Consumables")), " "), "22.50 | 19,477.50 | 12.50 | 10.00", "adjustment + own claimed = spent")
}

func TestPACEIsEnabledOnceTheConnectionWorks(t *testing.T) {
	s := newSimulated(t)
	s.participant("fresh-plan")
	must(t, "pace", "disable")
	enabled := must(t, "pace", "enable", "--budget-calls-per-hour", "500")
	require.Contains(t, enabled, "✓ Ask the NDIA")
	require.Contains(t, enabled, "at most 500 budget calls per hour")
	require.Contains(t, must(t, "connection", "test", "ndia"), "✓ Ask the NDIA")
	require.Contains(t, must(t, "pace", "subscribe"), "notifies")

	must(t, "pace", "disable")
	s.Break()
	require.Equal(t, cli.ExitNotComplete, run(t, "", "pace", "enable").code)
	require.Regexp(t, `PACE API +not enabled`, must(t, "pace", "settings"))
}
