// Package webhook delivers what a simulated service reports to the webhooks of the organisations concerned: each message in its turn, with the
// receiver's credentials, and again until it is accepted or refused.
package webhook

import (
	"errors"
	"net/http"
	"net/url"
	"time"
)

// DefaultSecretHeader is the header that carries the shared secret, unless the webhook names another (assumed).
const DefaultSecretHeader = "X-NDIA-Notification-Secret"

// Webhook is where an organisation receives messages. Requests carry Secret in Header, or Token as the bearer token.
type Webhook struct {
	// Organisation is the RA number; empty: every organisation.
	Organisation string `json:"organisation,omitzero"`
	URL          string `json:"url"`
	Header       string `json:"header,omitzero"`
	Secret       string `json:"secret,omitzero"`
	Token        string `json:"token,omitzero"`
	// Copies is how often each message is sent; 0 is once.
	Copies int `json:"copies,omitzero"`
}

// Validate returns what is wrong with the webhook, if anything.
func (w Webhook) Validate() error {
	address, err := url.Parse(w.URL)
	switch {
	case err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https"):
		return errors.New("webhook: url must begin with http:// or https:// and name a host")
	case (w.Secret == "") == (w.Token == ""):
		return errors.New("webhook: either secret or token is required")
	case w.Copies < 0:
		return errors.New("webhook: copies must not be negative")
	}
	return nil
}

func (w Webhook) accepts(organisation string) bool {
	return w.Organisation == "" || w.Organisation == organisation
}

func (w Webhook) authorise(header http.Header) {
	switch {
	case w.Token != "":
		header.Set("Authorization", "Bearer "+w.Token)
	case w.Header != "":
		header.Set(w.Header, w.Secret)
	default:
		header.Set(DefaultSecretHeader, w.Secret)
	}
}

// Message is what a service reports to the webhooks of an organisation.
type Message struct {
	// Organisation is the RA number.
	Organisation string
	// Event and Subject appear in the list of deliveries: what happened, and to which claim or participant (a key, no personal data).
	Event, Subject string
	// Body is sent as JSON.
	Body any
}

// Delivery is a message that was accepted, refused or abandoned.
type Delivery struct {
	Organisation string    `json:"organisation"`
	Event        string    `json:"event"`
	Subject      string    `json:"subject"`
	Time         time.Time `json:"time"`
	Attempts     int       `json:"attempts"`
	// Status is the receiver's last HTTP status; 0 if it did not answer.
	Status int `json:"status"`
}
