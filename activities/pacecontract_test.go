package activities_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/ndia"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/words"
)

// newPaceSite is a site whose people are the NDIS participants of the built-in scenarios.
func newPaceSite(t *testing.T) *site {
	t.Helper()
	file, err := scenarios.FS.ReadFile("pace.yaml")
	require.NoError(t, err)
	return newSite(t, world.Options{Scenarios: fstest.MapFS{"pace.yaml": {Data: file}}, Organisations: world.DefaultOrganisations()})
}

// contractRun begins a run over a participant.
func (s *site) contractRun(t *testing.T, key string, trigger care.Trigger) care.RunScope {
	t.Helper()
	request := s.RequestFor(t, key)
	request.Trigger = trigger
	subject, err := s.steps.ValidateParticipant(t.Context(), protocol.ValidateInput{Request: request, RunID: db.NewID(), At: s.Now()})
	require.NoError(t, err)
	return subject
}

// retrieve stages a preview in a run of its own.
func (s *site) retrieve(t *testing.T, key string) (care.RunScope, protocol.ContractResult) {
	t.Helper()
	subject := s.contractRun(t, key, care.TriggerOnDemand)
	require.Empty(t, subject.Refusal)
	result, err := s.steps.RetrievePlan(t.Context(), protocol.RetrieveInput{RunScope: subject, Number: 1})
	require.NoError(t, err)
	return subject, result
}

// preview is the one that a retrieval staged.
func (s *site) preview(t *testing.T, subject care.RunScope, staged protocol.ContractResult) db.PreviewContents {
	t.Helper()
	require.NotNil(t, staged.Waiting, staged.Reason)
	retrieval, err := s.Store.Preview(t.Context(), subject.OrganisationID, staged.Waiting.ID)
	require.NoError(t, err)
	require.Equal(t, db.PreviewWaiting, retrieval.State)
	return *retrieval.Contents
}

func (s *site) createInput(subject care.RunScope, number int, request care.CreateRequest) protocol.CreateInput {
	return protocol.CreateInput{RunScope: subject, Number: number, AskedAt: time.Now(), Request: request}
}

// create retrieves a plan and creates everything of it.
func (s *site) create(t *testing.T, key string) (care.RunScope, protocol.ContractResult) {
	t.Helper()
	subject, staged := s.retrieve(t, key)
	preview := s.preview(t, subject, staged)
	result, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, result.Outcome, result.Reason)
	s.completeContract(t, subject, result.AreaResult)
	return subject, result
}

func (s *site) completeContract(t *testing.T, subject care.RunScope, answer care.AreaResult) care.RunResult {
	t.Helper()
	result, err := s.steps.CompleteRun(t.Context(), protocol.CompleteInput{
		Kind: care.RunPACEContract, Scope: subject, Areas: map[care.Area]care.AreaResult{care.AreaContract: answer},
	})
	require.NoError(t, err)
	return result
}

// refresh makes an unattended pass in a run of its own.
func (s *site) refresh(t *testing.T, key string) protocol.ContractResult {
	t.Helper()
	subject := s.contractRun(t, key, care.TriggerNotification)
	answer := protocol.ContractResult{AreaResult: care.Refused(subject.Refusal)}
	if subject.Refusal == "" {
		var err error
		answer, err = s.steps.RefreshContract(t.Context(), protocol.AreaInput{RunScope: subject})
		require.NoError(t, err)
	}
	s.completeContract(t, subject, answer.AreaResult)
	return answer
}

func (s *site) held(t *testing.T, key string) care.HeldContracts {
	t.Helper()
	request := s.RequestFor(t, key)
	held, err := s.Store.HeldContracts(t.Context(), request.OrganisationID, request.PersonID)
	require.NoError(t, err)
	return held
}

func (s *site) moveParticipant(t *testing.T, key string, move world.PlanMove) {
	t.Helper()
	require.NoError(t, s.World.World.MoveParticipant(key, move))
}

// requireBalanced requires that adjustment + own claimed = spent for every budget whose spent is known (R27).
func requireBalanced(t *testing.T, held care.HeldContracts) {
	t.Helper()
	for _, budget := range held.Budgets {
		if !budget.Spent.Valid || budget.Removed {
			continue
		}
		sum := care.OwnClaimed(budget.ID, held.DeliveredServices)
		for _, service := range held.DeliveredServices {
			if service.BudgetID == budget.ID && service.Kind == care.PACEAdjustment && !service.Removed {
				sum = sum.Add(service.Amount)
			}
		}
		require.True(t, budget.Spent.Decimal.Equal(sum), "%s: %s spent, %s accounted for", budget.Name(), budget.Spent.Decimal, sum)
	}
}

// contractTables are the tables that hold what a contract sync writes about a person's money.
var contractTables = []string{"service_contract", "plan_budget", "funding_period", "stated_item", "delivered_service", "pace_review"}

func TestRetrieveStagesAndWritesNothing(t *testing.T) { // R22
	s := newPaceSite(t)
	subject, staged := s.retrieve(t, "changed-manager")
	require.Equal(t, care.AreaSucceeded, staged.Outcome)
	preview := s.preview(t, subject, staged)
	require.Len(t, preview.Budgets, 21, "all categories are listed, unfunded ones with 0.00")
	require.Len(t, staged.Waiting.Budgets, 21, "all of them can be ticked")
	require.WithinDuration(t, time.Now().Add(care.PreviewLifetime), staged.Waiting.ExpiresAt, time.Minute)
	for _, table := range contractTables {
		require.Empty(t, s.sql.Snapshot(t)[table], table)
	}
	sealed := testkit.Value[[]byte](t, s.sql, "SELECT sealed FROM pace_preview")
	require.NotContains(t, string(sealed), "Choice and Control", "a staged retrieval cannot be read in the database")

	again, err := s.steps.RetrievePlan(t.Context(), protocol.RetrieveInput{RunScope: subject, Number: 1})
	require.NoError(t, err)
	require.Equal(t, staged, again, "an attempt that is made again finds what it has staged")
	require.Equal(t, 1, s.calls()[ndia.OperationBudget])
}

// The four values of PACE guide §Adjustment record to the letter, and both provider names, as they stand in the database.
func TestAdjustmentRecordsOfSomeoneWhoChangedPlanManager(t *testing.T) { // R27, R28
	s := newPaceSite(t)
	s.create(t, "changed-manager")
	rows := testkit.Column[string](t, s.sql, `SELECT concat_ws('|', b.category, d.amount, d.support_item_number, d.support_item_description,
		d.service_provider_name, d.note, d.claimable) FROM delivered_service d JOIN plan_budget b ON b.id = d.budget_id ORDER BY b.category_number`)
	note := "NDIS PACE API Budget Adjustment record. Note: a) Only the Total Amount of services delivered to date for the Support Category " +
		"have been provided in the PACE API record.  b) The Service Support Item used has been applied for budget adjustment purposes only."
	var expected []string
	for _, want := range []struct{ category, amount, provider string }{
		{"Assistance with Daily Life", "17384.62", "NDIA refer to PACE"},
		{"Consumables", "22.50", "NDIA refer to PACE"},
		{"Assistance with Social, Economic and Community Participation", "6120.75", "NDIA refer to PACE"},
		{"Choice and Control", "672.69", "Previous Plan Manager"},
	} {
		expected = append(expected, strings.Join([]string{want.category, want.amount, "", "NDIS PACE API Budget Adjustment Record", want.provider, note, "f"}, "|"))
	}
	require.Equal(t, expected, rows)
	requireBalanced(t, s.held(t, "changed-manager"))
}

// Everyone is created, and created again: the second time no row but the run's own is touched (R24, R26).
func TestCreatingTheSameAgainTouchesNothing(t *testing.T) {
	s := newPaceSite(t)
	everyone := []string{
		"fresh-plan", "changed-manager", "ended-plan", "two-plans-today", "overspent-category", "negative-spent", "shared-by-two",
		"absent-amounts", "odd-amounts", "twice-in-the-tree", "unnamed-groups", "mixed-management", "own-dates", "other-names",
		"reassessed-later", "extended-later",
	}
	for _, key := range everyone {
		s.create(t, key)
		requireBalanced(t, s.held(t, key))
	}
	before := s.sql.Snapshot(t)
	for _, key := range everyone {
		_, result := s.create(t, key)
		for kind, count := range result.Counts {
			require.Zero(t, count.Created+count.Updated+count.Removed, "%s: %s", key, kind)
		}
		require.NotZero(t, result.Counts[care.KindPlanBudget].Unchanged)
		refreshed := s.refresh(t, key)
		require.Equal(t, care.AreaSucceeded, refreshed.Outcome)
		require.Equal(t, result.Counts, refreshed.Counts)
	}
	after := s.sql.Snapshot(t)
	require.Equal(t, before.Of(contractTables...), after.Of(contractTables...))
	require.Equal(t, before["record_change"], after["record_change"])
}

func TestACreateThatIsTriedAgainAnswersFromTheLedger(t *testing.T) { // R26
	s := newPaceSite(t)
	subject, staged := s.retrieve(t, "fresh-plan")
	preview := s.preview(t, subject, staged)
	input := s.createInput(subject, 2, preview.SelectAll())
	first, err := s.steps.CreateServiceContract(t.Context(), input)
	require.NoError(t, err)
	s.ResetCalls()
	second, err := s.steps.CreateServiceContract(t.Context(), input)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.NotEmpty(t, second.ContractID)
	require.Empty(t, s.Counts(), "the NDIA was not asked again")
}

// PostgreSQL goes away at every single statement of a create in turn: nothing is half-written, and trying again completes it (R26).
func TestCreateCutOffAtEveryStatement(t *testing.T) {
	s := newPaceSite(t)
	for _, statement := range []string{"BeginContract", "Preview", "begin", "PassAreaFence", "HeldContracts", "ApplyContract", "commit"} {
		subject, staged := s.retrieve(t, "changed-manager")
		preview := s.preview(t, subject, staged)
		before := s.sql.Snapshot(t).Of(append(contractTables, "sync_step", "pace_preview", "record_change", "outbox")...)
		s.statements.Before(statement, func(backend uint32) { s.sql.Terminate(t, backend) })
		_, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
		requireApplicationError(t, activities.ApplicationError(err), protocol.DatabaseError(care.DatabaseStarting), true, 0)
		require.Equal(t, before, s.sql.Snapshot(t).Of(append(contractTables, "sync_step", "pace_preview", "record_change", "outbox")...), statement)
		result, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
		require.NoError(t, err)
		require.Equal(t, care.AreaSucceeded, result.Outcome)
		s.completeContract(t, subject, result.AreaResult)
		requireBalanced(t, s.held(t, "changed-manager"))
		s.sql.Exec(t, "TRUNCATE service_contract, plan_budget, funding_period, stated_item, delivered_service, pace_review, pace_preview CASCADE")
	}
}

func TestAPlanThatChangedBetweenRetrieveAndCreate(t *testing.T) { // R22
	s := newPaceSite(t)
	subject, staged := s.retrieve(t, "fresh-plan")
	preview := s.preview(t, subject, staged)
	s.moveParticipant(t, "fresh-plan", world.PlanMove{Name: world.Spend, Category: "01", Amount: dollars("386.40")})

	differs, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
	require.NoError(t, err)
	require.Equal(t, care.ReasonPreviewDiffers, differs.Reason)
	require.Empty(t, s.sql.Snapshot(t)["service_contract"], "nothing is written")
	next := s.preview(t, subject, differs)
	require.NotEmpty(t, next.Differences)
	require.Contains(t, words.Change(next.Differences[0]), "spent changed from 0.00 to 386.40")
	replaced, err := s.Store.Preview(t.Context(), subject.OrganisationID, preview.ID)
	require.NoError(t, err)
	require.Equal(t, db.PreviewReplaced, replaced.State)
	require.Nil(t, replaced.Contents, "what was replaced can no longer be read")

	again, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
	require.NoError(t, err)
	require.Equal(t, differs.Waiting, again.Waiting, "an attempt that is made again finds the same new preview")
	created, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 3, next.SelectAll()))
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, created.Outcome)
	requireBalanced(t, s.held(t, "fresh-plan"))
}

func TestAnUntickedBudgetIsNotCreated(t *testing.T) { // R25
	s := newPaceSite(t)
	subject, staged := s.retrieve(t, "changed-manager")
	preview := s.preview(t, subject, staged)
	request := preview.SelectAll()
	request.Selection = nil
	for _, budget := range preview.Budgets {
		if budget.CategoryNumber == 14 || budget.CategoryNumber == 3 {
			request.Selection = append(request.Selection, budget.ID)
		}
	}
	result, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, request))
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, result.Outcome)
	held := s.held(t, "changed-manager")
	require.Len(t, held.Budgets, 2)
	require.Len(t, held.DeliveredServices, 2, "no delivered service for what was not ticked")
	s.completeContract(t, subject, result.AreaResult)
	s.refresh(t, "changed-manager")
	require.Empty(t, s.sql.Snapshot(t)["pace_review"], "no one is asked again about what they did not want (R31)")
}

func TestWhatTheNDIARefuses(t *testing.T) {
	s := newPaceSite(t)
	for key, want := range map[string]struct {
		reason care.Reason
		words  string
	}{
		"endorsement-missing": {care.ReasonNotAuthorised, "Requestor does not have the authority to perform the request"},
		"endorsement-lapsed":  {care.ReasonNotAuthorised, "Requestor does not have the authority to perform the request"},
		"never-endorsed":      {care.ReasonNotFound, "The participant info was not found in NDIS"},
		"surname-differs":     {care.ReasonNotFound, "The participant info was not found in NDIS"},
		"number-unknown":      {care.ReasonNotFound, "The participant info was not found in NDIS"},
		"failure-with-200":    {care.ReasonNotFound, "The participant info was not found in NDIS"},
		"not-pace":            {care.ReasonNotPACE, ""},
		"future-plan":         {care.ReasonPlanInFuture, ""},
		"two-plans-unclear":   {care.ReasonPlanAmbiguous, ""},
	} {
		t.Run(key, func(t *testing.T) {
			subject, result := s.retrieve(t, key)
			require.Equal(t, care.AreaRefused, result.Outcome)
			require.Equal(t, want.reason, result.Reason)
			require.Nil(t, result.Waiting)
			require.Equal(t, []issue{{"contract", "error", string(want.reason), want.words}}, s.issues(t, subject.RunID))
			ended := s.completeContract(t, subject, result.AreaResult)
			require.Equal(t, care.RunFailed, ended.Outcome)
			require.Equal(t, want.reason, ended.Reason)
		})
	}
	require.Empty(t, s.sql.Snapshot(t)["service_contract"])
	plans := testkit.Column[string](t, s.sql, "SELECT jsonb_array_length(details -> 'plans')::text FROM sync_issue WHERE code = 'plan_ambiguous'")
	require.Equal(t, []string{"2"}, plans, "the plans are shown beside the refusal (R23)")
}

func TestEveryGateStandsBeforeAnyCall(t *testing.T) { // R21
	s := newPaceSite(t)
	person := s.RequestFor(t, "fresh-plan").PersonID
	for _, gate := range []struct {
		reason        care.Reason
		close, reopen string
	}{
		{care.ReasonPACENotEnabled, "UPDATE pace_settings SET api_enabled = false WHERE $1::uuid IS NOT NULL", "UPDATE pace_settings SET api_enabled = true WHERE $1::uuid IS NOT NULL"},
		{care.ReasonPACEAPIAccessOff, "UPDATE person SET pace_api_access = false WHERE id = $1", "UPDATE person SET pace_api_access = true WHERE id = $1"},
		{care.ReasonNotPACEParticipant, "UPDATE person SET pace_api_access = false, pace_participant = false WHERE id = $1", "UPDATE person SET pace_participant = true, pace_api_access = true WHERE id = $1"},
		{care.ReasonNDISNumberMissing, "UPDATE person SET ndis_number = NULL WHERE id = $1", "UPDATE person SET ndis_number = '430200101' WHERE id = $1"},
		{care.ReasonSurnameMissing, "UPDATE person SET family_name = ' ' WHERE id = $1", "UPDATE person SET family_name = 'Brennan' WHERE id = $1"},
		{care.ReasonBirthDateMissing, "UPDATE person SET birth_date = NULL WHERE id = $1", "UPDATE person SET birth_date = '1998-04-12' WHERE id = $1"},
		{care.ReasonDeviceNotActivated, "UPDATE connection SET activated_at = NULL WHERE $1::uuid IS NOT NULL", "UPDATE connection SET activated_at = now() WHERE $1::uuid IS NOT NULL"},
	} {
		s.sql.Exec(t, gate.close, person)
		subject := s.contractRun(t, "fresh-plan", care.TriggerOnDemand)
		require.Equal(t, gate.reason, subject.Refusal)
		ended := s.completeContract(t, subject, care.Refused(subject.Refusal))
		require.Equal(t, gate.reason, ended.Reason)
		require.Equal(t, []issue{{"contract", "error", string(gate.reason), ""}}, s.issues(t, subject.RunID))
		s.sql.Exec(t, gate.reopen, person)
	}
	require.Empty(t, s.Counts(), "no one was asked")
	require.Empty(t, s.contractRun(t, "fresh-plan", care.TriggerOnDemand).Refusal)
}

func TestALostAuthorityStopsScheduledSyncs(t *testing.T) { // R30
	s := newPaceSite(t)
	s.create(t, "changed-manager")
	before := s.sql.Snapshot(t).Of(contractTables...)
	s.moveParticipant(t, "changed-manager", world.PlanMove{Name: world.LoseEndorsement})
	require.Equal(t, care.ReasonNotAuthorised, s.refresh(t, "changed-manager").Reason)
	require.Equal(t, before, s.sql.Snapshot(t).Of(contractTables...), "the data is kept")

	s.ResetCalls()
	require.Equal(t, care.ReasonNotAuthorised, s.refresh(t, "changed-manager").Reason)
	require.Empty(t, s.Counts(), "scheduled syncs have stopped")
	s.moveParticipant(t, "changed-manager", world.PlanMove{Name: world.Endorse})
	require.Equal(t, care.ReasonNotAuthorised, s.refresh(t, "changed-manager").Reason, "until an operator resumes them")
	_, attended := s.retrieve(t, "changed-manager")
	require.Equal(t, care.AreaSucceeded, attended.Outcome, "whoever looks may ask")
	request := s.RequestFor(t, "changed-manager")
	_, err := s.Store.ResumePACE(t.Context(), request.OrganisationID, request.PersonID, care.DateIn(s.Now(), time.UTC))
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, s.refresh(t, "changed-manager").Outcome)
}

func TestUnattendedRefresh(t *testing.T) { // R31
	t.Run("changed amounts and an extension are applied", func(t *testing.T) {
		s := newPaceSite(t)
		s.create(t, "extended-later")
		end := s.held(t, "extended-later").Contracts[0].EndDate
		s.moveParticipant(t, "extended-later", world.PlanMove{Name: world.Extend, Months: 12})
		s.moveParticipant(t, "extended-later", world.PlanMove{Name: world.Spend, Category: "14", Amount: dollars("104.11")})
		require.Equal(t, care.AreaSucceeded, s.refresh(t, "extended-later").Outcome)
		held := s.held(t, "extended-later")
		require.Len(t, held.Contracts, 1)
		require.True(t, held.Contracts[0].EndDate.After(end))
		require.Empty(t, s.sql.Snapshot(t)["pace_review"])
		requireBalanced(t, held)
	})
	t.Run("a new budget and a shortening are held, until a person accepts them", func(t *testing.T) {
		s := newPaceSite(t)
		s.create(t, "overspent-category")
		s.moveParticipant(t, "overspent-category", world.PlanMove{Name: world.Vary, Category: "Finding and Keeping a Job", Type: "Stated", Amount: dollars("7000")})
		s.moveParticipant(t, "overspent-category", world.PlanMove{Name: world.Shorten, Months: 2})
		before := s.held(t, "overspent-category")
		result := s.refresh(t, "overspent-category")
		require.Equal(t, care.AreaSucceeded, result.Outcome)
		require.Positive(t, result.Warnings)
		require.Equal(t, before.Contracts[0].EndDate, s.held(t, "overspent-category").Contracts[0].EndDate)
		kinds := testkit.Column[string](t, s.sql, "SELECT DISTINCT kind FROM pace_review ORDER BY kind")
		require.Contains(t, kinds, string(care.ReviewShortening))
		rows := s.sql.Snapshot(t)["pace_review"]
		s.refresh(t, "overspent-category")
		require.Equal(t, rows, s.sql.Snapshot(t)["pace_review"], "what waits already is not asked twice")

		s.create(t, "overspent-category")
		require.Empty(t, s.sql.Snapshot(t)["pace_review"], "who saw the plan and created it has accepted")
		require.True(t, s.held(t, "overspent-category").Contracts[0].EndDate.Before(before.Contracts[0].EndDate))
	})
	t.Run("no contract is first created unattended", func(t *testing.T) {
		s := newPaceSite(t)
		require.Equal(t, care.AreaSucceeded, s.refresh(t, "fresh-plan").Outcome)
		require.Empty(t, s.held(t, "fresh-plan").Contracts)
		require.Equal(t, []string{"new_contract"}, testkit.Column[string](t, s.sql, "SELECT kind FROM pace_review"))
	})
}

func TestAReassessmentIsANewContractThatSupersedes(t *testing.T) { // R24
	s := newPaceSite(t)
	s.create(t, "reassessed-later")
	s.moveParticipant(t, "reassessed-later", world.PlanMove{Name: world.Reassess, Percentage: dollars("108")})
	s.refresh(t, "reassessed-later")
	require.Len(t, s.held(t, "reassessed-later").Contracts, 1, "held for review (R31)")
	s.create(t, "reassessed-later")
	held := s.held(t, "reassessed-later")
	require.Len(t, held.Contracts, 2)
	old, following := held.Contracts[0], held.Contracts[1]
	require.Equal(t, following.ID, old.SupersededBy)
	require.Equal(t, following.StartDate.AddDays(-1), old.EndDate)
	require.Equal(t, old.PlanFirstStartDate, following.PlanFirstStartDate)
	requireBalanced(t, held)
}

func TestSpentThatShrinksToZeroRemovesTheAdjustment(t *testing.T) { // R27
	s := newPaceSite(t)
	s.create(t, "changed-manager")
	s.moveParticipant(t, "changed-manager", world.PlanMove{Name: world.ClearSpent, Category: "14"})
	require.Equal(t, care.AreaSucceeded, s.refresh(t, "changed-manager").Outcome)
	removed := testkit.Column[string](t, s.sql, "SELECT b.category FROM delivered_service d JOIN plan_budget b ON b.id = d.budget_id WHERE d.removed")
	require.Equal(t, []string{"Choice and Control"}, removed)
	s.moveParticipant(t, "changed-manager", world.PlanMove{Name: world.Spend, Category: "14", Amount: dollars("10")})
	s.refresh(t, "changed-manager")
	require.Equal(t, []int{4}, testkit.Column[int](t, s.sql, "SELECT count(*)::int FROM delivered_service WHERE NOT removed"), "the same record came back")
	requireBalanced(t, s.held(t, "changed-manager"))
}

func TestANewerReadWins(t *testing.T) { // R7
	s := newPaceSite(t)
	s.create(t, "changed-manager")
	older := s.contractRun(t, "changed-manager", care.TriggerNotification)
	reached, release := s.statements.HoldBefore("PassAreaFence")
	answers := make(chan protocol.ContractResult, 1)
	go func() {
		answer, err := s.steps.RefreshContract(t.Context(), protocol.AreaInput{RunScope: older})
		if err != nil {
			t.Error(err)
		}
		answers <- answer
	}()
	<-reached
	s.moveParticipant(t, "changed-manager", world.PlanMove{Name: world.Spend, Category: "14", Amount: dollars("10")})
	s.refresh(t, "changed-manager")
	release()
	require.Equal(t, care.Superseded(), (<-answers).AreaResult)
	requireBalanced(t, s.held(t, "changed-manager"))
}

func TestACreateThatWasOvertakenReadsAgain(t *testing.T) { // R7, R22
	s := newPaceSite(t)
	s.create(t, "changed-manager")
	subject, staged := s.retrieve(t, "changed-manager")
	preview := s.preview(t, subject, staged)
	reached, release := s.statements.HoldBefore("PassAreaFence")
	failures := make(chan error, 1)
	go func() {
		_, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
		failures <- err
	}()
	<-reached
	s.refresh(t, "changed-manager")
	release()
	requireApplicationError(t, activities.ApplicationError(<-failures), protocol.ErrorOvertaken, true, 0)
	again, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, again.Outcome)
}

func TestAnOutageOfTheNDIAIsNotedAndTriedAgain(t *testing.T) { // R9
	s := newPaceSite(t)
	s.fault(t, faults.Fault{Kind: faults.Unavailable, Operation: ndia.OperationBudget, RetryAfter: 30 * time.Second})
	subject := s.contractRun(t, "fresh-plan", care.TriggerOnDemand)
	_, err := s.steps.RetrievePlan(t.Context(), protocol.RetrieveInput{RunScope: subject, Number: 1})
	requireApplicationError(t, activities.ApplicationError(err), protocol.ErrorServiceUnavailable, true, 30*time.Second)
	require.Equal(t, []string{"contract"}, testkit.Column[string](t, s.sql, "SELECT area FROM sync_retry WHERE run_id = $1", subject.RunID))
}

// One contract is read and written with a fixed number of statements, whatever it holds.
func TestCostOfACreate(t *testing.T) {
	s := newPaceSite(t)
	for _, key := range []string{"changed-manager", "twice-in-the-tree"} {
		subject, staged := s.retrieve(t, key)
		preview := s.preview(t, subject, staged)
		s.statements.Reset()
		s.ResetCalls()
		_, err := s.steps.CreateServiceContract(t.Context(), s.createInput(subject, 2, preview.SelectAll()))
		require.NoError(t, err)
		require.Equal(t, []string{"BeginContract", "Preview", "Preview", "PassAreaFence", "HeldContracts", "ApplyContract"}, s.statements.Names())
		require.Equal(t, 1, s.statements.Transactions())
		require.Equal(t, map[string]int{ndia.OperationDeterminePlan: 1, ndia.OperationPlans: 1, ndia.OperationBudget: 1}, s.calls())
	}
}
