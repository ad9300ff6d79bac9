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
	// ActivatedAt, KeyExpiry and DeviceExpiry are the PRODA device's; zero where not known yet.
	ActivatedAt  *time.Time `json:"activated_at"`
	KeyExpiry    *time.Time `json:"key_expiry"`
	DeviceExpiry *time.Time `json:"device_expiry"`
}
