package claims

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

const (
	// firstPause and longestPause lie between the attempts to tell of an event; the pause doubles each time.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	// tellTimeout is how long the receiver may take.
	tellTimeout = 10 * time.Second
	// keptDeliveries is how many deliveries can be listed.
	keptDeliveries = 10_000
)

// Event is what a webhook is told.
type Event struct {
	Version          int       `json:"version"`
	EventID          string    `json:"event_id"`
	ClaimID          string    `json:"claim_id"`
	Status           Status    `json:"status"`
	CareRecipientIDs []string  `json:"care_recipient_ids"`
	OccurredAt       time.Time `json:"occurred_at"`
}

// Webhook is where an organisation's claims are told of.
type Webhook struct {
	// Organisation is the RA number; empty: every organisation.
	Organisation string `json:"organisation,omitzero"`
	URL          string `json:"url"`
	// Token is sent as the bearer token: CareSync's API token of the organisation.
	Token string `json:"token"`
	// Copies is how often each event is sent; 0 is once.
	Copies int `json:"copies,omitzero"`
}

// Validate says what is wrong with a webhook, if anything.
func (h Webhook) Validate() error {
	address, err := url.Parse(h.URL)
	switch {
	case err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https"):
		return errors.New("claim webhook: the url must begin with http:// or https:// and name a host")
	case h.Token == "":
		return errors.New("claim webhook: give a token")
	case h.Copies < 0:
		return errors.New("claim webhook: copies cannot be negative")
	}
	return nil
}

// Delivery is an event that was told, or refused.
type Delivery struct {
	RANumber string    `json:"raNumber"`
	ClaimID  string    `json:"claimId"`
	EventID  string    `json:"eventId"`
	Status   Status    `json:"status"`
	Time     time.Time `json:"time"`
	Attempts int       `json:"attempts"`
	// Answer is the HTTP status that the receiver answered last.
	Answer int `json:"answer"`
}

// Teller tells webhooks of events, one after the other, each until it is taken or refused. It is safe for use by many goroutines.
type Teller struct {
	client  *http.Client
	ctx     context.Context
	cancel  context.CancelFunc
	senders sync.WaitGroup

	mu         sync.Mutex
	outlets    []*outlet
	deliveries []Delivery
}

// outlet is a webhook with what waits to be told; the teller's lock guards it.
type outlet struct {
	Webhook
	ctx     context.Context
	cancel  context.CancelFunc
	waiting []letter
	sending bool
}

type letter struct {
	raNumber string
	event    Event
}

func newTeller() *Teller {
	ctx, cancel := context.WithCancel(context.Background())
	return &Teller{client: &http.Client{Timeout: tellTimeout}, ctx: ctx, cancel: cancel}
}

// SetWebhooks replaces all webhooks; what waited for the earlier ones is dropped. It fails, and changes nothing, if one is not valid.
func (t *Teller) SetWebhooks(hooks ...Webhook) error {
	for _, hook := range hooks {
		if err := hook.Validate(); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, earlier := range t.outlets {
		earlier.cancel()
	}
	t.outlets = nil
	for _, hook := range hooks {
		ctx, cancel := context.WithCancel(t.ctx)
		t.outlets = append(t.outlets, &outlet{Webhook: hook, ctx: ctx, cancel: cancel})
	}
	return nil
}

// Deliveries lists the latest deliveries in the order in which they ended.
func (t *Teller) Deliveries() []Delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.deliveries)
}

// Waiting counts the events that were not told yet.
func (t *Teller) Waiting() (count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, outlet := range t.outlets {
		count += len(outlet.waiting)
	}
	return count
}

func (t *Teller) tell(raNumber string, event Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, outlet := range t.outlets {
		if outlet.Organisation != "" && outlet.Organisation != raNumber || outlet.ctx.Err() != nil {
			continue
		}
		for range max(1, outlet.Copies) {
			outlet.waiting = append(outlet.waiting, letter{raNumber, event})
		}
		if !outlet.sending {
			outlet.sending = true
			t.senders.Go(func() { t.send(outlet) })
		}
	}
}

// send tells what waits, in order, until nothing does.
func (t *Teller) send(to *outlet) {
	for {
		t.mu.Lock()
		if len(to.waiting) == 0 || to.ctx.Err() != nil {
			to.sending = false
			t.mu.Unlock()
			return
		}
		one := to.waiting[0]
		t.mu.Unlock()
		delivery, ended := t.deliver(to, one)
		t.mu.Lock()
		to.waiting = to.waiting[1:]
		if ended {
			t.deliveries = append(t.deliveries[max(0, len(t.deliveries)-keptDeliveries+1):], delivery)
		}
		t.mu.Unlock()
	}
}

// deliver tries until the event is taken or refused for good. It does not end where the webhook went away before.
func (t *Teller) deliver(to *outlet, one letter) (delivery Delivery, ended bool) {
	delivery = Delivery{RANumber: one.raNumber, ClaimID: one.event.ClaimID, EventID: one.event.EventID, Status: one.event.Status}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		delivery.Attempts++
		delivery.Answer = t.attempt(to, one.event)
		delivery.Time = time.Now()
		if final(delivery.Answer) {
			return delivery, true
		}
		select {
		case <-to.ctx.Done():
			return delivery, false
		case <-time.After(pause):
		}
	}
}

// final reports whether sending again cannot change the answer.
func final(status int) bool {
	return status >= 200 && status < 300 || status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
}

// attempt gives the status that the receiver answered, 0 if it did not.
func (t *Teller) attempt(to *outlet, event Event) int {
	body, err := json.Marshal(event)
	if err != nil {
		panic(err) // texts and a time always encode
	}
	request, err := http.NewRequestWithContext(to.ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+to.Token)
	answer, err := t.client.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close() // what it says does not matter
	return answer.StatusCode
}

// Close gives up what was not told yet.
func (t *Teller) Close() {
	t.mu.Lock()
	t.cancel() // with the lock, so that no sender starts any more
	t.mu.Unlock()
	t.senders.Wait()
}
