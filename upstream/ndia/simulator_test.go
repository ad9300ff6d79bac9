package ndia_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	simulated "github.com/caresync/caresync/simulator/ndia"
	simulatedproda "github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	banksia = "8000000101"
	wattle  = "8000000202"
)

// government is the simulated one, with a connection whose device is activated.
type government struct {
	*server.Simulator
	connection care.Connection
	store      *prodatest.Store
}

func startGovernment(t *testing.T, options world.Options, provider string, more ...server.Option) government {
	t.Helper()
	options.Today = world.MustDate("2026-05-20")
	simulator, err := server.New(options, more...)
	require.NoError(t, err)
	running := httptest.NewServer(simulator)
	t.Cleanup(func() {
		require.NoError(t, simulator.Close())
		running.Close()
	})
	known, err := simulator.Connection(running.URL, provider)
	require.NoError(t, err)
	gov := government{Simulator: simulator, store: &prodatest.Store{}, connection: care.Connection{
		ID: care.ID(uuid.NewString()), Service: care.NDIA, BaseURL: known.NDIABaseURL,
		TokenBaseURL: known.TokenBaseURL, DeviceBaseURL: known.DeviceBaseURL, RANumber: known.RANumber, DeviceName: known.NDIADeviceName,
		ClientID: known.ClientID, APIKey: known.NDIAIBMClientID, Audience: known.NDIAAudience, ProductID: known.NDIAProductID,
	}}
	_, devices := gov.process()
	require.NoError(t, devices.Activate(t.Context(), gov.connection, known.NDIAActivationCode))
	return gov
}

// process is another worker process that shares the store.
func (g government) process() (*ndia.Client, *proda.Devices) {
	calls := transport.NewClient(transport.Options{Timeout: 5 * time.Second, MaxBody: 1 << 20})
	login := proda.NewClient(calls, proda.Options{})
	tokens := proda.NewTokens(login, g.store, g.store)
	return ndia.NewClient(calls, tokens, ndia.Options{}), proda.NewDevices(login, tokens, g.store)
}

func (g government) reader() *ndia.Reader {
	client, _ := g.process()
	return client.For(g.connection, care.ID(uuid.NewString()), unlimited())
}

// held is a participant as the organisation's own records have them.
func held(p *world.Participant) care.Participant {
	return care.Participant{NDISNumber: p.HeldNDISNumber, FamilyName: p.Held.FamilyName, BirthDate: date(p.Held.BirthDate.String())}
}

func (g government) participant(t *testing.T, key string) *world.Participant {
	t.Helper()
	participant, found := g.World.FindParticipant(key)
	require.True(t, found, key)
	return participant
}

// expectation is how the NDIA answers an organisation about a scenario's participant: nothing means that everything is answered.
type expectation struct {
	refused      transport.Kind
	notPACE      bool
	noCurrent    bool
	choiceReason care.Reason
}

var expectations = map[string]expectation{
	"endorsement-missing": {refused: transport.NotAuthorised},
	"endorsement-lapsed":  {refused: transport.NotAuthorised},
	"never-endorsed":      {refused: transport.NotFound},
	"surname-differs":     {refused: transport.NotFound},
	"number-unknown":      {refused: transport.NotFound},
	"failure-with-200":    {refused: transport.NotFound},
	"not-pace":            {notPACE: true, choiceReason: care.ReasonNotPACE},
	"ended-plan":          {noCurrent: true},
	"future-plan":         {noCurrent: true},
	"two-plans-unclear":   {choiceReason: care.ReasonPlanAmbiguous},
}

func TestEveryScenarioIsReadToTheCent(t *testing.T) {
	for _, provider := range []string{"banksia", "wattle"} {
		gov := startGovernment(t, world.Options{Scenarios: scenarios.FS, Participants: 30, Seed: 7}, provider)
		reader := gov.reader()
		seen := 0
		for _, row := range gov.World.HeldParticipants(world.Holder{Organisation: gov.connection.RANumber}) {
			participant := gov.participant(t, row.Key)
			if strings.HasPrefix(row.Key, "participant-") && participant.AuthorityOf(gov.connection.RANumber, gov.World.Today()) != world.Endorsed {
				continue // a generated participant whose endorsement has ended
			}
			seen++
			t.Run(provider+"/"+row.Key, func(t *testing.T) { gov.compare(t, reader, participant) })
		}
		require.Greater(t, seen, 10)
	}
}

// compare reads everything that there is about a participant and compares it with the world.
func (g government) compare(t *testing.T, reader *ndia.Reader, p *world.Participant) {
	expected := expectations[p.Key]
	today := g.World.Today()
	kind, issues, err := reader.DeterminePlan(t.Context(), held(p))
	if expected.refused != "" {
		failed := failure(t, err)
		require.Equal(t, expected.refused, failed.Kind)
		require.Equal(t, expected.refused == transport.NotAuthorised, ndia.AuthorityMissing(err))
		require.NotContains(t, failed.Error(), p.NDISNumber)
		require.Contains(t, []string{noAuthority, notFound}, failed.Words, "trimmed, and otherwise verbatim")
		_, _, err = reader.Budget(t.Context(), held(p))
		require.Equal(t, expected.refused, failure(t, err).Kind)
		return
	}
	require.NoError(t, err)
	require.Empty(t, issues)
	generatedNotPACE := p.NotPACE && strings.HasPrefix(p.Key, "participant-")
	require.Equal(t, !expected.notPACE && !generatedNotPACE, kind.IsPACE)
	require.Equal(t, p.FirstStart.String(), kind.FirstStartDate.String())
	comparePlans(t, reader, p, today)
	if p.NotPACE {
		_, _, err := reader.Budget(t.Context(), held(p))
		require.Equal(t, transport.Refused, failure(t, err).Kind)
		return
	}
	compareTree(t, reader, p, today)
	compareHistory(t, reader, p, today)
}

func comparePlans(t *testing.T, reader *ndia.Reader, p *world.Participant, today world.Date) {
	read, err := reader.Plans(t.Context(), held(p))
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	listed := p.ListedPlans(today)
	require.Len(t, read.Records, len(listed))
	for i, plan := range listed {
		require.Equal(t, care.ParticipantPlan{
			IsPACE: !p.NotPACE, FirstStartDate: date(p.FirstStart.String()), StartDate: date(plan.Start.String()), EndDate: date(plan.End.String()),
		}, read.Records[i])
	}
}

func compareTree(t *testing.T, reader *ndia.Reader, p *world.Participant, today world.Date) {
	tree, issues, err := reader.Budget(t.Context(), held(p))
	plan, current := p.CurrentPlan(today)
	require.Equal(t, !current, transport.IsKind(err, transport.NotFound))
	if !current {
		require.False(t, strings.Contains(failure(t, err).Words, notFound))
		return
	}
	require.NoError(t, err)
	expected := map[string]care.IssueCode{"odd-amounts": care.IssueRounded, "unnamed-category": care.IssueRecordLeftOut}[p.Key]
	for _, issue := range issues {
		require.Equal(t, expected, issue.Code)
	}
	require.Equal(t, expected != "", len(issues) > 0)
	named := slices.DeleteFunc(slices.Clone(plan.Budgets), func(b world.PlanBudget) bool { return b.Lacks("support_category_text") })
	budgets := tree.Budgets()
	require.GreaterOrEqual(t, len(budgets)+len(plan.Budgets)-len(named), 21, "all categories are listed, and what nothing identifies is left out (R6)")
	require.Len(t, budgets, len(named)+len(plan.Unfunded()))
	for i := range named {
		require.GreaterOrEqual(t, find(t, &budgets, &named[i], today), 0)
	}
	for _, unfunded := range budgets {
		require.True(t, unfunded.Approved.Valid)
		require.True(t, unfunded.Approved.Decimal.IsZero(), "0.00 is an amount")
	}
	settled := care.ChoosePlan(plansOf(t, reader, p), care.Date{}, date(today.String())).Settle(tree)
	require.Equal(t, expectations[p.Key].choiceReason, settled.Refusal)
	if settled.Refusal == "" {
		require.Equal(t, plan.Start.String(), settled.Plan.StartDate.String(), "the tree belongs to the plan that covers today (R23)")
	}
}

func plansOf(t *testing.T, reader *ndia.Reader, p *world.Participant) []care.ParticipantPlan {
	t.Helper()
	read, err := reader.Plans(t.Context(), held(p))
	require.NoError(t, err)
	return read.Records
}

// find takes the budget that was read for one of the world's out of a list, and gives its place.
func find(t *testing.T, budgets *[]care.ReportedBudget, want *world.PlanBudget, today world.Date) int {
	t.Helper()
	for i, got := range *budgets {
		if got.Category == want.Name && equals(got.Approved, want.Approved, want.Lacks("approved_amount")) &&
			equals(got.Released, want.Released(today), want.Lacks("released_amount")) && equals(got.Spent, want.Spent, want.Lacks("spent_amount")) &&
			equals(got.Remaining, want.Remaining(today), want.Lacks("remaining_amount")) && samePlace(got, want) && sameParts(got, want) {
			*budgets = append((*budgets)[:i:i], (*budgets)[i+1:]...)
			return i
		}
	}
	require.Fail(t, "no budget was read", "%+v", want)
	return -1
}

func equals(got decimal.NullDecimal, want decimal.Decimal, absent bool) bool {
	if absent {
		return !got.Valid
	}
	return got.Valid && got.Decimal.Equal(want.Round(2))
}

// samePlace compares budget type and management, which the component says where they are left out.
func samePlace(got care.ReportedBudget, want *world.PlanBudget) bool {
	budgetType, management := strings.ToLower(want.Type), strings.ToLower(want.Management)
	if want.Lacks("budget_type") && (want.Lacks("funding_component_name") || !strings.Contains(want.Component, want.Type)) {
		budgetType = "unknown"
	}
	if want.Lacks("fund_management_type") {
		management = "unknown"
		if at := strings.Index(want.Component, "("); at >= 0 && !want.Lacks("funding_component_name") {
			management = strings.ToLower(strings.Trim(want.Component[at:], "()"))
		}
	}
	return string(got.BudgetType) == budgetType && string(got.Management) == management && got.SupportType == want.SupportType
}

func sameParts(got care.ReportedBudget, want *world.PlanBudget) bool {
	sameDates := want.Lacks("start_date") || got.StartDate.String() == want.Start.String() && got.EndDate.String() == want.End.String()
	periods := len(got.FundingPeriods) == len(want.Periods) || len(got.FundingPeriods) < 2 && len(want.Periods) < 2
	return sameDates && periods && len(got.StatedItems) == len(want.Items)
}

func compareHistory(t *testing.T, reader *ndia.Reader, p *world.Participant, today world.Date) {
	for i := range p.Plans {
		plan := &p.Plans[i]
		read, err := reader.HistoricalBudget(t.Context(), held(p), date(plan.Start.String()))
		require.NoError(t, err)
		require.Empty(t, read.Issues)
		require.Len(t, read.Records, len(p.EndedPlans(plan.Start, today)))
		if len(read.Records) == 0 {
			continue
		}
		tree, refusal := care.ChooseHistory(care.ParticipantPlan{StartDate: date(plan.Start.String()), EndDate: date(plan.End.String())}, read.Records)
		require.Empty(t, refusal)
		require.Len(t, tree.Budgets(), len(plan.Budgets))
		total := decimal.Zero
		for i := range plan.Budgets {
			total = total.Add(plan.Budgets[i].Approved)
		}
		require.Equal(t, total.StringFixed(2), tree.TotalFunding().Decimal.StringFixed(2))
	}
}

func TestMovesOfTheWorldAreRead(t *testing.T) {
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS}, "banksia")
	reader := gov.reader()
	tree := func(key string) care.BudgetTree {
		read, _, err := reader.Budget(t.Context(), held(gov.participant(t, key)))
		require.NoError(t, err)
		return read
	}
	move := func(key string, move world.PlanMove) {
		t.Helper()
		require.NoError(t, gov.World.MoveParticipant(key, move))
	}
	before := tree("changed-manager")
	move("changed-manager", world.PlanMove{Name: world.Spend, Category: "1", Amount: decimal.RequireFromString("10.01")})
	after := tree("changed-manager")
	require.Equal(t, "10.01", after.Spent.Decimal.Sub(before.Spent.Decimal).String())

	move("changed-manager", world.PlanMove{Name: world.ClearSpent})
	require.True(t, tree("changed-manager").Spent.Decimal.IsZero())
	move("changed-manager", world.PlanMove{Name: world.Refund, Category: "14"})
	require.True(t, tree("changed-manager").Spent.Decimal.IsNegative())

	move("changed-manager", world.PlanMove{Name: world.RemoveCategory, Category: "Relationships"})
	removed := tree("changed-manager")
	require.Len(t, removed.Budgets(), 20)

	short := tree("extended-later")
	move("extended-later", world.PlanMove{Name: world.Extend, Months: 6})
	long := tree("extended-later")
	require.True(t, long.Dates().EndDate.After(short.Dates().EndDate))

	move("reassessed-later", world.PlanMove{Name: world.Reassess})
	reassessed := tree("reassessed-later")
	require.Equal(t, gov.World.Today().String(), reassessed.Dates().StartDate.String())
	require.True(t, reassessed.Spent.Decimal.IsZero())
	plans := plansOf(t, reader, gov.participant(t, "reassessed-later"))
	require.Len(t, plans, 2)
	require.Equal(t, plans[0].FirstStartDate, plans[1].FirstStartDate, "the first start never changes")

	move("fresh-plan", world.PlanMove{Name: world.LoseEndorsement})
	_, _, err := reader.Budget(t.Context(), held(gov.participant(t, "fresh-plan")))
	require.True(t, ndia.AuthorityMissing(err))
}

func TestAParticipantSharedByTwoOrganisationsIsAnsweredToBoth(t *testing.T) { // R11
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS}, "wattle")
	participant := gov.participant(t, "shared-by-two")
	require.Equal(t, []string{banksia, wattle}, participant.HeldBy)
	_, _, err := gov.reader().Budget(t.Context(), held(participant))
	require.NoError(t, err)
	_, _, err = gov.reader().Budget(t.Context(), held(gov.participant(t, "fresh-plan")))
	require.Equal(t, transport.NotFound, failure(t, err).Kind, "whom only the other organisation was endorsed by")
}

func TestFaultsOfTheSimulatedNDIAAreTheirKinds(t *testing.T) { // R9
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS}, "banksia")
	participant := gov.participant(t, "changed-manager")
	for _, test := range []struct {
		fault faults.Fault
		kind  transport.Kind
	}{
		{faults.Fault{Kind: faults.TooManyRequests, RetryAfter: 7 * time.Second}, transport.RateLimited},
		{faults.Fault{Kind: faults.Unavailable, RetryAfter: 7 * time.Second, RetryAfterDate: true}, transport.Unavailable},
		{faults.Fault{Kind: faults.InternalError}, transport.Unavailable},
		{faults.Fault{Kind: faults.BadGateway}, transport.Unavailable},
		{faults.Fault{Kind: faults.ConnectionReset}, transport.Connection},
		{faults.Fault{Kind: faults.HTML}, transport.Unreadable},
		{faults.Fault{Kind: faults.EmptyBody}, transport.Unreadable},
		{faults.Fault{Kind: faults.TruncatedJSON}, transport.Unreadable},
		{faults.Fault{Kind: faults.HugeBody, Megabytes: 3}, transport.TooLarge},
		{faults.Fault{Kind: faults.Forbidden}, transport.NotAuthorised},
		{faults.Fault{Kind: faults.ConsentWithdrawn}, transport.NotAuthorised},
		{faults.Fault{Kind: faults.EntryMissing}, transport.NotFound},
	} {
		t.Run(string(test.fault.Kind), func(t *testing.T) {
			test.fault.Operation = "ndia-*"
			test.fault.CareRecipientID = participant.NDISNumber
			require.NoError(t, gov.Faults.Set(test.fault))
			for name, read := range map[string]func(context.Context, *ndia.Reader) error{
				"determine": func(ctx context.Context, r *ndia.Reader) error {
					_, _, err := r.DeterminePlan(ctx, held(participant))
					return err
				},
				"plans": func(ctx context.Context, r *ndia.Reader) error {
					_, err := r.Plans(ctx, held(participant))
					return err
				},
				"budget": func(ctx context.Context, r *ndia.Reader) error {
					_, _, err := r.Budget(ctx, held(participant))
					return err
				},
				"historical": func(ctx context.Context, r *ndia.Reader) error {
					_, err := r.HistoricalBudget(ctx, held(participant), date("2025-05-05"))
					return err
				},
			} {
				failed := failure(t, read(t.Context(), gov.reader()))
				require.Equal(t, test.kind, failed.Kind, name)
				require.Equal(t, test.kind == transport.NotAuthorised, ndia.AuthorityMissing(failed))
				if test.fault.RetryAfter > 0 {
					require.InDelta(t, 7*time.Second, failed.RetryAfter, float64(time.Second))
				}
				require.NotContains(t, failed.Error(), participant.NDISNumber)
			}
			_, _, err := gov.reader().DeterminePlan(t.Context(), held(gov.participant(t, "fresh-plan")))
			require.NoError(t, err, "another participant is not met")
		})
	}
}

func TestAnExhaustedHourOfBudgetCallsIsARateLimit(t *testing.T) {
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS}, "banksia", server.WithNDIA(simulated.Settings{BudgetCallsPerHour: 2}))
	participant := held(gov.participant(t, "changed-manager"))
	client, _ := gov.process()
	allowances := ndia.Allowances{Calls: &allowance{}, Budgets: &allowance{}}
	reader := client.For(gov.connection, care.ID(uuid.NewString()), allowances)
	for range 2 {
		_, _, err := reader.Budget(t.Context(), participant)
		require.NoError(t, err)
	}
	_, err := reader.HistoricalBudget(t.Context(), participant, date("2025-05-05"))
	require.Equal(t, transport.RateLimited, failure(t, err).Kind)
	require.Len(t, allowances.Budgets.(*allowance).pushed, 1)
	_, _, err = reader.DeterminePlan(t.Context(), participant)
	require.NoError(t, err, "other calls continue")
}

func TestARevokedTokenIsReplacedOnceForEveryone(t *testing.T) {
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS}, "banksia")
	participant := held(gov.participant(t, "fresh-plan"))
	readers := []*ndia.Reader{gov.reader(), gov.reader(), gov.reader()} // processes
	everyone := func() {
		var done sync.WaitGroup
		for _, reader := range readers {
			for range 10 {
				done.Go(func() {
					_, _, err := reader.DeterminePlan(t.Context(), participant)
					require.NoError(t, err)
				})
			}
		}
		done.Wait()
	}
	everyone()
	require.NoError(t, gov.Faults.Set(faults.Fault{Kind: faults.Unauthorised, Operation: simulated.OperationDeterminePlan, Count: 1}))
	everyone()
	require.Equal(t, map[int]int{200: 2}, gov.Counts()[simulatedproda.OperationToken].Statuses, "PRODA did not have to throttle")

	require.NoError(t, gov.Faults.Set(faults.Fault{Kind: faults.Unauthorised, Operation: simulated.OperationSubscribe}))
	err := readers[0].Subscribe(t.Context(), ndia.EventBudgetUpdated)
	require.Equal(t, transport.NotAuthorised, failure(t, err).Kind, "a second 401 is an authorisation error")
	require.False(t, ndia.AuthorityMissing(err), "which is not about a participant")
}

func TestSubscribedEventsArrive(t *testing.T) {
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS}, "banksia")
	type arrival struct {
		EventID  string          `json:"event_id"`
		Response json.RawMessage `json:"response"`
	}
	arrived := make(chan arrival, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var one arrival
		if r.Header.Get(webhook.DefaultSecretHeader) != "shared" || json.NewDecoder(r.Body).Decode(&one) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		arrived <- one
	}))
	t.Cleanup(receiver.Close)
	require.NoError(t, gov.NDIA.Webhooks.SetWebhooks(webhook.Webhook{Organisation: banksia, URL: receiver.URL, Secret: "shared"}))
	for _, event := range ndia.Events {
		require.NoError(t, gov.reader().Subscribe(t.Context(), event))
	}
	err := gov.reader().Subscribe(t.Context(), ndia.EventRelationshipEndedToo)
	require.Equal(t, transport.Refused, failure(t, err).Kind)
	require.Equal(t, "V07", failure(t, err).Code)

	require.NoError(t, gov.World.MoveParticipant("changed-manager", world.PlanMove{Name: world.Spend}))
	one := <-arrived
	require.Equal(t, ndia.EventBudgetUpdated, one.EventID)
	require.Contains(t, string(one.Response), `"participant":"430200102"`)
	require.NotContains(t, string(one.Response), "mount")
}

func TestAConnectionTestAgainstTheSimulatedNDIA(t *testing.T) {
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS}, "banksia")
	client, _ := gov.process()
	found := client.Check(t.Context(), gov.connection, unlimited())
	require.NoError(t, found.Err)
	require.Len(t, found.Steps, 2)
	require.Empty(t, found.Warnings)
	require.Equal(t, map[int]int{404: 1}, gov.Counts()[simulated.OperationDeterminePlan].Statuses)

	for _, test := range []struct {
		name   string
		change func(*care.Connection)
		kind   transport.Kind
	}{
		{"wrong API key", func(c *care.Connection) { c.APIKey = "x" }, transport.Refused},
		{"wrong address", func(c *care.Connection) { c.BaseURL = strings.Replace(c.BaseURL, "/ndia", "/elsewhere", 1) }, transport.Refused},
		{"wrong address on the right host", func(c *care.Connection) { c.BaseURL += "/elsewhere" }, transport.Refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := gov.process()
			connection := gov.connection
			test.change(&connection)
			found := client.Check(t.Context(), connection, unlimited())
			require.Len(t, found.Steps, 2)
			require.True(t, found.Steps[0].OK, "the shared login still holds")
			require.Equal(t, test.kind, failure(t, found.Err).Kind)
		})
	}
	t.Run("a token for another service", func(t *testing.T) {
		client, _ := gov.process()
		connection := gov.connection
		connection.Audience = server.ServicesAustraliaAudience
		found := client.Check(t.Context(), connection, unlimited())
		require.Error(t, found.Err, "the NDIA wants a token of its own")
	})
	t.Run("another gateway's values", func(t *testing.T) {
		other := startGovernment(t, world.Options{}, "banksia", server.WithNDIA(simulated.Settings{Settings: gateway.Settings{ClientID: "other", Audience: "https://other.example"}}))
		client, _ := other.process()
		require.NoError(t, client.Check(t.Context(), other.connection, unlimited()).Err)
	})
}
