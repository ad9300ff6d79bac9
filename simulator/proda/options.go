// Package proda simulates PRODA, the government's machine-to-machine login: devices are activated with a one-time code,
// prove themselves with signed assertions, and renew their keys. It is strict about everything in the contract.
package proda

import (
	"cmp"
	"time"
)

// Defaults of the simulated PRODA.
const (
	// DefaultClientID is the client_id of the registered software.
	DefaultClientID = "caresync-software"
	// AssertionAudience is the audience that an assertion is made out to.
	AssertionAudience = "https://proda.humanservices.gov.au"

	defaultTokenLife    = time.Hour
	defaultKeyLife      = 180 * 24 * time.Hour
	defaultDeviceLife   = 2 * 365 * 24 * time.Hour
	defaultThrottleWait = 5 * time.Second
)

// Names under which PRODA's operations are counted and can be met by faults.
const (
	OperationActivate = "proda-activate"
	OperationToken    = "proda-token"
	OperationRenewKey = "proda-renew-key"
	// OperationUnknown is a call to a path or with a method that PRODA does not know.
	OperationUnknown = "proda-unknown"
)

// Options configure PRODA. The zero value has sensible defaults.
type Options struct {
	// ClientID is the only client_id that is accepted.
	ClientID string
	// Audiences are the services for which tokens are given out.
	Audiences []string
	// TokenLife is an access token's life (default an hour), KeyLife a key's (180 days), DeviceLife a device's (two years).
	TokenLife  time.Duration
	KeyLife    time.Duration
	DeviceLife time.Duration
	// NoThrottle turns off the throttling of callers that replace a token or a key before half its life is used.
	NoThrottle bool
	// ThrottleWait is how long such a caller has to wait (default 5 s).
	ThrottleWait time.Duration
	// Now is the clock; nil takes the machine's.
	Now func() time.Time
	// OnChange is called with every change of a device or token before it takes effect; an error prevents the change.
	OnChange func(Record) error
}

func (o Options) withDefaults() Options {
	o.ClientID = cmp.Or(o.ClientID, DefaultClientID)
	o.TokenLife = cmp.Or(o.TokenLife, defaultTokenLife)
	o.KeyLife = cmp.Or(o.KeyLife, defaultKeyLife)
	o.DeviceLife = cmp.Or(o.DeviceLife, defaultDeviceLife)
	o.ThrottleWait = cmp.Or(o.ThrottleWait, defaultThrottleWait)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
