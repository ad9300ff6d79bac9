package hosting_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

const (
	movingParticipants = 12
	// movingPlanNights is how many nights the plans move before each of their bulk runs.
	movingPlanNights = 3
	// planMovesANight is how many ordinary things happen to plans in a day.
	planMovesANight = 15
)

// Night after night NDIS plans move, and one tree switches to the next plan early. After each unattended bulk run every contract's budgets are what
// the NDIA says of its plan, each adjustment record makes up for what others spent, and of another plan's tree nothing was written (R23, R27, R31).
func TestAMovingWorldOfPlans(t *testing.T) {
	m := newMovingPlans(t)
	for night := range movingPlanNights {
		m.move(t, night)
		m.night(t)
		m.requireEveryoneAsReported(t)
	}
	reviews, err := read.From(m.w.Store).Reviews(t.Context(), m.organisation, m.w.RequestFor(t, switching).PersonID)
	require.NoError(t, err)
	require.Equal(t, care.ReviewTree, reviews[0].Kind, "people are told of the tree")
}

// switching is the participant whose tree switches early.
const switching = "switching"

// movingPlans is one organisation's participants, each with a contract.
type movingPlans struct {
	w            *testkit.World
	temporal     *testkit.Temporal
	sql          testkit.SQL
	organisation care.ID
	chance       *rand.Rand
	// keys are those whose plans move.
	keys []string
	// switched are the budgets of the contract whose tree has switched, as they stood before.
	switched []string
}

func newMovingPlans(t *testing.T) *movingPlans {
	t.Helper()
	m := &movingPlans{chance: rand.New(rand.NewPCG(5, 8)), temporal: testkit.NewTemporal(t), w: testkit.NewWorld(t, world.Options{
		Organisations: world.SingleProvider(),
		Scenarios: scenarioFile(`
participants:
  - key: switching
    ndis_number: "430200126"
    plans:
      - start: today-330d
        end: today+35d
        budgets:
          - {category: Assistance with Daily Life, approved: 28000.00, spent: 24310.55, every_months: 3}
          - {category: Choice and Control, approved: 1517.68, spent: 1310.40}
      - start: today+36d
        budgets:
          - {category: Assistance with Daily Life, approved: 31500.00, every_months: 3}
          - {category: Choice and Control, approved: 1544.20}
` + plainParticipants()),
	})}
	m.sql, m.organisation = testkit.OpenSQL(t, m.w.DatabaseURL), organisationOf(t, m.w.Store)
	m.temporal.RunWorker(t, m.w.Steps(t, db.Options{MaxConnections: 20}))
	for _, participant := range m.w.World.Participants() {
		m.keys = append(m.keys, participant.Key)
		request := m.w.RequestFor(t, participant.Key)
		retrieved := m.temporal.Retrieve(t, request)
		_, err := m.temporal.Create(t.Context(), request.PersonID, everything(t, m.w.Store, request, retrieved.PreviewID))
		require.NoError(t, err)
	}
	m.requireEveryoneAsReported(t)
	return m
}

// scenarioFile is a folder of one scenario file.
func scenarioFile(text string) fs.FS {
	return fstest.MapFS{"scenario.yaml": {Data: []byte(text)}}
}

// plainParticipants are participants with plans that the world makes up.
func plainParticipants() (file string) {
	for i := range movingParticipants {
		file += fmt.Sprintf("  - {key: plain-%d, ndis_number: %q}\n", i, fmt.Sprint(430200200+i))
	}
	return file
}

// move lets a day pass.
func (m *movingPlans) move(t *testing.T, night int) {
	t.Helper()
	for range planMovesANight {
		_ = m.w.World.MoveParticipant(m.keys[m.chance.IntN(len(m.keys))], m.ordinary()) // one that does not fit the plan changes nothing
	}
	if night == 1 {
		m.switched = m.held(t)[switching]
		require.NoError(t, m.w.World.MoveParticipant(switching, world.PlanMove{Name: world.SwitchTree, Silent: true}))
	}
}

// ordinary is something that happens to plans every day.
func (m *movingPlans) ordinary() world.PlanMove {
	amount := decimal.NewFromInt(int64(10 + m.chance.IntN(400)))
	moves := []world.PlanMove{
		{Name: world.Spend, Amount: amount, Silent: true}, {Name: world.Spend, Category: "14", Amount: amount, Silent: true},
		{Name: world.Refund, Amount: amount, Silent: true}, {Name: world.Vary, Category: "1", Amount: amount.Mul(decimal.NewFromInt(100)), Silent: true},
		{Name: world.Extend, Months: 1, Silent: true},
	}
	return moves[m.chance.IntN(len(moves))]
}

// night refreshes every contract in a bulk run, unattended.
func (m *movingPlans) night(t *testing.T) {
	t.Helper()
	_, run := m.temporal.Bulk(t, m.w.Store, m.organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunPACEContract}})
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, movingParticipants+1, result.Counts.Processed, "%+v", result.Counts)
	require.Equal(t, movingParticipants+1, result.Counts.Succeeded+result.Counts.SucceededWithWarnings, "%+v", result.Counts)
}

// requireEveryoneAsReported compares the funded budgets of all contracts with the plans of the world, by what the rules say of each.
func (m *movingPlans) requireEveryoneAsReported(t *testing.T) {
	t.Helper()
	held := m.held(t)
	for _, participant := range m.w.World.Participants() {
		expected := m.switched
		if participant.Key != switching || expected == nil {
			expected = m.reported(participant)
		}
		require.NotEmpty(t, expected)
		require.Equal(t, expected, held[participant.Key], participant.Key)
	}
	require.Equal(t, len(m.keys), testkit.Value[int](t, m.sql, "SELECT count(*)::int FROM service_contract"), "no contract is first created unattended (R31)")
}

// reported are the funded budgets of a participant's plan as the NDIA reports them, a line of text each, with what an adjustment record makes up for:
// the organisation has claimed nothing.
func (m *movingPlans) reported(participant *world.Participant) (budgets []string) {
	today := m.w.World.Today()
	plan, _ := participant.CurrentPlan(today)
	for i := range plan.Budgets {
		budget := &plan.Budgets[i]
		adjusted := "-"
		if !budget.Spent.IsZero() {
			adjusted = budget.Spent.StringFixed(2)
		}
		budgets = append(budgets, fmt.Sprint(budget.Category, " ", strings.ToLower(budget.Management), " ", day(budget.Start), " ", day(budget.End), " ", budget.Approved.StringFixed(2), " ",
			budget.Released(today).StringFixed(2), " ", budget.Spent.StringFixed(2), " ", adjusted))
	}
	slices.Sort(budgets)
	return budgets
}

// held are the funded budgets of all contracts by the participants' keys, in the form of reported.
func (m *movingPlans) held(t *testing.T) map[string][]string {
	t.Helper()
	keys := map[string]string{}
	for _, participant := range m.w.World.Participants() {
		keys[participant.NDISNumber] = participant.Key
	}
	held := map[string][]string{}
	for _, row := range testkit.Column[[]string](t, m.sql, `
		SELECT ARRAY[c.ndis_number, concat_ws(' ', b.category_number, b.management, b.start_date, b.end_date, b.approved, b.released, b.spent,
		             coalesce(d.amount::text, '-'))]
		FROM plan_budget b JOIN service_contract s ON s.id = b.contract_id JOIN person c ON c.id = s.person_id
		LEFT JOIN delivered_service d ON d.budget_id = b.id AND d.kind = 'pace_adjustment' AND NOT d.removed
		WHERE NOT b.removed AND (b.approved <> 0 OR b.spent <> 0)`) {
		held[keys[row[0]]] = append(held[keys[row[0]]], row[1])
	}
	for _, budgets := range held {
		slices.Sort(budgets)
	}
	return held
}
