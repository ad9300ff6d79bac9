package ndia_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/transport"
)

const correlationID care.ID = "019a3b5e-0000-7000-8000-000000000001"

// person is a participant whose three keys need care in a URL.
var person = care.Participant{NDISNumber: "430123456", FamilyName: "O'Neill & Söhne", BirthDate: care.NewDate(1991, time.March, 9)}

// fakeService answers as a test says and remembers what it was asked.
type fakeService struct {
	*httptest.Server
	mutex sync.Mutex
	asked []*http.Request
}

func startService(t *testing.T, answer http.HandlerFunc) *fakeService {
	t.Helper()
	fake := &fakeService{}
	fake.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fake.mutex.Lock()
		defer fake.mutex.Unlock()
		fake.asked = append(fake.asked, r)
		answer(w, r)
	}))
	t.Cleanup(fake.Close)
	return fake
}

// says is a service that always gives this answer.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// succeeds is a service that always answers with this result.
func succeeds(result string) http.HandlerFunc {
	return says(200, `{"success":true,"result":`+result+`}`)
}

// allowance counts what is taken and pushed back.
type allowance struct {
	mutex  sync.Mutex
	taken  int
	pushed []time.Duration
	err    error
}

func (a *allowance) Take(context.Context) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.taken++
	return a.err
}

func (a *allowance) PushBack(_ context.Context, wait time.Duration) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.pushed = append(a.pushed, wait)
	return a.err
}

func unlimited() ndia.Allowances { return ndia.Allowances{Calls: &allowance{}, Budgets: &allowance{}} }

func connectionTo(base string) care.Connection {
	return care.Connection{
		ID: "019a3b5e-0000-7000-8000-000000000002", Service: care.NDIA, BaseURL: base,
		RANumber: "RA0001", DeviceName: "caresync-1", APIKey: "api-key", Audience: "audience", ProductID: "CareSync",
	}
}

// loggedIn is a client whose connections have a token.
func loggedIn(t *testing.T, connection care.Connection) *ndia.Client {
	t.Helper()
	store := &prodatest.Store{}
	token := proda.Token{AccessToken: "token", IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), KeyExpiry: time.Now().AddDate(0, 0, 20)}
	_, err := store.Refresh(t.Context(), connection.ID, connection.Audience, func(proda.Token) (proda.Token, error) { return token, nil })
	require.NoError(t, err)
	calls := transport.NewClient(transport.Options{})
	return ndia.NewClient(calls, proda.NewTokens(proda.NewClient(calls, proda.Options{}), store, store), ndia.Options{})
}

func (f *fakeService) reader(t *testing.T, allowances ndia.Allowances) *ndia.Reader {
	t.Helper()
	connection := connectionTo(f.URL)
	return loggedIn(t, connection).For(connection, correlationID, allowances)
}

// readerOf reads from a service that always gives the same answer.
func readerOf(t *testing.T, answer http.HandlerFunc) *ndia.Reader {
	t.Helper()
	return startService(t, answer).reader(t, unlimited())
}

func failure(t *testing.T, err error) *transport.Error {
	t.Helper()
	var failed *transport.Error
	require.ErrorAs(t, err, &failed)
	return failed
}

// operations are all of them, asked for the same participant.
var operations = map[string]func(context.Context, *ndia.Reader) error{
	"determine": func(ctx context.Context, r *ndia.Reader) error {
		_, _, err := r.DeterminePlan(ctx, person)
		return err
	},
	"plans": func(ctx context.Context, r *ndia.Reader) error {
		_, err := r.Plans(ctx, person)
		return err
	},
	"budget": func(ctx context.Context, r *ndia.Reader) error {
		_, _, err := r.Budget(ctx, person)
		return err
	},
	"historical": func(ctx context.Context, r *ndia.Reader) error {
		_, err := r.HistoricalBudget(ctx, person, care.NewDate(2026, time.January, 31))
		return err
	},
	"subscribe": func(ctx context.Context, r *ndia.Reader) error { return r.Subscribe(ctx, ndia.EventBudgetUpdated) },
}

var errPush = errors.New("the database is away")

// pushless is an allowance that cannot note what the service asked for.
type pushless struct{}

func (*pushless) Take(context.Context) error                    { return nil }
func (*pushless) PushBack(context.Context, time.Duration) error { return errPush }
