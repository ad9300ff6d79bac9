// Package pacetest makes plans and previews for the starter's tests, as the NDIA and a worker would.
package pacetest

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/imports"
)

// Plan is a plan of a year, of a participant who came to PACE two years before.
var Plan = care.ParticipantPlan{
	IsPACE: true, FirstStartDate: care.NewDate(2024, time.February, 1), StartDate: care.NewDate(2026, time.February, 1), EndDate: care.NewDate(2027, time.January, 31),
}

// Amount is an amount that was provided.
func Amount(text string) decimal.NullDecimal {
	return decimal.NewNullDecimal(decimal.RequireFromString(text))
}

// Budget is a flexible plan-managed budget over the whole of Plan; what others spent of it is spent.
func Budget(category, approved, spent string) care.ReportedBudget {
	budget := care.ReportedBudget{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", Category: category,
		CategoryNumber: care.CategoryNumber(category), FundingComponent: "Core Flexible (Plan-managed)",
		StartDate: Plan.StartDate, EndDate: Plan.EndDate, InstalmentType: "Regular",
	}
	budget.Approved, budget.Released, budget.Spent = Amount(approved), Amount(approved), Amount(spent)
	budget.Remaining = decimal.NewNullDecimal(budget.Released.Decimal.Sub(budget.Spent.Decimal))
	return budget
}

// Read is a complete read of Plan with these budgets.
func Read(budgets ...care.ReportedBudget) care.ContractRead {
	return care.ContractRead{Plan: Plan, On: care.NewDate(2026, time.June, 15), Today: care.NewDate(2026, time.June, 15), Tree: care.BudgetTree{Groups: []care.BudgetGroup{{
		BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", DateRange: Plan.Dates(), Budgets: budgets,
	}}}}
}

// Participant stores a person with the PACE API enabled and both boxes selected, and returns our id of the client.
func Participant(t testing.TB, store *db.Store, organisation care.Organisation, ndisNumber string) care.ID {
	t.Helper()
	_, err := imports.StorePeople(t.Context(), store, organisation.ID, imports.File[imports.Person]{Rows: []imports.Person{{
		Line: 2, NDISNumber: ndisNumber, FlagChange: care.FlagChange{PACEParticipant: new(true), PACEAPIAccess: new(true)},
		Identity: care.Identity{GivenName: "Ada", FamilyName: "Kookaburra", BirthDate: care.NewDate(1991, time.March, 9)},
	}}}, "tests")
	require.NoError(t, err)
	person, err := read.From(store).PersonByNDISNumber(t.Context(), organisation, ndisNumber, store.Now())
	require.NoError(t, err)
	return person.ID
}

// Connection stores a connection to the NDIA under a name.
func Connection(t testing.TB, store *db.Store, organisation care.Organisation, name string) care.Connection {
	t.Helper()
	connection, err := store.CreateConnection(t.Context(), organisation.ID, care.Connection{
		Service: care.NDIA, Name: name, BaseURL: "https://ndia.invalid", TokenBaseURL: "https://proda.invalid", DeviceBaseURL: "https://proda.invalid",
		RANumber: "8000000101", DeviceName: "WATTLE-NDIA", ClientID: "client", APIKey: "key", Audience: "https://audience.invalid", ProductID: "CareSync",
		RatePerSecond: 2,
	})
	require.NoError(t, err)
	return connection
}

// Begin writes the row of a run of a person, as its first step does.
func Begin(t testing.TB, store *db.Store, organisation care.Organisation, person, run care.ID) {
	t.Helper()
	require.NoError(t, store.RecordRun(t.Context(), db.RunStart{
		ID: run, Kind: care.RunPACEContract, WorkflowID: protocol.PaceContractSyncID(person), StartedAt: time.Now(),
		Request: care.Request{OrganisationID: organisation.ID, PersonID: person, Trigger: care.TriggerOnDemand, RequestedBy: "tests"},
	}))
}

// Stage stages the n-th preview of a run, of what we hold and a read, as the step that reads a plan does.
func Stage(
	t testing.TB, store *db.Store, organisation care.Organisation, person, run care.ID, n int, held care.HeldContracts, read care.ContractRead,
	differences ...care.NamedChange,
) care.Preview {
	t.Helper()
	preview := care.Stage(db.PreviewID(run, n), held, read, time.Now(), db.NewID)
	step := db.Step{RunScope: care.RunScope{RunID: run, OrganisationID: organisation.ID, PersonID: person}, Area: care.AreaContract, Chunk: n}
	require.NoError(t, store.StorePreview(t.Context(), step, db.PreviewContents{Preview: preview, Differences: differences}))
	return preview
}

// Finish ends a run, as its last step does.
func Finish(t testing.TB, store *db.Store, organisation care.Organisation, run care.ID, answer care.AreaResult) {
	t.Helper()
	result := care.Conclude(map[care.Area]care.AreaResult{care.AreaContract: answer})
	result.RunID = run
	_, err := store.FinishRun(t.Context(), organisation.ID, result, nil)
	require.NoError(t, err)
}
