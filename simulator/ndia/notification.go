package ndia

import (
	"sync"

	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/wire"
	"github.com/caresync/caresync/simulator/world"
)

// notificationAttempts is after how many attempts the NDIA abandons a notification (assumed).
const notificationAttempts = 6

// Subscription is an organisation's to the notifications of an event.
type Subscription struct {
	RANumber string `json:"raNumber"`
	EventID  string `json:"eventId"`
}

// subscriptions are those of all organisations. The zero value holds none; it is safe for concurrent use.
type subscriptions struct {
	mu   sync.RWMutex
	held map[Subscription]bool
}

func (s *subscriptions) add(subscription Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[Subscription]bool{}
	}
	s.held[subscription] = true
}

func (s *subscriptions) has(subscription Subscription) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.held[subscription]
}

// Subscribe subscribes an organisation to an event.
func (s *Service) Subscribe(subscription Subscription) { s.subscriptions.add(subscription) }

// Subscribed reports whether an organisation is subscribed to an event.
func (s *Service) Subscribed(subscription Subscription) bool {
	return s.subscriptions.has(subscription)
}

// Notify sends the notifications of events to the organisations that subscribed to them.
func (s *Service) Notify(events []world.Event) {
	for _, event := range events {
		for _, raNumber := range event.Organisations {
			if s.Subscribed(Subscription{raNumber, event.ID}) {
				s.Webhooks.Send(webhook.Message{Organisation: raNumber, Event: event.ID, Subject: event.Key, Body: newNotification(event)})
			}
		}
	}
}

// notification is what is sent: that something happened to a participant, and no amounts.
type notification struct {
	EventID string `json:"event_id"`
	// Response is an object, or a list with one.
	Response any `json:"response"`
}

type aboutParticipant struct {
	Participant string `json:"participant"`
}

type aboutRelationship struct {
	Participant string `json:"participant"`
	Role        string `json:"provider_role"`
	Start       string `json:"start_date"`
	// End may be empty.
	End string `json:"end_date"`
}

// relationshipEndedToo is the other spelling of RLTN_END_DATE_UPDATE that the NDIA uses.
const relationshipEndedToo = "RLTN_END_DATE_UPDATED"

// newNotification returns the notification of an event. Spelling and form depend on the participant alone.
func newNotification(event world.Event) notification {
	n := wire.Spread(event.NDISNumber)
	sent := notification{EventID: event.ID, Response: aboutParticipant{event.NDISNumber}}
	if event.ID == world.RelationshipEnded && n%2 == 0 {
		sent.EventID = relationshipEndedToo
	}
	if about := event.Endorsement; about.Role != "" {
		sent.Response = aboutRelationship{event.NDISNumber, about.Role, about.Start.String(), about.End.String()}
	}
	if n>>1%2 == 0 {
		sent.Response = []any{sent.Response}
	}
	return sent
}
