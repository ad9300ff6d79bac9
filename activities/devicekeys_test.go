package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	prodasim "github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/upstream/proda"
)

// dueKey is a connection whose key is due: half of its short life is over.
func dueKey(t *testing.T) (*site, protocol.DueKey) {
	t.Helper()
	s := newSite(t, people(marjorie), server.WithPRODA(prodasim.Options{NoThrottle: true}))
	s.Sync(t, s.steps, "marjorie")
	due := func() protocol.DueKeys {
		due, err := s.steps.DueKeys(t.Context(), protocol.DueKeysInput{})
		require.NoError(t, err)
		return due
	}
	require.Empty(t, due().Connections, "a key of half a year is not due on its first day")
	s.sql.Exec(t, "UPDATE connection SET key_since = now() - interval '150 days', key_expiry = now() + interval '30 days'")
	require.Len(t, due().Connections, 1)
	return s, due().Connections[0]
}

func (s *site) renewals() (number int) {
	for _, call := range s.Calls() {
		if call.Operation == prodasim.OperationRenewKey && call.Status == 200 {
			number++
		}
	}
	return number
}

// However many workers try at once, PRODA is told of one key (R36).
func TestADueKeyIsRenewedOnce(t *testing.T) {
	s, key := dueKey(t)
	group := new(errgroup.Group)
	renewed := make(chan bool, 4)
	for range cap(renewed) {
		steps := s.newProcess(t).steps
		group.Go(func() error {
			for {
				came, err := steps.RenewKey(t.Context(), key)
				if err == nil {
					renewed <- came.Renewed
				}
				if err == nil || err != nil && !isUnderWay(err) {
					return err
				}
			}
		})
	}
	require.NoError(t, group.Wait())
	close(renewed)
	times := 0
	for one := range renewed {
		if one {
			times++
		}
	}
	require.Equal(t, 1, times)
	require.Equal(t, 1, s.renewals())
	connection, err := s.Store.Connection(t.Context(), key.OrganisationID, key.ConnectionID)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(180*24*time.Hour), *connection.KeyExpiry, time.Hour)
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.newProcess(t).steps, "marjorie").Outcome)
}

func isUnderWay(err error) bool { return err.Error() == proda.ErrRenewalUnderWay.Error() }

// A worker dies at each point of a renewal. The next attempt takes it up, and PRODA takes one key (R36).
func TestARenewalIsTakenUpAfterACrash(t *testing.T) {
	for _, statement := range []string{"StorePendingKey", "LoadToken", "DeleteActiveKey", "PromotePendingKey", "StoreKeyExpiry"} {
		t.Run("before "+statement, func(t *testing.T) {
			s, key := dueKey(t)
			statements := &testkit.Statements{}
			dying := s.World.Steps(t, db.Options{Tracer: statements})
			ctx, die := context.WithCancel(t.Context())
			defer die()
			statements.Before(statement, func(uint32) { die() })
			_, err := dying.RenewKey(ctx, key)
			require.Error(t, err)

			next := s.newProcess(t).steps
			came, err := next.RenewKey(t.Context(), key)
			require.NoError(t, err)
			require.Empty(t, came.Refused)
			require.Equal(t, 1, s.renewals())
			require.Equal(t, 1, testkit.Value[int](t, s.sql, "SELECT count(*)::int FROM device_key"))
			due, err := next.DueKeys(t.Context(), protocol.DueKeysInput{})
			require.NoError(t, err)
			require.Empty(t, due.Connections)
			s.sql.Exec(t, "DELETE FROM upstream_token")
			require.Equal(t, care.RunSucceeded, s.Sync(t, next, "marjorie").Outcome)
		})
	}
}

// What PRODA refuses is a result, which the next day's attempt does not depend on; what it does not answer is tried again.
func TestARenewalThatFails(t *testing.T) {
	s, key := dueKey(t)
	s.fault(t, faults.Fault{Kind: faults.Unavailable, Operation: prodasim.OperationRenewKey})
	_, err := s.steps.RenewKey(t.Context(), key)
	require.Error(t, err)
	s.Faults.Clear()
	s.sql.Exec(t, "DELETE FROM device_key")
	came, err := s.steps.RenewKey(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, protocol.KeyRenewal{Refused: care.ReasonDeviceNotActivated}, came)
}
