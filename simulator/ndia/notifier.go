package ndia

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/caresync/caresync/simulator/world"
)

const (
	// attempts is how often a notification is sent that is not accepted; the pause doubles each time.
	attempts   = 6
	firstPause = 100 * time.Millisecond
	// notificationTimeout is how long the receiver may take.
	notificationTimeout = 10 * time.Second
	// keptDeliveries is how many deliveries can be listed.
	keptDeliveries = 10_000
)

// Delivery is a notification that was sent, or given up.
type Delivery struct {
	RANumber string `json:"raNumber"`
	EventID  string `json:"eventId"`
	// Participant is the participant's key.
	Participant string    `json:"participant"`
	Time        time.Time `json:"time"`
	Attempts    int       `json:"attempts"`
	// Status is what the receiver answered last; 0 if it did not.
	Status int `json:"status"`
}

// Notifier sends notifications to webhooks. It is safe for use by many goroutines.
type Notifier struct {
	client  *http.Client
	ctx     context.Context
	cancel  context.CancelFunc
	senders sync.WaitGroup

	mu            sync.Mutex
	subscriptions map[Subscription]bool
	outlets       []*outlet
	deliveries    []Delivery
}

// outlet is a webhook with what waits to be sent to it; the notifier's lock guards it.
type outlet struct {
	Webhook
	ctx     context.Context
	cancel  context.CancelFunc
	waiting []letter
	// released is how many of those waiting are to be sent whatever the webhook says.
	released int
	sending  bool
}

type letter struct {
	raNumber string
	event    world.Event
	written  time.Time
}

func newNotifier() *Notifier {
	ctx, cancel := context.WithCancel(context.Background())
	return &Notifier{
		client: &http.Client{Timeout: notificationTimeout}, ctx: ctx, cancel: cancel, subscriptions: map[Subscription]bool{},
	}
}

// Subscribe notes a subscription.
func (n *Notifier) Subscribe(subscription Subscription) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscriptions[subscription] = true
}

// Subscribed tells whether a subscription exists.
func (n *Notifier) Subscribed(subscription Subscription) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.subscriptions[subscription]
}

// SetWebhooks replaces all webhooks; what waited for the earlier ones is dropped. It fails, and changes nothing, if one is not
// valid.
func (n *Notifier) SetWebhooks(hooks ...Webhook) error {
	for _, hook := range hooks {
		if err := hook.Validate(); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, earlier := range n.outlets {
		earlier.cancel()
	}
	n.outlets = nil
	for _, hook := range hooks {
		ctx, cancel := context.WithCancel(n.ctx)
		n.outlets = append(n.outlets, &outlet{Webhook: hook, ctx: ctx, cancel: cancel})
	}
	return nil
}

// Webhooks lists the webhooks.
func (n *Notifier) Webhooks() []Webhook {
	n.mu.Lock()
	defer n.mu.Unlock()
	hooks := make([]Webhook, 0, len(n.outlets))
	for _, outlet := range n.outlets {
		hooks = append(hooks, outlet.Webhook)
	}
	return hooks
}

// Deliveries lists the latest deliveries in the order in which they ended.
func (n *Notifier) Deliveries() []Delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.deliveries)
}

// ForgetDeliveries empties the list of deliveries.
func (n *Notifier) ForgetDeliveries() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deliveries = nil
}

// Waiting counts the notifications that were not sent yet.
func (n *Notifier) Waiting() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, outlet := range n.outlets {
		count += len(outlet.waiting)
	}
	return count
}

// Release sends what webhooks hold, or gather to send it in disorder.
func (n *Notifier) Release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, outlet := range n.outlets {
		outlet.released = len(outlet.waiting)
		n.start(outlet)
	}
}

// Notify tells the organisations of events that they subscribed to.
func (n *Notifier) Notify(events []world.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, event := range events {
		for _, raNumber := range event.Organisations {
			if n.subscriptions[Subscription{raNumber, event.ID}] {
				n.post(letter{raNumber, event, time.Now()})
			}
		}
	}
}

func (n *Notifier) post(one letter) {
	for _, outlet := range n.outlets {
		if outlet.Organisation == "" || outlet.Organisation == one.raNumber {
			outlet.waiting = append(outlet.waiting, one)
			n.start(outlet)
		}
	}
}

// start lets an outlet send what is due, unless it does so already.
func (n *Notifier) start(to *outlet) {
	if to.sending || to.due() == 0 || to.ctx.Err() != nil {
		return
	}
	to.sending = true
	n.senders.Go(func() {
		for {
			batch := n.take(to)
			if len(batch) == 0 {
				return
			}
			for _, one := range batch {
				n.send(to, one)
			}
		}
	})
}

// due is how many are to be sent together.
func (o *outlet) due() int {
	batch := max(1, o.Disorder)
	switch {
	case o.released > 0:
		return o.released
	case o.Held || len(o.waiting) < batch:
		return 0
	default:
		return batch
	}
}

// take gives what is to be sent next, in the order in which it is sent; nothing if nothing is due.
func (n *Notifier) take(from *outlet) []letter {
	n.mu.Lock()
	defer n.mu.Unlock()
	due := from.due()
	if due == 0 || from.ctx.Err() != nil {
		from.sending = false
		return nil
	}
	batch := slices.Clone(from.waiting[:due])
	from.waiting = slices.Delete(from.waiting, 0, due)
	from.released = 0
	if from.Disorder > 1 {
		slices.Reverse(batch)
	}
	return batch
}

// send delivers a letter as late and as often as the webhook says.
func (n *Notifier) send(to *outlet, one letter) {
	if !sleep(to.ctx, time.Until(one.written.Add(time.Duration(to.Delay)))) {
		return
	}
	body := bodyOf(one.event)
	for range max(1, to.Copies) {
		delivery := Delivery{RANumber: one.raNumber, EventID: one.event.ID, Participant: one.event.Key}
		for pause := firstPause; delivery.Attempts < attempts; pause *= 2 {
			delivery.Attempts++
			delivery.Status = n.attempt(to, body)
			if delivery.Status >= 200 && delivery.Status < 300 || delivery.Attempts == attempts || !sleep(to.ctx, pause) {
				break
			}
		}
		n.note(delivery)
	}
}

// attempt gives the status that the receiver answered, 0 if it did not.
func (n *Notifier) attempt(to *outlet, body []byte) int {
	request, err := http.NewRequestWithContext(to.ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(to.header(), to.Secret)
	answer, err := n.client.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close() // what it says does not matter
	return answer.StatusCode
}

func (n *Notifier) note(delivery Delivery) {
	delivery.Time = time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.deliveries) >= keptDeliveries {
		n.deliveries = slices.Delete(n.deliveries, 0, 1)
	}
	n.deliveries = append(n.deliveries, delivery)
}

// sleep tells whether the time passed before the context ended.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Close gives up what was not sent yet.
func (n *Notifier) Close() {
	n.mu.Lock()
	n.cancel() // with the lock, so that no sender starts any more
	n.mu.Unlock()
	n.senders.Wait()
}
