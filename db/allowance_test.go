package db_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// shares are the allowances of several processes, and a connection that they have in common.
func shares(t *testing.T, rate, processes int) (shares []*db.Allowances, connection care.Connection, sql testkit.SQL) {
	t.Helper()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	connection = stored.Connection("4000012345")
	connection.RatePerSecond = rate
	connection, err := store.CreateConnection(t.Context(), stored.Organisation(t, store, "wattle").ID, connection)
	require.NoError(t, err)
	for range processes {
		shares = append(shares, testkit.Store(t, address).NewAllowances())
	}
	return shares, connection, testkit.OpenSQL(t, address)
}

// callers are the allowances of one connection as several processes have them.
func callers(t *testing.T, rate, processes int) (allowances []*db.Allowance, sql testkit.SQL) {
	t.Helper()
	shares, connection, sql := shares(t, rate, processes)
	for _, share := range shares {
		allowances = append(allowances, share.For(connection))
	}
	return allowances, sql
}

// budgetCallers are the allowances of one connection's budget calls as several processes have them.
func budgetCallers(t *testing.T, perHour, processes int) (allowances []*db.Allowance, sql testkit.SQL) {
	t.Helper()
	shares, connection, sql := shares(t, 10, processes)
	for _, share := range shares {
		allowances = append(allowances, share.PerHour(connection, "budgets", perHour))
	}
	return allowances, sql
}

// Two processes together keep to the rate: at no time have more calls been made than it allows, plus one booking.
func TestProcessesTogetherKeepToTheRate(t *testing.T) {
	const rate, booking, calls = 200, 200 / 4, 200
	allowances, _ := callers(t, rate, 2)
	began := time.Now()
	var mu sync.Mutex
	var at []time.Duration
	var group sync.WaitGroup
	for _, allowance := range allowances {
		for range 4 {
			group.Go(func() {
				for range calls / 8 {
					if err := allowance.Take(t.Context()); err != nil {
						t.Error(err)
					}
					mu.Lock()
					at = append(at, time.Since(began))
					mu.Unlock()
				}
			})
		}
	}
	group.Wait()
	require.Len(t, at, calls)
	for i, elapsed := range at {
		require.LessOrEqual(t, float64(i+1), rate*elapsed.Seconds()+booking, "call %d after %s", i+1, elapsed)
	}
	require.Less(t, at[calls-1], time.Minute, "and the rate is used")
}

// A connection that is left alone for a while does not save up calls.
func TestUnusedAllowanceIsNotSavedUp(t *testing.T) {
	allowances, sql := callers(t, 1, 1)
	require.NoError(t, allowances[0].Take(t.Context()))
	sql.Exec(t, "UPDATE upstream_allowance SET theoretical_arrival = now() - interval '1 hour'")
	require.NoError(t, allowances[0].Take(t.Context()))
	require.Greater(t, testkit.Value[float64](t, sql, "SELECT extract(epoch FROM theoretical_arrival - now())::float8 FROM upstream_allowance"), 0.0)
}

// The service's wish to be left alone holds for every process, and the longer of two wishes stands.
func TestPushBackHoldsForAllProcesses(t *testing.T) {
	allowances, sql := callers(t, 1, 2)
	require.NoError(t, allowances[0].Take(t.Context()))
	require.NoError(t, allowances[0].PushBack(t.Context(), time.Minute))
	require.NoError(t, allowances[1].PushBack(t.Context(), time.Second))
	require.Greater(t, testkit.Value[float64](t, sql, "SELECT extract(epoch FROM theoretical_arrival - now())::float8 FROM upstream_allowance"), 30.0)
	for _, allowance := range allowances {
		require.ErrorIs(t, allowance.Take(t.Context()), db.ErrNoAllowance)
	}
}

// A first push back needs no call before it, and another rate holds from the next booking on.
func TestAllowanceFollowsTheConnection(t *testing.T) {
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	sql := testkit.OpenSQL(t, address)
	connection, err := store.CreateConnection(t.Context(), stored.Organisation(t, store, "wattle").ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	allowances := store.NewAllowances()
	booked := func() float64 {
		return testkit.Value[float64](t, sql, "SELECT extract(epoch FROM theoretical_arrival - now())::float8 FROM upstream_allowance")
	}
	connection.RatePerSecond = 1
	require.NoError(t, allowances.For(connection).PushBack(t.Context(), 0))
	require.NoError(t, allowances.For(connection).Take(t.Context()))
	require.InDelta(t, 0.62, booked(), 0.4, "one call at one a second, less the time since")
	sql.Exec(t, "DELETE FROM upstream_allowance")
	connection.RatePerSecond = 10
	require.NoError(t, allowances.For(connection).Take(t.Context()))
	require.LessOrEqual(t, booked(), 0.21, "two calls at ten a second")
}

// Who would have to wait long is told so, rather than that something was not found.
func TestAllowanceThatIsUsedUp(t *testing.T) {
	allowances, sql := callers(t, 10, 1)
	require.NoError(t, allowances[0].PushBack(t.Context(), 2*time.Hour))
	before := testkit.Value[time.Time](t, sql, "SELECT theoretical_arrival FROM upstream_allowance")
	err := allowances[0].Take(t.Context())
	require.ErrorIs(t, err, db.ErrNoAllowance)
	require.NotErrorIs(t, err, db.ErrNotFound)
	require.Equal(t, before, testkit.Value[time.Time](t, sql, "SELECT theoretical_arrival FROM upstream_allowance"), "nothing was booked")
}

// PostgreSQL's clock goes wrong by an hour and a half and is put right again: calls are not held back for longer than before, and what the
// service asked for still holds.
func TestTheDatabasesClockIsPutBack(t *testing.T) {
	address, move := testkit.MovableClock(t, testkit.DatabaseURL(t))
	store := testkit.Store(t, address)
	connection, err := store.CreateConnection(t.Context(), stored.Organisation(t, store, "wattle").ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	calls, budgets := store.NewAllowances().For(connection), store.NewAllowances().PerHour(connection, "budgets", 40)
	takes := func(allowance *db.Allowance) {
		t.Helper()
		require.Eventually(t, func() bool {
			err := allowance.Take(t.Context())
			if err != nil {
				require.ErrorIs(t, err, db.ErrNoAllowance)
			}
			return err == nil
		}, time.Minute, 10*time.Millisecond)
	}
	move(90 * time.Minute)
	takes(calls)
	takes(budgets)
	require.NoError(t, calls.PushBack(t.Context(), 7*time.Second))
	move(0)
	began := time.Now()
	takes(budgets)
	require.ErrorIs(t, store.NewAllowances().For(connection).Take(t.Context()), db.ErrNoAllowance, "the service asked to be left alone")
	takes(calls)
	require.Greater(t, time.Since(began), time.Second)

	move(90 * time.Minute)
	takes(calls)
	require.NoError(t, calls.PushBack(t.Context(), 6*time.Second))
	move(0)
	require.NoError(t, calls.PushBack(t.Context(), 0), "the first that is noted after it does not hide that the clock was wrong")
	takes(calls)
}

// Connections do not draw on each other's allowance.
func TestEachConnectionHasItsOwnAllowance(t *testing.T) {
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	organisation := stored.Organisation(t, store, "wattle")
	allowances := store.NewAllowances()
	var connections []care.Connection
	for _, provider := range []string{"4000012345", "4000012346"} {
		connection, err := store.CreateConnection(t.Context(), organisation.ID, stored.Connection(provider))
		require.NoError(t, err)
		connections = append(connections, connection)
	}
	require.NoError(t, allowances.For(connections[0]).PushBack(t.Context(), time.Minute))
	require.NoError(t, allowances.For(connections[1]).Take(t.Context()))
}

// passes lets time pass for the only allowance that there is.
func passes(t *testing.T, sql testkit.SQL, seconds float64) {
	t.Helper()
	sql.Exec(t, "UPDATE upstream_allowance SET theoretical_arrival = theoretical_arrival - make_interval(secs => $1)", seconds)
}

// takeAll takes from one process after another until there is nothing left, and answers how many calls that were.
func takeAll(t *testing.T, allowances []*db.Allowance) (calls int) {
	t.Helper()
	for {
		err := allowances[calls%len(allowances)].Take(t.Context())
		if err != nil {
			require.ErrorIs(t, err, db.ErrNoAllowance)
			return calls
		}
		calls++
	}
}

// The few budget calls of someone who looks at a participant do not wait for one another, whichever process makes them.
func TestAnHourlyAllowanceLetsABurstThrough(t *testing.T) {
	const perHour, burst = 1000, 250
	allowances, sql := budgetCallers(t, perHour, 2)
	gap := 3600.0 / (perHour - burst + 1)
	began := time.Now()
	for i := range burst {
		require.NoError(t, allowances[i%2].Take(t.Context()))
	}
	require.Less(t, time.Since(began).Seconds(), gap*burst/2, "they did not wait for one another")

	began = time.Now()
	sql.Exec(t, "UPDATE upstream_allowance SET theoretical_arrival = now() + make_interval(secs => $1)", gap*(burst-1)+0.5)
	require.NoError(t, allowances[0].Take(t.Context()))
	require.Greater(t, time.Since(began), 250*time.Millisecond, "the next one waits until its time comes")
}

// Whoever takes whatever there is to be had, all processes together never make more calls in an hour than it has, and get them all.
func TestNoHourHasMoreCallsThanItsAllowance(t *testing.T) {
	for _, test := range []struct{ perHour, burst int }{{1, 1}, {2, 1}, {40, 10}, {100, 25}} {
		t.Run(strconv.Itoa(test.perHour), func(t *testing.T) {
			allowances, sql := budgetCallers(t, test.perHour, 2)
			gaps := test.perHour - test.burst + 1
			hour := func() (calls []int) {
				for range gaps {
					calls = append(calls, takeAll(t, allowances))
					passes(t, sql, 3600/float64(gaps))
				}
				return calls
			}
			first := hour()
			require.Equal(t, test.burst, first[0], "what may be made at once")
			require.Equal(t, test.perHour, total(first))
			require.Equal(t, gaps, total(hour()), "an hour after a busy one has no burst")
			passes(t, sql, 24*3600)
			require.Equal(t, test.perHour, total(hour()), "a quiet day saves up no more than the burst")
		})
	}
}

func total(calls []int) (sum int) {
	for _, one := range calls {
		sum += one
	}
	return sum
}

// Four people who press at once do not wait for the hour as long as it is far from used, nor beside a bulk run, which is spread over it.
func TestPeopleDoNotWaitForAnHourThatIsFarFromUsed(t *testing.T) {
	const perHour = 1000
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	connection, err := store.CreateConnection(t.Context(), stored.Organisation(t, store, "wattle").ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	people, bulk := store.NewAllowances().PerHour(connection, "budgets", perHour), store.NewBulkAllowances().PerHour(connection, "budgets", perHour)
	for range perHour / 20 {
		require.NoError(t, bulk.Take(t.Context()))
	}
	began := time.Now()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 45 {
				if err := people.Take(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	require.Less(t, time.Since(began), 3600*time.Second/perHour, "no one waited for a call that others made")

	require.NoError(t, bulk.PushBack(t.Context(), 10*time.Minute))
	require.ErrorIs(t, people.Take(t.Context()), db.ErrNoAllowance, "an exhausted hour holds for people, too, whoever was told")
}

// An exhausted hour holds for every process and for as long as the service said, although there was a burst left; after it the calls
// come one by one.
func TestPushBackOfAnHourlyAllowance(t *testing.T) {
	allowances, sql := budgetCallers(t, 100, 2)
	require.NoError(t, allowances[0].Take(t.Context()))
	require.NoError(t, allowances[0].PushBack(t.Context(), 10*time.Minute))
	require.Zero(t, takeAll(t, allowances))
	passes(t, sql, 570)
	require.Zero(t, takeAll(t, allowances), "half a minute before the time")
	passes(t, sql, 30)
	require.Equal(t, 1, takeAll(t, allowances))
}

// A connection's allowances are drawn on and pushed back separately, and an hourly one follows its figure.
func TestAConnectionsAllowancesAreSeparate(t *testing.T) {
	shares, connection, sql := shares(t, 10, 1)
	calls, budgets := shares[0].For(connection), shares[0].PerHour(connection, "budgets", 40)
	require.Equal(t, 10, takeAll(t, []*db.Allowance{budgets}))
	require.NoError(t, calls.Take(t.Context()), "the hour's are used up, the second's are not")
	require.ElementsMatch(t, []string{"budgets", "calls"}, testkit.Column[string](t, sql, "SELECT name FROM upstream_allowance"))

	require.NoError(t, calls.PushBack(t.Context(), time.Hour))
	require.NoError(t, shares[0].PerHour(connection, "others", 40).Take(t.Context()), "another sort has its own hour")
	require.ErrorIs(t, budgets.Take(t.Context()), db.ErrNoAllowance)
	require.Same(t, budgets, shares[0].PerHour(connection, "budgets", 1000))
	require.NoError(t, budgets.Take(t.Context()), "a larger figure holds from the next call on")
}
