package ndia

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// DefaultSecretHeader is the header that carries the shared secret, unless a webhook names another (assumed).
const DefaultSecretHeader = "X-NDIA-Notification-Secret"

// Webhook is where an organisation is told of the events that it subscribed to, and how well.
type Webhook struct {
	// Organisation is the RA number; empty: every organisation.
	Organisation string `json:"organisation,omitzero"`
	URL          string `json:"url"`
	Header       string `json:"header,omitzero"`
	Secret       string `json:"secret"`
	// Delay is how late each notification is.
	Delay Duration `json:"delay,omitzero"`
	// Copies is how often each is sent; 0 is once.
	Copies int `json:"copies,omitzero"`
	// Disorder gathers so many and sends them in reverse order; 0 and 1 keep the order.
	Disorder int `json:"disorder,omitzero"`
	// Held keeps all until they are released.
	Held bool `json:"held,omitzero"`
}

// Duration is written as text, such as 150ms.
type Duration time.Duration

// MarshalText writes the duration as text.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration such as 150ms or 2s.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 150ms or 2s", text)
	}
	*d = Duration(parsed)
	return nil
}

// Validate says what is wrong with a webhook, if anything.
func (h Webhook) Validate() error {
	address, err := url.Parse(h.URL)
	switch {
	case err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https"):
		return errors.New("webhook: the url must begin with http:// or https:// and name a host")
	case h.Secret == "":
		return errors.New("webhook: give a secret")
	case h.Delay < 0 || h.Copies < 0 || h.Disorder < 0:
		return errors.New("webhook: delay, copies and disorder cannot be negative")
	}
	return nil
}

func (h Webhook) header() string { return cmp.Or(h.Header, DefaultSecretHeader) }
