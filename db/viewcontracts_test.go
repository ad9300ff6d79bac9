package db_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
)

func TestAContractIsShownWithEverythingUnderIt(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	plan := wideRead(2)
	plan.Tree.Groups[0].Budgets = append(plan.Tree.Groups[0].Budgets, agencyManaged(reported(aPlan, "Transport", "7", "")))
	id := p.create(t, p.client, plan)
	line := delivered(2, "W1", "4", care.ClaimPaid)
	line.Category = "Support 1"
	unclaimed := line
	unclaimed.Line, unclaimed.Reference, unclaimed.ClaimStatus = 3, "W2", care.NotClaimed
	p.imported(t, line, unclaimed)

	view := p.contract(t, id)
	require.Equal(t, read.PersonRef{ID: p.client, NDISNumber: adasNumber, GivenName: "Ada", FamilyName: "Wren"}, view.Person)
	require.Equal(t, care.OriginPACE, view.Origin)
	require.True(t, view.Current)
	require.NotNil(t, view.AsOf)
	require.Equal(t, "207.00", view.TotalFunding.StringFixed(2))
	require.Equal(t, "200.00", view.AllocationTotal.StringFixed(2), "agency-managed money is excluded (R29)")
	require.Equal(t, []string{"Transport (flexible, agency-managed)", "Support 0 (flexible, plan-managed)", "Support 1 (flexible, plan-managed)"},
		[]string{view.Budgets[0].Name(), view.Budgets[1].Name(), view.Budgets[2].Name()}, "those with a number first")

	transport, budget := view.Budgets[0], view.Budgets[2]
	require.True(t, transport.ExcludedFromTotals)
	require.Nil(t, transport.Spent, "absent is not zero (R3)")
	require.Nil(t, transport.Adjustment)
	require.Empty(t, transport.FundingPeriods)
	require.Len(t, budget.FundingPeriods, 2)
	require.Nil(t, budget.FundingPeriods[1].Amount)
	require.Len(t, budget.StatedItems, 1)
	require.Equal(t, "4.00", budget.OwnClaimed.StringFixed(2))
	require.Equal(t, "6.00", budget.Adjustment.StringFixed(2))
	require.Len(t, budget.DeliveredServices, 3)
	require.Equal(t, care.PACEAdjustment, budget.DeliveredServices[0].Kind)
	require.Equal(t, "W2", budget.DeliveredServices[2].Reference)
	require.True(t, budget.DeliveredServices[1].Claimable)

	line.Amount = dollars("10")
	p.imported(t, line)
	budget = p.contract(t, id).Budgets[2]
	require.Nil(t, budget.Adjustment)
	require.NotNil(t, budget.DeliveredServices[0].RemovedAt, "no longer needed, but readable")

	p.create(t, p.client, wideRead(1))
	gone := p.contract(t, id).Budgets[2]
	require.True(t, gone.NoLongerInPACE)
	require.NotNil(t, gone.RemovedAt)

	for _, budget := range view.Budgets {
		require.NotNil(t, budget.FundingPeriods)
	}
	require.True(t, slices.ContainsFunc(view.Budgets, func(b read.PlanBudget) bool { return b.OwnClaimed.StringFixed(2) == "4.00" }))
	require.True(t, slices.ContainsFunc(view.Budgets, func(b read.PlanBudget) bool { return b.Remaining == nil }))
	_, err := read.From(p.store).Contract(t.Context(), newOrganisation(t, p.store, "banksia"), id, p.now)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
}

// A view is the same number of queries however much there is to show.
func TestViewsOfContractsAskAFixedNumberOfQueries(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	ben := p.clientOf(t, bensNumber)
	small, large := p.create(t, p.client, wideRead(1)), p.create(t, ben, wideRead(21))
	wider := aPlan
	wider.StartDate = day("2026-06-01")
	p.create(t, ben, readOf(wider, reported(wider, "Consumables", "1", "1")))
	asks := func(view func() error) []string {
		p.statements.Reset()
		require.NoError(t, view())
		return p.statements.Names()
	}
	for name, view := range map[string]func(person, contract care.ID) error{
		"contract": func(_, contract care.ID) error {
			_, err := read.From(p.store).Contract(t.Context(), p.organisation, contract, p.now)
			return err
		},
		"contracts": func(person, _ care.ID) error {
			_, err := read.From(p.store).Contracts(t.Context(), p.organisation, person, p.now)
			return err
		},
		"participant": func(person, _ care.ID) error {
			_, err := read.From(p.store).Participant(t.Context(), p.organisation, person, p.now)
			return err
		},
		"history": func(_, contract care.ID) error {
			_, _, err := read.From(p.store).ContractHistory(t.Context(), p.organisation.ID, contract, time.Time{}, 50)
			return err
		},
		"reviews": func(person, _ care.ID) error {
			_, err := read.From(p.store).Reviews(t.Context(), p.organisation.ID, person)
			return err
		},
	} {
		few := asks(func() error { return view(p.client, small) })
		require.Equal(t, few, asks(func() error { return view(ben, large) }), name)
		require.LessOrEqual(t, len(few), 7, name)
	}
}

func TestContractsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	none, err := read.From(p.store).Contracts(t.Context(), p.organisation, p.client, p.now)
	require.NoError(t, err)
	require.Empty(t, none)
	first := p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "10", "5")))
	next := aPlan
	next.StartDate, next.EndDate = day("2026-06-01"), care.Date{}
	second := p.create(t, p.client, readOf(next, reported(next, "Consumables", "10", "5")))

	contracts, err := read.From(p.store).Contracts(t.Context(), p.organisation, p.client, p.now)
	require.NoError(t, err)
	require.Equal(t, []care.ID{second, first}, []care.ID{contracts[0].ID, contracts[1].ID})
	require.True(t, contracts[0].Current)
	require.False(t, contracts[1].Current)
	require.Equal(t, second, *contracts[1].SupersededBy)
	require.Equal(t, day("2026-05-31"), contracts[1].EndDate, "the day before (R24)")
	require.Equal(t, aPlan.EndDate, contracts[1].PlanEndDate)

	_, err = read.From(p.store).Contracts(t.Context(), newOrganisation(t, p.store, "banksia"), p.client, p.now)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestHistoryIsPagedByMoments(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	plan := readOf(aPlan, reported(aPlan, "Consumables", "10", "5"), reported(aPlan, "Transport", "10", "0"))
	id := p.create(t, p.client, plan)
	plan.Tree.Groups[0].Budgets[0].Spent = optional("7")
	p.refresh(t, p.client, plan)
	p.refresh(t, p.client, plan)

	page, more, err := read.From(p.store).ContractHistory(t.Context(), p.organisation.ID, id, time.Time{}, 1)
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, page, 2, "what changed at one moment stays on one page")
	require.Equal(t, "Consumables (flexible, plan-managed)", page[0].Subject)
	require.Equal(t, "spent", page[0].FieldLabel)
	require.Equal(t, "5.00", *page[0].Old)
	require.Equal(t, "7.00", *page[0].New)
	require.Equal(t, care.TriggerNotification, page[0].Trigger)
	require.Equal(t, "tests", page[0].RequestedBy)
	require.NotNil(t, page[0].RunID)
	require.Equal(t, "Adjustment record of Consumables (flexible, plan-managed)", page[1].Subject)

	page, more, err = read.From(p.store).ContractHistory(t.Context(), p.organisation.ID, id, page[1].ChangedAt, 50)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, page, 4, "the contract, two budgets and an adjustment record were created")
	require.Equal(t, "The contract", page[0].Subject)
	page, more, err = read.From(p.store).ContractHistory(t.Context(), p.organisation.ID, id, page[0].ChangedAt, 50)
	require.NoError(t, err)
	require.False(t, more)
	require.Empty(t, page)
	_, _, err = read.From(p.store).ContractHistory(t.Context(), newOrganisation(t, p.store, "banksia").ID, id, time.Time{}, 50)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestReviewsAreShownInWords(t *testing.T) { // R31
	t.Parallel()
	p := newParticipant(t)
	id := p.create(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "10", "5")))
	p.refresh(t, p.client, readOf(aPlan, reported(aPlan, "Consumables", "10", "5"), reported(aPlan, "Transport", "10", "0")))
	p.refresh(t, p.clientOf(t, bensNumber), readOf(aPlan, reported(aPlan, "Consumables", "10", "5")))

	all, err := read.From(p.store).Reviews(t.Context(), p.organisation.ID, "")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "Lark", all[0].Person.FamilyName)
	require.Equal(t, care.ReviewNewContract, all[0].Kind)
	require.Equal(t, "The plan that starts on 01 Feb 2026 has no service contract yet.", all[0].Words)
	adas, err := read.From(p.store).Reviews(t.Context(), p.organisation.ID, p.client)
	require.NoError(t, err)
	require.Equal(t, []read.Review{all[1]}, adas)
	require.Equal(t, adas, p.contract(t, id).Review)
	require.Equal(t, "Transport (flexible, plan-managed) is new in PACE, with 10.00 approved.", adas[0].Words)
	theirs, err := read.From(p.store).Reviews(t.Context(), newOrganisation(t, p.store, "banksia").ID, "")
	require.NoError(t, err)
	require.Empty(t, theirs)
}

func TestAParticipantIsShown(t *testing.T) { // R21
	t.Parallel()
	p := newParticipant(t)
	show := func() read.Participant {
		view, err := read.From(p.store).Participant(t.Context(), p.organisation, p.client, p.now)
		require.NoError(t, err)
		return view
	}
	view := show()
	require.Equal(t, read.Participant{
		PersonID: p.client, GivenName: "Ada", FamilyName: "Wren", NDISNumber: adasNumber, Available: true,
		PACEFlags: care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true},
		Standing:  care.PACEStanding{Relationships: []care.Relationship{}}, Contracts: []read.ContractHeader{},
	}, view)

	step := p.run(t, p.client, care.TriggerOnDemand, day("2026-06-15"))
	preview := p.stage(t, step, readOf(aPlan, reported(aPlan, "Consumables", "10", "5")))
	p.now = preview.RetrievedAt
	waiting := show().Waiting
	require.Equal(t, preview.ID, waiting.ID)
	require.Equal(t, step.RunID, waiting.RunID)
	require.WithinDuration(t, preview.ExpiresAt, waiting.ExpiresAt, time.Millisecond)
	p.now = preview.ExpiresAt
	require.Nil(t, show().Waiting, "it has expired")

	_, err := p.store.DisablePACE(t.Context(), p.organisation.ID, "tests")
	require.NoError(t, err)
	view = show()
	require.False(t, view.Available)
	require.Equal(t, care.ReasonPACENotEnabled, view.Refusal)
	require.NotEmpty(t, view.Explanation)
	_, err = read.From(p.store).Participant(t.Context(), newOrganisation(t, p.store, "banksia"), p.client, p.now)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestClientByNDISNumber(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	person, err := read.From(p.store).PersonByNDISNumber(t.Context(), p.organisation, bensNumber, p.now)
	require.NoError(t, err)
	require.Equal(t, "Lark", person.FamilyName)
	require.True(t, person.PACEParticipant)
	_, err = read.From(p.store).PersonByNDISNumber(t.Context(), p.organisation, "430000009", p.now)
	require.ErrorIs(t, err, db.ErrNotFound)
	_, err = read.From(p.store).PersonByNDISNumber(t.Context(), newOrganisation(t, p.store, "banksia"), bensNumber, p.now)
	require.ErrorIs(t, err, db.ErrNotFound)
	var invalid *care.InvalidError
	_, err = read.From(p.store).PersonByNDISNumber(t.Context(), p.organisation, "4300", p.now)
	require.ErrorAs(t, err, &invalid)
	require.NotContains(t, err.Error(), "4300 ")
}

// A run over a contract is followed like any other: one area, its own kinds of record, and the NDIA's explanations.
func TestARunOverAContractIsFollowed(t *testing.T) {
	t.Parallel()
	p := newParticipant(t)
	progress := func(run care.ID) read.RunProgress {
		progress, err := read.From(p.store).RunProgress(t.Context(), p.organisation.ID, run)
		require.NoError(t, err)
		return progress
	}
	plan := readOf(aPlan, reported(aPlan, "Consumables", "10", "5"))
	step := p.run(t, p.client, care.TriggerOnDemand, plan.On)
	preview := p.stage(t, step, plan)
	waiting := progress(step.RunID)
	require.Equal(t, care.RunPACEContract, waiting.Kind)
	require.Equal(t, adasNumber, waiting.Person.NDISNumber)
	require.Equal(t, read.RunRunning, waiting.State)
	require.Equal(t, []read.AreaState{read.AreaRunning}, statesOf(waiting))
	require.Equal(t, preview.ID, waiting.Waiting.ID)
	require.Nil(t, waiting.ContractID)
	p.finish(t, step, care.Expired())
	expired := progress(step.RunID)
	require.Nil(t, expired.Waiting)
	require.Equal(t, care.RunCancelled, expired.Outcome)
	require.Equal(t, []read.AreaState{read.AreaDone}, statesOf(expired))
	require.Equal(t, care.ReasonPreviewExpired, expired.Areas[0].Reason)

	contract := p.create(t, p.client, plan)
	runs, _, err := read.From(p.store).Runs(t.Context(), p.organisation.ID, read.RunFilter{PersonID: p.client, Most: 1})
	require.NoError(t, err)
	require.Equal(t, contract, *runs[0].ContractID)
	require.Nil(t, runs[0].PlanID)
	view, err := read.From(p.store).Run(t.Context(), p.organisation.ID, runs[0].ID)
	require.NoError(t, err)
	require.Equal(t, 1, view.Counts[care.KindPlanBudget].Created)
	require.NotContains(t, view.Counts, care.KindBudget)
	require.Equal(t, 1, view.Areas[0].Counts[care.KindServiceContract].Synced)
	labels := make(map[care.Kind]string)
	for _, change := range view.Changes {
		labels[change.Kind] = change.Label + " " + change.Since.String()
	}
	require.Equal(t, map[care.Kind]string{
		care.KindServiceContract: "The contract 2026-02-01", care.KindPlanBudget: "Consumables (flexible, plan-managed) 2026-02-01",
		care.KindDeliveredService: "Adjustment record of Consumables (flexible, plan-managed) 2026-06-15",
	}, labels)

	refused := p.run(t, p.client, care.TriggerNotification, plan.On)
	begun, err := p.store.BeginContract(t.Context(), refused)
	require.NoError(t, err)
	answer, err := p.store.RefuseContract(t.Context(), refused, begun.Read, care.ReasonNotFound, []care.Issue{care.RefusalIssue(care.AreaContract, care.ReasonNotFound, "gone")})
	require.NoError(t, err)
	require.Equal(t, read.AreaRunning, progress(refused.RunID).Areas[0].State, "it may be tried again")
	p.finish(t, refused, answer)
	shown := progress(refused.RunID)
	require.Equal(t, care.TriggerNotification, shown.Trigger)
	require.Contains(t, shown.Explanation, "The NDIA cannot find this participant")
	require.Equal(t, shown.Explanation, shown.Areas[0].Explanation)
	person, err := read.From(p.store).Person(t.Context(), p.organisation, p.client, p.now)
	require.NoError(t, err)
	require.Equal(t, care.RunPACEContract, person.LastRun.Kind)
}

// A person's Support at Home plan says nothing of contracts, however many syncs of those there were since.
func TestASupportAtHomePlanDoesNotShowContracts(t *testing.T) {
	t.Parallel()
	r := newRecipient(t)
	run := r.run(t, db.NewID(), r.now)
	r.step(t, run, care.AreaSummary, 0, care.Refused(care.ReasonConsentRefused))
	r.execute(t, `INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of) VALUES ($1, $2, 'contract', 1, 0, now())`, r.client.ID)
	for range 11 {
		id := db.NewID()
		require.NoError(t, r.store.RecordRun(t.Context(), db.RunStart{
			ID: id, Kind: care.RunPACEContract, StartedAt: r.now, Request: care.Request{OrganisationID: r.organisation.ID, PersonID: r.client.ID},
		}))
		r.step(t, id, care.AreaContract, 0, care.AreaResult{Outcome: care.AreaSucceeded})
	}
	view, err := read.From(r.store).Plan(t.Context(), r.organisation, r.client.ID, r.now)
	require.NoError(t, err)
	require.Len(t, view.Areas, len(care.Areas))
	require.Equal(t, care.ReasonConsentRefused, view.Areas[0].Reason)
	require.Equal(t, 11, testkit.Value[int](t, testkit.OpenSQL(t, r.address), "SELECT count(*) FROM sync_run WHERE kind = 'pace-contract'"))
}
