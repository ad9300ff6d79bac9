package read_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

func TestAContractIsShownWithEverythingUnderIt(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	plan := stored.WideRead(2)
	plan.Tree.Groups[0].Budgets = append(plan.Tree.Groups[0].Budgets, stored.AgencyManaged(stored.Budget(stored.Plan, "Transport", "7", "")))
	id := p.Create(t, p.Client, plan)
	drawn := p.Contract(t, id).Budgets[2].ID
	work := func(reference, amount string, status care.InvoiceClaimStatus) db.DeliveredService {
		return db.DeliveredService{Reference: reference, DeliveredService: care.DeliveredService{
			DeliveredOn: stored.Day("2026-03-01"), Amount: stored.Dollars(amount), SupportItemNumber: "03_040919_0103_1_1", ClaimStatus: status,
		}}
	}
	p.Deliver(t, drawn, work("W1", "4", care.ClaimPaid), work("W2", "4", care.NotClaimed))

	view := p.Contract(t, id)
	require.Equal(t, read.PersonRef{ID: p.Client, NDISNumber: stored.AdasNumber, GivenName: "Ada", FamilyName: "Wren"}, view.Person)
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

	p.Deliver(t, drawn, work("W1", "10", care.ClaimPaid))
	budget = p.Contract(t, id).Budgets[2]
	require.Nil(t, budget.Adjustment)
	require.NotNil(t, budget.DeliveredServices[0].RemovedAt, "no longer needed, but readable")

	p.Create(t, p.Client, stored.WideRead(1))
	gone := p.Contract(t, id).Budgets[2]
	require.True(t, gone.NoLongerInPACE)
	require.NotNil(t, gone.RemovedAt)

	for _, budget := range view.Budgets {
		require.NotNil(t, budget.FundingPeriods)
	}
	require.True(t, slices.ContainsFunc(view.Budgets, func(b read.PlanBudget) bool { return b.OwnClaimed.StringFixed(2) == "4.00" }))
	require.True(t, slices.ContainsFunc(view.Budgets, func(b read.PlanBudget) bool { return b.Remaining == nil }))
	_, err := read.From(p.Store).Contract(t.Context(), stored.Organisation(t, p.Store, "banksia"), id, p.Now)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's (R11)")
}

// A view is the same number of queries however much there is to show.
func TestViewsOfContractsAskAFixedNumberOfQueries(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	ben := p.ClientOf(t, stored.BensNumber)
	small, large := p.Create(t, p.Client, stored.WideRead(1)), p.Create(t, ben, stored.WideRead(21))
	wider := stored.Plan
	wider.StartDate = stored.Day("2026-06-01")
	p.Create(t, ben, stored.Read(wider, stored.Budget(wider, "Consumables", "1", "1")))
	asks := func(view func() error) []string {
		p.Statements.Reset()
		require.NoError(t, view())
		return p.Statements.Names()
	}
	for name, view := range map[string]func(person, contract care.ID) error{
		"contract": func(_, contract care.ID) error {
			_, err := read.From(p.Store).Contract(t.Context(), p.Organisation, contract, p.Now)
			return err
		},
		"contracts": func(person, _ care.ID) error {
			_, err := read.From(p.Store).Contracts(t.Context(), p.Organisation, person, p.Now)
			return err
		},
		"participant": func(person, _ care.ID) error {
			_, err := read.From(p.Store).Participant(t.Context(), p.Organisation, person, p.Now)
			return err
		},
		"history": func(_, contract care.ID) error {
			_, _, err := read.From(p.Store).ContractHistory(t.Context(), p.Organisation.ID, contract, time.Time{}, 50)
			return err
		},
		"reviews": func(person, _ care.ID) error {
			_, err := read.From(p.Store).Reviews(t.Context(), p.Organisation.ID, person)
			return err
		},
	} {
		few := asks(func() error { return view(p.Client, small) })
		require.Equal(t, few, asks(func() error { return view(ben, large) }), name)
		require.LessOrEqual(t, len(few), 7, name)
	}
}

func TestContractsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	none, err := read.From(p.Store).Contracts(t.Context(), p.Organisation, p.Client, p.Now)
	require.NoError(t, err)
	require.Empty(t, none)
	first := p.Create(t, p.Client, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5")))
	next := stored.Plan
	next.StartDate, next.EndDate = stored.Day("2026-06-01"), care.Date{}
	second := p.Create(t, p.Client, stored.Read(next, stored.Budget(next, "Consumables", "10", "5")))

	contracts, err := read.From(p.Store).Contracts(t.Context(), p.Organisation, p.Client, p.Now)
	require.NoError(t, err)
	require.Equal(t, []care.ID{second, first}, []care.ID{contracts[0].ID, contracts[1].ID})
	require.True(t, contracts[0].Current)
	require.False(t, contracts[1].Current)
	require.Equal(t, second, *contracts[1].SupersededBy)
	require.Equal(t, stored.Day("2026-05-31"), contracts[1].EndDate, "the day before (R24)")
	require.Equal(t, stored.Plan.EndDate, contracts[1].PlanEndDate)

	_, err = read.From(p.Store).Contracts(t.Context(), stored.Organisation(t, p.Store, "banksia"), p.Client, p.Now)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestHistoryIsPagedByMoments(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	plan := stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5"), stored.Budget(stored.Plan, "Transport", "10", "0"))
	id := p.Create(t, p.Client, plan)
	plan.Tree.Groups[0].Budgets[0].Spent = stored.Amount("7")
	p.Refresh(t, p.Client, plan)
	p.Refresh(t, p.Client, plan)

	page, more, err := read.From(p.Store).ContractHistory(t.Context(), p.Organisation.ID, id, time.Time{}, 1)
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

	page, more, err = read.From(p.Store).ContractHistory(t.Context(), p.Organisation.ID, id, page[1].ChangedAt, 50)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, page, 4, "the contract, two budgets and an adjustment record were created")
	require.Equal(t, "The contract", page[0].Subject)
	page, more, err = read.From(p.Store).ContractHistory(t.Context(), p.Organisation.ID, id, page[0].ChangedAt, 50)
	require.NoError(t, err)
	require.False(t, more)
	require.Empty(t, page)
	_, _, err = read.From(p.Store).ContractHistory(t.Context(), stored.Organisation(t, p.Store, "banksia").ID, id, time.Time{}, 50)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestReviewsAreShownInWords(t *testing.T) { // R31
	t.Parallel()
	p := stored.NewParticipant(t)
	id := p.Create(t, p.Client, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5")))
	p.Refresh(t, p.Client, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5"), stored.Budget(stored.Plan, "Transport", "10", "0")))
	p.Refresh(t, p.ClientOf(t, stored.BensNumber), stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5")))

	all, err := read.From(p.Store).Reviews(t.Context(), p.Organisation.ID, "")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "Lark", all[0].Person.FamilyName)
	require.Equal(t, care.ReviewNewContract, all[0].Kind)
	require.Equal(t, "The plan that starts on 01 Feb 2026 has no service contract yet.", all[0].Words)
	adas, err := read.From(p.Store).Reviews(t.Context(), p.Organisation.ID, p.Client)
	require.NoError(t, err)
	require.Equal(t, []read.Review{all[1]}, adas)
	require.Equal(t, adas, p.Contract(t, id).Review)
	require.Equal(t, "Transport (flexible, plan-managed) is new in PACE, with 10.00 approved.", adas[0].Words)
	theirs, err := read.From(p.Store).Reviews(t.Context(), stored.Organisation(t, p.Store, "banksia").ID, "")
	require.NoError(t, err)
	require.Empty(t, theirs)
}

func TestAParticipantIsShown(t *testing.T) { // R21
	t.Parallel()
	p := stored.NewParticipant(t)
	show := func() read.Participant {
		view, err := read.From(p.Store).Participant(t.Context(), p.Organisation, p.Client, p.Now)
		require.NoError(t, err)
		return view
	}
	view := show()
	require.Equal(t, read.Participant{
		PersonID: p.Client, GivenName: "Ada", FamilyName: "Wren", NDISNumber: stored.AdasNumber, Available: true,
		PACEFlags: care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true},
		Standing:  care.PACEStanding{Relationships: []care.Relationship{}}, Contracts: []read.ContractHeader{},
	}, view)

	step := p.Run(t, p.Client, care.TriggerOnDemand, stored.Day("2026-06-15"))
	preview := p.Stage(t, step, stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5")))
	p.Now = preview.RetrievedAt
	waiting := show().Waiting
	require.Equal(t, preview.ID, waiting.ID)
	require.Equal(t, step.RunID, waiting.RunID)
	require.WithinDuration(t, preview.ExpiresAt, waiting.ExpiresAt, time.Millisecond)
	p.Now = preview.ExpiresAt
	require.Nil(t, show().Waiting, "it has expired")

	_, err := p.Store.DisablePACE(t.Context(), p.Organisation.ID, "tests")
	require.NoError(t, err)
	view = show()
	require.False(t, view.Available)
	require.Equal(t, care.ReasonPACENotEnabled, view.Refusal)
	require.NotEmpty(t, view.Explanation)
	_, err = read.From(p.Store).Participant(t.Context(), stored.Organisation(t, p.Store, "banksia"), p.Client, p.Now)
	require.ErrorIs(t, err, db.ErrNotFound)
}

func TestClientByNDISNumber(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	person, err := read.From(p.Store).PersonByNDISNumber(t.Context(), p.Organisation, stored.BensNumber, p.Now)
	require.NoError(t, err)
	require.Equal(t, "Lark", person.FamilyName)
	require.True(t, person.PACEParticipant)
	_, err = read.From(p.Store).PersonByNDISNumber(t.Context(), p.Organisation, "430000009", p.Now)
	require.ErrorIs(t, err, db.ErrNotFound)
	_, err = read.From(p.Store).PersonByNDISNumber(t.Context(), stored.Organisation(t, p.Store, "banksia"), stored.BensNumber, p.Now)
	require.ErrorIs(t, err, db.ErrNotFound)
	var invalid *care.InvalidError
	_, err = read.From(p.Store).PersonByNDISNumber(t.Context(), p.Organisation, "4300", p.Now)
	require.ErrorAs(t, err, &invalid)
	require.NotContains(t, err.Error(), "4300 ")
}

// A run over a contract is followed like any other: one area, its own kinds of record, and the NDIA's explanations.
func TestARunOverAContractIsFollowed(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	progress := func(run care.ID) read.RunProgress {
		progress, err := read.From(p.Store).RunProgress(t.Context(), p.Organisation.ID, run)
		require.NoError(t, err)
		return progress
	}
	plan := stored.Read(stored.Plan, stored.Budget(stored.Plan, "Consumables", "10", "5"))
	step := p.Run(t, p.Client, care.TriggerOnDemand, plan.On)
	preview := p.Stage(t, step, plan)
	waiting := progress(step.RunID)
	require.Equal(t, care.RunPACEContract, waiting.Kind)
	require.Equal(t, stored.AdasNumber, waiting.Person.NDISNumber)
	require.Equal(t, read.RunRunning, waiting.State)
	require.Equal(t, []read.AreaState{read.AreaRunning}, statesOf(waiting))
	require.Equal(t, preview.ID, waiting.Waiting.ID)
	require.Nil(t, waiting.ContractID)
	p.Finish(t, step, care.Expired())
	expired := progress(step.RunID)
	require.Nil(t, expired.Waiting)
	require.Equal(t, care.RunCancelled, expired.Outcome)
	require.Equal(t, []read.AreaState{read.AreaDone}, statesOf(expired))
	require.Equal(t, care.ReasonPreviewExpired, expired.Areas[0].Reason)

	contract := p.Create(t, p.Client, plan)
	runs, _, err := read.From(p.Store).Runs(t.Context(), p.Organisation.ID, read.RunFilter{PersonID: p.Client, Most: 1})
	require.NoError(t, err)
	require.Equal(t, contract, *runs[0].ContractID)
	require.Nil(t, runs[0].PlanID)
	view, err := read.From(p.Store).Run(t.Context(), p.Organisation.ID, runs[0].ID)
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

	refused := p.Run(t, p.Client, care.TriggerNotification, plan.On)
	begun, err := p.Store.BeginContract(t.Context(), refused)
	require.NoError(t, err)
	answer, err := p.Store.RefuseContract(t.Context(), refused, begun.Read, care.ReasonNotFound, []care.Issue{care.RefusalIssue(care.AreaContract, care.ReasonNotFound, "gone")})
	require.NoError(t, err)
	require.Equal(t, read.AreaRunning, progress(refused.RunID).Areas[0].State, "it may be tried again")
	p.Finish(t, refused, answer)
	shown := progress(refused.RunID)
	require.Equal(t, care.TriggerNotification, shown.Trigger)
	require.Contains(t, shown.Explanation, "The NDIA cannot find this participant")
	require.Equal(t, shown.Explanation, shown.Areas[0].Explanation)
	person, err := read.From(p.Store).Person(t.Context(), p.Organisation, p.Client, p.Now)
	require.NoError(t, err)
	require.Equal(t, care.RunPACEContract, person.LastRun.Kind)
}

// A person's Support at Home plan says nothing of contracts, however many syncs of those there were since.
func TestASupportAtHomePlanDoesNotShowContracts(t *testing.T) {
	t.Parallel()
	r := stored.NewRecipient(t)
	run := r.Run(t, db.NewID(), r.Now)
	r.Step(t, run, care.AreaSummary, 0, care.Refused(care.ReasonConsentRefused))
	r.Execute(t, `INSERT INTO area_fence (organisation_id, person_id, area, ticket, previous_ticket, as_of) VALUES ($1, $2, 'contract', 1, 0, now())`, r.Client.ID)
	for range 11 {
		id := db.NewID()
		require.NoError(t, r.Store.RecordRun(t.Context(), db.RunStart{
			ID: id, Kind: care.RunPACEContract, StartedAt: r.Now, Request: care.Request{OrganisationID: r.Organisation.ID, PersonID: r.Client.ID},
		}))
		r.Step(t, id, care.AreaContract, 0, care.AreaResult{Outcome: care.AreaSucceeded})
	}
	view, err := read.From(r.Store).Plan(t.Context(), r.Organisation, r.Client.ID, r.Now)
	require.NoError(t, err)
	require.Len(t, view.Areas, len(care.Areas))
	require.Equal(t, care.ReasonConsentRefused, view.Areas[0].Reason)
	require.Equal(t, 11, testkit.Value[int](t, testkit.OpenSQL(t, r.Address), "SELECT count(*) FROM sync_run WHERE kind = 'pace-contract'"))
}
