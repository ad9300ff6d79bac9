package hosting_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

const (
	movingPeople = 300
	// movingNights is how many nights the world moves before each of its bulk runs.
	movingNights = 4
	// movesANight is how many ordinary things happen to the people in a day.
	movesANight = 90
)

// Night after night the world moves, and something untoward happens to a few people: a budget moves to someone else, invoice lines get
// their ids late, rows are split and united, someone changes their provider, a birth date cannot be read for a time, and the service is
// unavailable for two people for ever. After each bulk run every person's rows are what the world says of them and what the rules make of
// the rest (R5, R8, R9, R11, R17, R19, R32), and the troubled people cost hardly any further call.
func TestAMovingWorld(t *testing.T) {
	m := newMovingWorld(t)
	m.night(t)
	m.requireEveryoneAsReported(t)

	for night := range movingNights {
		m.move(t, night)
		m.night(t)
		m.requireEveryoneAsReported(t)
	}
	disturbed := m.calls()
	m.w.Faults.Clear()
	delete(m.untouched, m.id(t, unavailableOne))
	delete(m.untouched, m.id(t, unavailableTwo))
	m.night(t)
	require.LessOrEqual(t, disturbed*10, m.calls()*11, "a night with troubled people makes at most 1.1 times the calls of an undisturbed one")
	m.requireEveryoneAsReported(t)
}

// movingWorld is one organisation's people, and what is known of the troubles that befell them.
type movingWorld struct {
	w            *testkit.World
	temporal     *testkit.Temporal
	sql          testkit.SQL
	organisation care.ID
	chance       *rand.Rand
	// keys are the people in care. The first of them are the people with problems.
	keys []string
	// untouched are people of whom nothing may be written, with the records that stood before: the service always answers with a 503, or they
	// may be someone else (R8).
	untouched map[string][]string
	// elsewhere are people who changed their provider, with what their summary said before: the other provider's is not ours (R19).
	elsewhere map[string][]string
	// movedBudgets are budgets that went to another person, with the nights that have passed since.
	movedBudgets map[string]int
	// threads are our ids of the usage lines that get their ids late, by what stays the same of them.
	threads map[string]care.ID
}

// The people whom something untoward happens to.
const (
	unavailableOne = iota
	unavailableTwo
	budgetGiver
	budgetTaker
	provisionalLines
	splitByCategory
	splitByStay
	providerChanger
	unreadable
	ordinaryFrom
)

func newMovingWorld(t *testing.T) *movingWorld {
	t.Helper()
	m := &movingWorld{
		w: testkit.NewWorld(t, crowd(movingPeople)), temporal: testkit.NewTemporal(t), chance: rand.New(rand.NewPCG(5, 8)),
		untouched: map[string][]string{}, elsewhere: map[string][]string{}, movedBudgets: map[string]int{}, threads: map[string]care.ID{},
	}
	m.sql, m.organisation = testkit.OpenSQL(t, m.w.DatabaseURL), organisationOf(t, m.w.Store)
	for _, key := range everyone(m.w) {
		if person := m.person(t, key); !person.NotUpstream && person.Entries[0].Departure == world.NoDate {
			m.keys = append(m.keys, key)
		}
	}
	steps := m.w.Steps(t, db.Options{MaxConnections: 20})
	began := time.Now()
	steps.UseClock(func() time.Time { return began.Add(1000 * time.Since(began)) }) // ten minutes pass in 600 ms
	m.temporal.RunWorker(t, steps)
	return m
}

// night syncs everyone in a bulk run.
func (m *movingWorld) night(t *testing.T) {
	t.Helper()
	m.w.ImportInvoices(t, m.w.Store, m.w.World.Organisations()[0].RANumber)
	m.w.ResetCalls()
	bulk := db.Bulk{ID: db.NewID(), OrganisationID: m.organisation, RequestedBy: "a test", Request: careRecipients}
	bulk.WorkflowID = protocol.BulkSyncID(bulk.ID)
	require.NoError(t, m.w.Store.RecordBulk(t.Context(), bulk))
	options, input := protocol.BulkSyncStart(m.temporal.Queues, bulk.ID, m.organisation, care.RunCareRecipient, bulk.RequestedBy)
	input.SetAsidePause = 400 * time.Millisecond
	run, err := m.temporal.ExecuteWorkflow(t.Context(), options, protocol.BulkSyncWorkflow, input)
	require.NoError(t, err)
	m.requireAllProcessed(t, run)
	for budget := range m.movedBudgets {
		m.movedBudgets[budget]++
	}
}

func (m *movingWorld) requireAllProcessed(t *testing.T, run client.WorkflowRun) {
	t.Helper()
	var result protocol.BulkResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.GreaterOrEqual(t, result.Counts.Processed, len(m.keys), "%+v", result.Counts)
	require.Equal(t, result.Counts.Selected, result.Counts.Processed, "%+v", result.Counts)
	require.Zero(t, result.Counts.Escalated+result.Counts.Skipped, "%+v", result.Counts)
	require.Equal(t, len(m.untouched), result.Counts.Failed+result.Counts.Partial, "%+v", result.Counts)
}

func (m *movingWorld) calls() (made int) {
	for _, count := range m.w.Counts() {
		made += count.Calls
	}
	return made
}

// move lets a day pass: ordinary things happen to people, and what is untoward on that day.
func (m *movingWorld) move(t *testing.T, night int) {
	t.Helper()
	for range movesANight {
		key := m.keys[ordinaryFrom+m.chance.IntN(len(m.keys)-ordinaryFrom)]
		_, _ = m.w.World.Move(key, m.ordinary()) // one that does not fit the person changes nothing
	}
	switch night {
	case 0:
		m.becomeUnavailable(t, unavailableOne)
		m.becomeUnavailable(t, unavailableTwo)
		m.do(t, provisionalLines, world.Move{Name: world.Claim, Amount: decimal.NewFromInt(31), Times: 2})
		m.do(t, provisionalLines, world.Move{Name: world.WithdrawIDs})
		m.do(t, splitByCategory, world.Move{Name: world.SplitRows})
		m.becomeUnreadable(t)
	case 1:
		m.noteThreads(t)
		moved := m.do(t, budgetGiver, world.Move{Name: world.MoveBudget, To: m.keys[budgetTaker]})
		m.movedBudgets[moved.BudgetID] = 0
		m.do(t, splitByStay, world.Move{Name: world.SplitRows, Date: "today-2000d"})
		m.changeProvider(t)
	case 2:
		m.do(t, provisionalLines, world.Move{Name: world.GiveIDs})
		m.do(t, splitByCategory, world.Move{Name: world.UniteRows})
		m.do(t, unreadable, world.Move{Name: world.CorrectIdentity})
		delete(m.untouched, m.id(t, unreadable))
	case 3:
		m.do(t, splitByStay, world.Move{Name: world.UniteRows})
		m.do(t, providerChanger, world.Move{Name: world.Return})
		delete(m.elsewhere, m.id(t, providerChanger))
	}
	for _, split := range []int{splitByCategory, splitByStay} {
		m.do(t, split, world.Move{Name: world.ChangeLevel, Code: fmt.Sprint("ON_LEVEL_", 1+(night*3+split)%8)})
	}
}

// ordinary is something that happens to people every day.
func (m *movingWorld) ordinary() world.Move {
	moves := []world.Move{
		{Name: world.Claim, Amount: decimal.NewFromInt(int64(10 + m.chance.IntN(90))), Times: 1 + m.chance.IntN(3)},
		{Name: world.ClaimByOther, Amount: decimal.NewFromInt(int64(10 + m.chance.IntN(90)))},
		{Name: world.AmendInvoice, Amount: decimal.NewFromInt(int64(10 + m.chance.IntN(90)))},
		{Name: world.ReverseInvoiceLine},
		{Name: world.ChangeContribution},
		{Name: world.ChangeLevel, Code: fmt.Sprint("ON_LEVEL_", 1+m.chance.IntN(8))},
		{Name: world.AddSupplement, Code: "ENT_NNBO"},
		{Name: world.AddBudget, Type: "AT", Amount: decimal.NewFromInt(500)},
	}
	return moves[m.chance.IntN(len(moves))]
}

func (m *movingWorld) do(t *testing.T, person int, move world.Move) world.Result {
	t.Helper()
	result, err := m.w.World.Move(m.keys[person], move)
	require.NoError(t, err)
	return result
}

// becomeUnavailable lets the service answer everything about a person with a 503 from now on: their rows stay as they are.
func (m *movingWorld) becomeUnavailable(t *testing.T, person int) {
	t.Helper()
	id := m.id(t, person)
	m.untouched[id] = m.held(t)[id]
	require.NoError(t, m.w.Faults.Add(faults.Fault{Kind: faults.Unavailable, CareRecipientID: id}))
	m.do(t, person, world.Move{Name: world.AddBudget, Type: "AT", Amount: decimal.NewFromInt(900)})
}

// becomeUnreadable lets a birth date come as something that cannot be read: until it can, nothing of the person is written (R8).
func (m *movingWorld) becomeUnreadable(t *testing.T) {
	t.Helper()
	id := m.id(t, unreadable)
	m.untouched[id] = m.held(t)[id]
	m.do(t, unreadable, world.Move{Name: world.ChangeIdentity, BirthDateText: "spring of 1941"})
	m.do(t, unreadable, world.Move{Name: world.AddBudget, Type: "AT", Amount: decimal.NewFromInt(700)})
}

// changeProvider lets the summary of a person come from another provider: what it says of them from now on is not ours, while our budgets continue
// (R19).
func (m *movingWorld) changeProvider(t *testing.T) {
	t.Helper()
	m.elsewhere[m.id(t, providerChanger)] = m.summarised(m.person(t, m.keys[providerChanger]))
	m.do(t, providerChanger, world.Move{Name: world.ChangeProvider})
	m.do(t, providerChanger, world.Move{Name: world.AddClassification, Code: "HM_TIER_LOW"})
	m.do(t, providerChanger, world.Move{Name: world.Claim, Amount: decimal.NewFromInt(44)})
}

// id is the care recipient id of one of the people whom something happens to.
func (m *movingWorld) id(t *testing.T, person int) string {
	t.Helper()
	return m.person(t, m.keys[person]).CareRecipientID
}

func (m *movingWorld) person(t *testing.T, key string) *world.Person {
	t.Helper()
	person, found := m.w.World.Find(key)
	require.True(t, found)
	return person
}

// noteThreads remembers our ids of the usage lines that have no ids yet, so that they can be recognised once they have.
func (m *movingWorld) noteThreads(t *testing.T) {
	t.Helper()
	m.threads = m.usageLines(t)
	require.NotEmpty(t, m.threads)
}

// usageLines are our ids of the current usage lines of the person whose lines get their ids late, by what stays the same of them.
func (m *movingWorld) usageLines(t *testing.T) map[string]care.ID {
	t.Helper()
	lines := map[string]care.ID{}
	for _, line := range testkit.Column[[]string](t, m.sql, `
		SELECT ARRAY[u.id::text, concat_ws('/', b.upstream_budget_id, u.service_code, u.delivery_date, u.amount,
		       row_number() OVER (PARTITION BY b.id, u.service_code, u.delivery_date, u.amount ORDER BY u.id))]
		FROM usage_line u JOIN budget b ON b.id = u.budget_id JOIN support_plan p ON p.id = b.plan_id JOIN person c ON c.id = p.person_id
		WHERE NOT u.removed AND c.care_recipient_id = $1`, m.person(t, m.keys[provisionalLines]).CareRecipientID) {
		lines[line[1]] = care.ID(line[0])
	}
	return lines
}

// requireEveryoneAsReported compares everyone's current records with those of the world, by what the rules say of each.
func (m *movingWorld) requireEveryoneAsReported(t *testing.T) {
	t.Helper()
	held := m.held(t)
	for _, key := range m.keys {
		person := m.person(t, key)
		expected, untouched := m.untouched[person.CareRecipientID]
		if !untouched {
			expected = m.reported(person)
		}
		require.Equal(t, expected, held[person.CareRecipientID], "%s", key)
	}
	for _, budget := range testkit.Column[string](t, m.sql, "SELECT upstream_budget_id FROM budget WHERE NOT removed GROUP BY 1 HAVING count(*) > 1") {
		require.Fail(t, "a budget stands with two people", budget)
	}
	for thread, id := range m.threads {
		require.Equal(t, id, m.usageLines(t)[thread], "a line that gets its ids late stays the same record (R17)")
	}
}

// arriving reports whether a budget is on its way from one person to another: for two nights it may stand with either, or with neither
// (R32). In one the taker's sync notices it, in one the giver's lets it go, in one the taker's adds it.
func (m *movingWorld) arriving(budget string) bool {
	nights, moved := m.movedBudgets[budget]
	return moved && nights < 3
}

// reported are the records of a person as Services Australia reports them, a line of text each.
func (m *movingWorld) reported(person *world.Person) []string {
	records, elsewhere := m.elsewhere[person.CareRecipientID]
	if !elsewhere {
		records = m.summarised(person)
	}
	records = slices.Clone(records)
	add := func(values ...any) { records = append(records, fmt.Sprintln(values...)) }
	for _, one := range person.Contributions {
		percentage := "-"
		if one.Percentage.Valid {
			percentage = one.Percentage.Decimal.StringFixed(4)
		}
		add("contribution", one.Category, percentage, day(one.Start), day(one.End))
	}
	today := m.w.World.Today()
	for _, at := range person.VisibleBudgets() {
		budget := &person.Budgets[at]
		if m.arriving(budget.ID) {
			continue
		}
		add("budget", budget.ID, budget.TypeCode, day(budget.Start), day(budget.End), budget.Total().StringFixed(2), budget.AmountUsed().Neg().StringFixed(2))
		if budget.End != world.NoDate && budget.End+90 < today {
			continue
		}
		for _, line := range budget.Usage {
			invoice, item := line.InvoiceID, line.ItemID
			if line.Provisional {
				invoice, item = "", ""
			}
			add("usage", budget.ID, cmp.Or(invoice, "-"), cmp.Or(item, "-"), line.ServiceID, day(line.DeliveryDate), line.Amount.Neg().StringFixed(2))
		}
	}
	slices.Sort(records)
	return records
}

// summarised are the records of a person's summary.
func (m *movingWorld) summarised(person *world.Person) (records []string) {
	add := func(values ...any) { records = append(records, fmt.Sprintln(values...)) }
	for _, one := range person.Classifications {
		add("classification", one.Code, day(one.Start), day(one.End))
	}
	for _, one := range person.ApprovedServices {
		add("service", one.ServiceID, day(one.Start), day(one.End))
	}
	for _, one := range person.Supplements {
		add("supplement", one.Code, day(one.Start), day(one.End))
	}
	return records
}

func day(date world.Date) string {
	if date == world.NoDate {
		return "-"
	}
	return date.String()
}

// held are everyone's current records by care recipient id, in the form of reported. Usage is that of the open budgets.
func (m *movingWorld) held(t *testing.T) map[string][]string {
	t.Helper()
	held := map[string][]string{}
	for _, row := range testkit.Column[[]string](t, m.sql, `
		WITH person AS (SELECT c.care_recipient_id AS id, p.id AS plan_id FROM person c JOIN support_plan p ON p.person_id = c.id)
		SELECT ARRAY[p.id, concat_ws(' ', 'classification', r.code, coalesce(r.start_date::text, '-'), coalesce(r.end_date::text, '-'))]
		FROM classification r JOIN person p USING (plan_id) WHERE NOT r.removed
		UNION ALL
		SELECT ARRAY[p.id, concat_ws(' ', 'service', r.service_code, coalesce(r.start_date::text, '-'), coalesce(r.end_date::text, '-'))]
		FROM approved_service r JOIN person p USING (plan_id) WHERE NOT r.removed
		UNION ALL
		SELECT ARRAY[p.id, concat_ws(' ', 'supplement', r.code, coalesce(r.start_date::text, '-'), coalesce(r.end_date::text, '-'))]
		FROM supplement r JOIN person p USING (plan_id) WHERE NOT r.removed
		UNION ALL
		SELECT ARRAY[p.id, concat_ws(' ', 'contribution', r.category, coalesce(round(r.percentage, 4)::text, '-'), coalesce(r.start_date::text, '-'),
		                             coalesce(r.end_date::text, '-'))]
		FROM contribution r JOIN person p USING (plan_id)
		UNION ALL
		SELECT ARRAY[p.id, concat_ws(' ', 'budget', r.upstream_budget_id, r.type_code, coalesce(r.start_date::text, '-'), coalesce(r.end_date::text, '-'),
		                             r.total, r.used)]
		FROM budget r JOIN person p USING (plan_id) WHERE NOT r.removed
		UNION ALL
		SELECT ARRAY[p.id, concat_ws(' ', 'usage', b.upstream_budget_id, coalesce(nullif(r.upstream_invoice_id, ''), '-'),
		                             coalesce(nullif(r.upstream_item_id, ''), '-'), r.service_code, coalesce(r.delivery_date::text, '-'), r.amount)]
		FROM usage_line r JOIN budget b ON b.id = r.budget_id JOIN person p USING (plan_id)
		WHERE NOT r.removed AND NOT b.removed AND (b.end_date IS NULL OR b.end_date + 90 >= $1::date)`, m.w.World.Today().String()) {
		budget := strings.Fields(row[1])[1]
		if !m.arriving(budget) {
			held[row[0]] = append(held[row[0]], row[1]+"\n")
		}
	}
	for _, records := range held {
		slices.Sort(records)
	}
	return held
}
