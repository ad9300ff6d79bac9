package db_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit"
)

// callers are the allowances of one connection as so many processes have them.
func callers(t *testing.T, rate, processes int) (allowances []*db.Allowance, sql testkit.SQL) {
	t.Helper()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	connection := exampleConnection("4000012345")
	connection.RatePerSecond = rate
	connection, err := store.CreateConnection(t.Context(), newOrganisation(t, store, "wattle").ID, connection)
	require.NoError(t, err)
	for range processes {
		allowances = append(allowances, testkit.Store(t, address).NewAllowances().For(connection))
	}
	return allowances, testkit.OpenSQL(t, address)
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
	require.Less(t, at[calls-1], 10*time.Second, "and the rate is used")
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
	require.Greater(t, testkit.Value[float64](t, sql, "SELECT extract(epoch FROM theoretical_arrival - now())::float8 FROM upstream_allowance"), 55.0)
	for _, allowance := range allowances {
		require.ErrorIs(t, allowance.Take(t.Context()), db.ErrNoAllowance)
	}
}

// A first push back needs no call before it, and another rate holds from the next booking on.
func TestAllowanceFollowsTheConnection(t *testing.T) {
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	sql := testkit.OpenSQL(t, address)
	connection, err := store.CreateConnection(t.Context(), newOrganisation(t, store, "wattle").ID, exampleConnection("4000012345"))
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

// Connections do not draw on each other's allowance.
func TestEachConnectionHasItsOwnAllowance(t *testing.T) {
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	organisation := newOrganisation(t, store, "wattle")
	allowances := store.NewAllowances()
	var connections []care.Connection
	for _, provider := range []string{"4000012345", "4000012346"} {
		connection, err := store.CreateConnection(t.Context(), organisation.ID, exampleConnection(provider))
		require.NoError(t, err)
		connections = append(connections, connection)
	}
	require.NoError(t, allowances.For(connections[0]).PushBack(t.Context(), time.Minute))
	require.NoError(t, allowances.For(connections[1]).Take(t.Context()))
}
