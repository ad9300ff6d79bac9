package db

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

const (
	// DefaultBudgetCallsPerHour is how many budget calls an hour an organisation makes at most, unless it says otherwise. The NDIA has
	// a cap of its own, whose number is not known.
	DefaultBudgetCallsPerHour = 1000
	mostBudgetCallsPerHour    = 1_000_000
	// notificationSecretPrefix lets people and secret scanners recognise a secret for notifications.
	notificationSecretPrefix = "csn_"
)

// ErrPACENeverEnabled: the organisation has no settings for the PACE API yet.
var ErrPACENeverEnabled = errors.New("the PACE API was never enabled for this organisation: enable it first")

// PACESettings is whether an organisation uses the PACE API, and how (R21).
type PACESettings struct {
	Enabled bool `json:"enabled"`
	// ConnectionID and Connection, its name, are the connection to the NDIA that is used; empty if PACE was never enabled.
	ConnectionID          care.ID   `json:"connection_id"`
	Connection            string    `json:"connection" doc:"The name of the connection to the NDIA that is used; empty if PACE was never enabled"`
	BudgetCallsPerHour    int       `json:"budget_calls_per_hour" doc:"How many budget calls the organisation makes at most in an hour"`
	NotificationSecretSet bool      `json:"notification_secret_set" doc:"Whether the NDIA's notifications can be authenticated"`
	ChangedBy             string    `json:"changed_by"`
	ChangedAt             time.Time `json:"changed_at,omitzero"`
}

// PACESettings answers with an organisation's settings; where PACE was never enabled, they are empty.
func (s *Store) PACESettings(ctx context.Context, organisation care.ID) (PACESettings, error) {
	settings, err := loadPACESettings(ctx, s.queries, organisation)
	return settings, mapError("load the PACE settings", err)
}

func loadPACESettings(ctx context.Context, queries *gen.Queries, organisation care.ID) (PACESettings, error) {
	row, err := queries.PACESettings(ctx, organisation)
	if errors.Is(err, pgx.ErrNoRows) {
		return PACESettings{}, nil
	}
	return PACESettings{
		Enabled: row.ApiEnabled, ConnectionID: row.ConnectionID, Connection: row.Connection, BudgetCallsPerHour: int(row.BudgetCallsPerHour),
		NotificationSecretSet: row.NotificationSecretSet, ChangedBy: row.ChangedBy, ChangedAt: row.ChangedAt,
	}, err
}

// EnablePACE lets an organisation use the PACE API over one of its connections to the NDIA. budgetCallsPerHour 0 keeps the number, or
// takes the default. It fails with InvalidError.
func (s *Store) EnablePACE(ctx context.Context, organisation, connection care.ID, budgetCallsPerHour int, by string) (PACESettings, error) {
	if budgetCallsPerHour < 0 || budgetCallsPerHour > mostBudgetCallsPerHour {
		return PACESettings{}, &InvalidError{"budget_calls_per_hour", fmt.Sprintf("is a number of calls from 1 to %d", mostBudgetCallsPerHour)}
	}
	return s.changePACESettings(ctx, organisation, func(queries *gen.Queries) error {
		err := queries.EnablePACE(ctx, gen.EnablePACEParams{
			OrganisationID: organisation, ConnectionID: connection, ChangedBy: by,
			BudgetCallsPerHour: pointerTo(int32(budgetCallsPerHour)), DefaultBudgetCallsPerHour: DefaultBudgetCallsPerHour,
		})
		if err != nil {
			return err
		}
		settings, err := loadPACESettings(ctx, queries, organisation)
		if err == nil && settings.ConnectionID != connection {
			return &InvalidError{"connection", "is not one of this organisation's connections to the NDIA: set one up first"}
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
	random := make([]byte, apiTokenBytes)
	rand.Read(random) // never fails: see crypto/rand
	secret = notificationSecretPrefix + base64.RawURLEncoding.EncodeToString(random)
	set, err := s.queries.SetNotificationSecret(ctx, gen.SetNotificationSecretParams{
		OrganisationID: organisation, NotificationSecretHash: hashOf(secret), ChangedBy: by,
	})
	if err != nil {
		return "", mapError("set the notification secret", err)
	}
	if set == 0 {
		return "", ErrPACENeverEnabled
	}
	return secret, nil
}

// NotificationOrganisation answers with the organisation to which a notification is addressed, or ErrNotFound unless the secret is its
// own. How long it takes does not depend on how much of the secret is right.
func (s *Store) NotificationOrganisation(ctx context.Context, organisation care.ID, secret string) (Organisation, error) {
	row, err := s.queries.NotificationOrganisation(ctx, organisation)
	if err != nil {
		return Organisation{}, mapError("look up the notification secret", err)
	}
	if subtle.ConstantTimeCompare(row.NotificationSecretHash, hashOf(secret)) != 1 {
		return Organisation{}, ErrNotFound
	}
	return Organisation{ID: row.ID, Slug: row.Slug, Name: row.Name, TimeZone: row.TimeZone, CreatedAt: row.CreatedAt}, nil
}
