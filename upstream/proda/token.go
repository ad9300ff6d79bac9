package proda

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/caresync/caresync/care"
)

// Token is an access token with what PRODA says about it. It prints without its secret.
//
// It is stored as JSON, sealed, in upstream_token.token_sealed.
type Token struct {
	AccessToken string    `json:"access_token"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	// KeyExpiry and DeviceExpiry are those of the device that asked; zero where PRODA did not say.
	KeyExpiry    time.Time `json:"key_expiry"`
	DeviceExpiry time.Time `json:"device_expiry"`
}

// RefreshAt is when 80 % of the token's life is used: the time for a new one.
func (t Token) RefreshAt() time.Time { return t.IssuedAt.Add(t.ExpiresAt.Sub(t.IssuedAt) * 4 / 5) }

// Fresh reports whether the token need not be replaced yet.
func (t Token) Fresh(now time.Time) bool { return t.AccessToken != "" && now.Before(t.RefreshAt()) }

// Valid reports whether the token can still be used.
func (t Token) Valid(now time.Time) bool { return t.AccessToken != "" && now.Before(t.ExpiresAt) }

// String says until when the token is valid, not what it is.
func (t Token) String() string { return "PRODA token valid until " + t.ExpiresAt.Format(time.RFC3339) }

// GoString is String.
func (t Token) GoString() string { return t.String() }

// LogValue is String.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// ExpiryWarning is a key or device that expires soon, or has expired.
type ExpiryWarning struct {
	// Subject is "key" or "device".
	Subject   string
	ExpiresAt time.Time
	// Days are whole days left, negative once it has expired.
	Days int
	// Urgent is set from 7 days before.
	Urgent bool
}

const (
	// keyWarnDays is later than a key is renewed by itself: a warning says that this has failed so far (R36).
	keyWarnDays    = 30
	deviceWarnDays = int(care.DeviceExpiryNotice / (24 * time.Hour))
	urgentDays     = 7
)

// ExpiryWarnings warns from 30 days before a device's key expires and from 60 days before the device itself does, urgently from 7 days before.
// Zero times are not known and give no warning.
func ExpiryWarnings(keyExpiry, deviceExpiry, now time.Time) []ExpiryWarning {
	var warnings []ExpiryWarning
	warnDays := map[string]int{"key": keyWarnDays, "device": deviceWarnDays}
	for _, one := range []ExpiryWarning{{Subject: "key", ExpiresAt: keyExpiry}, {Subject: "device", ExpiresAt: deviceExpiry}} {
		if one.ExpiresAt.IsZero() || one.ExpiresAt.After(now.AddDate(0, 0, warnDays[one.Subject])) {
			continue
		}
		one.Days = wholeDays(one.ExpiresAt.Sub(now))
		one.Urgent = !one.ExpiresAt.After(now.AddDate(0, 0, urgentDays))
		warnings = append(warnings, one)
	}
	return warnings
}

// ConnectionWarnings are the ExpiryWarnings of a connection's key and device.
func ConnectionWarnings(connection care.Connection, now time.Time) []ExpiryWarning {
	var expiries [2]time.Time
	for i, at := range []*time.Time{connection.KeyExpiry, connection.DeviceExpiry} {
		if at != nil {
			expiries[i] = *at
		}
	}
	return ExpiryWarnings(expiries[0], expiries[1], now)
}

func wholeDays(left time.Duration) int {
	const day = 24 * time.Hour
	days := int(left / day)
	if left < 0 && left%day != 0 {
		days--
	}
	return days
}

// String says in plain words what expires when, and what to do.
func (w ExpiryWarning) String() string {
	date := w.ExpiresAt.Format("2 January 2006")
	switch {
	case w.Days < 0:
		return fmt.Sprintf("The PRODA %s expired on %s. %s", w.Subject, date, afterExpiry[w.Subject])
	case w.Days == 0:
		return fmt.Sprintf("The PRODA %s expires within a day. %s", w.Subject, beforeExpiry[w.Subject])
	default:
		return fmt.Sprintf("The PRODA %s expires on %s, in %d days. %s", w.Subject, date, w.Days, beforeExpiry[w.Subject])
	}
}

// A key can renew itself only while it is valid.
var (
	beforeExpiry = map[string]string{
		"key":    "CareSync has not been able to renew it: test the connection, and run `caresync connection renew-key`.",
		"device": "Extend the device in PRODA, or register a new one and activate it.",
	}
	afterExpiry = map[string]string{
		"key":    "Activate the device again with a new one-time code from PRODA.",
		"device": "Register a new device in PRODA and activate it.",
	}
)
