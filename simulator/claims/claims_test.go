package claims_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/claims"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/world"
)

// receiver is a webhook that answers as told and keeps what it accepted.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int
	events  []claims.Event
	tokens  map[string]bool
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	t.Helper()
	r := &receiver{answers: answers, tokens: map[string]bool{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.tokens[request.Header.Get("Authorization")] = true
		if len(r.answers) > 0 {
			status := r.answers[0]
			r.answers = r.answers[1:]
			w.WriteHeader(status)
			return
		}
		var event claims.Event
		if json.NewDecoder(request.Body).Decode(&event) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.events = append(r.events, event)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) received() []claims.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]claims.Event(nil), r.events...)
}

func (r *receiver) await(t *testing.T, number int) []claims.Event {
	t.Helper()
	require.Eventually(t, func() bool { return len(r.received()) >= number }, 2*time.Minute, 5*time.Millisecond)
	return r.received()
}

func newService(t *testing.T, hooks ...webhook.Webhook) (*world.World, *claims.Service) {
	t.Helper()
	w, err := world.New(world.Options{Scenarios: scenarios.FS})
	require.NoError(t, err)
	service := claims.New(w)
	t.Cleanup(service.Webhooks.Close)
	require.NoError(t, service.Webhooks.SetWebhooks(hooks...))
	return w, service
}

// Check Status goes through submitted, pending, approved and completed (Care Recipient Sync §Triggers), and each change is told once, in order.
func TestCheckStatusMovesAClaimOn(t *testing.T) {
	told := newReceiver(t, http.StatusServiceUnavailable, http.StatusTooManyRequests) // the first attempts fail
	w, service := newService(t, webhook.Webhook{URL: told.URL, Token: "secret"})
	claim, err := service.Submit(claims.Request{})
	require.NoError(t, err)
	require.NotEmpty(t, claim.Invoices)
	require.Len(t, claim.CareRecipientIDs, len(w.Invoices(world.Holder{Organisation: claim.RANumber})))
	for _, status := range []claims.Status{claims.Pending, claims.Approved, claims.Completed, claims.Completed} {
		claim, err = service.CheckStatus(claim.ID, false)
		require.NoError(t, err)
		require.Equal(t, status, claim.Status)
	}
	claim, err = service.CheckStatus(claim.ID, true)
	require.NoError(t, err)
	require.Equal(t, claims.Completed, claim.Status, "a completed claim cannot be cancelled")

	events := told.await(t, 4)
	require.Len(t, events, 4)
	ids := map[string]bool{}
	for i, status := range []claims.Status{claims.Submitted, claims.Pending, claims.Approved, claims.Completed} {
		require.Equal(t, status, events[i].Status)
		require.Equal(t, claim.ID, events[i].ClaimID)
		require.Equal(t, claim.CareRecipientIDs, events[i].CareRecipientIDs)
		require.Equal(t, 1, events[i].Version)
		ids[events[i].EventID] = true
	}
	require.Len(t, ids, 4)
	require.Equal(t, map[string]bool{"Bearer secret": true}, told.tokens)
	require.Eventually(t, func() bool { return len(service.Webhooks.Deliveries()) == 4 }, 2*time.Minute, 5*time.Millisecond)
	require.Equal(t, 3, service.Webhooks.Deliveries()[0].Attempts)
	require.Zero(t, service.Webhooks.Waiting())
}

// New services draw on budgets once the claim is approved, so that a sync then finds something new.
func TestApprovalPays(t *testing.T) {
	w, service := newService(t)
	before := drawn(t, w, "first-year")
	claim, err := service.Submit(claims.Request{People: []string{"first-year"}, Lines: 3, Amount: decimal.NewFromInt(20), Strangers: []string{"499999999"}})
	require.NoError(t, err)
	require.Len(t, claim.CareRecipientIDs, 4)
	require.Empty(t, claim.Invoices)
	for range 2 {
		require.Equal(t, before, drawn(t, w, "first-year"))
		claim, err = service.CheckStatus(claim.ID, false)
		require.NoError(t, err)
	}
	require.Equal(t, claims.Approved, claim.Status)
	require.Len(t, claim.Invoices, 1)
	require.Equal(t, before.Add(decimal.NewFromInt(60)).String(), drawn(t, w, "first-year").String())
}

// drawn is what usage lines have drawn on a person's budgets.
func drawn(t *testing.T, w *world.World, key string) (sum decimal.Decimal) {
	t.Helper()
	person, found := w.Find(key)
	require.True(t, found)
	for _, budget := range person.Budgets {
		for _, line := range budget.Usage {
			sum = sum.Sub(line.Amount)
		}
	}
	return sum
}

// An invoice is claimed once, unless its claim was cancelled.
func TestAnInvoiceIsClaimedOnce(t *testing.T) {
	_, service := newService(t)
	everything, err := service.Submit(claims.Request{})
	require.NoError(t, err)
	_, err = service.Submit(claims.Request{})
	require.ErrorContains(t, err, "nothing to claim")
	one := claims.Request{Invoices: everything.Invoices[:1]}
	_, err = service.Submit(one)
	require.ErrorContains(t, err, "already claimed")
	_, err = service.CheckStatus(everything.ID, true)
	require.NoError(t, err)
	again, err := service.Submit(one)
	require.NoError(t, err)
	require.Equal(t, one.Invoices, again.Invoices)
	require.Len(t, service.Claims(), 2)
}

func TestInvalidRequests(t *testing.T) {
	_, service := newService(t)
	for words, request := range map[string]claims.Request{
		"no organisation":      {Organisation: "1"},
		"no invoice":           {Invoices: []string{"no-such"}},
		"no person":            {People: []string{"nobody"}},
		"must not be negative": {People: []string{"first-year"}, Lines: -1},
	} {
		_, err := service.Submit(request)
		require.ErrorContains(t, err, words)
	}
	_, err := service.CheckStatus("no-such", false)
	require.ErrorIs(t, err, claims.ErrNoSuchClaim)
	require.Empty(t, service.Claims())
}

// Webhooks are told of their own organisation's claims, as often as they want.
func TestWebhooksOfOrganisations(t *testing.T) {
	banksia, wattle := newReceiver(t), newReceiver(t)
	w, service := newService(t,
		webhook.Webhook{Organisation: "8000000101", URL: banksia.URL, Token: "banksia", Copies: 2},
		webhook.Webhook{Organisation: "8000000202", URL: wattle.URL, Token: "wattle"})
	for _, organisation := range w.Organisations()[:2] {
		_, err := service.Submit(claims.Request{Organisation: organisation.RANumber, Strangers: []string{"499999999"}})
		require.NoError(t, err, organisation.Name)
	}
	events := banksia.await(t, 2)
	require.Equal(t, events[0], events[1], "sent twice")
	require.NotEqual(t, events[0].ClaimID, wattle.await(t, 1)[0].ClaimID)
	require.Len(t, wattle.received(), 1)
}
