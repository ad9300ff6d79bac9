package servicesaustralia_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	person                = "0415056224"
	stranger              = "0999999999"
	provider              = "4000012345"
	correlationID care.ID = "019a3b5e-0000-7000-8000-000000000001"
	root                  = "/service/support-at-home"
)

// notFound is the service's answer to a search without hits.
const notFound = `{"codeType":"DHSEIN","code":"1","message":"Not found"}`

// fakeService answers as a test says and remembers what it was asked.
type fakeService struct {
	*httptest.Server
	mutex sync.Mutex
	asked []*url.URL
}

func startService(t *testing.T, answer http.HandlerFunc) *fakeService {
	t.Helper()
	fake := &fakeService{}
	fake.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fake.mutex.Lock()
		defer fake.mutex.Unlock()
		fake.asked = append(fake.asked, r.URL)
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

// holds is a service that pages through rows as the real one does, from either end: without hits it answers 404.
func holds(rows ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		pageNumber, limit := number(r, "page"), number(r, "limit")
		rows := slices.Clone(rows)
		if r.URL.Query().Get("sort") == "desc" {
			slices.Reverse(rows)
		}
		from := min((pageNumber-1)*limit, len(rows))
		to := min(from+limit, len(rows))
		if from == to {
			says(404, notFound)(w, r)
			return
		}
		fmt.Fprint(w, list(rows[from:to]...))
	}
}

func number(r *http.Request, name string) int {
	value, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || value < 1 {
		panic("the client has to send " + name)
	}
	return value
}

func list(rows ...string) string {
	text := "["
	for i, row := range rows {
		if i > 0 {
			text += ","
		}
		text += row
	}
	return text + "]"
}

// unlimited is an allowance that is never short.
type unlimited struct{}

func (unlimited) Take(context.Context) error                    { return nil }
func (unlimited) PushBack(context.Context, time.Duration) error { return nil }

func connectionTo(base string) care.Connection {
	return care.Connection{
		ID: "019a3b5e-0000-7000-8000-000000000002", Service: care.ServicesAustralia, BaseURL: base,
		RANumber: "RA0001", DeviceName: "caresync-1", APIKey: "api-key", Audience: "audience", ProductID: "CareSync",
		ServiceProviderID: provider, ConsentCode: "CONSENT",
	}
}

// loggedIn is a client whose connections have a token.
func loggedIn(t *testing.T, connection care.Connection, options servicesaustralia.Options) *servicesaustralia.Client {
	t.Helper()
	store := &prodatest.Store{}
	token := proda.Token{AccessToken: "token", IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), KeyExpiry: time.Now().AddDate(0, 0, 20)}
	_, err := store.Refresh(t.Context(), connection.ID, connection.Audience, func(proda.Token) (proda.Token, error) { return token, nil })
	require.NoError(t, err)
	calls := transport.NewClient(transport.Options{})
	return servicesaustralia.NewClient(calls, proda.NewTokens(proda.NewClient(calls, proda.Options{}), store, store), options)
}

func (f *fakeService) reader(t *testing.T, options servicesaustralia.Options) *servicesaustralia.Reader {
	t.Helper()
	connection := connectionTo(f.URL)
	return loggedIn(t, connection, options).For(connection, correlationID, unlimited{})
}

// read asks a service that gives one answer, with one of the reads.
func readerOf(t *testing.T, answer http.HandlerFunc) *servicesaustralia.Reader {
	t.Helper()
	return startService(t, answer).reader(t, servicesaustralia.Options{})
}

func failure(t *testing.T, err error) *transport.Error {
	t.Helper()
	var failed *transport.Error
	require.ErrorAs(t, err, &failed)
	return failed
}

// reads are all operations, with what each needs to be asked.
var reads = map[string]func(context.Context, *servicesaustralia.Reader) (int, error){
	"summary": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		read, err := r.Summary(ctx, person)
		return len(read.Records), err
	},
	"contributions": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		read, err := r.Contributions(ctx, person)
		return len(read.Records), err
	},
	"budgets": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		read, err := r.Budgets(ctx, person)
		return len(read.Records), err
	},
	"details": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		_, _, err := r.BudgetDetails(ctx, "B1")
		return 1, err
	},
	"summaries": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		read, err := r.Summaries(ctx, servicesaustralia.UpdatedWindow{})
		return len(read.Records), err
	},
	"contributions of the provider": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		read, err := r.ContributionsOfProvider(ctx, servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
		return len(read.Records), err
	},
	"budget summary": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		read, err := r.BudgetSummary(ctx, servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
		return len(read.Records), err
	},
	"budgets held": func(ctx context.Context, r *servicesaustralia.Reader) (int, error) {
		read, err := r.BudgetsHeldByProvider(ctx)
		return len(read.Records), err
	},
}
