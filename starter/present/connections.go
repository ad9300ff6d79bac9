package present

import (
	"fmt"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/words"
)

// Purpose says what a connection is for.
func Purpose(connection care.Connection) string {
	if connection.Service == care.NDIA {
		return "NDIS plans and contracts"
	}
	return "Support at Home, provider " + connection.ServiceProviderID
}

// DeviceState says how a connection's PRODA device stands, as far as is known without a test.
func DeviceState(connection care.Connection, now time.Time) string {
	soon := false
	for _, warning := range proda.ConnectionWarnings(connection, now) {
		if warning.Days < 0 {
			return "expired"
		}
		soon = true
	}
	switch {
	case connection.ActivatedAt == nil:
		return "not activated"
	case soon:
		return "expires soon"
	default:
		return "activated"
	}
}

// KeyRenewal says when a device's key is renewed (R36).
func KeyRenewal(connection care.Connection, now time.Time, zone *time.Location) string {
	due := connection.KeyRenewalAt()
	switch {
	case due == nil:
		return "not known yet"
	case !now.Before(*connection.KeyExpiry):
		return "too late: the key has expired"
	case connection.KeyRenewalDue(now):
		return "due since " + Expiry(due, zone)
	default:
		return "automatically on " + Expiry(due, zone)
	}
}

// CallFailure says what failed, such as "PRODA, request a token: login refused (status 400, code DE.5)".
func CallFailure(failure read.CallFailure) string {
	service := Service(care.Service(failure.Service))
	if care.Service(failure.Service) == proda.Service {
		service = "PRODA"
	}
	var notes []string
	if failure.Status != 0 {
		notes = append(notes, fmt.Sprintf("status %d", failure.Status))
	}
	if failure.Code != "" {
		notes = append(notes, "code "+failure.Code)
	}
	text := fmt.Sprintf("%s, %s: %s", service, failure.Operation, strings.ReplaceAll(failure.Kind, "_", " "))
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return words.Sentence(text)
}

// Allowance says how long calls would wait, such as "free" or "calls booked 12 s ahead".
func Allowance(allowances []read.ConnectionAllowance) string {
	var waits []string
	for _, one := range allowances {
		if one.BookedAheadSeconds >= 1 {
			ahead := time.Duration(one.BookedAheadSeconds) * time.Second
			waits = append(waits, fmt.Sprintf("%s booked %s ahead", strings.ReplaceAll(one.Name, "-", " "), ahead))
		}
	}
	if len(waits) == 0 {
		return "free"
	}
	return strings.Join(waits, ", ")
}
