package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

// How a connection's calls go is recorded: that the service answers, whatever it says of one person, and a failure that concerns the connection,
// with the government's words. What is said again and again is recorded now and then.
func TestHowCallsGoIsRecorded(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t)
	now, statements := time.Date(2026, time.May, 1, 2, 0, 0, 0, time.UTC), &testkit.Statements{}
	store, err := db.Open(t.Context(), address, testkit.Keyring(), db.Options{Tracer: statements, Now: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	organisation := stored.Organisation(t, store, "wattle").ID
	connection, err := store.CreateConnection(t.Context(), organisation, stored.Connection("4000012345"))
	require.NoError(t, err)
	health := func() read.ConnectionHealth {
		t.Helper()
		found, err := read.From(store).Connections(t.Context(), organisation)
		require.NoError(t, err)
		require.Len(t, found, 1)
		return found[0]
	}
	recorder := store.NewCallRecorder()
	observe := func(service care.Service, failure *transport.Error) {
		attempt := transport.Attempt{Service: service, Operation: "a call", Connection: connection.ID, Status: 200, Failure: failure}
		if failure != nil {
			attempt.Status, attempt.Kind = failure.Status, failure.Kind
		}
		recorder.Observe(t.Context(), attempt)
	}
	require.Nil(t, health().AnsweredAt)

	observe(care.ServicesAustralia, nil)
	require.WithinDuration(t, now, *health().AnsweredAt, 0)
	now = now.Add(time.Second)
	statements.Reset()
	for range 100 {
		observe(care.ServicesAustralia, nil)
	}
	require.Empty(t, statements.Names(), "it is known that it answers")

	now = now.Add(time.Minute)
	observe(care.ServicesAustralia, &transport.Error{Kind: transport.ConsentRefused, Status: 403, Words: "about one person"})
	require.Nil(t, health().Failure, "a refusal about one person is an answer")
	require.WithinDuration(t, now, *health().AnsweredAt, 0)

	now = now.Add(time.Minute)
	observe(care.ServicesAustralia, &transport.Error{Kind: transport.Unavailable, Status: 503, Words: "Planned outage until 6 am"})
	require.True(t, health().Failing())
	require.Equal(t, read.CallFailure{
		At: *at(now), Service: "services-australia", Operation: "a call", Kind: "unavailable", Status: 503, Words: "Planned outage until 6 am",
	}, utc(*health().Failure))
	now = now.Add(time.Second)
	observe(care.ServicesAustralia, nil)
	require.False(t, health().Failing(), "it answers again, which is recorded at once")
	observe(proda.Service, &transport.Error{Kind: transport.Refused, Status: 400, Code: "DE.5", Words: "Device is in an invalid state"})
	require.Equal(t, "DE.5", health().Failure.Code, "whatever PRODA refuses concerns the connection")
}

func at(instant time.Time) *time.Time { return &instant }

func utc(failure read.CallFailure) read.CallFailure {
	failure.At = failure.At.UTC()
	return failure
}
