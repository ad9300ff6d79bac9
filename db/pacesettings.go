package db

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

const (
	// DefaultBudgetCallsPerHour is an organisation's maximum of budget calls per hour, unless it sets another. The NDIA has
	// a cap of its own, whose number is not known.
	DefaultBudgetCallsPerHour = 1000
	mostBudgetCallsPerHour    = 1_000_000
	// notificationSecretPrefix lets people and secret scanners recognise a secret for notifications.
	notificationSecretPrefix = "csn_"
)

// ErrPACENeverEnabled means that the organisation has no settings for the PACE API yet.
var ErrPACENeverEnabled = errors.New("the PACE API was never enabled for this organisation: enable it first")

// PACESettings is whether an organisation uses the PACE API, and how (R21).
type PACESettings struct {
	Enabled bool
	// ConnectionID and Connection, its name, are the connection to the NDIA that is used; empty if PACE was never enabled.
	ConnectionID          care.ID
	Connection            string
	BudgetCallsPerHour    int
	NotificationSecretSet bool
	NotificationsSigned   bool
	ChangedBy             string
	ChangedAt             time.Time
}

// PACESettings returns an organisation's settings; where PACE was never enabled, they are empty.
func (s *Store) PACESettings(ctx context.Context, organisation care.ID) (PACESettings, error) {
	settings, err := loadPACESettings(ctx, s.queries, organisation)
	return settings, MapError("load the PACE settings", err)
}

func loadPACESettings(ctx context.Context, queries *gen.Queries, organisation care.ID) (PACESettings, error) {
	row, err := queries.PACESettings(ctx, organisation)
	if errors.Is(err, pgx.ErrNoRows) {
		return PACESettings{}, nil
	}
	return PACESettings{
		Enabled: row.ApiEnabled, ConnectionID: row.ConnectionID, Connection: row.Connection, BudgetCallsPerHour: int(row.BudgetCallsPerHour),
		NotificationSecretSet: row.NotificationSecretSet, NotificationsSigned: row.NotificationsSigned, ChangedBy: row.ChangedBy, ChangedAt: row.ChangedAt,
	}, err
}

// EnablePACE lets an organisation use the PACE API over one of its connections to the NDIA. budgetCallsPerHour 0 keeps the number, or
// takes the default. It fails with InvalidError.
func (s *Store) EnablePACE(ctx context.Context, organisation, connection care.ID, budgetCallsPerHour int, by string) (PACESettings, error) {
	if budgetCallsPerHour < 0 || budgetCallsPerHour > mostBudgetCallsPerHour {
		return PACESettings{}, care.Invalid("budget_calls_per_hour", fmt.Sprintf("must be between 1 and %d", mostBudgetCallsPerHour))
	}
	return s.changePACESettings(ctx, organisation, func(queries *gen.Queries) error {
		err := queries.EnablePACE(ctx, gen.EnablePACEParams{
			OrganisationID: organisation, ConnectionID: connection, ChangedBy: by,
			BudgetCallsPerHour: optional.Of(int32(budgetCallsPerHour)), DefaultBudgetCallsPerHour: DefaultBudgetCallsPerHour,
		})
		if err != nil {
			return err
		}
		settings, err := loadPACESettings(ctx, queries, organisation)
		if err == nil && settings.ConnectionID != connection {
			return care.Invalid("connection", "must be one of this organisation's connections to the NDIA")
		}
		return err
	})
}

// DisablePACE ends the use of the PACE API. All data is kept, and so are the other settings.
func (s *Store) DisablePACE(ctx context.Context, organisation care.ID, by string) (PACESettings, error) {
	return s.changePACESettings(ctx, organisation, func(queries *gen.Queries) error {
		return queries.DisablePACE(ctx, gen.DisablePACEParams{OrganisationID: organisation, ChangedBy: by})
	})
}

func (s *Store) changePACESettings(ctx context.Context, organisation care.ID, change func(*gen.Queries) error) (settings PACESettings, err error) {
	err = s.inTransaction(ctx, "change the PACE settings", func(queries *gen.Queries) error {
		if err := change(queries); err != nil {
			return err
		}
		settings, err = loadPACESettings(ctx, queries, organisation)
		return err
	})
	return settings, err
}

// NewNotificationSecret makes the secret with which the NDIA's notifications to an organisation are authenticated; the one before
// is useless from now on. It is returned this once and cannot be read again: only its SHA-256 is kept. It fails with
// ErrPACENeverEnabled.
func (s *Store) NewNotificationSecret(ctx context.Context, organisation care.ID, by string) (secret string, err error) {
	secret = randomNotificationSecret()
	return secret, s.setNotificationSecret(ctx, gen.SetNotificationSecretParams{
		OrganisationID: organisation, NotificationSecretHash: hashOf(secret), ChangedBy: by,
	})
}

// NewNotificationKey makes the key by which the NDIA signs its notifications to an organisation, in place of a shared secret. It is returned
// this once. It fails with ErrPACENeverEnabled.
func (s *Store) NewNotificationKey(ctx context.Context, organisation care.ID, by string) (key string, err error) {
	key = randomNotificationSecret()
	return key, s.setNotificationSecret(ctx, gen.SetNotificationSecretParams{
		OrganisationID: organisation, NotificationKeySealed: s.sealer.Seal([]byte(key), notificationKeyPlace(organisation)), ChangedBy: by,
	})
}

func notificationKeyPlace(organisation care.ID) []byte {
	return []byte("notification_key/" + string(organisation))
}

func randomNotificationSecret() string {
	random := make([]byte, apiTokenBytes)
	rand.Read(random) // never fails: see crypto/rand
	return notificationSecretPrefix + base64.RawURLEncoding.EncodeToString(random)
}

func (s *Store) setNotificationSecret(ctx context.Context, params gen.SetNotificationSecretParams) error {
	set, err := s.queries.SetNotificationSecret(ctx, params)
	if err == nil && set == 0 {
		return ErrPACENeverEnabled
	}
	return MapError("set the notification secret", err)
}

// NotificationProof is what a notification carries to show that it is the NDIA's.
type NotificationProof struct {
	// Header is the shared secret, or the signature of the body.
	Header string
	// Body is read only where notifications are signed.
	Body func() ([]byte, error)
}

// NotificationOrganisation returns the organisation to which a notification is addressed, or ErrNotFound unless the secret, or the
// signature, is its own. How long it takes does not depend on how much of that is right.
func (s *Store) NotificationOrganisation(ctx context.Context, organisation care.ID, proof NotificationProof) (care.Organisation, error) {
	row, err := s.queries.NotificationOrganisation(ctx, organisation)
	if err != nil {
		return care.Organisation{}, MapError("look up the notification secret", err)
	}
	proven, err := s.isProven(row, proof)
	if err != nil {
		return care.Organisation{}, err
	}
	if !proven {
		return care.Organisation{}, ErrNotFound
	}
	return care.Organisation{ID: row.ID, Slug: row.Slug, Name: row.Name, TimeZone: row.TimeZone, CreatedAt: row.CreatedAt}, nil
}

func (s *Store) isProven(row gen.NotificationOrganisationRow, proof NotificationProof) (bool, error) {
	if row.NotificationKeySealed == nil {
		return subtle.ConstantTimeCompare(row.NotificationSecretHash, hashOf(proof.Header)) == 1, nil
	}
	key, err := s.sealer.Open(row.NotificationKeySealed, notificationKeyPlace(row.ID))
	if err != nil {
		return false, fmt.Errorf("open the key of notifications: %w", err)
	}
	body, err := proof.Body()
	if err != nil {
		return false, nil // it did not come, or not in time
	}
	return isSignature(proof.Header, key, body), nil
}

// isSignature reports whether a text is the HMAC-SHA-256 of a body, in hexadecimal or base64 (assumed: the NDIA does not say).
func isSignature(text string, key, body []byte) bool {
	made := hmac.New(sha256.New, key)
	made.Write(body)
	want := made.Sum(nil)
	text = strings.TrimPrefix(strings.TrimSpace(text), "sha256=")
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
		if given, err := decode(text); err == nil && hmac.Equal(given, want) {
			return true
		}
	}
	return false
}
