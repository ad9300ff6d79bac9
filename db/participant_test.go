package db_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
)

func day(text string) care.Date {
	date, err := care.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return date
}

func dollars(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// optional is an amount, not provided where the text is empty.
func optional(text string) decimal.NullDecimal {
	if text == "" {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(dollars(text))
}

func ptr[T any](value T) *T { return &value }

// participant is an NDIS participant of an organisation that uses PACE.
type participant struct {
	address      string
	store        *db.Store
	sql          testkit.SQL
	statements   *testkit.Statements
	organisation care.Organisation
	connection   care.ID
	client       care.ID
	now          time.Time
}

const adasNumber, bensNumber = "430000001", "430000002"

func newParticipant(t *testing.T) participant {
	t.Helper()
	address, statements := testkit.DatabaseURL(t), &testkit.Statements{}
	store, err := db.Open(t.Context(), address, testkit.Keyring(), db.Options{Tracer: statements})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	p := participant{
		address: address, store: store, sql: testkit.OpenSQL(t, address), statements: statements,
		organisation: newOrganisation(t, store, "wattle"), now: time.Date(2026, time.June, 15, 2, 0, 0, 0, time.UTC),
	}
	p.connection = ndiaConnection(t, store, p.organisation.ID)
	_, err = store.EnablePACE(t.Context(), p.organisation.ID, p.connection, 0, "tests")
	require.NoError(t, err)
	importPeople(t, store, p.organisation, ndisPerson(2, "Ada", "Wren", adasNumber), ndisPerson(3, "Ben", "Lark", bensNumber))
	p.client = p.clientOf(t, adasNumber)
	return p
}

func ndiaConnection(t *testing.T, store *db.Store, organisation care.ID) care.ID {
	t.Helper()
	connection := exampleConnection("")
	connection.Service, connection.Name = care.NDIA, "NDIA"
	connection, err := store.CreateConnection(t.Context(), organisation, connection)
	require.NoError(t, err)
	return connection.ID
}

func ndisPerson(line int, given, family, number string) db.ImportedPerson {
	imported := person(line, given, family, "")
	imported.NDISNumber = number
	imported.PACEParticipant, imported.PACEAPIAccess = ptr(true), ptr(true)
	return imported
}

func (p participant) clientOf(t *testing.T, number string) care.ID {
	t.Helper()
	person, err := read.From(p.store).PersonByNDISNumber(t.Context(), p.organisation, number, p.now)
	require.NoError(t, err)
	return person.ID
}

// run begins a run over a person's contract.
func (p participant) run(t *testing.T, person care.ID, trigger care.Trigger, today care.Date) db.Step {
	t.Helper()
	run := db.NewID()
	require.NoError(t, p.store.RecordRun(t.Context(), db.RunStart{
		ID: run, Kind: care.RunPACEContract, WorkflowID: "pace-contract-sync/" + string(person), StartedAt: p.now,
		Request: care.Request{OrganisationID: p.organisation.ID, PersonID: person, Trigger: trigger, RequestedBy: "tests"},
	}))
	subject := care.RunScope{RunID: run, OrganisationID: p.organisation.ID, PersonID: person, ConnectionID: p.connection, Today: today}
	return db.Step{RunScope: subject, Area: care.AreaContract, Chunk: 1}
}

// stage retrieves a plan and stages its preview.
func (p participant) stage(t *testing.T, step db.Step, read care.ContractRead) care.Preview {
	t.Helper()
	held, err := p.store.HeldContracts(t.Context(), p.organisation.ID, step.PersonID)
	require.NoError(t, err)
	preview := care.Stage(db.NewID(), held, read, time.Now(), db.NewID)
	require.NoError(t, p.store.StorePreview(t.Context(), step, db.PreviewContents{Preview: preview}))
	return preview
}

// create retrieves a plan and creates all of it, and returns the contract.
func (p participant) create(t *testing.T, person care.ID, read care.ContractRead) care.ID {
	t.Helper()
	step := p.run(t, person, care.TriggerOnDemand, read.On)
	preview := p.stage(t, step, read)
	begun, err := p.store.BeginContract(t.Context(), step)
	require.NoError(t, err)
	request := preview.SelectAll()
	request.AcceptOverlaps, request.AcceptRemovals = true, true
	decision, err := p.store.CreateContract(t.Context(), step, begun, request, func(held care.HeldContracts) care.ContractDecision {
		return care.DecideCreate(held, preview, request, read, time.Now(), db.NewID)
	})
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome, decision.Answer.Reason)
	p.finish(t, step, decision.Answer)
	return decision.Contract.ID
}

// refresh makes an unattended pass.
func (p participant) refresh(t *testing.T, person care.ID, read care.ContractRead) db.Step {
	t.Helper()
	step := p.run(t, person, care.TriggerNotification, read.On)
	begun, err := p.store.BeginContract(t.Context(), step)
	require.NoError(t, err)
	decision, err := p.store.RefreshContract(t.Context(), step, begun, func(held care.HeldContracts) care.ContractDecision {
		return care.RefreshUnattended(held, read, db.NewID)
	})
	require.NoError(t, err)
	require.Equal(t, care.AreaSucceeded, decision.Answer.Outcome, decision.Answer.Reason)
	p.finish(t, step, decision.Answer)
	return step
}

func (p participant) finish(t *testing.T, step db.Step, answer care.AreaResult, issues ...care.Issue) {
	t.Helper()
	result := care.Conclude(map[care.Area]care.AreaResult{care.AreaContract: answer})
	result.RunID = step.RunID
	_, err := p.store.FinishRun(t.Context(), p.organisation.ID, result, issues)
	require.NoError(t, err)
}

func (p participant) contract(t *testing.T, contract care.ID) read.Contract {
	t.Helper()
	view, err := read.From(p.store).Contract(t.Context(), p.organisation, contract, p.now)
	require.NoError(t, err)
	return view
}

// unbalanced are the budgets whose spent is known where adjustment + own claimed is something else, and those with several adjustment
// records (R27).
func (p participant) unbalanced(t *testing.T) []string {
	t.Helper()
	return testkit.Column[string](t, p.sql, `
		SELECT b.category || ': ' || b.spent || ' spent, ' || coalesce(sum(d.amount), 0)
		FROM plan_budget b LEFT JOIN delivered_service d ON d.budget_id = b.id
			AND (d.kind = 'pace_adjustment' AND NOT d.removed OR d.kind = 'own' AND d.claim_status IN ('submitted', 'pending', 'paid'))
		WHERE b.spent IS NOT NULL AND NOT b.removed
		GROUP BY b.id HAVING b.spent <> coalesce(sum(d.amount), 0) OR count(*) FILTER (WHERE d.kind = 'pace_adjustment') > 1`)
}

// aPlan is a year from 1 February 2026 of a participant who came to PACE two years before.
var aPlan = care.ParticipantPlan{IsPACE: true, FirstStartDate: day("2024-02-01"), StartDate: day("2026-02-01"), EndDate: day("2027-01-31")}

// reported is a flexible plan-managed budget over the whole of a plan. An empty amount was not provided.
func reported(plan care.ParticipantPlan, category, approved, spent string) care.ReportedBudget {
	return care.ReportedBudget{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", Category: category,
		CategoryNumber: care.CategoryNumber(category), FundingComponent: "Core Flexible (Plan-managed)",
		StartDate: plan.StartDate, EndDate: plan.EndDate, InstalmentType: "Regular",
		Amounts: care.Amounts{Approved: optional(approved), Released: optional(approved), Spent: optional(spent)},
	}
}

func agencyManaged(budget care.ReportedBudget) care.ReportedBudget {
	budget.Management, budget.FundingComponent = care.AgencyManaged, "Core Flexible (Agency-managed)"
	return budget
}

// readOf is a complete read of a plan on 15 June 2026.
func readOf(plan care.ParticipantPlan, budgets ...care.ReportedBudget) care.ContractRead {
	group := care.BudgetGroup{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", DateRange: plan.Dates(), Budgets: budgets,
	}
	return care.ContractRead{Plan: plan, Tree: care.BudgetTree{Groups: []care.BudgetGroup{group}}, On: day("2026-06-15"), Today: day("2026-06-15")}
}

// wideRead is a plan with that many budgets, each with two periods and a stated item.
func wideRead(budgets int) care.ContractRead {
	read := readOf(aPlan)
	for i := range budgets {
		budget := reported(aPlan, fmt.Sprintf("Support %d", i), "100.00", "10.00")
		budget.FundingPeriods = []care.FundingPeriod{
			{FundingPeriodID: "1", StartDate: day("2026-02-01"), EndDate: day("2026-07-31"), Amount: optional("50"), Released: new(true)},
			{FundingPeriodID: "2", StartDate: day("2026-08-01"), EndDate: day("2027-01-31"), Amount: optional("")},
		}
		budget.StatedItems = []care.StatedItem{{SupportItemNumber: "03_040919_0103_1_1", SupportItemText: "Consumables", Approved: optional("5")}}
		read.Tree.Groups[0].Budgets = append(read.Tree.Groups[0].Budgets, budget)
	}
	return read
}
