package care

import "time"

// Service is an upstream government service.
type Service string

// The upstream services.
const (
	ServicesAustralia Service = "services-australia"
	NDIA              Service = "ndia"
)

// DefaultServiceTimeZone is that of the government's services, unless a connection says otherwise.
const DefaultServiceTimeZone = "Australia/Sydney"

// Connection is how an organisation reaches one service as one service provider: addresses, its PRODA device and limits
// (R11). The device's private key is not part of it.
type Connection struct {
	ID             ID      `json:"id"`
	OrganisationID ID      `json:"organisation_id"`
	Service        Service `json:"service"`
	Name           string  `json:"name"`
	// BaseURL is the service's, TokenBaseURL and DeviceBaseURL are PRODA's.
	BaseURL       string `json:"base_url"`
	TokenBaseURL  string `json:"token_base_url"`
	DeviceBaseURL string `json:"device_base_url"`
	// RANumber is the organisation's in PRODA.
	RANumber   string `json:"ra_number"`
	DeviceName string `json:"device_name"`
	// ClientID is PRODA's OAuth client id, APIKey the service's X-IBM-Client-Id.
	ClientID          string `json:"client_id"`
	APIKey            string `json:"api_key"`
	Audience          string `json:"audience"`
	ProductID         string `json:"product_id"`
	ServiceProviderID string `json:"service_provider_id"`
	// RatePerSecond is how many calls a second all workers together may make.
	RatePerSecond int `json:"rate_per_second"`
	// ConsentCode is the service's error code for "has not provided consent" (R18).
	ConsentCode string `json:"consent_code"`
	// TimeZone is the service's own: its date decides what the service decides (R1).
	TimeZone string `json:"time_zone"`
	// ActivatedAt, KeySince, KeyExpiry and DeviceExpiry are the PRODA device's; nil where not known yet. KeySince is when its present key
	// became the device's: when it was activated, or when the key was renewed last.
	ActivatedAt  *time.Time `json:"activated_at"`
	KeySince     *time.Time `json:"key_since"`
	KeyExpiry    *time.Time `json:"key_expiry"`
	DeviceExpiry *time.Time `json:"device_expiry"`
}

const (
	// keyRenewalWindow is how long before its end a device's key is renewed (R36).
	keyRenewalWindow = 31 * 24 * time.Hour
	// assumedKeyLife is PRODA's, for a key whose beginning is not known.
	assumedKeyLife = 180 * 24 * time.Hour
	// DeviceExpiryNotice is how long before a device's end people are told: they have to extend it in PRODA (R36).
	DeviceExpiryNotice = 60 * 24 * time.Hour
)

// KeyHalfUsed is when half of the life of the device's key is over, and nil where its end is not known. PRODA throttles devices that renew a key
// earlier.
func (c Connection) KeyHalfUsed() *time.Time {
	if c.KeyExpiry == nil {
		return nil
	}
	since := c.KeyExpiry.Add(-assumedKeyLife)
	if c.KeySince != nil && c.KeySince.Before(*c.KeyExpiry) {
		since = *c.KeySince
	}
	half := since.Add(c.KeyExpiry.Sub(since) / 2)
	return &half
}

// KeyRenewalAt is when the device's key is due to be renewed unattended: within 31 days of its end, and past half of its life (R36). It is nil
// where its end is not known.
func (c Connection) KeyRenewalAt() *time.Time {
	due := c.KeyHalfUsed()
	if due == nil {
		return nil
	}
	if window := c.KeyExpiry.Add(-keyRenewalWindow); window.After(*due) {
		due = &window
	}
	return due
}

// KeyRenewalDue reports whether the device's key is to be renewed now. One that has expired cannot renew itself.
func (c Connection) KeyRenewalDue(now time.Time) bool {
	due := c.KeyRenewalAt()
	return c.ActivatedAt != nil && due != nil && !now.Before(*due) && now.Before(*c.KeyExpiry)
}
