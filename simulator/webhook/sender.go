package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// firstPause is the pause after the first attempt; each further one is twice as long, up to longestPause.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	// attemptTimeout is how long the receiver may take.
	attemptTimeout = 10 * time.Second
	// keptDeliveries is the length of the list of deliveries.
	keptDeliveries = 10_000
)

// Sender sends messages to webhooks, to each of them in order. It is safe for concurrent use.
type Sender struct {
	maxAttempts uint
	client      *http.Client
	ctx         context.Context
	cancel      context.CancelFunc
	sending     sync.WaitGroup

	mu         sync.Mutex
	queues     []*queue
	deliveries []Delivery
}

// queue holds the messages that are waiting for a webhook; the sender's lock guards it.
type queue struct {
	Webhook
	ctx     context.Context
	cancel  context.CancelFunc
	waiting []Message
}

// NewSender returns a sender without webhooks, which abandons a message after that many attempts; 0: never.
func NewSender(maxAttempts uint) *Sender {
	ctx, cancel := context.WithCancel(context.Background())
	return &Sender{maxAttempts: maxAttempts, client: &http.Client{Timeout: attemptTimeout}, ctx: ctx, cancel: cancel}
}

// SetWebhooks replaces all webhooks and drops the messages waiting for them. It changes nothing if one is not valid.
func (s *Sender) SetWebhooks(hooks ...Webhook) error {
	for _, hook := range hooks {
		if err := hook.Validate(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, previous := range s.queues {
		previous.cancel()
	}
	s.queues = nil
	for _, hook := range hooks {
		ctx, cancel := context.WithCancel(s.ctx)
		s.queues = append(s.queues, &queue{Webhook: hook, ctx: ctx, cancel: cancel})
	}
	return nil
}

// Webhooks returns the webhooks.
func (s *Sender) Webhooks() []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	hooks := make([]Webhook, 0, len(s.queues))
	for _, q := range s.queues {
		hooks = append(hooks, q.Webhook)
	}
	return hooks
}

// Waiting returns how many messages are still to be delivered.
func (s *Sender) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, q := range s.queues {
		count += len(q.waiting)
	}
	return count
}

// Deliveries returns the latest deliveries in the order in which they ended.
func (s *Sender) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}

// Send queues a message for every webhook that accepts the organisation's.
func (s *Sender) Send(message Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		if !q.accepts(message.Organisation) || q.ctx.Err() != nil {
			continue
		}
		idle := len(q.waiting) == 0
		q.waiting = append(q.waiting, slices.Repeat([]Message{message}, max(1, q.Copies))...)
		if idle {
			s.sending.Go(func() { s.drain(q, message) })
		}
	}
}

// drain delivers the messages of a queue, beginning with its first, until none is waiting or the webhook is gone.
func (s *Sender) drain(q *queue, message Message) {
	for more := true; more; {
		delivery := s.deliver(q, message)
		message, more = s.next(q, delivery)
	}
}

// next records the delivery of the queue's first message and returns the one behind it.
func (s *Sender) next(q *queue, delivery Delivery) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.ctx.Err() != nil {
		return Message{}, false
	}
	s.deliveries = append(s.deliveries[max(0, len(s.deliveries)-keptDeliveries+1):], delivery)
	q.waiting = q.waiting[1:]
	if len(q.waiting) == 0 {
		return Message{}, false
	}
	return q.waiting[0], true
}

// deliver sends a message until it is accepted, refused or abandoned, or the webhook is gone.
func (s *Sender) deliver(q *queue, message Message) Delivery {
	delivery := Delivery{Organisation: message.Organisation, Event: message.Event, Subject: message.Subject}
	body, err := json.Marshal(message.Body)
	if err != nil {
		panic(err) // the services' messages always encode
	}
	attempt := func() (struct{}, error) {
		delivery.Attempts++
		delivery.Status = s.post(q, body)
		if isFinal(delivery.Status) {
			return struct{}{}, nil
		}
		return struct{}{}, errNotDelivered
	}
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.Multiplier, pauses.RandomizationFactor, pauses.MaxInterval = firstPause, 2, 0, longestPause
	_, _ = backoff.Retry(q.ctx, attempt, backoff.WithBackOff(pauses), backoff.WithMaxTries(s.maxAttempts), backoff.WithMaxElapsedTime(0))
	delivery.Time = time.Now()
	return delivery
}

var errNotDelivered = errors.New("not delivered")

// isFinal reports whether another attempt cannot change the status.
func isFinal(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return false
	default:
		return status >= 200 && status < 300 || status >= 400 && status < 500
	}
}

// post returns the receiver's status, 0 if it did not answer.
func (s *Sender) post(q *queue, body []byte) int {
	request, err := http.NewRequestWithContext(q.ctx, http.MethodPost, q.URL, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	q.authorise(request.Header)
	response, err := s.client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close() // what it says does not matter
	return response.StatusCode
}

// Close abandons the messages that are waiting.
func (s *Sender) Close() {
	s.mu.Lock()
	s.cancel() // with the lock, so that no queue starts to drain
	s.mu.Unlock()
	s.sending.Wait()
}
