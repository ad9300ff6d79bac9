package servicesaustralia_test

import (
	"context"
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
	simulatedproda "github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/server"
	simulated "github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// government is the simulated one, with a connection whose device is activated.
type government struct {
	*server.Simulator
	connection care.Connection
	store      *prodatest.Store
}

func startGovernment(t *testing.T, options world.Options) government {
	t.Helper()
	simulator, err := server.New(options)
	require.NoError(t, err)
	running := httptest.NewServer(simulator)
	t.Cleanup(func() {
		require.NoError(t, simulator.Close())
		running.Close()
	})
	known, err := simulator.Connection(running.URL, "banksia")
	require.NoError(t, err)
	gov := government{Simulator: simulator, store: &prodatest.Store{}, connection: care.Connection{
		ID: care.ID(uuid.NewString()), Service: care.ServicesAustralia, BaseURL: known.ServicesAustraliaBaseURL,
		TokenBaseURL: known.TokenBaseURL, DeviceBaseURL: known.DeviceBaseURL, RANumber: known.RANumber, DeviceName: known.DeviceName,
		ClientID: known.ClientID, APIKey: known.IBMClientID, Audience: known.ServicesAustraliaAudience, ProductID: known.ProductID,
		ServiceProviderID: known.ServiceProviderID, ConsentCode: "CONSENT",
	}}
	_, devices := gov.process()
	require.NoError(t, devices.Activate(t.Context(), gov.connection, known.ActivationCode))
	return gov
}

// process is another worker process that shares the store.
func (g government) process() (func(servicesaustralia.Options) *servicesaustralia.Client, *proda.Devices) {
	calls := transport.NewClient(transport.Options{Timeout: 5 * time.Second, MaxBody: 1 << 20})
	login := proda.NewClient(calls, proda.Options{})
	tokens := proda.NewTokens(login, g.store, g.store)
	client := func(options servicesaustralia.Options) *servicesaustralia.Client {
		return servicesaustralia.NewClient(calls, tokens, options)
	}
	return client, proda.NewDevices(login, tokens, g.store)
}

func (g government) reader(options servicesaustralia.Options) *servicesaustralia.Reader {
	client, _ := g.process()
	return client(options).For(g.connection, care.ID(uuid.NewString()), unlimited{})
}

// ours returns the people of the connection's provider, as the government knows them.
func (g government) ours() []*world.Person { return g.World.OfProvider(g.connection.ServiceProviderID) }

func TestTheSimulatedGovernmentIsReadToTheCent(t *testing.T) {
	gov := startGovernment(t, world.Options{Scenarios: scenarios.FS, People: 20, Seed: 7})
	reader := gov.reader(servicesaustralia.Options{})
	people := gov.ours()
	require.Greater(t, len(people), 20)
	for _, person := range people {
		t.Run(person.Key, func(t *testing.T) {
			compareSummary(t, reader, person)
			compareContributions(t, reader, person)
			compareBudgets(t, reader, person)
		})
	}
}

func compareSummary(t *testing.T, reader *servicesaustralia.Reader, person *world.Person) {
	read, err := reader.Summary(t.Context(), person.CareRecipientID)
	if person.Delisted {
		require.Equal(t, transport.NotFound, failure(t, err).Kind)
		return
	}
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	got := read.Records[0]
	require.Equal(t, care.Identity{
		CareRecipientID: person.CareRecipientID, GivenName: person.Upstream.GivenName, FamilyName: person.Upstream.FamilyName,
		BirthDate: date(person.Upstream.BirthDate.String()),
	}, got.Identity)
	require.Len(t, got.Classifications, len(person.Classifications))
	for i, want := range person.Classifications {
		require.Equal(t, care.Classification{
			Code: want.Code, Name: want.Name, FundingSource: want.FundingSource, StartDate: dateOrNone(want.Start), EndDate: dateOrNone(want.End),
		}, got.Classifications[i])
	}
	require.Len(t, got.ApprovedServices, len(person.ApprovedServices))
	require.Len(t, got.Supplements, len(person.Supplements))
}

func dateOrNone(d world.Date) care.Date {
	if d == world.NoDate {
		return care.Date{}
	}
	return date(d.String())
}

func compareContributions(t *testing.T, reader *servicesaustralia.Reader, person *world.Person) {
	read, err := reader.Contributions(t.Context(), person.CareRecipientID)
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	require.Len(t, read.Records, len(person.Contributions))
	for i, want := range person.Contributions {
		require.Equal(t, want.Category, read.Records[i].Category)
		require.Equal(t, want.Percentage.Valid, read.Records[i].Percentage.Valid)
		require.True(t, want.Percentage.Decimal.Equal(read.Records[i].Percentage.Decimal))
	}
}

func compareBudgets(t *testing.T, reader *servicesaustralia.Reader, person *world.Person) {
	read, err := reader.Budgets(t.Context(), person.CareRecipientID)
	if person.Consent == world.ConsentRefused {
		require.Equal(t, transport.ConsentRefused, failure(t, err).Kind)
		return
	}
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	for _, got := range read.Records {
		at := slices.IndexFunc(person.Budgets, func(b world.Budget) bool { return b.ID == got.UpstreamBudgetID })
		require.GreaterOrEqual(t, at, 0)
		want := &person.Budgets[at]
		equalMoney(t, want.Total(), got.Total)
		equalMoney(t, want.AmountUsed().Neg(), got.Used)
		equalMoney(t, want.WriteOff.Neg(), got.WriteOff)
		equalMoney(t, want.Available(), got.Available)
		require.True(t, got.AddsUp(), "signs are turned (R4)")
		compareDetails(t, reader, person, want)
	}
}

func compareDetails(t *testing.T, reader *servicesaustralia.Reader, person *world.Person, want *world.Budget) {
	details, issues, err := reader.BudgetDetails(t.Context(), want.ID)
	if person.Consent == world.DetailsRefused {
		require.Equal(t, transport.ConsentRefused, failure(t, err).Kind)
		return
	}
	require.NoError(t, err)
	require.Empty(t, issues)
	require.Len(t, details.Entitlements, len(want.Entitlements))
	require.Len(t, details.Usage, len(want.Usage))
	for i, line := range want.Usage {
		require.Equal(t, line.InvoiceID+"/"+line.ItemID, details.Usage[i].UpstreamInvoiceID+"/"+details.Usage[i].UpstreamItemID)
		equalMoney(t, line.Amount.Neg(), details.Usage[i].Amount)
	}
}

func equalMoney(t *testing.T, want decimal.Decimal, got decimal.NullDecimal) {
	t.Helper()
	require.True(t, got.Valid)
	require.Equal(t, want.StringFixed(2), got.Decimal.StringFixed(2))
}

func TestProviderWideListsOfTheSimulatedGovernmentAreComplete(t *testing.T) {
	gov := startGovernment(t, world.Options{People: 150, Seed: 3})
	summaries, budgets, contributions := map[string]int{}, 0, map[string]int{}
	for _, person := range gov.ours() {
		summaries[person.CareRecipientID] = 1
		for _, at := range person.VisibleBudgets() {
			if person.Budgets[at].ServiceProviderID == gov.connection.ServiceProviderID {
				budgets++
			}
		}
		contributions[person.CareRecipientID] = len(person.Contributions)
	}
	require.Greater(t, len(summaries), 30)
	for name, shuffled := range map[string][]faults.Fault{"still": nil, "moving": {{Kind: faults.ShuffledPages, Rows: 3}}} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, gov.Faults.Set(shuffled...))
			reader := gov.reader(servicesaustralia.Options{PageSize: 10})
			read, err := reader.Summaries(t.Context(), servicesaustralia.UpdatedWindow{})
			require.NoError(t, err)
			got := map[string]int{}
			for _, one := range read.Records {
				got[one.CareRecipientID]++
			}
			require.Equal(t, summaries, got)

			theirs, err := reader.BudgetSummary(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
			require.NoError(t, err)
			require.Len(t, theirs.Records, budgets)
			require.NotEmpty(t, theirs.Records[0].CareRecipientID)

			people, err := reader.ContributionsOfProvider(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
			require.NoError(t, err)
			for _, one := range people.Records {
				require.Len(t, one.Contributions, contributions[one.CareRecipientID])
			}
			require.Len(t, people.Records, countPositive(contributions))

			pool, err := reader.BudgetsHeldByProvider(t.Context())
			require.NoError(t, err)
			require.Len(t, pool.Records, len(gov.World.PoolBudgets(gov.connection.ServiceProviderID)))
			require.NotEmpty(t, pool.Records)
		})
	}
}

func countPositive(numbers map[string]int) (count int) {
	for _, number := range numbers {
		if number > 0 {
			count++
		}
	}
	return count
}

func TestFaultsOfTheSimulatedGovernmentAreTheirKinds(t *testing.T) { // R9
	gov := startGovernment(t, world.Options{People: 30, Seed: 5})
	person := gov.ours()[0].CareRecipientID
	onSummary, onBudgets := simulated.OperationSummary, simulated.OperationBudgetsOfRecipient
	summary := func(ctx context.Context, r *servicesaustralia.Reader) error {
		_, err := r.Summary(ctx, person)
		return err
	}
	budgets := func(ctx context.Context, r *servicesaustralia.Reader) error {
		_, err := r.Budgets(ctx, person)
		return err
	}
	for _, test := range []struct {
		fault faults.Fault
		read  func(context.Context, *servicesaustralia.Reader) error
		kind  transport.Kind
	}{
		{faults.Fault{Kind: faults.TooManyRequests, Operation: onSummary, RetryAfter: 7 * time.Second}, summary, transport.RateLimited},
		{faults.Fault{Kind: faults.Unavailable, Operation: onSummary, RetryAfter: 7 * time.Second, RetryAfterDate: true}, summary, transport.Unavailable},
		{faults.Fault{Kind: faults.InternalError, Operation: onSummary}, summary, transport.Unavailable},
		{faults.Fault{Kind: faults.BadGateway, Operation: onSummary}, summary, transport.Unavailable},
		{faults.Fault{Kind: faults.ConnectionReset, Operation: onSummary}, summary, transport.Connection},
		{faults.Fault{Kind: faults.HTML, Operation: onSummary}, summary, transport.Unreadable},
		{faults.Fault{Kind: faults.EmptyBody, Operation: onSummary}, summary, transport.Unreadable},
		{faults.Fault{Kind: faults.TruncatedJSON, Operation: onSummary}, summary, transport.Unreadable},
		{faults.Fault{Kind: faults.HugeBody, Operation: onSummary, Megabytes: 3}, summary, transport.TooLarge},
		{faults.Fault{Kind: faults.Forbidden, Operation: onSummary}, summary, transport.NotAuthorised},
		{faults.Fault{Kind: faults.ConsentWithdrawn, Operation: onBudgets}, budgets, transport.ConsentRefused},
		{faults.Fault{Kind: faults.StrangersID, Operation: onBudgets}, budgets, transport.IdentityMismatch},
	} {
		t.Run(string(test.fault.Kind), func(t *testing.T) {
			require.NoError(t, gov.Faults.Set(test.fault))
			failed := failure(t, test.read(t.Context(), gov.reader(servicesaustralia.Options{})))
			require.Equal(t, test.kind, failed.Kind)
			if test.fault.RetryAfter > 0 {
				require.InDelta(t, 7*time.Second, failed.RetryAfter, float64(time.Second))
			}
			require.NotContains(t, failed.Error(), person)
		})
	}
	require.NoError(t, gov.Faults.Set(faults.Fault{Kind: faults.EntryMissing, Operation: onBudgets}))
	require.NoError(t, budgets(t.Context(), gov.reader(servicesaustralia.Options{})), "no registered entry: no budgets, and no error")
}

func TestARevokedTokenIsReplacedOnceForEveryone(t *testing.T) {
	gov := startGovernment(t, world.Options{People: 30, Seed: 5})
	person := gov.ours()[0].CareRecipientID
	var readers []*servicesaustralia.Reader
	for range 3 { // processes
		readers = append(readers, gov.reader(servicesaustralia.Options{}))
	}
	everyone := func() {
		var done sync.WaitGroup
		for _, reader := range readers {
			for range 50 {
				done.Go(func() {
					_, err := reader.Summary(t.Context(), person)
					require.NoError(t, err)
				})
			}
		}
		done.Wait()
	}
	everyone()
	require.Equal(t, 1, gov.Counts()[simulatedproda.OperationToken].Calls)
	require.NoError(t, gov.Faults.Set(faults.Fault{Kind: faults.Unauthorised, Operation: simulated.OperationSummary, Count: 1}))
	everyone()
	require.Equal(t, 2, gov.Counts()[simulatedproda.OperationToken].Calls)
	require.Equal(t, map[int]int{200: 2}, gov.Counts()[simulatedproda.OperationToken].Statuses, "PRODA did not have to throttle")
}

func TestAConnectionTestAgainstTheSimulatedGovernment(t *testing.T) {
	gov := startGovernment(t, world.Options{People: 30, Seed: 5})
	login, reading := 1, 2
	t.Run("all well", func(t *testing.T) {
		client, _ := gov.process()
		found := client(servicesaustralia.Options{}).Check(t.Context(), gov.connection, unlimited{})
		require.NoError(t, found.Err)
		require.Len(t, found.Steps, reading)
		require.Empty(t, found.Warnings)
	})
	for _, test := range []struct {
		name   string
		change func(*care.Connection)
		kind   transport.Kind
	}{
		{"wrong API key", func(c *care.Connection) { c.APIKey = "x" }, transport.Refused},
		{"other provider", func(c *care.Connection) { c.ServiceProviderID = "4999999999" }, transport.NotAuthorised},
		{"wrong address", func(c *care.Connection) { c.BaseURL = strings.Replace(c.BaseURL, "/claiming", "/elsewhere", 1) }, transport.Refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := gov.process()
			connection := gov.connection
			test.change(&connection)
			found := client(servicesaustralia.Options{}).Check(t.Context(), connection, unlimited{})
			require.Len(t, found.Steps, reading)
			require.True(t, found.Steps[0].OK, "the shared login still holds")
			require.Equal(t, test.kind, failure(t, found.Err).Kind)
		})
	}
	for _, test := range []struct {
		name   string
		change func(*care.Connection)
		fault  []faults.Fault
		kind   transport.Kind
	}{
		{"wrong RA number", func(c *care.Connection) { c.RANumber = "1" }, nil, transport.LoginRefused},
		{"wrong device", func(c *care.Connection) { c.DeviceName = "NOBODY" }, nil, transport.LoginRefused},
		{"wrong client id", func(c *care.Connection) { c.ClientID = "x" }, nil, transport.LoginRefused},
		{"wrong audience", func(c *care.Connection) { c.Audience = "x" }, nil, transport.LoginRefused},
		{"expired device", nil, []faults.Fault{{Kind: faults.ExpiredDevice}}, transport.LoginRefused},
		{"PRODA is away", nil, []faults.Fault{{Kind: faults.Unavailable}}, transport.LoginUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.NoError(t, gov.Faults.Set(test.fault...))
			elsewhere := gov
			elsewhere.store = &prodatest.Store{} // without a token that is still good
			key, err := gov.store.PrivateKey(t.Context(), gov.connection.ID)
			require.NoError(t, err)
			elsewhere.store.SetPrivateKey(gov.connection.ID, key)
			if test.change != nil {
				test.change(&elsewhere.connection)
			}
			client, _ := elsewhere.process()
			found := client(servicesaustralia.Options{}).Check(t.Context(), elsewhere.connection, unlimited{})
			require.Len(t, found.Steps, login)
			require.Equal(t, test.kind, failure(t, found.Err).Kind)
			require.NotEmpty(t, found.Steps[0].Says)
		})
	}
}

func TestAKeyIsRenewedAtTheSimulatedPRODA(t *testing.T) {
	gov := startGovernment(t, world.Options{People: 30, Seed: 5})
	_, devices := gov.process()
	err := devices.RenewKey(t.Context(), gov.connection)
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind, "PRODA throttles a renewal before half the key's life")
	require.Equal(t, 5*time.Second, failure(t, err).RetryAfter)

	require.NoError(t, gov.PRODA.Change(gov.connection.RANumber, gov.connection.DeviceName, func(device *simulatedproda.Device) {
		device.KeyIssued = device.KeyIssued.AddDate(0, 0, -170)
		device.KeyExpiry = device.KeyExpiry.AddDate(0, 0, -170)
	}))
	before, err := gov.store.PendingKey(t.Context(), gov.connection.ID)
	require.NoError(t, err)
	require.NoError(t, devices.RenewKey(t.Context(), gov.connection))
	key, err := gov.store.PrivateKey(t.Context(), gov.connection.ID)
	require.NoError(t, err)
	require.True(t, key.Equal(before), "the interrupted renewal was taken up with its key")
}
