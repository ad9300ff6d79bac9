package stored

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
)

// Participant is an NDIS participant of an organisation that uses PACE.
type Participant struct {
	Address      string
	Store        *db.Store
	SQL          testkit.SQL
	Statements   *testkit.Statements
	Organisation care.Organisation
	Connection   care.ID
	Client       care.ID
	Now          time.Time
}

// The NDIS numbers of the two people of NewParticipant.
const (
	AdasNumber = "430000001"
	BensNumber = "430000002"
)

// NewParticipant stores the organisation "wattle" with Ada Wren, who is the participant, and Ben Lark.
func NewParticipant(t testing.TB) Participant {
	t.Helper()
	address, statements := testkit.DatabaseURL(t), &testkit.Statements{}
	store, err := db.Open(t.Context(), address, testkit.Keyring(), db.Options{Tracer: statements})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	p := Participant{
		Address: address, Store: store, SQL: testkit.OpenSQL(t, address), Statements: statements,
		Organisation: Organisation(t, store, "wattle"), Now: time.Date(2026, time.June, 15, 2, 0, 0, 0, time.UTC),
	}
	p.Connection = NDIAConnection(t, store, p.Organisation.ID)
	_, err = store.EnablePACE(t.Context(), p.Organisation.ID, p.Connection, 0, "tests")
	require.NoError(t, err)
	testkit.AddPeople(t, store, p.Organisation.ID, NDISPerson("Ada", "Wren", AdasNumber), NDISPerson("Ben", "Lark", BensNumber))
	p.Client = p.ClientOf(t, AdasNumber)
	return p
}

// NDIAConnection stores a connection to the NDIA.
func NDIAConnection(t testing.TB, store *db.Store, organisation care.ID) care.ID {
	t.Helper()
	connection := Connection("")
	connection.Service, connection.Name = care.NDIA, "NDIA"
	connection, err := store.CreateConnection(t.Context(), organisation, connection)
	require.NoError(t, err)
	return connection.ID
}

// NDISPerson is someone whom the PACE API may be asked about: both boxes are ticked.
func NDISPerson(given, family, number string) db.PersonRecord {
	person := Person(given, family, "")
	person.NDISNumber, person.PACEFlags = number, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}
	return person
}

// ClientOf is our id of the person who has an NDIS number.
func (p Participant) ClientOf(t testing.TB, number string) care.ID {
	t.Helper()
	person, err := read.From(p.Store).PersonByNDISNumber(t.Context(), p.Organisation, number, p.Now)
	require.NoError(t, err)
	return person.ID
}

// Run begins a run over a person's contract.
func (p Participant) Run(t testing.TB, person care.ID, trigger care.Trigger, today care.Date) db.Step {
	t.Helper()
	run := db.NewID()
	require.NoError(t, p.Store.RecordRun(t.Context(), db.RunStart{
		ID: run, Kind: care.RunPACEContract, WorkflowID: "pace-contract-sync/" + string(person), StartedAt: p.Now,
		Request: care.Request{OrganisationID: p.Organisation.ID, PersonID: person, Trigger: trigger, RequestedBy: "tests"},
	}))
	subject := care.RunScope{RunID: run, OrganisationID: p.Organisation.ID, PersonID: person, ConnectionID: p.Connection, Today: today}
	return db.Step{RunScope: subject, Area: care.AreaContract, Chunk: 1}
}

// Stage retrieves a plan and stages its preview.
func (p Participant) Stage(t testing.TB, step db.Step, read care.ContractRead) care.Preview {
	t.Helper()
	held, err := p.Store.HeldContracts(t.Context(), p.Organisation.ID, step.PersonID)
	require.NoError(t, err)
	preview := care.Stage(db.NewID(), held, read, time.Now(), db.NewID)
	require.NoError(t, p.Store.StorePreview(t.Context(), step, db.PreviewContents{Preview: preview}))
	return preview
}

// Create retrieves a plan and creates all of it, and returns the contract.
func (p Participant) Create(t testing.TB, person care.ID, read care.ContractRead) care.ID {
	t.Helper()
	step := p.Run(t, person, care.TriggerOnDemand, read.On)
	preview := p.Stage(t, step, read)
	begun, err := p.Store.BeginContract(t.Context(), step)
	require.NoError(t, err)
	request := preview.SelectAll()
	request.AcceptOverlaps, request.AcceptRemovals = true, true
	decision, err := p.Store.CreateContract(t.Context(), step, begun, request, func(held care.HeldContracts) care.ContractDecision {
		return care.DecideCreate(held, preview, request, read, time.Now(), db.NewID)
	})
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome, decision.Answer.Reason)
	p.Finish(t, step, decision.Answer)
	return decision.Contract.ID
}

// Refresh makes an unattended pass.
func (p Participant) Refresh(t testing.TB, person care.ID, read care.ContractRead) db.Step {
	t.Helper()
	step := p.Run(t, person, care.TriggerNotification, read.On)
	begun, err := p.Store.BeginContract(t.Context(), step)
	require.NoError(t, err)
	decision, err := p.Store.RefreshContract(t.Context(), step, begun, func(held care.HeldContracts) care.ContractDecision {
		return care.RefreshUnattended(held, read, db.NewID)
	})
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome, decision.Answer.Reason)
	p.Finish(t, step, decision.Answer)
	return step
}

// Finish ends a run, as its last step does.
func (p Participant) Finish(t testing.TB, step db.Step, answer care.AreaResult, issues ...care.Issue) {
	t.Helper()
	result := care.Conclude(map[care.Area]care.AreaResult{care.AreaContract: answer})
	result.RunID = step.RunID
	_, err := p.Store.FinishRun(t.Context(), p.Organisation.ID, result, issues)
	require.NoError(t, err)
}

// Contract reads a contract.
func (p Participant) Contract(t testing.TB, contract care.ID) read.Contract {
	t.Helper()
	view, err := read.From(p.Store).Contract(t.Context(), p.Organisation, contract, p.Now)
	require.NoError(t, err)
	return view
}

// Deliver stores work of ours that drew on a budget, as an import does: with the adjustment record that it changes (R27). Work of one
// reference is one record.
func (p Participant) Deliver(t testing.TB, budget care.ID, work ...db.DeliveredService) {
	t.Helper()
	named := db.NamedWork{NDISNumbers: []string{AdasNumber}}
	require.NoError(t, p.Store.ImportDeliveredServices(t.Context(), p.Organisation.ID, named, "tests", func(held db.HeldWork) (db.WorkToWrite, error) {
		write := db.WorkToWrite{People: []care.ID{p.Client}}
		known := make(map[string]care.ID)
		var delivered []care.DeliveredService
		for _, service := range held.Delivered {
			known[service.Reference] = service.ID
			if service.BudgetID == budget && !slices.ContainsFunc(work, func(w db.DeliveredService) bool { return w.Reference == service.Reference }) {
				delivered = append(delivered, service.DeliveredService)
			}
		}
		for _, service := range work {
			service.ID, service.BudgetID, service.Kind, service.Claimable = cmp.Or(known[service.Reference], db.NewID()), budget, care.DeliveredByUs, true
			write.Delivered, delivered = append(write.Delivered, service), append(delivered, service.DeliveredService)
		}
		drawn := held.Budgets[slices.IndexFunc(held.Budgets, func(b db.ContractBudget) bool { return b.ID == budget })]
		adjusted, _ := care.Adjust([]care.PlanBudget{drawn.PlanBudget}, delivered, drawn.RetrievedOn, db.NewID)
		for _, record := range adjusted.Write {
			write.Delivered = append(write.Delivered, db.DeliveredService{DeliveredService: record})
		}
		write.Unneeded = adjusted.Remove
		return write, nil
	}))
}

// Unbalanced are the budgets whose spent is known where adjustment + own claimed is something else, and those with several adjustment
// records (R27).
func (p Participant) Unbalanced(t testing.TB) []string {
	t.Helper()
	return testkit.Column[string](t, p.SQL, `
		SELECT b.category || ': ' || b.spent || ' spent, ' || coalesce(sum(d.amount), 0)
		FROM plan_budget b LEFT JOIN delivered_service d ON d.budget_id = b.id
			AND (d.kind = 'pace_adjustment' AND NOT d.removed OR d.kind = 'own' AND d.claim_status IN ('submitted', 'pending', 'paid'))
		WHERE b.spent IS NOT NULL AND NOT b.removed
		GROUP BY b.id HAVING b.spent <> coalesce(sum(d.amount), 0) OR count(*) FILTER (WHERE d.kind = 'pace_adjustment') > 1`)
}

// Plan is a year from 1 February 2026 of a participant who came to PACE two years before.
var Plan = care.ParticipantPlan{IsPACE: true, FirstStartDate: Day("2024-02-01"), StartDate: Day("2026-02-01"), EndDate: Day("2027-01-31")}

// Budget is a flexible plan-managed budget over the whole of a plan. An empty amount was not provided.
func Budget(plan care.ParticipantPlan, category, approved, spent string) care.ReportedBudget {
	return care.ReportedBudget{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", Category: category,
		CategoryNumber: care.CategoryNumber(category), FundingComponent: "Core Flexible (Plan-managed)",
		StartDate: plan.StartDate, EndDate: plan.EndDate, InstalmentType: "Regular",
		Amounts: care.Amounts{Approved: Amount(approved), Released: Amount(approved), Spent: Amount(spent)},
	}
}

// AgencyManaged is a budget that the agency manages.
func AgencyManaged(budget care.ReportedBudget) care.ReportedBudget {
	budget.Management, budget.FundingComponent = care.AgencyManaged, "Core Flexible (Agency-managed)"
	return budget
}

// Read is a complete read of a plan on 15 June 2026.
func Read(plan care.ParticipantPlan, budgets ...care.ReportedBudget) care.ContractRead {
	group := care.BudgetGroup{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", DateRange: plan.Dates(), Budgets: budgets,
	}
	return care.ContractRead{Plan: plan, Tree: care.BudgetTree{Groups: []care.BudgetGroup{group}}, On: Day("2026-06-15"), Today: Day("2026-06-15")}
}

// WideRead is a plan with that many budgets, each with two periods and a stated item.
func WideRead(budgets int) care.ContractRead {
	read := Read(Plan)
	for i := range budgets {
		budget := Budget(Plan, fmt.Sprintf("Support %d", i), "100.00", "10.00")
		budget.FundingPeriods = []care.FundingPeriod{
			{FundingPeriodID: "1", StartDate: Day("2026-02-01"), EndDate: Day("2026-07-31"), Amount: Amount("50"), Released: new(true)},
			{FundingPeriodID: "2", StartDate: Day("2026-08-01"), EndDate: Day("2027-01-31"), Amount: Amount("")},
		}
		budget.StatedItems = []care.StatedItem{{SupportItemNumber: "03_040919_0103_1_1", SupportItemText: "Consumables", Approved: Amount("5")}}
		read.Tree.Groups[0].Budgets = append(read.Tree.Groups[0].Budgets, budget)
	}
	return read
}
