package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/webhook"
)

const (
	banksia = "8000000101"
	wattle  = "8000000202"
)

// receiver returns the given statuses first, then accepts and keeps what arrives.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	bodies   []string
	headers  []http.Header
}

func newReceiver(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.statuses) > 0 {
			w.WriteHeader(r.statuses[0])
			r.statuses = r.statuses[1:]
			return
		}
		body, err := io.ReadAll(request.Body)
		if err == nil {
			r.bodies, r.headers = append(r.bodies, string(body)), append(r.headers, request.Header)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) received() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.bodies...)
}

func (r *receiver) await(t *testing.T, count int) []string {
	t.Helper()
	require.Eventually(t, func() bool { return len(r.received()) >= count }, 2*time.Minute, 5*time.Millisecond)
	return r.received()
}

func newSender(t *testing.T, maxAttempts uint, hooks ...webhook.Webhook) *webhook.Sender {
	t.Helper()
	sender := webhook.NewSender(maxAttempts)
	t.Cleanup(sender.Close)
	require.NoError(t, sender.SetWebhooks(hooks...))
	return sender
}

func send(sender *webhook.Sender, organisation, event string) {
	sender.Send(webhook.Message{Organisation: organisation, Event: event, Subject: "someone", Body: event})
}

func awaitDeliveries(t *testing.T, sender *webhook.Sender, count int) []webhook.Delivery {
	t.Helper()
	require.Eventually(t, func() bool { return len(sender.Deliveries()) >= count }, 2*time.Minute, 5*time.Millisecond)
	deliveries := sender.Deliveries()
	for i := range deliveries {
		require.WithinDuration(t, time.Now(), deliveries[i].Time, 3*time.Minute)
		deliveries[i].Time = time.Time{}
	}
	return deliveries
}

func TestMessagesArriveInOrderOnceTheReceiverAccepts(t *testing.T) {
	to := newReceiver(t, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusRequestTimeout)
	sender := newSender(t, 0, webhook.Webhook{URL: to.URL, Token: "token"})
	send(sender, banksia, "first")
	send(sender, wattle, "second")
	require.Equal(t, []string{`"first"`, `"second"`}, to.await(t, 2))
	require.Equal(t, []webhook.Delivery{
		{Organisation: banksia, Event: "first", Subject: "someone", Attempts: 4, Status: http.StatusAccepted},
		{Organisation: wattle, Event: "second", Subject: "someone", Attempts: 1, Status: http.StatusAccepted},
	}, awaitDeliveries(t, sender, 2))
	require.Zero(t, sender.Waiting())
	require.Equal(t, "application/json", to.headers[0].Get("Content-Type"))
}

func TestEachWebhookGetsItsOrganisationsMessagesWithItsCredentials(t *testing.T) {
	of, all, other := newReceiver(t), newReceiver(t), newReceiver(t)
	sender := newSender(t, 0,
		webhook.Webhook{Organisation: banksia, URL: of.URL, Secret: "shared", Copies: 2},
		webhook.Webhook{URL: all.URL, Secret: "named", Header: "X-Secret"},
		webhook.Webhook{Organisation: wattle, URL: other.URL, Token: "token"})
	send(sender, banksia, "one")
	send(sender, wattle, "two")
	require.Equal(t, []string{`"one"`, `"one"`}, of.await(t, 2), "sent twice")
	require.Equal(t, []string{`"one"`, `"two"`}, all.await(t, 2))
	require.Equal(t, []string{`"two"`}, other.await(t, 1))
	awaitDeliveries(t, sender, 5)
	require.Equal(t, "shared", of.headers[0].Get(webhook.DefaultSecretHeader))
	require.Equal(t, "named", all.headers[0].Get("X-Secret"))
	require.Equal(t, "Bearer token", other.headers[0].Get("Authorization"))
}

func TestRefusedAndUnansweredMessages(t *testing.T) {
	refusing := newReceiver(t, http.StatusUnprocessableEntity)
	sender := newSender(t, 2, webhook.Webhook{URL: refusing.URL, Token: "token"})
	send(sender, banksia, "refused")
	require.Equal(t, webhook.Delivery{Organisation: banksia, Event: "refused", Subject: "someone", Attempts: 1, Status: http.StatusUnprocessableEntity},
		awaitDeliveries(t, sender, 1)[0], "what is refused is not sent again")
	refusing.Close()
	send(sender, banksia, "unanswered")
	require.Equal(t, webhook.Delivery{Organisation: banksia, Event: "unanswered", Subject: "someone", Attempts: 2}, awaitDeliveries(t, sender, 2)[1])
	require.Empty(t, refusing.received())
}

func TestMessagesAreDroppedWithTheirWebhook(t *testing.T) {
	away := newReceiver(t)
	away.Close()
	hook := webhook.Webhook{URL: away.URL, Token: "token"}
	sender := newSender(t, 0, hook)
	send(sender, banksia, "one")
	send(sender, banksia, "two")
	require.Equal(t, 2, sender.Waiting())
	require.Error(t, sender.SetWebhooks(webhook.Webhook{}))
	require.Equal(t, []webhook.Webhook{hook}, sender.Webhooks(), "nothing changed")
	require.NoError(t, sender.SetWebhooks())
	require.Zero(t, sender.Waiting())
	require.Empty(t, sender.Webhooks())

	require.NoError(t, sender.SetWebhooks(hook))
	sender.Close()
	send(sender, banksia, "three")
	require.Zero(t, sender.Waiting(), "nothing more is sent")
	require.Empty(t, sender.Deliveries())
}

func TestInvalidWebhooks(t *testing.T) {
	for words, hook := range map[string]webhook.Webhook{
		"http://":     {URL: "receiver.example", Token: "token"},
		"is required": {URL: "http://receiver.example"},
		"either":      {URL: "http://receiver.example", Token: "token", Secret: "shared"},
		"negative":    {URL: "http://receiver.example", Token: "token", Copies: -1},
	} {
		require.ErrorContains(t, hook.Validate(), words)
	}
	require.NoError(t, webhook.Webhook{URL: "https://receiver.example/ndia", Secret: "shared"}.Validate())
}
